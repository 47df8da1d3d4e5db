// rpc-v2-cbor, both ways: formats/cbor reads and writes Docs; here the model is laid over them (names, kinds, times). Members keep their names on this wire.
#include "wire/codec.h"
#include "wire/writer.h"

#include "formats/cbor.h"

static bool fail_kind(const Codec *codec, Str name) {
    return fail(codec->e, "SerializationException", "The value of %.*s is of another kind than the model says", STR_ARG(name));
}

static bool conform(const Codec *codec, const WireMember *member, Str name, const Doc *from, Doc **out);

static bool conform_members(const Codec *codec, const WireShape *shape, const Doc *from, Doc *into) {
    for (const Doc *child = doc_first(from); child; child = child->next) {
        const WireMember *member = doc_is_absent(child) ? NULL : wire_member(shape, child->key);
        if (!member) continue;
        Doc *value = NULL;
        TRY(conform(codec, member, child->key, child, &value));
        doc_put(into, child->key, value);
    }
    return true;
}

static bool conform_items(const Codec *codec, const WireShape *list, Str name, const Doc *from, Doc *into) {
    for (const Doc *child = doc_first(from); child; child = child->next) {
        Doc *value = NULL;
        TRY(conform(codec, wire_item(list), name, child, &value));
        doc_push(into, value);
    }
    return true;
}

static bool conform_entries(const Codec *codec, const WireShape *map, const Doc *from, Doc *into) {
    for (const Doc *child = doc_first(from); child; child = child->next) {
        Doc *value = NULL;
        if (!str_is_utf8(child->key)) return fail(codec->e, "SerializationException", "The key of a map is not valid UTF-8");
        TRY(conform(codec, wire_value(map), child->key, child, &value));
        doc_add(into, child->key, value);
    }
    return true;
}

static bool conform_scalar(const Codec *codec, const WireShape *shape, Str name, const Doc *from, Doc **out) {
    Arena *arena = codec->arena;
    bool number = from->kind == DOC_INT || from->kind == DOC_REAL;
    switch ((WireKind)shape->kind) {
    case WIRE_STRING: *out = from->kind == DOC_STR && str_is_utf8(from->as.text) ? doc_of_str(arena, from->as.text) : NULL; break;
    case WIRE_BLOB: *out = from->kind == DOC_BLOB ? doc_of_blob(arena, from->as.text) : NULL; break;
    case WIRE_BOOLEAN: *out = from->kind == DOC_BOOL ? doc_of_bool(arena, from->as.boolean) : NULL; break;
    case WIRE_INTEGER: *out = from->kind == DOC_INT ? doc_of_int(arena, from->as.integer) : NULL; break;
    case WIRE_REAL: *out = number ? doc_of_real(arena, doc_real(from, 0)) : NULL; break;
    case WIRE_TIMESTAMP: *out = number || from->kind == DOC_TIME ? doc_of_time(arena, time_of(from)) : NULL; break;
    default: *out = doc_copy(arena, from); break;
    }
    return *out || fail_kind(codec, name);
}

static bool conform(const Codec *codec, const WireMember *member, Str name, const Doc *from, Doc **out) {
    const WireShape *shape = wire_shape_of(member);
    bool is_map = shape->kind == WIRE_STRUCTURE || shape->kind == WIRE_MAP;
    if (from->kind == DOC_NULL) {
        *out = doc_null(codec->arena);
        return true;
    }
    if ((is_map && from->kind != DOC_MAP) || (shape->kind == WIRE_LIST && from->kind != DOC_LIST)) return fail_kind(codec, name);
    if (shape->kind == WIRE_STRUCTURE) return conform_members(codec, shape, from, *out = doc_map(codec->arena));
    if (shape->kind == WIRE_MAP) return conform_entries(codec, shape, from, *out = doc_map(codec->arena));
    if (shape->kind == WIRE_LIST) return conform_items(codec, shape, name, from, *out = doc_list(codec->arena));
    return conform_scalar(codec, shape, name, from, out);
}

bool cbor_decode_body(const Codec *codec, const WireShape *shape, Str bytes, Doc *into) {
    if (bytes.len == 0) return true;
    Doc *body;
    Error why;
    if (!cbor_parse(codec->arena, bytes, &body, &why)) return fail(codec->e, "SerializationException", "The body is no valid CBOR: %s", why.message);
    if (body->kind != DOC_MAP) return fail(codec->e, "SerializationException", "The body is no CBOR map");
    return conform_members(codec, shape, body, into);
}

// Numbers of a timestamp become a DOC_TIME, whole numbers of a real a DOC_REAL, and so on; what fits stays as it is.
static Doc *for_wire(Arena *arena, const WireMember *member, const Doc *from);

static Doc *members_for_wire(Arena *arena, const WireShape *shape, const Doc *from) {
    Doc *into = doc_map(arena);
    for (const Doc *child = doc_first(from); child; child = child->next) {
        const WireMember *member = doc_is_absent(child) ? NULL : wire_member(shape, child->key);
        if (member) doc_add(into, wire_str(member->name), for_wire(arena, member, child));
    }
    return into;
}

static Doc *for_wire(Arena *arena, const WireMember *member, const Doc *from) {
    const WireShape *shape = wire_shape_of(member);
    if (shape->kind == WIRE_STRUCTURE) return members_for_wire(arena, shape, from);
    if (shape->kind == WIRE_TIMESTAMP) return doc_of_time(arena, time_of(from));
    if (shape->kind == WIRE_REAL) return doc_of_real(arena, doc_real(from, 0));
    if (shape->kind == WIRE_INTEGER) return doc_of_int(arena, doc_int(from, 0));
    if (shape->kind == WIRE_BLOB) return doc_of_blob(arena, doc_str(from, STR("")));
    if (shape->kind != WIRE_LIST && shape->kind != WIRE_MAP) return doc_copy(arena, from);
    bool is_list = shape->kind == WIRE_LIST;
    Doc *into = is_list ? doc_list(arena) : doc_map(arena);
    for (const Doc *child = doc_first(from); child; child = child->next) {
        Doc *value = for_wire(arena, is_list ? wire_item(shape) : wire_value(shape), child);
        if (is_list) {
            doc_push(into, value);
        } else {
            doc_add(into, child->key, value);
        }
    }
    return into;
}

void cbor_encode(const Writer *writer, const WireShape *shape, const Doc *doc) {
    if (shape) cbor_write_to(writer->buf, members_for_wire(writer->arena, shape, doc));
}
