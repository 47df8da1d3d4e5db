// Filters of the Describe operations: all must match; of a filter's values one must; '*' and '?' are wildcards; tag:KEY, tag-key and tag-value always exist.
#include "services/ec2/ec2.h"

#include "formats/timestamps.h"

bool no_such(Error *e, const char *code, const char *what, Str id) { return fail(e, code, "The %s '%.*s' does not exist", what, STR_ARG(id)); }

bool refuse_members(const Doc *input, const char *const *members, const char *operation, Error *e) {
    for (; *members; members++) {
        if (doc_get(input, *members)) return fail(e, "UnsupportedOperation", "%s with %s is not built.", operation, *members);
    }
    return true;
}

static bool wildcard_match(Str pattern, Str text) {
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.len && (pattern.at[p] == '?' || pattern.at[p] == text.at[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*') p++;
    return p == pattern.len;
}

static bool text_matches(const Doc *values, Str text) {
    for (const Doc *value = doc_first(values); value; value = value->next) {
        if (wildcard_match(doc_str(value, STR("")), text)) return true;
    }
    return false;
}

// Times have come back from the store as numbers: their names tell.
static bool leaf_matches(Arena *arena, const Doc *values, const Doc *leaf) {
    bool time = doc_is(leaf, DOC_TIME) || (doc_is(leaf, DOC_INT) && str_ends(leaf->key, STR("Time")));
    if (time) return text_matches(values, time_iso8601_ms(arena, doc_int(leaf, 0)));
    if (doc_is(leaf, DOC_BOOL)) return text_matches(values, leaf->as.boolean ? STR("true") : STR("false"));
    if (doc_is(leaf, DOC_REAL)) return text_matches(values, str_format(arena, "%g", leaf->as.real));
    if (doc_is(leaf, DOC_INT)) return text_matches(values, str_format(arena, "%lld", (long long)leaf->as.integer));
    return doc_is(leaf, DOC_STR) && text_matches(values, leaf->as.text);
}

static bool path_matches(Arena *arena, const Doc *values, const Doc *at, Str path) {
    if (doc_is(at, DOC_LIST)) {
        for (const Doc *item = doc_first(at); item; item = item->next) {
            if (path_matches(arena, values, item, path)) return true;
        }
        return false;
    }
    if (!path.at) return leaf_matches(arena, values, at);
    Str member = str_cut(&path, '.');
    return path_matches(arena, values, doc_get_str_key(at, member), path);
}

static bool tag_matches(const Doc *tags, Str key, const Doc *values) {
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        if (str_eq(doc_text(tag, "Key"), key)) return text_matches(values, doc_text(tag, "Value"));
    }
    return false;
}

static bool is_of_tags(Str name) { return str_starts(name, STR("tag:")) || str_is(name, "tag-key") || str_is(name, "tag-value"); }

static const Filterable *filter_named(const Filterable *known, Str name) {
    for (; known->filter; known++) {
        if (str_is(name, known->filter)) return known;
    }
    return NULL;
}

bool filters_known(const Doc *filters, const Filterable *known, Error *e) {
    for (const Doc *filter = doc_first(filters); filter; filter = filter->next) {
        Str name = doc_text(filter, "Name");
        if (!is_of_tags(name) && !filter_named(known, name)) return fail(e, "InvalidParameterValue", "The filter '%.*s' is invalid", STR_ARG(name));
    }
    return true;
}

static bool one_matches(Arena *arena, const Doc *filter, const Filterable *known, const Doc *resource) {
    Str name = doc_text(filter, "Name");
    const Doc *values = doc_get(filter, "Values");
    if (str_starts(name, STR("tag:"))) return tag_matches(doc_get(resource, "Tags"), str_from(name, 4), values);
    if (is_of_tags(name)) return path_matches(arena, values, resource, str_is(name, "tag-key") ? STR("Tags.Key") : STR("Tags.Value"));
    Str path = str_of(filter_named(known, name)->path);
    return str_starts(path, STR("=")) ? text_matches(values, str_from(path, 1)) : path_matches(arena, values, resource, path);
}

bool is_asked(const Doc *ids, Str id) {
    for (const Doc *one = doc_first(ids); one; one = one->next) {
        if (str_eq(doc_str(one, STR_NONE), id)) return true;
    }
    return doc_count(ids) == 0;
}

bool filters_match(Turn *turn, const Doc *filters, const Filterable *known, const Doc *resource, bool *matches, Error *e) {
    bool all = true;
    TRY(filters_known(filters, known, e));
    for (const Doc *filter = doc_first(filters); filter; filter = filter->next) all = all && one_matches(turn_arena(turn), filter, known, resource);
    *matches = all;
    return true;
}
