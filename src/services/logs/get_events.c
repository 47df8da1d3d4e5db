// GetLogEvents: pages of one stream, in both directions. A page's tokens are the places before its first and behind its last event; where there is nothing
// more, the token that was given comes back, which is how clients see the end.
#include "services/logs/events.h"

typedef struct EventPage {
    Arena *arena;
    Doc *first, *last; // chained in the order of time
    size_t count, limit, bytes;
    bool reverse;
    LogPosition low, high; // of the events in it
} EventPage;

static Doc *event_shown(Arena *arena, const LogEvent *event) {
    Doc *shown = doc_map(arena);
    doc_set_int(arena, shown, "timestamp", event->at.time_ms);
    doc_set_str(arena, shown, "message", str_copy(arena, event->message));
    doc_set_int(arena, shown, "ingestionTime", position_ingested_ms(event->at));
    return shown;
}

static bool add_event(void *context, const LogEvent *event) {
    EventPage *page = context;
    page->bytes += event->message.len + LOGS_EVENT_OVERHEAD_BYTES;
    if (page->count && page->bytes > LOGS_PAGE_BYTES) return false;
    Doc *shown = event_shown(page->arena, event);
    if (page->reverse) {
        shown->next = page->first;
        page->first = shown;
    } else if (page->last) {
        page->last->next = shown;
    } else {
        page->first = shown;
    }
    if (!page->reverse) page->last = shown;
    if (!page->count || page->reverse) page->low = event->at;
    if (!page->count || !page->reverse) page->high = event->at;
    return ++page->count < page->limit;
}

static Doc *list_of(EventPage *page) {
    Doc *list = doc_list(page->arena);
    for (Doc *event = page->first, *next; event; event = next) {
        next = event->next;
        event->next = NULL;
        doc_push(list, event);
    }
    return list;
}

static EventRange whole_range(const Call *call, const LogGroup *group, const LogStream *stream) {
    int64_t start = doc_number(call->input, "startTime", 0), end = doc_number(call->input, "endTime", LOGS_LAST_MS);
    if (start < group->expired_ms) start = group->expired_ms;
    if (start > LOGS_LAST_MS) start = LOGS_LAST_MS;
    if (end > LOGS_LAST_MS) end = LOGS_LAST_MS;
    return (EventRange){
        .group = group->number,
        .stream = stream->number,
        .from = {.time_ms = start, .stream = stream->number},
        .before = {.time_ms = end, .stream = stream->number},
        .reverse = !doc_flag(call->input, "startFromHead", false),
    };
}

// Cuts the range to what the token leaves of it.
static bool apply_token(const Call *call, EventRange *range, Error *e) {
    Str token = doc_text(call->input, "nextToken");
    LogPosition at;
    if (!token.at) return true;
    if (!token_read(token, &range->reverse, &at)) return logs_bad_token(e);
    at.stream = range->stream;
    if (range->reverse && position_compare(at, range->before) < 0) range->before = at;
    if (!range->reverse && position_compare(at, range->from) > 0) range->from = at;
    return true;
}

static void set_tokens(Arena *arena, const EventPage *page, const EventRange *range, Str token, Doc *out) {
    LogPosition nothing = range->reverse && token.at ? range->before : range->from; // where an empty page stands
    LogPosition before = page->count ? page->low : nothing, behind = page->count ? page->high : nothing;
    if (page->count) behind.sequence++;
    before.stream = behind.stream = 0; // the token is the stream's own
    doc_set_str(arena, out, "nextForwardToken", token_write(arena, false, behind));
    doc_set_str(arena, out, "nextBackwardToken", token_write(arena, true, before));
    if (!page->count && token.at) doc_set_str(arena, out, range->reverse ? "nextBackwardToken" : "nextForwardToken", token);
}

Outcome logs_get_events(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const refused[] = {"unmask", NULL};
    LogGroup group;
    LogStream stream;
    CALL_TRY(logs_refuse(call, refused, e));
    CALL_TRY(logs_group_need(turn, call, &group, e));
    CALL_TRY(logs_stream_need(turn, &group, doc_text(call->input, "logStreamName"), &stream, e));
    EventRange range = whole_range(call, &group, &stream);
    CALL_TRY(apply_token(call, &range, e));
    EventPage page = {.arena = call->arena, .limit = (size_t)doc_number(call->input, "limit", LOGS_EVENTS_PAGE), .reverse = range.reverse};
    events_scan(turn, range, add_event, &page);
    *out = doc_map(call->arena);
    doc_set(*out, "events", list_of(&page));
    set_tokens(call->arena, &page, &range, doc_text(call->input, "nextToken"), *out);
    return OUTCOME_DONE;
}
