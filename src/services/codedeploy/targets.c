// Showing the instances of a deployment: as targets, and by the older operations as instances.
#include "services/codedeploy/codedeploy.h"

enum { LIST_PAGE = 100, BATCH = 25 };

static Doc *find_target(const Doc *deployment, Str id) {
    if (str_starts(id, STR("arn:"))) id = str_from(id, (size_t)str_rfind_char(id, '/') + 1);
    Doc *target = doc_first(doc_get(deployment, "$targets"));
    while (target && !str_eq(doc_text(target, "targetId"), id)) target = target->next;
    return target;
}

static Doc *target_view(Arena *arena, const Doc *target) {
    Doc *view = doc_map(arena);
    doc_set_str(arena, view, "deploymentTargetType", STR("InstanceTarget"));
    doc_set(view, "instanceTarget", doc_copy(arena, target));
    return view;
}

static Doc *summary_view(Arena *arena, const Doc *target) {
    static const char *const SAME[] = {"deploymentId", "status", "lastUpdatedAt", "lifecycleEvents", NULL};
    Doc *view = doc_map(arena);
    doc_set_str(arena, view, "instanceId", doc_text(target, "targetArn"));
    for (const char *const *member = SAME; *member; member++) doc_set(view, *member, doc_copy(arena, doc_get(target, *member)));
    return view;
}

static bool has_started(Turn *turn, const Call *call, Doc **deployment, Error *e) {
    TRY(find_deployment(turn, doc_text(call->input, "deploymentId"), deployment, e));
    if (doc_get(*deployment, "startTime") || doc_get(*deployment, "completeTime")) return true;
    return fail(e, "DeploymentNotStartedException", "The deployment %.*s has not started yet.", STR_ARG(doc_text(*deployment, "deploymentId")));
}

static bool is_in_status(const Doc *target, const Doc *statuses) {
    return !doc_count(statuses) || doc_has_text(statuses, doc_text(target, "status"));
}

static bool check_statuses(const Doc *statuses, Error *e) {
    static const char *const KNOWN[] = {"Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Unknown", "Ready", NULL};
    for (const Doc *status = doc_first(statuses); status; status = status->next) {
        if (!is_one_of(doc_str(status, STR("")), KNOWN))
            return fail(e, "InvalidInstanceStatusException", "The specified instance status does not exist.");
    }
    return true;
}

static bool list_ids(const Call *call, const Doc *deployment, const Doc *statuses, const char *reply, Doc **out, Error *e) {
    Doc *ids = doc_list(call->arena);
    TRY(check_statuses(statuses, e));
    for (const Doc *target = doc_first(doc_get(deployment, "$targets")); target; target = target->next) {
        if (is_in_status(target, statuses)) doc_push_str(call->arena, ids, doc_text(target, "targetId"));
    }
    return page_of(call, ids, LIST_PAGE, reply, out, e);
}

// All deployments are in place: their instances are of no colour.
static bool check_types(const Doc *types, Error *e) {
    static const char *const KNOWN[] = {"Blue", "Green", NULL};
    for (const Doc *type = doc_first(types); type; type = type->next) {
        if (is_one_of(doc_str(type, STR("")), KNOWN)) continue;
        return fail(e, "InvalidInstanceTypeException", "The instance type is invalid: it is Blue or Green.");
    }
    if (!doc_count(types)) return true;
    return fail(e, "InvalidDeploymentInstanceTypeException",
                "An instance type was specified for an in-place deployment. Instance types are supported for blue/green deployments only.");
}

Outcome list_deployment_targets(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *deployment;
    const Doc *filters = doc_get(call->input, "targetFilters");
    CALL_TRY(has_started(turn, call, &deployment, e));
    for (const Doc *filter = doc_first(filters); filter; filter = filter->next) {
        bool known = str_is(filter->key, "TargetStatus") || str_is(filter->key, "ServerInstanceLabel");
        if (!known) return call_fail(e, "InvalidTargetFilterNameException", "The target filter name is invalid: %.*s", STR_ARG(filter->key));
    }
    CALL_TRY(check_types(doc_get(filters, "ServerInstanceLabel"), e));
    CALL_TRY(list_ids(call, deployment, doc_get(filters, "TargetStatus"), "targetIds", out, e));
    return OUTCOME_DONE;
}

Outcome list_deployment_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *deployment;
    CALL_TRY(has_started(turn, call, &deployment, e));
    CALL_TRY(check_types(doc_get(call->input, "instanceTypeFilter"), e));
    CALL_TRY(list_ids(call, deployment, doc_get(call->input, "instanceStatusFilter"), "instancesList", out, e));
    return OUTCOME_DONE;
}

Outcome get_deployment_target(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *deployment;
    Str id = doc_text(call->input, "targetId");
    CALL_TRY(has_started(turn, call, &deployment, e));
    if (!id.len) return call_fail(e, "DeploymentTargetIdRequiredException", "A deployment target ID is required.");
    const Doc *target = find_target(deployment, id);
    if (!target) return call_fail(e, "DeploymentTargetDoesNotExistException", "The deployment target %.*s does not exist.", STR_ARG(id));
    *out = doc_map(call->arena);
    doc_set(*out, "deploymentTarget", target_view(call->arena, target));
    return OUTCOME_DONE;
}

Outcome get_deployment_instance(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *deployment;
    Str id = doc_text(call->input, "instanceId");
    CALL_TRY(has_started(turn, call, &deployment, e));
    if (!id.len) return call_fail(e, "InstanceIdRequiredException", "The instance ID is required.");
    const Doc *target = find_target(deployment, id);
    if (!target) return call_fail(e, "InstanceDoesNotExistException", "The instance %.*s does not exist in the deployment group.", STR_ARG(id));
    *out = doc_map(call->arena);
    doc_set(*out, "instanceSummary", summary_view(call->arena, target));
    return OUTCOME_DONE;
}

Outcome batch_get_deployment_targets(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *deployment, *found = doc_list(call->arena);
    const Doc *ids = doc_get(call->input, "targetIds");
    CALL_TRY(has_started(turn, call, &deployment, e));
    if (!doc_count(ids)) return call_fail(e, "DeploymentTargetIdRequiredException", "A deployment target ID is required.");
    if (doc_count(ids) > BATCH) return call_fail(e, "DeploymentTargetListSizeExceededException", "There can be up to %d target IDs.", BATCH);
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        const Doc *target = find_target(deployment, doc_str(id, STR("")));
        if (!target) return call_fail(e, "DeploymentTargetDoesNotExistException", "The deployment target %.*s does not exist.", STR_ARG(id->as.text));
        doc_push(found, target_view(call->arena, target));
    }
    *out = doc_map(call->arena);
    doc_set(*out, "deploymentTargets", found);
    return OUTCOME_DONE;
}

Outcome batch_get_deployment_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *deployment, *found = doc_list(arena);
    const Doc *ids = doc_get(call->input, "instanceIds");
    Str missing = STR("");
    CALL_TRY(has_started(turn, call, &deployment, e));
    CALL_TRY(check_batch(ids, BATCH, "instances", e));
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        const Doc *target = find_target(deployment, doc_str(id, STR("")));
        if (target)
            doc_push(found, summary_view(arena, target));
        else
            missing = str_format(arena, "%.*s%s%.*s", STR_ARG(missing), missing.len ? ", " : "No instances found for: ", STR_ARG(id->as.text));
    }
    *out = doc_map(arena);
    doc_set(*out, "instancesSummary", found);
    doc_set_str(arena, *out, "errorMessage", missing);
    return OUTCOME_DONE;
}
