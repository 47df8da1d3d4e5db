// FilterLogEvents: what matches a pattern in the streams of a group, in the order of time. A page ends when it is full or when enough was looked at; its token
// is the position behind the last event that was looked at.
#include "services/logs/merge.h"
#include "services/logs/pattern.h"

enum { LOOKED_AT_EVENTS = 100000, LOOKED_AT_BYTES = 64 * 1024 * 1024, STREAM_NAMES_MOST = 100 };

typedef struct Search {
    Turn *turn;
    const Call *call;
    LogGroup group;
    const LogPattern *pattern;
    LogPosition from, before;
    bool reverse;
    Doc *events;
    size_t bytes, looked_at, looked_at_bytes;
} Search;

// ---- What is asked for ----

static LogPosition at_time(int64_t ms) { return (LogPosition){.time_ms = ms}; }

static bool apply_token(Search *search, Error *e) {
    Str token = doc_text(search->call->input, "nextToken"), text;
    LogPosition at;
    if (!token.at) return true;
    if (!str_unbase64(search->call->arena, token, &text) || !token_read(text, &search->reverse, &at)) return logs_bad_token(e);
    if (search->reverse && position_compare(at, search->before) < 0) search->before = at;
    if (!search->reverse && position_compare(at, search->from) > 0) search->from = at;
    return true;
}

static bool read_search(Search *search, Error *e) {
    static const char *const refused[] = {"unmask", NULL};
    const Doc *input = search->call->input;
    LogPattern *pattern;
    TRY(logs_refuse(search->call, refused, e));
    if (doc_get(input, "logStreamNames") && doc_get(input, "logStreamNamePrefix"))
        return fail(e, "InvalidParameterException", "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
    TRY(log_pattern_parse(search->call->arena, doc_str(doc_get(input, "filterPattern"), STR("")), &pattern, e));
    TRY(logs_group_need(search->turn, search->call, &search->group, e));
    int64_t start_ms = doc_number(input, "startTime", 0), end_ms = doc_number(input, "endTime", LOGS_LAST_MS);
    search->pattern = pattern;
    if (start_ms < search->group.expired_ms) start_ms = search->group.expired_ms;
    search->from = at_time(start_ms < LOGS_LAST_MS ? start_ms : LOGS_LAST_MS);
    search->before = at_time(end_ms < LOGS_LAST_MS ? end_ms + 1 : LOGS_LAST_MS);
    search->reverse = !doc_bool(doc_get(input, "startFromHead"), true);
    return apply_token(search, e);
}

// ---- Which streams ----

static bool has_part(const Search *search, const Doc *stream) {
    const Doc *first = doc_get(stream, "firstEventTimestamp"), *last = doc_get(stream, "lastEventTimestamp");
    return first && doc_int(first, 0) <= search->before.time_ms && doc_int(last, 0) >= search->from.time_ms;
}

static bool named_streams(const Search *search, Doc *list, Error *e) {
    for (const Doc *name = doc_first(doc_get(search->call->input, "logStreamNames")); name; name = name->next) {
        LogStream stream;
        TRY(logs_stream_need(search->turn, &search->group, doc_str(name, STR("")), &stream, e));
        if (has_part(search, stream.doc)) doc_push(list, stream.doc);
    }
    return true;
}

static bool find_streams(const Search *search, Doc **out, Error *e) {
    *out = doc_list(search->call->arena);
    if (doc_get(search->call->input, "logStreamNames")) return named_streams(search, *out, e);
    DocumentScan scan = {.prefix = doc_text(search->call->input, "logStreamNamePrefix")};
    Doc *all = logs_streams(search->turn, &search->group, scan);
    for (Doc *stream = doc_first(all), *next; stream; stream = next) {
        next = stream->next;
        stream->next = NULL;
        if (has_part(search, stream)) doc_push(*out, stream);
    }
    return true;
}

// ---- The search ----

static void add_event(Search *search, const LogEvent *event, Str stream) {
    Arena *arena = search->call->arena;
    Doc *shown = doc_map(arena);
    doc_set_str(arena, shown, "logStreamName", stream);
    doc_set_int(arena, shown, "timestamp", event->at.time_ms);
    doc_set_str(arena, shown, "message", str_copy(arena, event->message));
    doc_set_int(arena, shown, "ingestionTime", position_ingested_ms(event->at));
    doc_set_str(arena, shown, "eventId", position_digits(arena, event->at));
    doc_push(search->events, shown);
    search->bytes += event->message.len + LOGS_EVENT_OVERHEAD_BYTES;
}

static bool is_full(const Search *search, const LogEvent *event) {
    bool searched = search->looked_at >= LOOKED_AT_EVENTS || search->looked_at_bytes >= LOOKED_AT_BYTES;
    bool large = doc_count(search->events) && search->bytes + event->message.len + LOGS_EVENT_OVERHEAD_BYTES > LOGS_PAGE_BYTES;
    return searched || large || (int64_t)doc_count(search->events) >= doc_number(search->call->input, "limit", LOGS_EVENTS_PAGE);
}

static Str token_at(const Search *search, LogPosition at) {
    if (search->reverse) at.stream++; // the event itself is still to come
    return str_base64(search->call->arena, token_write(search->call->arena, search->reverse, at));
}

static Str run(Search *search, const Doc *streams) {
    AUTO_ARENA scratch = arena_new();
    Merge *merge = merge_begin(search->turn, &search->group, streams, search->from, search->before, search->reverse);
    LogEvent event;
    Str stream, token = STR_NONE;
    while (!token.at && merge_next(merge, &event, &stream)) {
        if (is_full(search, &event)) {
            token = token_at(search, event.at);
            break;
        }
        search->looked_at++;
        search->looked_at_bytes += event.message.len;
        arena_reset(scratch);
        if (log_pattern_matches(search->pattern, scratch, event.message)) add_event(search, &event, stream);
    }
    merge_end(merge);
    return token;
}

Outcome logs_filter_events(Turn *turn, const Call *call, Doc **out, Error *e) {
    Search search = {.turn = turn, .call = call, .events = doc_list(call->arena)};
    Doc *streams;
    CALL_TRY(read_search(&search, e));
    CALL_TRY(find_streams(&search, &streams, e));
    *out = doc_map(call->arena);
    Str token = run(&search, streams);
    doc_set(*out, "events", search.events);
    doc_set(*out, "searchedLogStreams", doc_list(call->arena));
    doc_set_str(call->arena, *out, "nextToken", token);
    return OUTCOME_DONE;
}

// TestMetricFilter: the same patterns, on messages that come with the call.
Outcome logs_test_pattern(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    LogPattern *pattern;
    Doc *matches = doc_list(arena);
    int64_t number = 0;
    CALL_TRY(log_pattern_parse(arena, doc_str(doc_get(call->input, "filterPattern"), STR("")), &pattern, e));
    for (const Doc *message = doc_first(doc_get(call->input, "logEventMessages")); message; message = message->next) {
        number++;
        if (!log_pattern_matches(pattern, arena, doc_str(message, STR("")))) continue;
        Doc *match = doc_map(arena);
        doc_set_int(arena, match, "eventNumber", number);
        doc_set(match, "eventMessage", doc_copy(arena, message));
        doc_set(match, "extractedValues", log_pattern_extract(pattern, arena, doc_str(message, STR(""))));
        doc_push(matches, match);
    }
    *out = doc_map(arena);
    doc_set(*out, "matches", matches);
    return OUTCOME_DONE;
}
