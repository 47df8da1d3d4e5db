// libcbor's stream decoder is given one item at a time and answers with a callback; the callbacks here only note what the item is,
// and recursive descent over these notes builds the tree. Nothing is reserved for a length that a header merely promises.
#include "formats/cbor.h"

#include "base/limits.h"
#include "base/map.h"

#include <cbor.h>
#include <math.h>

typedef enum ItemKind { ITEM_VALUE, ITEM_LIST, ITEM_MAP, ITEM_OPEN_TEXT, ITEM_OPEN_BYTES, ITEM_TAG, ITEM_BREAK } ItemKind;

enum { UNTIL_BREAK = -1, TAG_EPOCH = 1, FEW_MEMBERS = 24 };

typedef struct Reader {
    Arena *arena;
    Str bytes;
    size_t at;
    Error *e;
    // the item just read
    ItemKind kind;
    Doc *value; // ITEM_VALUE
    int64_t count; // ITEM_LIST, ITEM_MAP: members, or UNTIL_BREAK
    uint64_t tag;
} Reader;

static void note_value(Reader *r, Doc *value) {
    r->kind = ITEM_VALUE;
    r->value = value;
}

static void note_collection(Reader *r, ItemKind kind, size_t count) {
    r->kind = kind;
    r->count = count > INT64_MAX ? INT64_MAX : (int64_t)count;
}

static void on_uint64(void *r, uint64_t v) {
    Arena *arena = ((Reader *)r)->arena;
    note_value(r, v > INT64_MAX ? doc_of_real(arena, (double)v) : doc_of_int(arena, (int64_t)v));
}
static void on_negint64(void *r, uint64_t v) { // means -1 - v
    Arena *arena = ((Reader *)r)->arena;
    note_value(r, v > INT64_MAX ? doc_of_real(arena, -1.0 - (double)v) : doc_of_int(arena, -1 - (int64_t)v));
}
static void on_uint8(void *r, uint8_t v) { on_uint64(r, v); }
static void on_uint16(void *r, uint16_t v) { on_uint64(r, v); }
static void on_uint32(void *r, uint32_t v) { on_uint64(r, v); }
static void on_negint8(void *r, uint8_t v) { on_negint64(r, v); }
static void on_negint16(void *r, uint16_t v) { on_negint64(r, v); }
static void on_negint32(void *r, uint32_t v) { on_negint64(r, v); }
static void on_double(void *r, double v) { note_value(r, doc_of_real(((Reader *)r)->arena, v)); }
static void on_float(void *r, float v) { on_double(r, (double)v); }
static void on_bool(void *r, bool v) { note_value(r, doc_of_bool(((Reader *)r)->arena, v)); }
static void on_null(void *r) { note_value(r, doc_null(((Reader *)r)->arena)); }

static void on_string(void *data, cbor_data at, size_t len) {
    Reader *r = data;
    note_value(r, doc_of_str(r->arena, str_copy(r->arena, (Str){(const char *)at, len})));
}

static void on_bytes(void *data, cbor_data at, size_t len) {
    Reader *r = data;
    note_value(r, doc_of_blob(r->arena, str_copy(r->arena, (Str){(const char *)at, len})));
}

static void on_list(void *r, size_t count) { note_collection(r, ITEM_LIST, count); }
static void on_map(void *r, size_t count) { note_collection(r, ITEM_MAP, count); }
static void note_open(Reader *r, ItemKind kind) {
    r->kind = kind;
    r->count = UNTIL_BREAK;
}
static void on_open_list(void *r) { note_open(r, ITEM_LIST); }
static void on_open_map(void *r) { note_open(r, ITEM_MAP); }
static void on_open_text(void *r) { note_open(r, ITEM_OPEN_TEXT); }
static void on_open_bytes(void *r) { note_open(r, ITEM_OPEN_BYTES); }
static void on_break(void *r) { note_open(r, ITEM_BREAK); }
static void on_tag(void *data, uint64_t tag) {
    Reader *r = data;
    r->kind = ITEM_TAG;
    r->tag = tag;
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string_start = on_open_bytes,
    .byte_string = on_bytes,
    .string = on_string,
    .string_start = on_open_text,
    .indef_array_start = on_open_list,
    .array_start = on_list,
    .indef_map_start = on_open_map,
    .map_start = on_map,
    .tag = on_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_null,
    .null = on_null,
    .boolean = on_bool,
    .indef_break = on_break,
};

static bool read_item(Reader *r) {
    struct cbor_decoder_result result = cbor_stream_decode((cbor_data)r->bytes.at + r->at, r->bytes.len - r->at, &callbacks, r);
    if (result.status == CBOR_DECODER_NEDATA) return fail(r->e, "bad-cbor", "byte %zu: the data end inside an item", r->at);
    if (result.status == CBOR_DECODER_ERROR) return fail(r->e, "bad-cbor", "byte %zu: this is no CBOR item", r->at);
    r->at += result.read;
    return true;
}

static bool build(Reader *r, int depth, Doc **out);

// Chunks of a string of indefinite length; each must be of the same kind, and definite.
static bool join_chunks(Reader *r, DocKind kind, Doc **out) {
    AUTO_BUF joined;
    buf_init(&joined, LIMIT_CBOR_BYTES);
    for (;;) {
        TRY(read_item(r));
        if (r->kind == ITEM_BREAK) break;
        if (r->kind != ITEM_VALUE || r->value->kind != kind) return fail(r->e, "bad-cbor", "byte %zu: a string has a part of another kind", r->at);
        buf_add(&joined, r->value->as.text);
    }
    Str text = str_copy(r->arena, buf_str(&joined));
    *out = kind == DOC_BLOB ? doc_of_blob(r->arena, text) : doc_of_str(r->arena, text);
    return true;
}

static bool build_item(Reader *r, int depth, Doc **out);

// The next member, or `*out` NULL at the end of the collection.
static bool next_member(Reader *r, int64_t *left, int depth, Doc **out) {
    *out = NULL;
    if (*left == 0) return true;
    TRY(read_item(r));
    if (r->kind == ITEM_BREAK && *left == UNTIL_BREAK) return true;
    if (*left > 0) --*left;
    return build_item(r, depth, out);
}

static bool build_list(Reader *r, int depth, Doc **out) {
    int64_t left = r->count;
    Doc *list = doc_list(r->arena), *item;
    for (;;) {
        TRY(next_member(r, &left, depth + 1, &item));
        if (!item) break;
        doc_push(list, item);
    }
    *out = list;
    return true;
}

static bool fill_map(Reader *r, int depth, Doc *map, Map *seen) {
    int64_t left = r->count;
    Doc *key, *value;
    for (;;) {
        TRY(next_member(r, &left, depth + 1, &key));
        if (!key) return true;
        if (!doc_is(key, DOC_STR)) return fail(r->e, "bad-cbor", "byte %zu: a key of a map is no text", r->at);
        TRY(build(r, depth + 1, &value));
        if (map_put(seen, key->as.text, value)) {
            doc_put(map, key->as.text, value);
        } else {
            doc_add(map, key->as.text, value);
        }
    }
}

static bool build_map(Reader *r, int depth, Doc **out) {
    Doc *map = doc_map(r->arena);
    Map *seen = map_new();
    bool ok = fill_map(r, depth, map, seen);
    map_free(seen);
    if (ok) *out = map;
    return ok;
}

static bool build_tagged(Reader *r, int depth, Doc **out) {
    uint64_t tag = r->tag;
    TRY(build(r, depth + 1, out));
    if (tag != TAG_EPOCH) return true;
    double seconds = doc_real(*out, NAN);
    if (!(fabs(seconds) < 9e12)) return fail(r->e, "bad-cbor", "byte %zu: a point in time is no number of seconds", r->at);
    bool whole = doc_is(*out, DOC_INT);
    *out = doc_of_time(r->arena, whole ? doc_int(*out, 0) * 1000 : (int64_t)llround(seconds * 1000));
    return true;
}

static bool build_item(Reader *r, int depth, Doc **out) {
    if (depth > LIMIT_DOC_DEPTH) return fail(r->e, "bad-cbor", "byte %zu: lists and maps are nested deeper than %d", r->at, LIMIT_DOC_DEPTH);
    switch (r->kind) {
    case ITEM_VALUE: *out = r->value; return true;
    case ITEM_LIST: return build_list(r, depth, out);
    case ITEM_MAP: return build_map(r, depth, out);
    case ITEM_OPEN_TEXT: return join_chunks(r, DOC_STR, out);
    case ITEM_OPEN_BYTES: return join_chunks(r, DOC_BLOB, out);
    case ITEM_TAG: return build_tagged(r, depth, out);
    case ITEM_BREAK: break;
    }
    return fail(r->e, "bad-cbor", "byte %zu: a break stands outside of a collection", r->at);
}

static bool build(Reader *r, int depth, Doc **out) {
    TRY(read_item(r));
    return build_item(r, depth, out);
}

bool cbor_parse(Arena *arena, Str bytes, Doc **out, Error *e) {
    if (bytes.len > LIMIT_CBOR_BYTES) return fail(e, "bad-cbor", "the data are larger than %ld bytes", LIMIT_CBOR_BYTES);
    Reader r = {.arena = arena, .bytes = bytes, .e = e};
    Doc *root;
    TRY(build(&r, 0, &root));
    if (r.at != bytes.len) return fail(e, "bad-cbor", "byte %zu: more follows behind the item", r.at);
    *out = root;
    return true;
}
