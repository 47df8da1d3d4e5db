// Approval/Manual: waits for PutApprovalResult with the token that GetPipelineState shows. A time-out is a rejection.
#include "services/codepipeline/providers.h"
#include "services/codepipeline/run.h"

void action_approval_start(Action *action) {
    Arena *arena = action->step->arena;
    Str link = action_setting(action, "ExternalEntityLink");
    doc_set_str(arena, action->record, "token", id_uuid(&action->step->ids, arena));
    if (link.len) doc_set_str(arena, action->record, "externalExecutionUrl", link);
    run_touch_action(action);
}

void action_approval_heard(Action *action, Str what, const Doc *data) {
    if (!str_is(what, "answer")) return;
    Arena *arena = action->step->arena;
    bool approved = str_is(doc_text(data, "status"), "Approved");
    Str by = doc_text(data, "by"), summary = doc_text(data, "summary");
    doc_set_str(arena, action->record, "updatedBy", str_copy(arena, by));
    if (!summary.len) summary = str_format(arena, "%s by %.*s", approved ? "Approved" : "Rejected", STR_ARG(by));
    if (approved) {
        action_succeed(action, summary);
    } else {
        doc_set_str(arena, action->record, "summary", str_copy(arena, summary));
        action_fail(action, "ApprovalRejected", "%.*s", STR_ARG(summary));
    }
}
