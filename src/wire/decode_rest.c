// REST requests: labels of the path, query parameters, headers, and a body that is a document, or the payload of one member.
// Walked from what the request has (a handful of headers) rather than from what the model allows (PutObject: over forty).
#include "wire/codec.h"

#include "formats/json.h"
#include "wire/evidence.h"
#include "wire/s3_refusals.h"

// S3's words for a number that is none, and the argument by name.
static bool fail_s3_text(const Codec *codec, const WireMember *member, Str text) {
    Str name = wire_str(member->wire_name);
    if (str_is(name, "x-amz-mp-object-size"))
        return fail(codec->e, "InvalidRequest", "Value for %.*s header is invalid: '%.*s'", STR_ARG(name), STR_ARG(text));
    Str message = str_format(codec->arena, "The value %.*s of %.*s is not valid.", STR_ARG(text), STR_ARG(name));
    if (str_is(name, "x-amz-object-lock-retain-until-date"))
        message = STR("The retain until date must be provided in ISO 8601 format");
    else if (wire_shape_of(member)->kind == WIRE_INTEGER)
        message = str_format(codec->arena, "Provided %.*s not an integer or within integer range", STR_ARG(name));
    return s3_fail_argument(codec->arena, name, text, message, codec->e);
}

static bool fail_text(const Codec *codec, const WireMember *member, Str text, const Error *why) {
    Str name = wire_str(member->wire_name);
    if (codec->route->protocol == WIRE_REST_XML) return fail_s3_text(codec, member, text);
    return fail(codec->e, "SerializationException", "%s (%.*s)", why->message, STR_ARG(name));
}

static bool decode_text(const Codec *codec, const WireMember *member, Str text, Doc **out) {
    Error why;
    return scalar_from_text(codec, member, text, out, &why) || fail_text(codec, member, text, &why);
}

static bool decode_percent(const Codec *codec, Str text, bool plus_is_space, Str *out) {
    if (!text.len || (str_find_char(text, '%') < 0 && !(plus_is_space && str_find_char(text, '+') >= 0))) {
        *out = text;
        return true;
    }
    if (str_uri_decode(codec->arena, text, plus_is_space, out)) return true;
    const char *code = codec->route->protocol == WIRE_REST_XML ? "InvalidURI" : "SerializationException";
    return fail(codec->e, code, "Couldn't parse the specified URI.");
}

static bool decode_labels(const Codec *codec, const WireShape *shape, Doc *into) {
    for (size_t i = 0; i < codec->route->label_count; i++) {
        const WireLabel *label = &codec->route->labels[i];
        const WireMember *member = wire_member_outside(shape, WIRE_IN_URI, label->name);
        if (!member) continue;
        Str text;
        Doc *value = NULL;
        TRY(decode_percent(codec, label->value, false, &text));
        TRY(decode_text(codec, member, text, &value));
        doc_add(into, wire_str(member->name), value);
    }
    return true;
}

// The map or list that `name` already has in `into`, or a new one.
static Doc *child_of(const Codec *codec, Doc *into, Str name, bool list) {
    Doc *child = doc_get_str_key(into, name);
    if (child) return child;
    child = list ? doc_list(codec->arena) : doc_map(codec->arena);
    doc_add(into, name, child);
    return child;
}

static const WireMember *member_at(const WireShape *shape, WireLocation location, WireKind kind) {
    for (size_t i = 0; i < shape->member_count; i++) {
        const WireMember *member = wire_member_at(shape, i);
        if (member->location == location && wire_shape_of(member)->kind == kind) return member;
    }
    return NULL;
}

// Parameters that no member, template or signature claims go to a map of the query, where the input has one.
static bool add_to_query_map(const Codec *codec, const WireShape *shape, Str name, Str text, Doc *into) {
    const WireMember *map = member_at(shape, WIRE_IN_QUERY, WIRE_MAP);
    if (!map || is_template_parameter(codec->route, name) || str_starts(name, STR("X-Amz-"))) return true;
    const WireMember *value = wire_value(wire_shape_of(map));
    Doc *entries = child_of(codec, into, wire_str(map->name), false), *item = NULL;
    if (wire_shape_of(value)->kind == WIRE_LIST) {
        TRY(decode_text(codec, wire_item(wire_shape_of(value)), text, &item));
        doc_push(child_of(codec, entries, name, true), item);
        return true;
    }
    TRY(decode_text(codec, value, text, &item));
    if (!str_is_utf8(name)) return fail_text(codec, map, name, &(Error){.message = "The name of a parameter is not valid UTF-8"});
    doc_put(entries, name, item);
    return true;
}

static bool decode_header_list(const Codec *codec, const WireMember *member, Str text, Doc *into) {
    const WireMember *item = wire_item(wire_shape_of(member));
    Doc *list = child_of(codec, into, wire_str(member->name), true);
    while (text.len) {
        Doc *value = NULL;
        TRY(decode_text(codec, item, str_trim(str_cut(&text, ',')), &value));
        doc_push(list, value);
    }
    return true;
}

// S3 keeps Expires as it was told, and passes over the date of a condition that is none (RFC 9110, 13.1.3).
static bool decode_s3_date(const Codec *codec, const WireMember *member, Str text, Doc *into, bool *taken) {
    int64_t ms;
    bool date = codec->route->protocol == WIRE_REST_XML && wire_shape_of(member)->kind == WIRE_TIMESTAMP;
    bool expires = date && str_is(wire_str(member->name), "Expires");
    *taken = expires || (date && str_contains(wire_str(member->name), STR("If")) && !time_from_text(WIRE_TIME_RFC822, text, &ms));
    if (expires && !str_is_utf8(text)) return fail_s3_text(codec, member, text);
    if (expires) doc_put(into, wire_str(member->name), doc_of_str(codec->arena, text));
    return true;
}

// How many parts GetObjectAttributes is to tell: what is no number is as if nothing were said.
static bool is_passed_over(const Codec *codec, const WireMember *member, Str text) {
    Error why;
    Doc *value;
    return str_is(wire_str(member->wire_name), "x-amz-max-parts") && !scalar_from_text(codec, member, text, &value, &why);
}

static bool decode_header(const Codec *codec, const WireMember *member, Str text, Doc *into) {
    if (wire_shape_of(member)->kind == WIRE_LIST) return decode_header_list(codec, member, text, into);
    bool is_text = wire_shape_of(member)->kind == WIRE_STRING;
    Doc *value = NULL;
    if (member->flags & WIRE_JSON_VALUE)
        TRY(str_unbase64(codec->arena, text, &text) || fail_text(codec, member, text, &(Error){.message = "no base64"}));
    if ((!is_text && text.len == 0) || is_passed_over(codec, member, text)) return true;
    bool taken = false;
    TRY(decode_s3_date(codec, member, text, into, &taken));
    if (taken) return true;
    TRY(decode_text(codec, member, text, &value));
    doc_put(into, wire_str(member->name), value);
    return true;
}

// `map`: the member that takes all headers with a prefix, or NULL.
static bool take_header(const Codec *codec, const WireShape *shape, const WireMember *map, Str name, Str text, Doc *into) {
    const WireMember *member = wire_member_outside(shape, WIRE_IN_HEADER, name);
    Str prefix = map ? wire_str(map->wire_name) : STR_NONE;
    if (member) return decode_header(codec, member, text, into);
    if (!map || name.len <= prefix.len || !str_eq_nocase(str_sub(name, 0, prefix.len), prefix)) return true;
    Doc *value = NULL;
    TRY(decode_text(codec, wire_value(wire_shape_of(map)), text, &value));
    doc_put(child_of(codec, into, wire_str(map->name), false), str_lower(codec->arena, str_from(name, prefix.len)), value);
    return true;
}

// Who presigns a request may put its x-amz headers into the query, and S3 takes them there; but for checksums, which nobody can know beforehand, and
// for what an SDK says of them.
static bool is_hoisted(const Codec *codec, Str name) {
    Str lower = str_lower(codec->arena, name);
    bool of_checksum = str_starts(lower, STR("x-amz-checksum-")) || str_starts(lower, STR("x-amz-sdk-checksum-"));
    return codec->route->protocol == WIRE_REST_XML && str_starts(lower, STR("x-amz-")) && !of_checksum;
}

static bool decode_parameter(const Codec *codec, const WireShape *shape, Str name, Str text, Doc *into) {
    const WireMember *member = wire_member_outside(shape, WIRE_IN_QUERY, name);
    if (!member && is_hoisted(codec, name)) return take_header(codec, shape, member_at(shape, WIRE_IN_HEADERS, WIRE_MAP), name, text, into);
    if (!member) return add_to_query_map(codec, shape, name, text, into);
    const WireShape *of = wire_shape_of(member);
    Doc *value = NULL;
    if (!text.len && of->kind != WIRE_STRING && codec->route->protocol == WIRE_REST_XML) return true; // "max-keys=" is as none
    if (of->kind == WIRE_LIST) {
        TRY(decode_text(codec, wire_item(of), text, &value));
        doc_push(child_of(codec, into, wire_str(member->name), true), value);
    } else if (of->kind != WIRE_MAP) {
        TRY(decode_text(codec, member, text, &value));
        doc_put(into, wire_str(member->name), value);
    }
    return true;
}

static bool decode_query(const Codec *codec, const WireShape *shape, Str query, Doc *into) {
    while (query.len) {
        Str text = str_cut(&query, '&');
        Str name = str_cut(&text, '=');
        if (str_is_none(text)) text = STR("");
        TRY(decode_percent(codec, name, true, &name));
        TRY(decode_percent(codec, text, true, &text));
        if (name.len) TRY(decode_parameter(codec, shape, name, text, into));
    }
    return true;
}

static bool decode_headers(const Codec *codec, const WireShape *shape, const HttpRequest *request, Doc *into) {
    const WireMember *map = member_at(shape, WIRE_IN_HEADERS, WIRE_MAP);
    for (size_t i = 0; i < request->header_count; i++) TRY(take_header(codec, shape, map, request->headers[i].name, request->headers[i].value, into));
    return true;
}

static bool decode_document(const Codec *codec, const WireShape *shape, Str bytes, Doc *into) {
    if (codec->route->protocol == WIRE_REST_XML) return xml_decode_body(codec, shape, bytes, into);
    return json_decode_body(codec, shape, bytes, into);
}

static bool decode_payload(const Codec *codec, const WireMember *member, Str bytes, Doc *into) {
    const WireShape *shape = wire_shape_of(member);
    if (member->flags & WIRE_STREAMING || bytes.len == 0) return true;
    Doc *value = NULL;
    if (shape->kind == WIRE_STRUCTURE) {
        TRY(decode_document(codec, shape, bytes, value = doc_map(codec->arena)));
    } else if (shape->kind == WIRE_DOCUMENT) {
        Error why;
        if (!json_parse(codec->arena, bytes, &value, &why)) return fail(codec->e, "SerializationException", "%s", why.message);
    } else if (shape->kind == WIRE_BLOB) {
        value = doc_of_blob(codec->arena, bytes);
    } else {
        TRY(decode_text(codec, member, bytes, &value));
    }
    doc_add(into, wire_str(member->name), value);
    return true;
}

bool rest_decode(const Codec *codec, const WireShape *shape, const HttpRequest *request, Doc *into) {
    TRY(decode_labels(codec, shape, into));
    TRY(decode_query(codec, shape, request->query, into));
    TRY(decode_headers(codec, shape, request, into));
    Str bytes = request->body.bytes;
    if (shape->payload) return decode_payload(codec, wire_member_at(shape, shape->payload - 1U), bytes, into);
    return shape->body_count == 0 || bytes.len == 0 || decode_document(codec, shape, bytes, into);
}
