// ACLs are off (bucket owner enforced): reading one shows the owner, setting one succeeds only where it says just that, as on AWS.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

static Doc *owner_only(Turn *turn, const Bucket *bucket) {
    Arena *arena = turn_arena(turn);
    Doc *acl = doc_map(arena), *grants = doc_list(arena), *grant = doc_map(arena), *grantee = owner_doc(arena, bucket->account);
    doc_set_str(arena, grantee, "Type", STR("CanonicalUser"));
    doc_set(grant, "Grantee", grantee);
    doc_set_str(arena, grant, "Permission", STR("FULL_CONTROL"));
    doc_push(grants, grant);
    doc_set(acl, "Owner", owner_doc(arena, bucket->account));
    doc_set(acl, "Grants", grants);
    return acl;
}

Outcome get_bucket_acl(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    *out = owner_only(turn, &bucket);
    return OUTCOME_DONE;
}

Outcome get_object_acl(Turn *turn, const Call *call, Doc **out, Error *e) {
    ObjectRow row;
    CALL_TRY(object_for_read(turn, call, &row, e));
    return get_bucket_acl(turn, call, out, e);
}

// Only what says that the owner has full control and nobody else anything. "private" is that too, but S3 takes it only where ACLs are on.
static bool is_owner_only(const Call *call, const Bucket *bucket, bool acls_on) {
    Str canned = doc_text(call->input, "ACL"), owner = principal_canonical_id(call->arena, bucket->account);
    if (canned.len) return str_is(canned, "bucket-owner-full-control") || (acls_on && str_is(canned, "private"));
    const Doc *grants = doc_get(doc_get(call->input, "AccessControlPolicy"), "Grants");
    if (doc_count(grants) != 1) return false;
    const Doc *grant = doc_first(grants);
    return str_is(doc_text(grant, "Permission"), "FULL_CONTROL") && str_eq(doc_text(doc_get(grant, "Grantee"), "ID"), owner);
}

Outcome put_bucket_acl(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    if (doc_get(call->input, "ACL")) CALL_TRY(canned_acl_is_known(call, doc_text(call->input, "ACL"), e));
    bool acls_on = ownership_is_deleted(turn, bucket.name);
    if (is_owner_only(call, &bucket, acls_on)) return OUTCOME_DONE;
    if (acls_on) return s3_unsupported(call, "grants to others than the owner", e), OUTCOME_ERROR;
    s3_fail(call, e, 400, "AccessControlListNotSupported", "The bucket does not allow ACLs", NULL, STR_NONE);
    return OUTCOME_ERROR;
}

Outcome put_object_acl(Turn *turn, const Call *call, Doc **out, Error *e) {
    ObjectRow row;
    CALL_TRY(object_for_read(turn, call, &row, e));
    return put_bucket_acl(turn, call, out, e);
}
