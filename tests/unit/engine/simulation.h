// Simulation: drives durable machines through random interleavings, without a server and without waiting. For the tests of every machine.
//
// One run, from a seed: as long as anything can happen, one of the things that can happen next is chosen by chance: an entry of the outbox that is first in its
// origin's queue is carried out, an effect tells of its progress or end, a timer comes due (the clock jumps; now and then earlier than it must, so that
// time-outs race with what they guard), an event comes that nobody expects, or the server crashes before the commit and starts again. After each commit `check`
// looks at the invariants. The same seed gives the same run.
//
// A crash makes `answer` and `effect` run again for the same entry: they must depend on nothing but their arguments.
#pragma once

#include "engine/outbox.h"

typedef struct Simulation Simulation;

typedef struct SimulatedWorld {
    const DocumentType *const *types; // of the machines and of the documents that they write; ends with NULL
    // The answer to a call: *output (may stay NULL), or false with the error.
    bool (*answer)(void *context, const OutboxEntry *call, Arena *arena, Doc **output, Error *e);
    // The event of an effect, the `number`-th from 0, and whether it is the last one. NULL: the machines have no effects.
    Doc *(*effect)(void *context, const OutboxEntry *effect, size_t number, Arena *arena, bool *final);
    void (*check)(void *context, Simulation *simulation); // may be NULL; the store has a transaction begun
    bool outer_timers_come; // nobody outside answers: outer timers come due as well
    void *context;
} SimulatedWorld;

Simulation *simulation_new(const SimulatedWorld *world, uint64_t seed);
void simulation_free(Simulation *simulation);
Store *simulation_store(Simulation *simulation);
Arena *simulation_arena(Simulation *simulation); // lives as long as the simulation
int64_t simulation_now(const Simulation *simulation);

// An event from outside, at once.
void simulation_send(Simulation *simulation, Partition where, const DocumentType *type, Str id, const char *kind, Doc *data);
// Until nothing more happens by itself (background timers do not count). False: something still happened after `most` things.
bool simulation_run(Simulation *simulation, size_t most);
Doc *simulation_document(Simulation *simulation, Partition where, const DocumentType *type, Str id); // NULL: none
