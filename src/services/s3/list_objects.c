// ListObjects and ListObjectsV2: the current versions, without delete markers.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

typedef struct ObjectList {
    const Call *call;
    Doc *contents, *owner; // owner NULL: not shown
    Str region; // of the bucket
    bool url;
} ObjectList;

static bool is_object(Str value) {
    ObjectRow row;
    return row_read(value, &row) && !row.marker;
}

void s3_list_checksum(Arena *arena, const ObjectRow *row, Doc *entry) {
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
    s3_list_checksum(arena, row, entry);
    doc_set_int(arena, entry, "Size", row->size);
    if (list->owner) doc_set(entry, "Owner", doc_copy(arena, list->owner));
    doc_set_str(arena, entry, "StorageClass", storage_class.at ? str_copy(arena, storage_class) : STR("STANDARD"));
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

// Where the two forms differ before they walk.
typedef struct ListForm {
    Str after;
    bool with_owner, skips_entered;
} ListForm;

// What both forms share: reads the input and walks.
static bool list(Turn *turn, const Call *call, ListForm form, ListWalk *walk, ObjectList *contents, Error *e) {
    Bucket bucket;
    Str prefix = doc_text(call->input, "Prefix"), delimiter = doc_text(call->input, "Delimiter");
    *contents = (ObjectList){.call = call, .contents = doc_list(call->arena)};
    TRY(bucket_need(turn, call, &bucket, e));
    contents->region = bucket.region;
    TRY(list_encoding(call, &contents->url, e));
    TRY(list_optional_attributes(call, e));
    *walk = (ListWalk){.turn = turn, .table = &S3_OBJECTS, .bucket = bucket.name, .delimiter = delimiter, .after = form.after};
    TRY(list_page_size(call, "MaxKeys", "max-keys", &walk->limit, e));
    walk->prefix = prefix.at ? prefix : STR("");
    walk->emit = emit;
    walk->counts = is_object;
    walk->context = contents;
    walk->skips_entered = form.skips_entered;
    if (form.with_owner) contents->owner = owner_doc(call->arena, bucket.account);
    list_keys(walk);
    return true;
}

static void describe_start(const ObjectList *contents, const ListWalk *walk, Doc *reply) {
    Arena *arena = contents->call->arena;
    doc_set_str(arena, reply, "x-amz-bucket-region", contents->region);
    doc_set_str(arena, reply, "Name", walk->bucket);
    doc_set_str(arena, reply, "Prefix", list_key(arena, walk->prefix, contents->url));
}

static void describe_end(const ObjectList *contents, const ListWalk *walk, Doc *reply) {
    Arena *arena = contents->call->arena;
    doc_set_int(arena, reply, "MaxKeys", (int64_t)walk->limit);
    if (walk->delimiter.len) doc_set_str(arena, reply, "Delimiter", list_key(arena, walk->delimiter, contents->url));
    if (contents->url) doc_set_str(arena, reply, "EncodingType", STR("url"));
    doc_set_bool(arena, reply, "IsTruncated", walk->truncated);
    if (doc_count(contents->contents)) doc_set(reply, "Contents", contents->contents);
    doc_set(reply, "CommonPrefixes", list_prefixes(arena, walk->prefixes, contents->url));
}

Outcome list_objects(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str marker = doc_text(call->input, "Marker");
    Doc *reply = doc_map(arena);
    ObjectList contents;
    ListWalk walk;
    ListForm form = {.after = marker.len ? marker : STR_NONE, .with_owner = call->principal.kind != PRINCIPAL_ANONYMOUS, .skips_entered = true};
    CALL_TRY(list(turn, call, form, &walk, &contents, e));
    describe_start(&contents, &walk, reply);
    doc_set_str(arena, reply, "Marker", marker.at ? list_key(arena, marker, contents.url) : STR(""));
    if (walk.truncated && walk.delimiter.len) doc_set_str(arena, reply, "NextMarker", list_key(arena, walk.last, contents.url));
    describe_end(&contents, &walk, reply);
    *out = reply;
    return OUTCOME_DONE;
}

// Tokens are opaque: the mark tells ours from others.
#define TOKEN_MARK STR("key:")

static bool read_token(const Call *call, Str token, Str *after, Error *e) {
    Str text;
    if (token.len && str_unbase64(call->arena, token, &text) && str_starts(text, TOKEN_MARK) && str_is_utf8(text)) {
        *after = str_from(text, TOKEN_MARK.len);
        return true;
    }
    return s3_bad_argument(call, "continuation-token", STR_NONE, "The continuation token provided is incorrect", e);
}

Outcome list_objects_v2(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str token = doc_text(call->input, "ContinuationToken"), start = doc_text(call->input, "StartAfter"), after = start.len ? start : STR_NONE;
    Doc *reply = doc_map(arena);
    ObjectList contents;
    ListWalk walk;
    if (token.at) CALL_TRY(read_token(call, token, &after, e));
    CALL_TRY(list(turn, call, (ListForm){.after = after, .with_owner = doc_flag(call->input, "FetchOwner", false)}, &walk, &contents, e));
    describe_start(&contents, &walk, reply);
    if (start.at && !token.at) doc_set_str(arena, reply, "StartAfter", list_key(arena, start, contents.url));
    doc_set_str(arena, reply, "ContinuationToken", token);
    if (walk.truncated) doc_set_str(arena, reply, "NextContinuationToken", str_base64(arena, str_cat(arena, TOKEN_MARK, walk.last)));
    doc_set_int(arena, reply, "KeyCount", (int64_t)walk.count);
    describe_end(&contents, &walk, reply);
    *out = reply;
    return OUTCOME_DONE;
}
