// Events: the rows of LOGS_EVENTS, positions among them, and the tokens that clients carry.
//
// A position lies in front of the event of the same (time, sequence, stream), and is also where that event stands. Its 56 digits (time 17, sequence 20,
// stream 19) sort as positions do; they are an event's eventId. A token is "f/DIGITS/s" (go on with what stands from there on) or "b/DIGITS/s" (with what
// stands before).
#pragma once

#include "services/logs/logs.h"

enum { LOGS_SEQUENCE_BITS = 20 };

typedef struct LogPosition {
    int64_t time_ms;
    uint64_t sequence, stream;
} LogPosition;

typedef struct LogEvent {
    LogPosition at;
    Str message;
} LogEvent;

int position_compare(LogPosition a, LogPosition b);
Str position_digits(Arena *arena, LogPosition at);
Str token_write(Arena *arena, bool backward, LogPosition at);
bool token_read(Str token, bool *backward, LogPosition *out); // false: it is none
static inline int64_t position_ingested_ms(LogPosition at) { return (int64_t)(at.sequence >> LOGS_SEQUENCE_BITS); }

// Events of one stream with from <= position < before, the last ones first when `reverse`.
typedef struct EventRange {
    uint64_t group, stream;
    LogPosition from, before;
    bool reverse;
    size_t limit; // 0: no limit
} EventRange;
typedef bool EventVisit(void *context, const LogEvent *event); // false: enough; the message lives during the call
void events_scan(Turn *turn, EventRange range, EventVisit *visit, void *context);

void event_put(Turn *turn, uint64_t group, const LogEvent *event);
void events_delete(Turn *turn, const LogGroup *group, const LogStream *stream); // NULL: of all its streams
void events_delete_before(Turn *turn, const LogGroup *group, const LogStream *stream, int64_t time_ms);
