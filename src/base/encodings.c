// The encodings declared in base/str.h: hexadecimal, base64 (RFC 4648) and percent-encoding (RFC 3986).
#include "base/str.h"

static const char HEX_LOWER[] = "0123456789abcdef";
static const char HEX_UPPER[] = "0123456789ABCDEF";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Str str_hex(Arena *arena, Str bytes) {
    char *text = arena_alloc(arena, bytes.len * 2);
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = HEX_LOWER[(unsigned char)bytes.at[i] >> 4];
        text[2 * i + 1] = HEX_LOWER[(unsigned char)bytes.at[i] & 15];
    }
    return (Str){text, bytes.len * 2};
}

bool str_unhex(Arena *arena, Str text, Str *out) {
    if (text.len % 2) return false;
    char *bytes = arena_alloc(arena, text.len / 2);
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_value(text.at[i]), low = hex_value(text.at[i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *out = (Str){bytes, text.len / 2};
    return true;
}

Str str_base64(Arena *arena, Str bytes) {
    size_t len = (bytes.len + 2) / 3 * 4;
    char *text = arena_alloc(arena, len), *to = text;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t three = (uint32_t)(unsigned char)bytes.at[i] << 16;
        if (left > 1) three |= (uint32_t)(unsigned char)bytes.at[i + 1] << 8;
        if (left > 2) three |= (unsigned char)bytes.at[i + 2];
        *to++ = BASE64[three >> 18];
        *to++ = BASE64[three >> 12 & 63];
        *to++ = left > 1 ? BASE64[three >> 6 & 63] : '=';
        *to++ = left > 2 ? BASE64[three & 63] : '=';
    }
    return (Str){text, len};
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool str_unbase64(Arena *arena, Str text, Str *out) {
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.at[text.len - 1 - padding] == '=') padding++;
    if (text.len % 4) return false;
    size_t digits = text.len - padding;
    char *bytes = arena_alloc(arena, text.len / 4 * 3 + 1);
    size_t len = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < digits; i++) {
        int value = base64_value(text.at[i]);
        if (value < 0) return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4) bytes[len++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    *out = (Str){bytes, len};
    return true;
}

static bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
}

Str str_uri_encode(Arena *arena, Str s, bool keep_slash) {
    char *text = arena_alloc(arena, s.len * 3), *to = text;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (is_unreserved(c) || (c == '/' && keep_slash)) {
            *to++ = c;
        } else {
            *to++ = '%';
            *to++ = HEX_UPPER[(unsigned char)c >> 4];
            *to++ = HEX_UPPER[(unsigned char)c & 15];
        }
    }
    return (Str){text, (size_t)(to - text)};
}

bool str_uri_decode(Arena *arena, Str s, bool plus_is_space, Str *out) {
    char *text = arena_alloc(arena, s.len), *to = text;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c == '%') {
            if (i + 2 >= s.len || hex_value(s.at[i + 1]) < 0 || hex_value(s.at[i + 2]) < 0) return false;
            c = (char)(hex_value(s.at[i + 1]) << 4 | hex_value(s.at[i + 2]));
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        *to++ = c;
    }
    *out = (Str){text, (size_t)(to - text)};
    return true;
}
