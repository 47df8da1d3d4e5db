// Execution: which execution of the pipeline a run is about: the one that a push or the pipeline's creation has started, or one that is started or retried now.
#pragma once

#include "workflow/client.h"

// The newest execution, STR_NONE when there is none.
Str execution_newest(const Client *client, Arena *arena, Str pipeline);
// Waits shortly for one of `commit` that is newer than `before`; starts one when none comes, or at once when `commit` is STR_NONE: nothing has been pushed.
bool execution_begin(const Client *client, Arena *arena, Str pipeline, Str before, Str commit, Str *out, Error *e);
// The failed actions of a stage once more, in the execution that failed there last.
bool execution_retry(const Client *client, Arena *arena, Str pipeline, Str stage, Str *out, Error *e);
bool execution_stop(const Client *client, Arena *arena, Str pipeline, Str execution, Error *e);
