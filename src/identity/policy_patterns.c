#include "identity/policy_internal.h"

#include "base/buf.h"

enum { EXPANDED_MAX_BYTES = 8192 };

Pattern policy_pattern_prepare(Arena *arena, Str text, bool wildcards, bool variables) {
    char *to = arena_alloc(arena, text.len + 1);
    Pattern pattern = {.text = {to, text.len}, .literal = true};
    bool within = false; // ${…}: stays as it is
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (variables && c == '$' && i + 1 < text.len && text.at[i + 1] == '{') within = pattern.variable = true;
        if (within)
            within = c != '}';
        else if (wildcards && c == '*')
            c = WILD_MANY;
        else if (wildcards && c == '?')
            c = WILD_ONE;
        if (c == WILD_MANY || c == WILD_ONE) pattern.literal = false;
        to[i] = c;
    }
    return pattern;
}

bool policy_wild_match(Str pattern, Str text) {
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.len) {
        if (p < pattern.len && (pattern.at[p] == WILD_ONE || pattern.at[p] == text.at[t])) {
            p++;
            t++;
        } else if (p < pattern.len && pattern.at[p] == WILD_MANY) {
            star = p++;
            resume = t;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == WILD_MANY) p++;
    return p == pattern.len;
}

// The text of a scalar of the context, as a variable's value.
static Str text_of(Arena *arena, const Doc *value) {
    if (doc_is(value, DOC_STR)) return value->as.text;
    if (doc_is(value, DOC_BOOL)) return value->as.boolean ? STR("true") : STR("false");
    if (doc_is(value, DOC_INT)) return str_format(arena, "%lld", (long long)value->as.integer);
    return STR_NONE; // lists have no place in variables
}

// What stands between "${" and "}": a key, perhaps with a default in quotes; or *, ?, $ themselves.
static Str variable_value(const PolicyQuestion *question, Str variable) {
    if (str_is(variable, "*") || str_is(variable, "?") || str_is(variable, "$")) return variable;
    Str key = str_trim(str_cut(&variable, ','));
    Str value = text_of(question->arena, policy_context(question, key));
    if (value.at || !variable.at) return value;
    Str otherwise = str_trim(variable);
    bool quoted = otherwise.len >= 2 && otherwise.at[0] == '\'' && otherwise.at[otherwise.len - 1] == '\'';
    return quoted ? str_sub(otherwise, 1, otherwise.len - 1) : STR_NONE;
}

Str policy_pattern_expand(const Pattern *pattern, const PolicyQuestion *question) {
    if (!pattern->variable) return pattern->text;
    AUTO_BUF buf;
    buf_init(&buf, EXPANDED_MAX_BYTES);
    Str rest = pattern->text;
    for (ptrdiff_t at; (at = str_find(rest, STR("${"))) >= 0;) {
        buf_add(&buf, str_sub(rest, 0, (size_t)at));
        rest = str_from(rest, (size_t)at + 2);
        Str value = variable_value(question, str_cut(&rest, '}'));
        if (!value.at) return STR_NONE;
        buf_add(&buf, value);
    }
    buf_add(&buf, rest);
    return buf.overflow ? STR_NONE : str_copy(question->arena, buf_str(&buf));
}

bool policy_pattern_matches(const Pattern *pattern, const PolicyQuestion *question, Str text) {
    if (!pattern->variable) return pattern->literal ? str_eq(pattern->text, text) : policy_wild_match(pattern->text, text);
    Str expanded = policy_pattern_expand(pattern, question);
    return expanded.at && policy_wild_match(expanded, text);
}

bool policy_patterns_match(Patterns patterns, const PolicyQuestion *question, Str text) {
    for (size_t i = 0; i < patterns.count; i++) {
        if (policy_pattern_matches(&patterns.at[i], question, text)) return !patterns.negated;
    }
    return patterns.negated;
}
