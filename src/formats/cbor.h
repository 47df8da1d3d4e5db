// CBOR (RFC 8949) as the rpc-v2-cbor protocol uses it: bytes to Doc and back (libcbor's streaming codec).
//
// Reading: byte strings are DOC_BLOB, tag 1 is DOC_TIME, integers beyond int64 are DOC_REAL, undefined is null, other tags are left out;
// keys must be text; indefinite lengths are accepted. Of members with the same name the last one counts. Bounds: LIMIT_CBOR_BYTES, LIMIT_DOC_DEPTH.
// Writing: definite lengths; DOC_TIME as tag 1 with a double (an integer when it is a whole second); reals as doubles.
// Errors have code "bad-cbor" and name the offset of the byte.
#pragma once

#include "base/buf.h"
#include "base/doc.h"
#include "base/error.h"

bool cbor_parse(Arena *arena, Str bytes, Doc **out, Error *e);
Str cbor_write(Arena *arena, const Doc *doc);
void cbor_write_to(Buf *buf, const Doc *doc);
