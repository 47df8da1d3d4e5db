#include "store/pack.h"

#include "base/limits.h"

// ---- Writing: measured first, so that it is one allocation ----

static size_t varint_bytes(uint64_t value) {
    size_t bytes = 1;
    while (value >= 0x80) {
        value >>= 7;
        bytes++;
    }
    return bytes;
}

static uint64_t zigzag(int64_t value) { return (uint64_t)value << 1 ^ (uint64_t)(value >> 63); }
static size_t text_bytes(Str text) { return varint_bytes(text.len) + text.len; }

static size_t packed_bytes(const Doc *doc) {
    size_t bytes = 1;
    switch (doc->kind) {
    case DOC_NULL: return bytes;
    case DOC_BOOL: return bytes + 1;
    case DOC_REAL: return bytes + sizeof doc->as.real;
    case DOC_INT:
    case DOC_TIME: return bytes + varint_bytes(zigzag(doc->as.integer));
    case DOC_STR:
    case DOC_BLOB: return bytes + text_bytes(doc->as.text);
    case DOC_LIST:
    case DOC_MAP: break;
    }
    bytes += varint_bytes(doc->count);
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        bytes += packed_bytes(child) + (doc->kind == DOC_MAP ? text_bytes(child->key) : 0);
    }
    return bytes;
}

static char *put_varint(char *to, uint64_t value) {
    for (; value >= 0x80; value >>= 7) *to++ = (char)(value | 0x80);
    *to++ = (char)value;
    return to;
}

static char *put_text(char *to, Str text) {
    to = put_varint(to, text.len);
    if (text.len) memcpy(to, text.at, text.len);
    return to + text.len;
}

static char *put_doc(char *to, const Doc *doc) {
    *to++ = (char)doc->kind;
    switch (doc->kind) {
    case DOC_NULL: return to;
    case DOC_BOOL: *to++ = doc->as.boolean; return to;
    case DOC_REAL: memcpy(to, &doc->as.real, sizeof doc->as.real); return to + sizeof doc->as.real;
    case DOC_INT:
    case DOC_TIME: return put_varint(to, zigzag(doc->as.integer));
    case DOC_STR:
    case DOC_BLOB: return put_text(to, doc->as.text);
    case DOC_LIST:
    case DOC_MAP: break;
    }
    to = put_varint(to, doc->count);
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        if (doc->kind == DOC_MAP) to = put_text(to, child->key);
        to = put_doc(to, child);
    }
    return to;
}

Str pack_doc(Arena *arena, const Doc *doc) {
    size_t bytes = packed_bytes(doc);
    char *at = arena_alloc(arena, bytes);
    put_doc(at, doc);
    return (Str){at, bytes};
}

// ---- Reading ----

enum { MOST_DEPTH = 2 * LIMIT_DOC_DEPTH }; // what a parser accepted, and what is wrapped around it

typedef struct Reader {
    Arena *arena;
    const char *at, *end;
    int depth;
} Reader;

static bool take_varint(Reader *reader, uint64_t *out) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
        unsigned char byte = (unsigned char)*reader->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte & 0x80) continue;
        *out = value;
        return true;
    }
    return false;
}

static bool take_text(Reader *reader, Str *out) {
    uint64_t len;
    if (!take_varint(reader, &len) || len > (size_t)(reader->end - reader->at)) return false;
    *out = (Str){reader->at, len};
    reader->at += len;
    return true;
}

static bool take_integer(Reader *reader, int64_t *out) {
    uint64_t value;
    if (!take_varint(reader, &value)) return false;
    *out = (int64_t)(value >> 1 ^ -(value & 1));
    return true;
}

static bool take_bool(Reader *reader, bool *out) {
    if (reader->at == reader->end) return false;
    *out = *reader->at++ != 0;
    return true;
}

static bool take_real(Reader *reader, double *out) {
    if (reader->end - reader->at < (ptrdiff_t)sizeof *out) return false;
    memcpy(out, reader->at, sizeof *out);
    reader->at += sizeof *out;
    return true;
}

static bool take_doc(Reader *reader, Doc **out);

static bool take_children(Reader *reader, Doc *parent) {
    uint64_t count;
    if (reader->depth >= MOST_DEPTH || !take_varint(reader, &count)) return false;
    reader->depth++;
    for (uint64_t i = 0; i < count; i++) {
        Str key;
        Doc *child;
        if (parent->kind == DOC_MAP && !take_text(reader, &key)) return false;
        if (!take_doc(reader, &child)) return false;
        if (parent->kind == DOC_MAP) {
            doc_add(parent, key, child);
        } else {
            doc_push(parent, child);
        }
    }
    reader->depth--;
    return true;
}

static bool take_value(Reader *reader, Doc *doc) {
    switch (doc->kind) {
    case DOC_NULL: return true;
    case DOC_BOOL: return take_bool(reader, &doc->as.boolean);
    case DOC_REAL: return take_real(reader, &doc->as.real);
    case DOC_INT:
    case DOC_TIME: return take_integer(reader, &doc->as.integer);
    case DOC_STR:
    case DOC_BLOB: return take_text(reader, &doc->as.text);
    case DOC_LIST:
    case DOC_MAP: return take_children(reader, doc);
    }
    return false;
}

static bool take_doc(Reader *reader, Doc **out) {
    if (reader->at == reader->end) return false;
    unsigned char kind = (unsigned char)*reader->at++;
    if (kind > DOC_MAP) return false;
    Doc *doc = arena_new_of(reader->arena, Doc);
    doc->kind = (DocKind)kind;
    if (!take_value(reader, doc)) return false;
    *out = doc;
    return true;
}

bool unpack_doc(Arena *arena, Str bytes, Doc **out) {
    Reader reader = {.arena = arena, .at = bytes.at, .end = bytes.at + bytes.len};
    Doc *doc;
    if (!take_doc(&reader, &doc) || reader.at != reader.end) return false;
    *out = doc;
    return true;
}
