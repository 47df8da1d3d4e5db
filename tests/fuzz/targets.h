// Fuzz targets: every parser of what others send or write, one function each. The same functions run in two programs: `fuzz` (clang's libFuzzer searches,
// make fuzz) and `replay` (what it ever found, and seeded damage of it, in ordinary test runs).
//
// A target may accept or refuse its input; it may not crash, hang, or break a promise that it asserts (what was read can be written and read again …).
// corpus/NAME/ holds inputs of the target NAME: good ones, to begin from, and all that ever broke it.
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "http/message.h"

#include <assert.h>

typedef void FuzzRun(Arena *arena, Str input);

typedef struct FuzzTarget {
    const char *name;
    FuzzRun *run;
} FuzzTarget;

extern const FuzzTarget FUZZ_TARGETS[]; // ends with a NULL name
const FuzzTarget *fuzz_target(const char *name); // NULL: there is none

// targets_formats.c
FuzzRun fuzz_json, fuzz_yaml, fuzz_xml, fuzz_cbor, fuzz_globs, fuzz_patterns, fuzz_junit, fuzz_timestamps, fuzz_paths, fuzz_encodings, fuzz_pack,
    fuzz_bundles;
// targets_identity.c
FuzzRun fuzz_signed_request, fuzz_aws_chunked, fuzz_policy, fuzz_git_credentials;
// targets_wire.c
FuzzRun fuzz_wire_json, fuzz_wire_query, fuzz_wire_ec2, fuzz_wire_cbor, fuzz_wire_rest, fuzz_wire_reply;
// targets_http.c
FuzzRun fuzz_http_server, fuzz_http_response, fuzz_http_url;
// targets_services.c
FuzzRun fuzz_buildspec, fuzz_appspec, fuzz_rehearse_yaml, fuzz_expressions, fuzz_items, fuzz_log_filter, fuzz_variables, fuzz_pipeline, fuzz_failures;
// targets_units.c
FuzzRun fuzz_unit_file;

// requests.c: "METHOD TARGET\nName: value\n…\n\nBODY" as a request; what is missing is empty.
HttpRequest fuzz_request(Arena *arena, Str text);
