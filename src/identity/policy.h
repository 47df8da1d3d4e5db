// Policy: a policy document in compiled form, and what it says about one request.
//
// Follows the "IAM JSON policy elements reference": Version, Id, Statement; Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource,
// Condition with all operators, qualifiers and …IfExists; variables (${aws:username}, with default) in resources and condition values of version 2012-10-17.
// A compiled policy is immutable, lives in the arena it was made in, and may be asked by any thread.
#pragma once

#include "identity/principal.h"

typedef struct Policy Policy;

typedef enum PolicyKind {
    POLICY_IDENTITY, // of users, groups, roles; boundaries; sessions: no principal
    POLICY_TRUST, // of a role: principal, no resource
    POLICY_RESOURCE // of a bucket, a queue …: principal and resource; errors have code MalformedPolicy
} PolicyKind;

// Both validate; errors are AWS's: MalformedPolicyDocument (MalformedPolicy for POLICY_RESOURCE). The text or Doc must outlive the policy.
bool policy_parse(Arena *arena, Str text, PolicyKind kind, const Policy **out, Error *e);
bool policy_compile(Arena *arena, const Doc *document, PolicyKind kind, const Policy **out, Error *e);

const Policy *policy_named(Arena *arena, const Policy *policy, Str arn); // the same policy, known as what a managed policy is called

// The text with accounts named by the ARNs of their roots, as AWS keeps it.
Str policy_with_roots(Arena *arena, Str text);

// How close a resource policy names who asks: it decides what else must allow (see authorize.c).
typedef enum PrincipalMatch {
    MATCH_NONE,
    MATCH_ACCOUNT, // only the account: identity policies must allow too
    MATCH_ROLE, // the role of a session
    MATCH_EVERYONE, // "*"
    MATCH_EXACT // the user, session, service or root itself
} PrincipalMatch;

// Condition keys of a request, besides those of its principal: a map, name → text or list of texts. Most policies have no conditions, so who asks may have it
// made when the first one is looked at.
typedef struct ConditionKeys {
    const Doc *map; // NULL: not made yet, or none
    Doc *(*make)(void *from); // NULL: the map is all there is
    void *from;
} ConditionKeys;
const Doc *condition_keys(ConditionKeys *keys); // accepts NULL

typedef struct PolicyQuestion {
    Arena *arena;
    Str action, resource;
    Str resource_account; // aws:ResourceAccount
    const Principal *principal;
    ConditionKeys *keys; // NULL: none
    const Doc *tags; // of the principal: aws:PrincipalTag/…, a map, or NULL
    int64_t now_ms; // aws:CurrentTime, aws:EpochTime
} PolicyQuestion;

typedef struct PolicyAnswer {
    bool denies;
    Str denied_by; // the name (policy_named) of the first policy that denies, or STR_NONE
    bool allows;
    PrincipalMatch allowed_as; // the closest match of the allowing statements; MATCH_EXACT for identity policies
} PolicyAnswer;

// Adds what this policy says to the answer.
void policy_ask(const Policy *policy, const PolicyQuestion *question, PolicyAnswer *answer);
// The value of a condition key for this question: text, number, boolean, time, or a list; NULL when the request has none. Names differ by more than case.
const Doc *policy_context(const PolicyQuestion *question, Str key);
