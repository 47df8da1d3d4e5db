// Reader: maps of rehearse.yaml by const tables of their keys; every complaint says file, line, column, and what was expected.
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "base/vec.h"

typedef struct Reader {
    Arena *arena;
    const char *file;
    Error *e;
} Reader;

typedef struct ReaderKey {
    const char *name;
    bool (*read)(const Reader *reader, const Doc *node, void *into);
} ReaderKey;

// Returns false.
bool reader_fail(const Reader *reader, const Doc *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define reader_fail(...) fail_returned(reader_fail(__VA_ARGS__))

// Each member by the key of its name; `keys` ends with a NULL name. `what` is what the map describes: "a stage".
bool reader_map(const Reader *reader, const Doc *node, const char *what, const ReaderKey *keys, void *into);
// Each item of a list by `read`, into a new item of the Vec `into`.
bool reader_list(const Reader *reader, const Doc *node, const char *what, bool (*read)(const Reader *, const Doc *, void *), Vec *into);

// Scalars; `what` names the member: "the name of a stage".
bool reader_text(const Reader *reader, const Doc *node, const char *what, Str *out); // not empty; numbers and flags as written
bool reader_int(const Reader *reader, const Doc *node, const char *what, int64_t least, int64_t most, int64_t *out);
bool reader_texts(const Reader *reader, const Doc *node, const char *what, Vec *out); // a list of them; one stands for a list of one
// Text of 1 to `most` characters, all of them letters, digits or in `others`.
bool reader_name(const Reader *reader, const Doc *node, const char *what, const char *others, size_t most, Str *out);
