// JSON: text to Doc and back.
//
// Reading (RFC 8259, yyjson): integers that int64 cannot hold become DOC_REAL; of members with the same name the last one counts and keeps
// the first one's place; text larger than LIMIT_JSON_BYTES or nested deeper than LIMIT_DOC_DEPTH is refused. Errors have code "bad-json" and
// a message "LINE:COLUMN: what is wrong". The Doc owns its bytes: `text` may go away afterwards. Doc.line and Doc.column stay 0.
//
// Writing: a DOC_TIME is seconds since 1970 (three decimals when it is not a whole second), a DOC_BLOB is base64, numbers that JSON cannot
// say are the strings "NaN", "Infinity", "-Infinity" (as AWS's JSON protocols write them), bytes that are no UTF-8 pass unchanged.
#pragma once

#include "base/buf.h"
#include "base/doc.h"
#include "base/error.h"

bool json_parse(Arena *arena, Str text, Doc **out, Error *e);
Str json_write(Arena *arena, const Doc *doc); // compact
Str json_write_pretty(Arena *arena, const Doc *doc); // two spaces, no line end behind the last line

// For encoders that write straight into a reply.
void json_write_to(Buf *buf, const Doc *doc);
void json_write_string(Buf *buf, Str text); // quoted and escaped
void json_write_int(Buf *buf, int64_t value);
void json_write_real(Buf *buf, double value); // the shortest form that reads back as the same number
void json_write_seconds(Buf *buf, int64_t ms); // milliseconds as seconds
