// Patterns of FilterLogEvents, metric filters and subscription filters ("Filter pattern syntax" in the CloudWatch Logs User Guide).
//
//   (empty)                          every message          ERROR "two words" -DEBUG     all of these and none of those, as parts of the message
//   ?ERROR ?WARN                     any of these; optional terms beside others count for nothing, as on AWS
//   %regex%                          as a term, or as what a value is compared with
//   { $.a.b = "x" && ($.n > 3 || $.list[0] IS NULL) }     of messages that are JSON objects
//   [ip, user, ..., status = 4*, bytes]                   of messages that are words; "…" and […] in them count as one word
// Errors have code InvalidParameterException.
#pragma once

#include "base/doc.h"
#include "base/error.h"

typedef struct LogPattern LogPattern;

bool log_pattern_parse(Arena *arena, Str text, LogPattern **out, Error *e); // `text` has to live as long as the pattern
bool log_pattern_matches(const LogPattern *pattern, Arena *scratch, Str message);
// What the pattern names, of a message that it matches: {"$.a.b": "x"} or {"$status": "404"}; empty for terms.
Doc *log_pattern_extract(const LogPattern *pattern, Arena *arena, Str message);
