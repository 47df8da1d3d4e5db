// Doc: a value as JSON knows it, plus bytes and points in time; what handlers, machines and parsers speak.
//
// A tree of nodes in an arena. A node knows its own key (in a map) and its next sibling, so that walking is
//     for (const Doc *item = doc_first(list); item; item = item->next) …
// Maps keep the order in which members were added; looking one up is linear (maps here are small; large ones belong in the store).
// All readers accept NULL and a node of another kind and then return the default, so that a path of optional members reads plainly:
//     doc_int(doc_get(doc_get(input, "environment"), "timeout"), 60)
// Times are milliseconds since 1970 (UTC).
#pragma once

#include "base/str.h"

typedef enum DocKind { DOC_NULL, DOC_BOOL, DOC_INT, DOC_REAL, DOC_STR, DOC_BLOB, DOC_TIME, DOC_LIST, DOC_MAP } DocKind;

typedef struct Doc Doc;
struct Doc {
    Doc *next; // sibling
    Str key; // in a map
    DocKind kind;
    uint32_t count; // of members or items
    uint32_t line, column; // where a text parser found it, from 1; 0 when it came from elsewhere
    union {
        bool boolean;
        int64_t integer; // DOC_INT; DOC_TIME in milliseconds
        double real;
        Str text; // DOC_STR, DOC_BLOB
        struct {
            Doc *first, *last;
        } children; // DOC_LIST, DOC_MAP
    } as;
};

// Making. The bytes of strings are not copied: they must live as long as the arena.
Doc *doc_null(Arena *arena);
Doc *doc_of_bool(Arena *arena, bool value);
Doc *doc_of_int(Arena *arena, int64_t value);
Doc *doc_of_real(Arena *arena, double value);
Doc *doc_of_str(Arena *arena, Str value);
Doc *doc_of_blob(Arena *arena, Str value);
Doc *doc_of_time(Arena *arena, int64_t ms);
Doc *doc_list(Arena *arena);
Doc *doc_map(Arena *arena);
Doc *doc_copy(Arena *arena, const Doc *from); // deep, strings too; NULL gives NULL

// Adding. A node can stand in one place only: doc_copy it first when it stands somewhere already. `key` is not copied.
// doc_put replaces a member of that key; `value` NULL removes it. doc_add appends without looking (parsers, fresh maps).
void doc_put(Doc *map, Str key, Doc *value);
void doc_add(Doc *map, Str key, Doc *value);
void doc_push(Doc *list, Doc *value);
// Short forms for literals as keys: doc_set_str(arena, map, "name", s). A string that is STR_NONE adds nothing.
void doc_set(Doc *map, const char *key, Doc *value);
void doc_set_str(Arena *arena, Doc *map, const char *key, Str value);
void doc_set_int(Arena *arena, Doc *map, const char *key, int64_t value);
void doc_set_bool(Arena *arena, Doc *map, const char *key, bool value);
void doc_set_time(Arena *arena, Doc *map, const char *key, int64_t ms);
void doc_push_str(Arena *arena, Doc *list, Str value);

// Reading.
Doc *doc_get_str_key(const Doc *map, Str key); // NULL when absent, when `map` is NULL or no map
static inline Doc *doc_get(const Doc *map, const char *key) { return doc_get_str_key(map, str_of(key)); }
Doc *doc_at(const Doc *list, size_t index);
Doc *doc_first(const Doc *parent);
size_t doc_count(const Doc *parent);
bool doc_is(const Doc *doc, DocKind kind);
Str doc_str(const Doc *doc, Str otherwise); // DOC_STR and DOC_BLOB
int64_t doc_int(const Doc *doc, int64_t otherwise); // DOC_INT, DOC_TIME, a DOC_REAL that is whole
double doc_real(const Doc *doc, double otherwise);
bool doc_bool(const Doc *doc, bool otherwise);
// Member of a map by name, the commonest of all: doc_text(map, "name") is STR_NONE when absent.
static inline Str doc_text(const Doc *map, const char *key) { return doc_str(doc_get(map, key), STR_NONE); }
static inline int64_t doc_number(const Doc *map, const char *key, int64_t otherwise) { return doc_int(doc_get(map, key), otherwise); }
static inline bool doc_flag(const Doc *map, const char *key, bool otherwise) { return doc_bool(doc_get(map, key), otherwise); }

bool doc_has_text(const Doc *list, Str text); // one of its texts
bool doc_has_text_nocase(const Doc *list, Str text); // ASCII only
bool doc_equal(const Doc *a, const Doc *b); // maps regardless of order
