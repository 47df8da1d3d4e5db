#include "services/iam/iam.h"

enum { PAGE_PRESET = 100 };

static Str key_of(const Doc *item, const char *key) { return key ? doc_text(item, key) : doc_str(item, STR("")); }

// The first item behind the marker's: the one after it, or, where it is gone, the first that sorts after it.
static const Doc *behind(Arena *arena, const Doc *items, const char *key, Str marker) {
    for (const Doc *item = doc_first(items); item; item = item->next) {
        if (str_eq(key_of(item, key), marker)) return item->next;
    }
    Str lower = str_lower(arena, marker);
    for (const Doc *item = doc_first(items); item; item = item->next) {
        if (str_cmp(str_lower(arena, key_of(item, key)), lower) > 0) return item;
    }
    return NULL;
}

bool iam_page(const Call *call, const Doc *items, const char *key, const char *member, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str token = doc_text(call->input, "Marker"), marker;
    const Doc *item = doc_first(items);
    if (token.at) {
        if (!str_unbase64(arena, token, &marker)) return fail(e, "ValidationError", "Invalid Marker.");
        item = behind(arena, items, key, marker);
    }
    if (!*out) *out = doc_map(arena);
    Doc *page = doc_list(arena);
    int64_t left = doc_number(call->input, "MaxItems", PAGE_PRESET);
    Str last = STR_NONE;
    for (; item && left > 0; item = item->next, left--) {
        last = key_of(item, key);
        doc_push(page, doc_copy(arena, item));
    }
    doc_set(*out, member, page);
    doc_set_bool(arena, *out, "IsTruncated", item != NULL);
    if (item) doc_set_str(arena, *out, "Marker", str_base64(arena, last));
    return true;
}

bool iam_has_path_prefix(const Call *call, Str path) {
    Str prefix = doc_text(call->input, "PathPrefix");
    return !prefix.at || str_starts(path, prefix);
}
