// Encryption, public access block and ownership controls of a bucket.
//
// Encryption: objects are said to be encrypted with AES256 whatever is put, so only that can be put; KMS is refused by name. Keys of customers (SSE-C) are blocked
// in every bucket until somebody allows them, as on AWS since April 2026; where they are allowed they are refused by name. The public access block is
// enforced where there is something to block: a public policy (policy.c); ACLs are off in any case, so that its other half has nothing to do. Ownership is
// BucketOwnerEnforced, or deleted: putting another is refused.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

static const char *const BLOCKS[] = {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets", NULL};

bool customer_keys_blocked(Turn *turn, Str bucket) { return doc_flag(bucket_configuration(turn, bucket, "encryption"), "BlocksCustomerKeys", true); }

static Doc *blocked_types(Arena *arena, bool blocked) {
    Doc *types = doc_map(arena), *list = doc_list(arena);
    doc_push_str(arena, list, blocked ? STR("SSE-C") : STR("NONE"));
    doc_set(types, "EncryptionType", list);
    return types;
}

static Doc *encryption_of(Arena *arena, bool bucket_key, bool blocked) {
    Doc *configuration = doc_map(arena), *rules = doc_list(arena), *rule = doc_map(arena), *by_default = doc_map(arena);
    doc_set_str(arena, by_default, "SSEAlgorithm", STR("AES256"));
    doc_set(rule, "ApplyServerSideEncryptionByDefault", by_default);
    doc_set_bool(arena, rule, "BucketKeyEnabled", bucket_key);
    doc_set(rule, "BlockedEncryptionTypes", blocked_types(arena, blocked));
    doc_push(rules, rule);
    doc_set(configuration, "Rules", rules);
    return configuration;
}

Outcome get_bucket_encryption(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    bool bucket_key = doc_flag(bucket_configuration(turn, bucket.name, "encryption"), "BucketKeyEnabled", false);
    *out = doc_map(call->arena);
    doc_set(*out, "ServerSideEncryptionConfiguration", encryption_of(call->arena, bucket_key, customer_keys_blocked(turn, bucket.name)));
    return OUTCOME_DONE;
}

static bool check_encryption(const Call *call, const Doc *rules, Error *e) {
    const Doc *rule = doc_first(rules), *by_default = doc_get(rule, "ApplyServerSideEncryptionByDefault");
    Str algorithm = doc_text(by_default, "SSEAlgorithm");
    bool kms = str_is(algorithm, "aws:kms") || str_is(algorithm, "aws:kms:dsse");
    for (const Doc *type = doc_first(doc_get(doc_get(rule, "BlockedEncryptionTypes"), "EncryptionType")); type; type = type->next) {
        if (!str_is(doc_str(type, STR("")), "SSE-C") && !str_is(doc_str(type, STR("")), "NONE")) return fail_malformed_xml(call, e);
    }
    if (doc_count(rules) != 1 || (!kms && !str_is(algorithm, "AES256"))) return fail_malformed_xml(call, e);
    if (kms) return s3_unsupported(call, "an SSEAlgorithm other than AES256", e);
    if (!doc_get(by_default, "KMSMasterKeyID")) return true;
    const char *message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
    return s3_bad_argument(call, "ApplyServerSideEncryptionByDefault", STR_NONE, message, e);
}

Outcome put_bucket_encryption(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    const Doc *rules = doc_get(doc_get(call->input, "ServerSideEncryptionConfiguration"), "Rules");
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(check_encryption(call, rules, e));
    Doc *kept = doc_map(call->arena);
    const Doc *blocked = doc_first(doc_get(doc_get(doc_first(rules), "BlockedEncryptionTypes"), "EncryptionType"));
    bool blocks = blocked ? str_is(doc_str(blocked, STR("")), "SSE-C") : customer_keys_blocked(turn, bucket.name);
    doc_set_bool(call->arena, kept, "BucketKeyEnabled", doc_flag(doc_first(rules), "BucketKeyEnabled", false));
    doc_set_bool(call->arena, kept, "BlocksCustomerKeys", blocks);
    bucket_configure(turn, bucket.name, "encryption", kept);
    return OUTCOME_DONE;
}

// Back to AES256.
Outcome delete_bucket_encryption(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    bucket_unconfigure(turn, bucket.name, "encryption");
    return OUTCOME_DONE;
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

// Without controls ACLs would count again; they are not built, and say so (acl.c).
bool ownership_is_deleted(Turn *turn, Str bucket) { return doc_flag(bucket_configuration(turn, bucket, "ownership"), "Deleted", false); }

Outcome get_bucket_ownership(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    if (ownership_is_deleted(turn, bucket.name)) {
        const char *message = "The bucket ownership controls were not found";
        return s3_fail(call, e, 404, "OwnershipControlsNotFoundError", message, "BucketName", bucket.name), OUTCOME_ERROR;
    }
    *out = doc_map(call->arena);
    doc_set(*out, "OwnershipControls", owner_enforced(call->arena));
    return OUTCOME_DONE;
}

Outcome put_bucket_ownership(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    const Doc *rules = doc_get(doc_get(call->input, "OwnershipControls"), "Rules");
    Str ownership = doc_text(doc_first(rules), "ObjectOwnership");
    bool enforced = str_is(ownership, "BucketOwnerEnforced");
    bool known = enforced || str_is(ownership, "BucketOwnerPreferred") || str_is(ownership, "ObjectWriter");
    if (doc_count(rules) != 1 || !known) return fail_malformed_xml(call, e), OUTCOME_ERROR;
    if (!enforced) return s3_unsupported(call, "an ObjectOwnership other than BucketOwnerEnforced", e), OUTCOME_ERROR;
    bucket_unconfigure(turn, bucket.name, "ownership");
    return OUTCOME_DONE;
}

Outcome delete_bucket_ownership(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    Doc *deleted = doc_map(call->arena);
    doc_set_bool(call->arena, deleted, "Deleted", true);
    bucket_configure(turn, bucket.name, "ownership", deleted);
    return OUTCOME_DONE;
}
