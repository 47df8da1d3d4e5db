// Bucket policies: kept as text, handed to the policy check of every call on the bucket, and judged public or not.
//
// A policy is public when a statement allows everybody (Principal "*") and no condition narrows that to known callers. Such a policy cannot be put while
// BlockPublicPolicy is on, and while RestrictPublicBuckets is on it counts for nobody outside the bucket's account and AWS's services.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

#include "formats/json.h"
#include "identity/policy.h"

enum { POLICY_BYTES = 20 * 1024 };

static Str policy_text(Turn *turn, Str bucket) { return doc_text(bucket_configuration(turn, bucket, "policy"), "Policy"); }

static bool names_everybody(const Doc *principal) {
    if (doc_is(principal, DOC_LIST)) {
        for (const Doc *one = doc_first(principal); one; one = one->next)
            if (names_everybody(one)) return true;
        return false;
    }
    if (doc_is(principal, DOC_MAP)) return names_everybody(doc_get(principal, "AWS"));
    return str_is(doc_str(principal, STR_NONE), "*");
}

// Condition keys with fixed values that S3 takes as narrowing a policy to known callers.
static bool narrows(const Doc *condition) {
    static const char *const keys[] = {
        "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:SourceArn",         "aws:SourceAccount",         "aws:SourceIp",
        "aws:SourceVpc",    "aws:SourceVpce",       "aws:userid",         "s3:DataAccessPointArn", "s3:DataAccessPointAccount", NULL,
    };
    for (const Doc *by = doc_first(condition); by; by = by->next)
        for (const Doc *key = doc_first(by); key; key = key->next)
            for (const char *const *name = keys; *name; name++)
                if (str_eq_nocase(key->key, str_of(*name))) return true;
    return false;
}

static bool statement_is_public(const Doc *statement) {
    if (!str_is(doc_text(statement, "Effect"), "Allow")) return false;
    if (doc_get(statement, "NotPrincipal")) return true;
    return names_everybody(doc_get(statement, "Principal")) && !narrows(doc_get(statement, "Condition"));
}

static bool policy_is_public(const Doc *policy) {
    const Doc *statements = doc_get(policy, "Statement");
    if (doc_is(statements, DOC_MAP)) return statement_is_public(statements);
    for (const Doc *statement = doc_first(statements); statement; statement = statement->next)
        if (statement_is_public(statement)) return true;
    return false;
}

static bool is_restricted(Turn *turn, const Call *call, const Bucket *bucket, const Doc *policy) {
    bool outside = call->principal.kind != PRINCIPAL_SERVICE && !str_eq(call->principal.account, bucket->account);
    return outside && block_public(turn, bucket->name, "RestrictPublicBuckets") && policy_is_public(policy);
}

Doc *s3_resource_policy(Turn *turn, const Call *call, Str *owner_account) {
    Bucket bucket;
    Str name = doc_text(call->input, "Bucket");
    if (str_is(wire_str(call->operation->name), "CreateBucket")) return NULL; // whoever has the name: the caller asks for a bucket of its own
    if (!name.len || !bucket_find(turn, name, &bucket)) return NULL;
    *owner_account = bucket.account;
    if (!bucket.has_policy) return NULL;
    Doc *policy = NULL;
    if (!json_parse(call->arena, policy_text(turn, name), &policy, NULL)) return NULL;
    return is_restricted(turn, call, &bucket, policy) ? NULL : policy;
}

bool s3_bucket_is_there(Turn *turn, const Call *call, Error *e) {
    Bucket bucket;
    Str name = doc_text(call->input, "Bucket");
    bool asks_for_one = str_is(wire_str(call->operation->name), "CreateBucket");
    return !name.len || asks_for_one || bucket_find(turn, name, &bucket) || fail_no_bucket(call, name, e);
}

bool s3_allowed(Turn *turn, const Call *call, const char *action, Str resource, Error *e) {
    return turn_allowed(turn, &call->principal, &(Requirement){.action = str_of(action), .resource = resource}, e);
}

static bool fail_malformed(const Call *call, const char *message, Error *e) {
    return s3_fail(call, e, 400, "MalformedPolicy", message, NULL, STR_NONE);
}

// What S3 says of a part of a policy; the part itself stands in Detail.
static bool fail_part(const Call *call, const char *message, Str part, Error *e) {
    return s3_fail(call, e, 400, "MalformedPolicy", message, "Detail", part);
}

static const Doc *first_of(const Doc *texts) { return doc_is(texts, DOC_LIST) ? doc_first(texts) : texts; }
static const Doc *next_of(const Doc *texts, const Doc *one) { return doc_is(texts, DOC_LIST) ? one->next : NULL; }

// ---- Principals ----

static bool is_account(Str text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9') return false;
    return text.len == 12;
}

// A user or a role of the bucket's own account must be there; S3 asks IAM.
static bool entity_exists(Turn *turn, const Call *call, Str arn) {
    Str rest = arn, id;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    Str account = str_cut(&rest, ':'), kind = str_cut(&rest, '/');
    if (!str_eq(account, call->where.account)) return is_account(account);
    bool role = str_is(kind, "role");
    id = str_from(rest, (size_t)(str_rfind_char(rest, '/') + 1));
    if (!role && !str_is(kind, "user")) return str_is(kind, "root");
    Doc *input = doc_map(call->arena), *output;
    doc_set_str(call->arena, input, role ? "RoleName" : "UserName", id);
    Error missing = {0};
    return turn_call(turn, principal_root(call->arena, account), "iam", role ? "GetRole" : "GetUser", input, &output, &missing);
}

static bool check_principals(Turn *turn, const Call *call, const Doc *principal, Error *e) {
    if (!principal || !doc_is(principal, DOC_MAP)) return true;
    const Doc *named = doc_get(principal, "AWS");
    for (const Doc *one = first_of(named); one; one = next_of(named, one)) {
        Str text = doc_str(one, STR(""));
        bool iam = str_starts(text, STR("arn:aws:iam:")), session = str_starts(text, STR("arn:aws:sts:")) || str_starts(text, STR("AIDA"));
        bool known = str_is(text, "*") || is_account(text) || session || str_starts(text, STR("AROA"));
        if (known || (iam && entity_exists(turn, call, text))) continue;
        return fail_part(call, "Invalid principal in policy", str_format(call->arena, "\"AWS\" : \"%.*s\"", STR_ARG(text)), e);
    }
    return true;
}

// ---- Actions ----

typedef enum Level { OF_ANYTHING, OF_BUCKETS, OF_OBJECTS } Level;

static Level level_of(Str action) {
    bool wild = str_find_char(action, '*') >= 0 || str_find_char(action, '?') >= 0;
    if (wild || !str_starts(action, STR("s3:"))) return OF_ANYTHING;
    if (str_contains(action, STR("Bucket"))) return str_is(action, "s3:ListAllMyBuckets") ? OF_ANYTHING : OF_BUCKETS;
    bool parts = str_is(action, "s3:AbortMultipartUpload") || str_is(action, "s3:ListMultipartUploadParts");
    return parts || str_contains(action, STR("Object")) ? OF_OBJECTS : OF_ANYTHING;
}

static bool applies(Level level, const Doc *resources) {
    for (const Doc *one = first_of(resources); one; one = next_of(resources, one)) {
        Str text = doc_str(one, STR(""));
        bool objects = str_find_char(text, '/') >= 0 || str_find_char(text, '*') >= 0, buckets = str_find_char(text, '/') < 0;
        if ((level == OF_OBJECTS && objects) || (level == OF_BUCKETS && buckets)) return true;
    }
    return level == OF_ANYTHING;
}

static bool check_actions(const Call *call, const Doc *statement, Error *e) {
    const Doc *actions = doc_get(statement, "Action"), *resources = doc_get(statement, "Resource");
    for (const Doc *one = resources ? first_of(actions) : NULL; one; one = next_of(actions, one)) {
        if (!applies(level_of(doc_str(one, STR(""))), resources))
            return fail_malformed(call, "Action does not apply to any resource(s) in statement", e);
    }
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
    const Doc *resource = doc_get(statement, "Resource");
    if (!resource && !doc_get(statement, "NotResource")) return fail_malformed(call, "Missing required field Resource", e);
    for (const Doc *one = first_of(resource); one; one = next_of(resource, one)) {
        if (!resource_is_own(call->arena, bucket, one)) return fail_part(call, "Policy has invalid resource", doc_str(one, STR("")), e);
    }
    TRY(check_principals(turn, call, doc_get(statement, "Principal"), e));
    TRY(check_principals(turn, call, doc_get(statement, "NotPrincipal"), e));
    return check_actions(call, statement, e);
}

static bool check_policy(Turn *turn, const Call *call, Str bucket, Str text, Doc **out, Error *e) {
    Doc *policy;
    const Policy *compiled;
    if (text.len > POLICY_BYTES) return s3_fail(call, e, 400, "PolicyTooLarge", "Policy exceeds the maximum allowed document size.", NULL, STR_NONE);
    if (!json_parse(call->arena, text, &policy, NULL) || !doc_is(policy, DOC_MAP))
        return fail_malformed(call, "Policies must be valid JSON and the first byte must be '{'", e);
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

Outcome put_bucket_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    Str text = doc_text(call->input, "Policy");
    Doc *policy = NULL;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(check_policy(turn, call, bucket.name, text, &policy, e));
    if (policy_is_public(policy) && block_public(turn, bucket.name, "BlockPublicPolicy")) {
        Str arn = bucket_arn(call->arena, bucket.name);
        Str told = str_format(
            call->arena,
            "User: %.*s is not authorized to perform: s3:PutBucketPolicy on resource: \"%.*s\" because public policies are prevented by the "
            "BlockPublicPolicy setting in S3 Block Public Access.",
            STR_ARG(call->principal.arn), STR_ARG(arn));
        return s3_fail(call, e, 403, "AccessDenied", told.at, NULL, STR_NONE), OUTCOME_ERROR;
    }
    Doc *kept = doc_map(call->arena);
    doc_set_str(call->arena, kept, "Policy", policy_with_roots(call->arena, json_write(call->arena, policy)));
    bucket_configure(turn, bucket.name, "policy", kept);
    doc_set_bool(call->arena, bucket.doc, "HasPolicy", true);
    bucket_save(turn, &bucket);
    return OUTCOME_DONE;
}

static bool need_policy(Turn *turn, const Call *call, Bucket *bucket, Str *text, Error *e) {
    TRY(bucket_need(turn, call, bucket, e));
    if (!bucket->has_policy) return s3_fail(call, e, 404, "NoSuchBucketPolicy", "The bucket policy does not exist", "BucketName", bucket->name);
    *text = policy_text(turn, bucket->name);
    return true;
}

Outcome get_bucket_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    Str text;
    CALL_TRY(need_policy(turn, call, &bucket, &text, e));
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "Policy", text);
    return OUTCOME_DONE;
}

Outcome get_bucket_policy_status(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    Str text;
    Doc *policy = NULL, *status = doc_map(call->arena);
    CALL_TRY(need_policy(turn, call, &bucket, &text, e));
    CALL_TRY(json_parse(call->arena, text, &policy, e));
    doc_set_bool(call->arena, status, "IsPublic", policy_is_public(policy));
    *out = doc_map(call->arena);
    doc_set(*out, "PolicyStatus", status);
    return OUTCOME_DONE;
}

Outcome delete_bucket_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    bucket_unconfigure(turn, bucket.name, "policy");
    doc_set_bool(call->arena, bucket.doc, "HasPolicy", false);
    bucket_save(turn, &bucket);
    return OUTCOME_DONE;
}
