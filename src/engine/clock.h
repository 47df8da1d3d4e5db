// The clock of the plane: real time plus an offset that only grows.
//
// Modes: real; jump (when nothing is under way, jump to the next WAIT timer, stopping at each BACKGROUND timer before it, in order); scaled
// (N plane seconds in one real second); held (stands still). The offset is persisted with each jump, so plane time never runs backward over a restart.
// What is under way holds the clock by a token: a runnable event, an undelivered command, a job at work, an open request other than a long
// poll, and a short quiet period after the last outside request.
//
// Pure: every function takes real time as an argument. The turn thread owns the clock; others read a snapshot of the offset.
#pragma once

#include "base/error.h"

typedef enum ClockMode { CLOCK_REAL, CLOCK_JUMP, CLOCK_SCALED, CLOCK_HELD } ClockMode;

typedef struct Clock {
    ClockMode mode;
    double scale; // CLOCK_SCALED
    int64_t base_real_ms, base_plane_ms; // plane = base_plane + (real - base_real) × scale
} Clock;

enum { CLOCK_QUIET_MS = 50 }; // after the last outside request, before a jump

void clock_init(Clock *clock, int64_t real_ms);
int64_t clock_now(const Clock *clock, int64_t real_ms);
void clock_set_mode(Clock *clock, ClockMode mode, double scale, int64_t real_ms); // plane time goes on from where it is
bool clock_is_same(const Clock *a, const Clock *b); // shows the same time for ever
void clock_advance_to(Clock *clock, int64_t plane_ms, int64_t real_ms); // never backward
bool clock_parse_duration(Str text, int64_t *ms, Error *e); // "7d", "90m", "1h30m", "45s", "250ms"
