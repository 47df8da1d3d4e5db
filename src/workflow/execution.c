#include "workflow/execution.h"

#include <time.h>

enum { EVENT_MS = 3000, LOOK_EACH_MS = 20 };

static Doc *named(Arena *arena, const char *key, Str pipeline) {
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, key, pipeline);
    return input;
}

Str execution_newest(const Client *client, Arena *arena, Str pipeline) {
    Doc *input = named(arena, "pipelineName", pipeline), *reply = NULL;
    doc_set_int(arena, input, "maxResults", 1);
    client_call(client, arena, "codepipeline", "ListPipelineExecutions", input, &reply, NULL);
    return doc_text(doc_first(doc_get(reply, "pipelineExecutionSummaries")), "pipelineExecutionId");
}

static bool start(const Client *client, Arena *arena, Str pipeline, Str *out, Error *e) {
    Doc *reply = NULL;
    TRY(client_call(client, arena, "codepipeline", "StartPipelineExecution", named(arena, "name", pipeline), &reply, e));
    *out = doc_text(reply, "pipelineExecutionId");
    return true;
}

bool execution_begin(const Client *client, Arena *arena, Str pipeline, Str before, bool at_once, Str *out, Error *e) {
    struct timespec pause = {0, LOOK_EACH_MS * 1000000};
    for (int waited = 0; !at_once && waited < EVENT_MS; waited += LOOK_EACH_MS) {
        Str newest = execution_newest(client, arena, pipeline);
        if (newest.len && !str_eq(newest, before)) {
            *out = newest;
            return true;
        }
        nanosleep(&pause, NULL);
    }
    return start(client, arena, pipeline, out, e);
}

static bool failed_execution(const Client *client, Arena *arena, Str pipeline, Str stage, Str *out, Error *e) {
    Doc *reply = NULL;
    TRY(client_call(client, arena, "codepipeline", "GetPipelineState", named(arena, "name", pipeline), &reply, e));
    Str names = STR("");
    for (const Doc *each = doc_first(doc_get(reply, "stageStates")); each; each = each->next) {
        Str name = doc_text(each, "stageName");
        names = str_format(arena, "%.*s%s%.*s", STR_ARG(names), names.len ? ", " : "", STR_ARG(name));
        if (!str_eq(name, stage)) continue;
        *out = doc_text(doc_get(each, "latestExecution"), "pipelineExecutionId");
        return out->len || fail(e, "usage", "stage %.*s of %.*s has not run yet: there is nothing to retry", STR_ARG(stage), STR_ARG(pipeline));
    }
    return fail(e, "usage", "%.*s has no stage \"%.*s\"; its stages are %.*s", STR_ARG(pipeline), STR_ARG(stage), STR_ARG(names));
}

bool execution_retry(const Client *client, Arena *arena, Str pipeline, Str stage, Str *out, Error *e) {
    Str execution = STR_NONE;
    Doc *reply = NULL;
    TRY(failed_execution(client, arena, pipeline, stage, &execution, e));
    Doc *input = named(arena, "pipelineName", pipeline);
    doc_set_str(arena, input, "stageName", stage);
    doc_set_str(arena, input, "pipelineExecutionId", execution);
    doc_set_str(arena, input, "retryMode", STR("FAILED_ACTIONS"));
    TRY(client_call(client, arena, "codepipeline", "RetryStageExecution", input, &reply, e));
    Str retried = doc_text(reply, "pipelineExecutionId");
    *out = retried.len ? retried : execution;
    return true;
}

bool execution_stop(const Client *client, Arena *arena, Str pipeline, Str execution, Error *e) {
    Doc *input = named(arena, "pipelineName", pipeline);
    doc_set_str(arena, input, "pipelineExecutionId", execution);
    doc_set_bool(arena, input, "abandon", true);
    doc_set_str(arena, input, "reason", STR("rehearse run was interrupted"));
    return client_call(client, arena, "codepipeline", "StopPipelineExecution", input, NULL, e);
}
