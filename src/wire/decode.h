// Decode: from an HTTP request to the operation's input as a Doc, walking the model's tables. No handler parses bytes.
//
// Every protocol gives the same Doc (see wire/model.h): members by the model's names; members that the model does not know are ignored, nulls count as absent,
// as AWS does. A streaming payload stays in HttpRequest.body. What has the wrong type, or is no JSON, XML, CBOR or form at all, fails as the service would:
// SerializationException, MalformedXML, MalformedQueryString … (HTTP 400).
// Limits (lengths, patterns, required members) are not checked here: wire/validate.h.
#pragma once

#include "base/doc.h"
#include "wire/route.h"

// `route` must have an operation. `*input` is a DOC_MAP, even when empty; strings may point into the request, so it lives as long as both.
bool wire_decode(Arena *arena, const WireRoute *route, const HttpRequest *request, Doc **input, Error *e);
