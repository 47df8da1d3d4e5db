// StartPipelineExecution, StopPipelineExecution, RetryStageExecution, RollbackStage: what may be asked, before the machine does it.
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/structure.h"
#include "services/codepipeline/triggers.h"

// ---- Starting ----

Str trigger_execution(Turn *turn, Str pipeline, const char *type, Str detail, Doc *request) {
    Arena *arena = turn_arena(turn);
    Doc *data = request ? request : doc_map(arena), *trigger = doc_map(arena);
    Str id = id_uuid(turn_ids(turn), arena);
    doc_set_str(arena, data, "id", id);
    doc_set_str(arena, trigger, "triggerType", str_of(type));
    doc_set_str(arena, trigger, "triggerDetail", detail);
    doc_set(data, "trigger", trigger);
    turn_send(turn, &PIPELINE_RUN, pipeline, STR("execute"), data);
    return id;
}

// Among an item and those behind it.
static const Doc *named(const Doc *first, Str name) {
    const Doc *one = first;
    while (one && !str_eq(doc_text(one, "name"), name)) one = one->next;
    return one;
}

static bool check_variables(const Doc *given, Error *e) {
    for (const Doc *one = doc_first(given); one; one = one->next) {
        Str name = doc_text(one, "name");
        if (!named(one->next, name)) continue;
        return fail(e, "ValidationException", "Variable names must be unique. The following variable name is already in use: %.*s", STR_ARG(name));
    }
    return true;
}

static bool check_override(const Doc *structure, const Doc *override, Error *e) {
    Str name = doc_text(override, "actionName"), type = doc_text(override, "revisionType");
    const Doc *action = named(doc_first(doc_get(doc_first(doc_get(structure, "stages")), "actions")), name);
    if (!action) return fail(e, "ValidationException", "The pipeline has no source action with the name %.*s.", STR_ARG(name));
    bool codecommit = str_is(doc_text(doc_get(action, "actionTypeId"), "provider"), "CodeCommit");
    bool fits = codecommit ? str_is(type, "COMMIT_ID") : str_is(type, "S3_OBJECT_VERSION_ID") || str_is(type, "S3_OBJECT_KEY");
    if (!fits) return fail(e, "ValidationException", "The revision type %.*s does not fit the source action %.*s.", STR_ARG(type), STR_ARG(name));
    if (!str_is(type, "S3_OBJECT_KEY") || str_eq_nocase(doc_text(doc_get(action, "configuration"), "AllowOverrideForS3ObjectKey"), STR("true")))
        return true;
    return fail(e, "ValidationException", "The source action %.*s does not allow another object key (AllowOverrideForS3ObjectKey).", STR_ARG(name));
}

static bool is_repeated(const Doc *override) {
    for (const Doc *one = override->next; one; one = one->next) {
        if (str_eq(doc_text(one, "actionName"), doc_text(override, "actionName")) &&
            str_eq(doc_text(one, "revisionType"), doc_text(override, "revisionType")))
            return true;
    }
    return false;
}

static bool check_request(const Doc *structure, const Doc *input, Error *e) {
    TRY(check_variables(doc_get(input, "variables"), e));
    for (const Doc *override = doc_first(doc_get(input, "sourceRevisions")); override; override = override->next) {
        Str name = doc_text(override, "actionName");
        TRY(check_override(structure, override, e));
        if (is_repeated(override)) return fail(e, "ValidationException", "The source action %.*s has two revisions of one type.", STR_ARG(name));
    }
    return true;
}

static bool check_room(const Doc *run, const Doc *structure, Error *e) {
    bool limited = !str_is(doc_text(structure, "executionMode"), "SUPERSEDED");
    if (!limited || doc_count(doc_get(run, "executions")) < MOST_PARALLEL) return true;
    return fail(e, "ConcurrentPipelineExecutionsLimitExceededException", "The pipeline has reached the limit of %d concurrent executions.",
                MOST_PARALLEL);
}

static Str known_token(const Doc *run, Str token) {
    for (const Doc *one = doc_first(doc_get(run, "tokens")); one; one = one->next) {
        if (str_eq(doc_text(one, "token"), token)) return doc_text(one, "id");
    }
    return STR_NONE;
}

static Doc *request_of(Arena *arena, const Doc *input) {
    Doc *request = doc_map(arena);
    if (doc_get(input, "variables")) doc_set(request, "variables", doc_copy(arena, doc_get(input, "variables")));
    if (doc_get(input, "sourceRevisions")) doc_set(request, "overrides", doc_copy(arena, doc_get(input, "sourceRevisions")));
    doc_set_str(arena, request, "token", doc_text(input, "clientRequestToken"));
    return request;
}

static Outcome reply_id(const Call *call, Str id, Doc **out) {
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "pipelineExecutionId", id);
    return OUTCOME_DONE;
}

// StartPipelineExecution alone has words of its own for a pipeline that does not exist.
static bool find_pipeline_to_start(Turn *turn, Str name, Doc **summary, Error *e) {
    Str account = turn_where(turn).account;
    if (turn_get(turn, &PIPELINE, name, summary)) return true;
    return fail(e, "PipelineNotFoundException", "Pipeline with name %.*s does not exist in account %.*s.", STR_ARG(name), STR_ARG(account));
}

Outcome start_pipeline_execution(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "name"), token = doc_text(call->input, "clientRequestToken");
    Doc *summary, *run = NULL, *structure = NULL;
    CALL_TRY(find_pipeline_to_start(turn, name, &summary, e));
    find_pipeline_run(turn, name, &run);
    find_pipeline_structure(turn, name, doc_number(summary, "version", 1), &structure);
    CALL_TRY(check_request(structure, call->input, e));
    Str known = token.len ? known_token(run, token) : STR_NONE;
    if (known.at) return reply_id(call, known, out);
    CALL_TRY(check_room(run, structure, e));
    bool by_rule = str_is(call->principal.assumed_by, "events.amazonaws.com");
    const char *type = by_rule ? "CloudWatchEvent" : "StartPipelineExecution";
    return reply_id(call, trigger_execution(turn, name, type, call->principal.arn, request_of(call->arena, call->input)), out);
}

// ---- Stopping ----

static const Doc *in_progress(const Doc *run, Str id) {
    const Doc *one = doc_first(doc_get(run, "executions"));
    while (one && !str_eq(doc_text(one, "pipelineExecutionId"), id)) one = one->next;
    return one;
}

static bool check_stop(const Doc *execution, Str pipeline, Str id, bool abandon, Error *e) {
    if (!execution) {
        return fail(e, "PipelineExecutionNotStoppableException",
                    "The pipeline execution with ID '%.*s' in '%.*s' can't be stopped now. Either it does not exist in the pipeline, or the pipeline "
                    "execution has no action executions in progress.",
                    STR_ARG(id), STR_ARG(pipeline));
    }
    const Doc *stop = doc_get(execution, "stop");
    if (!stop || (abandon && !doc_flag(stop, "abandon", false))) return true;
    return fail(
        e, "DuplicatedStopRequestException",
        "The execution with ID %.*s in %.*s is already in a stopping state. If you already chose to stop and wait, you cannot make that request "
        "again. You can choose to stop and abandon now, but be aware that this option can lead to failed actions. If you already chose to stop "
        "and abandon, you cannot make that request again.",
        STR_ARG(id), STR_ARG(pipeline));
}

Outcome stop_pipeline_execution(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "pipelineName"), id = doc_text(call->input, "pipelineExecutionId");
    Doc *summary, *run = NULL, *data = doc_map(call->arena);
    bool abandon = doc_flag(call->input, "abandon", false);
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    find_pipeline_run(turn, name, &run);
    CALL_TRY(check_stop(in_progress(run, id), name, id, abandon, e));
    doc_set_str(call->arena, data, "id", id);
    doc_set_bool(call->arena, data, "abandon", abandon);
    doc_set_str(call->arena, data, "reason", doc_text(call->input, "reason"));
    turn_send(turn, &PIPELINE_RUN, name, STR("stop"), data);
    return reply_id(call, id, out);
}

// ---- Retrying ----

static bool find_stage(const Doc *structure, Str pipeline, Str stage, const Doc **out, Error *e) {
    *out = pipeline_stage(structure, stage);
    if (*out) return true;
    return fail(e, "StageNotFoundException", "Stage '%.*s' does not exist in pipeline '%.*s'", STR_ARG(stage), STR_ARG(pipeline));
}

#define CANNOT_RETRY                                                                                                                          \
    "Unable to retry. The pipeline structure or stage state might have changed while actions awaited retry, or the stage contains no failed " \
    "actions."

static bool check_latest(const Doc *run, Str stage, Str execution, Error *e) {
    const Doc *latest = doc_get(doc_get_str_key(doc_get(run, "stages"), stage), "latest");
    if (!latest) return fail(e, "StageNotRetryableException", CANNOT_RETRY);
    if (!str_eq(doc_text(latest, "pipelineExecutionId"), execution)) {
        return fail(e, "NotLatestPipelineExecutionException",
                    "The stage has failed in a later run of the pipeline and the pipelineExecutionId associated with the request is out of date.");
    }
    Str status = doc_text(latest, "status");
    if (str_is(status, "Failed") || str_is(status, "Stopped")) return true;
    return fail(e, "StageNotRetryableException", CANNOT_RETRY);
}

Outcome retry_stage_execution(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "pipelineName"), stage_name = doc_text(call->input, "stageName"),
        id = doc_text(call->input, "pipelineExecutionId");
    Doc *summary, *run = NULL, *structure = NULL, *then = NULL, *record, *data = doc_map(call->arena);
    const Doc *stage;
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    find_pipeline_run(turn, name, &run);
    find_pipeline_structure(turn, name, doc_number(summary, "version", 1), &structure);
    CALL_TRY(find_stage(structure, name, stage_name, &stage, e));
    CALL_TRY(check_latest(run, stage_name, id, e));
    if (!find_pipeline_execution(turn, name, id, &record, NULL) ||
        !find_pipeline_structure(turn, name, doc_number(record, "pipelineVersion", 1), &then) ||
        !doc_equal(pipeline_stage(then, stage_name), stage)) {
        return call_fail(e, "StageNotRetryableException", CANNOT_RETRY);
    }
    CALL_TRY(check_room(run, structure, e));
    doc_set(data, "execution", doc_copy(call->arena, record));
    doc_set(data, "structure", then);
    doc_set_str(call->arena, data, "mode", doc_text(call->input, "retryMode"));
    turn_send(turn, &PIPELINE_RUN, name, STR("retry"), data);
    return reply_id(call, id, out);
}

// ---- Rolling back ----

static int64_t index_of(const Doc *structure, Str stage) {
    int64_t index = 0;
    for (const Doc *one = doc_first(doc_get(structure, "stages")); one && !str_eq(doc_text(one, "name"), stage); one = one->next) index++;
    return index;
}

static bool check_rollback(const Doc *structure, const Doc *run, const Doc *target, Str stage, Error *e) {
    if (!str_is(doc_text(structure, "pipelineType"), "V2")) {
        return fail(e, "UnableToRollbackStageException", "Rollback can only be used with V2 pipelines.");
    }
    if (doc_number(target, "pipelineVersion", 0) != doc_number(structure, "version", 1)) {
        return fail(e, "PipelineExecutionOutdatedException", "The target pipeline execution ran with an earlier structure of the pipeline.");
    }
    bool rollback = str_is(doc_text(target, "executionType"), "ROLLBACK");
    if (rollback || !str_is(doc_str(doc_get_str_key(doc_get(target, "stages"), stage), STR_NONE), "Succeeded")) {
        return fail(e, "UnableToRollbackStageException", "The target pipeline execution has not succeeded in stage %.*s.", STR_ARG(stage));
    }
    Str status = doc_text(doc_get(doc_get_str_key(doc_get(run, "stages"), stage), "latest"), "status");
    if (!str_is(status, "InProgress") && !str_is(status, "Stopping")) return true;
    return fail(e, "UnableToRollbackStageException", "Stage %.*s is in progress.", STR_ARG(stage));
}

Outcome rollback_stage(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "pipelineName"), stage_name = doc_text(call->input, "stageName"), arn = call->principal.arn;
    Doc *summary, *run = NULL, *structure = NULL, *target, *data = doc_map(call->arena), *trigger = doc_map(call->arena);
    const Doc *stage;
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    find_pipeline_run(turn, name, &run);
    find_pipeline_structure(turn, name, doc_number(summary, "version", 1), &structure);
    CALL_TRY(find_stage(structure, name, stage_name, &stage, e));
    CALL_TRY(find_pipeline_execution(turn, name, doc_text(call->input, "targetPipelineExecutionId"), &target, e));
    CALL_TRY(check_rollback(structure, run, target, stage_name, e));
    Str id = id_uuid(turn_ids(turn), call->arena);
    doc_set_str(call->arena, trigger, "triggerType", STR("ManualRollback"));
    doc_set_str(call->arena, trigger, "triggerDetail", str_format(call->arena, "{\"AwsUserArn\":\"%.*s\"}", STR_ARG(arn)));
    doc_set_str(call->arena, data, "id", id);
    doc_set(data, "trigger", trigger);
    doc_set(data, "target", doc_copy(call->arena, target));
    doc_set(data, "structure", structure);
    doc_set_int(call->arena, data, "version", doc_number(structure, "version", 1));
    doc_set_int(call->arena, data, "stage", index_of(structure, stage_name));
    turn_send(turn, &PIPELINE_RUN, name, STR("rollback"), data);
    return reply_id(call, id, out);
}
