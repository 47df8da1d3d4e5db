// ListObjectVersions: each key's versions, newest first, delete markers among them.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

typedef struct VersionList {
    const Call *call;
    ListWalk *walk;
    Doc *reply, *owner;
    Doc *run; // versions or markers: entries of one kind that follow each other; the reply keeps the order of all
    bool run_is_markers;
    bool url;
    Str skip_key, skip_to; // of the page before: goes on behind this version of this key
    Str key; // whose versions are being listed
    Str last_key, last_version; // listed last
} VersionList;

static Doc *entry_of(const VersionList *list, const ObjectRow *row, bool latest) {
    Arena *arena = list->call->arena;
    Doc *entry = doc_map(arena);
    doc_set_str(arena, entry, "Key", list_key(arena, list->key, list->url));
    doc_set_str(arena, entry, "VersionId", str_copy(arena, row_version(row)));
    doc_set_bool(arena, entry, "IsLatest", latest);
    doc_set_time(arena, entry, "LastModified", row->modified_ms);
    if (!row->marker) {
        doc_set_str(arena, entry, "ETag", quoted_etag(arena, row->etag));
        s3_list_checksum(arena, row, entry);
        doc_set_int(arena, entry, "Size", row->size);
    }
    doc_set(entry, "Owner", doc_copy(arena, list->owner));
    if (row->marker) return entry;
    doc_set_str(arena, entry, "StorageClass", row->texts[TEXT_STORAGE_CLASS].at ? str_copy(arena, row->texts[TEXT_STORAGE_CLASS]) : STR("STANDARD"));
    return entry;
}

static void push(VersionList *list, bool marker, Doc *entry) {
    if (!list->run || list->run_is_markers != marker) {
        list->run = doc_list(list->call->arena);
        list->run_is_markers = marker;
        doc_add(list->reply, marker ? STR("DeleteMarkers") : STR("Versions"), list->run);
    }
    doc_push(list->run, entry);
}

static bool add(VersionList *list, const ObjectRow *row, bool latest) {
    ListWalk *walk = list->walk;
    if (list->skip_to.at && str_eq(list->key, list->skip_key)) {
        if (str_eq(row_version(row), list->skip_to)) list->skip_to = STR_NONE;
        return true;
    }
    if (walk->count >= walk->limit) {
        walk->truncated = true;
        return false;
    }
    push(list, row->marker, entry_of(list, row, latest));
    walk->count++;
    walk->last = list->key;
    list->last_key = list->key;
    list->last_version = str_copy(list->call->arena, row_version(row));
    return true;
}

static bool add_older(void *context, Str row_key, Str value) {
    VersionList *list = context;
    ObjectRow row;
    return !row_read(value, &row) || add(list, &row, false);
}

static bool emit(ListWalk *walk, Str key, Str upload, Str value) {
    VersionList *list = walk->context;
    Arena *arena = list->call->arena;
    ObjectRow row;
    if (!row_read(value, &row)) return true;
    list->key = key;
    if (!add(list, &row, true)) return false;
    Str prefix = KEY(arena, key_text(walk->bucket), key_text(key));
    StoreRange range = {.from = prefix, .before = key_after_prefix(arena, prefix)};
    if (row.older) store_scan(turn_store(walk->turn), &S3_VERSIONS, range, add_older, list);
    if (str_eq(key, list->skip_key)) list->skip_to = STR_NONE; // that version is gone: what is behind it cannot be told
    return !walk->truncated;
}

static bool markers_check(const Call *call, Str key, Str version, Error *e) {
    if (!version.len) return true;
    if (!key.len) return s3_bad_argument(call, "version-id-marker", version, "A version-id marker cannot be specified without a key marker.", e);
    if (version_id_is_valid(version)) return true;
    return s3_bad_argument(call, "version-id-marker", version, "Invalid version id specified", e);
}

static void describe(const VersionList *list, const ListWalk *walk, Doc *reply) {
    const Call *call = list->call;
    Arena *arena = call->arena;
    Str key_marker = doc_text(call->input, "KeyMarker"), version_marker = doc_text(call->input, "VersionIdMarker");
    doc_set_str(arena, reply, "Name", walk->bucket);
    doc_set_str(arena, reply, "Prefix", list_key(arena, walk->prefix, list->url));
    doc_set_str(arena, reply, "KeyMarker", key_marker.at ? list_key(arena, key_marker, list->url) : STR(""));
    doc_set_str(arena, reply, "VersionIdMarker", version_marker.at ? version_marker : STR(""));
    if (walk->truncated) doc_set_str(arena, reply, "NextKeyMarker", list_key(arena, walk->last, list->url));
    if (walk->truncated && str_eq(walk->last, list->last_key)) doc_set_str(arena, reply, "NextVersionIdMarker", list->last_version);
    doc_set_int(arena, reply, "MaxKeys", (int64_t)walk->limit);
    if (walk->delimiter.len) doc_set_str(arena, reply, "Delimiter", list_key(arena, walk->delimiter, list->url));
    if (list->url) doc_set_str(arena, reply, "EncodingType", STR("url"));
    doc_set_bool(arena, reply, "IsTruncated", walk->truncated);
    for (const Doc *run = doc_first(list->reply); run; run = run->next) doc_add(reply, run->key, doc_copy(arena, run));
    doc_set(reply, "CommonPrefixes", list_prefixes(arena, walk->prefixes, list->url));
}

Outcome list_object_versions(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Bucket bucket;
    Str prefix = doc_text(call->input, "Prefix"), key = doc_text(call->input, "KeyMarker"), version = doc_text(call->input, "VersionIdMarker");
    ListWalk walk = {.turn = turn, .table = &S3_OBJECTS, .delimiter = doc_text(call->input, "Delimiter"), .emit = emit};
    VersionList list = {.call = call, .walk = &walk, .reply = doc_map(arena)};
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(list_encoding(call, &list.url, e));
    CALL_TRY(list_optional_attributes(call, e));
    CALL_TRY(list_page_size(call, "MaxKeys", "max-keys", &walk.limit, e));
    CALL_TRY(markers_check(call, key, version, e));
    walk.bucket = bucket.name;
    walk.prefix = prefix.at ? prefix : STR("");
    walk.after = key.len ? key : STR_NONE;
    walk.including = version.len > 0;
    walk.skips_entered = true;
    walk.context = &list;
    list.owner = owner_doc(arena, bucket.account);
    if (version.len) {
        list.skip_key = key;
        list.skip_to = version;
    }
    list_keys(&walk);
    *out = doc_map(arena);
    describe(&list, &walk, *out);
    return OUTCOME_DONE;
}
