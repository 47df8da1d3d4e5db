#include "formats/cbor.h"

#include <cbor.h>

enum { HEAD_BYTES = 9 }; // the largest head of an item

#define WRITE_HEAD(buf, call)                           \
    do {                                                \
        unsigned char head[HEAD_BYTES];                 \
        size_t len = call;                              \
        buf_add((buf), (Str){(const char *)head, len}); \
    } while (0)

static void write_int(Buf *buf, int64_t value) {
    if (value >= 0) {
        WRITE_HEAD(buf, cbor_encode_uint((uint64_t)value, head, sizeof head));
    } else {
        WRITE_HEAD(buf, cbor_encode_negint((uint64_t)(-1 - value), head, sizeof head));
    }
}

static void write_text(Buf *buf, Str text) {
    WRITE_HEAD(buf, cbor_encode_string_start(text.len, head, sizeof head));
    buf_add(buf, text);
}

static void write_blob(Buf *buf, Str bytes) {
    WRITE_HEAD(buf, cbor_encode_bytestring_start(bytes.len, head, sizeof head));
    buf_add(buf, bytes);
}

static void write_time(Buf *buf, int64_t ms) {
    WRITE_HEAD(buf, cbor_encode_tag(1, head, sizeof head));
    if (ms % 1000 == 0) {
        write_int(buf, ms / 1000);
    } else {
        WRITE_HEAD(buf, cbor_encode_double((double)ms / 1000, head, sizeof head));
    }
}

static void write_list(Buf *buf, const Doc *list) {
    WRITE_HEAD(buf, cbor_encode_array_start(list->count, head, sizeof head));
    for (const Doc *item = doc_first(list); item; item = item->next) cbor_write_to(buf, item);
}

static void write_map(Buf *buf, const Doc *map) {
    WRITE_HEAD(buf, cbor_encode_map_start(map->count, head, sizeof head));
    for (const Doc *member = doc_first(map); member; member = member->next) {
        write_text(buf, member->key);
        cbor_write_to(buf, member);
    }
}

void cbor_write_to(Buf *buf, const Doc *doc) {
    switch (doc ? doc->kind : DOC_NULL) {
    case DOC_NULL: WRITE_HEAD(buf, cbor_encode_null(head, sizeof head)); return;
    case DOC_BOOL: WRITE_HEAD(buf, cbor_encode_bool(doc->as.boolean, head, sizeof head)); return;
    case DOC_INT: write_int(buf, doc->as.integer); return;
    case DOC_REAL: WRITE_HEAD(buf, cbor_encode_double(doc->as.real, head, sizeof head)); return;
    case DOC_STR: write_text(buf, doc->as.text); return;
    case DOC_BLOB: write_blob(buf, doc->as.text); return;
    case DOC_TIME: write_time(buf, doc->as.integer); return;
    case DOC_LIST: write_list(buf, doc); return;
    case DOC_MAP: write_map(buf, doc); return;
    }
}

Str cbor_write(Arena *arena, const Doc *doc) {
    AUTO_BUF buf;
    buf_init(&buf, SIZE_MAX / 2);
    cbor_write_to(&buf, doc);
    return str_copy(arena, buf_str(&buf));
}
