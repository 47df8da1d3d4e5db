// Bucket policies: kept as text, handed to the policy check of every call on the bucket, and judged public or not.
//
// A policy is public when a statement allows everybody (Principal "*") and no condition narrows that to known callers. Such a policy cannot be put while
// BlockPublicPolicy is on, and while RestrictPublicBuckets is on it counts for nobody outside the bucket's account and AWS's services.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

#include "formats/json.h"
#include "identity/policy.h"

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

Outcome put_bucket_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    Str text = doc_text(call->input, "Policy");
    Doc *policy = NULL;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(policy_check(turn, call, bucket.name, text, &policy, e));
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
