// Retention: events older than a group keeps them are hidden at once (LogGroup.expired_ms) and deleted by a sweep once a day of plane time.
//
//     start ──► (timer "sweep", each day) ──► publishes "Retention Sweep", which logs_sweep hears      end ──► deleted
//
// A step cannot reach the events' table; therefore it publishes within the plane, and the sweep runs in a turn of its own.
#include "services/logs/events.h"

static void sweep_later(Step *step) { step_timer(step, STR("sweep"), TIMER_BACKGROUND, step->now_ms + LOGS_DAY_MS); }

static void publish_sweep(Step *step) {
    Doc *detail = doc_map(step->arena);
    doc_set_str(step->arena, detail, "logGroupName", step->id);
    step_publish(step, "rehearse.logs", "Retention Sweep", detail, NULL);
}

static void retention_step(Step *step) {
    Str kind = step->event->kind;
    if (str_is(kind, "start")) {
        if (!step->state) sweep_later(step);
        step->state = doc_map(step->arena);
    } else if (str_is(kind, "end")) {
        step->state = NULL;
    } else if (step->state && str_is(kind, "timer")) {
        publish_sweep(step);
        sweep_later(step);
    }
}

static const MachineType RETENTION_MACHINE = {.version = 1, .step = retention_step};
const DocumentType LOGS_RETENTION = {.name = "logs.retention", .machine = &RETENTION_MACHINE};

void logs_retention_begin(Turn *turn, Str group) { turn_send(turn, &LOGS_RETENTION, group, STR("start"), NULL); }
void logs_retention_end(Turn *turn, Str group) { turn_send(turn, &LOGS_RETENTION, group, STR("end"), NULL); }

// ---- The sweep ----

typedef struct Expired {
    int64_t bytes;
} Expired;

static bool count_expired(void *context, const LogEvent *event) {
    Expired *expired = context;
    expired->bytes += (int64_t)event->message.len + LOGS_EVENT_OVERHEAD_BYTES;
    return true;
}

static bool take_time(void *context, const LogEvent *event) {
    *(int64_t *)context = event->at.time_ms;
    return false;
}

static void sweep_stream(Turn *turn, const LogGroup *group, LogStream *stream) {
    Arena *arena = turn_arena(turn);
    Expired expired = {0};
    int64_t first_ms = -1;
    LogPosition start = {.stream = stream->number}, cut = {group->expired_ms, 0, stream->number}, end = {INT64_MAX, 0, stream->number};
    EventRange old = {.group = group->number, .stream = stream->number, .from = start, .before = cut};
    EventRange kept = {.group = group->number, .stream = stream->number, .from = cut, .before = end};
    if (doc_number(stream->doc, "firstEventTimestamp", INT64_MAX) >= group->expired_ms) return;
    events_scan(turn, old, count_expired, &expired);
    events_delete_before(turn, group, stream, group->expired_ms);
    events_scan(turn, kept, take_time, &first_ms);
    doc_set_int(arena, stream->doc, "$bytes", doc_number(stream->doc, "$bytes", 0) - expired.bytes);
    if (first_ms >= 0) doc_set_int(arena, stream->doc, "firstEventTimestamp", first_ms);
    if (first_ms < 0) doc_set(stream->doc, "firstEventTimestamp", NULL);
    if (first_ms < 0) doc_set(stream->doc, "lastEventTimestamp", NULL);
    logs_stream_save(turn, group, stream);
}

void logs_sweep(Turn *turn, const Doc *event) {
    LogGroup group;
    if (!logs_group_get(turn, doc_text(doc_get(event, "detail"), "logGroupName"), &group) || !group.expired_ms) return;
    Doc *streams = logs_streams(turn, &group, (DocumentScan){.limit = 0});
    for (const Doc *doc = doc_first(streams); doc; doc = doc->next) {
        LogStream stream = logs_stream_read(doc);
        sweep_stream(turn, &group, &stream);
    }
}
