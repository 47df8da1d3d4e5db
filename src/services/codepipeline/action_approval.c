// Approval/Manual: waits for PutApprovalResult with the token that GetPipelineState shows, which is the action execution's id. A time-out is a rejection.
// Of several executions side by side (PARALLEL) that shows one only: there the token is the externalExecutionId that ListActionExecutions shows.
#include "services/codepipeline/providers.h"
#include "services/codepipeline/run.h"

void action_approval_start(Action *action) {
    Arena *arena = action->step->arena;
    doc_set_str(arena, action->record, "token", action_id_of(action));
    if (run_is(action->execution, "executionMode", "PARALLEL")) doc_set_str(arena, action->record, "externalExecutionId", action_id_of(action));
    run_touch_action(action);
}

void action_approval_heard(Action *action, Str what, const Doc *data) {
    if (!str_is(what, "answer")) return;
    Arena *arena = action->step->arena;
    bool approved = str_is(doc_text(data, "status"), "Approved");
    Str by = doc_text(data, "by"), summary = doc_text(data, "summary");
    doc_set_str(arena, action->record, "updatedBy", str_copy(arena, by));
    doc_set_str(arena, action->record, "externalExecutionId", action_id_of(action));
    if (!summary.len) summary = str_format(arena, "%s by %.*s", approved ? "Approved" : "Rejected", STR_ARG(by));
    (approved ? action_succeed : action_reject)(action, summary);
}
