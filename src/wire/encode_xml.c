// XML bodies (query, ec2, rest-xml): elements under their names on the wire, in the order in which the handler set the members.
// Lists: <Names><member>…</member></Names>, flattened <Name>…</Name><Name>…</Name>. Maps: <M><entry><key/><value/></entry></M>.
#include "wire/writer.h"

#include "formats/xml.h"

static Str or_name(uint32_t name, const char *otherwise) { return name ? wire_str(name) : str_of(otherwise); }

static void write_attributes(const Writer *writer, const WireShape *shape, const Doc *doc) {
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        const WireMember *member = doc_is_absent(child) ? NULL : wire_member(shape, child->key);
        if (!member || !(member->flags & WIRE_XML_ATTRIBUTE)) continue;
        buf_addf(writer->buf, " %.*s=\"", STR_ARG(wire_str(member->wire_name)));
        xml_escape(writer->buf, scalar_to_text(writer, member, child, writer->time_format));
        buf_add_char(writer->buf, '"');
    }
}

void xml_open_of(const Writer *writer, Str name, Str namespace_uri, Str prefix, const WireShape *shape, const Doc *doc) {
    buf_add_char(writer->buf, '<');
    buf_add(writer->buf, name);
    if (namespace_uri.len) { buf_addf(writer->buf, " xmlns%s%.*s=\"%.*s\"", prefix.len ? ":" : "", STR_ARG(prefix), STR_ARG(namespace_uri)); }
    if (shape && shape->kind == WIRE_STRUCTURE) write_attributes(writer, shape, doc);
    buf_add_char(writer->buf, '>');
}

static void write_element(const Writer *writer, const WireMember *member, Str name, const Doc *doc);

static void write_items(const Writer *writer, const WireShape *list, Str name, const Doc *doc) {
    for (const Doc *child = doc_first(doc); child; child = child->next) write_element(writer, wire_item(list), name, child);
}

static void write_entries(const Writer *writer, const WireShape *map, Str name, const Doc *doc) {
    Str key = or_name(wire_key(map)->wire_name, "key"), value = or_name(wire_value(map)->wire_name, "value");
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        if (doc_is_absent(child)) continue;
        xml_open(writer->buf, name);
        xml_element(writer->buf, key, child->key);
        write_element(writer, wire_value(map), value, child);
        xml_close(writer->buf, name);
    }
}

static void write_content(const Writer *writer, const WireMember *member, const Doc *doc) {
    const WireShape *shape = wire_shape_of(member);
    switch ((WireKind)shape->kind) {
    case WIRE_STRUCTURE: xml_encode_members(writer, shape, doc); break;
    case WIRE_LIST: write_items(writer, shape, or_name(wire_item(shape)->wire_name, "member"), doc); break;
    case WIRE_MAP: write_entries(writer, shape, STR("entry"), doc); break;
    default: xml_escape(writer->buf, scalar_to_text(writer, member, doc, writer->time_format)); break;
    }
}

static void write_element(const Writer *writer, const WireMember *member, Str name, const Doc *doc) {
    if (doc_is_absent(doc)) return;
    xml_open_of(writer, name, wire_str(member->xml_namespace), wire_str(member->xml_prefix), wire_shape_of(member), doc);
    write_content(writer, member, doc);
    xml_close(writer->buf, name);
}

static void write_member(const Writer *writer, const WireMember *member, const Doc *doc) {
    const WireShape *shape = wire_shape_of(member);
    Str name = wire_str(member->wire_name);
    bool flattened = member->flags & WIRE_MEMBER_FLATTENED || shape->flags & WIRE_FLATTENED;
    if (flattened && shape->kind == WIRE_LIST) {
        write_items(writer, shape, wire_item(shape)->wire_name ? wire_str(wire_item(shape)->wire_name) : name, doc);
    } else if (flattened && shape->kind == WIRE_MAP) {
        write_entries(writer, shape, name, doc);
    } else {
        write_element(writer, member, name, doc);
    }
}

void xml_encode_members(const Writer *writer, const WireShape *shape, const Doc *doc) {
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        const WireMember *member = doc_is_absent(child) ? NULL : wire_member(shape, child->key);
        if (!member || member->location != WIRE_IN_BODY || member->flags & WIRE_XML_ATTRIBUTE) continue;
        write_member(writer, member, child);
    }
}
