// Both levels (characters within a part, parts within a path) use the same greedy rule: on a mismatch only the latest star needs to take
// one more, because an earlier star taking more could never reach anything that the latest one cannot. So time is at most quadratic.
#include "formats/globs.h"

// Length of the set at the front of the pattern, with its brackets; 0 when it is not closed.
static size_t set_length(Str pattern) {
    size_t i = 1;
    if (i < pattern.len && (pattern.at[i] == '!' || pattern.at[i] == '^')) i++;
    if (i < pattern.len && pattern.at[i] == ']') i++; // a first ']' is a member
    while (i < pattern.len && pattern.at[i] != ']') i++;
    return i < pattern.len ? i + 1 : 0;
}

static bool set_has(Str set, unsigned char c) {
    Str members = str_sub(set, 1, set.len - 1);
    bool negated = members.at[0] == '!' || members.at[0] == '^';
    members = str_from(members, negated);
    bool found = false;
    for (size_t i = 0; i < members.len; i++) {
        unsigned char low = (unsigned char)members.at[i], high = low;
        if (i + 2 < members.len && members.at[i + 1] == '-') {
            high = (unsigned char)members.at[i + 2];
            i += 2;
        }
        found = found || (c >= low && c <= high);
    }
    return found != negated;
}

// Matches one character against the front of the pattern; gives the length of pattern used, 0 when it does not match.
static size_t match_one(Str pattern, char c) {
    if (pattern.len == 0) return 0;
    size_t set = pattern.at[0] == '[' ? set_length(pattern) : 0;
    if (set) return set_has(str_sub(pattern, 0, set), (unsigned char)c) ? set : 0;
    if (pattern.at[0] == '?') return 1;
    if (pattern.at[0] == '\\' && pattern.len > 1) return pattern.at[1] == c ? 2 : 0;
    return pattern.at[0] == c ? 1 : 0;
}

static bool match_part(Str pattern, Str part) {
    Str star = STR_NONE; // the pattern behind the latest star
    size_t at = 0, star_at = 0;
    while (at < part.len) {
        if (pattern.len && pattern.at[0] == '*') {
            star = pattern = str_from(pattern, 1);
            star_at = at;
            continue;
        }
        size_t used = match_one(pattern, part.at[at]);
        if (used) {
            pattern = str_from(pattern, used);
            at++;
        } else if (!str_is_none(star)) {
            pattern = star;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (pattern.len && pattern.at[0] == '*') pattern = str_from(pattern, 1);
    return pattern.len == 0;
}

bool glob_match(Str pattern, Str path) {
    Str star_pattern = STR_NONE, star_path = STR_NONE; // what follows the latest "**", and the path not yet taken by it
    bool in_star = false;
    while (!str_is_none(path)) {
        Str pattern_rest = pattern, path_rest = path;
        Str part = str_is_none(pattern) ? STR_NONE : str_cut(&pattern_rest, '/');
        if (str_is(part, "**")) {
            in_star = true;
            star_pattern = pattern = pattern_rest;
            star_path = path;
            if (str_is_none(pattern)) return true;
        } else if (!str_is_none(part) && match_part(part, str_cut(&path_rest, '/'))) {
            pattern = pattern_rest;
            path = path_rest;
        } else if (in_star) {
            str_cut(&star_path, '/');
            pattern = star_pattern;
            path = star_path;
        } else {
            return false;
        }
    }
    return str_is_none(pattern) || str_is(pattern, "**");
}

bool glob_is_literal(Str pattern) {
    for (size_t i = 0; i < pattern.len; i++) {
        if (strchr("*?[\\", pattern.at[i])) return false;
    }
    return true;
}
