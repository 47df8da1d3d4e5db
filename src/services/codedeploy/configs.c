// Deployment configurations: the built-in ones of all platforms, and one's own for servers.
#include "services/codedeploy/codedeploy.h"

enum { LIST_PAGE = 100, MOST_CONFIGS = 50 };

const DocumentType CODEDEPLOY_CONFIG = {.name = "codedeploy.config"};

#define RESERVED_PREFIX "CodeDeployDefault."

// In the order of the list. `value` is of minimumHealthyHosts on servers, else the percentage of traffic, every so many `minutes`.
static const struct {
    const char *name, *platform, *type;
    int64_t value, minutes;
    unsigned id; // AWS: OneAtATime is 1, ECSLinear10PercentEvery1Minutes 15
} BUILT_IN[] = {
    {RESERVED_PREFIX "AllAtOnce", "Server", "FLEET_PERCENT", 0, 0, 3},
    {RESERVED_PREFIX "HalfAtATime", "Server", "FLEET_PERCENT", 50, 0, 2},
    {RESERVED_PREFIX "OneAtATime", "Server", "MOST_CONCURRENCY", 1, 0, 1},
    {RESERVED_PREFIX "ECSAllAtOnce", "ECS", "AllAtOnce", 0, 0, 13},
    {RESERVED_PREFIX "ECSCanary10Percent15Minutes", "ECS", "TimeBasedCanary", 10, 15, 17},
    {RESERVED_PREFIX "ECSCanary10Percent5Minutes", "ECS", "TimeBasedCanary", 10, 5, 14},
    {RESERVED_PREFIX "ECSLinear10PercentEvery1Minutes", "ECS", "TimeBasedLinear", 10, 1, 15},
    {RESERVED_PREFIX "ECSLinear10PercentEvery3Minutes", "ECS", "TimeBasedLinear", 10, 3, 16},
    {RESERVED_PREFIX "LambdaAllAtOnce", "Lambda", "AllAtOnce", 0, 0, 4},
    {RESERVED_PREFIX "LambdaCanary10Percent10Minutes", "Lambda", "TimeBasedCanary", 10, 10, 6},
    {RESERVED_PREFIX "LambdaCanary10Percent15Minutes", "Lambda", "TimeBasedCanary", 10, 15, 7},
    {RESERVED_PREFIX "LambdaCanary10Percent30Minutes", "Lambda", "TimeBasedCanary", 10, 30, 8},
    {RESERVED_PREFIX "LambdaCanary10Percent5Minutes", "Lambda", "TimeBasedCanary", 10, 5, 5},
    {RESERVED_PREFIX "LambdaLinear10PercentEvery10Minutes", "Lambda", "TimeBasedLinear", 10, 10, 12},
    {RESERVED_PREFIX "LambdaLinear10PercentEvery1Minute", "Lambda", "TimeBasedLinear", 10, 1, 9},
    {RESERVED_PREFIX "LambdaLinear10PercentEvery2Minutes", "Lambda", "TimeBasedLinear", 10, 2, 10},
    {RESERVED_PREFIX "LambdaLinear10PercentEvery3Minutes", "Lambda", "TimeBasedLinear", 10, 3, 11},
};
enum { BUILT_IN_COUNT = sizeof BUILT_IN / sizeof *BUILT_IN };

static Doc *config_doc(Arena *arena, Str id, Str name, const char *platform) {
    Doc *config = doc_map(arena);
    doc_set_str(arena, config, "deploymentConfigId", id);
    doc_set_str(arena, config, "deploymentConfigName", name);
    doc_set_str(arena, config, "computePlatform", str_of(platform));
    return config;
}

static Doc *minimum_of(Arena *arena, size_t i) {
    Doc *minimum = doc_map(arena);
    doc_set_str(arena, minimum, "type", str_of(BUILT_IN[i].type));
    doc_set_int(arena, minimum, "value", BUILT_IN[i].value);
    return minimum;
}

static Doc *traffic_of(Arena *arena, size_t i) {
    Doc *traffic = doc_map(arena), *steps = doc_map(arena);
    bool is_canary = strcmp(BUILT_IN[i].type, "TimeBasedCanary") == 0;
    doc_set_str(arena, traffic, "type", str_of(BUILT_IN[i].type));
    if (!BUILT_IN[i].minutes) return traffic;
    doc_set_int(arena, steps, is_canary ? "canaryPercentage" : "linearPercentage", BUILT_IN[i].value);
    doc_set_int(arena, steps, is_canary ? "canaryInterval" : "linearInterval", BUILT_IN[i].minutes);
    doc_set(traffic, is_canary ? "timeBasedCanary" : "timeBasedLinear", steps);
    return traffic;
}

static Doc *built_in(Arena *arena, Str name) {
    size_t i = 0;
    while (i < BUILT_IN_COUNT && !str_is(name, BUILT_IN[i].name)) i++;
    if (i == BUILT_IN_COUNT) return NULL;
    bool is_server = strcmp(BUILT_IN[i].platform, "Server") == 0;
    Doc *config = config_doc(arena, str_format(arena, "00000000-0000-0000-0000-%012u", BUILT_IN[i].id), name, BUILT_IN[i].platform);
    doc_set(config, is_server ? "minimumHealthyHosts" : "trafficRoutingConfig", is_server ? minimum_of(arena, i) : traffic_of(arena, i));
    return config;
}

bool find_server_config(Turn *turn, Str name, Doc **out, Error *e) {
    Doc *config;
    TRY(find_config(turn, name, &config, e));
    if (!str_is(doc_text(config, "computePlatform"), "Server")) {
        return fail(e, "InvalidInputException",
                    "Compute platform of deployment config %.*s does not match expected compute platform, correct compute platform should be Server.",
                    STR_ARG(name));
    }
    *out = config;
    return true;
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

#define INVALID_MINIMUM "InvalidMinimumHealthyHostValueException"

static bool check_minimum(const Doc *minimum, Error *e) {
    static const char *const TYPES[] = {"HOST_COUNT", "FLEET_PERCENT", NULL};
    Str type = doc_text(minimum, "type");
    int64_t value = doc_number(minimum, "value", -1);
    if (!minimum) return fail(e, INVALID_MINIMUM, "minimum healthy hosts argument is missing");
    if (str_is(type, "FLEET_PERCENT") && (value < 0 || value >= 100)) {
        return fail(e, INVALID_MINIMUM, "The value for the minimum healthy hosts with type of FLEET_PERCENT should be positive and less than 100");
    }
    return (is_one_of(type, TYPES) && value >= 0) ||
           fail(e, INVALID_MINIMUM, "The minimum healthy hosts are invalid: a type of HOST_COUNT or FLEET_PERCENT, and a value of 0 or more.");
}

Outcome create_deployment_config(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const UNBUILT[] = {"zonalConfig", NULL};
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "deploymentConfigName"), platform = doc_text(call->input, "computePlatform"),
        id = id_uuid(turn_ids(turn), arena);
    CALL_TRY(check_config_name(name, e));
    CALL_TRY(refuse_unbuilt(call->input, UNBUILT, e));
    if (platform.at && !str_is(platform, "Server"))
        return call_fail(e, "NotImplemented", "Deployment configurations of platform %.*s are not built.", STR_ARG(platform));
    if (str_starts(name, STR(RESERVED_PREFIX))) {
        return call_fail(e, "InvalidDeploymentConfigNameException", "The prefix " RESERVED_PREFIX " is reserved for predefined configuration names");
    }
    if (doc_get(call->input, "trafficRoutingConfig")) {
        return call_fail(e, "InvalidTrafficRoutingConfigurationException",
                         "Traffic routing configuration should be null for Server deployment configuration");
    }
    CALL_TRY(check_minimum(doc_get(call->input, "minimumHealthyHosts"), e));
    if (doc_count(turn_scan(turn, &CODEDEPLOY_CONFIG, (DocumentScan){.prefix = STR("")})) >= MOST_CONFIGS) {
        return call_fail(e, "DeploymentConfigLimitExceededException", "The limit of %d deployment configurations has been reached.", MOST_CONFIGS);
    }
    Doc *config = config_doc(arena, id, name, "Server");
    doc_set(config, "minimumHealthyHosts", doc_copy(arena, doc_get(call->input, "minimumHealthyHosts")));
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
