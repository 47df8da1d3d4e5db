// Structure: is a pipeline declaration one that can run? AWS's errors in AWS's words; what is not built is refused by name.
//
// The declaration has passed the model's validation (lengths, patterns, enumerations) before. Pure.
#pragma once

#include "base/error.h"
#include "store/documents.h"

bool structure_check(Arena *arena, Partition where, const Doc *pipeline, Error *e);
// A copy with AWS's defaults filled in and the version set.
Doc *structure_fill(Arena *arena, const Doc *pipeline, int64_t version);

// An action and where it stands. Walk: for (ActionPlace at = {0}; action_next(pipeline, &at);)
typedef struct ActionPlace {
    const Doc *stage, *action;
    size_t stage_index;
    int64_t order;
} ActionPlace;
bool action_next(const Doc *pipeline, ActionPlace *at);
bool action_precedes(const ActionPlace *a, const ActionPlace *b); // a has ended before b begins

// The parts, one a file.
bool structure_check_action(Arena *arena, Partition where, const Doc *pipeline, const ActionPlace *at, Error *e); // structure_actions.c
bool structure_check_flow(Arena *arena, const Doc *pipeline, Error *e); // structure_flow.c: artifacts, namespaces, variables
