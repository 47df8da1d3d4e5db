// StartLiveTail: what comes into some groups, as it comes in (API Reference, StartLiveTail). Each second the session says what matched, up to 500 events: of more
// it says an even sample, and that it is one.
#include "services/logs/logs.h"
#include "services/logs/pattern.h"

enum {
    SHOWN_EVENTS = 500,
    KEPT_EVENTS = 2 * SHOWN_EVENTS, // then every second one goes, and only every second one of those to come is kept
    KEPT_BYTES = 2 * 1024 * 1024, // likewise; messages of control characters become six times as long on the wire
};

typedef struct LiveTail {
    Doc *groups, *streams, *prefixes; // ARNs, names, beginnings; the last two NULL: of all streams
    LogPattern *pattern;
    Arena *arena; // of what is kept: since the session last spoke
    Vec kept; // Doc *
    size_t kept_bytes, heard, stride; // every stride-th of what was heard is kept
} LiveTail;

// ---- Hearing and speaking ----

static void forget_all(LiveTail *tail) {
    arena_reset(tail->arena);
    tail->kept = vec_of(tail->arena, Doc *);
    tail->kept_bytes = tail->heard = 0;
    tail->stride = 1;
}

static bool begins_with_one(Str name, const Doc *prefixes) {
    for (const Doc *prefix = doc_first(prefixes); prefix; prefix = prefix->next)
        if (str_starts(name, doc_str(prefix, STR("")))) return true;
    return false;
}

static bool follows(const LiveTail *tail, Str group, Str stream) {
    if (!doc_has_text(tail->groups, group)) return false;
    if (tail->streams) return doc_has_text(tail->streams, stream);
    return !tail->prefixes || begins_with_one(stream, tail->prefixes);
}

static size_t bytes_of(const Doc *event) { return doc_text(event, "message").len + LOGS_EVENT_OVERHEAD_BYTES; }

static void thin_out(LiveTail *tail) {
    size_t left = 0;
    tail->kept_bytes = 0;
    for (size_t i = 0; i < tail->kept.len; i += 2) {
        const Doc *event = vec_get(&tail->kept, Doc *, i);
        tail->kept_bytes += bytes_of(event);
        vec_get(&tail->kept, Doc *, left++) = vec_get(&tail->kept, Doc *, i);
    }
    tail->kept.len = left;
    tail->stride *= 2;
}

static void keep(LiveTail *tail, const Doc *event) {
    if (tail->heard++ % tail->stride) return;
    vec_add(&tail->kept, Doc *, doc_copy(tail->arena, event));
    tail->kept_bytes += bytes_of(event);
    while (tail->kept.len > KEPT_EVENTS || (tail->kept.len > 1 && tail->kept_bytes > KEPT_BYTES)) thin_out(tail);
}

// News: {"group": ARN, "stream": NAME, "events": [LiveTailSessionLogEvent]}.
static void hear(void *state, const Doc *news) {
    LiveTail *tail = state;
    AUTO_ARENA scratch = arena_new();
    if (!follows(tail, doc_text(news, "group"), doc_text(news, "stream"))) return;
    for (const Doc *event = doc_first(doc_get(news, "events")); event; event = event->next) {
        arena_reset(scratch);
        if (log_pattern_matches(tail->pattern, scratch, doc_text(event, "message"))) keep(tail, event);
    }
}

static Doc *speak(void *state, Arena *arena) {
    LiveTail *tail = state;
    Doc *event = doc_map(arena), *update = doc_map(arena), *metadata = doc_map(arena), *results = doc_list(arena);
    size_t shown = tail->kept.len < SHOWN_EVENTS ? tail->kept.len : SHOWN_EVENTS;
    for (size_t i = 0; i < shown; i++) doc_push(results, doc_copy(arena, vec_get(&tail->kept, Doc *, i * tail->kept.len / shown)));
    doc_set_bool(arena, metadata, "sampled", shown < tail->heard);
    doc_set(update, "sessionMetadata", metadata);
    doc_set(update, "sessionResults", results);
    doc_set(event, "sessionUpdate", update);
    forget_all(tail);
    return event;
}

static Doc *last(Arena *arena) {
    Doc *event = doc_map(arena), *exception = doc_map(arena);
    doc_set_str(arena, exception, "message", STR("The Live Tail session has been open for three hours and ends."));
    doc_set(event, "SessionTimeoutException", exception);
    return event;
}

static void end(void *state) { arena_free(((LiveTail *)state)->arena); }

static const StreamType LIVE_TAIL = {
    .pace_ms = 1000,
    .longest_ms = 3LL * 60 * 60 * 1000,
    .hear = hear,
    .speak = speak,
    .last = last,
    .end = end,
};

// ---- Telling ----

static Doc *shown_event(Turn *turn, Str identifier, const LogStream *stream, const Doc *event) {
    Arena *arena = turn_arena(turn);
    Doc *shown = doc_map(arena);
    doc_set_str(arena, shown, "logStreamName", stream->name);
    doc_set_str(arena, shown, "logGroupIdentifier", identifier);
    doc_set_str(arena, shown, "message", doc_text(event, "message"));
    doc_set_int(arena, shown, "timestamp", doc_number(event, "timestamp", 0));
    doc_set_int(arena, shown, "ingestionTime", turn_now(turn));
    return shown;
}

void live_tail_tell(Turn *turn, const LogGroup *group, const LogStream *stream, const Doc *events, size_t begin, size_t end) {
    Arena *arena = turn_arena(turn);
    Partition where = turn_where(turn);
    if (!turn_is_followed(turn)) return;
    Doc *news = doc_map(arena), *told = doc_list(arena);
    Str identifier = str_format(arena, "%.*s:%.*s", STR_ARG(where.account), STR_ARG(group->name));
    size_t i = 0;
    for (const Doc *event = doc_first(events); event && i < end; event = event->next, i++)
        if (i >= begin) doc_push(told, shown_event(turn, identifier, stream, event));
    doc_set_str(arena, news, "group", logs_group_arn(arena, where, group->name));
    doc_set_str(arena, news, "stream", stream->name);
    doc_set(news, "events", told);
    turn_tell(turn, &LIVE_TAIL, news);
}

// ---- The beginning ----

static bool check_choice(const Doc *input, Error *e) {
    bool names = doc_get(input, "logStreamNames"), prefixes = doc_get(input, "logStreamNamePrefixes");
    if (names && prefixes) return fail(e, "InvalidParameterException", "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.");
    if ((names || prefixes) && doc_count(doc_get(input, "logGroupIdentifiers")) > 1)
        return fail(e, "InvalidParameterException", "%s can only be specified with one log group.",
                    names ? "logStreamNames" : "logStreamNamePrefixes");
    return true;
}

// Groups are named by their ARNs, and not as DescribeLogGroups ends them.
static bool check_group(Turn *turn, const Call *call, Str identifier, Error *e) {
    LogGroup group;
    Str name = logs_identified_name(identifier);
    if (!str_starts(identifier, STR("arn:")) || str_ends(identifier, STR("*")))
        return fail(e, "InvalidParameterException", "The log group identifier %.*s is no ARN of a log group without an asterisk at its end.",
                    STR_ARG(identifier));
    if (str_eq(identifier, logs_group_arn(call->arena, call->where, name)) && logs_group_get(turn, name, &group)) return true;
    return logs_no_group(e);
}

static Doc *session_start(Turn *turn, const Call *call) {
    static const char *const TOLD[] = {"logGroupIdentifiers", "logStreamNames", "logStreamNamePrefixes", "logEventFilterPattern"};
    Arena *arena = call->arena;
    Doc *event = doc_map(arena), *start = doc_map(arena);
    doc_set_str(arena, start, "requestId", call->request_id);
    doc_set_str(arena, start, "sessionId", id_uuid(turn_ids(turn), arena));
    for (size_t i = 0; i < sizeof TOLD / sizeof *TOLD; i++) doc_set(start, TOLD[i], doc_copy(arena, doc_get(call->input, TOLD[i])));
    doc_set(event, "sessionStart", start);
    return event;
}

Outcome logs_live_tail(Turn *turn, const Call *call, Doc **out, Error *e) {
    LogPattern *pattern;
    Doc *groups = doc_get(call->input, "logGroupIdentifiers");
    CALL_TRY(check_choice(call->input, e));
    CALL_TRY(log_pattern_parse(call->arena, doc_str(doc_get(call->input, "logEventFilterPattern"), STR("")), &pattern, e));
    for (const Doc *group = doc_first(groups); group; group = group->next) CALL_TRY(check_group(turn, call, doc_str(group, STR("")), e));
    LiveTail *tail = arena_new_of(call->arena, LiveTail);
    *tail = (LiveTail){
        .groups = groups,
        .streams = doc_get(call->input, "logStreamNames"),
        .prefixes = doc_get(call->input, "logStreamNamePrefixes"),
        .pattern = pattern,
        .arena = arena_new(),
    };
    forget_all(tail);
    turn_stream(turn, &LIVE_TAIL, tail);
    *out = session_start(turn, call);
    return OUTCOME_DONE;
}
