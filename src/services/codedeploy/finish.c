// The end of a deployment: what the group keeps of it, who hears of it, and the rollback: another deployment, of the last good revision.
#include "services/codedeploy/machine.h"

void deployment_put_group_state(Step *step) {
    const Doc *state = doc_get(step->state, "$groupState");
    step_put(step, &CODEDEPLOY_GROUP_STATE, doc_text(step->state, "$groupId"), doc_copy(step->arena, state));
}

// ---- Events of the bus ----

static void publish(Step *step, const char *detail_type, Doc *detail, Doc *resources, const char *state) {
    Arena *arena = step->arena;
    Str application = doc_text(step->state, "applicationName"), group = doc_text(step->state, "deploymentGroupName");
    doc_set_str(arena, detail, "region", step->where.region);
    doc_set_str(arena, detail, "state", str_of(state));
    doc_set_str(arena, detail, "application", application);
    doc_set_str(arena, detail, "deploymentId", step->id);
    doc_set_str(arena, detail, "instanceGroupId", doc_text(step->state, "$groupId"));
    doc_set_str(arena, detail, "deploymentGroup", group);
    doc_push_str(arena, resources, codedeploy_arn(arena, step->where, "application", application));
    doc_push_str(arena, resources, codedeploy_arn(arena, step->where, "deploymentgroup", group_id_of(arena, application, group)));
    step_publish(step, "aws.codedeploy", detail_type, detail, resources);
}

void deployment_publish(Step *step, const char *state) {
    publish(step, "CodeDeploy Deployment State-change Notification", doc_map(step->arena), doc_list(step->arena), state);
}

void instance_publish(Step *step, Str instance, const char *state) {
    Arena *arena = step->arena;
    Doc *detail = doc_map(arena), *resources = doc_list(arena);
    doc_set_str(arena, detail, "instanceId", instance);
    Str arn = str_format(arena, "arn:aws:ec2:%.*s:%.*s:instance/%.*s", STR_ARG(step->where.region), STR_ARG(step->where.account), STR_ARG(instance));
    doc_push_str(arena, resources, arn);
    publish(step, "CodeDeploy Instance State-change Notification", detail, resources, state);
}

// ---- The group ----

static Doc *last_deployment(Step *step, const char *status) {
    Doc *last = doc_map(step->arena);
    doc_set_str(step->arena, last, "deploymentId", step->id);
    doc_set_str(step->arena, last, "status", str_of(status));
    doc_set(last, "createTime", doc_copy(step->arena, doc_get(step->state, "createTime")));
    doc_set_time(step->arena, last, "endTime", step->now_ms);
    return last;
}

static void note_health(Step *step, Doc *state) {
    Doc *unhealthy = doc_list(step->arena);
    for (const Doc *target = doc_first(doc_get(step->state, "$targets")); target; target = target->next) {
        if (host_is(target, "Failed")) doc_push_str(step->arena, unhealthy, doc_text(target, "targetId"));
    }
    doc_set(state, "$unhealthy", unhealthy);
}

// Which revision each instance runs. Where only outdated instances were deployed to, the others keep theirs; else those that have left the group are forgotten.
static void note_revisions(Step *step, Doc *state) {
    Str key = revision_key(step->arena, STR(""), doc_get(step->state, "revision"));
    const Doc *before = doc_get(state, "$revisions");
    bool partly = doc_flag(step->state, "updateOutdatedInstancesOnly", false) || !doc_get(step->state, "startTime");
    Doc *now = partly && before ? doc_copy(step->arena, before) : doc_map(step->arena);
    for (const Doc *target = doc_first(doc_get(step->state, "$targets")); target; target = target->next) {
        Str id = doc_text(target, "targetId");
        Doc *old = doc_get_str_key(before, id);
        if (host_is(target, "Succeeded"))
            doc_put(now, id, doc_of_str(step->arena, key));
        else if (host_is(target, "Skipped") && old)
            doc_put(now, id, doc_copy(step->arena, old));
    }
    doc_set(state, "$revisions", now);
}

static void note_end(Step *step, const char *status) {
    Doc *state = doc_get(step->state, "$groupState");
    doc_set(state, "lastAttemptedDeployment", last_deployment(step, status));
    doc_set(state, "$active", NULL);
    note_health(step, state);
    note_revisions(step, state);
    if (!str_is(str_of(status), "Succeeded")) return;
    doc_set(state, "lastSuccessfulDeployment", last_deployment(step, status));
    doc_set(state, "targetRevision", doc_copy(step->arena, doc_get(step->state, "revision")));
}

// ---- Rollback ----

static bool wants_rollback(const Step *step, const char *status) {
    const Doc *config = doc_get(step->state, "autoRollbackConfiguration");
    bool stopped = str_is(str_of(status), "Stopped");
    if (str_is(doc_text(step->state, "creator"), "codeDeployRollback") || str_is(str_of(status), "Succeeded")) return false;
    if (stopped && doc_flag(step->state, "$rollback", false)) return true;
    for (const Doc *event = doc_first(doc_get(config, "events")); event && doc_flag(config, "enabled", false); event = event->next) {
        if (str_is(doc_str(event, STR("")), stopped ? "DEPLOYMENT_STOP_ON_REQUEST" : "DEPLOYMENT_FAILURE")) return true;
    }
    return false;
}

static Doc *rollback_info(Step *step, Str of, const char *member, Str message) {
    Doc *info = doc_map(step->arena);
    if (of.len) doc_set_str(step->arena, info, member, of);
    doc_set_str(step->arena, info, "rollbackMessage", message);
    return info;
}

static Doc *new_deployment(Step *step, Str id, const Doc *revision) {
    static const char *const SAME[] = {"applicationName",
                                       "deploymentGroupName",
                                       "deploymentConfigName",
                                       "deploymentStyle",
                                       "computePlatform",
                                       "ignoreApplicationStopFailures",
                                       "fileExistsBehavior",
                                       "autoRollbackConfiguration",
                                       "instanceTerminationWaitTimeStarted",
                                       "deploymentStatusMessages",
                                       "$group",
                                       "$groupId",
                                       "$serviceRole",
                                       "$tagFilters",
                                       "$tagSet",
                                       "$minimum",
                                       "$groupState",
                                       NULL};
    Arena *arena = step->arena;
    Doc *deployment = doc_map(arena);
    for (const char *const *member = SAME; *member; member++) doc_set(deployment, *member, doc_copy(arena, doc_get(step->state, *member)));
    doc_set_str(arena, deployment, "deploymentId", id);
    doc_set_str(arena, deployment, "creator", STR("codeDeployRollback"));
    doc_set_bool(arena, deployment, "updateOutdatedInstancesOnly", false);
    doc_set(deployment, "revision", doc_copy(arena, revision));
    doc_set(deployment, "previousRevision", doc_copy(arena, revision));
    Str message = str_format(arena, "Deployment %.*s is triggered to roll back deployment %.*s.", STR_ARG(id), STR_ARG(step->id));
    doc_set(deployment, "rollbackInfo", rollback_info(step, step->id, "rollbackTriggeringDeploymentId", message));
    return deployment;
}

// The group stays taken for the rollback: no other deployment comes between.
static void roll_back(Step *step) {
    Arena *arena = step->arena;
    Doc *state = doc_get(step->state, "$groupState"), *data = doc_map(arena);
    const Doc *revision = doc_get(state, "targetRevision");
    if (!revision) {
        Str message = STR("No rollback was started: the deployment group has no revision that was deployed successfully before.");
        doc_set(step->state, "rollbackInfo", rollback_info(step, STR_NONE, "rollbackDeploymentId", message));
        return;
    }
    Str id = str_cat(arena, STR("d-"), id_chars(&step->ids, arena, ID_UPPER_DIGITS, 9));
    Str message =
        str_format(arena, "Deployment %.*s terminated. Automatic rollback is triggered with a DeploymentId %.*s.", STR_ARG(step->id), STR_ARG(id));
    doc_set(step->state, "rollbackInfo", rollback_info(step, id, "rollbackDeploymentId", message));
    doc_set_str(arena, state, "$active", id);
    doc_set(data, "deployment", new_deployment(step, id, revision));
    step_send(step, &CODEDEPLOY_DEPLOYMENT, id, STR("start"), data);
}

// ---- The end ----

static const char *published_state(const char *status) {
    if (str_is(str_of(status), "Succeeded")) return "SUCCESS";
    return str_is(str_of(status), "Stopped") ? "STOP" : "FAILURE";
}

void deployment_finish(Step *step, const char *status) {
    Arena *arena = step->arena;
    doc_set_str(arena, step->state, "status", str_of(status));
    doc_set_time(arena, step->state, "completeTime", step->now_ms);
    if (str_is(str_of(status), "Stopped")) {
        Doc *error = doc_map(arena);
        doc_set_str(arena, error, "code", STR("MANUAL_STOP"));
        doc_set_str(arena, error, "message", STR("The deployment was stopped manually."));
        doc_set(step->state, "errorInformation", error);
    }
    note_end(step, status);
    if (wants_rollback(step, status)) roll_back(step);
    deployment_put_group_state(step);
    deployment_publish(step, published_state(status));
    step_wake(step, str_cat(arena, STR("codedeploy/"), step->id));
}

void deployment_fail(Step *step, const char *code, Str message) {
    Doc *error = doc_map(step->arena);
    doc_set_str(step->arena, error, "code", str_of(code));
    doc_set_str(step->arena, error, "message", message);
    doc_set(step->state, "errorInformation", error);
    deployment_finish(step, "Failed");
}
