#include "formats/yaml_scalars.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

static bool is_one_of(Str text, const char *const *words) {
    for (; *words; words++) {
        if (str_is(text, *words)) return true;
    }
    return false;
}

bool yaml_is_null(Str text) { return text.len == 0 || is_one_of(text, (const char *const[]){"~", "null", "Null", "NULL", NULL}); }

bool yaml_to_bool(Str text, bool *out) {
    static const char *const yes[] = {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
    static const char *const no[] = {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL};
    bool value = is_one_of(text, yes);
    if (!value && !is_one_of(text, no)) return false;
    *out = value;
    return true;
}

static int digit_value(char c) {
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 99;
}

typedef struct Whole {
    int64_t value;
    long double real; // for what int64 cannot hold
    bool fits;
} Whole;

// Digits of `base` with '_' anywhere among them.
static bool whole_number(Str digits, int base, Whole *out) {
    size_t count = 0;
    *out = (Whole){.fits = true};
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] == '_') continue;
        int value = digit_value(digits.at[i]);
        if (value >= base) return false;
        out->real = out->real * base + value;
        out->fits = out->fits && !__builtin_mul_overflow(out->value, base, &out->value) && !__builtin_add_overflow(out->value, value, &out->value);
        count++;
    }
    return count > 0;
}

static Doc *of_whole(Arena *arena, bool negative, const Whole *whole) {
    if (!whole->fits) return doc_of_real(arena, (double)(negative ? -whole->real : whole->real));
    return doc_of_int(arena, negative ? -whole->value : whole->value);
}

static Doc *integer(Arena *arena, Str digits, bool negative) {
    int base = 10;
    if (digits.len == 0 || !isdigit((unsigned char)digits.at[0])) return NULL;
    if (digits.len > 1 && digits.at[0] == '0') {
        base = digits.at[1] == 'b' ? 2 : digits.at[1] == 'x' ? 16 : 8;
        digits = str_from(digits, base == 8 ? 1 : 2);
    }
    Whole whole;
    return whole_number(digits, base, &whole) ? of_whole(arena, negative, &whole) : NULL;
}

// 190:20:30 and 190:20:30.15: each further group is below 60; the first begins with 1 to 9 unless a fraction follows.
static Doc *sexagesimal(Arena *arena, Str text, bool negative) {
    ptrdiff_t dot = str_find_char(text, '.');
    Str groups = dot < 0 ? text : str_sub(text, 0, (size_t)dot);
    if (str_find_char(groups, ':') < 0 || !isdigit((unsigned char)groups.at[0]) || (dot < 0 && groups.at[0] == '0')) return NULL;
    Whole total = {.fits = true}, part;
    for (bool first = true; !str_is_none(groups); first = false) {
        Str group = str_cut(&groups, ':');
        if (!whole_number(group, 10, &part) || (!first && (group.len > 2 || part.value > 59))) return NULL;
        total.real = total.real * 60 + part.real;
        total.fits = total.fits && part.fits && total.real < 9e18L;
        total.value = total.fits ? (int64_t)total.real : 0;
    }
    if (dot < 0) return of_whole(arena, negative, &total);
    Str fraction = str_from(text, (size_t)dot + 1);
    if (fraction.len && !whole_number(fraction, 10, &part)) return NULL;
    double value = (double)total.real + (fraction.len ? (double)part.real / pow(10, (double)fraction.len) : 0);
    return doc_of_real(arena, negative ? -value : value);
}

// digits '.' digits? ([eE][-+]digits)? or '.' digits …: YAML 1.1 wants the dot, and a sign in the exponent.
static bool looks_real(Str text) {
    ptrdiff_t dot = str_find_char(text, '.');
    if (dot < 0 || text.len == 1) return false;
    size_t i = 0, digits = 0;
    for (; i < text.len && (isdigit((unsigned char)text.at[i]) || text.at[i] == '_' || i == (size_t)dot); i++)
        digits += isdigit((unsigned char)text.at[i]) != 0;
    if (digits == 0 || text.at[0] == '_') return false;
    if (i == text.len) return true;
    if ((text.at[i] != 'e' && text.at[i] != 'E') || ++i >= text.len || (text.at[i] != '-' && text.at[i] != '+')) return false;
    Str exponent = str_from(text, i + 1);
    for (size_t j = 0; j < exponent.len; j++) {
        if (!isdigit((unsigned char)exponent.at[j])) return false;
    }
    return exponent.len > 0;
}

static Doc *special_real(Arena *arena, Str text, bool has_sign, bool negative) {
    if (is_one_of(text, (const char *const[]){".inf", ".Inf", ".INF", NULL})) return doc_of_real(arena, negative ? -INFINITY : INFINITY);
    bool nan = !has_sign && is_one_of(text, (const char *const[]){".nan", ".NaN", ".NAN", NULL});
    return nan ? doc_of_real(arena, NAN) : NULL;
}

static Doc *real_number(Arena *arena, Str text, bool negative) {
    if (!looks_real(text)) return NULL;
    double value = strtod(str_c(arena, str_replace(arena, text, STR("_"), STR(""))), NULL);
    return doc_of_real(arena, negative ? -value : value);
}

bool yaml_to_number(Arena *arena, Str text, Doc **out) {
    bool has_sign = text.len && (text.at[0] == '-' || text.at[0] == '+'), negative = has_sign && text.at[0] == '-';
    Str rest = str_from(text, has_sign);
    if (rest.len == 0 || !(isdigit((unsigned char)rest.at[0]) || rest.at[0] == '.')) return false;
    Doc *doc = integer(arena, rest, negative);
    if (!doc) doc = real_number(arena, rest, negative);
    if (!doc) doc = sexagesimal(arena, rest, negative);
    if (!doc) doc = special_real(arena, rest, has_sign, negative);
    if (doc) *out = doc;
    return doc != NULL;
}

Doc *yaml_resolve_plain(Arena *arena, Str text) {
    bool value;
    Doc *number;
    if (yaml_is_null(text)) return doc_null(arena);
    if (yaml_to_bool(text, &value)) return doc_of_bool(arena, value);
    if (yaml_to_number(arena, text, &number)) return number;
    return doc_of_str(arena, text);
}
