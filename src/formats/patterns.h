// Regular expressions (PCRE2), for patterns that input controls: matching has limits, compiled patterns are kept.
//
// Each thread has a cache of its own, so nothing is shared and nothing needs a lock. Errors have code "bad-pattern" (with the offset in
// the pattern) or "pattern-limit" (the match needed more than LIMIT_PATTERN_STEPS or LIMIT_PATTERN_DEPTH). Only patterns of our own (PATTERN_OURS: AWS's models)
// become machine code, which counts its steps loosely: a hostile pattern would run for minutes there.
#pragma once

#include "base/error.h"

enum { PATTERN_WHOLE = 1, PATTERN_NOCASE = 2, PATTERN_MULTILINE = 4, PATTERN_OURS = 8 }; // WHOLE: the text from its first to its last byte
enum { PATTERN_GROUPS = 16 };

typedef struct PatternMatch {
    size_t count; // groups, group 0 (the whole match) included; 0: no match
    Str groups[PATTERN_GROUPS]; // into the text; STR_NONE for a group that took no part
} PatternMatch;

// Finds the first match. A text without a match is no error: `out->count` is 0.
bool pattern_find(Str pattern, unsigned flags, Str text, PatternMatch *out, Error *e);
bool pattern_matches(Str pattern, unsigned flags, Str text, bool *out, Error *e);
void pattern_cache_clear(void); // frees this thread's cache
