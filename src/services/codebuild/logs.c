// The build's output to CloudWatch Logs, line by line, as the build's role. What has no line end yet waits in $line.
#include "base/limits.h"
#include "services/codebuild/codebuild.h"

enum { EVENTS_A_CALL = 1000, BYTES_A_CALL = 512 * 1024, EVENT_BYTES = 200 * 1024 };

typedef struct Batch {
    Step *step;
    Doc *events;
    size_t bytes;
} Batch;

static void send_batch(Batch *batch) {
    if (!doc_count(batch->events)) return;
    Arena *arena = batch->step->arena;
    const Doc *logs = doc_get(batch->step->state, "logs");
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "logGroupName", doc_text(logs, "groupName"));
    doc_set_str(arena, input, "logStreamName", doc_text(logs, "streamName"));
    doc_set(input, "logEvents", batch->events);
    step_call(batch->step, build_principal(batch->step), "logs", "PutLogEvents", input, NULL, STR("log"));
    batch->events = doc_list(arena);
    batch->bytes = 0;
}

static void add(Batch *batch, Str text) {
    Arena *arena = batch->step->arena;
    Doc *event = doc_map(arena);
    Str cut = str_sub(text, 0, EVENT_BYTES);
    doc_set_int(arena, event, "timestamp", batch->step->now_ms);
    doc_set_str(arena, event, "message", cut.len ? str_as_utf8(arena, cut) : STR("\n")); // an empty message is not allowed
    doc_push(batch->events, event);
    batch->bytes += cut.len;
    if (doc_count(batch->events) >= EVENTS_A_CALL || batch->bytes >= BYTES_A_CALL) send_batch(batch);
}

static bool has_log(const Step *step) { return doc_text(doc_get(step->state, "logs"), "streamName").at != NULL; }

void log_chunks(Step *step, const Doc *chunks) {
    if (!has_log(step)) return;
    Batch batch = {.step = step, .events = doc_list(step->arena)};
    Str text = doc_str(doc_get(step->state, "$line"), STR(""));
    for (const Doc *chunk = doc_first(chunks); chunk; chunk = chunk->next) text = str_cat(step->arena, text, doc_text(chunk, "text"));
    for (ptrdiff_t end; (end = str_find_char(text, '\n')) >= 0;) {
        add(&batch, str_sub(text, 0, (size_t)end + 1));
        text = str_from(text, (size_t)end + 1);
    }
    if (text.len > EVENT_BYTES) {
        add(&batch, text);
        text = STR("");
    }
    doc_set_str(step->arena, step->state, "$line", text);
    send_batch(&batch);
}

void log_line_of(Step *step, Str line) {
    Doc *chunks = doc_list(step->arena), *chunk = doc_map(step->arena);
    doc_set_str(step->arena, chunk, "text", str_cat(step->arena, line, STR("\n")));
    doc_push(chunks, chunk);
    log_chunks(step, chunks);
}

void log_flush(Step *step) {
    if (doc_str(doc_get(step->state, "$line"), STR("")).len) log_line_of(step, STR(""));
}

void log_view(Arena *arena, Partition where, Doc *logs, Str group, Str stream) {
    Str link = str_format(arena, "https://console.aws.amazon.com/cloudwatch/home?region=%.*s#logEvent:group=%.*s;stream=%.*s", STR_ARG(where.region),
                          STR_ARG(group), STR_ARG(stream));
    Str arn = str_format(arena, "arn:aws:logs:%.*s:%.*s:log-group:%.*s:log-stream:%.*s", STR_ARG(where.region), STR_ARG(where.account),
                         STR_ARG(group), STR_ARG(stream));
    doc_set_str(arena, logs, "deepLink", link);
    doc_set_str(arena, logs, "cloudWatchLogsArn", arn);
}

void log_open(Step *step, Str group, Str stream) {
    Arena *arena = step->arena;
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "logGroupName", group);
    step_call(step, build_principal(step), "logs", "CreateLogGroup", doc_copy(arena, input), NULL, STR("log-group"));
    doc_set_str(arena, input, "logStreamName", stream);
    step_call(step, build_principal(step), "logs", "CreateLogStream", input, NULL, STR("log-stream"));
}
