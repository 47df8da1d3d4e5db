// JSON bodies (json 1.0, 1.1, rest-json): yyjson's values are walked with the model beside them.
//
// AWS's JSON services are strict about kinds and name what they met: "NUMBER_VALUE can not be converted to a String"; DynamoDB words the same a little
// differently. Null is absence in structures; in lists and maps it stays, and validation tells of it. Members that the model does not know are passed over.
#include "wire/codec.h"

#include "base/limits.h"

#include <math.h>
#include <yyjson.h>

// Up to this size, of several keys with one name in a map the last counts; in larger ones the first is the one that doc_get finds.
enum { SMALL_MAP = 128 };

// yyjson's memory comes from the request's arena, so strings need no copy.
static void *take(void *arena, size_t size) { return arena_alloc(arena, size); }

static void *take_more(void *arena, void *old, size_t old_size, size_t size) {
    void *block = arena_alloc(arena, size);
    memcpy(block, old, old_size < size ? old_size : size);
    return block;
}

static void give_back(void *arena, void *block) {}

static Str text_of(yyjson_val *value) { return (Str){yyjson_get_str(value), yyjson_get_len(value)}; }

static const char *met_name(yyjson_val *value) {
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_NULL: return "NULL_VALUE";
    case YYJSON_TYPE_BOOL: return yyjson_get_bool(value) ? "TRUE_VALUE" : "FALSE_VALUE";
    case YYJSON_TYPE_NUM: return yyjson_is_real(value) ? "DECIMAL_VALUE" : "NUMBER_VALUE";
    case YYJSON_TYPE_STR: return "STRING_VALUE";
    default: return "VALUE";
    }
}

static const char *wanted_name(const WireShape *shape) {
    switch ((WireKind)shape->kind) {
    case WIRE_STRING: return "String";
    case WIRE_INTEGER: return shape->flags & WIRE_LONG ? "Long" : "Integer";
    case WIRE_REAL: return shape->flags & WIRE_FLOAT ? "Float" : "Double";
    case WIRE_BOOLEAN: return "Boolean";
    case WIRE_BLOB: return "Blob";
    case WIRE_TIMESTAMP: return "milliseconds since epoch";
    default: return "Structure";
    }
}

static bool is_dynamodb(const Codec *codec) { return codec->route->service && str_starts(wire_str(codec->route->service->name), STR("dynamodb")); }

static bool fail_kind(const Codec *codec, const WireShape *shape, yyjson_val *value) {
    if (yyjson_is_obj(value)) return fail(codec->e, "SerializationException", "Start of structure or map found where not expected.");
    if (yyjson_is_arr(value)) return fail(codec->e, "SerializationException", "Start of list found where not expected");
    if (shape->kind == WIRE_STRUCTURE || shape->kind == WIRE_LIST || shape->kind == WIRE_MAP) {
        return fail(codec->e, "SerializationException", "Unexpected field type");
    }
    const char *between = is_dynamodb(codec) ? "cannot be converted to" : "can not be converted to a";
    if (shape->kind == WIRE_INTEGER && !is_dynamodb(codec)) between = "can not be converted to an";
    return fail(codec->e, "SerializationException", "%s %s %s", met_name(value), between, wanted_name(shape));
}

static bool fail_depth(const Codec *codec) {
    return fail(codec->e, "SerializationException", "The request is nested deeper than %d levels", LIMIT_DOC_DEPTH);
}

static bool decode_value(const Codec *codec, const WireMember *member, yyjson_val *value, int depth, Doc **out);

static bool decode_members(const Codec *codec, const WireShape *shape, yyjson_val *object, int depth, Doc *into) {
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        const WireMember *member = yyjson_is_null(value) ? NULL : wire_member_on_wire(shape, text_of(key));
        if (!member) continue;
        Doc *item = NULL;
        TRY(decode_value(codec, member, value, depth + 1, &item));
        doc_put(into, wire_str(member->name), item); // the last of several with one name counts
    }
    return true;
}

static bool decode_list(const Codec *codec, const WireShape *shape, yyjson_val *array, int depth, Doc *into) {
    const WireMember *member = wire_item(shape);
    yyjson_arr_iter iter = yyjson_arr_iter_with(array);
    for (yyjson_val *value; (value = yyjson_arr_iter_next(&iter));) {
        Doc *item = NULL;
        TRY(decode_value(codec, member, value, depth + 1, &item));
        doc_push(into, item);
    }
    return true;
}

static bool decode_map(const Codec *codec, const WireShape *shape, yyjson_val *object, int depth, Doc *into) {
    const WireMember *member = wire_value(shape);
    bool small = yyjson_obj_size(object) <= SMALL_MAP;
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        Doc *item = NULL;
        TRY(decode_value(codec, member, yyjson_obj_iter_get_val(key), depth + 1, &item));
        (small ? doc_put : doc_add)(into, text_of(key), item);
    }
    return true;
}

static bool any_json(const Codec *codec, yyjson_val *value, int depth, Doc **out);

static bool any_list(const Codec *codec, yyjson_val *array, int depth, Doc *into) {
    yyjson_arr_iter iter = yyjson_arr_iter_with(array);
    for (yyjson_val *value; (value = yyjson_arr_iter_next(&iter));) {
        Doc *item = NULL;
        TRY(any_json(codec, value, depth + 1, &item));
        doc_push(into, item);
    }
    return true;
}

static bool any_map(const Codec *codec, yyjson_val *object, int depth, Doc *into) {
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        Doc *item = NULL;
        TRY(any_json(codec, yyjson_obj_iter_get_val(key), depth + 1, &item));
        doc_add(into, text_of(key), item);
    }
    return true;
}

static bool any_json(const Codec *codec, yyjson_val *value, int depth, Doc **out) {
    Arena *arena = codec->arena;
    if (depth > LIMIT_DOC_DEPTH) return fail_depth(codec);
    if (yyjson_is_arr(value)) return any_list(codec, value, depth, *out = doc_list(arena));
    if (yyjson_is_obj(value)) return any_map(codec, value, depth, *out = doc_map(arena));
    if (yyjson_is_bool(value)) {
        *out = doc_of_bool(arena, yyjson_get_bool(value));
    } else if (yyjson_is_str(value)) {
        *out = doc_of_str(arena, text_of(value));
    } else if (yyjson_is_int(value)) {
        *out = doc_of_int(arena, yyjson_get_sint(value));
    } else {
        *out = yyjson_is_real(value) ? doc_of_real(arena, yyjson_get_real(value)) : doc_null(arena);
    }
    return true;
}

// The numbers that JSON cannot say.
static bool special_number(yyjson_val *value, double *out) {
    if (yyjson_equals_str(value, "NaN")) {
        *out = NAN;
    } else if (yyjson_equals_str(value, "Infinity") || yyjson_equals_str(value, "-Infinity")) {
        *out = yyjson_equals_str(value, "Infinity") ? INFINITY : -INFINITY;
    } else {
        return false;
    }
    return true;
}

static bool decode_number(const Codec *codec, const WireShape *shape, yyjson_val *value, Doc **out) {
    double special;
    if (shape->kind == WIRE_REAL && special_number(value, &special)) {
        *out = doc_of_real(codec->arena, special);
        return true;
    }
    if (!yyjson_is_num(value)) return fail_kind(codec, shape, value);
    if (shape->kind == WIRE_REAL) {
        *out = doc_of_real(codec->arena, yyjson_get_num(value));
    } else if (yyjson_is_real(value)) {
        double whole = trunc(yyjson_get_real(value)); // AWS cuts decimals off
        if (fabs(whole) > 9.2e18) return fail_kind(codec, shape, value);
        *out = doc_of_int(codec->arena, (int64_t)whole);
    } else {
        if (yyjson_is_uint(value) && yyjson_get_uint(value) > INT64_MAX) return fail_kind(codec, shape, value);
        *out = doc_of_int(codec->arena, yyjson_get_sint(value));
    }
    return true;
}

static bool decode_time(const Codec *codec, const WireMember *member, yyjson_val *value, Doc **out) {
    int64_t ms;
    if (yyjson_is_num(value)) {
        double seconds = yyjson_get_num(value);
        if (fabs(seconds) > 1e13) return fail_kind(codec, wire_shape_of(member), value);
        ms = (int64_t)round(seconds * 1000);
    } else if (!yyjson_is_str(value) || !time_from_text(member_time_format(member, codec->time_format), text_of(value), &ms)) {
        return fail_kind(codec, wire_shape_of(member), value);
    }
    *out = doc_of_time(codec->arena, ms);
    return true;
}

static bool decode_blob(const Codec *codec, const WireShape *shape, yyjson_val *value, Doc **out) {
    if (!yyjson_is_str(value)) return fail_kind(codec, shape, value);
    Str text = text_of(value), bytes;
    if (text.len % 4) {
        return fail(codec->e, "SerializationException", "Base64 encoded length is expected a multiple of 4 bytes but found: %zu", text.len);
    }
    if (!str_unbase64(codec->arena, text, &bytes))
        return fail(codec->e, "SerializationException", "The value contains characters that are not base64");
    *out = doc_of_blob(codec->arena, bytes);
    return true;
}

static bool decode_children(const Codec *codec, const WireShape *shape, yyjson_val *value, int depth, Doc **out) {
    bool is_list = shape->kind == WIRE_LIST;
    if (is_list ? !yyjson_is_arr(value) : !yyjson_is_obj(value)) return fail_kind(codec, shape, value);
    if (depth > LIMIT_DOC_DEPTH) return fail_depth(codec);
    *out = is_list ? doc_list(codec->arena) : doc_map(codec->arena);
    if (is_list) return decode_list(codec, shape, value, depth, *out);
    return shape->kind == WIRE_MAP ? decode_map(codec, shape, value, depth, *out) : decode_members(codec, shape, value, depth, *out);
}

static bool decode_value(const Codec *codec, const WireMember *member, yyjson_val *value, int depth, Doc **out) {
    const WireShape *shape = wire_shape_of(member);
    if (yyjson_is_null(value)) {
        *out = doc_null(codec->arena);
        return true;
    }
    switch ((WireKind)shape->kind) {
    case WIRE_STRUCTURE:
    case WIRE_LIST:
    case WIRE_MAP: return decode_children(codec, shape, value, depth, out);
    case WIRE_STRING:
        if (!yyjson_is_str(value)) return fail_kind(codec, shape, value);
        *out = doc_of_str(codec->arena, text_of(value));
        return true;
    case WIRE_BOOLEAN:
        if (!yyjson_is_bool(value)) return fail_kind(codec, shape, value);
        *out = doc_of_bool(codec->arena, yyjson_get_bool(value));
        return true;
    case WIRE_INTEGER:
    case WIRE_REAL: return decode_number(codec, shape, value, out);
    case WIRE_BLOB: return decode_blob(codec, shape, value, out);
    case WIRE_TIMESTAMP: return decode_time(codec, member, value, out);
    case WIRE_DOCUMENT: return any_json(codec, value, depth, out);
    }
    return fail_kind(codec, shape, value);
}

bool json_decode_body(const Codec *codec, const WireShape *shape, Str bytes, Doc *into) {
    if (bytes.len == 0) return true;
    yyjson_alc allocator = {take, take_more, give_back, codec->arena};
    yyjson_read_err error;
    // The text is only read without YYJSON_READ_INSITU; yyjson's parameter is not const for that flag's sake.
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)bytes.at, bytes.len, 0, &allocator, &error);
    if (!doc) return fail(codec->e, "SerializationException", "The body is no valid JSON: %s at byte %zu", error.msg, error.pos);
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (yyjson_is_null(root)) return true;
    if (!yyjson_is_obj(root)) return fail_kind(codec, shape, root);
    return decode_members(codec, shape, root, 0, into);
}
