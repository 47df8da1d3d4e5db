// What the files of plane/ share; nobody else includes it.
//
// Two threads meet here. `Work` crosses between them: the loop pushes it, the turn thread performs it inside a transaction, and after the commit the
// loop finishes it. `Turn` is one call's (or one machine event's) view of the transaction, on whichever thread runs it.
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "engine/outbox.h"
#include "identity/directory.h"
#include "os/loop.h"
#include "plane/effects.h"
#include "plane/endpoint.h"
#include "plane/plane.h"
#include "plane/queue.h"
#include "plane/turn.h"
#include "sandbox/sandbox.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/validate.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>

typedef struct BodyFilter BodyFilter;
typedef struct Stream Stream; // streams.c
typedef struct Turns Turns; // the turn thread
typedef struct Work Work;

struct Work {
    QueueItem item; // first
    // On the turn thread. False: it stays with the turn thread, which has parked it.
    bool (*perform)(Turns *turns, Work *work);
    // On the loop, after the commit. `failed`: the commit failed and nothing of it happened (the error says why).
    void (*finished)(Plane *plane, Work *work, const Error *failed);
    bool ends_batch; // nothing of later turns may share its transaction (reset)
};

// A call from outside, on its way through both threads. It lives in its request's arena.
typedef struct ApiWork {
    Work work;
    HttpExchange *exchange;
    BodyFilter *filter; // NULL: the body was taken as it is
    bool has_head; // admitted or refused by its head, before the body was here
    bool arrived; // the whole request is here
    WireRoute route;
    Authentication who;
    Call call;
    Outcome outcome;
    Doc *output;
    Body reply_body;
    Stream *stream; // the reply goes on; NULL: it does not
    bool speaks; // on the loop: its stream has begun
    Error error;
} ApiWork;

// What the turn thread lets the loop see: made after a commit, never changed. The loop holds the newest; the older is freed when it is handed back.
typedef struct Snapshot {
    Clock clock;
    IdentitySnapshot *identity;
} Snapshot;

struct Plane {
    PlaneOptions options;
    Arena *arena; // of the options
    Loop *loop;
    HttpServer *server;
    Certificates *certificates;
    uint16_t port;
    SandboxBlock block; // of public addresses
    int lock_fd;
    Turns *turns;
    Queue parcels; // from the turn thread
    LoopWake *wake;
    LoopHook *after_poll;
    bool pushed; // in this iteration
    bool closing; // the turn thread has ended
    List laters; // Later
    Snapshot *snapshot;
    Store *reader;
    int reader_depth; // of nested uses of its transaction
    Vec reads; // ApiWork * of this iteration
    IdSource ids;
    Map *unsupported; // "service:Operation" → Unsupported (unsupported.c)
    struct Sandboxes *sandboxes; // sandboxes.c
    uint64_t request_count;
    int64_t started_ms;
    List streams; // Stream: those under way
    _Atomic size_t open_requests, open_streams;
    _Atomic int64_t last_request_ms;
};

struct Turn {
    Plane *plane; // its immutable part: options
    Turns *turns; // NULL on the loop: reading only
    Store *store;
    Arena *arena;
    const Call *call; // NULL in subscriptions and starts
    Partition where;
    int64_t now_ms;
    IdSource ids;
    Str origin; // of commands: "call/REQUEST-ID"
    uint32_t command_count;
    int depth, hops;
    Body reply_body;
    const StreamType *stream_type; // NULL: the reply does not go on
    void *stream_state;
    void *memo;
    Str park_key;
    TimerKind park_kind;
    int64_t park_deadline_ms;
};

// What waits for a key or a deadline: a call from outside (work) or an engaged internal one (entry_id).
typedef struct Parked {
    Link link;
    Arena *arena; // own, of internal ones; NULL for calls from outside
    ApiWork *work;
    Str entry_id;
    Str key;
    TimerKind kind;
    int64_t deadline_ms; // real for TIMER_OUTER, else plane time
    bool woken, timed_out;
} Parked;

typedef struct EffectStart {
    const EffectType *type;
    Effect effect;
} EffectStart;

// agenda.c: answers of the database, and the state of their tables when they were given.
typedef struct Agenda {
    uint64_t outbox_changes, timer_changes;
    int64_t outbox_ms, timer_ms[TIMER_OUTER + 1];
} Agenda;

struct Turns {
    Plane *plane;
    pthread_t thread;
    Queue incoming; // Work
    Store *store; // the writer
    Clock clock;
    Directory *directory; // identity/directory.h: credentials and policies
    _Atomic bool stopping;
    Arena *arena; // of the current turn
    StepContext step; // store, arena, now; its wakes
    Agenda agenda;
    List parked;
    Vec finished; // Work *
    Vec effects; // EffectStart: to hand to the loop after the commit
    Vec files; // Str: to delete after the commit
    QueueItem *left_over; // what came behind a work that ended its batch
    Clock clock_before; // as it was when the turn began: what a failed commit goes back to
    bool batch_ended, changed, unsettled; // changed: something was written; unsettled: there is more to do at once
    bool snapshot_due; // of an earlier turn
    bool running, started; // started: the first turn was committed
    Error start_error;
    sem_t first_done; // the first turn was handed over
    int64_t sleep_us; // until something is due
    uint64_t sequence; // of turns
    uint64_t audit_next; // number of the next record
    IdSource ids;
};

// turns.c
bool turns_open(Plane *plane, Turns **out, Error *e);
bool turns_run(Turns *turns, Error *e); // starts the thread; false when its first turn fails
void turns_stop(Turns *turns); // when all that was pushed is done; nothing pushed later is
void turns_close(Turns *turns);
void turns_push(Turns *turns, Work *work); // from the loop; queue_wake after one or many
void turns_perform(Turns *turns, Work *work);
void turns_start_services(Turns *turns);
extern const StoreTable AUDIT_TABLE; // audit.c
void audit_open(Turns *turns);
void audit_call(Turns *turns, const Call *call, Outcome outcome, const Error *e);

// handover.c
void handover_turn(Turns *turns, const Error *failed);
void handover_unpack(Plane *plane, QueueItem *parcels);

// plane.c, the loop's side
void plane_push(Plane *plane, Work *work); // to the turn thread; it is woken once a loop iteration
void plane_take_back(Plane *plane, QueueItem *parcel); // from the turn thread
void plane_set_snapshot(Plane *plane, Snapshot *snapshot);
size_t plane_open_requests(const Plane *plane); // atomics: any thread
int64_t plane_last_request_ms(const Plane *plane);

// dispatch.c
HttpOwner dispatch_owner(Plane *plane);
void dispatch_reads(Plane *plane);

// streams.c
void stream_open(ApiWork *api, const Turn *turn); // on the turn thread, when the call is done
void stream_begin(Plane *plane, ApiWork *api); // on the loop: the reply and its first event
void stream_end(ApiWork *api); // its client has gone, or it will not begin; the reply is still to be ended
void stream_go_on(ApiWork *api); // what was said has been taken

// admission.c
bool admit_head(Plane *plane, ApiWork *api, Error *e); // the route is known; the body is still to come
bool admit(Plane *plane, ApiWork *api, Error *e); // the request is whole
bool admission_is_urgent(const HttpRequest *head); // a refusal must not wait for the body

// body.c: streamed bodies on their way in: aws-chunked framing, digests.
BodyFilter *body_filter_begin(Plane *plane, HttpExchange *exchange, const Authentication *who, HttpIntake *intake);
const BodyDigests *body_filter_digests(BodyFilter *filter); // NULL without a filter
bool body_filter_check(BodyFilter *filter, const WireRoute *route, const Signature *signature, Error *e);
bool body_sums_check(const HttpRequest *request, const WireRoute *route, Error *e); // body_sums.c: of a body that does not stream
void body_filter_add_trailers(const BodyFilter *filter, const WireOperation *operation, Arena *arena, Doc *input);
void body_filter_free(BodyFilter *filter); // accepts NULL

// admin.c, unsupported.c
extern const EndpointType ADMIN_ENDPOINT;
void unsupported_note(Plane *plane, const WireOperation *operation, Str user_agent);
Doc *unsupported_list(const Plane *plane, Arena *arena);
void unsupported_done(Plane *plane);

// sandboxes.c
bool sandboxes_open(Plane *plane, Error *e);
void sandboxes_close(Plane *plane);
void sandboxes_reset(Turn *turn); // destroys all
Doc *sandboxes_doc(Plane *plane, Arena *arena); // name → its units: [{name, state, subState}], of those in use
void sandboxes_set_clock(Plane *plane); // what programs in them see as the time: with each new snapshot

// run.c: one call, on either thread: authorise, savepoint, handle.
Outcome run_call(Turn *turn, const Operation *operation, const Call *call, Doc **out, Error *e);
void turn_begin(Turn *turn, Turns *turns, Arena *arena, Partition where, Str origin);

// registry.c
void registry_open(void);
const Operation *registry_operation(const WireOperation *operation); // NULL: modelled, not built
const Service *registry_service(const WireService *service); // NULL: nothing of it is built
const StoreTable *const *registry_tables(size_t *count);

// authorize.c
Str expand_resource(const Call *call, const char *template);
bool authorize_call(Turn *turn, const Operation *operation, const Call *call, Error *e);

// effects.c
void effects_add(Turns *turns, const OutboxEntry *entry);
void effects_start(Plane *plane, const EffectStart *start);
bool effects_hold_clock(Turns *turns);
Doc *effects_under_way(Turns *turns, Arena *arena); // for `rehearse clock`: what holds it

void laters_close(Plane *plane); // later.c

// leftovers.c: files of effects, DATA/effects
bool leftovers_remove(Store *store, Str data, Error *e); // at start: of effects that nobody waits for, and that no machine will discard
void leftovers_reset(Turn *turn); // all

// bus.c
void bus_publish(Turns *turns, const OutboxEntry *entry);

// agenda.c: what is due next, plane time; INT64_MAX: nothing is.
int64_t agenda_outbox_ms(Turns *turns); // 0: at once
int64_t agenda_timer_ms(Turns *turns, TimerKind kind);
bool agenda_has_due_timer(Turns *turns);

// outgoing.c: the outbox's entries on their way out, within the turn.
bool outgoing_run(Turns *turns); // true: did something
void outgoing_run_engaged(Turns *turns, Str entry_id, bool woken, bool timed_out); // a parked internal call, again
void outgoing_resume(Turns *turns); // at start: engaged entries again

// parking.c
void parking_add(Turns *turns, ApiWork *work, const OutboxEntry *entry, const Turn *turn);
bool parking_run(Turns *turns); // runs what was woken or is over its deadline
bool parking_forget(Turns *turns, const ApiWork *work); // its client has gone; false: it was not parked
int64_t parking_next_real_ms(const Turns *turns); // INT64_MAX: none
int64_t parking_next_wait_ms(const Turns *turns); // plane time; INT64_MAX: none
size_t parking_outside_count(const Turns *turns);
void parking_done(Turns *turns);

// timing.c
void timing_load(Turns *turns, ClockMode mode, double scale);
void timing_reset(Turns *turns); // the clock begins anew
void timing_save(Turns *turns);
bool timing_fire(Turns *turns); // fires what is due; true: did something
bool timing_jump(Turns *turns); // moves a jumping clock when nothing is under way
int64_t timing_sleep_us(Turns *turns);
void timing_advance(Turns *turns, int64_t plane_ms); // fires on the way what is due, in order
int64_t timing_real_ms(const Turns *turns, int64_t plane_ms, int64_t real_ms);
int64_t real_now_ms(void);
