// What a person opens and closes: transitions between stages, manual approvals.
#include "services/codepipeline/codepipeline.h"

// ---- Transitions ----

static Outcome set_transition(Turn *turn, const Call *call, bool enabled, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "pipelineName"), stage = doc_text(call->input, "stageName");
    Doc *summary, *structure = NULL, *data = doc_map(arena);
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    find_pipeline_structure(turn, name, doc_number(summary, "version", 1), &structure);
    if (!pipeline_stage(structure, stage)) {
        return call_fail(e, "StageNotFoundException", "Stage '%.*s' does not exist in pipeline '%.*s'", STR_ARG(stage), STR_ARG(name));
    }
    doc_set_str(arena, data, "stage", stage);
    doc_set_str(arena, data, "type", doc_text(call->input, "transitionType"));
    doc_set_str(arena, data, "reason", doc_text(call->input, "reason"));
    doc_set_str(arena, data, "by", call->principal.arn);
    doc_set_bool(arena, data, "enabled", enabled);
    turn_send(turn, &PIPELINE_RUN, name, STR("transition"), data);
    return OUTCOME_DONE;
}

Outcome enable_stage_transition(Turn *turn, const Call *call, Doc **out, Error *e) {
    (void)out;
    return set_transition(turn, call, true, e);
}

Outcome disable_stage_transition(Turn *turn, const Call *call, Doc **out, Error *e) {
    (void)out;
    return set_transition(turn, call, false, e);
}

// ---- Approvals ----

static bool is_approval(const Doc *action) { return str_is(doc_text(doc_get(action, "actionTypeId"), "category"), "Approval"); }

static const Doc *find_action(const Doc *stage, Str name) {
    const Doc *one = doc_first(doc_get(stage, "actions"));
    while (one && !str_eq(doc_text(one, "name"), name)) one = one->next;
    return one;
}

static bool check_names(const Doc *structure, const Doc *input, Error *e) {
    Str pipeline = doc_text(input, "pipelineName"), stage_name = doc_text(input, "stageName"), action_name = doc_text(input, "actionName");
    const Doc *stage = pipeline_stage(structure, stage_name), *action = find_action(stage, action_name);
    if (!stage) return fail(e, "StageNotFoundException", "Stage '%.*s' does not exist in pipeline '%.*s'", STR_ARG(stage_name), STR_ARG(pipeline));
    if (!action) return fail(e, "ActionNotFoundException", "Action '%.*s' does not exist in stage '%.*s'", STR_ARG(action_name), STR_ARG(stage_name));
    if (is_approval(action)) return true;
    return fail(e, "ValidationException", "Action '%.*s' in stage '%.*s' is not an approval action.", STR_ARG(action_name), STR_ARG(stage_name));
}

// The action execution that waits with this token.
static const Doc *find_token(const Doc *run, Str token) {
    for (const Doc *execution = doc_first(doc_get(run, "executions")); execution; execution = execution->next) {
        for (const Doc *record = doc_first(doc_get(execution, "actions")); record; record = record->next) {
            if (str_eq(doc_text(record, "token"), token) && str_is(doc_text(record, "status"), "InProgress")) return record;
        }
    }
    return NULL;
}

// A token is the id of the action execution that asked.
static bool was_asked_for(const Doc *record, const Doc *input) {
    return str_eq(doc_text(record, "stageName"), doc_text(input, "stageName")) &&
           str_eq(doc_text(record, "actionName"), doc_text(input, "actionName"));
}

static Outcome refuse_token(Turn *turn, const Doc *input, Error *e) {
    Str pipeline = doc_text(input, "pipelineName");
    const Doc *record = doc_first(turn_find(turn, &PIPELINE_ACTION, "id", doc_text(input, "token")));
    if (!record || !was_asked_for(record, input)) {
        return call_fail(e, "InvalidApprovalTokenException", "The approval token is not valid: it does not belong to an approval that is awaited.");
    }
    if (str_is(doc_text(record, "status"), "Abandoned")) {
        return call_fail(e, "InvalidApprovalTokenException",
                         "The pipeline %.*s has been updated, and the approval request you responded to is now out of date.", STR_ARG(pipeline));
    }
    return call_fail(e, "ApprovalAlreadyCompletedException", "The approval request that you responded to is already complete or has expired.");
}

static bool check_summary(const Doc *record, const Doc *input, Error *e) {
    Str summary = str_trim(doc_text(doc_get(input, "result"), "summary")), action = doc_text(input, "actionName"),
        stage = doc_text(input, "stageName");
    if (summary.len || !str_is(doc_text(doc_get(record, "resolved"), "IsSummaryRequired"), "true")) return true;
    return fail(e, "InvalidApprovalTokenException",
                "Action '%.*s' in stage '%.*s' requires a summary. Provide a summary in the approval result and try again.", STR_ARG(action),
                STR_ARG(stage));
}

Outcome put_approval_result(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "pipelineName");
    const Doc *result = doc_get(call->input, "result");
    Doc *summary, *structure = NULL, *run = NULL, *data = doc_map(arena);
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    find_pipeline_structure(turn, name, doc_number(summary, "version", 1), &structure);
    find_pipeline_run(turn, name, &run);
    CALL_TRY(check_names(structure, call->input, e));
    const Doc *record = find_token(run, doc_text(call->input, "token"));
    if (!record || !str_eq(doc_text(record, "actionName"), doc_text(call->input, "actionName"))) return refuse_token(turn, call->input, e);
    CALL_TRY(check_summary(record, call->input, e));
    doc_set_str(arena, data, "actionExecutionId", doc_text(record, "actionExecutionId"));
    doc_set_str(arena, data, "status", doc_text(result, "status"));
    doc_set_str(arena, data, "summary", doc_text(result, "summary"));
    doc_set_str(arena, data, "by", call->principal.arn);
    turn_send(turn, &PIPELINE_RUN, name, STR("approve"), data);
    *out = doc_map(arena);
    doc_set_time(arena, *out, "approvedAt", call->now_ms);
    return OUTCOME_DONE;
}
