#include "engine/clock.h"

void clock_init(Clock *clock, int64_t real_ms) {
    *clock = (Clock){.mode = CLOCK_REAL, .scale = 1, .base_real_ms = real_ms, .base_plane_ms = real_ms};
}

int64_t clock_now(const Clock *clock, int64_t real_ms) {
    int64_t passed = real_ms > clock->base_real_ms ? real_ms - clock->base_real_ms : 0; // real time can be set back: plane time then stands still
    switch (clock->mode) {
    case CLOCK_HELD: return clock->base_plane_ms;
    case CLOCK_SCALED: return clock->base_plane_ms + (int64_t)((double)passed * clock->scale);
    default: return clock->base_plane_ms + passed;
    }
}

static void rebase(Clock *clock, int64_t plane_ms, int64_t real_ms) {
    clock->base_plane_ms = plane_ms;
    clock->base_real_ms = real_ms;
}

void clock_set_mode(Clock *clock, ClockMode mode, double scale, int64_t real_ms) {
    rebase(clock, clock_now(clock, real_ms), real_ms);
    clock->mode = mode;
    clock->scale = mode == CLOCK_SCALED ? scale : 1;
}

bool clock_is_same(const Clock *a, const Clock *b) {
    bool passes = a->mode == CLOCK_REAL || a->mode == CLOCK_JUMP;
    return a->mode == b->mode && passes && a->base_plane_ms - a->base_real_ms == b->base_plane_ms - b->base_real_ms;
}

void clock_advance_to(Clock *clock, int64_t plane_ms, int64_t real_ms) {
    int64_t now_ms = clock_now(clock, real_ms);
    rebase(clock, plane_ms > now_ms ? plane_ms : now_ms, real_ms);
}

static const struct {
    const char *name;
    int64_t ms;
} UNITS[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000}, {"w", 7 * 24 * 3600 * 1000}};

enum { MOST_NUMBER = 1000000000 };

// One number with its unit off the front of `*rest`.
static bool take_part(Str *rest, int64_t *ms) {
    size_t digits = 0, letters = 0;
    while (digits < rest->len && rest->at[digits] >= '0' && rest->at[digits] <= '9') digits++;
    while (digits + letters < rest->len && rest->at[digits + letters] >= 'a' && rest->at[digits + letters] <= 'z') letters++;
    int64_t number;
    if (!str_to_int(str_sub(*rest, 0, digits), &number) || number > MOST_NUMBER) return false;
    Str unit = str_sub(*rest, digits, digits + letters);
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        if (!str_is(unit, UNITS[i].name)) continue;
        *ms = number * UNITS[i].ms;
        *rest = str_from(*rest, digits + letters);
        return true;
    }
    return false;
}

bool clock_parse_duration(Str text, int64_t *ms, Error *e) {
    int64_t sum = 0, part;
    Str rest = text;
    do {
        if (!take_part(&rest, &part)) {
            return fail(e, "bad-duration", "\"%.*s\" is no duration; write 7d, 90m, 1h30m, 45s or 250ms", STR_ARG(text));
        }
        sum += part;
    } while (rest.len);
    *ms = sum;
    return true;
}
