// The patterns of the models are Java's. PCRE2 reads most of it the same way; what it spells differently is rewritten here.
#include "wire/validating.h"

#include "base/log.h"
#include "formats/patterns.h"

static const struct {
    const char *java, *pcre;
} SPELLINGS[] = {
    {"\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\x{10000}-\\x{10FFFF}"}, // everything beyond the first plane, as UTF-16 writes it
    {"\\ud800\\udc00-\\udbff\\udfff", "\\x{10000}-\\x{10FFFF}"},
    {"\\p{Alnum}", "[:alnum:]"},
    {"\\p{Alpha}", "[:alpha:]"},
    {"\\p{ASCII}", "\\x00-\\x7F"},
    {"\\p{Digit}", "[:digit:]"},
    {"\\p{Graph}", "[:graph:]"},
    {"\\p{IsAlphabetic}", "\\p{L}"},
    {"\\p{IsDigit}", "\\p{Nd}"},
    {"\\p{IsLetter}", "\\p{L}"},
    {"\\p{Print}", "[:print:]"},
    {"\\p{Punct}", "[:punct:]"},
    {"\\p{Space}", "[:space:]"},
};

static bool is_hex4(Str text) {
    for (size_t i = 0; i < 4; i++) {
        if (i >= text.len || !strchr("0123456789abcdefABCDEF", text.at[i])) return false;
    }
    return true;
}

Str pattern_from_java(Arena *arena, Str pattern) {
    for (size_t i = 0; i < sizeof SPELLINGS / sizeof *SPELLINGS; i++) {
        if (str_contains(pattern, str_of(SPELLINGS[i].java))) pattern = str_replace(arena, pattern, str_of(SPELLINGS[i].java), str_of(SPELLINGS[i].pcre));
    }
    Str done = STR("");
    for (ptrdiff_t at; (at = str_find(pattern, STR("\\u"))) >= 0;) {
        Str digits = str_from(pattern, (size_t)at + 2);
        bool is_code = is_hex4(digits);
        Str code = is_code ? str_format(arena, "\\x{%.4s}", digits.at) : STR("\\u");
        done = str_cat(arena, done, str_cat(arena, str_sub(pattern, 0, (size_t)at), code));
        pattern = str_from(digits, is_code ? 4 : 0);
    }
    return str_cat(arena, done, pattern);
}

bool java_pattern_matches(Arena *arena, Str pattern, Str text) {
    Error why;
    bool matches = true;
    bool foreign = str_contains(pattern, STR("\\u")) || str_contains(pattern, STR("\\p{"));
    if (foreign) pattern = pattern_from_java(arena, pattern);
    if (pattern_matches(pattern, PATTERN_WHOLE, text, &matches, &why)) return matches;
    log_debug("pattern %.*s: %s", STR_ARG(pattern), why.message);
    return error_is(&why, "bad-pattern");
}
