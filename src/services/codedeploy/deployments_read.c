// Showing deployments.
#include "services/codedeploy/codedeploy.h"

#include <stdlib.h>

enum { LIST_PAGE = 100, BATCH = 25 };

Outcome get_deployment(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *deployment;
    CALL_TRY(find_deployment(turn, doc_text(call->input, "deploymentId"), &deployment, e));
    *out = doc_map(call->arena);
    doc_set(*out, "deploymentInfo", deployment);
    return OUTCOME_DONE;
}

Outcome batch_get_deployments(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *found = doc_list(call->arena), *deployment;
    const Doc *ids = doc_get(call->input, "deploymentIds");
    CALL_TRY(check_batch(ids, BATCH, "deployments", e));
    if (!doc_count(ids)) return call_fail(e, "DeploymentIdRequiredException", "At least one deployment ID is required.");
    for (const Doc *id = doc_first(ids); id; id = id->next) CALL_TRY(check_deployment_id(doc_str(id, STR("")), e));
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        if (!turn_get(turn, &CODEDEPLOY_DEPLOYMENT, doc_str(id, STR("")), &deployment)) continue;
        CALL_TRY(may_see(turn, call, "deploymentgroup", doc_text(deployment, "$group"), e));
        doc_push(found, deployment);
    }
    *out = doc_map(call->arena);
    doc_set(*out, "deploymentsInfo", found);
    return OUTCOME_DONE;
}

// ---- The list, the latest first ----

static bool check_filters(Turn *turn, const Doc *input, Doc **of_group, Error *e) {
    static const char *const STATUSES[] = {"Created", "Queued", "InProgress", "Baking", "Succeeded", "Failed", "Stopped", "Ready", NULL};
    Str application = doc_text(input, "applicationName"), group = doc_text(input, "deploymentGroupName");
    const Doc *range = doc_get(input, "createTimeRange");
    Doc *found;
    if (application.at) TRY(find_application(turn, application, &found, e));
    if (application.at && !group.at)
        return fail(e, "DeploymentGroupNameRequiredException", "The deployment group name is required with an application name.");
    if (group.at && !application.at)
        return fail(e, "ApplicationNameRequiredException", "The application name is required with a deployment group name.");
    if (group.at) TRY(find_group(turn, application, group, of_group, e));
    for (const Doc *status = doc_first(doc_get(input, "includeOnlyStatuses")); status; status = status->next) {
        if (!is_one_of(doc_str(status, STR("")), STATUSES))
            return fail(e, "InvalidDeploymentStatusException", "The specified deployment status is invalid.");
    }
    bool both = doc_get(range, "start") && doc_get(range, "end");
    if (!both || doc_number(range, "start", 0) <= doc_number(range, "end", 0)) return true;
    return fail(e, "InvalidTimeRangeException", "The specified time range is invalid: its start is after its end.");
}

static bool is_wanted(const Doc *deployment, const Doc *input) {
    const Doc *statuses = doc_get(input, "includeOnlyStatuses"), *range = doc_get(input, "createTimeRange");
    int64_t created = doc_number(deployment, "createTime", 0);
    bool in_status = doc_count(statuses) == 0;
    if (doc_text(input, "externalId").len) return false; // no deployment is linked to an external resource
    for (const Doc *status = doc_first(statuses); status; status = status->next) {
        in_status = in_status || str_eq(doc_str(status, STR("")), doc_text(deployment, "status"));
    }
    return in_status && created >= doc_number(range, "start", INT64_MIN) && created <= doc_number(range, "end", INT64_MAX);
}

static int latest_first(const void *a, const void *b) {
    int64_t left = doc_number(*(const Doc *const *)a, "createTime", 0), right = doc_number(*(const Doc *const *)b, "createTime", 0);
    return (left < right) - (left > right);
}

Outcome list_deployments(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *group = NULL;
    CALL_TRY(check_filters(turn, call->input, &group, e));
    const Doc *all = group ? turn_find(turn, &CODEDEPLOY_DEPLOYMENT, "group", doc_text(group, "deploymentGroupId"))
                           : turn_scan(turn, &CODEDEPLOY_DEPLOYMENT, (DocumentScan){.prefix = STR("")});
    const Doc **wanted = arena_array(arena, const Doc *, doc_count(all) + 1);
    size_t count = 0;
    for (const Doc *one = doc_first(all); one; one = one->next) {
        if (is_wanted(one, call->input)) wanted[count++] = one;
    }
    qsort(wanted, count, sizeof *wanted, latest_first);
    Doc *ids = doc_list(arena);
    for (size_t i = 0; i < count; i++) doc_push_str(arena, ids, doc_text(wanted[i], "deploymentId"));
    CALL_TRY(page_of(call, ids, LIST_PAGE, "deployments", out, e));
    return OUTCOME_DONE;
}
