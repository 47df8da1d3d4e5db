// Patterns of the models, which codegen/patterns.py has rewritten for PCRE2.
#include "wire/validating.h"

#include "base/log.h"
#include "formats/patterns.h"

bool matches_pattern(const WireLimits *limits, Str text) {
    Error why;
    bool matches = true;
    if (pattern_matches(wire_str(limits->pcre), PATTERN_WHOLE | PATTERN_OURS, text, &matches, &why)) return matches;
    log_debug("pattern %.*s: %s", STR_ARG(wire_str(limits->pattern)), why.message);
    return false;
}
