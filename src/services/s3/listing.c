// Walking a bucket's keys in order, with a prefix and a delimiter.
//
// A common prefix is listed once, at its first visible key; the scan then goes on behind all keys that have it, by a new seek instead of walking them.
#include "services/s3/s3.h"

enum { KEYS_A_PAGE = 1000 };

static Str common_prefix(const ListWalk *walk, Str key) {
    if (!walk->delimiter.len) return STR_NONE;
    ptrdiff_t at = str_find(str_from(key, walk->prefix.len), walk->delimiter);
    return at < 0 ? STR_NONE : str_sub(key, 0, walk->prefix.len + (size_t)at + walk->delimiter.len);
}

static bool list_prefix(ListWalk *walk, Str common) {
    Arena *arena = turn_arena(walk->turn);
    walk->jump = str_copy(arena, common);
    bool before = walk->skips_entered ? str_starts(walk->after, common) : str_eq(common, walk->after);
    if (before) return false; // listed by the page before
    if (walk->count >= walk->limit) {
        walk->truncated = true;
        walk->jump = STR_NONE;
        return false;
    }
    Doc *prefix = doc_map(arena);
    doc_set_str(arena, prefix, "Prefix", walk->jump);
    doc_push(walk->prefixes, prefix);
    walk->count++;
    walk->last = walk->jump;
    return false;
}

static bool visit(void *context, Str row_key, Str value) {
    ListWalk *walk = context;
    Arena *arena = turn_arena(walk->turn);
    Str bucket, key, upload = STR_NONE;
    if (!key_take_text(arena, &row_key, &bucket) || !key_take_text(arena, &row_key, &key)) return true;
    Str common = common_prefix(walk, key);
    if (common.at && walk->counts && !walk->counts(value)) return true;
    if (common.at) return list_prefix(walk, common);
    if (row_key.len) key_take_text(arena, &row_key, &upload);
    return walk->emit(walk, key, upload, value);
}

static Str later(Str a, Str b) { return str_cmp(a, b) >= 0 ? a : b; }

static Str first_key(const ListWalk *walk) {
    Arena *arena = turn_arena(walk->turn);
    Str from = KEY_OPEN(arena, key_text(walk->bucket), key_text(walk->prefix));
    if (!walk->after.at) return from;
    Str after = KEY(arena, key_text(walk->bucket), key_text(walk->after));
    if (!walk->including) after = key_after_prefix(arena, after);
    return later(from, after);
}

void list_keys(ListWalk *walk) {
    Arena *arena = turn_arena(walk->turn);
    walk->prefixes = doc_list(arena);
    if (!walk->limit) return;
    Str all = KEY_OPEN(arena, key_text(walk->bucket), key_text(walk->prefix));
    StoreRange range = {.from = first_key(walk), .before = key_after_prefix(arena, all)};
    for (;;) {
        walk->jump = STR_NONE;
        store_scan(turn_store(walk->turn), walk->table, range, visit, walk);
        if (!walk->jump.at) return;
        range.from = key_after_prefix(arena, KEY_OPEN(arena, key_text(walk->bucket), key_text(walk->jump)));
    }
}

bool list_number(const Call *call, const char *parameter, int64_t number, Error *e) {
    if (number >= 0) return true;
    const char *name = strcmp(parameter, "max-keys") == 0 ? "maxKeys" : parameter; // S3 spells this one otherwise
    Str message = str_format(call->arena, "Argument %s must be an integer between 0 and 2147483647", name);
    return s3_bad_argument(call, name, str_format(call->arena, "%lld", (long long)number), message.at, e);
}

bool list_page_size(const Call *call, const char *member, const char *parameter, size_t *out, Error *e) {
    int64_t limit = doc_number(call->input, member, KEYS_A_PAGE);
    TRY(list_number(call, parameter, limit, e));
    *out = limit > KEYS_A_PAGE ? (size_t)KEYS_A_PAGE : (size_t)limit;
    return true;
}

bool list_encoding(const Call *call, bool *url, Error *e) {
    Str type = doc_text(call->input, "EncodingType");
    if (type.at && !str_is(type, "url")) return s3_bad_argument(call, "encoding-type", type, "Invalid Encoding Method specified in Request", e);
    *url = type.at != NULL;
    return true;
}

// RestoreStatus would tell of objects in archives, and there are none.
bool list_optional_attributes(const Call *call, Error *e) {
    for (const Doc *name = doc_first(doc_get(call->input, "OptionalObjectAttributes")); name; name = name->next) {
        Str text = doc_str(name, STR(""));
        if (!str_is(text, "RestoreStatus"))
            return s3_bad_argument(call, "x-amz-optional-object-attributes", text, "Invalid attribute name specified.", e);
    }
    return true;
}

// The form of encoding-type=url: as of an HTML form, but with its slashes.
Str list_key(Arena *arena, Str key, bool url) {
    if (!url || !key.at) return key;
    AUTO_BUF buf;
    buf_init(&buf, key.len * 3 + 1);
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.at[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("-_./*", c));
        if (c == ' ')
            buf_add_char(&buf, '+');
        else if (plain)
            buf_add_char(&buf, (char)c);
        else
            buf_addf(&buf, "%%%02X", c);
    }
    return str_copy(arena, buf_str(&buf));
}

Doc *list_prefixes(Arena *arena, const Doc *prefixes, bool url) {
    if (!doc_count(prefixes)) return NULL;
    Doc *list = doc_list(arena);
    for (const Doc *prefix = doc_first(prefixes); prefix; prefix = prefix->next) {
        Doc *shown = doc_map(arena);
        doc_set_str(arena, shown, "Prefix", list_key(arena, doc_text(prefix, "Prefix"), url));
        doc_push(list, shown);
    }
    return list;
}
