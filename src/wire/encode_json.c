// JSON bodies: the output's members in the order in which the handler set them, under their names on the wire.
#include "wire/writer.h"

#include "formats/json.h"
#include "formats/timestamps.h"
#include "wire/codec.h"

#include <math.h>

static void write_value(const Writer *writer, const WireMember *member, const Doc *doc);

void json_encode_members(const Writer *writer, const WireShape *shape, const Doc *doc, bool first) {
    Buf *buf = writer->buf;
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        const WireMember *member = doc_is_absent(child) ? NULL : wire_member(shape, child->key);
        if (!member || member->location != WIRE_IN_BODY) continue;
        if (!first) buf_add_char(buf, ',');
        first = false;
        buf_add_char(buf, '"');
        buf_add(buf, wire_str(member->wire_name));
        buf_add(buf, STR("\":"));
        write_value(writer, member, child);
    }
}

void json_encode(const Writer *writer, const WireShape *shape, const Doc *doc) {
    buf_add_char(writer->buf, '{');
    json_encode_members(writer, shape, doc, true);
    buf_add_char(writer->buf, '}');
}

static void write_list(const Writer *writer, const WireShape *shape, const Doc *doc) {
    const WireMember *item = wire_item(shape);
    buf_add_char(writer->buf, '[');
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        write_value(writer, item, child);
        if (child->next) buf_add_char(writer->buf, ',');
    }
    buf_add_char(writer->buf, ']');
}

static void write_map(const Writer *writer, const WireShape *shape, const Doc *doc) {
    const WireMember *value = wire_value(shape);
    buf_add_char(writer->buf, '{');
    for (const Doc *child = doc_first(doc); child; child = child->next) {
        json_write_string(writer->buf, child->key);
        buf_add_char(writer->buf, ':');
        write_value(writer, value, child);
        if (child->next) buf_add_char(writer->buf, ',');
    }
    buf_add_char(writer->buf, '}');
}

static void write_number(const Writer *writer, const WireShape *shape, const Doc *doc) {
    int64_t whole;
    double real;
    if (shape->kind == WIRE_REAL && doc->kind != DOC_STR) {
        json_write_real(writer->buf, doc_real(doc, 0));
    } else if (doc->kind != DOC_STR) {
        json_write_int(writer->buf, doc->kind == DOC_REAL ? (int64_t)doc->as.real : doc_int(doc, 0));
    } else if (str_to_int(doc->as.text, &whole)) {
        json_write_int(writer->buf, whole);
    } else {
        json_write_real(writer->buf, str_to_double(doc->as.text, &real) ? real : 0);
    }
}

static void write_time(const Writer *writer, const WireMember *member, const Doc *doc) {
    WireTimeFormat format = member_time_format(member, writer->time_format);
    if (format == WIRE_TIME_UNIX) {
        json_write_seconds(writer->buf, time_of(doc));
    } else {
        json_write_string(writer->buf, time_to_text(writer->arena, format, time_of(doc)));
    }
}

static void write_text(const Writer *writer, const WireMember *member, const Doc *doc) {
    json_write_string(writer->buf, scalar_to_text(writer, member, doc, writer->time_format));
}

static void write_value(const Writer *writer, const WireMember *member, const Doc *doc) {
    if (doc->kind == DOC_NULL) {
        buf_add(writer->buf, STR("null"));
        return;
    }
    const WireShape *shape = wire_shape_of(member);
    switch ((WireKind)shape->kind) {
    case WIRE_STRUCTURE: json_encode(writer, shape, doc); break;
    case WIRE_LIST: write_list(writer, shape, doc); break;
    case WIRE_MAP: write_map(writer, shape, doc); break;
    case WIRE_STRING:
    case WIRE_BLOB: write_text(writer, member, doc); break;
    case WIRE_INTEGER:
    case WIRE_REAL: write_number(writer, shape, doc); break;
    case WIRE_BOOLEAN: buf_add(writer->buf, doc_bool(doc, false) ? STR("true") : STR("false")); break;
    case WIRE_TIMESTAMP: write_time(writer, member, doc); break;
    case WIRE_DOCUMENT: json_write_to(writer->buf, doc); break;
    }
}
