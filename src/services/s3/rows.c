#include "services/s3/rows.h"

const StoreTable S3_OBJECTS = {.name = "s3_objects", .large_rows = true};
const StoreTable S3_VERSIONS = {.name = "s3_versions", .large_rows = true};
const StoreTable S3_UPLOADS = {.name = "s3_uploads"};
const StoreTable S3_PARTS = {.name = "s3_parts", .large_rows = true};
const StoreTable S3_BODIES = {.name = "s3_bodies", .large_rows = true};

enum { ROW_FORMAT = 1, ROW_HEAD_BYTES = 40, FIELD_HEAD_BYTES = 5 };

enum { FLAG_MARKER = 1, FLAG_COMPOSITE = 2, FLAG_PLACE_SHIFT = 2, FLAG_PLACE_MASK = 3, FLAG_OLDER = 16 };

typedef enum FieldTag {
    FIELD_VERSION = 1,
    FIELD_ETAG,
    FIELD_BODY,
    FIELD_OFFSET,
    FIELD_CHECKSUM,
    FIELD_MD5,
    FIELD_METADATA,
    FIELD_TAGS,
    FIELD_PARTS,
    FIELD_INITIATOR,
    FIELD_TEXTS = 32 // + RowText
} FieldTag;

typedef struct RowHead {
    uint8_t format, flags, checksum, spare[5];
    int64_t size, modified_ms;
    uint64_t sequence;
    uint64_t null_sequence;
} RowHead;

_Static_assert(sizeof(RowHead) == ROW_HEAD_BYTES, "RowHead has no holes");

static void put_field(Buf *buf, FieldTag tag, Str value) {
    if (!value.at) return;
    uint32_t length = (uint32_t)value.len;
    buf_add_char(buf, (char)tag);
    buf_add(buf, (Str){(const char *)&length, sizeof length});
    buf_add(buf, value);
}

static void put_head(Buf *buf, const ObjectRow *row) {
    unsigned flags = (unsigned)row->body.place << FLAG_PLACE_SHIFT;
    if (row->marker) flags |= FLAG_MARKER;
    if (row->checksum.composite) flags |= FLAG_COMPOSITE;
    if (row->older) flags |= FLAG_OLDER;
    RowHead head = {
        .format = ROW_FORMAT,
        .flags = (uint8_t)flags,
        .checksum = row->checksum.present ? (uint8_t)(row->checksum.kind + 1) : 0,
        .size = row->size,
        .modified_ms = row->modified_ms,
        .sequence = row->sequence,
        .null_sequence = row->null_sequence,
    };
    buf_add(buf, (Str){(const char *)&head, sizeof head});
}

Str row_write(Arena *arena, const ObjectRow *row) {
    AUTO_BUF buf;
    buf_init(&buf, ROW_MAX_BYTES);
    put_head(&buf, row);
    put_field(&buf, FIELD_VERSION, row->version);
    put_field(&buf, FIELD_ETAG, row->etag);
    put_field(&buf, FIELD_BODY, row->body.at);
    if (row->body.offset) put_field(&buf, FIELD_OFFSET, (Str){(const char *)&row->body.offset, sizeof row->body.offset});
    put_field(&buf, FIELD_CHECKSUM, row->checksum.text);
    put_field(&buf, FIELD_MD5, row->md5);
    put_field(&buf, FIELD_METADATA, row->metadata);
    put_field(&buf, FIELD_TAGS, row->tags);
    put_field(&buf, FIELD_PARTS, row->parts);
    put_field(&buf, FIELD_INITIATOR, row->initiator);
    for (int i = 0; i < ROW_TEXTS; i++) put_field(&buf, (FieldTag)(FIELD_TEXTS + i), row->texts[i]);
    return str_copy(arena, buf_str(&buf));
}

static Str *field_place(ObjectRow *row, uint8_t tag) {
    switch (tag) {
    case FIELD_VERSION: return &row->version;
    case FIELD_ETAG: return &row->etag;
    case FIELD_BODY: return &row->body.at;
    case FIELD_CHECKSUM: return &row->checksum.text;
    case FIELD_MD5: return &row->md5;
    case FIELD_METADATA: return &row->metadata;
    case FIELD_TAGS: return &row->tags;
    case FIELD_PARTS: return &row->parts;
    case FIELD_INITIATOR: return &row->initiator;
    default: return tag >= FIELD_TEXTS && tag < FIELD_TEXTS + ROW_TEXTS ? &row->texts[tag - FIELD_TEXTS] : NULL;
    }
}

static bool take_field(ObjectRow *row, Str *rest) {
    uint32_t length;
    if (rest->len < FIELD_HEAD_BYTES) return false;
    uint8_t tag = (uint8_t)rest->at[0];
    memcpy(&length, rest->at + 1, sizeof length);
    if (rest->len - FIELD_HEAD_BYTES < length) return false;
    Str value = {rest->at + FIELD_HEAD_BYTES, length};
    Str *place = field_place(row, tag);
    if (place) *place = value;
    if (tag == FIELD_OFFSET && length == sizeof row->body.offset) memcpy(&row->body.offset, value.at, length);
    *rest = str_from(*rest, FIELD_HEAD_BYTES + length);
    return true;
}

bool row_read(Str bytes, ObjectRow *out) {
    RowHead head;
    if (bytes.len < sizeof head) return false;
    memcpy(&head, bytes.at, sizeof head);
    if (head.format != ROW_FORMAT || head.checksum > CHECKSUM_KINDS) return false;
    ObjectRow row = {
        .marker = head.flags & FLAG_MARKER,
        .older = head.flags & FLAG_OLDER,
        .size = head.size,
        .modified_ms = head.modified_ms,
        .sequence = head.sequence,
        .null_sequence = head.null_sequence,
        .body.place = (BodyPlace)(head.flags >> FLAG_PLACE_SHIFT & FLAG_PLACE_MASK),
        .checksum = {.present = head.checksum != 0, .composite = head.flags & FLAG_COMPOSITE},
    };
    if (head.checksum) row.checksum.kind = (ChecksumKind)(head.checksum - 1);
    for (Str rest = str_from(bytes, sizeof head); rest.len;)
        if (!take_field(&row, &rest)) return false;
    *out = row;
    return true;
}

// A text within packed bytes: length (4), bytes.
static void pack_text(Buf *buf, Str text) {
    uint32_t length = (uint32_t)text.len;
    buf_add(buf, (Str){(const char *)&length, sizeof length});
    buf_add(buf, text);
}

static bool unpack_text(Str *rest, Str *out) {
    uint32_t length;
    if (rest->len < sizeof length) return false;
    memcpy(&length, rest->at, sizeof length);
    if (rest->len - sizeof length < length) return false;
    *out = (Str){rest->at + sizeof length, length};
    *rest = str_from(*rest, sizeof length + length);
    return true;
}

Str pairs_pack(Arena *arena, const Doc *map) {
    if (!doc_count(map)) return STR_NONE;
    AUTO_BUF buf;
    buf_init(&buf, ROW_MAX_BYTES);
    for (const Doc *pair = doc_first(map); pair; pair = pair->next) {
        pack_text(&buf, pair->key);
        pack_text(&buf, doc_str(pair, STR("")));
    }
    return str_copy(arena, buf_str(&buf));
}

bool pairs_next(Str *rest, Str *name, Str *value) { return unpack_text(rest, name) && unpack_text(rest, value); }

Doc *pairs_map(Arena *arena, Str packed) {
    Doc *map = doc_map(arena);
    Str name, value;
    while (pairs_next(&packed, &name, &value)) doc_add(map, name, doc_of_str(arena, value));
    return map;
}

size_t pairs_count(Str packed) {
    size_t count = 0;
    for (Str name, value; pairs_next(&packed, &name, &value);) count++;
    return count;
}

typedef struct PartHead {
    int64_t number, size;
} PartHead;

void parts_add(Buf *packed, const RowPart *part) {
    PartHead head = {part->number, part->size};
    buf_add(packed, (Str){(const char *)&head, sizeof head});
    pack_text(packed, part->checksum);
}

bool parts_next(Str *rest, RowPart *out) {
    PartHead head;
    if (rest->len < sizeof head) return false;
    memcpy(&head, rest->at, sizeof head);
    *rest = str_from(*rest, sizeof head);
    *out = (RowPart){.number = head.number, .size = head.size};
    return unpack_text(rest, &out->checksum);
}

size_t parts_count(Str packed) {
    size_t count = 0;
    for (RowPart part; parts_next(&packed, &part);) count++;
    return count;
}
