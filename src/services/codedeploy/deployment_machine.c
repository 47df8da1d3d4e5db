// A deployment's life.
//
//     start: Created ──instances found──▶ InProgress ──each instance in its turn──▶ Succeeded | Failed ──▶ a rollback: another deployment's "start"
//              └──none, or not allowed──▶ Failed          └──"stop"──▶ running scripts end ──▶ Stopped
//
// Events: "start" {deployment}, "stop" {rollback}, replies, effects and timers by their tags and names: of the fleet ("instances") or of a host ("WHAT/ID").
#include "services/codedeploy/machine.h"

static void set_overview(Step *step) {
    static const char *const STATUSES[] = {"Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready", NULL};
    Doc *overview = doc_map(step->arena);
    for (const char *const *status = STATUSES; *status; status++) {
        int64_t count = 0;
        for (const Doc *target = doc_first(doc_get(step->state, "$targets")); target; target = target->next) count += host_is(target, *status);
        doc_set_int(step->arena, overview, *status, count);
    }
    doc_set(step->state, "deploymentOverview", overview);
}

static void note_attempt(Step *step) {
    Arena *arena = step->arena;
    Doc *state = doc_get(step->state, "$groupState"), *attempt = doc_map(arena);
    doc_set_str(arena, attempt, "deploymentId", step->id);
    doc_set_str(arena, attempt, "status", doc_text(step->state, "status"));
    doc_set_time(arena, attempt, "createTime", step->now_ms);
    doc_set(state, "lastAttemptedDeployment", attempt);
    doc_set_str(arena, state, "$active", step->id);
    deployment_put_group_state(step);
}

static void on_start(Step *step) {
    if (step->state) return;
    step->state = doc_copy(step->arena, doc_get(step->event->data, "deployment"));
    doc_set_str(step->arena, step->state, "status", STR("Created"));
    doc_set_time(step->arena, step->state, "createTime", step->now_ms);
    doc_set(step->state, "$targets", doc_list(step->arena));
    note_attempt(step);
    fleet_find(step);
}

static bool is_over(const Step *step) { return doc_get(step->state, "completeTime") != NULL; }

static void on_stop(Step *step) {
    if (is_over(step) || doc_flag(step->state, "$stopping", false)) return;
    doc_set_bool(step->arena, step->state, "$stopping", true);
    doc_set_bool(step->arena, step->state, "$rollback", doc_flag(step->event->data, "rollback", false));
    fleet_stop(step);
}

static void step_deployment(Step *step) {
    Str kind = step->event->kind;
    if (str_is(kind, "start")) on_start(step);
    if (!step->state || is_over(step)) return;
    if (str_is(kind, "stop")) on_stop(step);
    if (!fleet_event(step) && host_event(step)) fleet_go_on(step);
    set_overview(step);
}

static const MachineType MACHINE = {.version = 1, .step = step_deployment};
static const DocumentIndex INDEXES[] = {{"group", "$groupId"}, {"application", "applicationName"}, {"status", "status"}, {NULL, NULL}};
const DocumentType CODEDEPLOY_DEPLOYMENT = {.name = "codedeploy.deployment", .indexes = INDEXES, .machine = &MACHINE};
const DocumentType CODEDEPLOY_GROUP_STATE = {.name = "codedeploy.group-state"};
