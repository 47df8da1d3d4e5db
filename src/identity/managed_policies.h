// AWS-managed policies: arn:aws:iam::aws:policy/…, those that deployments commonly attach.
//
// The documents grant what AWS's grant among the services that the plane models; what concerns others is left out. A policy that is
// not here does not exist: attaching it fails with NoSuchEntity, naming it.
#pragma once

#include "base/str.h"

typedef struct ManagedPolicy {
    const char *path, *name; // "/service-role/", "AWSCodeDeployRole"
    const char *version; // AWS's default version
    const char *document;
} ManagedPolicy;

size_t managed_policy_count(void);
const ManagedPolicy *managed_policy_at(size_t index); // in order of names
const ManagedPolicy *managed_policy_find(Str arn); // NULL: none of this ARN
Str managed_policy_arn(Arena *arena, const ManagedPolicy *policy);
Str managed_policy_id(Arena *arena, const ManagedPolicy *policy); // ANPA…, always the same
