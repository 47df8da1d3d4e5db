// Deployment groups.
#include "services/codedeploy/codedeploy.h"

enum { LIST_PAGE = 100, BATCH = 100, MOST_TAG_SETS = 3, MOST_TAG_FILTERS = 10 };

const DocumentType CODEDEPLOY_GROUP = {.name = "codedeploy.group"};

bool find_group(Turn *turn, Str application, Str name, Doc **out, Error *e) {
    Doc *of;
    TRY(find_application(turn, application, &of, e));
    TRY(check_group_name(name, e));
    return turn_get(turn, &CODEDEPLOY_GROUP, group_id_of(turn_arena(turn), application, name), out) ||
           fail(e, "DeploymentGroupDoesNotExistException", "No Deployment Group found for name: %.*s", STR_ARG(name));
}

Doc *group_state(Turn *turn, Str group_id) {
    Doc *state;
    return turn_get(turn, &CODEDEPLOY_GROUP_STATE, group_id, &state) ? state : doc_map(turn_arena(turn));
}

// ---- Checks ----

#define INVALID_STYLE "InvalidDeploymentStyleException"

static bool check_filters(const Doc *filters, Error *e) {
    static const char *const TYPES[] = {"KEY_ONLY", "VALUE_ONLY", "KEY_AND_VALUE", NULL};
    if (doc_count(filters) > MOST_TAG_FILTERS) return fail(e, "InvalidEC2TagException", "There can be up to %d tag filters.", MOST_TAG_FILTERS);
    for (const Doc *filter = doc_first(filters); filter; filter = filter->next) {
        Str type = doc_text(filter, "Type");
        if (!is_one_of(type, TYPES))
            return fail(e, "InvalidEC2TagException", "The type of a tag filter must be KEY_ONLY, VALUE_ONLY or KEY_AND_VALUE.");
        if (str_is(type, "KEY_ONLY") && doc_text(filter, "Value").len)
            return fail(e, "InvalidEC2TagException", "Values must not be provided for key-only filters.");
        if (str_is(type, "VALUE_ONLY") && doc_text(filter, "Key").len)
            return fail(e, "InvalidEC2TagException", "Keys must not be provided for value-only filters.");
        if (str_is(type, "VALUE_ONLY") ? !doc_get(filter, "Value") : !doc_text(filter, "Key").len) {
            return fail(e, "InvalidEC2TagException", "A tag filter of type %.*s has no %s.", STR_ARG(type),
                        str_is(type, "VALUE_ONLY") ? "Value" : "Key");
        }
    }
    return true;
}

static bool check_tags(const Doc *input, Error *e) {
    const Doc *sets = doc_get(doc_get(input, "ec2TagSet"), "ec2TagSetList"), *filters = doc_get(input, "ec2TagFilters");
    if (doc_count(sets) && doc_count(filters)) {
        return fail(
            e, "InvalidEC2TagCombinationException",
            "The request specified both Ec2TagFilters and Ec2TagSet, but only one of these data types can be used in a single call. Remove one "
            "tag specification type, and then try again.");
    }
    if (doc_count(sets) > MOST_TAG_SETS) return fail(e, "TagSetListLimitExceededException", "There can be up to %d tag groups.", MOST_TAG_SETS);
    for (const Doc *set = doc_first(sets); set; set = set->next) TRY(check_filters(set, e));
    return check_filters(filters, e);
}

static bool check_style(const Doc *style, const Doc *balancer, Error *e) {
    static const char *const TYPES[] = {"IN_PLACE", "BLUE_GREEN", NULL}, *const OPTIONS[] = {"WITH_TRAFFIC_CONTROL", "WITHOUT_TRAFFIC_CONTROL", NULL};
    Str type = doc_text(style, "deploymentType"), option = doc_text(style, "deploymentOption");
    if (!type.len || !option.len) return fail(e, INVALID_STYLE, "Deployment type or deployment option cannot be null or empty");
    if (!is_one_of(type, TYPES)) return fail(e, INVALID_STYLE, "Deployment type can only be IN_PLACE or BLUE_GREEN");
    if (!is_one_of(option, OPTIONS)) return fail(e, INVALID_STYLE, "Deployment option can only be WITH_TRAFFIC_CONTROL or WITHOUT_TRAFFIC_CONTROL");
    bool controlled = str_is(option, "WITH_TRAFFIC_CONTROL"), blue = str_is(type, "BLUE_GREEN");
    if (blue && !controlled) return fail(e, INVALID_STYLE, "BLUE_GREEN deployment type not supported with WITHOUT_TRAFFIC_CONTROL option");
    if (controlled && !doc_count(balancer)) {
        return fail(e, "InvalidLoadBalancerInfoException",
                    "The specification for load balancing in the deployment group is invalid. The deploymentOption value is set to "
                    "WITH_TRAFFIC_CONTROL, but no load balancer or target group has been specified in loadBalancerInfo.");
    }
    if (blue) return fail(e, "NotImplemented", "CodeDeploy with deploymentType BLUE_GREEN is not built; IN_PLACE is.");
    if (controlled) return fail(e, "NotImplemented", "CodeDeploy with deploymentOption WITH_TRAFFIC_CONTROL (a load balancer) is not built.");
    return !doc_count(balancer) || fail(e, "NotImplemented", "CodeDeploy with loadBalancerInfo is not built.");
}

static bool check_alarms(const Doc *config, Error *e) {
    const Doc *alarms = doc_get(config, "alarms");
    bool enabled = doc_flag(config, "enabled", false);
    if (enabled && !alarms) return fail(e, "InvalidAlarmConfigException", "Alarm list cannot be null.");
    if (enabled && !doc_count(alarms))
        return fail(e, "InvalidAlarmConfigException", "Deployment Groups need to have at least one alarms attached if they are monitored.");
    return !doc_count(alarms) || fail(e, "NotImplemented", "CodeDeploy with alarmConfiguration is not built.");
}

// The state of an alarm configuration that asks for nothing is accepted.
static bool check_unbuilt(const Doc *input, Error *e) {
    static const char *const UNBUILT[] = {"onPremisesInstanceTagFilters",
                                          "autoScalingGroups",
                                          "triggerConfigurations",
                                          "blueGreenDeploymentConfiguration",
                                          "ecsServices",
                                          "terminationHookEnabled",
                                          "ec2DeploymentOptions",
                                          NULL};
    TRY(refuse_unbuilt(input, UNBUILT, e));
    TRY(check_alarms(doc_get(input, "alarmConfiguration"), e));
    if (doc_count(doc_get(doc_get(input, "onPremisesTagSet"), "onPremisesTagSetList")))
        return fail(e, "NotImplemented", "CodeDeploy with onPremisesTagSet is not built.");
    bool plain = !doc_get(input, "outdatedInstancesStrategy") || str_is(doc_text(input, "outdatedInstancesStrategy"), "IGNORE");
    return plain || str_is(doc_text(input, "outdatedInstancesStrategy"), "UPDATE") ||
           fail(e, "InvalidInputException", "outdatedInstancesStrategy is invalid.");
}

static bool check_role(Turn *turn, const Doc *group, Error *e) {
    Arena *arena = turn_arena(turn);
    Str role = doc_text(group, "serviceRoleArn"), id = group_id_of(arena, doc_text(group, "applicationName"), doc_text(group, "deploymentGroupName"));
    Error untrusted = {0};
    if (!role.len) return fail(e, "RoleRequiredException", "The service role ARN is required.");
    if (str_starts(role, STR("arn:")) &&
        turn_role_trusts(turn, role, CODEDEPLOY_HOST, codedeploy_arn(arena, turn_where(turn), "deploymentgroup", id), &untrusted))
        return true;
    return fail(e, "InvalidRoleException", "AWS CodeDeploy does not have the permissions required to assume the role %.*s.", STR_ARG(role));
}

static bool check_group(Turn *turn, const Doc *input, const Doc *group, Error *e) {
    Doc *config;
    TRY(check_unbuilt(input, e));
    TRY(check_tags(input, e));
    TRY(check_style(doc_get(group, "deploymentStyle"), doc_get(input, "loadBalancerInfo"), e));
    TRY(check_auto_rollback(doc_get(group, "autoRollbackConfiguration"), e));
    TRY(find_server_config(turn, doc_text(group, "deploymentConfigName"), &config, e));
    return check_role(turn, group, e);
}

// ---- Making and changing ----

static const char *const MEMBERS[] = {
    "deploymentConfigName",      "ec2TagFilters",      "ec2TagSet", "serviceRoleArn", "autoRollbackConfiguration", "deploymentStyle",
    "outdatedInstancesStrategy", "alarmConfiguration", NULL};

static void take_members(Arena *arena, Doc *group, const Doc *input) {
    for (const char *const *member = MEMBERS; *member; member++) {
        if (doc_get(input, *member)) doc_set(group, *member, doc_copy(arena, doc_get(input, *member)));
    }
    // One kind of tags takes the other's place.
    if (doc_get(input, "ec2TagSet")) doc_set(group, "ec2TagFilters", doc_copy(arena, doc_get(input, "ec2TagFilters")));
    if (doc_get(input, "ec2TagFilters")) doc_set(group, "ec2TagSet", doc_copy(arena, doc_get(input, "ec2TagSet")));
}

static void fill_defaults(Arena *arena, Doc *group) {
    static const char *const LISTS[] = {"ec2TagFilters", "onPremisesInstanceTagFilters", "autoScalingGroups", "triggerConfigurations", NULL};
    Doc *style = doc_map(arena), *none = doc_map(arena);
    bool by_sets = doc_get(group, "ec2TagSet") != NULL;
    doc_set_str(arena, style, "deploymentType", STR("IN_PLACE"));
    doc_set_str(arena, style, "deploymentOption", STR("WITHOUT_TRAFFIC_CONTROL"));
    if (!doc_get(group, "deploymentConfigName")) doc_set_str(arena, group, "deploymentConfigName", STR("CodeDeployDefault.OneAtATime"));
    if (!doc_count(doc_get(group, "deploymentStyle"))) doc_set(group, "deploymentStyle", style);
    if (!doc_get(group, "outdatedInstancesStrategy")) doc_set_str(arena, group, "outdatedInstancesStrategy", STR("UPDATE"));
    for (const char *const *list = LISTS; *list; list++) {
        if (!doc_get(group, *list)) doc_set(group, *list, doc_list(arena));
    }
    doc_set(none, "onPremisesTagSetList", doc_list(arena));
    doc_set(group, "onPremisesTagSet", by_sets ? none : NULL);
    for (size_t i = 0; by_sets && i < 2; i++) doc_set(group, LISTS[i], NULL); // of sets or of filters AWS shows one kind
    doc_set_bool(arena, group, "terminationHookEnabled", false);
    doc_set_str(arena, group, "computePlatform", STR("Server"));
}

Outcome create_deployment_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *application, *group = doc_map(arena);
    Str app = doc_text(call->input, "applicationName"), name = doc_text(call->input, "deploymentGroupName"), id = id_uuid(turn_ids(turn), arena);
    CALL_TRY(find_application(turn, app, &application, e));
    CALL_TRY(check_group_name(name, e));
    CALL_TRY(check_unbuilt(call->input, e));
    doc_set_str(arena, group, "applicationName", app);
    doc_set_str(arena, group, "deploymentGroupId", id);
    doc_set_str(arena, group, "deploymentGroupName", name);
    take_members(arena, group, call->input);
    fill_defaults(arena, group);
    CALL_TRY(check_group(turn, call->input, group, e));
    CALL_TRY(check_tags_to_add(doc_get(call->input, "tags"), e));
    doc_set(group, "$tags", doc_copy(arena, doc_get(call->input, "tags")));
    if (!turn_insert(turn, &CODEDEPLOY_GROUP, group_id_of(arena, app, name), group)) {
        return call_fail(e, "DeploymentGroupAlreadyExistsException", "Deployment group name already exists: %.*s", STR_ARG(name));
    }
    *out = doc_map(arena);
    doc_set_str(arena, *out, "deploymentGroupId", id);
    return OUTCOME_DONE;
}

static bool rename_group(Turn *turn, Doc *group, Str old_id, Str name, Error *e) {
    Doc *other;
    Str id = group_id_of(turn_arena(turn), doc_text(group, "applicationName"), name);
    TRY(check_group_name(name, e));
    if (!str_eq(id, old_id) && turn_get(turn, &CODEDEPLOY_GROUP, id, &other)) {
        return fail(e, "DeploymentGroupAlreadyExistsException", "Deployment group name already exists: %.*s", STR_ARG(name));
    }
    turn_delete(turn, &CODEDEPLOY_GROUP, old_id);
    doc_set_str(turn_arena(turn), group, "deploymentGroupName", name);
    return true;
}

Outcome update_deployment_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *group;
    Str app = doc_text(call->input, "applicationName"), old = doc_text(call->input, "currentDeploymentGroupName"),
        name = doc_text(call->input, "newDeploymentGroupName");
    CALL_TRY(find_group(turn, app, old, &group, e));
    CALL_TRY(check_unbuilt(call->input, e));
    take_members(arena, group, call->input);
    fill_defaults(arena, group);
    CALL_TRY(check_group(turn, call->input, group, e));
    if (name.at) CALL_TRY(rename_group(turn, group, group_id_of(arena, app, old), name, e));
    turn_put(turn, &CODEDEPLOY_GROUP, group_id_of(arena, app, doc_text(group, "deploymentGroupName")), group);
    *out = doc_map(arena);
    doc_set(*out, "hooksNotCleanedUp", doc_list(arena));
    return OUTCOME_DONE;
}

Outcome delete_deployment_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *application;
    Str app = doc_text(call->input, "applicationName"), name = doc_text(call->input, "deploymentGroupName");
    CALL_TRY(check_application_name(app, e));
    CALL_TRY(check_group_name(name, e));
    if (turn_get(turn, &CODEDEPLOY_APPLICATION, app, &application)) turn_delete(turn, &CODEDEPLOY_GROUP, group_id_of(call->arena, app, name));
    *out = doc_map(call->arena);
    doc_set(*out, "hooksNotCleanedUp", doc_list(call->arena));
    return OUTCOME_DONE;
}

// ---- Showing ----

static Doc *group_view(Turn *turn, Doc *group) {
    static const char *const FROM_STATE[] = {"targetRevision", "lastSuccessfulDeployment", "lastAttemptedDeployment", NULL};
    const Doc *state = group_state(turn, doc_text(group, "deploymentGroupId"));
    for (const char *const *member = FROM_STATE; *member; member++) {
        if (doc_get(state, *member)) doc_set(group, *member, doc_copy(turn_arena(turn), doc_get(state, *member)));
    }
    return group;
}

Outcome get_deployment_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(find_group(turn, doc_text(call->input, "applicationName"), doc_text(call->input, "deploymentGroupName"), &group, e));
    *out = doc_map(call->arena);
    doc_set(*out, "deploymentGroupInfo", group_view(turn, group));
    return OUTCOME_DONE;
}

Outcome batch_get_deployment_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *application, *group, *found = doc_list(arena);
    Str app = doc_text(call->input, "applicationName"), missing = STR("");
    const Doc *names = doc_get(call->input, "deploymentGroupNames");
    CALL_TRY(find_application(turn, app, &application, e));
    CALL_TRY(check_batch(names, BATCH, "deployment groups", e));
    for (const Doc *name = doc_first(names); name; name = name->next) {
        CALL_TRY(check_group_name(doc_str(name, STR("")), e));
        CALL_TRY(may_see(turn, call, "deploymentgroup", group_id_of(arena, app, doc_str(name, STR(""))), e));
        if (turn_get(turn, &CODEDEPLOY_GROUP, group_id_of(arena, app, doc_str(name, STR(""))), &group)) {
            doc_push(found, group_view(turn, group));
        } else {
            missing = str_format(arena, "%.*s%s%.*s", STR_ARG(missing),
                                 missing.len ? ", " : "No Deployment Group found for name: ", STR_ARG(name->as.text));
        }
    }
    *out = doc_map(arena);
    doc_set(*out, "deploymentGroupsInfo", found);
    doc_set_str(arena, *out, "errorMessage", missing);
    return OUTCOME_DONE;
}

Outcome list_deployment_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *application, *names = doc_list(call->arena);
    Str app = doc_text(call->input, "applicationName");
    CALL_TRY(find_application(turn, app, &application, e));
    const Doc *all = turn_scan(turn, &CODEDEPLOY_GROUP, (DocumentScan){.prefix = str_cat(call->arena, app, STR("/"))});
    for (const Doc *one = doc_first(all); one; one = one->next) doc_push_str(call->arena, names, doc_text(one, "deploymentGroupName"));
    CALL_TRY(page_of(call, names, LIST_PAGE, "deploymentGroups", out, e));
    doc_set_str(call->arena, *out, "applicationName", app);
    return OUTCOME_DONE;
}
