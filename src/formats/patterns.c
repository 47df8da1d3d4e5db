#define PCRE2_CODE_UNIT_WIDTH 8
#include "formats/patterns.h"

#include "base/limits.h"
#include "base/map.h"

#include <pcre2.h>

typedef struct Cache {
    Map *compiled; // flags and pattern → pcre2_code
    pcre2_match_context *context;
    pcre2_match_data *data;
} Cache;

static __thread Cache cache;

static void cache_open(void) {
    if (cache.compiled) return;
    cache.compiled = map_new();
    cache.context = pcre2_match_context_create(NULL);
    cache.data = pcre2_match_data_create(PATTERN_GROUPS, NULL);
    if (!cache.context || !cache.data) abort();
    pcre2_set_match_limit(cache.context, LIMIT_PATTERN_STEPS);
    pcre2_set_depth_limit(cache.context, LIMIT_PATTERN_DEPTH);
}

void pattern_cache_clear(void) {
    if (!cache.compiled) return;
    Str key;
    void *code;
    for (size_t at = 0; map_next(cache.compiled, &at, &key, &code);) pcre2_code_free(code);
    map_free(cache.compiled);
    pcre2_match_context_free(cache.context);
    pcre2_match_data_free(cache.data);
    cache = (Cache){0};
}

static uint32_t options_of(unsigned flags) {
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    if (flags & PATTERN_WHOLE) options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    if (flags & PATTERN_NOCASE) options |= PCRE2_CASELESS;
    if (flags & PATTERN_MULTILINE) options |= PCRE2_MULTILINE;
    return options;
}

static bool compile(Str pattern, unsigned flags, pcre2_code **out, Error *e) {
    int code;
    size_t offset;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)(pattern.at ? pattern.at : ""), pattern.len, options_of(flags), &code, &offset, NULL);
    if (!compiled) {
        char problem[128];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)problem, sizeof problem);
        return fail(e, "bad-pattern", "pattern \"%.*s\", character %zu: %s", STR_ARG(pattern), offset + 1, problem);
    }
    if (flags & PATTERN_OURS) pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE); // where there is no JIT the interpreter serves
    *out = compiled;
    return true;
}

static bool lookup(Str pattern, unsigned flags, pcre2_code **out, Error *e) {
    cache_open();
    AUTO_ARENA arena = arena_new();
    Str key = str_cat(arena, str_format(arena, "%u ", flags), pattern); // a NUL in it counts too
    pcre2_code *code = map_get(cache.compiled, key);
    if (!code) {
        TRY(compile(pattern, flags, &code, e));
        if (map_count(cache.compiled) >= LIMIT_PATTERN_CACHE) {
            pattern_cache_clear();
            cache_open();
        }
        map_put(cache.compiled, key, code);
    }
    *out = code;
    return true;
}

static void read_groups(Str text, int count, PatternMatch *out) {
    const size_t *ends = pcre2_get_ovector_pointer(cache.data);
    out->count = count > 0 ? (size_t)count : PATTERN_GROUPS; // 0: more groups than there is room for
    for (size_t i = 0; i < out->count; i++) { out->groups[i] = ends[2 * i] == PCRE2_UNSET ? STR_NONE : str_sub(text, ends[2 * i], ends[2 * i + 1]); }
}

bool pattern_find(Str pattern, unsigned flags, Str text, PatternMatch *out, Error *e) {
    pcre2_code *code;
    if (!text.at) text = STR("");
    TRY(lookup(pattern, flags, &code, e));
    int result = pcre2_match(code, (PCRE2_SPTR)text.at, text.len, 0, 0, cache.data, cache.context);
    if (result < PCRE2_ERROR_NOMATCH) return fail(e, "pattern-limit", "pattern \"%.*s\" needs too many steps on this text", STR_ARG(pattern));
    *out = (PatternMatch){0};
    if (result >= 0) read_groups(text, result, out);
    return true;
}

bool pattern_matches(Str pattern, unsigned flags, Str text, bool *out, Error *e) {
    PatternMatch match;
    TRY(pattern_find(pattern, flags, text, &match, e));
    *out = match.count > 0;
    return true;
}
