// PutLogEvents: cheap, as builds stream through it. Limits are those of the API Reference; sequence tokens are taken and not looked at, as AWS does.
#include "services/logs/events.h"

enum { BATCH_BYTES = 1024 * 1024, EVENT_BYTES = 1024 * 1024 };
#define TOO_NEW_MS (2LL * 60 * 60 * 1000)
#define TOO_OLD_MS (14 * LOGS_DAY_MS)

static int64_t time_of(const Doc *event) { return doc_number(event, "timestamp", 0); }

static bool check_batch(const Doc *events, Error *e) {
    size_t bytes = 0;
    for (const Doc *event = doc_first(events); event; event = event->next) {
        size_t of_event = doc_text(event, "message").len + LOGS_EVENT_OVERHEAD_BYTES;
        if (of_event > EVENT_BYTES)
            return fail(e, "InvalidParameterException", "Log event too large: %zu bytes exceeds limit of %d", of_event, EVENT_BYTES);
        bytes += of_event;
        if (event->next && time_of(event->next) < time_of(event))
            return fail(e, "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.");
    }
    if (bytes > BATCH_BYTES) return fail(e, "InvalidParameterException", "Upload too large: %zu bytes exceeds limit of %d", bytes, BATCH_BYTES);
    return true;
}

// The part of the batch that is accepted, as indexes: events are in order, so what is too old lies in front, what is too new behind.
typedef struct Accepted {
    size_t too_old, expired, begin, end, count; // events below the first two are refused for that reason
    int64_t first_ms, last_ms;
} Accepted;

static Accepted sort_out(const LogGroup *group, const Doc *events, int64_t now_ms) {
    Accepted all = {.count = doc_count(events)};
    all.end = all.count;
    size_t i = 0;
    for (const Doc *event = doc_first(events); event; event = event->next, i++) {
        int64_t time_ms = time_of(event);
        if (time_ms < now_ms - TOO_OLD_MS) {
            all.too_old = i + 1;
        } else if (time_ms < group->expired_ms) {
            all.expired = i + 1;
        } else if (time_ms > now_ms + TOO_NEW_MS) {
            all.end = i;
            break;
        } else {
            if (!all.first_ms) all.first_ms = time_ms;
            all.last_ms = time_ms;
        }
    }
    all.begin = all.expired > all.too_old ? all.expired : all.too_old;
    return all;
}

static Doc *rejected(Arena *arena, const Accepted *accepted) {
    if (!accepted->begin && accepted->end == accepted->count) return NULL;
    Doc *info = doc_map(arena);
    if (accepted->end < accepted->count) doc_set_int(arena, info, "tooNewLogEventStartIndex", (int64_t)accepted->end);
    if (accepted->too_old) doc_set_int(arena, info, "tooOldLogEventEndIndex", (int64_t)accepted->too_old);
    if (accepted->expired) doc_set_int(arena, info, "expiredLogEventEndIndex", (int64_t)accepted->expired);
    return info;
}

static uint64_t next_sequence(const LogStream *stream, int64_t now_ms) {
    uint64_t least = (uint64_t)now_ms << LOGS_SEQUENCE_BITS, last = (uint64_t)doc_number(stream->doc, "$sequence", 0);
    return last >= least ? last + 1 : least;
}

static void note_times(Arena *arena, Doc *stream, const Accepted *accepted, int64_t now_ms) {
    int64_t first = doc_number(stream, "firstEventTimestamp", INT64_MAX), last = doc_number(stream, "lastEventTimestamp", -1);
    if (accepted->first_ms < first) doc_set_int(arena, stream, "firstEventTimestamp", accepted->first_ms);
    if (accepted->last_ms > last) doc_set_int(arena, stream, "lastEventTimestamp", accepted->last_ms);
    doc_set_int(arena, stream, "lastIngestionTime", now_ms);
}

static void store_events(Turn *turn, const LogGroup *group, LogStream *stream, const Doc *events, const Accepted *accepted) {
    Arena *arena = turn_arena(turn);
    uint64_t sequence = next_sequence(stream, turn_now(turn));
    int64_t bytes = doc_number(stream->doc, "$bytes", 0);
    size_t i = 0;
    for (const Doc *event = doc_first(events); event; event = event->next, i++) {
        if (i < accepted->begin || i >= accepted->end) continue;
        LogEvent row = {.at = {time_of(event), sequence++, stream->number}, .message = doc_text(event, "message")};
        event_put(turn, group->number, &row);
        bytes += (int64_t)row.message.len + LOGS_EVENT_OVERHEAD_BYTES;
    }
    doc_set_int(arena, stream->doc, "$sequence", (int64_t)sequence - 1);
    doc_set_int(arena, stream->doc, "$bytes", bytes);
    note_times(arena, stream->doc, accepted, turn_now(turn));
    logs_stream_save(turn, group, stream);
}

Outcome logs_put_events(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const refused[] = {"entity", NULL};
    const Doc *events = doc_get(call->input, "logEvents");
    LogGroup group;
    LogStream stream;
    CALL_TRY(logs_refuse(call, refused, e));
    CALL_TRY(logs_group_need(turn, call, &group, e));
    CALL_TRY(logs_stream_need(turn, &group, doc_text(call->input, "logStreamName"), &stream, e));
    CALL_TRY(check_batch(events, e));
    Accepted accepted = sort_out(&group, events, call->now_ms);
    if (accepted.last_ms - accepted.first_ms > LOGS_DAY_MS)
        return call_fail(e, "InvalidParameterException", "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
    if (accepted.begin < accepted.end) {
        store_events(turn, &group, &stream, events, &accepted);
        live_tail_tell(turn, &group, &stream, events, accepted.begin, accepted.end);
    }
    LogPosition last = {.sequence = (uint64_t)doc_number(stream.doc, "$sequence", 0)};
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "nextSequenceToken", position_digits(call->arena, last));
    doc_set(*out, "rejectedLogEventsInfo", rejected(call->arena, &accepted));
    return OUTCOME_DONE;
}
