// Buckets: making, finding, listing and removing them.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

#include "formats/digest.h"

static const DocumentIndex BUCKET_INDEXES[] = {{"account", "Account"}, {NULL, NULL}};
const DocumentType S3_BUCKET = {.name = "s3.bucket", .indexes = BUCKET_INDEXES};

#define BUCKETS_WHERE ((Partition){STR(""), GLOBAL_REGION})
enum { BUCKETS_A_PAGE = 10000 };

static Versioning versioning_of(Str status) {
    if (str_is(status, "Enabled")) return VERSIONING_ENABLED;
    return status.len ? VERSIONING_SUSPENDED : VERSIONING_NEVER;
}

// The policy check and the handler of a call ask for the same bucket: it is read once.
static bool remembered(Turn *turn, Str name, Bucket *out) {
    const Bucket *last = *turn_memo(turn);
    if (!last || !str_eq(last->name, name)) return false;
    *out = *last;
    return true;
}

static void forget(Turn *turn) { *turn_memo(turn) = NULL; }

bool bucket_find(Turn *turn, Str name, Bucket *out) {
    Doc *doc;
    if (remembered(turn, name, out)) return true;
    if (!document_get(turn_store(turn), BUCKETS_WHERE, &S3_BUCKET, name, turn_arena(turn), &doc)) return false;
    *out = (Bucket){
        .name = name,
        .account = doc_text(doc, "Account"),
        .region = doc_text(doc, "Region"),
        .versioning = versioning_of(doc_text(doc, "Versioning")),
        .notifies = doc_flag(doc, "Notifies", false),
        .has_policy = doc_flag(doc, "HasPolicy", false),
        .doc = doc,
    };
    *turn_memo(turn) = arena_copy(turn_arena(turn), out, sizeof *out);
    return true;
}

void bucket_save(Turn *turn, const Bucket *bucket) {
    forget(turn);
    document_put(turn_store(turn), BUCKETS_WHERE, &S3_BUCKET, bucket->name, bucket->doc);
}

// Where a bucket's name stands in the host and no region does, only the signature can be wrong; else the endpoint is.
static bool fail_region(const Call *call, const Bucket *bucket, Error *e) {
    Str region = bucket->region, asked = call->where.region;
    if (call->bucket_in_host && !str_contains(call->host, asked)) {
        Str message = str_format(call->arena, "The authorization header is malformed; the region '%.*s' is wrong; expecting '%.*s'", STR_ARG(asked),
                                 STR_ARG(region));
        s3_fail(call, e, 400, "AuthorizationHeaderMalformed", message.at, "Region", region);
    } else {
        const char *message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future "
                              "requests to this endpoint.";
        Str endpoint = str_format(call->arena, "%.*s.s3.%.*s.amazonaws.com", STR_ARG(bucket->name), STR_ARG(region));
        s3_fail(call, e, 301, "PermanentRedirect", message, "Endpoint", endpoint);
        s3_error_tell(call, e, "Bucket", bucket->name);
    }
    s3_error_tell(call, e, "$x-amz-bucket-region", region);
    return false;
}

bool bucket_is_here(const Call *call, const Bucket *bucket, Error *e) {
    return !call->region_told || str_eq(call->where.region, bucket->region) || fail_region(call, bucket, e);
}

static bool find_owned(Turn *turn, const Call *call, Bucket *out, Error *e) {
    Str name = doc_text(call->input, "Bucket"), owner = doc_text(call->input, "ExpectedBucketOwner");
    if (!bucket_find(turn, name, out)) return fail_no_bucket(call, name, e);
    return !owner.at || str_eq(owner, out->account) || s3_denied(call, e);
}

bool bucket_need(Turn *turn, const Call *call, Bucket *out, Error *e) {
    Bucket found;
    TRY(find_owned(turn, call, &found, e));
    TRY(bucket_is_here(call, &found, e));
    *out = found;
    return true;
}

Str bucket_arn(Arena *arena, Str bucket) { return str_cat(arena, STR("arn:aws:s3:::"), bucket); }

Str object_arn(Arena *arena, Str bucket, Str key) { return str_cat(arena, bucket_arn(arena, bucket), str_cat(arena, STR("/"), key)); }

// Canonical user ids are opaque; here a hash of the account, so that the same account always has the same.
Doc *owner_doc(Arena *arena, Str account) {
    Doc *owner = doc_map(arena);
    doc_set_str(arena, owner, "ID", principal_canonical_id(arena, account));
    return owner;
}

static bool is_region(Str name) {
    static const char *const regions[] = {
        "af-south-1",     "ap-east-1",
        "ap-east-2",      "ap-northeast-1",
        "ap-northeast-2", "ap-northeast-3",
        "ap-south-1",     "ap-south-2",
        "ap-southeast-1", "ap-southeast-2",
        "ap-southeast-3", "ap-southeast-4",
        "ap-southeast-5", "ap-southeast-6",
        "ap-southeast-7", "ca-central-1",
        "ca-west-1",      "eu-central-1",
        "eu-central-2",   "eu-north-1",
        "eu-south-1",     "eu-south-2",
        "eu-west-1",      "eu-west-2",
        "eu-west-3",      "il-central-1",
        "me-central-1",   "me-south-1",
        "mx-central-1",   "sa-east-1",
        "us-east-2",      "us-west-1",
        "us-west-2",      NULL,
    };
    for (const char *const *region = regions; *region; region++)
        if (str_is(name, *region)) return true;
    return false;
}

// Where the bucket shall be, by LocationConstraint and the region that was asked.
static bool location(const Call *call, Str *region, Error *e) {
    const Doc *asked = doc_get(call->input, "CreateBucketConfiguration");
    Str wanted = doc_text(asked, "LocationConstraint");
    bool named = doc_get(asked, "LocationConstraint") != NULL;
    Str here = call->where.region;
    bool classic = str_is(here, "us-east-1");
    if (str_is(wanted, "EU")) wanted = STR("eu-west-1");
    if (classic && named && !is_region(wanted))
        return s3_fail(call, e, 400, "InvalidLocationConstraint", "The specified location-constraint is not valid", "LocationConstraint", wanted);
    if (!classic && !str_eq(wanted, here)) {
        Str place = wanted.len ? wanted : STR("unspecified");
        Str message = str_format(
            call->arena, "The %.*s location constraint is incompatible for the region specific endpoint this request was sent to.", STR_ARG(place));
        return s3_fail(call, e, 400, "IllegalLocationConstraintException", message.at, NULL, STR_NONE);
    }
    *region = wanted.len ? wanted : here;
    return true;
}

static bool check_ownership(const Call *call, Str ownership, Error *e) {
    if (!ownership.at || str_is(ownership, "BucketOwnerEnforced")) return true;
    if (str_is(ownership, "BucketOwnerPreferred") || str_is(ownership, "ObjectWriter"))
        return s3_unsupported(call, "an ObjectOwnership other than BucketOwnerEnforced", e);
    Str message = str_format(call->arena, "Invalid x-amz-object-ownership header: %.*s", STR_ARG(ownership));
    return s3_bad_argument(call, "x-amz-object-ownership", STR_NONE, message.at, e);
}

static bool check_new_bucket(const Call *call, Str *region, Doc **tags, Error *e) {
    static const char *const refused[] = {"GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP", "BucketNamespace", NULL};
    const Doc *configuration = doc_get(call->input, "CreateBucketConfiguration");
    Str name = doc_text(call->input, "Bucket"), acl = doc_text(call->input, "ACL"), ownership = doc_text(call->input, "ObjectOwnership");
    if (!bucket_name_is_valid(name)) return s3_fail(call, e, 400, "InvalidBucketName", "The specified bucket is not valid.", "BucketName", name);
    TRY(s3_refuse(call, refused, e));
    if (doc_flag(call->input, "ObjectLockEnabledForBucket", false)) return s3_unsupported(call, "ObjectLockEnabledForBucket", e);
    if (doc_get(configuration, "Location") || doc_get(configuration, "Bucket")) return s3_unsupported(call, "directory buckets", e);
    TRY(check_ownership(call, ownership, e));
    if (acl.at) TRY(canned_acl_is_known(call, acl, e));
    if (acl.at && acl.len && !str_is(acl, "private"))
        return s3_fail(call, e, 400, "InvalidBucketAclWithObjectOwnership",
                       "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting", NULL, STR_NONE);
    TRY(s3_tags_from_set(call, doc_get(configuration, "Tags"), 50, tags, e));
    return location(call, region, e);
}

// The name is taken. In us-east-1, making one's own bucket again succeeds and changes nothing.
static bool taken(const Call *call, const Bucket *old, Error *e) {
    if (!str_eq(old->account, call->where.account)) {
        const char *message = "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select "
                              "a different name and try again.";
        return s3_fail(call, e, 409, "BucketAlreadyExists", message, "BucketName", old->name);
    }
    if (str_is(old->region, "us-east-1") && str_is(call->where.region, "us-east-1")) return true;
    const char *message = "Your previous request to create the named bucket succeeded and you already own it.";
    return s3_fail(call, e, 409, "BucketAlreadyOwnedByYou", message, "BucketName", old->name);
}

static Doc *new_bucket(const Call *call, Str region, Doc *tags) {
    Doc *doc = doc_map(call->arena);
    doc_set_str(call->arena, doc, "Name", doc_text(call->input, "Bucket"));
    doc_set_str(call->arena, doc, "Account", call->where.account);
    doc_set_str(call->arena, doc, "Region", region);
    doc_set_int(call->arena, doc, "Created", call->now_ms / 1000 * 1000);
    if (doc_count(tags)) doc_set(doc, "Tags", tags);
    return doc;
}

Outcome create_bucket(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "Bucket"), region = STR_NONE;
    Doc *tags = NULL;
    Bucket old;
    CALL_TRY(check_new_bucket(call, &region, &tags, e));
    if (bucket_find(turn, name, &old))
        CALL_TRY(taken(call, &old, e));
    else
        document_put(turn_store(turn), BUCKETS_WHERE, &S3_BUCKET, name, new_bucket(call, region, tags));
    *out = doc_map(arena);
    bool classic = str_is(region, "us-east-1");
    doc_set_str(arena, *out, "Location",
                classic ? str_cat(arena, STR("/"), name) : str_format(arena, "http://%.*s.s3.amazonaws.com/", STR_ARG(name)));
    doc_set_str(arena, *out, "BucketArn", bucket_arn(arena, name));
    return OUTCOME_DONE;
}

static bool saw_row(void *context, Str key, Str value) {
    *(bool *)context = true;
    return false;
}

static bool holds_objects(Turn *turn, Str bucket) {
    bool any = false;
    Str prefix = KEY(turn_arena(turn), key_text(bucket));
    StoreRange range = {.from = prefix, .before = key_after_prefix(turn_arena(turn), prefix), .limit = 1};
    store_scan(turn_store(turn), &S3_OBJECTS, range, saw_row, &any);
    return any;
}

typedef struct DropUploads {
    Turn *turn;
    Str bucket;
} DropUploads;

static bool drop_upload(void *context, Str row_key, Str value) {
    DropUploads *drop = context;
    Str bucket, key, upload;
    Arena *arena = turn_arena(drop->turn);
    bool whole = key_take_text(arena, &row_key, &bucket) && key_take_text(arena, &row_key, &key) && key_take_text(arena, &row_key, &upload);
    if (!whole) return true;
    assembly_drop(drop->turn, upload, true);
    upload_drop(drop->turn, drop->bucket, key, upload);
    return true;
}

Outcome delete_bucket(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    if (holds_objects(turn, bucket.name)) {
        const char *message = bucket.versioning == VERSIONING_NEVER
                                  ? "The bucket you tried to delete is not empty"
                                  : "The bucket you tried to delete is not empty. You must delete all versions in the bucket.";
        return s3_fail(call, e, 409, "BucketNotEmpty", message, "BucketName", bucket.name), OUTCOME_ERROR;
    }
    Str prefix = KEY(call->arena, key_text(bucket.name));
    StoreRange uploads = {.from = prefix, .before = key_after_prefix(call->arena, prefix)};
    store_scan(turn_store(turn), &S3_UPLOADS, uploads, drop_upload, &(DropUploads){turn, bucket.name});
    bucket_unconfigure_all(turn, bucket.name);
    document_delete(turn_store(turn), BUCKETS_WHERE, &S3_BUCKET, bucket.name);
    forget(turn);
    return OUTCOME_DONE;
}

Outcome head_bucket(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "BucketRegion", bucket.region);
    doc_set_str(call->arena, *out, "Content-Type", STR("application/xml"));
    doc_set_str(call->arena, *out, "BucketArn", bucket_arn(call->arena, bucket.name));
    doc_set_bool(call->arena, *out, "AccessPointAlias", false);
    return OUTCOME_DONE;
}

// Asked from any region: this is how clients find out where a bucket lies.
Outcome get_bucket_location(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(find_owned(turn, call, &bucket, e));
    *out = doc_map(call->arena);
    if (!str_is(bucket.region, "us-east-1")) doc_set_str(call->arena, *out, "LocationConstraint", bucket.region);
    return OUTCOME_DONE;
}

static Doc *bucket_listed(Arena *arena, const Doc *bucket, bool paged) {
    Doc *listed = doc_map(arena);
    Str name = doc_text(bucket, "Name");
    doc_set_str(arena, listed, "Name", name);
    doc_set_time(arena, listed, "CreationDate", doc_number(bucket, "Created", 0));
    if (paged) doc_set_str(arena, listed, "BucketRegion", doc_text(bucket, "Region"));
    doc_set_str(arena, listed, "BucketArn", bucket_arn(arena, name));
    return listed;
}

// Regions are shown to whoever says more than "all of them".
static bool is_paged(const Call *call) {
    static const char *const members[] = {"MaxBuckets", "ContinuationToken", "Prefix", "BucketRegion", NULL};
    for (const char *const *member = members; *member; member++)
        if (doc_get(call->input, *member)) return true;
    return false;
}

static bool bucket_wanted(const Call *call, const Doc *bucket, Str after) {
    Str prefix = doc_text(call->input, "Prefix"), region = doc_text(call->input, "BucketRegion"), name = doc_text(bucket, "Name");
    if (prefix.at && !str_starts(name, prefix)) return false;
    if (region.at && !str_eq(region, doc_text(bucket, "Region"))) return false;
    return str_cmp(name, after) > 0;
}

Outcome list_buckets(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str token = doc_text(call->input, "ContinuationToken"), after = STR("");
    int64_t most = doc_number(call->input, "MaxBuckets", BUCKETS_A_PAGE);
    if (most < 1 || most > BUCKETS_A_PAGE) {
        Str given = str_format(arena, "%lld", (long long)most);
        s3_bad_argument(call, "max-buckets", given, "Argument max-buckets must be an integer between 1 and 10000", e);
        return OUTCOME_ERROR;
    }
    if (token.len && !str_unbase64(arena, token, &after)) {
        s3_bad_argument(call, "continuation-token", STR_NONE, "The continuation token provided is incorrect", e);
        return OUTCOME_ERROR;
    }
    const Doc *all = document_find(turn_store(turn), BUCKETS_WHERE, &S3_BUCKET, "account", call->where.account, arena);
    Doc *listed = doc_list(arena);
    *out = doc_map(arena);
    doc_set(*out, "Owner", owner_doc(arena, call->where.account));
    doc_set(*out, "Buckets", listed);
    for (const Doc *bucket = doc_first(all); bucket; bucket = bucket->next) {
        if (!bucket_wanted(call, bucket, after)) continue;
        if ((int64_t)doc_count(listed) == most) {
            doc_set_str(arena, *out, "ContinuationToken", str_base64(arena, after));
            break;
        }
        doc_push(listed, bucket_listed(arena, bucket, is_paged(call)));
        after = doc_text(bucket, "Name");
    }
    doc_set_str(arena, *out, "Prefix", doc_text(call->input, "Prefix"));
    return OUTCOME_DONE;
}
