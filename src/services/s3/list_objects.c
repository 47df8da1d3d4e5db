// ListObjects and ListObjectsV2: the current versions, without delete markers.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

typedef struct ObjectList {
    const Call *call;
    Doc *contents, *owner; // owner NULL: not shown
    bool url;
} ObjectList;

static bool is_object(Str value) {
    ObjectRow row;
    return row_read(value, &row) && !row.marker;
}

static void show_checksum(Arena *arena, const ObjectRow *row, Doc *entry) {
    if (!row->checksum.present) return;
    Doc *algorithms = doc_list(arena);
    doc_push_str(arena, algorithms, checksum_name(row->checksum.kind));
    doc_set(entry, "ChecksumAlgorithm", algorithms);
    doc_set_str(arena, entry, "ChecksumType", row->checksum.composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

static Doc *entry_of(const ObjectList *list, Str key, const ObjectRow *row) {
    Arena *arena = list->call->arena;
    Str storage_class = row->texts[TEXT_STORAGE_CLASS];
    Doc *entry = doc_map(arena);
    doc_set_str(arena, entry, "Key", list_key(arena, key, list->url));
    doc_set_time(arena, entry, "LastModified", row->modified_ms);
    doc_set_str(arena, entry, "ETag", quoted_etag(arena, row->etag));
    show_checksum(arena, row, entry);
    doc_set_int(arena, entry, "Size", row->size);
    doc_set_str(arena, entry, "StorageClass", storage_class.at ? str_copy(arena, storage_class) : STR("STANDARD"));
    if (list->owner) doc_set(entry, "Owner", doc_copy(arena, list->owner));
    return entry;
}

static bool emit(ListWalk *walk, Str key, Str upload, Str value) {
    ObjectList *list = walk->context;
    ObjectRow row;
    if (!row_read(value, &row) || row.marker) return true;
    if (walk->count >= walk->limit) {
        walk->truncated = true;
        return false;
    }
    doc_push(list->contents, entry_of(list, key, &row));
    walk->count++;
    walk->last = key;
    return true;
}

// What both forms share: reads the input, walks, and writes the common members of the reply.
static bool list(Turn *turn, const Call *call, Str after, bool with_owner, ListWalk *walk, Doc *reply, Error *e) {
    Arena *arena = call->arena;
    Bucket bucket;
    ObjectList contents = {.call = call, .contents = doc_list(arena)};
    Str prefix = doc_text(call->input, "Prefix"), delimiter = doc_text(call->input, "Delimiter");
    TRY(bucket_need(turn, call, &bucket, e));
    TRY(list_encoding(call, &contents.url, e));
    *walk = (ListWalk){.turn = turn, .table = &S3_OBJECTS, .bucket = bucket.name, .delimiter = delimiter, .after = after};
    TRY(list_page_size(call, "MaxKeys", "max-keys", &walk->limit, e));
    walk->prefix = prefix.at ? prefix : STR("");
    walk->emit = emit;
    walk->counts = is_object;
    walk->context = &contents;
    if (with_owner) contents.owner = owner_doc(arena, bucket.account);
    list_keys(walk);
    doc_set_str(arena, reply, "Name", bucket.name);
    doc_set_str(arena, reply, "Prefix", list_key(arena, walk->prefix, contents.url));
    if (delimiter.len) doc_set_str(arena, reply, "Delimiter", list_key(arena, delimiter, contents.url));
    doc_set_int(arena, reply, "MaxKeys", (int64_t)walk->limit);
    doc_set_bool(arena, reply, "IsTruncated", walk->truncated);
    if (doc_count(contents.contents)) doc_set(reply, "Contents", contents.contents);
    doc_set(reply, "CommonPrefixes", list_prefixes(arena, walk->prefixes, contents.url));
    if (contents.url) doc_set_str(arena, reply, "EncodingType", STR("url"));
    return true;
}

Outcome list_objects(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str marker = doc_text(call->input, "Marker");
    Doc *reply = doc_map(arena);
    ListWalk walk;
    CALL_TRY(list(turn, call, marker.len ? marker : STR_NONE, true, &walk, reply, e));
    bool url = doc_get(reply, "EncodingType") != NULL;
    doc_set_str(arena, reply, "Marker", marker.at ? list_key(arena, marker, url) : STR(""));
    if (walk.truncated && walk.delimiter.len) doc_set_str(arena, reply, "NextMarker", list_key(arena, walk.last, url));
    *out = reply;
    return OUTCOME_DONE;
}

static bool read_token(const Call *call, Str token, Str *after, Error *e) {
    if (token.len && str_unbase64(call->arena, token, after)) return true;
    return s3_bad_argument(call, "continuation-token", token, "The continuation token provided is incorrect", e);
}

Outcome list_objects_v2(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str token = doc_text(call->input, "ContinuationToken"), start = doc_text(call->input, "StartAfter"), after = start.len ? start : STR_NONE;
    Doc *reply = doc_map(arena);
    ListWalk walk;
    if (token.at) CALL_TRY(read_token(call, token, &after, e));
    CALL_TRY(list(turn, call, after, doc_flag(call->input, "FetchOwner", false), &walk, reply, e));
    doc_set_int(arena, reply, "KeyCount", (int64_t)walk.count);
    doc_set_str(arena, reply, "ContinuationToken", token);
    doc_set_str(arena, reply, "StartAfter", list_key(arena, start, doc_get(reply, "EncodingType") != NULL));
    if (walk.truncated) doc_set_str(arena, reply, "NextContinuationToken", str_base64(arena, walk.last));
    *out = reply;
    return OUTCOME_DONE;
}
