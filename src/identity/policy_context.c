// Condition keys that the principal, the clock and the resource's owner give; all others come with the request.
// Source: "AWS global condition context keys" (IAM user guide).
#include "identity/policy.h"

typedef Doc *KeyValue(const PolicyQuestion *question);

static Doc *text(const PolicyQuestion *question, Str value) { return value.len ? doc_of_str(question->arena, value) : NULL; }

// aws:PrincipalArn of a session is its role.
static Doc *principal_arn(const PolicyQuestion *question) {
    const Principal *principal = question->principal;
    if (principal->kind == PRINCIPAL_SERVICE) return NULL;
    return text(question, principal->kind == PRINCIPAL_ROLE_SESSION && principal->role_arn.len ? principal->role_arn : principal->arn);
}

static Doc *principal_account(const PolicyQuestion *question) { return text(question, question->principal->account); }

static Doc *principal_type(const PolicyQuestion *question) {
    static const char *const types[] = {
        [PRINCIPAL_ANONYMOUS] = "Anonymous", [PRINCIPAL_ROOT] = "Account", [PRINCIPAL_USER] = "User", [PRINCIPAL_ROLE_SESSION] = "AssumedRole"};
    return question->principal->kind == PRINCIPAL_SERVICE ? NULL : text(question, str_of(types[question->principal->kind]));
}

static Doc *principal_is_service(const PolicyQuestion *question) {
    return doc_of_bool(question->arena, question->principal->kind == PRINCIPAL_SERVICE);
}

static Doc *principal_service_name(const PolicyQuestion *question) {
    return question->principal->kind == PRINCIPAL_SERVICE ? text(question, question->principal->arn) : NULL;
}

static Doc *user_id(const PolicyQuestion *question) { return text(question, question->principal->id); }
static Doc *user_name(const PolicyQuestion *question) {
    return question->principal->kind == PRINCIPAL_USER ? text(question, question->principal->name) : NULL;
}
static Doc *current_time(const PolicyQuestion *question) { return doc_of_time(question->arena, question->now_ms); }
static Doc *epoch_time(const PolicyQuestion *question) { return doc_of_int(question->arena, question->now_ms / 1000); }

static Doc *token_issue_time(const PolicyQuestion *question) {
    int64_t since = question->principal->session_since_ms;
    return since ? doc_of_time(question->arena, since) : NULL;
}

// Of temporary credentials it is known that nobody gave a code for them: that is not built. Of others it is not told, as with AWS.
static Doc *with_second_factor(const PolicyQuestion *question) {
    bool temporary = question->principal->kind == PRINCIPAL_ROLE_SESSION || question->principal->session_since_ms;
    return temporary ? doc_of_bool(question->arena, false) : NULL;
}

static Doc *source_identity(const PolicyQuestion *question) { return text(question, question->principal->source_identity); }
static Doc *resource_account(const PolicyQuestion *question) { return text(question, question->resource_account); }

static const struct {
    Str key;
    KeyValue *value;
} OWN_KEYS[] = {
    {STR_INIT("aws:PrincipalArn"), principal_arn},
    {STR_INIT("aws:PrincipalAccount"), principal_account},
    {STR_INIT("aws:PrincipalType"), principal_type},
    {STR_INIT("aws:PrincipalIsAWSService"), principal_is_service},
    {STR_INIT("aws:PrincipalServiceName"), principal_service_name},
    {STR_INIT("aws:userid"), user_id},
    {STR_INIT("aws:username"), user_name},
    {STR_INIT("aws:CurrentTime"), current_time},
    {STR_INIT("aws:EpochTime"), epoch_time},
    {STR_INIT("aws:TokenIssueTime"), token_issue_time},
    {STR_INIT("aws:MultiFactorAuthPresent"), with_second_factor},
    {STR_INIT("aws:SourceIdentity"), source_identity},
    {STR_INIT("aws:ResourceAccount"), resource_account},
};

static const Doc *member_nocase(const Doc *map, Str key) {
    for (const Doc *member = doc_first(map); member; member = member->next) {
        if (str_eq_nocase(member->key, key)) return member;
    }
    return NULL;
}

const Doc *condition_keys(ConditionKeys *keys) {
    if (keys && !keys->map && keys->make) keys->map = keys->make(keys->from);
    return keys ? keys->map : NULL;
}

const Doc *policy_context(const PolicyQuestion *question, Str key) {
    const Doc *given = member_nocase(condition_keys(question->keys), key);
    if (given) return given;
    Str tag = str_sub(key, 0, sizeof "aws:PrincipalTag/" - 1);
    if (str_eq_nocase(tag, STR("aws:PrincipalTag/"))) {
        Str name = str_from(key, tag.len);
        const Doc *own = member_nocase(question->principal->session_tags, name);
        return own ? own : member_nocase(question->tags, name);
    }
    for (size_t i = 0; i < sizeof OWN_KEYS / sizeof *OWN_KEYS; i++) {
        if (str_eq_nocase(key, OWN_KEYS[i].key)) return OWN_KEYS[i].value(question);
    }
    return NULL;
}
