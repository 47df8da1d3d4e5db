#include "formats/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// What follows the backslash for each byte that cannot stand by itself; 'u' means \u00XX. (DEL and bytes above 127 pass.)
static const char escapes[256] = {
    ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', [0] = 'u',  [1] = 'u',
    [2] = 'u',   [3] = 'u',     [4] = 'u',    [5] = 'u',    [6] = 'u',    [7] = 'u',    [11] = 'u',   [14] = 'u', [15] = 'u',
    [16] = 'u',  [17] = 'u',    [18] = 'u',   [19] = 'u',   [20] = 'u',   [21] = 'u',   [22] = 'u',   [23] = 'u', [24] = 'u',
    [25] = 'u',  [26] = 'u',    [27] = 'u',   [28] = 'u',   [29] = 'u',   [30] = 'u',   [31] = 'u',
};

enum { LONGEST_ESCAPE_BYTES = 6, FIRST_BYTES = 2048, LONGEST_DIRECT_BYTES = 4096 };

static char *put_escape(char *to, unsigned char c) {
    static const char digits[] = "0123456789abcdef";
    *to++ = '\\';
    *to++ = escapes[c];
    if (escapes[c] != 'u') return to;
    *to++ = '0';
    *to++ = '0';
    *to++ = digits[c >> 4];
    *to++ = digits[c & 15];
    return to;
}

#define EACH_BYTE(value) (0x0101010101010101u * (value))

// Whether one of eight bytes is a control character, a quotation mark or a backslash. (A byte less one borrows into the highest bit only when it was 0.)
static bool has_special(uint64_t eight) {
    uint64_t quote = eight ^ EACH_BYTE('"'), slash = eight ^ EACH_BYTE('\\');
    uint64_t low = (eight - EACH_BYTE(0x20)) & ~eight, quotes = (quote - EACH_BYTE(1)) & ~quote, slashes = (slash - EACH_BYTE(1)) & ~slash;
    return (low | quotes | slashes) & EACH_BYTE(0x80);
}

// How many bytes of the text stand by themselves, as far as eights tell.
static size_t plain_bytes(Str text) {
    size_t at = 0;
    for (uint64_t eight; at + sizeof eight <= text.len; at += sizeof eight) {
        memcpy(&eight, text.at + at, sizeof eight);
        if (has_special(eight)) break;
    }
    return at;
}

// Room for the worst case is taken at once, so that the loop need not look at it.
static void write_piece(Buf *buf, Str text) {
    char *start = buf_reserve(buf, text.len * LONGEST_ESCAPE_BYTES), *to = start;
    if (!start) return;
    for (size_t i = 0; i < text.len; i++) {
        if (i % sizeof(uint64_t) == 0) {
            size_t plain = plain_bytes(str_from(text, i));
            memcpy(to, text.at + i, plain);
            to += plain;
            i += plain;
            if (i == text.len) break;
        }
        unsigned char c = (unsigned char)text.at[i];
        if (escapes[c]) {
            to = put_escape(to, c);
        } else {
            *to++ = (char)c;
        }
    }
    buf->len += (size_t)(to - start);
}

void json_write_string(Buf *buf, Str text) {
    buf_add_char(buf, '"');
    for (; text.len > LONGEST_DIRECT_BYTES; text = str_from(text, LONGEST_DIRECT_BYTES)) write_piece(buf, str_sub(text, 0, LONGEST_DIRECT_BYTES));
    if (text.len) write_piece(buf, text);
    buf_add_char(buf, '"');
}

void json_write_int(Buf *buf, int64_t value) {
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) digits[--at] = '-';
    buf_add(buf, (Str){digits + at, sizeof digits - at});
}

void json_write_real(Buf *buf, double value) {
    if (!isfinite(value)) {
        buf_add(buf, isnan(value) ? STR("\"NaN\"") : value < 0 ? STR("\"-Infinity\"") : STR("\"Infinity\""));
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    buf_add(buf, str_of(text));
    if (!strpbrk(text, ".e")) buf_add(buf, STR(".0"));
}

void json_write_seconds(Buf *buf, int64_t ms) {
    int64_t seconds = ms / 1000, fraction = ms % 1000;
    if (ms < 0 && fraction) buf_add_char(buf, '-');
    json_write_int(buf, ms < 0 && fraction ? -seconds : seconds);
    if (fraction) buf_addf(buf, ".%03d", abs((int)fraction));
}

enum { NO_INDENT = -1 };

static void new_line(Buf *buf, int indent) {
    if (indent == NO_INDENT) return;
    buf_add_char(buf, '\n');
    for (int i = 0; i < indent; i++) buf_add(buf, STR("  "));
}

static void write_value(Buf *buf, const Doc *doc, int indent);

static void write_children(Buf *buf, const Doc *doc, int indent) {
    bool is_map = doc->kind == DOC_MAP;
    int inner = indent == NO_INDENT ? NO_INDENT : indent + 1;
    buf_add_char(buf, is_map ? '{' : '[');
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        new_line(buf, inner);
        if (is_map) {
            json_write_string(buf, child->key);
            buf_add(buf, indent == NO_INDENT ? STR(":") : STR(": "));
        }
        write_value(buf, child, inner);
        if (child->next) buf_add_char(buf, ',');
    }
    if (doc->count) new_line(buf, indent);
    buf_add_char(buf, is_map ? '}' : ']');
}

static void write_blob(Buf *buf, Str bytes) {
    AUTO_ARENA arena = arena_new();
    buf_add_char(buf, '"');
    buf_add(buf, str_base64(arena, bytes));
    buf_add_char(buf, '"');
}

static void write_value(Buf *buf, const Doc *doc, int indent) {
    switch (doc ? doc->kind : DOC_NULL) {
    case DOC_NULL: buf_add(buf, STR("null")); return;
    case DOC_BOOL: buf_add(buf, doc->as.boolean ? STR("true") : STR("false")); return;
    case DOC_INT: json_write_int(buf, doc->as.integer); return;
    case DOC_REAL: json_write_real(buf, doc->as.real); return;
    case DOC_STR: json_write_string(buf, doc->as.text); return;
    case DOC_BLOB: write_blob(buf, doc->as.text); return;
    case DOC_TIME: json_write_seconds(buf, doc->as.integer); return;
    case DOC_LIST:
    case DOC_MAP: write_children(buf, doc, indent); return;
    }
}

void json_write_to(Buf *buf, const Doc *doc) { write_value(buf, doc, NO_INDENT); }

static Str write(Arena *arena, const Doc *doc, int indent) {
    AUTO_BUF buf;
    buf_init(&buf, SIZE_MAX / 2);
    buf_reserve(&buf, FIRST_BYTES);
    write_value(&buf, doc, indent);
    return str_copy(arena, buf_str(&buf));
}

Str json_write(Arena *arena, const Doc *doc) { return write(arena, doc, NO_INDENT); }
Str json_write_pretty(Arena *arena, const Doc *doc) { return write(arena, doc, 0); }
