// Key: composite keys whose byte order (memcmp) is the order of their parts.
//
// A part that is text ends with 00 01, and each 00 within it is written 00 FF: hence no part can run into the next, and "a" sorts before
// "ab". A number is eight bytes, big endian (signed ones with the sign bit flipped). Build in an arena:
//     Str key = KEY(arena, key_text(account), key_text(region), key_number(sequence));
#pragma once

#include "base/str.h"

typedef struct KeyPart {
    enum { KEY_TEXT, KEY_NUMBER, KEY_SIGNED } kind;
    Str text;
    uint64_t number;
} KeyPart;

static inline KeyPart key_text(Str text) { return (KeyPart){.kind = KEY_TEXT, .text = text}; }
static inline KeyPart key_number(uint64_t number) { return (KeyPart){.kind = KEY_NUMBER, .number = number}; }
static inline KeyPart key_signed(int64_t number) { return (KeyPart){.kind = KEY_SIGNED, .number = (uint64_t)number}; }

Str key_build(Arena *arena, const KeyPart *parts, size_t count);
#define KEY(arena, ...) key_build((arena), (const KeyPart[]){__VA_ARGS__}, sizeof((const KeyPart[]){__VA_ARGS__}) / sizeof(KeyPart))

// The same, but a last text part stays open (no end mark), so that the key is a prefix of all keys whose part begins with it.
Str key_build_open(Arena *arena, const KeyPart *parts, size_t count);
#define KEY_OPEN(arena, ...) key_build_open((arena), (const KeyPart[]){__VA_ARGS__}, sizeof((const KeyPart[]){__VA_ARGS__}) / sizeof(KeyPart))

// The least key above all keys that begin with `prefix`: the end of a scan; STR_NONE when there is none.
Str key_after_prefix(Arena *arena, Str prefix);

// Takes the next part off the front; false when `*rest` does not begin with such a part.
bool key_take_text(Arena *arena, Str *rest, Str *out);
bool key_take_number(Str *rest, uint64_t *out);
bool key_take_signed(Str *rest, int64_t *out);
