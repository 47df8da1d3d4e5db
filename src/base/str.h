// Str: a slice of bytes that somebody else owns. Not terminated by NUL unless a function says so.
//
// The absent string is {NULL, 0}; the empty one has a non-NULL `at`. Text is UTF-8 unless a caller says otherwise.
#pragma once

#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct Str {
    const char *at;
    size_t len;
} Str;

#define STR(literal) ((Str){("" literal), sizeof(literal) - 1})
#define STR_INIT(literal) \
    { ("" literal), sizeof(literal) - 1 } // for static const tables
#define STR_NONE ((Str){NULL, 0})
// For printf: printf("%.*s", STR_ARG(s)). The argument is evaluated more than once: no calls with effects in it.
#define STR_ARG(s) (int)(s).len, (s).at ? (s).at : ""

static inline Str str_of(const char *text) { return text ? (Str){text, strlen(text)} : STR_NONE; }
static inline bool str_is_none(Str s) { return s.at == NULL; }
static inline bool str_is_empty(Str s) { return s.len == 0; }

static inline bool str_eq(Str a, Str b) { return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0); }
// What differs mostly differs in length, and that of a literal is known: only equally long ones need a call.
bool str_same_bytes(Str a, Str b);
bool str_same_letters(Str a, Str b);
static inline bool str_is(Str s, const char *text) { return s.len == str_of(text).len && str_same_bytes(s, str_of(text)); } // equal to a C string
static inline bool str_eq_nocase(Str a, Str b) { return a.len == b.len && str_same_letters(a, b); } // ASCII only
int str_cmp(Str a, Str b); // order of memcmp, then of length
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
bool str_contains(Str s, Str part);

ptrdiff_t str_find(Str s, Str part); // -1 when absent
ptrdiff_t str_find_char(Str s, char c); // -1 when absent
ptrdiff_t str_rfind_char(Str s, char c); // -1 when absent
Str str_sub(Str s, size_t from, size_t to); // both cut to the length
Str str_from(Str s, size_t from);
Str str_trim(Str s); // spaces, tabs and line ends on both sides
Str str_strip_prefix(Str s, Str prefix); // s itself when it does not start so
Str str_strip_suffix(Str s, Str suffix);
// Cuts `*rest` at the first `separator`: returns what stood before it, leaves what follows. Without one, takes all and leaves STR_NONE.
Str str_cut(Str *rest, char separator);
// The next line without its end (\n or \r\n); STR_NONE at the end of the text.
Str str_next_line(Str *rest);

Str str_copy(Arena *arena, Str s);
char *str_c(Arena *arena, Str s); // a copy with a NUL behind it
Str str_cat(Arena *arena, Str a, Str b);
Str str_lower(Arena *arena, Str s); // ASCII only
Str str_upper(Arena *arena, Str s);
Str str_replace(Arena *arena, Str s, Str old, Str with); // every occurrence
Str str_format(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
Str str_vformat(Arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
Str str_of_int(Arena *arena, int64_t number); // decimal

// Whole string a decimal number (an optional '-'); false and `*out` untouched otherwise or when out of range.
bool str_to_int(Str s, int64_t *out);
bool str_to_double(Str s, double *out);
uint64_t str_hash(Str s);
bool str_is_utf8(Str s);
Str str_as_utf8(Arena *arena, Str s); // each byte that belongs to no well-formed character becomes U+FFFD

// Encodings. Decoders return false and leave `*out` untouched on bad input.
Str str_hex(Arena *arena, Str bytes); // lower case
bool str_unhex(Arena *arena, Str text, Str *out);
Str str_base64(Arena *arena, Str bytes);
bool str_unbase64(Arena *arena, Str text, Str *out);
// Percent-encoding as RFC 3986 and SigV4 want it: unreserved characters stay; '/' stays when `keep_slash`.
Str str_uri_encode(Arena *arena, Str s, bool keep_slash);
bool str_uri_decode(Arena *arena, Str s, bool plus_is_space, Str *out);
