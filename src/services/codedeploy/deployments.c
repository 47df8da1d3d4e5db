// CreateDeployment and StopDeployment. A deployment is put together here and then lives in its machine.
#include "services/codedeploy/codedeploy.h"

bool check_deployment_id(Str id, Error *e) {
    if (!id.len) return fail(e, "DeploymentIdRequiredException", "The deployment ID is required.");
    bool ok = str_starts(id, STR("d-")) && id.len > 2;
    for (size_t i = 2; i < id.len && ok; i++) ok = (id.at[i] >= 'A' && id.at[i] <= 'Z') || (id.at[i] >= '0' && id.at[i] <= '9');
    return ok || fail(e, "InvalidDeploymentIdException", "Specified DeploymentId is not in the valid format: %.*s", STR_ARG(id));
}

bool find_deployment(Turn *turn, Str id, Doc **out, Error *e) {
    TRY(check_deployment_id(id, e));
    return turn_get(turn, &CODEDEPLOY_DEPLOYMENT, id, out) ||
           fail(e, "DeploymentDoesNotExistException", "The deployment %.*s could not be found", STR_ARG(id));
}

// ---- Create ----

static bool check_input(Turn *turn, const Doc *input, Error *e) {
    static const char *const UNBUILT[] = {"targetInstances", "overrideAlarmConfiguration", "ec2DeploymentOptions", NULL};
    static const char *const BEHAVIORS[] = {"DISALLOW", "OVERWRITE", "RETAIN", NULL};
    Str behavior = doc_text(input, "fileExistsBehavior"), mode = doc_text(input, "deploymentMode");
    TRY(refuse_unbuilt(input, UNBUILT, e));
    if (mode.at && !str_is(mode, "STANDARD"))
        return fail(e, "NotImplemented", "CodeDeploy with deploymentMode %.*s is not built; STANDARD is.", STR_ARG(mode));
    if (behavior.at && !is_one_of(behavior, BEHAVIORS)) {
        return fail(e, "InvalidFileExistsBehaviorException", "The file exists behavior must be DISALLOW, OVERWRITE or RETAIN: %.*s",
                    STR_ARG(behavior));
    }
    return check_auto_rollback(doc_get(input, "autoRollbackConfiguration"), e);
}

// CreateDeployment alone has words of its own for an application that does not exist.
static bool find_target_group(Turn *turn, const Doc *input, Doc **group, Error *e) {
    Str application = doc_text(input, "applicationName"), account = turn_where(turn).account;
    if (find_group(turn, application, doc_text(input, "deploymentGroupName"), group, e)) return true;
    if (!error_is(e, "ApplicationDoesNotExistException")) return false;
    return fail(e, "ApplicationDoesNotExistException", "Applications not found for %.*s", STR_ARG(account));
}

// Without a revision, the group's target revision is deployed again.
static bool revision_for(Turn *turn, const Doc *input, const Doc *state, const Doc **out, Error *e) {
    const Doc *given = doc_get(input, "revision"), *revision = given ? given : doc_get(state, "targetRevision");
    TRY(check_revision(turn, revision, e));
    *out = revision;
    return true;
}

static bool is_free(const Doc *group, const Doc *state, Error *e) {
    Str active = doc_text(state, "$active"), name = doc_text(group, "deploymentGroupName");
    if (!active.len) return true;
    return fail(e, "DeploymentLimitExceededException", "The Deployment Group '%.*s' already has an active Deployment '%.*s'", STR_ARG(name),
                STR_ARG(active));
}

// How they are called in the group, in the deployment.
static const struct {
    const char *from, *to;
} TAKEN[] = {{"applicationName", "applicationName"},
             {"deploymentGroupName", "deploymentGroupName"},
             {"deploymentStyle", "deploymentStyle"},
             {"computePlatform", "computePlatform"},
             {"autoRollbackConfiguration", "autoRollbackConfiguration"},
             {"deploymentGroupId", "$groupId"},
             {"serviceRoleArn", "$serviceRole"},
             {"ec2TagFilters", "$tagFilters"},
             {"ec2TagSet", "$tagSet"}};

static void take_group(Arena *arena, Doc *deployment, const Doc *group) {
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++) {
        const Doc *member = doc_get(group, TAKEN[i].from);
        if (member) doc_set(deployment, TAKEN[i].to, doc_copy(arena, member));
    }
    Str id = group_id_of(arena, doc_text(group, "applicationName"), doc_text(group, "deploymentGroupName"));
    doc_set_str(arena, deployment, "$group", id);
}

static void take_input(Arena *arena, Doc *deployment, const Doc *input) {
    const Doc *rollback = doc_get(input, "autoRollbackConfiguration");
    Str behavior = doc_text(input, "fileExistsBehavior");
    doc_set_str(arena, deployment, "description", doc_text(input, "description"));
    doc_set_bool(arena, deployment, "ignoreApplicationStopFailures", doc_flag(input, "ignoreApplicationStopFailures", false));
    doc_set_bool(arena, deployment, "updateOutdatedInstancesOnly", doc_flag(input, "updateOutdatedInstancesOnly", false));
    doc_set_bool(arena, deployment, "instanceTerminationWaitTimeStarted", false);
    doc_set(deployment, "deploymentStatusMessages", doc_list(arena));
    doc_set_str(arena, deployment, "fileExistsBehavior", behavior.at ? behavior : STR("DISALLOW"));
    if (rollback) doc_set(deployment, "autoRollbackConfiguration", doc_copy(arena, rollback));
}

static Doc *new_deployment(Turn *turn, const Call *call, const Doc *group, const Doc *config, Doc *state) {
    Arena *arena = call->arena;
    Doc *deployment = doc_map(arena);
    take_group(arena, deployment, group);
    take_input(arena, deployment, call->input);
    Str id = str_cat(arena, STR("d-"), id_chars(turn_ids(turn), arena, ID_UPPER_DIGITS, 9));
    doc_set_str(arena, deployment, "deploymentId", id);
    doc_set_str(arena, deployment, "deploymentConfigName", doc_text(config, "deploymentConfigName"));
    doc_set(deployment, "$minimum", doc_copy(arena, doc_get(config, "minimumHealthyHosts")));
    doc_set(deployment, "previousRevision", doc_copy(arena, doc_get(state, "targetRevision")));
    doc_set_str(arena, deployment, "creator", STR("user"));
    doc_set(deployment, "$groupState", state);
    return deployment;
}

Outcome create_deployment(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *group, *config, *data = doc_map(arena);
    const Doc *revision, *input = call->input;
    Str application = doc_text(input, "applicationName"), config_name = doc_text(input, "deploymentConfigName");
    CALL_TRY(find_target_group(turn, input, &group, e));
    CALL_TRY(check_input(turn, input, e));
    CALL_TRY(find_server_config(turn, config_name.at ? config_name : doc_text(group, "deploymentConfigName"), &config, e));
    Doc *state = group_state(turn, doc_text(group, "deploymentGroupId"));
    CALL_TRY(revision_for(turn, input, state, &revision, e));
    CALL_TRY(is_free(group, state, e));
    Doc *deployment = new_deployment(turn, call, group, config, state);
    Str id = doc_text(deployment, "deploymentId");
    doc_set(deployment, "revision", doc_copy(arena, revision));
    register_revision(turn, application, revision, str_cat(arena, STR("Application revision registered by Deployment ID: "), id));
    doc_set(data, "deployment", deployment);
    turn_send(turn, &CODEDEPLOY_DEPLOYMENT, id, STR("start"), data);
    *out = doc_map(arena);
    doc_set_str(arena, *out, "deploymentId", id);
    return OUTCOME_DONE;
}

// ---- Stop ----

static bool is_going_on(const Doc *deployment, Error *e) {
    return !doc_get(deployment, "completeTime") ||
           fail(e, "DeploymentAlreadyCompletedException", "Deployment %.*s is already in terminal state: %.*s",
                STR_ARG(doc_text(deployment, "deploymentId")), STR_ARG(doc_text(deployment, "status")));
}

Outcome stop_deployment(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *deployment, *data = doc_map(arena);
    Str id = doc_text(call->input, "deploymentId");
    CALL_TRY(find_deployment(turn, id, &deployment, e));
    CALL_TRY(is_going_on(deployment, e));
    doc_set_bool(arena, data, "rollback", doc_flag(call->input, "autoRollbackEnabled", false));
    turn_send(turn, &CODEDEPLOY_DEPLOYMENT, id, STR("stop"), data);
    bool over = turn_get(turn, &CODEDEPLOY_DEPLOYMENT, id, &deployment) && doc_get(deployment, "completeTime");
    *out = doc_map(arena);
    doc_set_str(arena, *out, "status", over ? STR("Succeeded") : STR("Pending"));
    doc_set_str(arena, *out, "statusMessage", STR("No more commands will be scheduled for execution in the deployment instances"));
    return OUTCOME_DONE;
}

// ---- What only blue/green deployments wait for ----

static Outcome refuse_in_place(Turn *turn, const Call *call, Error *e) {
    Doc *deployment;
    CALL_TRY(find_deployment(turn, doc_text(call->input, "deploymentId"), &deployment, e));
    CALL_TRY(is_going_on(deployment, e));
    return call_fail(e, "UnsupportedActionForDeploymentTypeException", "%.*s is not supported for deployment %.*s: its deployment type is IN_PLACE.",
                     STR_ARG(wire_str(call->operation->name)), STR_ARG(doc_text(deployment, "deploymentId")));
}

Outcome continue_deployment(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const WAITS[] = {"READY_WAIT", "TERMINATION_WAIT", NULL};
    Str wait = doc_text(call->input, "deploymentWaitType");
    if (wait.at && !is_one_of(wait, WAITS))
        return call_fail(e, "InvalidDeploymentWaitTypeException", "The wait type is invalid: %.*s", STR_ARG(wait));
    return refuse_in_place(turn, call, e);
}

Outcome skip_wait_time_for_instance_termination(Turn *turn, const Call *call, Doc **out, Error *e) { return refuse_in_place(turn, call, e); }
