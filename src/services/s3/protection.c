// Encryption, public access block and ownership controls of a bucket.
//
// Encryption: objects are said to be encrypted with AES256 whatever is put, so only that can be put; KMS is refused by name. The public access block is
// enforced where there is something to block: a public policy (policy.c); ACLs are off in any case, so that its other half has nothing to do. Ownership is
// always BucketOwnerEnforced: putting that is a word without effect, putting another is refused.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

static const char *const BLOCKS[] = {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets", NULL};

static Doc *default_encryption(Arena *arena) {
    Doc *configuration = doc_map(arena), *rules = doc_list(arena), *rule = doc_map(arena), *by_default = doc_map(arena);
    doc_set_str(arena, by_default, "SSEAlgorithm", STR("AES256"));
    doc_set(rule, "ApplyServerSideEncryptionByDefault", by_default);
    doc_set_bool(arena, rule, "BucketKeyEnabled", false);
    doc_push(rules, rule);
    doc_set(configuration, "Rules", rules);
    return configuration;
}

Outcome get_bucket_encryption(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    *out = doc_map(call->arena);
    doc_set(*out, "ServerSideEncryptionConfiguration", default_encryption(call->arena));
    return OUTCOME_DONE;
}

Outcome put_bucket_encryption(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    const Doc *rules = doc_get(doc_get(call->input, "ServerSideEncryptionConfiguration"), "Rules");
    for (const Doc *rule = doc_first(rules); rule; rule = rule->next) {
        Str algorithm = doc_text(doc_get(rule, "ApplyServerSideEncryptionByDefault"), "SSEAlgorithm");
        if (algorithm.len && !str_is(algorithm, "AES256")) return s3_unsupported(call, "an SSEAlgorithm other than AES256", e), OUTCOME_ERROR;
    }
    return OUTCOME_DONE;
}

Outcome delete_bucket_encryption(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    return OUTCOME_DONE; // back to AES256
}

// Once deleted, a block is off; a bucket where nothing was put has all four on.
bool block_public(Turn *turn, Str bucket, const char *member) {
    return doc_flag(bucket_configuration(turn, bucket, "public-access-block"), member, true);
}

static Doc *blocks_of(Arena *arena, const Doc *from, bool otherwise) {
    Doc *blocks = doc_map(arena);
    for (const char *const *name = BLOCKS; *name; name++) doc_set_bool(arena, blocks, *name, doc_flag(from, *name, otherwise));
    return blocks;
}

Outcome get_public_access_block(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    const Doc *kept = bucket_configuration(turn, bucket.name, "public-access-block");
    if (doc_flag(kept, "Deleted", false)) {
        const char *message = "The public access block configuration was not found";
        return s3_fail(call, e, 404, "NoSuchPublicAccessBlockConfiguration", message, "BucketName", bucket.name), OUTCOME_ERROR;
    }
    *out = doc_map(call->arena);
    doc_set(*out, "PublicAccessBlockConfiguration", blocks_of(call->arena, kept, true));
    return OUTCOME_DONE;
}

Outcome put_public_access_block(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    const Doc *wanted = doc_get(call->input, "PublicAccessBlockConfiguration");
    bucket_configure(turn, bucket.name, "public-access-block", blocks_of(call->arena, wanted, false));
    return OUTCOME_DONE;
}

Outcome delete_public_access_block(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    Doc *off = blocks_of(call->arena, NULL, false);
    doc_set_bool(call->arena, off, "Deleted", true);
    bucket_configure(turn, bucket.name, "public-access-block", off);
    return OUTCOME_DONE;
}

static Doc *owner_enforced(Arena *arena) {
    Doc *controls = doc_map(arena), *rules = doc_list(arena), *rule = doc_map(arena);
    doc_set_str(arena, rule, "ObjectOwnership", STR("BucketOwnerEnforced"));
    doc_push(rules, rule);
    doc_set(controls, "Rules", rules);
    return controls;
}

Outcome get_bucket_ownership(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    *out = doc_map(call->arena);
    doc_set(*out, "OwnershipControls", owner_enforced(call->arena));
    return OUTCOME_DONE;
}

Outcome put_bucket_ownership(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    const Doc *rules = doc_get(doc_get(call->input, "OwnershipControls"), "Rules");
    for (const Doc *rule = doc_first(rules); rule; rule = rule->next)
        if (!str_is(doc_text(rule, "ObjectOwnership"), "BucketOwnerEnforced"))
            return s3_unsupported(call, "an ObjectOwnership other than BucketOwnerEnforced", e), OUTCOME_ERROR;
    return OUTCOME_DONE;
}

Outcome delete_bucket_ownership(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    return OUTCOME_DONE;
}
