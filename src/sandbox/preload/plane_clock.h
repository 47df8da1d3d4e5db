// DATA/clock: plane time as a function of real time, shared between the server, which writes it, and every process in sandboxes.
//
// plane = base_plane + (real - base_real) × scale; scale 0: the clock is held. `version` is odd while it is being changed: readers look again.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

typedef struct PlaneClock {
    _Atomic uint64_t version;
    _Atomic int64_t base_real_ms, base_plane_ms;
    _Atomic double scale;
} PlaneClock;

typedef struct PlaneClockCopy {
    int64_t base_real_ms, base_plane_ms;
    double scale;
} PlaneClockCopy;

static inline void plane_clock_write(PlaneClock *clock, PlaneClockCopy to) {
    atomic_fetch_add(&clock->version, 1);
    atomic_store(&clock->base_real_ms, to.base_real_ms);
    atomic_store(&clock->base_plane_ms, to.base_plane_ms);
    atomic_store(&clock->scale, to.scale);
    atomic_fetch_add(&clock->version, 1);
}

static inline PlaneClockCopy plane_clock_read(const PlaneClock *clock) {
    for (int tries = 0;; tries++) {
        uint64_t before = atomic_load(&clock->version);
        PlaneClockCopy copy = {atomic_load(&clock->base_real_ms), atomic_load(&clock->base_plane_ms), atomic_load(&clock->scale)};
        // A server that was killed while it wrote leaves an odd number until the next one writes.
        if ((before % 2 == 0 && atomic_load(&clock->version) == before) || tries > 1000) return copy;
    }
}

static inline int64_t plane_clock_at(const PlaneClock *clock, int64_t real_ms) {
    PlaneClockCopy now = plane_clock_read(clock);
    if (real_ms < now.base_real_ms) return now.base_plane_ms; // real time was set back
    return now.base_plane_ms + (int64_t)((double)(real_ms - now.base_real_ms) * now.scale);
}

// When it will be `plane_ms`; a held clock never gets there: then as if it went on now.
static inline int64_t plane_clock_real(const PlaneClock *clock, int64_t plane_ms) {
    PlaneClockCopy now = plane_clock_read(clock);
    return now.base_real_ms + (int64_t)((double)(plane_ms - now.base_plane_ms) / (now.scale > 0 ? now.scale : 1));
}
