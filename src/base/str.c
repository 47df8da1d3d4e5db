#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

bool str_same_bytes(Str a, Str b) { return a.len == 0 || memcmp(a.at, b.at, a.len) == 0; }

bool str_same_letters(Str a, Str b) {
    for (size_t i = 0; i < a.len; i++) {
        if (a.at[i] != b.at[i] && lower(a.at[i]) != lower(b.at[i])) return false;
    }
    return true;
}

int str_cmp(Str a, Str b) {
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.at, b.at, shared) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(Str s, Str prefix) { return s.len >= prefix.len && str_eq(str_sub(s, 0, prefix.len), prefix); }
bool str_ends(Str s, Str suffix) { return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix); }
bool str_contains(Str s, Str part) { return str_find(s, part) >= 0; }

ptrdiff_t str_find(Str s, Str part) {
    if (part.len == 0) return 0;
    const char *hit = s.len ? memmem(s.at, s.len, part.at, part.len) : NULL;
    return hit ? hit - s.at : -1;
}

ptrdiff_t str_find_char(Str s, char c) {
    const char *hit = s.len ? memchr(s.at, c, s.len) : NULL;
    return hit ? hit - s.at : -1;
}

ptrdiff_t str_rfind_char(Str s, char c) {
    const char *hit = s.len ? memrchr(s.at, c, s.len) : NULL;
    return hit ? hit - s.at : -1;
}

Str str_sub(Str s, size_t from, size_t to) {
    if (to > s.len) to = s.len;
    if (from > to) from = to;
    return s.at ? (Str){s.at + from, to - from} : STR_NONE;
}

Str str_from(Str s, size_t from) { return str_sub(s, from, s.len); }

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Str str_trim(Str s) {
    while (s.len && is_blank(s.at[0])) s = str_from(s, 1);
    while (s.len && is_blank(s.at[s.len - 1])) s.len--;
    return s;
}

Str str_strip_prefix(Str s, Str prefix) { return str_starts(s, prefix) ? str_from(s, prefix.len) : s; }
Str str_strip_suffix(Str s, Str suffix) { return str_ends(s, suffix) ? str_sub(s, 0, s.len - suffix.len) : s; }

Str str_cut(Str *rest, char separator) {
    ptrdiff_t at = str_find_char(*rest, separator);
    Str head = at < 0 ? *rest : str_sub(*rest, 0, (size_t)at);
    *rest = at < 0 ? STR_NONE : str_from(*rest, (size_t)at + 1);
    return head;
}

Str str_next_line(Str *rest) {
    if (rest->len == 0) return STR_NONE;
    Str line = str_cut(rest, '\n');
    if (line.len && line.at[line.len - 1] == '\r') line.len--;
    return line;
}

Str str_copy(Arena *arena, Str s) { return s.at ? (Str){arena_copy(arena, s.at, s.len), s.len} : STR_NONE; }

char *str_c(Arena *arena, Str s) {
    char *text = arena_alloc(arena, s.len + 1);
    if (s.len) memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    return text;
}

Str str_cat(Arena *arena, Str a, Str b) {
    char *text = arena_alloc(arena, a.len + b.len);
    if (a.len) memcpy(text, a.at, a.len);
    if (b.len) memcpy(text + a.len, b.at, b.len);
    return (Str){text, a.len + b.len};
}

static Str map_bytes(Arena *arena, Str s, int (*change)(int)) {
    char *text = arena_alloc(arena, s.len);
    for (size_t i = 0; i < s.len; i++) text[i] = (char)change((unsigned char)s.at[i]);
    return (Str){text, s.len};
}

Str str_lower(Arena *arena, Str s) { return map_bytes(arena, s, tolower); }
Str str_upper(Arena *arena, Str s) { return map_bytes(arena, s, toupper); }

Str str_replace(Arena *arena, Str s, Str old, Str with) {
    size_t count = 0;
    Str rest = s;
    for (ptrdiff_t at; old.len && (at = str_find(rest, old)) >= 0; count++) rest = str_from(rest, (size_t)at + old.len);
    if (count == 0) return s;
    size_t len = s.len - count * old.len + count * with.len;
    char *text = arena_alloc(arena, len), *to = text;
    rest = s;
    for (ptrdiff_t at; (at = str_find(rest, old)) >= 0;) {
        memcpy(to, rest.at, (size_t)at);
        to += at;
        if (with.len) memcpy(to, with.at, with.len);
        to += with.len;
        rest = str_from(rest, (size_t)at + old.len);
    }
    if (rest.len) memcpy(to, rest.at, rest.len);
    return (Str){text, len};
}

enum { USUAL_TEXT_BYTES = 512 }; // longer ones are formatted twice

Str str_vformat(Arena *arena, const char *format, va_list args) {
    char room[USUAL_TEXT_BYTES];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(room, sizeof room, format, args);
    if (len < 0) abort();
    char *text = arena_alloc(arena, (size_t)len + 1);
    if ((size_t)len < sizeof room) {
        memcpy(text, room, (size_t)len + 1);
    } else {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    return (Str){text, (size_t)len};
}

Str str_format(Arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Str text = str_vformat(arena, format, args);
    va_end(args);
    return text;
}

Str str_of_int(Arena *arena, int64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0) digits[--at] = '-';
    return str_copy(arena, (Str){digits + at, sizeof digits - at});
}

// Numbers are short: what does not fit here is no number that we accept.
enum { NUMBER_TEXT_BYTES = 400 };

bool str_to_int(Str s, int64_t *out) {
    char text[32];
    if (s.len == 0 || s.len >= sizeof text) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!isdigit((unsigned char)s.at[i]) && !(i == 0 && s.at[i] == '-' && s.len > 1)) return false;
    }
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno) return false;
    *out = value;
    return true;
}

bool str_to_double(Str s, double *out) {
    char text[NUMBER_TEXT_BYTES], *end;
    if (s.len == 0 || s.len >= sizeof text || is_blank(s.at[0])) return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    double value = strtod(text, &end);
    if (end != text + s.len) return false;
    *out = value;
    return true;
}

uint64_t str_hash(Str s) { // FNV-1a
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < s.len; i++) hash = (hash ^ (unsigned char)s.at[i]) * 1099511628211u;
    return hash;
}

// Length of the well-formed sequence at `p` (RFC 3629: no surrogates, no overlong forms), 0 when there is none.
static size_t utf8_sequence(const unsigned char *p, size_t len) {
    if (p[0] < 0x80) return 1;
    size_t need = p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : p[0] >= 0xE0 && p[0] < 0xF0 ? 3 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : 0;
    if (need == 0 || len < need) return 0;
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
    }
    bool overlong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    bool beyond = (p[0] == 0xED && p[1] >= 0xA0) || (p[0] == 0xF4 && p[1] >= 0x90);
    return overlong || beyond ? 0 : need;
}

Str str_as_utf8(Arena *arena, Str s) {
    static const char REPLACEMENT[] = "\xEF\xBF\xBD";
    if (str_is_utf8(s)) return s;
    char *out = arena_array(arena, char, s.len * 3);
    size_t len = 0;
    for (size_t i = 0; i < s.len;) {
        size_t step = utf8_sequence((const unsigned char *)s.at + i, s.len - i);
        memcpy(out + len, step ? s.at + i : REPLACEMENT, step ? step : 3);
        len += step ? step : 3;
        i += step ? step : 1;
    }
    return (Str){out, len};
}

bool str_is_utf8(Str s) {
    for (size_t i = 0; i < s.len;) {
        size_t step = utf8_sequence((const unsigned char *)s.at + i, s.len - i);
        if (step == 0) return false;
        i += step;
    }
    return true;
}
