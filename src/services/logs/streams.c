// Log streams. A stream's id is GROUP:STREAM (neither name can hold a colon), so that a scan by prefix lists a group's streams by name.
#include "services/logs/events.h"

#include <stdlib.h>

const DocumentType LOGS_STREAM = {.name = "logs.stream"};

static Str stream_id(Arena *arena, const LogGroup *group, Str name) { return str_format(arena, "%.*s:%.*s", STR_ARG(group->name), STR_ARG(name)); }

LogStream logs_stream_read(const Doc *doc) {
    return (LogStream){.name = doc_text(doc, "logStreamName"), .number = (uint64_t)doc_number(doc, "$number", 0), .doc = (Doc *)doc};
}

bool logs_stream_need(Turn *turn, const LogGroup *group, Str name, LogStream *out, Error *e) {
    Doc *doc;
    if (!turn_get(turn, &LOGS_STREAM, stream_id(turn_arena(turn), group, name), &doc))
        return fail(e, "ResourceNotFoundException", "The specified log stream does not exist.");
    *out = logs_stream_read(doc);
    return true;
}

void logs_stream_save(Turn *turn, const LogGroup *group, const LogStream *stream) {
    doc_set(stream->doc, "$id", NULL);
    turn_put(turn, &LOGS_STREAM, stream_id(turn_arena(turn), group, stream->name), stream->doc);
}

Doc *logs_streams(Turn *turn, const LogGroup *group, DocumentScan scan) {
    scan.prefix = stream_id(turn_arena(turn), group, scan.prefix.at ? scan.prefix : STR(""));
    if (scan.after.at) scan.after = stream_id(turn_arena(turn), group, scan.after);
    return turn_scan(turn, &LOGS_STREAM, scan);
}

void logs_streams_delete(Turn *turn, const LogGroup *group) {
    const Doc *streams = logs_streams(turn, group, (DocumentScan){.limit = 0});
    for (const Doc *stream = doc_first(streams); stream; stream = stream->next) turn_delete(turn, &LOGS_STREAM, doc_text(stream, "$id"));
    events_delete(turn, group, NULL);
}

Outcome logs_create_stream(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    LogGroup group;
    Str name = doc_text(call->input, "logStreamName");
    CALL_TRY(logs_group_need(turn, call, &group, e));
    Doc *stream = doc_map(arena);
    doc_set_str(arena, stream, "logStreamName", name);
    doc_set_int(arena, stream, "creationTime", call->now_ms);
    doc_set_int(arena, stream, "$number", (int64_t)logs_new_number(turn));
    if (!turn_insert(turn, &LOGS_STREAM, stream_id(arena, &group, name), stream))
        return call_fail(e, "ResourceAlreadyExistsException", "The specified log stream already exists");
    return OUTCOME_DONE;
}

Outcome logs_delete_stream(Turn *turn, const Call *call, Doc **out, Error *e) {
    LogGroup group;
    LogStream stream;
    CALL_TRY(logs_group_need(turn, call, &group, e));
    CALL_TRY(logs_stream_need(turn, &group, doc_text(call->input, "logStreamName"), &stream, e));
    if (doc_flag(group.doc, "deletionProtectionEnabled", false))
        return call_fail(e, "ValidationException", "The log group is protected against deletion. Disable deletion protection first.");
    events_delete(turn, &group, &stream);
    turn_delete(turn, &LOGS_STREAM, stream_id(call->arena, &group, stream.name));
    return OUTCOME_DONE;
}

// ---- Showing ----

static Doc *stream_shown(Turn *turn, const LogGroup *group, const Doc *stream) {
    Arena *arena = turn_arena(turn);
    Doc *shown = doc_copy(arena, stream);
    Str arn = logs_group_arn(arena, turn_where(turn), group->name);
    doc_set_str(arena, shown, "arn", str_format(arena, "%.*s:log-stream:%.*s", STR_ARG(arn), STR_ARG(doc_text(stream, "logStreamName"))));
    doc_set_int(arena, shown, "storedBytes", 0); // AWS counts them of groups only
    if (doc_get(stream, "$sequence")) {
        LogPosition at = {.sequence = (uint64_t)doc_number(stream, "$sequence", 0)};
        doc_set_str(arena, shown, "uploadSequenceToken", position_digits(arena, at));
    }
    return shown;
}

// Streams without events come first, as those that were silent longest.
static int by_last_event(const void *a, const void *b) {
    const Doc *left = *(Doc *const *)a, *right = *(Doc *const *)b;
    int64_t x = doc_number(left, "lastEventTimestamp", 0), y = doc_number(right, "lastEventTimestamp", 0);
    if (x != y) return x < y ? -1 : 1;
    return str_cmp(doc_text(left, "logStreamName"), doc_text(right, "logStreamName"));
}

typedef struct StreamPage {
    int64_t limit;
    bool by_time, reverse;
    Str prefix, after; // the last name of the page before
} StreamPage;

static bool page_read(const Call *call, StreamPage *out, Error *e) {
    Str token = doc_text(call->input, "nextToken"), after = STR_NONE;
    if (token.at && (!str_unbase64(call->arena, token, &after) || !str_is_utf8(after))) return logs_bad_token(e);
    *out = (StreamPage){
        .limit = doc_number(call->input, "limit", LOGS_PAGE),
        .by_time = str_is(doc_text(call->input, "orderBy"), "LastEventTime"),
        .reverse = doc_flag(call->input, "descending", false),
        .prefix = doc_text(call->input, "logStreamNamePrefix"),
        .after = after,
    };
    if (out->by_time && out->prefix.at) return fail(e, "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.");
    return true;
}

// All streams by their last event, from behind the page before; at most limit + 1 of them.
static Doc *streams_by_time(Turn *turn, const LogGroup *group, const StreamPage *page) {
    Arena *arena = turn_arena(turn);
    Doc *all = logs_streams(turn, group, (DocumentScan){.limit = 0}), *list = doc_list(arena);
    size_t count = doc_count(all), at = 0;
    Doc **sorted = arena_array(arena, Doc *, count + 1);
    for (Doc *stream = doc_first(all); stream; stream = stream->next) sorted[at++] = stream;
    qsort(sorted, count, sizeof *sorted, by_last_event);
    bool begun = !page->after.at;
    for (size_t i = 0; i < count && (int64_t)doc_count(list) <= page->limit; i++) {
        const Doc *stream = sorted[page->reverse ? count - 1 - i : i];
        if (begun) doc_push(list, doc_copy(arena, stream));
        if (str_eq(doc_text(stream, "logStreamName"), page->after)) begun = true;
    }
    return list;
}

static const Doc *streams_of_page(Turn *turn, const LogGroup *group, const StreamPage *page) {
    if (page->by_time) return streams_by_time(turn, group, page);
    DocumentScan scan = {.prefix = page->prefix, .after = page->after, .reverse = page->reverse, .limit = (size_t)page->limit + 1};
    return logs_streams(turn, group, scan);
}

Outcome logs_describe_streams(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    LogGroup group;
    StreamPage page = {0};
    CALL_TRY(logs_group_need(turn, call, &group, e));
    CALL_TRY(page_read(call, &page, e));
    Doc *shown = doc_list(arena);
    Str last = STR_NONE;
    *out = doc_map(arena);
    for (const Doc *stream = doc_first(streams_of_page(turn, &group, &page)); stream; stream = stream->next) {
        if ((int64_t)doc_count(shown) == page.limit) {
            doc_set_str(arena, *out, "nextToken", str_base64(arena, last));
            break;
        }
        last = doc_text(stream, "logStreamName");
        doc_push(shown, stream_shown(turn, &group, stream));
    }
    doc_set(*out, "logStreams", shown);
    return OUTCOME_DONE;
}
