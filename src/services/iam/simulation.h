// What the files of the simulator share.
#pragma once

#include "identity/policy.h"
#include "services/iam/iam.h"

// A policy that takes part: "PolicyInputList.1", "ReadOnlyAccess", or "role_NAME_POLICY" of an inline one.
typedef struct SourcePolicy {
    Str id, text;
} SourcePolicy;

// Adds the statements that decided to `matches`, and the condition keys that statements about this ask for and nobody gave to `missing`.
void simulation_explain(const SourcePolicy *source, const PolicyQuestion *question, Decision decision, Doc *matches, Doc *missing);
