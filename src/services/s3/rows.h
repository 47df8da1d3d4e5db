// Rows: how S3 keeps an object's version, an upload and a part of one: the same compact record in three tables.
//
//     format (1), flags (1), checksum kind + 1 (1), spare (5), size (8), modified (8), sequence (8), null sequence (8), fields …
//     field: tag (1), length (4), bytes
//
// Numbers are little endian. Reading copies nothing: the slices of an ObjectRow point into the bytes it was read from.
// Tables (key → row):
//     s3_objects    bucket, key                          the current version; a delete marker too, while older versions exist
//     s3_versions   bucket, key, ~sequence               the older ones, newest first; only where s3_objects has a row
//     s3_uploads    bucket, key, upload id               multipart uploads under way
//     s3_parts      bucket, upload id, part number
//     s3_bodies     body id → bytes                      bodies that are too large for a row and too small for a file
#pragma once

#include "base/buf.h"
#include "base/doc.h"
#include "formats/checksums.h"
#include "store/store.h"

enum { ROW_MAX_BYTES = 4 * 1024 * 1024 }; // ten thousand parts with checksums are below 1 MB

extern const StoreTable S3_OBJECTS, S3_VERSIONS, S3_UPLOADS, S3_PARTS, S3_BODIES;

enum {
    ROW_BODY_BYTES = 2048, // up to here a body lies in its row: one read and one write for a small object
    VERSION_ID_CHARS = 32
};

// Headers that an object keeps as they were given; row_texts in headers.c has their members.
typedef enum RowText {
    TEXT_CONTENT_TYPE,
    TEXT_CACHE_CONTROL,
    TEXT_CONTENT_DISPOSITION,
    TEXT_CONTENT_ENCODING,
    TEXT_CONTENT_LANGUAGE,
    TEXT_EXPIRES,
    TEXT_STORAGE_CLASS, // absent: STANDARD
    TEXT_REDIRECT,
    ROW_TEXTS
} RowText;

typedef enum BodyPlace { BODY_IN_ROW, BODY_IN_TABLE, BODY_IN_FILE } BodyPlace;

typedef struct BodyRef {
    BodyPlace place;
    Str at; // the bytes; the key in s3_bodies; the path within the data folder
    int64_t offset; // in the file
} BodyRef;

typedef struct RowChecksum {
    bool present, composite; // composite: a checksum of the parts' checksums
    ChecksumKind kind;
    Str text; // base64, composite ones with "-PARTS"; in an upload empty: only the kind is known
} RowChecksum;

typedef struct ObjectRow {
    bool marker; // a delete marker: no body, no headers
    bool older; // of a current row: there may be older versions
    Str version; // STR_NONE is the null version
    int64_t size, modified_ms; // whole seconds, as S3 shows them
    uint64_t sequence; // grows with each version of a key; part of the version's id
    uint64_t null_sequence; // of a current row: where among the older versions the null one is; 0: nowhere
    Str etag; // without quotes
    BodyRef body;
    RowChecksum checksum;
    Str md5; // of the whole content, 16 bytes, where the etag does not tell it (multipart)
    Str texts[ROW_TEXTS];
    Str metadata, tags; // packed pairs
    Str parts; // packed: row_part_*
    Str initiator; // of an upload: the ARN of the user or role session that began it; absent: the account
} ObjectRow;

Str row_write(Arena *arena, const ObjectRow *row);
bool row_read(Str bytes, ObjectRow *out); // false: not a row (a newer format, damage)

// Pairs of texts, packed. The order is kept.
Str pairs_pack(Arena *arena, const Doc *map); // STR_NONE when the map is empty
Doc *pairs_map(Arena *arena, Str packed); // name → text
size_t pairs_count(Str packed);
bool pairs_next(Str *rest, Str *name, Str *value);

// The parts that a multipart object was made of.
typedef struct RowPart {
    int64_t number, size;
    Str checksum; // base64, may be empty
} RowPart;
void parts_add(Buf *packed, const RowPart *part);
bool parts_next(Str *rest, RowPart *out);
size_t parts_count(Str packed);
