// Scalars as text, as they stand in forms, XML, headers, queries and labels.
#include "wire/codec.h"

#include "formats/timestamps.h"

#include <math.h>

WireTimeFormat member_time_format(const WireMember *member, WireTimeFormat otherwise) {
    if (member->time_format != WIRE_TIME_DEFAULT) return (WireTimeFormat)member->time_format;
    WireTimeFormat of_shape = (WireTimeFormat)wire_shape_of(member)->time_format;
    return of_shape != WIRE_TIME_DEFAULT ? of_shape : otherwise;
}

// The model's format first; clients of all ages send the others too.
bool time_from_text(WireTimeFormat format, Str text, int64_t *ms) {
    if (format == WIRE_TIME_UNIX && time_parse_epoch(text, ms)) return true;
    if (format == WIRE_TIME_RFC822 && time_parse_http(text, ms)) return true;
    return time_parse_any(text, ms);
}

// What is no UTF-8 must not get in: it would come out again in JSON and XML.
static bool string_from_text(Arena *arena, Str text, Doc **out, Error *e) {
    if (!str_is_utf8(text)) return fail(e, "bad-scalar", "The value is not valid UTF-8");
    *out = doc_of_str(arena, text);
    return true;
}

static bool int_from_text(Arena *arena, const WireShape *shape, Str text, Doc **out, Error *e) {
    int64_t value;
    bool fits = str_to_int(text, &value) && (shape->flags & WIRE_LONG || (value >= INT32_MIN && value <= INT32_MAX));
    if (!fits) return fail(e, "bad-scalar", "For input string: \"%.*s\"", STR_ARG(text));
    *out = doc_of_int(arena, value);
    return true;
}

static bool real_from_text(Arena *arena, Str text, Doc **out, Error *e) {
    double value;
    if (str_eq(text, STR("NaN"))) {
        value = NAN;
    } else if (str_eq(text, STR("Infinity")) || str_eq(text, STR("-Infinity"))) {
        value = text.at[0] == '-' ? -INFINITY : INFINITY;
    } else if (!str_to_double(text, &value)) {
        return fail(e, "bad-scalar", "For input string: \"%.*s\"", STR_ARG(text));
    }
    *out = doc_of_real(arena, value);
    return true;
}

static bool bool_from_text(Arena *arena, Str text, Doc **out, Error *e) {
    bool yes = str_eq_nocase(text, STR("true")), no = str_eq_nocase(text, STR("false"));
    if (!yes && !no) return fail(e, "bad-scalar", "%.*s must be true or false", STR_ARG(text));
    *out = doc_of_bool(arena, yes);
    return true;
}

static bool time_doc_from_text(const Codec *codec, const WireMember *member, Str text, Doc **out, Error *e) {
    int64_t ms;
    bool good = time_from_text(member_time_format(member, codec->time_format), text, &ms);
    if (!good) return fail(e, "bad-scalar", "%.*s is not a valid timestamp", STR_ARG(text));
    *out = doc_of_time(codec->arena, ms);
    return true;
}

static bool blob_from_text(Arena *arena, Str text, Doc **out, Error *e) {
    Str bytes;
    if (!str_unbase64(arena, text, &bytes)) return fail(e, "bad-scalar", "The value is not valid base64");
    *out = doc_of_blob(arena, bytes);
    return true;
}

bool scalar_from_text(const Codec *codec, const WireMember *member, Str text, Doc **out, Error *e) {
    const WireShape *shape = wire_shape_of(member);
    switch ((WireKind)shape->kind) {
    case WIRE_STRING: return string_from_text(codec->arena, text, out, e);
    case WIRE_INTEGER: return int_from_text(codec->arena, shape, text, out, e);
    case WIRE_REAL: return real_from_text(codec->arena, text, out, e);
    case WIRE_BOOLEAN: return bool_from_text(codec->arena, text, out, e);
    case WIRE_BLOB: return blob_from_text(codec->arena, text, out, e);
    case WIRE_TIMESTAMP: return time_doc_from_text(codec, member, text, out, e);
    case WIRE_STRUCTURE:
    case WIRE_LIST:
    case WIRE_MAP:
    case WIRE_DOCUMENT: break;
    }
    return fail(e, "bad-scalar", "Unexpected value where a structure, list or map is expected");
}
