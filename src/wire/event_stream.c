// A message: total length, length of the headers, checksum of these two; headers; payload; checksum of all before. Numbers are big-endian.
#include "wire/event_stream.h"

#include "base/limits.h"
#include "formats/checksums.h"
#include "wire/writer.h"

#include <assert.h>

enum { PRELUDE_BYTES = 12, CHECKSUM_BYTES = 4, HEADER_IS_STRING = 7 };

static void add_number(Buf *buf, uint64_t number, int bytes) {
    while (bytes--) buf_add_char(buf, (char)(number >> (8 * bytes)));
}

static void add_header(Buf *buf, const char *name, Str value) {
    Str text = str_of(name);
    add_number(buf, text.len, 1);
    buf_add(buf, text);
    add_number(buf, HEADER_IS_STRING, 1);
    add_number(buf, value.len, 2);
    buf_add(buf, value);
}

static void add_message(Buf *out, Str headers, Str payload) {
    size_t begin = out->len;
    add_number(out, PRELUDE_BYTES + headers.len + payload.len + CHECKSUM_BYTES, 4);
    add_number(out, headers.len, 4);
    add_number(out, crc32_update(0, str_from(buf_str(out), begin)), 4);
    buf_add(out, headers);
    buf_add(out, payload);
    add_number(out, crc32_update(0, str_from(buf_str(out), begin)), 4);
}

static void add_event(bool exception, Str name, Str payload, Buf *out) {
    AUTO_BUF headers;
    buf_init(&headers, LIMIT_WIRE_REPLY_BYTES);
    add_header(&headers, exception ? ":exception-type" : ":event-type", name);
    add_header(&headers, ":content-type", STR("application/json"));
    add_header(&headers, ":message-type", exception ? STR("exception") : STR("event"));
    add_message(out, buf_str(&headers), payload);
}

static const WireMember *stream_of(const WireOperation *operation) {
    const WireShape *output = wire_output(operation);
    for (size_t i = 0; i < output->member_count; i++) {
        const WireMember *member = wire_member_at(output, i);
        if (wire_shape_of(member)->flags & WIRE_EVENT_STREAM) return member;
    }
    return NULL;
}

void wire_encode_stream_head(const WireContext *context, HttpReply *out) {
    Writer writer = {.context = context, .arena = context->arena, .headers = vec_of(context->arena, HttpHeader)};
    writer_request_id(&writer);
    writer_header(&writer, "Content-Type", STR("application/vnd.amazon.eventstream"));
    *out = (HttpReply){.status = context->route->operation->status, .headers = writer.headers.at, .header_count = writer.headers.len};
    out->body.size = -1;
}

// The output's members beside the stream would stand in it: no operation that is built has any.
void wire_encode_stream_begin(Buf *out) { add_event(false, STR("initial-response"), STR("{}"), out); }

void wire_encode_event(const WireContext *context, const Doc *event, Buf *out) {
    const Doc *value = doc_first(event);
    const WireMember *member = wire_member(wire_shape_of(stream_of(context->route->operation)), value->key);
    assert(member);
    const WireShape *shape = wire_shape_of(member);
    AUTO_BUF payload;
    buf_init(&payload, LIMIT_WIRE_REPLY_BYTES);
    Writer writer = {.context = context, .arena = context->arena, .buf = &payload, .time_format = WIRE_TIME_UNIX};
    json_encode(&writer, shape, value);
    assert(!payload.overflow);
    add_event(shape->flags & WIRE_EXCEPTION, value->key, buf_str(&payload), out);
}
