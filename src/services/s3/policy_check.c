// What S3 refuses in a bucket's policy, besides what makes a policy of any kind malformed: parts that mean nothing to it, and parts that do not fit each other.
#include "services/s3/policy_actions.h"
#include "services/s3/s3.h"

#include "formats/json.h"
#include "identity/policy.h"

#include <arpa/inet.h>

enum { POLICY_BYTES = 20 * 1024 };

static bool fail_malformed(const Call *call, const char *message, Error *e) {
    return s3_fail(call, e, 400, "MalformedPolicy", message, NULL, STR_NONE);
}

// What S3 says of a part of a policy; the part itself stands in Detail.
static bool fail_part(const Call *call, const char *message, Str part, Error *e) {
    return s3_fail(call, e, 400, "MalformedPolicy", message, "Detail", part);
}

// A text, or those of a list: what is none is bad syntax, which the compiler of policies tells.
static const Doc *text_from(const Doc *one) {
    while (one && !doc_is(one, DOC_STR)) one = one->next;
    return one;
}

static const Doc *first_of(const Doc *texts) {
    if (doc_is(texts, DOC_LIST)) return text_from(doc_first(texts));
    return doc_is(texts, DOC_STR) ? texts : NULL;
}

static const Doc *next_of(const Doc *texts, const Doc *one) { return doc_is(texts, DOC_LIST) ? text_from(one->next) : NULL; }

// ---- Principals ----

// A user or a role of the bucket's own account must be there; S3 asks IAM.
static bool entity_exists(Turn *turn, const Call *call, Str arn) {
    Str rest = arn, id;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    Str account = str_cut(&rest, ':'), kind = str_cut(&rest, '/');
    if (!str_eq(account, call->where.account)) return is_account_number(account);
    bool role = str_is(kind, "role");
    id = str_from(rest, (size_t)(str_rfind_char(rest, '/') + 1));
    if (!role && !str_is(kind, "user")) return str_is(kind, "root");
    Doc *input = doc_map(call->arena), *output;
    doc_set_str(call->arena, input, role ? "RoleName" : "UserName", id);
    Error missing = {0};
    return turn_call(turn, principal_root(call->arena, account), "iam", role ? "GetRole" : "GetUser", input, &output, &missing);
}

static bool is_canonical_id(Str text) {
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789abcdef", text.at[i]) || !text.at[i]) return false;
    return text.len == 64;
}

static bool is_service(Str text) { return str_find_char(text, '.') > 0; }

static bool fail_principal(const Call *call, const Doc *named, Str text, Error *e) {
    return fail_part(call, "Invalid principal in policy", str_format(call->arena, "\"%.*s\" : \"%.*s\"", STR_ARG(named->key), STR_ARG(text)), e);
}

static bool check_named(const Call *call, const Doc *named, bool is_one(Str text), Error *e) {
    for (const Doc *one = first_of(named); one; one = next_of(named, one)) {
        Str text = doc_str(one, STR(""));
        if (!is_one(text)) return fail_principal(call, named, text, e);
    }
    return true;
}

static bool check_principals(Turn *turn, const Call *call, const Doc *principal, Error *e) {
    if (!principal || !doc_is(principal, DOC_MAP)) return true;
    const Doc *named = doc_get(principal, "AWS");
    TRY(check_named(call, doc_get(principal, "CanonicalUser"), is_canonical_id, e));
    TRY(check_named(call, doc_get(principal, "Service"), is_service, e));
    for (const Doc *one = first_of(named); one; one = next_of(named, one)) {
        Str text = doc_str(one, STR(""));
        bool iam = str_starts(text, STR("arn:aws:iam:")), session = str_starts(text, STR("arn:aws:sts:")) || str_starts(text, STR("AIDA"));
        bool known = str_is(text, "*") || is_account_number(text) || session || str_starts(text, STR("AROA"));
        if (!known && !(iam && entity_exists(turn, call, text))) return fail_principal(call, named, text, e);
    }
    return true;
}

// ---- Actions ----

// What the resources of a statement can be: a pattern may stand for both.
static void kinds_of(const Doc *resources, bool *buckets, bool *objects) {
    *buckets = *objects = false;
    for (const Doc *one = first_of(resources); one; one = next_of(resources, one)) {
        Str text = doc_str(one, STR(""));
        *objects |= str_find_char(text, '/') >= 0 || str_find_char(text, '*') >= 0;
        *buckets |= str_find_char(text, '/') < 0;
    }
}

static bool check_known(const Call *call, const Doc *actions, Error *e) {
    for (const Doc *one = first_of(actions); one; one = next_of(actions, one))
        if (!policy_action_applies(call->arena, doc_str(one, STR("")), true, true)) return fail_malformed(call, "Policy has invalid action", e);
    return true;
}

static bool check_applicable(const Call *call, const Doc *statement, Error *e) {
    const Doc *actions = doc_get(statement, "Action"), *resources = doc_get(statement, "Resource");
    bool buckets, objects;
    kinds_of(resources, &buckets, &objects);
    for (const Doc *one = resources ? first_of(actions) : NULL; one; one = next_of(actions, one)) {
        if (!policy_action_applies(call->arena, doc_str(one, STR("")), buckets, objects))
            return fail_malformed(call, "Action does not apply to any resource(s) in statement", e);
    }
    return true;
}

// ---- Conditions ----

static bool is_network(Arena *arena, Str text) {
    Str prefix = text, address = str_cut(&prefix, '/');
    uint8_t bytes[sizeof(struct in6_addr)];
    const char *c = str_c(arena, address);
    int64_t most = inet_pton(AF_INET, c, bytes) == 1 ? 32 : inet_pton(AF_INET6, c, bytes) == 1 ? 128 : -1, bits = 0;
    return most >= 0 && (!prefix.at || (str_to_int(prefix, &bits) && bits >= 0 && bits <= most));
}

static bool check_key(const Call *call, const Doc *actions, const Doc *key, Error *e) {
    if (!policy_key_is_known(key->key)) return fail_malformed(call, "Policy has an invalid condition key", e);
    for (const Doc *one = first_of(actions); one; one = next_of(actions, one)) {
        if (!policy_key_applies(key->key, doc_str(one, STR(""))))
            return fail_malformed(call, "Conditions do not apply to combination of actions and resources in statement", e);
    }
    if (!str_eq_nocase(key->key, STR("aws:SourceIp"))) return true;
    for (const Doc *one = first_of(key); one; one = next_of(key, one))
        if (!is_network(call->arena, doc_str(one, STR("")))) return fail_malformed(call, "Invalid IP address in Conditions", e);
    return true;
}

static bool check_conditions(const Call *call, const Doc *statement, Error *e) {
    const Doc *condition = doc_get(statement, "Condition");
    for (const Doc *by = doc_is(condition, DOC_MAP) ? doc_first(condition) : NULL; by; by = by->next)
        for (const Doc *key = doc_is(by, DOC_MAP) ? doc_first(by) : NULL; key; key = key->next)
            TRY(check_key(call, doc_get(statement, "Action"), key, e));
    return true;
}

// ---- Statements ----

static bool resource_is_own(Arena *arena, Str bucket, const Doc *resource) {
    Str text = doc_str(resource, STR_NONE), arn = bucket_arn(arena, bucket);
    size_t literal = 0;
    while (literal < text.len && text.at[literal] != '*' && text.at[literal] != '?') literal++;
    if (literal < text.len && literal < arn.len) return str_starts(arn, str_sub(text, 0, literal));
    return str_starts(text, arn) && (text.len == arn.len || text.at[arn.len] == '/' || literal == arn.len);
}

static bool check_statement(Turn *turn, const Call *call, Str bucket, const Doc *statement, Error *e) {
    if (!doc_get(statement, "Effect")) return fail_malformed(call, "Missing required field Effect", e);
    if (!doc_get(statement, "Principal") && !doc_get(statement, "NotPrincipal")) return fail_malformed(call, "Missing required field Principal", e);
    if (!doc_get(statement, "Action") && !doc_get(statement, "NotAction")) return fail_malformed(call, "Missing required field Action", e);
    TRY(check_known(call, doc_get(statement, "Action"), e));
    TRY(check_known(call, doc_get(statement, "NotAction"), e));
    const Doc *resource = doc_get(statement, "Resource");
    if (!resource && !doc_get(statement, "NotResource")) return fail_malformed(call, "Missing required field Resource", e);
    for (const Doc *one = first_of(resource); one; one = next_of(resource, one)) {
        if (!resource_is_own(call->arena, bucket, one)) return fail_part(call, "Policy has invalid resource", doc_str(one, STR("")), e);
    }
    TRY(check_principals(turn, call, doc_get(statement, "Principal"), e));
    TRY(check_principals(turn, call, doc_get(statement, "NotPrincipal"), e));
    TRY(check_conditions(call, statement, e));
    return check_applicable(call, statement, e);
}

bool policy_check(Turn *turn, const Call *call, Str bucket, Str text, Doc **out, Error *e) {
    Doc *policy;
    const Policy *compiled;
    if (text.len > POLICY_BYTES) return s3_fail(call, e, 400, "PolicyTooLarge", "Policy exceeds the maximum allowed document size.", NULL, STR_NONE);
    if (!str_starts(text, STR("{"))) return fail_malformed(call, "Policies must be valid JSON and the first byte must be '{'", e);
    if (!json_parse(call->arena, text, &policy, NULL)) return fail_malformed(call, "This policy contains invalid Json", e);
    const Doc *statements = doc_get(policy, "Statement");
    if (!statements) return fail_malformed(call, "Missing required field Statement", e);
    if (doc_is(statements, DOC_MAP))
        TRY(check_statement(turn, call, bucket, statements, e));
    else
        for (const Doc *statement = doc_first(statements); statement; statement = statement->next)
            TRY(check_statement(turn, call, bucket, statement, e));
    TRY(policy_compile(call->arena, policy, POLICY_RESOURCE, &compiled, e));
    *out = policy;
    return true;
}
