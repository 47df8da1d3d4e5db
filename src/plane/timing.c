// Timers and the jumping clock (design: engine/clock.h). Runs in the turn thread, within a turn.
#include "plane/internal.h"

#include "formats/json.h"
#include "store/key.h"

#include <time.h>

enum { TIMERS_A_TURN = 64, IDLE_US = 60 * 1000000 };

int64_t real_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// When the clock, left alone, will show `plane_ms`: in real time. INT64_MAX: never.
int64_t timing_real_ms(const Turns *turns, int64_t plane_ms, int64_t real_ms) {
    int64_t left = plane_ms - clock_now(&turns->clock, real_ms);
    if (left <= 0) return real_ms;
    switch (turns->clock.mode) {
    case CLOCK_HELD: return INT64_MAX;
    case CLOCK_SCALED: return real_ms + (int64_t)((double)left / turns->clock.scale) + 1;
    default: return real_ms + left;
    }
}

bool timing_fire(Turns *turns) {
    Timer timer;
    size_t fired = 0;
    while (fired < TIMERS_A_TURN && agenda_has_due_timer(turns) && timer_next_due(turns->store, turns->arena, turns->step.now_ms, &timer)) {
        turns->changed = true;
        timer_fire(&turns->step, &timer);
        fired++;
    }
    return fired > 0;
}

static Str clock_key(Arena *arena) { return KEY(arena, key_text(STR("clock"))); }

void timing_save(Turns *turns) {
    Arena *arena = turns->arena;
    Doc *doc = doc_map(arena);
    doc_set_int(arena, doc, "mode", turns->clock.mode);
    doc_set(doc, "scale", doc_of_real(arena, turns->clock.scale));
    doc_set_int(arena, doc, "base_real_ms", turns->clock.base_real_ms);
    doc_set_int(arena, doc, "base_plane_ms", turns->clock.base_plane_ms);
    store_put(turns->store, &ENGINE_TABLE, clock_key(arena), json_write(arena, doc));
    turns->changed = true;
}

// Plane time goes on from where it was; the mode is what this start asked for. A start that changes nothing writes nothing: that saves it two syncs.
void timing_load(Turns *turns, ClockMode mode, double scale) {
    int64_t real_ms = real_now_ms();
    Str text;
    Doc *doc = NULL;
    clock_init(&turns->clock, real_ms);
    if (store_get(turns->store, &ENGINE_TABLE, clock_key(turns->arena), turns->arena, &text) && json_parse(turns->arena, text, &doc, NULL)) {
        turns->clock = (Clock){
            .mode = (ClockMode)doc_number(doc, "mode", CLOCK_REAL),
            .scale = doc_real(doc_get(doc, "scale"), 1),
            .base_real_ms = doc_number(doc, "base_real_ms", real_ms),
            .base_plane_ms = doc_number(doc, "base_plane_ms", real_ms),
        };
    }
    Clock kept = turns->clock;
    clock_set_mode(&turns->clock, mode, scale, real_ms);
    if (!doc || !clock_is_same(&kept, &turns->clock)) timing_save(turns);
}

// As on the first day: real time, in the mode that this start asked for. Only where nothing is left that has seen a later time.
void timing_reset(Turns *turns) {
    const PlaneOptions *options = plane_options(turns->plane);
    int64_t real_ms = real_now_ms();
    clock_init(&turns->clock, real_ms);
    clock_set_mode(&turns->clock, options->clock_mode, options->clock_scale, real_ms);
    turns->step.now_ms = real_ms;
    timing_save(turns);
}

static bool is_under_way(Turns *turns, int64_t real_ms) {
    if (!queue_is_empty(&turns->incoming) || agenda_outbox_ms(turns) <= turns->step.now_ms || effects_hold_clock(turns)) return true;
    if (plane_open_requests(turns->plane) > parking_outside_count(turns)) return true;
    return real_ms - plane_last_request_ms(turns->plane) < CLOCK_QUIET_MS;
}

// The next WAIT, or the BACKGROUND timer that lies before it.
static bool jump_target(Turns *turns, int64_t *target_ms) {
    int64_t wait_ms = parking_next_wait_ms(turns), retry_ms = agenda_outbox_ms(turns);
    if (retry_ms < wait_ms) wait_ms = retry_ms; // a backoff is a wait too
    if (agenda_timer_ms(turns, TIMER_WAIT) < wait_ms) wait_ms = agenda_timer_ms(turns, TIMER_WAIT);
    if (wait_ms == INT64_MAX) return false;
    *target_ms = wait_ms;
    if (agenda_timer_ms(turns, TIMER_BACKGROUND) < wait_ms) *target_ms = agenda_timer_ms(turns, TIMER_BACKGROUND);
    return true;
}

bool timing_jump(Turns *turns) {
    int64_t real_ms = real_now_ms(), target_ms;
    if (turns->clock.mode != CLOCK_JUMP || is_under_way(turns, real_ms) || !jump_target(turns, &target_ms)) return false;
    timers_jumped(turns->store, turns->arena, target_ms - clock_now(&turns->clock, real_ms));
    clock_advance_to(&turns->clock, target_ms, real_ms);
    turns->step.now_ms = clock_now(&turns->clock, real_ms);
    timing_save(turns);
    return true;
}

// The clock stops at each timer on its way, so that what it sets off sees the time at which it was due.
void timing_advance(Turns *turns, int64_t plane_ms) {
    int64_t real_ms = real_now_ms();
    Timer timer;
    while (timer_next_due(turns->store, turns->arena, plane_ms, &timer)) {
        clock_advance_to(&turns->clock, timer.due_ms, real_ms);
        turns->step.now_ms = clock_now(&turns->clock, real_ms);
        timer_fire(&turns->step, &timer);
        while (outgoing_run(turns)) {}
    }
    clock_advance_to(&turns->clock, plane_ms, real_ms);
    turns->step.now_ms = clock_now(&turns->clock, real_ms);
}

static int64_t next_timer_real_ms(Turns *turns, int64_t real_ms) {
    int64_t next = parking_next_real_ms(turns), retry_ms = agenda_outbox_ms(turns);
    if (retry_ms != INT64_MAX && timing_real_ms(turns, retry_ms, real_ms) < next) next = timing_real_ms(turns, retry_ms, real_ms);
    for (TimerKind kind = TIMER_WAIT; kind <= TIMER_OUTER; kind++) {
        int64_t due_ms = agenda_timer_ms(turns, kind);
        if (due_ms != INT64_MAX && timing_real_ms(turns, due_ms, real_ms) < next) next = timing_real_ms(turns, due_ms, real_ms);
    }
    return next;
}

int64_t timing_sleep_us(Turns *turns) {
    int64_t real_ms = real_now_ms(), target_ms, next = next_timer_real_ms(turns, real_ms);
    if (turns->clock.mode == CLOCK_JUMP && jump_target(turns, &target_ms)) {
        int64_t quiet = plane_last_request_ms(turns->plane) + CLOCK_QUIET_MS;
        if (quiet <= real_ms) quiet = real_ms + CLOCK_QUIET_MS; // something else is under way: look again soon
        if (quiet < next) next = quiet;
    }
    if (next == INT64_MAX) return IDLE_US;
    int64_t left_us = (next - real_ms) * 1000;
    return left_us < 0 ? 0 : left_us > IDLE_US ? IDLE_US : left_us;
}
