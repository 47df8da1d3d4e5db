#include "workflow/execution.h"

#include <time.h>

enum { EVENT_MS = 3000, LOOK_EACH_MS = 20, NEWEST_MOST = 10 };

static Doc *named(Arena *arena, const char *key, Str pipeline) {
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, key, pipeline);
    return input;
}

static const Doc *list_newest(const Client *client, Arena *arena, Str pipeline, int64_t most) {
    Doc *input = named(arena, "pipelineName", pipeline), *reply = NULL;
    doc_set_int(arena, input, "maxResults", most);
    client_call(client, arena, "codepipeline", "ListPipelineExecutions", input, &reply, NULL);
    return doc_first(doc_get(reply, "pipelineExecutionSummaries"));
}

Str execution_newest(const Client *client, Arena *arena, Str pipeline) {
    return doc_text(list_newest(client, arena, pipeline, 1), "pipelineExecutionId");
}

// The one of `commit`, among those newer than `before`: a push of somebody else's may start another one at the same time. `*unsure` is the newest whose source has
// not said yet what it found.
static Str find_of_commit(const Doc *summary, Str before, Str commit, Str *unsure) {
    *unsure = STR_NONE;
    for (; summary && !str_eq(doc_text(summary, "pipelineExecutionId"), before); summary = summary->next) {
        Str revision = doc_text(doc_first(doc_get(summary, "sourceRevisions")), "revisionId");
        if (str_eq(revision, commit)) return doc_text(summary, "pipelineExecutionId");
        if (!revision.len && !unsure->len) *unsure = doc_text(summary, "pipelineExecutionId");
    }
    return STR_NONE;
}

static bool start(const Client *client, Arena *arena, Str pipeline, Str *out, Error *e) {
    Doc *reply = NULL;
    TRY(client_call(client, arena, "codepipeline", "StartPipelineExecution", named(arena, "name", pipeline), &reply, e));
    *out = doc_text(reply, "pipelineExecutionId");
    return true;
}

bool execution_begin(const Client *client, Arena *arena, Str pipeline, Str before, Str commit, Str *out, Error *e) {
    struct timespec pause = {0, LOOK_EACH_MS * 1000000};
    Str unsure = STR_NONE;
    for (int waited = 0; commit.len && waited < EVENT_MS; waited += LOOK_EACH_MS) {
        Str found = find_of_commit(list_newest(client, arena, pipeline, NEWEST_MOST), before, commit, &unsure);
        if (found.len) {
            *out = found;
            return true;
        }
        nanosleep(&pause, NULL);
    }
    if (!unsure.len) return start(client, arena, pipeline, out, e);
    *out = unsure; // its source is slow, or fails
    return true;
}

static bool failed_execution(const Client *client, Arena *arena, Str pipeline, Str stage, Str *out, Error *e) {
    Doc *reply = NULL;
    TRY(client_call(client, arena, "codepipeline", "GetPipelineState", named(arena, "name", pipeline), &reply, e));
    Str names = STR("");
    for (const Doc *each = doc_first(doc_get(reply, "stageStates")); each; each = each->next) {
        Str name = doc_text(each, "stageName");
        names = str_format(arena, "%.*s%s%.*s", STR_ARG(names), names.len ? ", " : "", STR_ARG(name));
        if (!str_eq(name, stage)) continue;
        const Doc *latest = doc_get(each, "latestExecution");
        *out = doc_text(latest, "pipelineExecutionId");
        if (str_is(doc_text(latest, "status"), "Succeeded"))
            return fail(e, "usage", "stage %.*s of %.*s succeeded: there is nothing to retry. To run all of it again: rehearse run%.*s",
                        STR_ARG(stage), STR_ARG(pipeline), STR_ARG(client->option));
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
