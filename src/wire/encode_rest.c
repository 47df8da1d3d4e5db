// What of an output travels outside the body: headers, header maps (x-amz-meta-*), the status itself.
#include "wire/writer.h"

#include "formats/json.h"
#include "wire/codec.h"

static Str header_value(const Writer *writer, const WireMember *member, const Doc *doc);

static Str joined(const Writer *writer, const WireMember *item, const Doc *list) {
    Str all = STR("");
    for (const Doc *child = doc_first(list); child; child = child->next) {
        all = str_cat(writer->arena, all, header_value(writer, item, child));
        if (child->next) all = str_cat(writer->arena, all, STR(","));
    }
    return all;
}

static Str header_value(const Writer *writer, const WireMember *member, const Doc *doc) {
    const WireShape *shape = wire_shape_of(member);
    if (shape->kind == WIRE_LIST) return joined(writer, wire_item(shape), doc);
    Str text = scalar_to_text(writer, member, doc, WIRE_TIME_RFC822);
    return member->flags & WIRE_JSON_VALUE ? str_base64(writer->arena, text) : text;
}

// A value from a query (response-content-type) may hold line ends: they must not begin a header of its own.
static Str one_line(Arena *arena, Str value) {
    size_t bad = 0;
    for (size_t i = 0; i < value.len; i++) bad += (unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7F;
    if (bad == 0) return value;
    char *copy = arena_copy(arena, value.at, value.len);
    for (size_t i = 0; i < value.len; i++) {
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7F) copy[i] = ' ';
    }
    return (Str){copy, value.len};
}

static void add_header(Writer *writer, Str name, Str value) {
    vec_add(&writer->headers, HttpHeader, ((HttpHeader){one_line(writer->arena, name), one_line(writer->arena, value)}));
}

static void write_header_map(Writer *writer, const WireMember *member, const Doc *map) {
    Str prefix = wire_str(member->wire_name);
    for (const Doc *child = doc_first(map); child; child = child->next) {
        Str name = str_cat(writer->arena, prefix, child->key);
        add_header(writer, name, header_value(writer, wire_value(wire_shape_of(member)), child));
    }
}

// The length of the body is the server's to announce.
static bool is_servers(Str name) { return str_eq_nocase(name, STR("content-length")); }

static void write_header(Writer *writer, const WireMember *member, const Doc *doc, int *status) {
    Str name = wire_str(member->wire_name);
    Str value = header_value(writer, member, doc);
    if (str_eq_nocase(name, STR("content-range")) && value.len) *status = 206;
    bool empty_list = wire_shape_of(member)->kind == WIRE_LIST && value.len == 0;
    if (!is_servers(name) && !empty_list) add_header(writer, name, value);
}

// S3 sends headers that its model has not. They stand in the output under their own names, which no member of a model can have: they have hyphens.
static bool is_plain_header(const Writer *writer, const Doc *child) {
    return writer->context->route->protocol == WIRE_REST_XML && child->kind == DOC_STR && str_find_char(child->key, '-') > 0;
}

void rest_encode_headers(Writer *writer, const WireShape *shape, const Doc *doc, int *status) {
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        const WireMember *member = doc_is_absent(child) ? NULL : wire_member(shape, child->key);
        if (!member && is_plain_header(writer, child)) add_header(writer, child->key, child->as.text);
        if (!member) continue;
        if (member->location == WIRE_IN_HEADER) write_header(writer, member, child, status);
        if (member->location == WIRE_IN_HEADERS) write_header_map(writer, member, child);
        if (member->location == WIRE_IN_STATUS) *status = (int)doc_int(child, *status);
    }
}
