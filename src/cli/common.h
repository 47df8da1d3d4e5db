// What verbs share: options that many take, the client, what goes to standard output.
#pragma once

#include "base/vec.h"
#include "cli/verb.h"
#include "workflow/client.h"
#include "workflow/look.h"

// Options of verbs that talk to the plane.
typedef struct Common {
    const char *port, *json, *no_colour;
} Common;
#define COMMON_OPTIONS(common) \
    {"--port", true, &(common).port}, {"--json", false, &(common).json}, { "--no-color", false, &(common).no_colour }
#define COMMON_HELP                                                          \
    "  --port N          of the control plane (AWS_ENDPOINT_URL, or 4566)\n" \
    "  --json            for programs\n"                                     \
    "  --no-color        no colours\n"

// The client, and a plane that answers. `health` may be NULL.
bool common_open(const Common *common, Arena *arena, Client *client, Doc **health, Error *e);
Look common_look(const Common *common); // of standard output
void common_print(const Buf *out);
void common_print_folded(const Look *look, const Buf *out); // in a terminal: its lines broken between words, as wide as it is
int common_print_json(Arena *arena, const Doc *doc); // points in time as RFC 3339, in UTC; returns EXIT_OK
// `what` is what the operand is: "logs needs the name of a pipeline".
// After a call about a pipeline failed with `why`: which pipelines there are, when it was that this one is not. Always false.
bool common_fail_pipeline(const Client *client, Arena *arena, Str name, const Error *why, Error *e);
bool common_operands(int argc, char **argv, int least, int most, const char *what, Error *e);
