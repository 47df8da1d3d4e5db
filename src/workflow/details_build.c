// A build or test: its phase and log while it runs; at its end what its reports say.
#include "services/common/log_words.h"
#include "workflow/failures.h"
#include "workflow/look.h"
#include "workflow/watch.h"

enum { LOG_PAGE = 500 };

static Doc *one_id(Arena *arena, const char *key, Str id) {
    Doc *input = doc_map(arena), *ids = doc_list(arena);
    doc_push_str(arena, ids, id);
    doc_set(input, key, ids);
    return input;
}

static Doc *build_of(Watch *watch, Arena *arena, const Activity *activity) {
    Doc *reply = NULL;
    client_call(watch->client, arena, "codebuild", "BatchGetBuilds", one_id(arena, "ids", activity->external_id), &reply, NULL);
    return doc_first(doc_get(reply, "builds"));
}

// What a person must know who compares with AWS: a runtime that this machine has not, or not so; packages that nobody can fetch.
static void note_line(Watch *watch, Arena *arena, Activity *activity, Str line) {
    bool ours = str_starts(line, STR("[Container] "));
    bool runtime = ours && (str_contains(line, STR(RUNTIME_REPLACED)) || str_contains(line, STR(RUNTIME_ABSENT)));
    if (runtime || str_starts(line, STR(NOTE_MARK))) activity_note(&watch->view, activity, str_strip_prefix(log_text(arena, line), STR(NOTE_MARK)));
}

static void note_remark(Watch *watch, Activity *activity, Str line) {
    if (str_starts(line, STR("[Container] "))) activity->remark = str_contains(line, STR(REMARKS_BEGIN)) ? STR("buildspec") : STR_NONE;
    if (!activity->remark.len) return;
    Str section = str_strip_prefix(line, STR(REMARKS_SECTION)), key = str_strip_prefix(line, STR(REMARKS_KEY));
    if (section.len < line.len) activity->remark = str_copy(watch->arena, str_trim(section));
    if (key.len == line.len) return;
    key = str_trim(key);
    activity_note(&watch->view, activity,
                  str_format(watch->arena, "the buildspec has a key in %.*s that nobody reads: %.*s", STR_ARG(activity->remark), STR_ARG(key)));
}

static void follow_log(Watch *watch, Arena *arena, Activity *activity, const Doc *build) {
    const Doc *logs = doc_get(build, "logs");
    view_keep(watch->arena, &activity->log_group, doc_text(logs, "groupName"));
    view_keep(watch->arena, &activity->log_stream, doc_text(logs, "streamName"));
    if (!activity->log_group.len || !activity->log_stream.len) return;
    Doc *input = doc_map(arena), *reply = NULL;
    doc_set_str(arena, input, "logGroupName", activity->log_group);
    doc_set_str(arena, input, "logStreamName", activity->log_stream);
    doc_set_bool(arena, input, "startFromHead", true);
    doc_set_int(arena, input, "limit", LOG_PAGE);
    if (activity->log_token.len) doc_set_str(arena, input, "nextToken", activity->log_token);
    if (!client_call(watch->client, arena, "logs", "GetLogEvents", input, &reply, NULL)) return;
    for (const Doc *event = doc_first(doc_get(reply, "events")); event; event = event->next) {
        activity_say(activity, arena, doc_text(event, "message"));
        note_line(watch, arena, activity, doc_text(event, "message"));
        note_remark(watch, activity, doc_text(event, "message"));
    }
    view_keep(watch->arena, &activity->log_token, doc_text(reply, "nextForwardToken"));
}

void build_follow(Watch *watch, Arena *arena, Activity *activity) {
    const Doc *build = build_of(watch, arena, activity);
    if (!build) return;
    view_keep(watch->arena, &activity->detail, str_lower(arena, doc_text(build, "currentPhase")));
    follow_log(watch, arena, activity, build);
}

// ---- The end ----

static void take_case(Watch *watch, Activity *activity, const Doc *test_case) {
    activity->failure_count++;
    if (activity->failures.len >= FAILURES_MOST) return;
    Str message = doc_text(test_case, "message");
    vec_add(&activity->failures, Failure, failure_of_message(watch->arena, doc_text(test_case, "name"), message.at ? message : STR("")));
}

static void take_failing_cases(Watch *watch, Arena *arena, Activity *activity, Str report) {
    static const char *const BAD[] = {"FAILED", "ERROR"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        Doc *input = doc_map(arena), *filter = doc_map(arena), *reply = NULL;
        doc_set_str(arena, input, "reportArn", report);
        doc_set_str(arena, filter, "status", str_of(BAD[i]));
        doc_set(input, "filter", filter);
        client_call(watch->client, arena, "codebuild", "DescribeTestCases", input, &reply, NULL);
        for (const Doc *each = doc_first(doc_get(reply, "testCases")); each; each = each->next) take_case(watch, activity, each);
    }
}

static void take_report(Watch *watch, Arena *arena, Activity *activity, const Doc *report) {
    const Doc *counts = doc_get(doc_get(report, "testSummary"), "statusCounts");
    int64_t bad = doc_number(counts, "FAILED", 0) + doc_number(counts, "ERROR", 0);
    activity->tests += doc_number(doc_get(report, "testSummary"), "total", 0);
    activity->tests_failed += bad;
    if (bad) take_failing_cases(watch, arena, activity, doc_text(report, "arn"));
}

static Str tests_said(Arena *arena, const Activity *activity) {
    if (activity->tests_failed) {
        return str_format(arena, "%lld of %lld tests failed", (long long)activity->tests_failed, (long long)activity->tests);
    }
    return str_cat(arena, human_count(arena, activity->tests, "test", "tests"), STR(" passed"));
}

// Why a build failed without a test that did: "pre_build: COMMAND_EXECUTION_ERROR: Error while executing command: …".
static void take_phase_problem(Watch *watch, Activity *activity, const Doc *build) {
    for (const Doc *phase = doc_first(doc_get(build, "phases")); phase; phase = phase->next) {
        const Doc *context = doc_first(doc_get(phase, "contexts"));
        Str message = doc_text(context, "message"), name = doc_text(phase, "phaseType");
        if (str_is(doc_text(phase, "phaseStatus"), "SUCCEEDED") || !message.len) continue;
        activity->problem = str_format(watch->arena, "%.*s: %.*s", STR_ARG(name), STR_ARG(message));
        return;
    }
}

void build_settle(Watch *watch, Arena *arena, Activity *activity) {
    const Doc *build = build_of(watch, arena, activity);
    Doc *reports = doc_get(build, "reportArns"), *reply = NULL;
    activity->detail = STR("");
    if (doc_count(reports)) {
        Doc *input = doc_map(arena);
        doc_set(input, "reportArns", doc_copy(arena, reports));
        client_call(watch->client, arena, "codebuild", "BatchGetReports", input, &reply, NULL);
    }
    for (const Doc *report = doc_first(doc_get(reply, "reports")); report; report = report->next) take_report(watch, arena, activity, report);
    if (activity->tests) activity->detail = tests_said(watch->arena, activity);
    if (activity->state == STATE_FAILED && !activity->tests_failed) take_phase_problem(watch, activity, build);
}
