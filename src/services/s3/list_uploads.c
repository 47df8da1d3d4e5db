// ListMultipartUploads and ListParts.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

typedef struct UploadList {
    const Call *call;
    const Bucket *bucket;
    Doc *uploads;
    bool url;
    Str after_key, after_upload; // goes on behind this upload
    Str last_key, last_upload;
} UploadList;

// A user is told by its ARN, an account by its canonical id.
static Doc *initiator_doc(Arena *arena, const ObjectRow *upload, const Bucket *bucket) {
    if (!upload->initiator.len) return owner_doc(arena, bucket->account);
    Doc *initiator = doc_map(arena);
    doc_set_str(arena, initiator, "ID", str_copy(arena, upload->initiator));
    return initiator;
}

static void describe_sum(Arena *arena, const RowChecksum *checksum, Doc *to) {
    if (!checksum->present) return;
    doc_set_str(arena, to, "ChecksumAlgorithm", checksum_name(checksum->kind));
    doc_set_str(arena, to, "ChecksumType", checksum->composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

static Str class_of(Arena *arena, const ObjectRow *row) {
    return row->texts[TEXT_STORAGE_CLASS].at ? str_copy(arena, row->texts[TEXT_STORAGE_CLASS]) : STR("STANDARD");
}

static Doc *upload_entry(const UploadList *list, Str key, Str upload, const ObjectRow *row) {
    Arena *arena = list->call->arena;
    Doc *entry = doc_map(arena);
    doc_set_str(arena, entry, "Key", list_key(arena, key, list->url));
    doc_set_str(arena, entry, "UploadId", upload);
    doc_set(entry, "Initiator", initiator_doc(arena, row, list->bucket));
    doc_set(entry, "Owner", owner_doc(arena, list->bucket->account));
    doc_set_str(arena, entry, "StorageClass", class_of(arena, row));
    doc_set_time(arena, entry, "Initiated", row->modified_ms);
    describe_sum(arena, &row->checksum, entry);
    return entry;
}

static bool emit(ListWalk *walk, Str key, Str upload, Str value) {
    UploadList *list = walk->context;
    ObjectRow row;
    if (str_eq(key, list->after_key) && str_cmp(upload, list->after_upload) <= 0) return true;
    if (!row_read(value, &row)) return true;
    if (walk->count >= walk->limit) {
        walk->truncated = true;
        return false;
    }
    doc_push(list->uploads, upload_entry(list, key, upload, &row));
    walk->count++;
    walk->last = key;
    list->last_key = key;
    list->last_upload = upload;
    return true;
}

// The next page begins behind the last upload, or behind the common prefix that came last.
static void describe_uploads(const UploadList *list, const ListWalk *walk, Doc *reply) {
    const Call *call = list->call;
    Arena *arena = call->arena;
    Str key_marker = doc_text(call->input, "KeyMarker"), upload_marker = doc_text(call->input, "UploadIdMarker");
    bool by_prefix = walk->truncated && !str_eq(walk->last, list->last_key);
    Str next = by_prefix ? walk->last : list->last_key, next_upload = by_prefix ? STR_NONE : list->last_upload;
    doc_set_str(arena, reply, "Bucket", walk->bucket);
    doc_set_str(arena, reply, "KeyMarker", key_marker.at ? list_key(arena, key_marker, list->url) : STR(""));
    doc_set_str(arena, reply, "UploadIdMarker", key_marker.len && upload_marker.at ? upload_marker : STR(""));
    doc_set_str(arena, reply, "NextKeyMarker", next.at ? list_key(arena, next, list->url) : STR(""));
    doc_set_str(arena, reply, "NextUploadIdMarker", next_upload.at ? next_upload : STR(""));
    if (walk->delimiter.len) doc_set_str(arena, reply, "Delimiter", list_key(arena, walk->delimiter, list->url));
    if (walk->prefix.len) doc_set_str(arena, reply, "Prefix", list_key(arena, walk->prefix, list->url));
    doc_set_int(arena, reply, "MaxUploads", (int64_t)walk->limit);
    if (list->url) doc_set_str(arena, reply, "EncodingType", STR("url"));
    doc_set_bool(arena, reply, "IsTruncated", walk->truncated);
    if (doc_count(list->uploads)) doc_set(reply, "Uploads", list->uploads);
    doc_set(reply, "CommonPrefixes", list_prefixes(arena, walk->prefixes, list->url));
}

// An upload marker names an upload of the key marker's key that is still there.
static bool check_markers(Turn *turn, const Call *call, Str bucket, Str key, Str upload, Error *e) {
    if (!key.len || !upload.len || upload_exists(turn, bucket, key, upload)) return true;
    return s3_bad_argument(call, "upload-id-marker", upload, "Invalid uploadId marker", e);
}

Outcome list_multipart_uploads(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Bucket bucket;
    Str prefix = doc_text(call->input, "Prefix"), key = doc_text(call->input, "KeyMarker"), upload = doc_text(call->input, "UploadIdMarker");
    ListWalk walk = {.turn = turn, .table = &S3_UPLOADS, .delimiter = doc_text(call->input, "Delimiter"), .emit = emit};
    UploadList list = {.call = call, .uploads = doc_list(arena)};
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(list_encoding(call, &list.url, e));
    CALL_TRY(list_page_size(call, "MaxUploads", "max-uploads", &walk.limit, e));
    walk.bucket = bucket.name;
    walk.prefix = prefix.at ? prefix : STR("");
    walk.after = key.len ? key : STR_NONE;
    walk.including = upload.len > 0;
    walk.skips_entered = true;
    walk.context = &list;
    list.bucket = &bucket;
    CALL_TRY(check_markers(turn, call, bucket.name, key, upload, e));
    if (key.len && upload.len) {
        list.after_key = key;
        list.after_upload = upload;
    }
    list_keys(&walk);
    *out = doc_map(arena);
    describe_uploads(&list, &walk, *out);
    return OUTCOME_DONE;
}

typedef struct PartList {
    Arena *arena;
    Doc *parts;
    size_t most;
    bool truncated;
    int64_t last;
} PartList;

static int64_t number_of(Arena *arena, Str row_key) {
    Str bucket, upload;
    uint64_t number = 0;
    bool whole = key_take_text(arena, &row_key, &bucket) && key_take_text(arena, &row_key, &upload) && key_take_number(&row_key, &number);
    return whole ? (int64_t)number : 0;
}

static bool add_part(void *context, Str row_key, Str value) {
    PartList *list = context;
    ObjectRow row;
    if (!row_read(value, &row)) return true;
    list->truncated = doc_count(list->parts) >= list->most;
    if (list->truncated) return false;
    Arena *arena = list->arena;
    Doc *part = doc_map(arena);
    list->last = number_of(arena, row_key);
    doc_set_int(arena, part, "PartNumber", list->last);
    doc_set_time(arena, part, "LastModified", row.modified_ms);
    doc_set_str(arena, part, "ETag", quoted_etag(arena, row.etag));
    doc_set_int(arena, part, "Size", row.size);
    if (row.checksum.present) doc_set_str(arena, part, checksum_member(row.checksum.kind), str_copy(arena, row.checksum.text));
    doc_push(list->parts, part);
    return true;
}

static void describe_parts(const Call *call, const Bucket *bucket, const ObjectRow *upload, const PartList *list, Doc *reply) {
    Arena *arena = call->arena;
    doc_set_str(arena, reply, "Bucket", bucket->name);
    doc_set_str(arena, reply, "Key", doc_text(call->input, "Key"));
    doc_set_str(arena, reply, "UploadId", doc_text(call->input, "UploadId"));
    doc_set(reply, "Initiator", initiator_doc(arena, upload, bucket));
    doc_set(reply, "Owner", owner_doc(arena, bucket->account));
    doc_set_str(arena, reply, "StorageClass", class_of(arena, upload));
    doc_set_int(arena, reply, "PartNumberMarker", doc_number(call->input, "PartNumberMarker", 0));
    doc_set_int(arena, reply, "NextPartNumberMarker", list->last);
    doc_set_int(arena, reply, "MaxParts", (int64_t)list->most);
    doc_set_bool(arena, reply, "IsTruncated", list->truncated);
    if (doc_count(list->parts)) doc_set(reply, "Parts", list->parts);
    describe_sum(arena, &upload->checksum, reply);
}

Outcome list_upload_parts(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Bucket bucket;
    ObjectRow upload;
    PartList list = {.arena = arena, .parts = doc_list(arena)};
    Str id = doc_text(call->input, "UploadId");
    CALL_TRY(upload_need(turn, call, &bucket, &upload, e));
    CALL_TRY(list_page_size(call, "MaxParts", "max-parts", &list.most, e));
    CALL_TRY(list_number(call, "part-number-marker", doc_number(call->input, "PartNumberMarker", 0), e));
    Str prefix = KEY(arena, key_text(bucket.name), key_text(id));
    Str from = part_key(arena, bucket.name, id, doc_number(call->input, "PartNumberMarker", 0) + 1);
    store_scan(turn_store(turn), &S3_PARTS, (StoreRange){.from = from, .before = key_after_prefix(arena, prefix)}, add_part, &list);
    *out = doc_map(arena);
    describe_parts(call, &bucket, &upload, &list, *out);
    return OUTCOME_DONE;
}
