// Stream: a reply that goes on for as long as its client listens (StartLiveTail): an event stream of AWS's.
//
// An operation opens it in a turn (turn_stream); what later turns tell it (turn_tell) arrives on the loop, where it speaks at a steady pace. Nothing of it outlives
// its connection or the server, and it is no open request: a jumping clock does not wait for it.
#pragma once

#include "base/doc.h"

// All functions run on the loop. `state` is what the operation gave; an event is a map of one member, named as in the model's stream: {"sessionUpdate": {…}}.
typedef struct StreamType {
    int64_t pace_ms; // real time between two events
    int64_t longest_ms; // plane time; then comes the last event
    void (*hear)(void *state, const Doc *news); // copies what it keeps
    Doc *(*speak)(void *state, Arena *arena); // the next event
    Doc *(*last)(Arena *arena); // why it ends: a modelled exception
    void (*end)(void *state); // gives back what the state holds, whether it ever spoke or not
} StreamType;
