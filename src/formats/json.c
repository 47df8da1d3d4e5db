#include "formats/json.h"

#include "base/limits.h"
#include "base/map.h"

#include <yyjson.h>

// A document up to this size is parsed in a pool on the stack, so that a common request allocates nothing but its arena.
enum { SMALL_TEXT_BYTES = 2048, POOL_BYTES = 14 * 2048 + 1024 };
// Up to so many members are compared one by one; larger maps get a hash table for finding names that stand twice.
enum { FEW_MEMBERS = 24 };

static bool convert(Arena *arena, yyjson_val *value, int depth, Doc **out, Error *e);

static bool convert_list(Arena *arena, yyjson_val *value, int depth, Doc **out, Error *e) {
    Doc *list = doc_list(arena);
    size_t at, count;
    yyjson_val *item;
    yyjson_arr_foreach(value, at, count, item) {
        Doc *child;
        TRY(convert(arena, item, depth + 1, &child, e));
        doc_push(list, child);
    }
    *out = list;
    return true;
}

// The earlier node takes over the later one's value, so that siblings stay linked.
static void take_over(Doc *earlier, const Doc *later) {
    earlier->kind = later->kind;
    earlier->count = later->count;
    earlier->as = later->as;
}

static Str text_of(yyjson_val *value) { return (Str){yyjson_get_str(value), yyjson_get_len(value)}; }

static Doc *find_earlier(const Doc *map, Map *seen, Str key) { return seen ? map_get(seen, key) : doc_get_str_key(map, key); }

static bool convert_members(Arena *arena, yyjson_val *value, int depth, Doc *map, Map *seen, Error *e) {
    size_t at, count;
    yyjson_val *name, *member;
    yyjson_obj_foreach(value, at, count, name, member) {
        Doc *child;
        TRY(convert(arena, member, depth + 1, &child, e));
        Doc *earlier = find_earlier(map, seen, text_of(name));
        if (earlier) {
            take_over(earlier, child);
            continue;
        }
        doc_add(map, text_of(name), child);
        if (seen) map_put(seen, text_of(name), child);
    }
    return true;
}

static bool convert_map(Arena *arena, yyjson_val *value, int depth, Doc **out, Error *e) {
    Doc *map = doc_map(arena);
    Map *seen = yyjson_obj_size(value) > FEW_MEMBERS ? map_new() : NULL;
    bool ok = convert_members(arena, value, depth, map, seen, e);
    map_free(seen);
    if (ok) *out = map;
    return ok;
}

static Doc *convert_number(Arena *arena, yyjson_val *value) {
    if (yyjson_is_real(value)) return doc_of_real(arena, yyjson_get_real(value));
    if (yyjson_is_sint(value)) return doc_of_int(arena, yyjson_get_sint(value));
    uint64_t number = yyjson_get_uint(value);
    return number > INT64_MAX ? doc_of_real(arena, (double)number) : doc_of_int(arena, (int64_t)number);
}

static bool convert(Arena *arena, yyjson_val *value, int depth, Doc **out, Error *e) {
    if (depth > LIMIT_DOC_DEPTH) return fail(e, "bad-json", "lists and maps are nested deeper than %d", LIMIT_DOC_DEPTH);
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_ARR: return convert_list(arena, value, depth, out, e);
    case YYJSON_TYPE_OBJ: return convert_map(arena, value, depth, out, e);
    case YYJSON_TYPE_STR: *out = doc_of_str(arena, text_of(value)); return true;
    case YYJSON_TYPE_NUM: *out = convert_number(arena, value); return true;
    case YYJSON_TYPE_BOOL: *out = doc_of_bool(arena, yyjson_get_bool(value)); return true;
    default: *out = doc_null(arena); return true;
    }
}

static bool fail_at(Error *e, Str text, const yyjson_read_err *problem) {
    size_t line = 1, column = 1, character = 0;
    yyjson_locate_pos(text.at, text.len, problem->pos, &line, &column, &character);
    return fail(e, "bad-json", "%zu:%zu: %s", line, column, problem->msg);
}

bool json_parse(Arena *arena, Str text, Doc **out, Error *e) {
    if (text.len > LIMIT_JSON_BYTES) return fail(e, "bad-json", "the text is larger than %ld bytes", LIMIT_JSON_BYTES);
    // Parsed in place in a copy that the arena keeps: strings of the Doc point into it.
    char *copy = arena_alloc(arena, text.len + YYJSON_PADDING_SIZE);
    if (text.len) memcpy(copy, text.at, text.len);
    memset(copy + text.len, 0, YYJSON_PADDING_SIZE);
    char pool[POOL_BYTES];
    yyjson_alc allocator;
    bool small = text.len <= SMALL_TEXT_BYTES && yyjson_alc_pool_init(&allocator, pool, sizeof pool);
    yyjson_read_err problem;
    yyjson_doc *document = yyjson_read_opts(copy, text.len, YYJSON_READ_INSITU, small ? &allocator : NULL, &problem);
    if (!document) return fail_at(e, text, &problem);
    bool ok = convert(arena, yyjson_doc_get_root(document), 0, out, e);
    yyjson_doc_free(document);
    return ok;
}
