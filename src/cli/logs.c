// rehearse logs: what a build said, what a deployment's scripts did, or who rejected it, of the newest execution of a pipeline.
#include "cli/common.h"

#include "formats/timestamps.h"

#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

enum { LOG_PAGE = 1000, PAGES_MOST = 10000, FOLLOW_EACH_MS = 200, OUT_BYTES = 16 * 1024 * 1024 };

typedef struct Request {
    Client client;
    Arena *arena;
    const Common *common;
    Str pipeline, wanted; // stage or action; "": what failed, or what came last
    bool follow;
} Request;

typedef struct Found {
    Str execution, stage, action, category, provider, status, id, summary, by;
    int64_t changed_ms;
} Found;

static bool is_logged(const Found *found) { return str_is(found->provider, "CodeBuild") || str_is(found->provider, "CodeDeploy"); }
static bool is_under_way(Str status) { return str_is(status, "InProgress") || str_is(status, "Stopping"); }
static bool is_rejection(const Found *found) { return str_is(found->category, "Approval") && str_is(found->status, "Failed"); }

static Found found_of(const Doc *detail) {
    const Doc *result = doc_get(doc_get(detail, "output"), "executionResult");
    const Doc *type = doc_get(doc_get(detail, "input"), "actionTypeId");
    return (Found){
        .execution = doc_text(detail, "pipelineExecutionId"),
        .stage = doc_text(detail, "stageName"),
        .action = doc_text(detail, "actionName"),
        .category = doc_text(type, "category"),
        .provider = doc_text(type, "provider"),
        .status = doc_text(detail, "status"),
        .id = doc_text(result, "externalExecutionId"),
        .summary = doc_text(result, "externalExecutionSummary"),
        .by = doc_text(detail, "updatedBy"),
        .changed_ms = doc_number(detail, "lastUpdateTime", 0),
    };
}

// Of the newest execution, newest first: what was asked for; else what failed; else the last that has a log.
static bool choose(const Request *request, const Doc *details, Found *out, Error *e) {
    Str newest = doc_text(doc_first(details), "pipelineExecutionId");
    bool some = false;
    for (const Doc *detail = doc_first(details); detail; detail = detail->next) {
        Found found = found_of(detail);
        if (request->wanted.len) {
            if (!str_eq(found.stage, request->wanted) && !str_eq(found.action, request->wanted)) continue;
            *out = found;
            return true;
        }
        if (!str_eq(found.execution, newest) || (!is_logged(&found) && !is_rejection(&found))) continue;
        bool better = !some || (str_is(found.status, "Failed") && !str_is(out->status, "Failed"));
        if (better) *out = found;
        some = true;
    }
    if (some) return true;
    if (request->wanted.len) return fail(e, "no-log", "%.*s has not run %.*s yet", STR_ARG(request->pipeline), STR_ARG(request->wanted));
    return fail(e, "no-log", "%.*s has no log yet", STR_ARG(request->pipeline));
}

static Doc *of_pipeline(const Request *request, Arena *arena, const char *key, int64_t most) {
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, key, request->pipeline);
    if (most) doc_set_int(arena, input, "maxResults", most);
    return input;
}

static bool find(const Request *request, Found *out, Error *e) {
    Doc *reply = NULL;
    Error why = {0};
    if (!client_call(&request->client, request->arena, "codepipeline", "ListActionExecutions",
                     of_pipeline(request, request->arena, "pipelineName", 100), &reply, &why))
        return fail_returned(common_fail_pipeline(&request->client, request->arena, request->pipeline, &why, e));
    return choose(request, doc_get(reply, "actionExecutionDetails"), out, e);
}

// ---- What has not begun ----

// What the pipeline has not at all would be looked for, or waited for, in vain.
static bool check_part(const Request *request, Arena *arena, Error *e) {
    Doc *reply = NULL;
    Str names = STR("");
    if (!request->wanted.len) return true;
    TRY(client_call(&request->client, arena, "codepipeline", "GetPipeline", of_pipeline(request, arena, "name", 0), &reply, e));
    for (const Doc *stage = doc_first(doc_get(doc_get(reply, "pipeline"), "stages")); stage; stage = stage->next) {
        Str name = doc_text(stage, "name");
        if (str_eq(name, request->wanted)) return true;
        names = str_format(arena, "%.*s%s%.*s", STR_ARG(names), names.len ? ", " : "", STR_ARG(name));
        for (const Doc *action = doc_first(doc_get(stage, "actions")); action; action = action->next) {
            if (str_eq(doc_text(action, "name"), request->wanted)) return true;
        }
    }
    return fail(e, "usage", "%.*s has no stage or action \"%.*s\"; its stages are %.*s", STR_ARG(request->pipeline), STR_ARG(request->wanted),
                STR_ARG(names));
}

// Will the newest execution come to what is wanted? `found`: what there is of it so far, or NULL.
static bool is_to_come(const Request *request, Arena *arena, const Found *found, bool *out, Error *e) {
    Doc *reply = NULL;
    *out = false;
    TRY(client_call(&request->client, arena, "codepipeline", "ListPipelineExecutions", of_pipeline(request, arena, "pipelineName", 1), &reply, e));
    const Doc *newest = doc_first(doc_get(reply, "pipelineExecutionSummaries"));
    if (!is_under_way(doc_text(newest, "status"))) return true;
    if (!found) return *out = true;
    bool begins = is_logged(found) && !found->id.len && is_under_way(found->status);
    bool older = !is_under_way(found->status) && !str_eq(found->execution, doc_text(newest, "pipelineExecutionId"));
    *out = begins || older;
    return true;
}

// With --follow, what the execution that is under way has not begun yet is waited for.
static bool find_or_wait(const Request *request, Found *out, Error *e) {
    for (;;) {
        AUTO_ARENA arena = arena_new();
        Request look = *request;
        Error why = {0};
        bool to_come = false;
        look.arena = arena;
        bool found = find(&look, out, &why);
        if (!found && !error_is(&why, "no-log")) return *e = why, false;
        if (!found) TRY(check_part(request, arena, e));
        if (request->follow) TRY(is_to_come(&look, arena, found ? out : NULL, &to_come, e));
        if (!to_come) return find(request, out, e);
        poll(NULL, 0, FOLLOW_EACH_MS);
    }
}

// ---- A rejection ----

static bool print_rejection(const Request *request, const Found *found) {
    Doc *doc = doc_map(request->arena);
    Str time = time_iso8601(request->arena, found->changed_ms);
    if (request->common->json) {
        doc_set_str(request->arena, doc, "stage", found->stage);
        doc_set_str(request->arena, doc, "action", found->action);
        doc_set_str(request->arena, doc, "status", STR("Rejected"));
        doc_set_str(request->arena, doc, "by", found->by);
        doc_set_str(request->arena, doc, "at", time);
        doc_set_str(request->arena, doc, "comment", found->summary);
        return common_print_json(request->arena, doc) == EXIT_OK;
    }
    AUTO_BUF out;
    buf_init(&out, OUT_BYTES);
    buf_addf(&out, "%.*s/%.*s %s%.*s at %.*s%s", STR_ARG(found->stage), STR_ARG(found->action), found->by.len ? "was rejected by " : "failed",
             STR_ARG(found->by), STR_ARG(time), found->summary.len ? ": " : "");
    buf_addf(&out, "%.*s\n", STR_ARG(found->summary));
    common_print(&out);
    return true;
}

// ---- A build ----

static bool build_of(const Request *request, Arena *arena, Str id, const Doc **out, Error *e) {
    Doc *input = doc_map(arena), *ids = doc_list(arena), *reply = NULL;
    doc_push_str(arena, ids, id);
    doc_set(input, "ids", ids);
    TRY(client_call(&request->client, arena, "codebuild", "BatchGetBuilds", input, &reply, e));
    *out = doc_first(doc_get(reply, "builds"));
    return true;
}

static void write_events(const Doc *events, Buf *out) {
    for (const Doc *event = doc_first(events); event; event = event->next) {
        Str message = doc_text(event, "message");
        buf_add(out, message);
        if (!str_ends(message, STR("\n"))) buf_add_char(out, '\n');
    }
}

// One page from `*token` on; false when there is nothing new.
static bool print_page(const Request *request, Str group, Str stream, Arena *keep, Str *token, bool *more, Error *e) {
    AUTO_ARENA arena = arena_new();
    Doc *input = doc_map(arena), *reply = NULL;
    doc_set_str(arena, input, "logGroupName", group);
    doc_set_str(arena, input, "logStreamName", stream);
    doc_set_bool(arena, input, "startFromHead", true);
    doc_set_int(arena, input, "limit", LOG_PAGE);
    if (token->len) doc_set_str(arena, input, "nextToken", *token);
    TRY(client_call(&request->client, arena, "logs", "GetLogEvents", input, &reply, e));
    Doc *events = doc_get(reply, "events");
    AUTO_BUF out;
    buf_init(&out, OUT_BYTES);
    if (request->common->json && doc_count(events)) common_print_json(arena, events);
    if (!request->common->json) write_events(events, &out);
    common_print(&out);
    *more = doc_count(events) > 0;
    Str next = doc_text(reply, "nextForwardToken");
    if (!str_eq(next, *token)) *token = str_copy(keep, next);
    return true;
}

static bool print_build(const Request *request, const Found *found, Error *e) {
    Str token = STR_NONE;
    for (int page = 0; request->follow || page < PAGES_MOST; page++) {
        AUTO_ARENA arena = arena_new();
        const Doc *build = NULL;
        TRY(build_of(request, arena, found->id, &build, e));
        const Doc *logs = doc_get(build, "logs");
        bool ended = doc_flag(build, "buildComplete", true), more = false;
        Str group = doc_text(logs, "groupName"), stream = doc_text(logs, "streamName");
        if (group.len && stream.len) TRY(print_page(request, group, stream, request->arena, &token, &more, e));
        if (!more && (ended || !request->follow)) break;
        if (!more) poll(NULL, 0, FOLLOW_EACH_MS);
    }
    return true;
}

// ---- A deployment ----

static void write_event(const Doc *event, Arena *arena, Buf *out) {
    const Doc *diagnostics = doc_get(event, "diagnostics");
    Str name = doc_text(event, "lifecycleEventName"), status = doc_text(event, "status"), script = doc_text(diagnostics, "scriptName");
    int64_t start = doc_number(event, "startTime", 0), end = doc_number(event, "endTime", 0);
    Str took = end > start ? human_duration(arena, end - start) : STR("");
    buf_addf(out, "  %-18s %-12s %.*s\n", str_c(arena, name), str_c(arena, status), STR_ARG(took));
    Str message = doc_text(diagnostics, "message"), log = doc_text(diagnostics, "logTail");
    if (message.len && !str_is(status, "Succeeded")) buf_addf(out, "    %.*s%s%.*s\n", STR_ARG(script), script.len ? ": " : "", STR_ARG(message));
    for (Str line; !str_is_none(line = str_next_line(&log));) buf_addf(out, "    %.*s\n", STR_ARG(line));
}

// The diagnostics of events that went well have no log; the plane has kept it.
static void add_logs(Doc *target, const Doc *logs, Arena *arena) {
    const Doc *own = doc_get_str_key(logs, doc_text(target, "targetId"));
    for (Doc *event = doc_first(doc_get(target, "lifecycleEvents")); event; event = event->next) {
        const Doc *log = doc_get_str_key(own, doc_text(event, "lifecycleEventName"));
        if (log) doc_set_str(arena, doc_get(event, "diagnostics"), "logTail", doc_str(log, STR("")));
    }
}

// "arn:aws:ec2:REGION:ACCOUNT:instance/ID"
static bool read_logs(const Request *request, Arena *arena, Str deployment, Doc *targets, Error *e) {
    Str arn = doc_text(doc_get(doc_first(targets), "instanceTarget"), "targetArn");
    for (int i = 0; i < 3; i++) str_cut(&arn, ':');
    Str region = str_cut(&arn, ':'), account = str_cut(&arn, ':');
    Str page = str_format(arena, "/_rehearse/deployments/%.*s/%.*s/%.*s", STR_ARG(account), STR_ARG(region), STR_ARG(deployment));
    Doc *logs;
    if (!doc_count(targets)) return true;
    TRY(client_page(&request->client, arena, "GET", str_c(arena, page), NULL, &logs, e));
    for (Doc *each = doc_first(targets); each; each = each->next) add_logs(doc_get(each, "instanceTarget"), logs, arena);
    return true;
}

static bool targets_of(const Request *request, Arena *arena, Str deployment, Doc **out, Error *e) {
    Doc *input = doc_map(arena), *list = NULL, *reply = NULL;
    doc_set_str(arena, input, "deploymentId", deployment);
    TRY(client_call(&request->client, arena, "codedeploy", "ListDeploymentTargets", input, &list, e));
    doc_set(input, "targetIds", doc_copy(arena, doc_get(list, "targetIds")));
    TRY(client_call(&request->client, arena, "codedeploy", "BatchGetDeploymentTargets", input, &reply, e));
    *out = doc_get(reply, "deploymentTargets");
    return read_logs(request, arena, deployment, *out, e);
}

static bool print_targets(const Request *request, Str deployment, Error *e) {
    Doc *targets;
    TRY(targets_of(request, request->arena, deployment, &targets, e));
    if (request->common->json) return common_print_json(request->arena, targets) == EXIT_OK;
    AUTO_BUF out;
    buf_init(&out, OUT_BYTES);
    for (const Doc *each = doc_first(targets); each; each = each->next) {
        const Doc *target = doc_get(each, "instanceTarget");
        Str id = doc_text(target, "targetId"), status = doc_text(target, "status");
        buf_addf(&out, "%.*s %.*s\n", STR_ARG(id), STR_ARG(status));
        for (const Doc *event = doc_first(doc_get(target, "lifecycleEvents")); event; event = event->next) write_event(event, request->arena, &out);
    }
    common_print(&out);
    return true;
}

static bool has_ended(Str status) { return !str_is(status, "Pending") && !str_is(status, "InProgress"); }

// The events that have ended since the last look; `told` remembers which.
static void print_ended(const Request *request, Arena *arena, const Doc *targets, Doc *told) {
    AUTO_BUF out;
    buf_init(&out, OUT_BYTES);
    for (const Doc *each = doc_first(targets); each; each = each->next) {
        const Doc *target = doc_get(each, "instanceTarget");
        Str id = doc_text(target, "targetId");
        for (const Doc *event = doc_first(doc_get(target, "lifecycleEvents")); event; event = event->next) {
            Str name = str_format(request->arena, "%.*s %s", STR_ARG(id), str_c(arena, doc_text(event, "lifecycleEventName")));
            if (!has_ended(doc_text(event, "status")) || doc_get_str_key(told, name)) continue;
            doc_add(told, name, doc_of_bool(request->arena, true));
            buf_addf(&out, "%.*s", STR_ARG(id));
            write_event(event, arena, &out);
        }
    }
    common_print(&out);
}

static bool follow_targets(const Request *request, Str deployment, Error *e) {
    Doc *told = doc_map(request->arena);
    for (bool ended = false; !ended;) {
        AUTO_ARENA arena = arena_new();
        Doc *input = doc_map(arena), *reply = NULL, *targets;
        doc_set_str(arena, input, "deploymentId", deployment);
        TRY(client_call(&request->client, arena, "codedeploy", "GetDeployment", input, &reply, e));
        ended = doc_get(doc_get(reply, "deploymentInfo"), "completeTime") != NULL;
        TRY(targets_of(request, arena, deployment, &targets, e));
        print_ended(request, arena, targets, told);
        if (!ended) poll(NULL, 0, FOLLOW_EACH_MS);
    }
    return true;
}

static bool print_deployment(const Request *request, const Found *found, Error *e) {
    if (request->follow && !request->common->json) return follow_targets(request, found->id, e);
    return print_targets(request, found->id, e);
}

static bool print_log(const Request *request, Error *e) {
    Found found = {0};
    TRY(find_or_wait(request, &found, e));
    if (is_rejection(&found)) return print_rejection(request, &found);
    if (!is_logged(&found) || !found.id.len) {
        Str said = str_trim(found.summary), status = str_lower(request->arena, found.status);
        return fail(e, "no-log", "%.*s/%.*s has no log: %.*s %.*s%s%.*s", STR_ARG(found.stage), STR_ARG(found.action), STR_ARG(found.provider),
                    STR_ARG(status), said.len ? ", and said: " : "", STR_ARG(said));
    }
    return str_is(found.provider, "CodeBuild") ? print_build(request, &found, e) : print_deployment(request, &found, e);
}

static int run(int argc, char **argv) {
    Error e = {0};
    Common common = {0};
    const char *follow = NULL;
    const Option options[] = {COMMON_OPTIONS(common), {"--follow", false, &follow}, {"-f", false, &follow}};
    AUTO_ARENA arena = arena_new();
    if (!options_take(options, sizeof options / sizeof *options, &argc, argv, &e)) return cannot_run(&e);
    if (!common_operands(argc, argv, 1, 2, "the name of a pipeline", &e)) return cannot_run(&e);
    Request request = {.arena = arena, .common = &common, .pipeline = str_of(argv[1]), .wanted = str_of(argc > 2 ? argv[2] : ""), .follow = follow};
    if (!common_open(&common, arena, &request.client, NULL, &e) || !print_log(&request, &e)) return cannot_run(&e);
    return EXIT_OK;
}

const Verb VERB_LOGS = {
    .name = "logs",
    .summary = "the log of a build, test or deployment",
    .help = "rehearse logs register-app                   of what failed, or else of what came last\n"
            "rehearse logs register-app IntegrationTest   of a stage or an action\n"
            "rehearse logs register-app Build --follow    until it ends; waits for its beginning while the pipeline is under way\n"
            "\n"
            "  -f, --follow      go on while it runs\n" COMMON_HELP,
    .run = run,
};
