#include "services/logs/events.h"

#include "store/key.h"

#include <stdio.h>

const StoreTable LOGS_EVENTS = {.name = "logs_events", .large_rows = true};

enum { TIME_DIGITS = 17, SEQUENCE_DIGITS = 20, STREAM_DIGITS = 19, ALL_DIGITS = TIME_DIGITS + SEQUENCE_DIGITS + STREAM_DIGITS };

// ---- Positions ----

static int compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

int position_compare(LogPosition a, LogPosition b) {
    int order = compare((uint64_t)a.time_ms, (uint64_t)b.time_ms);
    if (!order) order = compare(a.sequence, b.sequence);
    return order ? order : compare(a.stream, b.stream);
}

Str position_digits(Arena *arena, LogPosition at) {
    return str_format(arena, "%0*lld%0*llu%0*llu", TIME_DIGITS, (long long)at.time_ms, SEQUENCE_DIGITS, (unsigned long long)at.sequence,
                      STREAM_DIGITS, (unsigned long long)at.stream);
}

Str token_write(Arena *arena, bool backward, LogPosition at) {
    return str_format(arena, "%c/%.*s/s", backward ? 'b' : 'f', ALL_DIGITS, position_digits(arena, at).at);
}

static bool take_digits(Str *rest, size_t count, uint64_t *out) {
    uint64_t value = 0;
    if (rest->len < count) return false;
    for (size_t i = 0; i < count; i++) {
        if (rest->at[i] < '0' || rest->at[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (uint64_t)(rest->at[i] - '0'), &value)) return false;
    }
    *rest = str_from(*rest, count);
    *out = value;
    return true;
}

bool token_read(Str token, bool *backward, LogPosition *out) {
    uint64_t time, sequence, stream;
    if (!str_starts(token, STR("f/")) && !str_starts(token, STR("b/"))) return false;
    Str rest = str_from(token, 2);
    if (!take_digits(&rest, TIME_DIGITS, &time) || !take_digits(&rest, SEQUENCE_DIGITS, &sequence) || !take_digits(&rest, STREAM_DIGITS, &stream))
        return false;
    if (!str_is(rest, "/s")) return false;
    *backward = token.at[0] == 'b';
    *out = (LogPosition){(int64_t)time, sequence, stream};
    return true;
}

// ---- Rows ----

static Str row_key(Arena *arena, uint64_t group, LogPosition at) {
    return KEY(arena, key_number(group), key_number(at.stream), key_number((uint64_t)at.time_ms), key_number(at.sequence));
}

// The key of the first row of the stream that stands at the position or behind it.
static Str boundary(Arena *arena, const EventRange *range, LogPosition at) {
    if (range->stream < at.stream) at.sequence++; // of two events with the same time and sequence, this stream's stands before
    at.stream = range->stream;
    return row_key(arena, range->group, at);
}

typedef struct Walk {
    EventVisit *visit;
    void *context;
} Walk;

static bool visit_row(void *context, Str key, Str value) {
    const Walk *walk = context;
    uint64_t group, stream, time, sequence;
    if (!key_take_number(&key, &group) || !key_take_number(&key, &stream) || !key_take_number(&key, &time) || !key_take_number(&key, &sequence))
        return true;
    LogEvent event = {.at = {(int64_t)time, sequence, stream}, .message = value};
    return walk->visit(walk->context, &event);
}

void events_scan(Turn *turn, EventRange range, EventVisit *visit, void *context) {
    Walk walk = {visit, context};
    StoreRange rows = {
        .from = boundary(turn_arena(turn), &range, range.from),
        .before = boundary(turn_arena(turn), &range, range.before),
        .reverse = range.reverse,
        .limit = range.limit,
    };
    store_scan(turn_store(turn), &LOGS_EVENTS, rows, visit_row, &walk);
}

void event_put(Turn *turn, uint64_t group, const LogEvent *event) {
    store_put(turn_store(turn), &LOGS_EVENTS, row_key(turn_arena(turn), group, event->at), event->message);
}

void events_delete(Turn *turn, const LogGroup *group, const LogStream *stream) {
    Arena *arena = turn_arena(turn);
    Str prefix = stream ? KEY(arena, key_number(group->number), key_number(stream->number)) : KEY(arena, key_number(group->number));
    store_delete_range(turn_store(turn), &LOGS_EVENTS, (StoreRange){.from = prefix, .before = key_after_prefix(arena, prefix)});
}

void events_delete_before(Turn *turn, const LogGroup *group, const LogStream *stream, int64_t time_ms) {
    Arena *arena = turn_arena(turn);
    LogPosition first = {.stream = stream->number}, end = {.time_ms = time_ms, .stream = stream->number};
    StoreRange rows = {.from = row_key(arena, group->number, first), .before = row_key(arena, group->number, end)};
    store_delete_range(turn_store(turn), &LOGS_EVENTS, rows);
}
