// GetPipelineState: the stages of the current structure, and what was last in each.
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/providers.h"

static Doc *transition_of(Arena *arena, const Doc *stage) {
    static const char *const MEMBERS[] = {"enabled", "lastChangedBy", "lastChangedAt", "disabledReason", NULL};
    static const char *const TIMES[] = {"lastChangedAt", NULL};
    const Doc *inbound = doc_get(stage, "inbound");
    Doc *transition = inbound ? pipeline_reply(arena, inbound, MEMBERS, TIMES) : doc_map(arena);
    if (!inbound) doc_set_bool(arena, transition, "enabled", true);
    return transition;
}

// The URL of a source's or target's page; of a configuration without variables only.
static Str url_of(Arena *arena, const Doc *declaration, const char *template, Str region, Str revision) {
    Str rest = str_of(template), url = STR("");
    while (rest.len) {
        url = str_cat(arena, url, str_cut(&rest, '{'));
        if (!rest.at) break;
        Str name = str_cut(&rest, '}');
        Str value = str_is(name, "region")     ? region
                    : str_is(name, "revision") ? revision
                                               : doc_str(doc_get_str_key(doc_get(declaration, "configuration"), name), STR(""));
        if (str_contains(value, STR("#{"))) return STR_NONE;
        url = str_cat(arena, url, value);
    }
    return url.len ? url : STR_NONE;
}

static const Doc *revision_of(const Doc *execution, Str action) {
    for (const Doc *one = doc_first(doc_get(execution, "artifactRevisions")); one; one = one->next) {
        if (str_eq(doc_text(one, "actionName"), action)) return one;
    }
    return NULL;
}

static void add_revision(Arena *arena, Doc *state, const Doc *revision) {
    Doc *current = doc_map(arena);
    doc_set_str(arena, current, "revisionId", doc_text(revision, "revisionId"));
    doc_set(state, "currentRevision", current);
    doc_set_str(arena, state, "revisionUrl", doc_text(revision, "revisionUrl"));
}

// A source whose last look saw nothing: a failure without an execution.
static Doc *unseen_execution(Arena *arena, const Doc *unseen) {
    static const char *const DETAILS[] = {"code", "message", NULL};
    Doc *latest = doc_map(arena);
    doc_set_str(arena, latest, "status", STR("Failed"));
    doc_set_time(arena, latest, "lastStatusChange", doc_number(unseen, "at", 0));
    doc_set(latest, "errorDetails", pipeline_reply(arena, unseen, DETAILS, NULL));
    return latest;
}

static Doc *action_state(const Call *call, const Doc *run, const Doc *declaration, const Doc *stage, const Doc *execution) {
    static const char *const MEMBERS[] = {
        "actionExecutionId", "status",       "summary", "lastStatusChange", "token", "lastUpdatedBy", "externalExecutionId", "externalExecutionUrl",
        "percentComplete",   "errorDetails", NULL};
    static const char *const TIMES[] = {"lastStatusChange", NULL};
    Arena *arena = call->arena;
    Str name = doc_text(declaration, "name");
    Doc *state = doc_map(arena);
    doc_set_str(arena, state, "actionName", name);
    const Doc *latest = doc_get_str_key(doc_get(stage, "actions"), name), *revision = revision_of(execution, name);
    const Doc *unseen = pipeline_source_polls(declaration) ? doc_get_str_key(doc_get(run, "unseen"), name) : NULL;
    if (revision && !unseen) add_revision(arena, state, revision);
    if (latest) doc_set(state, "latestExecution", pipeline_reply(arena, latest, MEMBERS, TIMES));
    if (unseen) doc_set(state, "latestExecution", unseen_execution(arena, unseen));
    const Provider *provider = provider_of(doc_get(declaration, "actionTypeId"));
    if (provider && provider->entity_url) {
        doc_set_str(arena, state, "entityUrl", url_of(arena, declaration, provider->entity_url, call->where.region, STR("")));
    }
    return state;
}

// Those that wait before the stage.
static void add_inbound(Arena *arena, Doc *state, const Doc *run, Str name) {
    Doc *all = doc_list(arena);
    for (const Doc *one = doc_first(doc_get(run, "executions")); one; one = one->next) {
        Str version = str_format(arena, "%lld", (long long)doc_number(one, "pipelineVersion", 0));
        const Doc *structure = doc_get_str_key(doc_get(run, "structures"), version);
        const Doc *stage = doc_at(doc_get(structure, "stages"), (size_t)doc_number(one, "stage", 0));
        if (!str_is(doc_text(one, "phase"), "waiting") || !str_eq(doc_text(stage, "name"), name)) continue;
        Doc *inbound = doc_map(arena);
        doc_set_str(arena, inbound, "pipelineExecutionId", doc_text(one, "pipelineExecutionId"));
        doc_set_str(arena, inbound, "status", STR("InProgress"));
        doc_set_str(arena, inbound, "type", doc_text(one, "executionType"));
        doc_push(all, inbound);
        doc_set(state, "inboundExecution", doc_copy(arena, inbound));
    }
    doc_set(state, "inboundExecutions", all);
}

static Doc *latest_record(Turn *turn, const Doc *run, Str pipeline, const Doc *stage) {
    Str id = doc_text(doc_get(stage, "latest"), "pipelineExecutionId");
    Doc *record = NULL;
    if (!id.len) return NULL;
    for (Doc *one = doc_first(doc_get(run, "executions")); one; one = one->next) {
        if (str_eq(doc_text(one, "pipelineExecutionId"), id)) return one;
    }
    find_pipeline_execution(turn, pipeline, id, &record, NULL);
    return record;
}

static Doc *stage_state(Turn *turn, const Call *call, const Doc *run, const Doc *declaration) {
    Arena *arena = call->arena;
    Str name = doc_text(declaration, "name"), pipeline = doc_text(call->input, "name");
    const Doc *stage = doc_get_str_key(doc_get(run, "stages"), name), *latest = doc_get(stage, "latest");
    const Doc *execution = latest_record(turn, run, pipeline, stage);
    Doc *state = doc_map(arena), *actions = doc_list(arena);
    doc_set_str(arena, state, "stageName", name);
    add_inbound(arena, state, run, name);
    doc_set(state, "inboundTransitionState", transition_of(arena, stage));
    for (const Doc *one = doc_first(doc_get(declaration, "actions")); one; one = one->next)
        doc_push(actions, action_state(call, run, one, stage, execution));
    doc_set(state, "actionStates", actions);
    if (latest) doc_set(state, "latestExecution", doc_copy(arena, latest));
    if (doc_get(stage, "retries")) doc_set(state, "retryStageMetadata", doc_copy(arena, doc_get(stage, "retries")));
    return state;
}

Outcome get_pipeline_state(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "name");
    Doc *summary, *run = NULL, *structure = NULL, *stages = doc_list(arena);
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    find_pipeline_run(turn, name, &run);
    int64_t version = doc_number(summary, "version", 1);
    find_pipeline_structure(turn, name, version, &structure);
    for (const Doc *one = doc_first(doc_get(structure, "stages")); one; one = one->next) doc_push(stages, stage_state(turn, call, run, one));
    *out = doc_map(arena);
    doc_set_str(arena, *out, "pipelineName", name);
    doc_set_int(arena, *out, "pipelineVersion", version);
    doc_set(*out, "stageStates", stages);
    doc_set_time(arena, *out, "created", doc_number(summary, "created", 0));
    doc_set_time(arena, *out, "updated", doc_number(summary, "updated", 0));
    return OUTCOME_DONE;
}
