// ListMultipartUploads and ListParts.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

typedef struct UploadList {
    const Call *call;
    Doc *uploads, *owner;
    bool url;
    Str after_key, after_upload; // goes on behind this upload
    Str last_upload;
} UploadList;

static Doc *upload_entry(const UploadList *list, Str key, Str upload, const ObjectRow *row) {
    Arena *arena = list->call->arena;
    Doc *entry = doc_map(arena);
    doc_set_str(arena, entry, "UploadId", upload);
    doc_set_str(arena, entry, "Key", list_key(arena, key, list->url));
    doc_set_time(arena, entry, "Initiated", row->modified_ms);
    doc_set_str(arena, entry, "StorageClass", row->texts[TEXT_STORAGE_CLASS].at ? str_copy(arena, row->texts[TEXT_STORAGE_CLASS]) : STR("STANDARD"));
    doc_set(entry, "Owner", doc_copy(arena, list->owner));
    doc_set(entry, "Initiator", doc_copy(arena, list->owner));
    if (!row->checksum.present) return entry;
    doc_set_str(arena, entry, "ChecksumAlgorithm", checksum_name(row->checksum.kind));
    doc_set_str(arena, entry, "ChecksumType", row->checksum.composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
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
    list->last_upload = upload;
    return true;
}

static void describe_uploads(const UploadList *list, const ListWalk *walk, Doc *reply) {
    const Call *call = list->call;
    Arena *arena = call->arena;
    Str key_marker = doc_text(call->input, "KeyMarker"), upload_marker = doc_text(call->input, "UploadIdMarker");
    doc_set_str(arena, reply, "Bucket", walk->bucket);
    doc_set_str(arena, reply, "KeyMarker", key_marker.at ? list_key(arena, key_marker, list->url) : STR(""));
    doc_set_str(arena, reply, "UploadIdMarker", upload_marker.at ? upload_marker : STR(""));
    doc_set_str(arena, reply, "Prefix", list_key(arena, walk->prefix, list->url));
    if (walk->delimiter.len) doc_set_str(arena, reply, "Delimiter", list_key(arena, walk->delimiter, list->url));
    doc_set_int(arena, reply, "MaxUploads", (int64_t)walk->limit);
    doc_set_bool(arena, reply, "IsTruncated", walk->truncated);
    if (doc_count(list->uploads)) doc_set(reply, "Uploads", list->uploads);
    doc_set(reply, "CommonPrefixes", list_prefixes(arena, walk->prefixes, list->url));
    if (list->url) doc_set_str(arena, reply, "EncodingType", STR("url"));
    doc_set_str(arena, reply, "NextKeyMarker", walk->truncated ? list_key(arena, walk->last, list->url) : STR(""));
    doc_set_str(arena, reply, "NextUploadIdMarker", walk->truncated && list->last_upload.at ? list->last_upload : STR(""));
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
    walk.context = &list;
    list.owner = owner_doc(arena, bucket.account);
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
    doc_set_int(arena, reply, "PartNumberMarker", doc_number(call->input, "PartNumberMarker", 0));
    doc_set_int(arena, reply, "NextPartNumberMarker", list->last);
    doc_set_int(arena, reply, "MaxParts", (int64_t)list->most);
    doc_set_bool(arena, reply, "IsTruncated", list->truncated);
    if (doc_count(list->parts)) doc_set(reply, "Parts", list->parts);
    doc_set(reply, "Initiator", owner_doc(arena, bucket->account));
    doc_set(reply, "Owner", owner_doc(arena, bucket->account));
    doc_set_str(arena, reply, "StorageClass", upload->texts[TEXT_STORAGE_CLASS].at ? upload->texts[TEXT_STORAGE_CLASS] : STR("STANDARD"));
    if (!upload->checksum.present) return;
    doc_set_str(arena, reply, "ChecksumAlgorithm", checksum_name(upload->checksum.kind));
    doc_set_str(arena, reply, "ChecksumType", upload->checksum.composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

Outcome list_upload_parts(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Bucket bucket;
    ObjectRow upload;
    PartList list = {.arena = arena, .parts = doc_list(arena)};
    Str id = doc_text(call->input, "UploadId");
    CALL_TRY(upload_need(turn, call, &bucket, &upload, e));
    CALL_TRY(list_page_size(call, "MaxParts", "max-parts", &list.most, e));
    Str prefix = KEY(arena, key_text(bucket.name), key_text(id));
    Str from = part_key(arena, bucket.name, id, doc_number(call->input, "PartNumberMarker", 0) + 1);
    store_scan(turn_store(turn), &S3_PARTS, (StoreRange){.from = from, .before = key_after_prefix(arena, prefix)}, add_part, &list);
    *out = doc_map(arena);
    describe_parts(call, &bucket, &upload, &list, *out);
    return OUTCOME_DONE;
}
