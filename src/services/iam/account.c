// What is told of an account as a whole: how many entities it has and may have, and its password policy. No user has a password, so that the policy is a stored fact
// with nothing to enforce.
#include "services/iam/iam.h"

#define PASSWORD_POLICY_ID STR("password-policy")

typedef struct Figure {
    const char *key;
    int64_t value;
} Figure;

// Those that are the same in every account here. Quotas are AWS's presets.
static const Figure FIXED[] = {
    {"AccessKeysPerUserQuota", 2},
    {"AccountAccessKeysPresent", 0},
    {"AccountMFAEnabled", 0},
    {"AccountPasswordPresent", 0},
    {"AccountSigningCertificatesPresent", 0},
    {"AssumeRolePolicySizeQuota", 2048},
    {"AttachedPoliciesPerGroupQuota", 10},
    {"AttachedPoliciesPerRoleQuota", 10},
    {"AttachedPoliciesPerUserQuota", 10},
    {"GlobalEndpointTokenVersion", 1},
    {"GroupPolicySizeQuota", 5120},
    {"GroupsPerUserQuota", 10},
    {"GroupsQuota", 300},
    {"InstanceProfilesQuota", 1000},
    {"MFADevices", 0},
    {"MFADevicesInUse", 0},
    {"PoliciesQuota", 1500},
    {"PolicySizeQuota", 6144},
    {"PolicyVersionsInUseQuota", 10000},
    {"Providers", 0},
    {"RolePolicySizeQuota", 10240},
    {"RolesQuota", 1000},
    {"ServerCertificates", 0},
    {"ServerCertificatesQuota", 20},
    {"SigningCertificatesPerUserQuota", 2},
    {"UserPolicySizeQuota", 2048},
    {"UsersQuota", 5000},
    {"VersionsPerPolicyQuota", 5},
};

static const Doc *all_of(Turn *turn, const DocumentType *type) {
    return document_scan(turn_store(turn), iam_where(turn), type, (DocumentScan){0}, turn_arena(turn));
}

Outcome iam_get_summary(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *figures = doc_map(arena);
    const Doc *policies = all_of(turn, &IAM_POLICY);
    size_t versions = 0;
    for (const Doc *policy = doc_first(policies); policy; policy = policy->next) versions += doc_count(doc_get(policy, "versions"));
    for (size_t i = 0; i < sizeof FIXED / sizeof *FIXED; i++) doc_set_int(arena, figures, FIXED[i].key, FIXED[i].value);
    doc_set_int(arena, figures, "Users", (int64_t)doc_count(all_of(turn, &IAM_USER)));
    doc_set_int(arena, figures, "Groups", (int64_t)doc_count(all_of(turn, &IAM_GROUP)));
    doc_set_int(arena, figures, "Roles", (int64_t)doc_count(all_of(turn, &IAM_ROLE)));
    doc_set_int(arena, figures, "InstanceProfiles", (int64_t)doc_count(all_of(turn, &IAM_INSTANCE_PROFILE)));
    doc_set_int(arena, figures, "Policies", (int64_t)doc_count(policies));
    doc_set_int(arena, figures, "PolicyVersionsInUse", (int64_t)versions);
    *out = doc_map(arena);
    doc_set(*out, "SummaryMap", figures);
    return OUTCOME_DONE;
}

// ---- The password policy ----

static bool find_policy(Turn *turn, Doc **out) {
    return document_get(turn_store(turn), iam_where(turn), &IAM_PLANE, PASSWORD_POLICY_ID, turn_arena(turn), out);
}

Outcome iam_get_password_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *policy;
    Str account = turn_where(turn).account;
    if (!find_policy(turn, &policy))
        return call_fail(e, "NoSuchEntity", "The Password Policy with domain name %.*s cannot be found.", STR_ARG(account));
    *out = doc_map(call->arena);
    doc_set(*out, "PasswordPolicy", policy);
    return OUTCOME_DONE;
}

// It replaces the one before: what is not given goes back to its preset.
Outcome iam_update_password_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const FLAGS[] = {"RequireSymbols",
                                        "RequireNumbers",
                                        "RequireUppercaseCharacters",
                                        "RequireLowercaseCharacters",
                                        "AllowUsersToChangePassword",
                                        "HardExpiry",
                                        NULL};
    static const char *const NUMBERS[] = {"MaxPasswordAge", "PasswordReusePrevention", NULL};
    enum { SHORTEST_PRESET = 6 };
    Arena *arena = call->arena;
    Doc *policy = doc_map(arena);
    doc_set_int(arena, policy, "MinimumPasswordLength", doc_number(call->input, "MinimumPasswordLength", SHORTEST_PRESET));
    for (const char *const *flag = FLAGS; *flag; flag++) doc_set_bool(arena, policy, *flag, doc_flag(call->input, *flag, false));
    for (const char *const *number = NUMBERS; *number; number++)
        if (doc_get(call->input, *number)) doc_set_int(arena, policy, *number, doc_number(call->input, *number, 0));
    doc_set_bool(arena, policy, "ExpirePasswords", doc_get(policy, "MaxPasswordAge") != NULL);
    document_put(turn_store(turn), iam_where(turn), &IAM_PLANE, PASSWORD_POLICY_ID, policy);
    return OUTCOME_DONE;
}

Outcome iam_delete_password_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *policy;
    if (!find_policy(turn, &policy)) return call_fail(e, "NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.");
    document_delete(turn_store(turn), iam_where(turn), &IAM_PLANE, PASSWORD_POLICY_ID);
    return OUTCOME_DONE;
}
