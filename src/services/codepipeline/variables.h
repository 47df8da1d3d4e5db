// Variables: #{namespace.key} in the configuration of actions.
//
// Namespaces are those of actions that came before, "codepipeline" (PipelineExecutionId) and "variables" (the pipeline's own). Other text stays as it is.
#pragma once

#include "base/doc.h"

typedef struct VariableReference {
    Str before; // the text in front of it
    Str text; // within the braces
    Str name_space, key; // STR_NONE both when the text has no period
} VariableReference;

// The next reference in `*rest`; false when there is none (rest stays: the text behind the last one).
bool variable_next(Str *rest, VariableReference *out);

// Replaces every reference by its value in `namespaces` (map of maps of text). False when one is absent: `*missing` gets the reference.
bool variables_resolve(Arena *arena, Str text, const Doc *namespaces, Str *out, Str *missing);
