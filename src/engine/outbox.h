// The outbox: commands that steps and handlers asked for, kept with the transaction that asked, and the timers.
//
// A command's id is (origin, sequence, index): the origin is a machine ("type/account/region/id") or a request ("call/REQUEST-ID"), the sequence counts its
// steps, the index the commands of one step. Order is kept per origin. An internal call is executed in a later turn: one transaction holds
// the callee's effects, the reply event for the origin and the deletion of the command. Effects leave the database, at least once, with
// their id (printable: [A-Za-z0-9._-] only); their end is acknowledged by an event that deletes the command.
// Timers wait in due order, one row each: (kind, due, origin, name).
#pragma once

#include "engine/clock.h"
#include "engine/machine.h"

extern const StoreTable OUTBOX_TABLE, TIMER_TABLE, TIMER_DUE_TABLE, ENGINE_TABLE;

typedef struct MachineAddress {
    Partition where;
    const DocumentType *type;
    Str id;
} MachineAddress;

// One step: loads the machine, runs it on the event, saves state, timers and puts; appends calls, effects, events and sends to the outbox, wakes to
// `wakes` (a list of keys, may be NULL). False when the machine does not exist and the event is not "start".
typedef struct StepContext {
    Store *store;
    Arena *arena;
    int64_t now_ms;
    Doc *wakes; // DOC_LIST of keys woken
    int hops; // of what set this step off; its commands carry it on
} StepContext;
bool engine_step(StepContext *context, MachineAddress to, const Event *event);

// A command of a handler rather than of a machine: its origin is the request.
void outbox_add(StepContext *context, Str origin, uint64_t sequence, uint32_t index, Partition where, const Command *command);

// A stored command, as the dispatcher (plane/) takes it.
typedef struct OutboxEntry {
    Str key; // of the row: outbox_done wants it
    Str id; // printable and usable as a file name: a hash of the origin, sequence and index, [A-Za-z0-9._-] only
    Partition where;
    Str origin; // printable
    MachineAddress machine; // when from_machine (type resolved by name)
    Command command;
    int64_t attempts, not_before_ms; // retries of transient errors; plane time
    int hops;
    bool from_machine;
} OutboxEntry;

// Entries that are first in the queue of their origin and due, in the order in which they were added, up to `limit`.
size_t outbox_next(Store *store, Arena *arena, int64_t now_ms, OutboxEntry *out, size_t limit);
// Takes an entry out of its queue without ending it: an effect that is handed to the loop, an internal call that parks. What follows in the
// origin's queue goes on. Engaged entries survive a crash; `outbox_engaged` lists them at start.
void outbox_engage(Store *store, Arena *arena, OutboxEntry *entry); // entry->key changes
void outbox_engaged(Store *store, Arena *arena, bool (*visit)(void *context, const OutboxEntry *entry), void *context);
bool outbox_find_engaged(Store *store, Arena *arena, Str id, OutboxEntry *out); // by its printable id
void outbox_done(Store *store, const OutboxEntry *entry); // deletes it, queued or engaged
void outbox_retry(Store *store, Arena *arena, const OutboxEntry *entry, int64_t not_before_ms); // goes back to the front of its queue
// When the next queued entry can go, plane time: 0 at once, INT64_MAX never (nothing is queued; engaged ones do not count).
int64_t outbox_next_due(Store *store, Arena *arena);

// Timers. timer_fire sends its "timer" event (data: {"name", "dueMs"}) and deletes it.
typedef struct Timer {
    MachineAddress machine;
    Str name;
    TimerKind kind;
    int64_t due_ms;
} Timer;
bool timer_next_due(Store *store, Arena *arena, int64_t now_ms, Timer *out); // the earliest of any kind that is due at `now_ms`
bool timer_next(Store *store, Arena *arena, TimerKind kind, Timer *out); // the earliest of a kind, due or not
bool timer_fire(StepContext *context, const Timer *timer);
// After a jump of the clock: outer timers wait for someone outside, whose time did not pass; they are due as much later as the clock jumped.
void timers_jumped(Store *store, Arena *arena, int64_t by_ms);
Doc *timer_list(Store *store, Arena *arena); // for `rehearse clock`

// The types of documents that names in stored rows refer to; set once at start.
void engine_register(const DocumentType *const *types, size_t count);
const DocumentType *engine_type(Str name);
