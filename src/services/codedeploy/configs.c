// Deployment configurations: the built-in ones of the server platform, and one's own.
#include "services/codedeploy/codedeploy.h"

enum { LIST_PAGE = 100, MOST_CONFIGS = 50 };

const DocumentType CODEDEPLOY_CONFIG = {.name = "codedeploy.config"};

#define RESERVED_PREFIX "CodeDeployDefault."

static const struct {
    const char *name, *id, *type;
    int64_t value;
} BUILT_IN[] = {
    {RESERVED_PREFIX "AllAtOnce", "00000000-0000-0000-0000-000000000001", "FLEET_PERCENT", 0},
    {RESERVED_PREFIX "HalfAtATime", "00000000-0000-0000-0000-000000000002", "FLEET_PERCENT", 50},
    {RESERVED_PREFIX "OneAtATime", "00000000-0000-0000-0000-000000000003", "MOST_CONCURRENCY", 1},
};
enum { BUILT_IN_COUNT = sizeof BUILT_IN / sizeof *BUILT_IN };

static Doc *config_doc(Arena *arena, Str id, Str name, const Doc *minimum) {
    Doc *config = doc_map(arena);
    doc_set_str(arena, config, "deploymentConfigId", id);
    doc_set_str(arena, config, "deploymentConfigName", name);
    doc_set(config, "minimumHealthyHosts", doc_copy(arena, minimum));
    doc_set_str(arena, config, "computePlatform", STR("Server"));
    return config;
}

static Doc *built_in(Arena *arena, Str name) {
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
        if (!str_is(name, BUILT_IN[i].name)) continue;
        Doc *minimum = doc_map(arena);
        doc_set_str(arena, minimum, "type", str_of(BUILT_IN[i].type));
        doc_set_int(arena, minimum, "value", BUILT_IN[i].value);
        return config_doc(arena, str_of(BUILT_IN[i].id), name, minimum);
    }
    return NULL;
}

bool find_config(Turn *turn, Str name, Doc **out, Error *e) {
    TRY(check_config_name(name, e));
    Doc *config = built_in(turn_arena(turn), name);
    if (!config && !turn_get(turn, &CODEDEPLOY_CONFIG, name, &config)) {
        return fail(e, "DeploymentConfigDoesNotExistException", "No Deployment Configuration found for name: %.*s", STR_ARG(name));
    }
    *out = config;
    return true;
}

static bool check_minimum(const Doc *minimum, Error *e) {
    static const char *const TYPES[] = {"HOST_COUNT", "FLEET_PERCENT", NULL};
    Str type = doc_text(minimum, "type");
    int64_t value = doc_number(minimum, "value", -1);
    bool percent = str_is(type, "FLEET_PERCENT");
    if (is_one_of(type, TYPES) && value >= 0 && !(percent && value > 99)) return true;
    return fail(e, "InvalidMinimumHealthyHostValueException",
                "The minimum healthy hosts value is invalid: its type must be HOST_COUNT with a value of 0 or more, or FLEET_PERCENT with a value of "
                "0 to 99.");
}

Outcome create_deployment_config(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const UNBUILT[] = {"trafficRoutingConfig", "zonalConfig", NULL};
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "deploymentConfigName"), platform = doc_text(call->input, "computePlatform"),
        id = id_uuid(turn_ids(turn), arena);
    CALL_TRY(check_config_name(name, e));
    CALL_TRY(refuse_unbuilt(call->input, UNBUILT, e));
    if (platform.at && !str_is(platform, "Server"))
        return call_fail(e, "NotImplemented", "Deployment configurations of platform %.*s are not built.", STR_ARG(platform));
    if (str_starts(name, STR(RESERVED_PREFIX))) {
        return call_fail(e, "InvalidDeploymentConfigNameException", "Deployment configuration names can't begin with " RESERVED_PREFIX);
    }
    CALL_TRY(check_minimum(doc_get(call->input, "minimumHealthyHosts"), e));
    if (doc_count(turn_scan(turn, &CODEDEPLOY_CONFIG, (DocumentScan){.prefix = STR("")})) >= MOST_CONFIGS) {
        return call_fail(e, "DeploymentConfigLimitExceededException", "The limit of %d deployment configurations has been reached.", MOST_CONFIGS);
    }
    Doc *config = config_doc(arena, id, name, doc_get(call->input, "minimumHealthyHosts"));
    doc_set_time(arena, config, "createTime", call->now_ms);
    if (!turn_insert(turn, &CODEDEPLOY_CONFIG, name, config)) {
        return call_fail(e, "DeploymentConfigAlreadyExistsException", "Deployment Configuration already exists with this name: %.*s", STR_ARG(name));
    }
    *out = doc_map(arena);
    doc_set_str(arena, *out, "deploymentConfigId", id);
    return OUTCOME_DONE;
}

Outcome get_deployment_config(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *config;
    CALL_TRY(find_config(turn, doc_text(call->input, "deploymentConfigName"), &config, e));
    *out = doc_map(call->arena);
    doc_set(*out, "deploymentConfigInfo", config);
    return OUTCOME_DONE;
}

Outcome list_deployment_configs(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *names = doc_list(call->arena);
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) doc_push_str(call->arena, names, str_of(BUILT_IN[i].name));
    const Doc *own = turn_scan(turn, &CODEDEPLOY_CONFIG, (DocumentScan){.prefix = STR("")});
    for (const Doc *one = doc_first(own); one; one = one->next) doc_push_str(call->arena, names, doc_text(one, "deploymentConfigName"));
    CALL_TRY(page_of(call, names, LIST_PAGE, "deploymentConfigsList", out, e));
    return OUTCOME_DONE;
}

Outcome delete_deployment_config(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = doc_text(call->input, "deploymentConfigName");
    CALL_TRY(check_config_name(name, e));
    if (built_in(call->arena, name))
        return call_fail(e, "InvalidOperationException", "Cannot delete a deployment configuration of CodeDeploy's own: %.*s", STR_ARG(name));
    const Doc *groups = turn_scan(turn, &CODEDEPLOY_GROUP, (DocumentScan){.prefix = STR("")});
    for (const Doc *group = doc_first(groups); group; group = group->next) {
        if (!str_eq(doc_text(group, "deploymentConfigName"), name)) continue;
        return call_fail(e, "DeploymentConfigInUseException", "The deployment configuration %.*s is in use by deployment group %.*s.", STR_ARG(name),
                         STR_ARG(doc_text(group, "deploymentGroupName")));
    }
    turn_delete(turn, &CODEDEPLOY_CONFIG, name);
    return OUTCOME_DONE;
}
