// What the machine keeps and tells: documents of executions and actions, states of stages, events of the bus.
//
// Documents are written once a step, of what was touched. Events have the shape that EventBridge shows of CodePipeline.
#include "formats/timestamps.h"
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/providers.h"
#include "services/codepipeline/run.h"

// ---- Events ----

static Doc *resources_of(Step *step) {
    Doc *resources = doc_list(step->arena);
    doc_push_str(step->arena, resources, pipeline_arn(step->arena, step->where, step->id));
    return resources;
}

static Doc *trigger_of(Arena *arena, const Doc *execution) {
    const Doc *trigger = doc_get(execution, "trigger");
    Doc *told = doc_map(arena);
    doc_set_str(arena, told, "trigger-type", doc_text(trigger, "triggerType"));
    doc_set_str(arena, told, "trigger-detail", doc_text(trigger, "triggerDetail"));
    return told;
}

static Doc *detail_of(Step *step, const Doc *execution, const char *state) {
    Arena *arena = step->arena;
    Doc *detail = doc_map(arena);
    doc_set_str(arena, detail, "pipeline", step->id);
    doc_set_str(arena, detail, "execution-id", doc_text(execution, "pipelineExecutionId"));
    doc_set_str(arena, detail, "start-time", time_iso8601(arena, step->now_ms));
    doc_set_str(arena, detail, "state", str_of(state));
    doc_set_int(arena, detail, "version", doc_number(execution, "pipelineVersion", 1));
    doc_set_int(arena, detail, "pipeline-execution-attempt", doc_number(execution, "attempt", 1));
    return detail;
}

void run_publish_pipeline(Step *step, const Doc *execution, const char *state) {
    Doc *detail = detail_of(step, execution, state);
    doc_set(detail, "execution-trigger", trigger_of(step->arena, execution));
    if (doc_get(execution, "stop")) doc_set_bool(step->arena, detail, "is-abandoned", doc_flag(doc_get(execution, "stop"), "abandon", false));
    step_publish(step, "aws.codepipeline", "CodePipeline Pipeline Execution State Change", detail, resources_of(step));
}

void run_publish_stage(Step *step, const Doc *execution, const char *state) {
    Doc *detail = detail_of(step, execution, state);
    doc_set_str(step->arena, detail, "stage", run_stage_name(step, execution));
    step_publish(step, "aws.codepipeline", "CodePipeline Stage Execution State Change", detail, resources_of(step));
}

static Doc *artifacts_told(Arena *arena, const Doc *artifacts) {
    Doc *list = doc_list(arena);
    for (const Doc *one = doc_first(artifacts); one; one = one->next) {
        Doc *told = doc_map(arena), *place = doc_map(arena);
        doc_set_str(arena, place, "bucket", doc_text(one, "bucket"));
        doc_set_str(arena, place, "key", doc_text(one, "key"));
        doc_set_str(arena, told, "name", doc_text(one, "name"));
        doc_set(told, "s3location", place);
        doc_push(list, told);
    }
    return list;
}

static Doc *result_told(Arena *arena, const Doc *record) {
    Doc *result = doc_map(arena);
    doc_set_str(arena, result, "external-execution-id", doc_text(record, "externalExecutionId"));
    doc_set_str(arena, result, "external-execution-url", doc_text(record, "externalExecutionUrl"));
    const Doc *error = doc_get(record, "errorDetails");
    Str summary = doc_text(record, "summary");
    doc_set_str(arena, result, "external-execution-summary", error && !summary.len ? doc_text(error, "message") : summary);
    doc_set_str(arena, result, "error-code", doc_text(error, "code"));
    return result;
}

void run_publish_action(const Action *action, const char *state) {
    Step *step = action->step;
    Arena *arena = step->arena;
    Doc *detail = detail_of(step, action->execution, state);
    doc_set_str(arena, detail, "stage", run_stage_name(step, action->execution));
    doc_set_str(arena, detail, "action", action_name(action));
    doc_set_str(arena, detail, "action-execution-id", action_id_of(action));
    doc_set_str(arena, detail, "region", step->where.region);
    doc_set(detail, "type", doc_copy(arena, doc_get(action->declaration, "actionTypeId")));
    bool ended = !run_is(action->record, "status", "InProgress");
    if (ended) doc_set(detail, "execution-result", result_told(arena, action->record));
    const Doc *outputs = doc_get(action->record, "outputs");
    if (doc_count(outputs) && run_is(action->record, "status", "Succeeded")) doc_set(detail, "output-artifacts", artifacts_told(arena, outputs));
    const Doc *inputs = doc_get(action->record, "inputs");
    if (doc_count(inputs)) doc_set(detail, "input-artifacts", artifacts_told(arena, inputs));
    step_publish(step, "aws.codepipeline", "CodePipeline Action Execution State Change", detail, resources_of(step));
}

// ---- Documents ----

void run_touch(Step *step, Doc *execution) {
    doc_set_int(step->arena, execution, "lastUpdateTime", step->now_ms);
    doc_set_bool(step->arena, execution, "touched", true);
}

static bool is_category(const Action *action, const char *category) { return str_is(str_of(action->provider->category), category); }

// What GetPipelineState leaves out of the record, and what it says of an approval that nobody will give any more.
static void leave_out(const Action *action, Doc *latest) {
    bool approval = is_category(action, "Approval"), abandoned = run_is(action->record, "status", "Abandoned");
    if (doc_get(latest, "errorDetails")) doc_set(latest, "summary", NULL);
    if (is_category(action, "Source")) doc_set(latest, "externalExecutionUrl", NULL);
    if (!approval) return;
    doc_set(latest, "externalExecutionId", NULL);
    if (abandoned) doc_set_str(action->step->arena, latest, "summary", STR("The approval action has been canceled."));
    if (abandoned || run_is(action->record, "status", "InProgress")) doc_set(latest, "lastStatusChange", NULL);
}

// As ActionExecution of GetPipelineState; the lastStatusChange is in milliseconds.
static Doc *latest_of(const Action *action) {
    static const char *const MEMBERS[] = {"actionExecutionId",    "status",       "summary", "token", "externalExecutionId",
                                          "externalExecutionUrl", "errorDetails", NULL};
    Arena *arena = action->step->arena;
    Doc *latest = pipeline_reply(arena, action->record, MEMBERS, NULL);
    doc_set_int(arena, latest, "lastStatusChange", doc_number(action->record, "lastUpdateTime", 0));
    doc_set_str(arena, latest, "lastUpdatedBy", doc_text(action->record, "updatedBy"));
    leave_out(action, latest);
    return latest;
}

static Doc *input_of(const Action *action) {
    static const char *const MEMBERS[] = {"actionTypeId", "configuration", "namespace", NULL};
    Arena *arena = action->step->arena;
    Doc *input = pipeline_reply(arena, action->declaration, MEMBERS, NULL);
    Str role = doc_text(action->declaration, "roleArn");
    doc_set_str(arena, input, "roleArn", role);
    doc_set_str(arena, input, "region", action->step->where.region);
    if (doc_get(action->record, "resolved")) doc_set(input, "resolvedConfiguration", doc_copy(arena, doc_get(action->record, "resolved")));
    doc_set(input, "inputArtifacts", artifacts_told(arena, doc_get(action->record, "inputs")));
    return input;
}

// Of an error the history has the code; its message is the summary.
static Doc *output_of(const Action *action) {
    static const char *const DETAILS[] = {"code", NULL};
    Arena *arena = action->step->arena;
    const Doc *record = action->record;
    Doc *output = doc_map(arena), *result = doc_map(arena);
    doc_set_str(arena, result, "externalExecutionId", doc_text(record, "externalExecutionId"));
    doc_set_str(arena, result, "externalExecutionSummary", doc_text(record, "summary"));
    doc_set_str(arena, result, "externalExecutionUrl", doc_text(record, "externalExecutionUrl"));
    const Doc *error = doc_get(record, "errorDetails");
    if (error) doc_set(result, "errorDetails", pipeline_reply(arena, error, DETAILS, NULL));
    bool succeeded = run_is(record, "status", "Succeeded");
    doc_set(output, "outputArtifacts", succeeded ? artifacts_told(arena, doc_get(record, "outputs")) : doc_list(arena));
    if (doc_count(result)) doc_set(output, "executionResult", result);
    const Doc *variables = doc_get(record, "outputVariables");
    doc_set(output, "outputVariables", variables && succeeded ? doc_copy(arena, variables) : doc_map(arena));
    return output;
}

static Doc *action_doc(const Action *action) {
    static const char *const MEMBERS[] = {"actionExecutionId", "actionName", "startTime", "lastUpdateTime", "updatedBy", "status", NULL};
    Arena *arena = action->step->arena;
    Doc *doc = pipeline_reply(arena, action->record, MEMBERS, NULL);
    doc_set_str(arena, doc, "pipelineExecutionId", doc_text(action->execution, "pipelineExecutionId"));
    doc_set_int(arena, doc, "pipelineVersion", doc_number(action->execution, "pipelineVersion", 1));
    doc_set_int(arena, doc, "attempt", doc_number(action->execution, "attempt", 1));
    doc_set_str(arena, doc, "stageName", run_stage_name(action->step, action->execution));
    doc_set(doc, "input", input_of(action));
    doc_set(doc, "output", output_of(action));
    return doc;
}

void run_touch_action(const Action *action) {
    Step *step = action->step;
    int64_t sequence = doc_number(action->execution, "sequence", 0), number = doc_number(action->record, "number", 0);
    doc_set_int(step->arena, action->record, "lastUpdateTime", step->now_ms);
    run_touch(step, action->execution);
    step_put(step, &PIPELINE_ACTION, pipeline_action_id(step->arena, step->id, sequence, number), action_doc(action));
    Doc *stage = run_stage_state(step, run_stage_name(step, action->execution));
    bool shown = str_eq(doc_text(doc_get(stage, "latest"), "pipelineExecutionId"), doc_text(action->execution, "pipelineExecutionId"));
    if (!doc_get(stage, "actions")) doc_set(stage, "actions", doc_map(step->arena));
    if (shown) doc_put(doc_get(stage, "actions"), action_name(action), latest_of(action));
}

// ---- The end of a step ----

static bool is_done(const Doc *execution) { return run_is(execution, "phase", "done"); }

static void write_touched(Step *step) {
    for (Doc *one = doc_first(doc_get(step->state, "executions")); one; one = one->next) {
        if (!doc_get(one, "touched")) continue;
        doc_set(one, "touched", NULL);
        step_put(step, &PIPELINE_EXECUTION, pipeline_execution_id(step->arena, step->id, doc_number(one, "sequence", 0)), doc_copy(step->arena, one));
    }
}

static void list_external(Step *step) {
    Doc *list = doc_list(step->arena);
    for (const Doc *one = doc_first(doc_get(step->state, "executions")); one; one = one->next) {
        for (const Doc *record = doc_first(doc_get(one, "actions")); record; record = record->next) {
            Str external = doc_text(record, "external");
            if (external.at && run_is(record, "status", "InProgress")) doc_push_str(step->arena, list, external);
        }
    }
    doc_set(step->state, "external", list);
}

static bool uses_version(const Step *step, Str version) {
    int64_t number;
    if (!str_to_int(version, &number)) return false;
    if (number == doc_number(step->state, "version", 0)) return true;
    for (const Doc *one = doc_first(doc_get(step->state, "executions")); one; one = one->next) {
        if (doc_number(one, "pipelineVersion", 0) == number) return true;
    }
    return false;
}

static bool uses_stage(const Step *step, Str name) {
    for (const Doc *structure = doc_first(doc_get(step->state, "structures")); structure; structure = structure->next) {
        if (pipeline_stage(structure, name)) return true;
    }
    return false;
}

static void keep_members(const Step *step, const char *member, bool (*is_used)(const Step *step, Str key)) {
    Doc *kept = doc_map(step->arena), *next;
    for (Doc *one = doc_first(doc_get(step->state, member)); one; one = next) {
        next = one->next;
        one->next = NULL;
        if (is_used(step, one->key)) doc_add(kept, one->key, one);
    }
    doc_set(step->state, member, kept);
}

void run_flush(Step *step) {
    write_touched(step);
    run_drop(doc_get(step->state, "executions"), is_done);
    list_external(step);
    keep_members(step, "structures", uses_version);
    keep_members(step, "stages", uses_stage);
}
