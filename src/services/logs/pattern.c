// Patterns of terms, and which kind of pattern a text is.
#include "services/logs/pattern_internal.h"

#include "formats/json.h"
#include "formats/patterns.h"

#include <ctype.h>
#include <stdio.h>

bool(pattern_bad)(const PatternReader *reader, const char *format, ...) {
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail(reader->e, "InvalidParameterException", "Invalid filter pattern: %s", message);
}

void pattern_skip(PatternReader *reader) {
    while (reader->rest.len && isspace((unsigned char)reader->rest.at[0])) reader->rest = str_from(reader->rest, 1);
}

bool pattern_take(PatternReader *reader, const char *word) {
    pattern_skip(reader);
    if (!str_starts(reader->rest, str_of(word))) return false;
    reader->rest = str_from(reader->rest, strlen(word));
    return true;
}

// A backslash keeps a quotation mark or a backslash from meaning anything.
bool pattern_read_quoted(PatternReader *reader, Str *out) {
    char *text = arena_alloc(reader->arena, reader->rest.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < reader->rest.len; i++) {
        char c = reader->rest.at[i];
        if (c == '"') {
            reader->rest = str_from(reader->rest, i + 1);
            *out = (Str){text, len};
            return true;
        }
        bool escaped = c == '\\' && i + 1 < reader->rest.len && (reader->rest.at[i + 1] == '"' || reader->rest.at[i + 1] == '\\');
        text[len++] = escaped ? reader->rest.at[++i] : c;
    }
    return pattern_bad(reader, "a quotation mark is not closed");
}

// ---- Regular expressions ----

static bool is_regex_byte(char c) { return isalnum((unsigned char)c) || (c && strchr(" :_#=@/;,-^$?[]{}|\\*+.", c)); }

bool pattern_read_regex(PatternReader *reader, Str *out) {
    ptrdiff_t end = str_find_char(reader->rest, '%');
    bool matches;
    if (end < 0) return pattern_bad(reader, "a regular expression is not closed by %%");
    if (end == 0) return pattern_bad(reader, "a regular expression is empty");
    Str regex = str_sub(reader->rest, 0, (size_t)end);
    for (size_t i = 0; i < regex.len; i++)
        if (!is_regex_byte(regex.at[i])) return pattern_bad(reader, "'%c' is not supported in a regular expression", regex.at[i]);
    if (!pattern_matches(regex, 0, STR(""), &matches, NULL)) return pattern_bad(reader, "\"%.*s\" is no regular expression", STR_ARG(regex));
    reader->rest = str_from(reader->rest, (size_t)end + 1);
    reader->regexes++;
    *out = regex;
    return true;
}

// One that takes too many steps finds nothing.
bool pattern_regex_finds(Str regex, Str text) {
    bool matches = false;
    return pattern_matches(regex, 0, text, &matches, NULL) && matches;
}

// ---- Terms ----

static bool is_term_byte(char c) { return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("_-./:@#$+", c)); }

static bool read_word(PatternReader *reader, Str *out) {
    size_t len = 0;
    while (len < reader->rest.len && !isspace((unsigned char)reader->rest.at[len])) len++;
    Str word = str_sub(reader->rest, 0, len);
    for (size_t i = 0; i < len; i++)
        if (!is_term_byte(word.at[i])) return pattern_bad(reader, "Invalid character(s) in term '%.*s'", STR_ARG(word));
    if (!len) return pattern_bad(reader, "a term is empty");
    reader->rest = str_from(reader->rest, len);
    *out = word;
    return true;
}

static bool read_term(PatternReader *reader, Term *out) {
    *out = (Term){.kind = TERM_REQUIRED};
    if (pattern_take(reader, "-"))
        out->kind = TERM_EXCLUDED;
    else if (pattern_take(reader, "?"))
        out->kind = TERM_OPTIONAL;
    if (str_starts(reader->rest, STR("\""))) {
        reader->rest = str_from(reader->rest, 1);
        TRY(pattern_read_quoted(reader, &out->text));
        return out->text.len ? true : pattern_bad(reader, "Invalid character(s) in term '\"\"'");
    }
    if (!str_starts(reader->rest, STR("%"))) return read_word(reader, &out->text);
    reader->rest = str_from(reader->rest, 1);
    out->regex = true;
    return pattern_read_regex(reader, &out->text);
}

static bool read_terms(PatternReader *reader, LogPattern *to) {
    to->terms = vec_of(reader->arena, Term);
    for (pattern_skip(reader); reader->rest.len; pattern_skip(reader)) {
        Term term;
        TRY(read_term(reader, &term));
        vec_add(&to->terms, Term, term);
    }
    return true;
}

static bool term_found(const Term *term, Str message) {
    if (term->regex) return pattern_regex_finds(term->text, message);
    return str_is(str_trim(term->text), "") || str_contains(message, term->text); // " " matches everything
}

static bool terms_hold(const Vec *terms, Str message) {
    bool optional = false, other = false, found = false;
    for (size_t i = 0; i < terms->len; i++) {
        const Term *term = vec_at(terms, i);
        bool here = term_found(term, message);
        if ((term->kind == TERM_REQUIRED && !here) || (term->kind == TERM_EXCLUDED && here)) return false;
        optional |= term->kind == TERM_OPTIONAL;
        other |= term->kind != TERM_OPTIONAL;
        found |= term->kind == TERM_OPTIONAL && here;
    }
    return other || !optional || found;
}

// ---- Patterns ----

static bool read_json(PatternReader *reader, LogPattern *to) {
    reader->json = true;
    to->kind = PATTERN_JSON;
    TRY(pattern_read_condition(reader, &to->condition));
    if (!pattern_take(reader, "}")) return pattern_bad(reader, "expected an operator or } at \"%.*s\"", STR_ARG(reader->rest));
    pattern_skip(reader);
    return reader->rest.len ? pattern_bad(reader, "\"%.*s\" stands behind the closing brace", STR_ARG(reader->rest)) : true;
}

static bool read_pattern(PatternReader *reader, LogPattern *to) {
    enum { REGEXES_MOST = 2, WILDCARDS_MOST = 3 };
    if (pattern_take(reader, "{")) {
        TRY(read_json(reader, to));
    } else if (pattern_take(reader, "[")) {
        to->kind = PATTERN_FIELDS;
        TRY(pattern_read_fields(reader, to));
    } else {
        return read_terms(reader, to);
    }
    if (reader->regexes > REGEXES_MOST) return pattern_bad(reader, "there are more than %d regular expressions", REGEXES_MOST);
    if (reader->wildcards > WILDCARDS_MOST) return pattern_bad(reader, "there are more than %d wildcard selectors", WILDCARDS_MOST);
    return true;
}

bool log_pattern_parse(Arena *arena, Str text, LogPattern **out, Error *e) {
    PatternReader reader = {.arena = arena, .rest = text, .e = e};
    LogPattern *pattern = arena_new_of(arena, LogPattern);
    TRY(read_pattern(&reader, pattern));
    *out = pattern;
    return true;
}

static Doc *read_message(Arena *scratch, Str message) {
    Doc *doc;
    if (!str_starts(str_trim(message), STR("{")) || !json_parse(scratch, message, &doc, NULL)) return NULL;
    return doc;
}

bool log_pattern_matches(const LogPattern *pattern, Arena *scratch, Str message) {
    if (pattern->kind == PATTERN_TERMS) return terms_hold(&pattern->terms, message);
    if (pattern->kind == PATTERN_FIELDS) return fields_hold(scratch, &pattern->fields, message);
    const Doc *doc = read_message(scratch, message);
    return doc && json_condition_holds(scratch, pattern->condition, doc);
}

Doc *log_pattern_extract(const LogPattern *pattern, Arena *arena, Str message) {
    Doc *values = doc_map(arena);
    if (pattern->kind == PATTERN_FIELDS) fields_extract(arena, &pattern->fields, message, values);
    if (pattern->kind == PATTERN_JSON) json_condition_extract(arena, pattern->condition, read_message(arena, message), values);
    return values;
}
