// GetPipelineExecution, ListPipelineExecutions, ListActionExecutions: from the documents that the machine leaves; newest first.
#include "services/codepipeline/codepipeline.h"

enum { PAGE = 100 };

// A token of another list is none of this one's: it says behind which id the page begins, and ids begin with the list's prefix.
static bool find_page(Turn *turn, const Call *call, const DocumentType *type, Str prefix, Doc **items, Str *next, Error *e) {
    Str token = doc_text(call->input, "nextToken"), after;
    Page page = {
        .scan = {.prefix = prefix, .reverse = true},
        .token = token,
        .size = doc_number(call->input, "maxResults", 0),
        .most = PAGE,
    };
    bool own = !token.len || (str_unbase64(call->arena, token, &after) && str_starts(after, prefix));
    if (own && turn_page(turn, type, page, items, next, NULL)) return true;
    return fail(e, "InvalidNextTokenException", "The next token is not valid.");
}

// ---- One execution ----

static Doc *artifact_revisions(Arena *arena, const Doc *record) {
    static const char *const MEMBERS[] = {"name", "revisionId", "revisionChangeIdentifier", "revisionSummary", "created", "revisionUrl", NULL};
    static const char *const TIMES[] = {"created", NULL};
    Doc *list = doc_list(arena);
    for (const Doc *one = doc_first(doc_get(record, "artifactRevisions")); one; one = one->next)
        doc_push(list, pipeline_reply(arena, one, MEMBERS, TIMES));
    return list;
}

Outcome get_pipeline_execution(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const MEMBERS[] = {
        "pipelineName",  "pipelineVersion", "pipelineExecutionId", "status", "statusSummary", "variables", "trigger",
        "executionMode", "executionType",   "rollbackMetadata",    NULL};
    Str name = doc_text(call->input, "pipelineName");
    Doc *summary, *record;
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    CALL_TRY(find_pipeline_execution(turn, name, doc_text(call->input, "pipelineExecutionId"), &record, e));
    Doc *execution = pipeline_reply(call->arena, record, MEMBERS, NULL);
    doc_set(execution, "artifactRevisions", artifact_revisions(call->arena, record));
    *out = doc_map(call->arena);
    doc_set(*out, "pipelineExecution", execution);
    return OUTCOME_DONE;
}

// ---- All executions ----

static Doc *source_revisions(Arena *arena, const Doc *record) {
    static const char *const MEMBERS[] = {"actionName", "revisionId", "revisionSummary", "revisionUrl", NULL};
    Doc *list = doc_list(arena);
    for (const Doc *one = doc_first(doc_get(record, "artifactRevisions")); one; one = one->next)
        doc_push(list, pipeline_reply(arena, one, MEMBERS, NULL));
    return list;
}

static Doc *execution_summary(Arena *arena, const Doc *record) {
    static const char *const MEMBERS[] = {
        "pipelineExecutionId", "status",        "statusSummary",    "startTime", "lastUpdateTime", "trigger", "stopTrigger",
        "executionMode",       "executionType", "rollbackMetadata", NULL};
    static const char *const TIMES[] = {"startTime", "lastUpdateTime", NULL};
    Doc *summary = pipeline_reply(arena, record, MEMBERS, TIMES);
    doc_set(summary, "sourceRevisions", source_revisions(arena, record));
    return summary;
}

// Those that have succeeded in a stage are the ones that it can be rolled back to: of the pipeline as it is now.
static bool succeeded_in(const Doc *record, const Doc *filter, const Doc *pipeline) {
    Str stage = doc_text(doc_get(filter, "succeededInStage"), "stageName");
    if (!stage.len) return true;
    bool current = doc_number(record, "pipelineVersion", 0) == doc_number(pipeline, "version", 1);
    return current && str_is(doc_str(doc_get_str_key(doc_get(record, "stages"), stage), STR_NONE), "Succeeded");
}

Outcome list_pipeline_executions(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "pipelineName"), next;
    Doc *summary, *items, *list = doc_list(arena);
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    CALL_TRY(find_page(turn, call, &PIPELINE_EXECUTION, str_cat(arena, name, STR("/")), &items, &next, e));
    for (const Doc *one = doc_first(items); one; one = one->next) {
        if (succeeded_in(one, doc_get(call->input, "filter"), summary)) doc_push(list, execution_summary(arena, one));
    }
    *out = doc_map(arena);
    doc_set(*out, "pipelineExecutionSummaries", list);
    doc_set_str(arena, *out, "nextToken", next);
    return OUTCOME_DONE;
}

// ---- Actions ----

static Doc *action_detail(Arena *arena, const Doc *record) {
    static const char *const MEMBERS[] = {"pipelineExecutionId", "actionExecutionId", "pipelineVersion", "stageName", "actionName", "startTime",
                                          "lastUpdateTime",      "updatedBy",         "status",          "input",     "output",     NULL};
    static const char *const TIMES[] = {"startTime", "lastUpdateTime", NULL};
    return pipeline_reply(arena, record, MEMBERS, TIMES);
}

typedef struct Wanted {
    Str prefix;
    const Doc *all; // of the execution, newest first, where only the newest run of each action counts; NULL: all count
    bool none; // the filter's two executions differ
} Wanted;

// Which actions the filter leaves: of one execution, all runs or the newest of each action.
static bool wanted_of(Turn *turn, const Call *call, Str name, Wanted *wanted, Error *e) {
    const Doc *filter = doc_get(call->input, "filter"), *latest = doc_get(filter, "latestInPipelineExecution");
    Str one = doc_text(filter, "pipelineExecutionId"), other = doc_text(latest, "pipelineExecutionId"), id = one.len ? one : other;
    *wanted = (Wanted){.prefix = str_cat(call->arena, name, STR("/")), .none = one.len && other.len && !str_eq(one, other)};
    if (!id.len) return true;
    Doc *record;
    TRY(find_pipeline_execution(turn, name, id, &record, e));
    wanted->prefix = str_cat(call->arena, pipeline_execution_id(call->arena, name, doc_number(record, "sequence", 0)), STR("/"));
    if (!str_is(doc_text(latest, "startTimeRange"), "Latest")) return true;
    wanted->all = turn_scan(turn, &PIPELINE_ACTION, (DocumentScan){.prefix = wanted->prefix, .reverse = true});
    return true;
}

static bool same_action(const Doc *a, const Doc *b) {
    return str_eq(doc_text(a, "stageName"), doc_text(b, "stageName")) && str_eq(doc_text(a, "actionName"), doc_text(b, "actionName"));
}

static bool counts(const Wanted *wanted, const Doc *record) {
    if (wanted->none || !wanted->all) return !wanted->none;
    const Doc *newest = doc_first(wanted->all);
    while (newest && !same_action(newest, record)) newest = newest->next;
    return newest && str_eq(doc_text(newest, "actionExecutionId"), doc_text(record, "actionExecutionId"));
}

static bool find_listed(Turn *turn, Str name, Error *e) {
    Doc *summary;
    if (turn_get(turn, &PIPELINE, name, &summary)) return true;
    Partition where = turn_where(turn);
    return fail(e, "PipelineNotFoundException", "The account with AWS account ID '%.*s' does not include a pipeline named '%.*s'",
                STR_ARG(where.account), STR_ARG(name));
}

Outcome list_action_executions(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "pipelineName"), next;
    Doc *items, *list = doc_list(arena);
    Wanted wanted;
    CALL_TRY(find_listed(turn, name, e));
    CALL_TRY(wanted_of(turn, call, name, &wanted, e));
    CALL_TRY(find_page(turn, call, &PIPELINE_ACTION, wanted.prefix, &items, &next, e));
    for (const Doc *one = doc_first(items); one; one = one->next) {
        if (counts(&wanted, one)) doc_push(list, action_detail(arena, one));
    }
    *out = doc_map(arena);
    doc_set(*out, "actionExecutionDetails", list);
    doc_set_str(arena, *out, "nextToken", next);
    return OUTCOME_DONE;
}
