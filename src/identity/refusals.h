// The words of a refusal: which action on which resource, for want of which policy, or by whose denial. Used in identity/ only.
//
// Source: "Troubleshoot access denied error messages" (IAM user guide), and what services print.
#pragma once

#include "identity/snapshot.h"

typedef struct Refusal {
    const char *policy; // the kind that does not allow, or denies: "identity-based policy"
    bool explicitly; // it denies
    Str denied_by; // ARN of the managed policy that denies; STR_NONE: an inline one, a resource's or a session's
} Refusal;

bool refusal_tell(const IdentitySnapshot *snapshot, const AuthorizationRequest *request, Refusal refusal, Error *e); // returns false
