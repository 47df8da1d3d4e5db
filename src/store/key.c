#include "store/key.h"

enum { ESCAPED_NUL = 0xFF, END_OF_TEXT = 0x01, NUMBER_BYTES = 8 };

static size_t most_bytes(const KeyPart *parts, size_t count) {
    size_t most = 0;
    for (size_t i = 0; i < count; i++) most += parts[i].kind == KEY_TEXT ? parts[i].text.len * 2 + 2 : NUMBER_BYTES;
    return most;
}

static char *put_text(char *to, Str text) {
    for (size_t i = 0; i < text.len; i++) {
        *to++ = text.at[i];
        if (text.at[i] == '\0') *to++ = (char)ESCAPED_NUL;
    }
    return to;
}

static char *put_number(char *to, uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) *to++ = (char)(number >> shift);
    return to;
}

static Str build(Arena *arena, const KeyPart *parts, size_t count, bool open) {
    char *bytes = arena_alloc(arena, most_bytes(parts, count)), *to = bytes;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].kind != KEY_TEXT) {
            to = put_number(to, parts[i].kind == KEY_SIGNED ? parts[i].number ^ 1ull << 63 : parts[i].number);
            continue;
        }
        to = put_text(to, parts[i].text);
        if (open && i + 1 == count) break;
        *to++ = '\0';
        *to++ = END_OF_TEXT;
    }
    return (Str){bytes, (size_t)(to - bytes)};
}

Str key_build(Arena *arena, const KeyPart *parts, size_t count) { return build(arena, parts, count, false); }
Str key_build_open(Arena *arena, const KeyPart *parts, size_t count) { return build(arena, parts, count, true); }

Str key_after_prefix(Arena *arena, Str prefix) {
    size_t len = prefix.len;
    while (len && (unsigned char)prefix.at[len - 1] == 0xFF) len--;
    if (len == 0) return STR_NONE;
    char *bytes = arena_copy(arena, prefix.at, len);
    bytes[len - 1]++;
    return (Str){bytes, len};
}

// The length of the text part in front, escapes and all; -1: there is none.
static ptrdiff_t text_part_bytes(Str rest) {
    for (size_t i = 0; i + 1 < rest.len; i++) {
        if (rest.at[i] != '\0') continue;
        if (rest.at[i + 1] == END_OF_TEXT) return (ptrdiff_t)i;
        if ((unsigned char)rest.at[i + 1] != ESCAPED_NUL) return -1;
        i++;
    }
    return -1;
}

bool key_take_text(Arena *arena, Str *rest, Str *out) {
    ptrdiff_t len = text_part_bytes(*rest);
    if (len < 0) return false;
    char *text = arena_alloc(arena, (size_t)len), *to = text;
    for (ptrdiff_t i = 0; i < len; i++) {
        *to++ = rest->at[i];
        if (rest->at[i] == '\0') i++;
    }
    *rest = str_from(*rest, (size_t)len + 2);
    *out = (Str){text, (size_t)(to - text)};
    return true;
}

bool key_take_number(Str *rest, uint64_t *out) {
    if (rest->len < NUMBER_BYTES) return false;
    uint64_t number = 0;
    for (size_t i = 0; i < NUMBER_BYTES; i++) number = number << 8 | (unsigned char)rest->at[i];
    *rest = str_from(*rest, NUMBER_BYTES);
    *out = number;
    return true;
}

bool key_take_signed(Str *rest, int64_t *out) {
    uint64_t number;
    if (!key_take_number(rest, &number)) return false;
    *out = (int64_t)(number ^ 1ull << 63);
    return true;
}
