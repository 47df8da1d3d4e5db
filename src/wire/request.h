// Request: the client's side of the wire: from an operation's input to an HTTP request, and from the reply to its output, by the same tables.
//
// For clients of ours (the command line, workflow/): services in the protocols JSON 1.0 and 1.1, query, ec2 and rest-xml. Input and output are Docs with the model's names (wire/model.h). Streaming payloads are the HTTP body itself and no member of a Doc.
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "http/message.h"
#include "wire/model.h"

// The first of these that the service accepts; WIRE_PROTOCOL_COUNT when it accepts none.
WireProtocol wire_client_protocol(const WireService *service);

// `host` is the value of the Host header ("127.0.0.1:4566"). `out` lives in `arena` and is not signed. Fails when a label of the path has no value, or when the
// protocol is another.
bool wire_request(Arena *arena, const WireOperation *operation, const Doc *input, Str host, HttpRequest *out, Error *e);

// A status of 300 and more is a failure with the service's own code and message. A success without a body is an empty map.
bool wire_reply(Arena *arena, const WireOperation *operation, int status, Str body, Doc **out, Error *e);
