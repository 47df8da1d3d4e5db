// Durable machines: everything that outlives a request.
//
// A machine is a document (store/documents.h) whose type names a MachineType, and a pure function `step` from (state, event, now) to
// (changed state, commands). A step does no I/O, reads no clock, draws no random number but from `step->ids` (seeded by machine and sequence: a
// replayed step makes the same ids). The engine loads the document, steps, saves it and the commands in one transaction; so a machine resumes
// after a crash where it was, and can be simulated without a server.
//
// Events reach a machine one at a time, in order: "start" and others that handlers send (turn_send), "timer" (data: {"name"}), "reply" of a
// call (data: {"tag", "ok", "output" | "error": {"code", "message", "status", "requestId"}, "body"}), "effect" progress and end of what runs outside the
// database (data as the effect defines, with "tag"). An event for a machine that does not exist any more is dropped.
// Unknown events and late replies must leave the state as it is: what is at-least-once outside arrives at most once here, but order among different
// origins is free.
#pragma once

#include "base/ids.h"
#include "http/message.h"
#include "identity/principal.h"
#include "store/documents.h"

typedef enum TimerKind {
    TIMER_WAIT, // something in progress that ends by itself: a jumping clock jumps to it
    TIMER_BACKGROUND, // comes round for ever or expires things: a jump stops at it, but it attracts none
    TIMER_OUTER // waits for someone outside: reached by time or `rehearse clock advance` only
} TimerKind;

typedef struct Event {
    Str kind; // "start", "timer", "reply", "effect", or the machine's own
    const Doc *data; // may be NULL
} Event;

typedef struct Step {
    Arena *arena;
    Partition where;
    Str id; // the document's id
    Doc *state; // the machine's to change in place or replace; NULL at the first event of a new machine; set to NULL to delete the document
    const Event *event;
    int64_t now_ms;
    IdSource ids;
    // How many hops led here (LIMIT_HOPS ends loops); what the step asks for carries it on. A machine that hears by an event of the bus of the end of what it began
    // itself may set it back to what it was when that began: an answer is no further hop.
    int hops;
    struct Command *first_command, *last_command; // what was asked for, in order
} Step;

struct MachineType {
    int version; // of the state's shape, kept with the document
    bool (*upgrade)(Arena *arena, int from_version, Doc **state); // NULL while version is 1
    void (*step)(Step *step);
};

// Commands. Names and tags are the machine's own; strings and docs may live in the step's arena.
void step_timer(Step *step, Str name, TimerKind kind, int64_t due_ms); // replaces a timer of that name
void step_cancel_timer(Step *step, Str name);
// Calls an operation of any service as `principal`, exactly once; the answer comes as event "reply" with `tag`. `body` may be NULL.
void step_call(Step *step, Principal principal, const char *service, const char *operation, Doc *input, const Body *body, Str tag);
// Starts or changes something outside the database (plane/effects.h names them), at least once, with the command's id; progress comes as event "effect".
void step_effect(Step *step, const char *effect, Doc *arguments, Str tag);
// Publishes an event on the event bus (and to the services that subscribe to it).
void step_publish(Step *step, const char *source, const char *detail_type, Doc *detail, Doc *resources);
void step_send(Step *step, const DocumentType *type, Str id, Str kind, Doc *data); // to another machine, same partition
void step_wake(Step *step, Str key); // calls parked under the key run again
void step_put(Step *step, const DocumentType *type, Str id, Doc *doc); // writes another document of the same partition and service
void step_delete(Step *step, const DocumentType *type, Str id);

// How commands are kept; the outbox and the simulator read them, machines do not.
typedef enum CommandKind {
    COMMAND_TIMER,
    COMMAND_CANCEL_TIMER,
    COMMAND_CALL,
    COMMAND_EFFECT,
    COMMAND_PUBLISH,
    COMMAND_SEND,
    COMMAND_WAKE,
    COMMAND_PUT,
    COMMAND_DELETE
} CommandKind;

typedef struct Command {
    struct Command *next;
    CommandKind kind;
    Str tag; // call, effect: tag; timer: its name; wake: key
    Str service, operation; // call; effect: its name in operation; publish: source and detail type; send: event kind in operation
    Principal principal; // call
    Doc *input; // call, effect, publish (detail), send (data), put (document)
    Doc *resources; // publish
    Body body; // call
    const DocumentType *type; // send, put, delete
    Str id; // send, put, delete
    TimerKind timer_kind;
    int64_t due_ms;
} Command;
