// Run: `rehearse run DIR`: reads the application, finds or starts a control plane, makes what is needed by API calls, pushes the folder, and watches the
// pipeline to its end.
#pragma once

#include "base/error.h"

typedef struct RunOptions {
    const char *folder; // NULL: "."; with `retry`, the last one that was run
    const char *retry; // a stage
    const char *data, *port; // NULL: defaults
    bool json, quiet, verbose, no_colour;
} RunOptions;

typedef enum RunEnd { RUN_SUCCEEDED, RUN_FAILED, RUN_INTERRUPTED } RunEnd;

// False: it could not run.
bool run_rehearsal(const RunOptions *options, RunEnd *end, Error *e);
