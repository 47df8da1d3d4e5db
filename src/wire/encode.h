// Encode: from a handler's output or error to an HTTP reply in the protocol of the request. No handler builds JSON or XML.
//
// Output Docs name members as the model does. Members that the model does not know are left out, so that a stored document may be handed out as it is; NULL and
// DOC_NULL count as absent. Of timestamps, DOC_TIME is written in the member's format; a number is taken as seconds since 1970 (as json_write leaves it). A
// string where the model wants bytes is those bytes. The reply lives in `arena`; nothing is copied from `output` that can be pointed at.
#pragma once

#include "base/doc.h"
#include "wire/route.h"

typedef struct WireContext {
    Arena *arena;
    const HttpRequest *request; // HEAD needs no body, S3's errors name the resource
    const WireRoute *route;
    Str request_id;
} WireContext;

// A success. `output` may be NULL (nothing to tell). `stream`: the body of an operation with WIRE_STREAM_OUT, or NULL.
// The status is the model's unless the output has a member located in it; ranges: a ContentRange member makes it 206.
void wire_encode(const WireContext *context, const Doc *output, const Body *stream, HttpReply *out);

// A failure. error->code is the name of a modelled error shape or its wire code, or a code every service has (ValidationException, AccessDenied…);
// error->http_status wins over the model's, which wins over 400. error->extra: further members of the shape.
void wire_encode_error(const WireContext *context, const Error *error, HttpReply *out);

// The status that a failure has on the wire of the service.
int wire_error_status(const WireService *service, const Error *error);

// The error of an operation that is modelled but not built: HTTP 501, code NotImplemented, naming service:operation. Returns false, as fail does.
bool wire_fail_not_implemented(const WireOperation *operation, Error *e);
