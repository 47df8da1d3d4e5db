// Triggers: what begins an execution. Handlers and subscriptions use it.
#pragma once

#include "plane/turn.h"

// Begins an execution of a pipeline that exists, in this transaction; returns its id. `request`: variables, overrides, token of StartPipelineExecution, or NULL.
Str trigger_execution(Turn *turn, Str pipeline, const char *type, Str detail, Doc *request);
