// Which permissions a call needs, where that depends on more than a bucket's name: as AWS's service authorization reference lists them for S3.
#include "services/s3/policy_actions.h"
#include "services/s3/s3.h"

#include "identity/sigv4.h"

static Str this_object(const Call *call) { return object_arn(call->arena, doc_text(call->input, "Bucket"), doc_text(call->input, "Key")); }
static Str this_bucket(const Call *call) { return bucket_arn(call->arena, doc_text(call->input, "Bucket")); }
static bool has(const Call *call, const char *member) { return doc_get(call->input, member) != NULL; }

// Condition keys from members of the input.
typedef struct ContextKey {
    const char *member, *key;
} ContextKey;

static Doc *context_of(const Call *call, const ContextKey *keys) {
    Doc *context = NULL;
    for (; keys->member; keys++) {
        const Doc *value = doc_get(call->input, keys->member);
        if (!value) continue;
        if (!context) context = doc_map(call->arena);
        Str text = doc_is(value, DOC_INT) ? str_format(call->arena, "%lld", (long long)doc_int(value, 0)) : doc_str(value, STR(""));
        doc_set_str(call->arena, context, keys->key, text);
    }
    return context;
}

static const ContextKey VERSION_KEYS[] = {{"VersionId", "s3:versionid"}, {NULL, NULL}};
static const ContextKey LISTING_KEYS[] = {{"Prefix", "s3:prefix"}, {"Delimiter", "s3:delimiter"}, {"MaxKeys", "s3:max-keys"}, {NULL, NULL}};
static const ContextKey WRITE_KEYS[] = {
    {"ACL", "s3:x-amz-acl"},
    {"StorageClass", "s3:x-amz-storage-class"},
    {"ServerSideEncryption", "s3:x-amz-server-side-encryption"},
    {"CopySource", "s3:x-amz-copy-source"},
    {"MetadataDirective", "s3:x-amz-metadata-directive"},
    {"WebsiteRedirectLocation", "s3:x-amz-website-redirect-location"},
    {"IfMatch", "s3:if-match"},
    {"IfNoneMatch", "s3:if-none-match"},
    {NULL, NULL},
};
static const ContextKey CREATE_KEYS[] = {{"ACL", "s3:x-amz-acl"}, {"ObjectOwnership", "s3:x-amz-object-ownership"}, {NULL, NULL}};

// ---- What S3 tells of every request ----

static Str content_sha256(const Signature *signature) {
    switch (signature->payload) {
    case PAYLOAD_HASHED: return signature->payload_hash;
    case PAYLOAD_UNSIGNED: return STR("UNSIGNED-PAYLOAD");
    case PAYLOAD_CHUNKS_SIGNED: return STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    case PAYLOAD_CHUNKS_SIGNED_TRAILER: return STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
    case PAYLOAD_CHUNKS_UNSIGNED_TRAILER: return STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    }
    return STR_NONE;
}

// Of a presigned request, which may be signed by either clock.
static int64_t signature_age(Turn *turn, const Call *call, const Signature *signature) {
    int64_t by_wall = turn_wall(turn) - signature->signed_at_ms, by_plane = call->now_ms - signature->signed_at_ms;
    int64_t age = by_wall < 0 || (by_plane >= 0 && by_plane < by_wall) ? by_plane : by_wall;
    return age < 0 ? 0 : age;
}

static void tell_signature(Turn *turn, const Call *call, const Signature *signature, Doc *context) {
    bool header = signature->scheme == SIGNATURE_HEADER, old = signature->scheme == SIGNATURE_QUERY_V2;
    doc_set_str(call->arena, context, "s3:authType", header ? STR("REST-HEADER") : STR("REST-QUERY-STRING"));
    doc_set_str(call->arena, context, "s3:signatureversion", old ? STR("AWS") : STR("AWS4-HMAC-SHA256"));
    if (!header) doc_set_int(call->arena, context, "s3:signatureAge", signature_age(turn, call, signature));
    if (!old) doc_set_str(call->arena, context, "s3:x-amz-content-sha256", content_sha256(signature));
}

// Only some writes make an object; the others prepare one.
static Str makes_object(Str operation) {
    static const char *const make[] = {"PutObject", "CopyObject", "CompleteMultipartUpload", NULL};
    static const char *const prepare[] = {"CreateMultipartUpload", "UploadPart", "UploadPartCopy", NULL};
    for (const char *const *name = make; *name; name++)
        if (str_is(operation, *name)) return STR("true");
    for (const char *const *name = prepare; *name; name++)
        if (str_is(operation, *name)) return STR("false");
    return STR_NONE;
}

#define EXISTING_TAG "s3:ExistingObjectTag/"

static void tell_tags(Turn *turn, const Call *call, Str bucket, Str key, Str version, Doc *context) {
    ObjectRow row;
    Str rest, name, value;
    bool found = version.at ? object_version(turn, bucket, key, version, &row) : object_current(turn, bucket, key, &row);
    if (!found) return;
    for (rest = row.tags; pairs_next(&rest, &name, &value);)
        doc_put(context, str_cat(call->arena, STR(EXISTING_TAG), name), doc_of_str(call->arena, value));
}

// Of what is read or described. Of a copy's source tags are looked at for parts alone, and a write has no object yet.
static void tell_existing_tags(Turn *turn, const Call *call, const Requirement *what, Doc *context) {
    Str operation = wire_str(call->operation->name);
    CopySource source;
    if (!policy_key_applies(STR(EXISTING_TAG), what->action)) return;
    if (str_is(operation, "UploadPartCopy")) {
        if (copy_source(call, &source, NULL)) tell_tags(turn, call, source.bucket, source.key, source.version, context);
    } else if (!makes_object(operation).at) {
        tell_tags(turn, call, doc_text(call->input, "Bucket"), doc_text(call->input, "Key"), doc_text(call->input, "VersionId"), context);
    }
}

void s3_context(Turn *turn, const Call *call, const Requirement *what, Str owner_account, Doc *context) {
    doc_set_str(call->arena, context, "s3:ResourceAccount", owner_account);
    doc_set_str(call->arena, context, "s3:ObjectCreationOperation", makes_object(wire_str(call->operation->name)));
    if (call->signature) tell_signature(turn, call, call->signature, context);
    tell_existing_tags(turn, call, what, context);
}

// ---- Operations ----

void require_get_object(Turn *turn, const Call *call, Requirements *all) {
    Str action = has(call, "VersionId") ? STR("s3:GetObjectVersion") : STR("s3:GetObject");
    require(all, action, this_object(call), context_of(call, VERSION_KEYS));
}

void require_get_attributes(Turn *turn, const Call *call, Requirements *all) {
    require_get_object(turn, call, all);
    Str action = has(call, "VersionId") ? STR("s3:GetObjectVersionAttributes") : STR("s3:GetObjectAttributes");
    require(all, action, this_object(call), context_of(call, VERSION_KEYS));
}

// Tags of the request are condition keys: s3:RequestObjectTag/NAME and s3:RequestObjectTagKeys.
static void add_request_tags(const Call *call, Doc *context) {
    Doc *tags, *names = doc_list(call->arena);
    if (!s3_tags_from_header(call, doc_text(call->input, "Tagging"), &tags, NULL)) return;
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        Str key = str_cat(call->arena, STR("s3:RequestObjectTag/"), tag->key);
        doc_add(context, key, doc_of_str(call->arena, doc_str(tag, STR(""))));
        doc_push_str(call->arena, names, tag->key);
    }
    if (doc_count(names)) doc_set(context, "s3:RequestObjectTagKeys", names);
}

void require_put_object(Turn *turn, const Call *call, Requirements *all) {
    Doc *context = context_of(call, WRITE_KEYS);
    if (has(call, "Tagging")) {
        if (!context) context = doc_map(call->arena);
        add_request_tags(call, context);
        require(all, STR("s3:PutObjectTagging"), this_object(call), doc_copy(call->arena, context));
    }
    require(all, STR("s3:PutObject"), this_object(call), context);
}

static void require_source(const Call *call, Requirements *all) {
    CopySource source;
    if (!copy_source(call, &source, NULL)) return; // the handler refuses it
    Str object = object_arn(call->arena, source.bucket, source.key);
    require(all, source.version.at ? STR("s3:GetObjectVersion") : STR("s3:GetObject"), object, NULL);
}

void require_copy_object(Turn *turn, const Call *call, Requirements *all) {
    require_source(call, all);
    require_put_object(turn, call, all);
}

void require_copy_part(Turn *turn, const Call *call, Requirements *all) {
    require_source(call, all);
    require(all, STR("s3:PutObject"), this_object(call), NULL);
}

void require_complete_upload(Turn *turn, const Call *call, Requirements *all) {
    require(all, STR("s3:PutObject"), this_object(call), context_of(call, WRITE_KEYS));
}

void require_delete_object(Turn *turn, const Call *call, Requirements *all) {
    Str action = has(call, "VersionId") ? STR("s3:DeleteObjectVersion") : STR("s3:DeleteObject");
    require(all, action, this_object(call), context_of(call, VERSION_KEYS));
}

void require_each_key(Turn *turn, const Call *call, Requirements *all) {}

void require_listing(Turn *turn, const Call *call, Requirements *all) {
    require(all, STR("s3:ListBucket"), this_bucket(call), context_of(call, LISTING_KEYS));
}

void require_versions_listing(Turn *turn, const Call *call, Requirements *all) {
    require(all, STR("s3:ListBucketVersions"), this_bucket(call), context_of(call, LISTING_KEYS));
}

void require_uploads_listing(Turn *turn, const Call *call, Requirements *all) {
    require(all, STR("s3:ListBucketMultipartUploads"), this_bucket(call), context_of(call, LISTING_KEYS));
}

// "GetObjectTagging" is s3:GetObjectTagging, or s3:GetObjectVersionTagging with a version; Put and Delete alike.
static void require_of_object(const Call *call, const char *what, Requirements *all) {
    Str name = wire_str(call->operation->name);
    Str verb = str_sub(name, 0, (size_t)str_find(name, STR("Object")));
    const char *middle = has(call, "VersionId") ? "ObjectVersion" : "Object";
    require(all, str_format(call->arena, "s3:%.*s%s%s", STR_ARG(verb), middle, what), this_object(call), context_of(call, VERSION_KEYS));
}

void require_object_tagging(Turn *turn, const Call *call, Requirements *all) { require_of_object(call, "Tagging", all); }
void require_object_acl(Turn *turn, const Call *call, Requirements *all) { require_of_object(call, "Acl", all); }

void require_create_bucket(Turn *turn, const Call *call, Requirements *all) {
    Doc *context = context_of(call, CREATE_KEYS);
    const Doc *configuration = doc_get(call->input, "CreateBucketConfiguration");
    Str constraint = doc_text(configuration, "LocationConstraint");
    if (constraint.len) {
        if (!context) context = doc_map(call->arena);
        doc_set_str(call->arena, context, "s3:LocationConstraint", constraint);
    }
    require(all, STR("s3:CreateBucket"), this_bucket(call), context);
    if (doc_count(doc_get(configuration, "Tags"))) require(all, STR("s3:TagResource"), this_bucket(call), NULL);
}
