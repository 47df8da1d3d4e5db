// Writer: what the encoders share. Internal to wire/; the doors are wire/encode.h and wire/decode.h.
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "wire/encode.h"

// A reply in the making: bytes of the body, and headers.
typedef struct Writer {
    const WireContext *context;
    Arena *arena;
    Buf *buf;
    Vec headers; // HttpHeader
    WireTimeFormat time_format; // where the model says nothing
} Writer;

void writer_header(Writer *writer, const char *name, Str value); // nothing when the value is STR_NONE
void writer_request_id(Writer *writer);
void writer_checksum(Writer *writer, Str body); // of the services that send one

// Bodies of structures. Members outside the body, unknown ones and nulls are left out.
void json_encode(const Writer *writer, const WireShape *shape, const Doc *doc); // {…}
void json_encode_members(const Writer *writer, const WireShape *shape, const Doc *doc, bool first); // without the braces; `first`: no comma in front
void xml_encode_members(const Writer *writer, const WireShape *shape, const Doc *doc); // elements without one around them
void xml_open_of(const Writer *writer, Str name, Str namespace_uri, Str prefix, const WireShape *shape,
                 const Doc *doc); // with the attributes of a structure
void cbor_encode(const Writer *writer, const WireShape *shape, const Doc *doc);
// Headers and status of the REST protocols; `*status` stays when the output has none.
void rest_encode_headers(Writer *writer, const WireShape *shape, const Doc *doc, int *status);

// A scalar as text, in the member's time format: for XML, headers.
Str scalar_to_text(const Writer *writer, const WireMember *member, const Doc *doc, WireTimeFormat time_format);
// A timestamp as milliseconds: DOC_TIME, or a number of seconds.
int64_t time_of(const Doc *doc);
Str time_to_text(Arena *arena, WireTimeFormat format, int64_t ms);
static inline bool doc_is_absent(const Doc *doc) { return !doc || doc->kind == DOC_NULL; }

// The HTTP status of an error by its code, where neither the handler nor the model says: 403 for AccessDenied …, 400 otherwise.
int status_of_code(WireProtocol protocol, Str code);
// The code that an error had in the query protocol, where the service has left it: `code` unless the table knows better.
Str query_code(const WireService *service, Str name, Str code);
