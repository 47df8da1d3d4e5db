// Canonical requests of SigV4: the text that both sides hash.
//
// Rules ("Create a canonical request", IAM user guide): method; path (S3: encoded once and not normalised, others: normalised and encoded again); query sorted by
// encoded name and value; the signed headers with values trimmed and blanks collapsed; their names; the payload's hash.
#pragma once

#include "base/buf.h"
#include "http/message.h"

typedef struct CanonicalParts {
    Str signed_headers; // "host;x-amz-date", in order
    Str payload_hash;
    bool s3; // path rules
    bool without_signature; // presigned: X-Amz-Signature is left out of the query
} CanonicalParts;

// False when a signed header is not in the request. `buf` gets the text.
bool canonical_request(const HttpRequest *request, CanonicalParts parts, Buf *buf);
void canonical_path(Str path, bool s3, Buf *buf);
void canonical_query(Arena *arena, Str query, bool without_signature, Buf *buf);
