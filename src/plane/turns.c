// The turn thread: the database's only writer.
//
// A turn: take everything that waits → one transaction: perform it, carry out the outbox, fire timers, run what was woken → take late comers → commit →
// hand replies, effects and a new snapshot to the loop. A failed commit turns every reply of the turn into an error; nothing in memory has changed then, since
// memory follows the commit. bench/ measures what the hand-over reaches.
#include "plane/internal.h"

#include "base/log.h"
#include "engine/failpoint.h"
#include "engine/poison.h"
#include "formats/patterns.h"
#include "store/blobs.h"

#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS_A_TURN = 32, RETRY_US = 300 * 1000, PAUSE_US = 50 * 1000 };

static bool perform_all(Turns *turns) {
    bool any = false;
    for (QueueItem *item = queue_take_all(&turns->incoming); item && !turns->batch_ended;) {
        QueueItem *next = item->next;
        turns_perform(turns, (Work *)item);
        item = next;
        any = true;
        if (turns->batch_ended && item) turns->left_over = item;
    }
    return any;
}

void turns_perform(Turns *turns, Work *work) {
    if (!work->perform(turns, work)) return;
    vec_add(&turns->finished, Work *, work);
    turns->batch_ended = turns->batch_ended || work->ends_batch;
}

static void take_left_over(Turns *turns) {
    QueueItem *item = turns->left_over;
    turns->left_over = NULL;
    for (QueueItem *next; item; item = next) {
        next = item->next;
        turns_perform(turns, (Work *)item);
    }
}

static void open_turn(Turns *turns) {
    turns->arena = arena_new();
    turns->sequence++;
    turns->finished = vec_of(turns->arena, Work *);
    turns->effects = vec_of(turns->arena, EffectStart);
    turns->files = vec_of(turns->arena, Str);
    turns->changed = turns->snapshot_due;
    turns->snapshot_due = turns->batch_ended = false;
    turns->clock_before = turns->clock;
    turns->step = (StepContext){
        .store = turns->store,
        .arena = turns->arena,
        .now_ms = clock_now(&turns->clock, real_now_ms()),
        .wakes = doc_list(turns->arena),
    };
    store_begin(turns->store);
}

// What the writes of this turn set off goes into the same transaction, within bounds: a chain without end must not starve the clients.
static void settle(Turns *turns) {
    for (int round = 0; round < ROUNDS_A_TURN; round++) {
        bool sent = outgoing_run(turns), fired = timing_fire(turns), woken = parking_run(turns);
        bool late = !turns->batch_ended && perform_all(turns);
        if (!sent && !fired && !woken && !late) return;
    }
    turns->unsettled = true;
}

static bool commit(Turns *turns, Error *e) {
    bool wrote = store_wrote(turns->store);
    if (wrote) failpoint("before commit");
    bool committed = store_commit(turns->store, e);
    if (wrote) failpoint("after commit");
    return committed;
}

// What was due is due still.
static void take_back(Turns *turns, const Error *why) {
    log_error("a turn of %zu calls could not be committed: %s", turns->finished.len, why->message);
    directory_changed(turns->directory);
    turns->clock = turns->clock_before;
    turns->sleep_us = RETRY_US;
    turns->snapshot_due = turns->snapshot_due || turns->changed;
    usleep(PAUSE_US); // what is tried again must not turn in circles
}

static bool close_turn(Turns *turns, Error *why) {
    Error e = {0};
    turns->sleep_us = turns->unsettled || turns->left_over ? 0 : timing_sleep_us(turns);
    turns->unsettled = false;
    bool committed = commit(turns, &e);
    if (!committed) take_back(turns, &e);
    handover_turn(turns, committed ? NULL : &e);
    if (turns->snapshot_due) turns->sleep_us = RETRY_US;
    turns->arena = NULL; // the loop has it now
    if (!committed && why) *why = e;
    return committed;
}

static void run_turn(Turns *turns) {
    open_turn(turns);
    take_left_over(turns);
    if (!turns->batch_ended) perform_all(turns);
    settle(turns);
    if (timing_jump(turns)) settle(turns);
    close_turn(turns, NULL);
}

static void first_turn(Turns *turns) {
    const PlaneOptions *options = plane_options(turns->plane);
    open_turn(turns);
    timing_load(turns, options->clock_mode, options->clock_scale);
    turns->step.now_ms = clock_now(&turns->clock, real_now_ms());
    audit_open(turns);
    poison_load(turns->store, options->data);
    turns_start_services(turns);
    outgoing_resume(turns);
    turns->changed = true; // the loop needs a first snapshot
    turns->started = close_turn(turns, &turns->start_error) && !turns->snapshot_due;
    if (turns->started) poison_settle(options->data);
}

void turns_start_services(Turns *turns) {
    const PlaneOptions *options = plane_options(turns->plane);
    for (const Service *const *service = SERVICES; *service; service++) {
        if (!(*service)->start) continue;
        Turn turn;
        turn_begin(&turn, turns, turns->arena, (Partition){options->account, options->region},
                   str_format(turns->arena, "start/%s", (*service)->name));
        (*service)->start(&turn);
    }
}

static void *turn_thread(void *argument) {
    Turns *turns = argument;
    pthread_setname_np(pthread_self(), "turns");
    first_turn(turns);
    sem_post(&turns->first_done);
    while (turns->started && !(atomic_load(&turns->stopping) && queue_is_empty(&turns->incoming))) { // what was handed over before the end is done
        if (turns->sleep_us && queue_is_empty(&turns->incoming)) queue_sleep(&turns->incoming, turns->sleep_us);
        run_turn(turns);
    }
    pattern_cache_clear();
    return NULL;
}

static bool open_store(Turns *turns, Error *e) {
    size_t count;
    const StoreTable *const *tables = registry_tables(&count);
    Str data = plane_options(turns->plane)->data;
    TRY(store_open(data, STORE_WRITER, tables, count, &turns->store, e));
    store_begin(turns->store);
    TRY(blobs_open(turns->store, data, e));
    TRY(leftovers_remove(turns->store, data, e));
    return store_commit(turns->store, e);
}

bool turns_open(Plane *plane, Turns **out, Error *e) {
    Turns *turns = calloc(1, sizeof *turns);
    if (!turns) abort();
    turns->plane = plane;
    list_init(&turns->parked);
    sem_init(&turns->first_done, 0, 0);
    id_source_seed_random(&turns->ids);
    if (!open_store(turns, e)) {
        store_close(turns->store);
        free(turns);
        return false;
    }
    turns->directory = directory_new(turns->store);
    *out = turns;
    return true;
}

bool turns_run(Turns *turns, Error *e) {
    fail(&turns->start_error, "store", "users and roles could not be read"); // unless the commit knows better
    if (pthread_create(&turns->thread, NULL, turn_thread, turns)) abort();
    turns->running = true;
    while (sem_wait(&turns->first_done)) {} // nobody may ask before there is a snapshot
    if (!turns->started && e) *e = turns->start_error;
    return turns->started;
}

void turns_stop(Turns *turns) {
    if (!turns || !turns->running) return;
    atomic_store(&turns->stopping, true);
    queue_wake(&turns->incoming);
    pthread_join(turns->thread, NULL);
    turns->running = false;
}

void turns_close(Turns *turns) {
    if (!turns) return;
    turns_stop(turns);
    parking_done(turns);
    directory_free(turns->directory);
    store_close(turns->store);
    free(turns);
}

void turns_push(Turns *turns, Work *work) { queue_push(&turns->incoming, &work->item); }
