// Event streams: the reply of an operation with WIRE_EVENTS_OUT, in the framing application/vnd.amazon.eventstream.
//
// Built are those of the JSON protocols, which begin with an "initial-response" message; their events are structures without members marked as header or
// payload (StartLiveTail). Source: "Amazon Event Stream Specification" of Smithy.
#pragma once

#include "base/buf.h"
#include "wire/encode.h"

// The head of the reply; its size is not known (body.size -1).
void wire_encode_stream_head(const WireContext *context, HttpReply *out);
void wire_encode_stream_begin(Buf *out);
// One event: a map of one member, named as in the model's stream, {"sessionUpdate": {…}}. A member that is an error shape becomes an exception message.
void wire_encode_event(const WireContext *context, const Doc *event, Buf *out);
