#include "services/iam/iam.h"

#include "identity/policy.h"

enum { SESSION_PRESET_S = 3600 };

static Doc *reply_with(Turn *turn, const Doc *role, View how) {
    Doc *reply = doc_map(turn_arena(turn));
    doc_set(reply, "Role", iam_view(turn, &IAM_KIND_ROLE, role, how));
    return reply;
}

Outcome iam_create_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str trust = doc_text(call->input, "AssumeRolePolicyDocument");
    Doc *role;
    CALL_TRY(iam_create(turn, call, &IAM_KIND_ROLE, &role, e));
    CALL_TRY(iam_check_trust(turn, trust, e));
    CALL_TRY(iam_set_boundary(turn, call, role, e));
    doc_set_str(arena, role, "AssumeRolePolicyDocument", policy_with_roots(arena, trust));
    doc_set_str(arena, role, "Description", doc_text(call->input, "Description"));
    doc_set_int(arena, role, "MaxSessionDuration", doc_number(call->input, "MaxSessionDuration", SESSION_PRESET_S));
    iam_save(turn, &IAM_KIND_ROLE, role);
    *out = reply_with(turn, role, VIEW_MADE);
    return OUTCOME_DONE;
}

Outcome iam_get_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *role;
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, doc_text(call->input, "RoleName"), &role, e));
    *out = reply_with(turn, role, VIEW_WHOLE);
    return OUTCOME_DONE;
}

Outcome iam_list_roles(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *items = doc_list(arena);
    const Doc *all = document_scan(turn_store(turn), iam_where(turn), &IAM_ROLE, (DocumentScan){0}, arena);
    for (const Doc *role = doc_first(all); role; role = role->next) {
        if (iam_has_path_prefix(call, doc_text(role, "Path"))) doc_push(items, iam_view(turn, &IAM_KIND_ROLE, role, VIEW_LISTED));
    }
    CALL_TRY(iam_page(call, items, "RoleName", "Roles", out, e));
    return OUTCOME_DONE;
}

static bool set_description(Turn *turn, const Call *call, Doc *role) {
    Str description = doc_text(call->input, "Description");
    if (description.at) doc_put(role, STR("Description"), doc_of_str(turn_arena(turn), description));
    return description.at != NULL;
}

Outcome iam_update_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *role;
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, doc_text(call->input, "RoleName"), &role, e));
    set_description(turn, call, role);
    int64_t seconds = doc_number(call->input, "MaxSessionDuration", 0);
    if (seconds) doc_put(role, STR("MaxSessionDuration"), doc_of_int(turn_arena(turn), seconds));
    iam_save(turn, &IAM_KIND_ROLE, role);
    return OUTCOME_DONE;
}

Outcome iam_update_role_description(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *role;
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, doc_text(call->input, "RoleName"), &role, e));
    set_description(turn, call, role);
    iam_save(turn, &IAM_KIND_ROLE, role);
    *out = reply_with(turn, role, VIEW_MADE);
    doc_set_str(turn_arena(turn), doc_get(*out, "Role"), "Description", doc_text(role, "Description"));
    return OUTCOME_DONE;
}

static bool is_linked(const Doc *role) { return str_starts(doc_text(role, "Path"), STR("/aws-service-role/")); }

bool iam_check_own(const Doc *role, Error *e) {
    return !is_linked(role) ||
           fail(e, "UnmodifiableEntity", "Cannot perform the operation on the protected role '%.*s' - this role is only modifiable by AWS",
                STR_ARG(doc_text(role, "RoleName")));
}

Outcome iam_update_trust(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str trust = doc_text(call->input, "PolicyDocument");
    Doc *role;
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, doc_text(call->input, "RoleName"), &role, e));
    CALL_TRY(iam_check_own(role, e));
    CALL_TRY(iam_check_trust(turn, trust, e));
    doc_put(role, STR("AssumeRolePolicyDocument"), doc_of_str(turn_arena(turn), policy_with_roots(turn_arena(turn), trust)));
    iam_save(turn, &IAM_KIND_ROLE, role);
    return OUTCOME_DONE;
}

static bool check_delete(Turn *turn, const Doc *role, Error *e) {
    Str id = iam_id(turn_arena(turn), doc_text(role, "RoleName"));
    const Doc *profiles = document_find(turn_store(turn), iam_where(turn), &IAM_INSTANCE_PROFILE, "role", id, turn_arena(turn));
    if (doc_count(profiles)) return fail(e, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.");
    if (doc_count(doc_get(role, "attached"))) return fail(e, "DeleteConflict", "Cannot delete entity, must detach all policies first.");
    if (doc_count(doc_get(role, "inline"))) return fail(e, "DeleteConflict", "Cannot delete entity, must delete policies first.");
    return true;
}

Outcome iam_delete_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *role;
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, doc_text(call->input, "RoleName"), &role, e));
    CALL_TRY(iam_check_own(role, e));
    CALL_TRY(check_delete(turn, role, e));
    iam_remove(turn, &IAM_KIND_ROLE, role);
    return OUTCOME_DONE;
}

// Service-linked roles: which services have one, and what it is called.
static const struct {
    const char *host, *role;
} linked[] = {
    {"autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"},
    {"codestar-notifications.amazonaws.com", "AWSServiceRoleForCodeStarNotifications"},
    {"dynamodb.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"},
    {"ecs.amazonaws.com", "AWSServiceRoleForECS"},
    {"elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"},
    {"events.amazonaws.com", "AWSServiceRoleForCloudWatchEvents"},
    {"lambda.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"},
    {"ops.apigateway.amazonaws.com", "AWSServiceRoleForAPIGateway"},
    {"rds.amazonaws.com", "AWSServiceRoleForRDS"},
    {"schemas.amazonaws.com", "AWSServiceRoleForSchemas"},
    {"ssm.amazonaws.com", "AWSServiceRoleForAmazonSSM"},
};

static const char *linked_name(Str host) {
    for (size_t i = 0; i < sizeof linked / sizeof *linked; i++) {
        if (str_is(host, linked[i].host)) return linked[i].role;
    }
    return NULL;
}

static Str linked_path(Arena *arena, Str host) { return str_format(arena, "/aws-service-role/%.*s/", STR_ARG(host)); }

Str iam_linked_arn(Turn *turn, Str host) {
    Arena *arena = turn_arena(turn);
    const char *name = linked_name(host);
    return name ? iam_arn(arena, turn_where(turn).account, "role", linked_path(arena, host), str_of(name)) : STR_NONE;
}

// The operation has other members than CreateRole: the call is made over into one.
static Call as_create_role(Turn *turn, const Call *call, const char *name, Str host) {
    Arena *arena = turn_arena(turn);
    Call role = *call;
    role.input = doc_map(arena);
    doc_set_str(arena, role.input, "RoleName", str_of(name));
    doc_set_str(arena, role.input, "Path", linked_path(arena, host));
    doc_set_str(arena, role.input, "Description", doc_text(call->input, "Description"));
    doc_set_str(arena, role.input, "AssumeRolePolicyDocument",
                str_format(arena,
                           "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Action\":[\"sts:AssumeRole\"],\"Effect\":\"Allow\",\"Principal\":{"
                           "\"Service\":[\"%.*s\"]}}]}",
                           STR_ARG(host)));
    return role;
}

Outcome iam_create_linked_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str host = doc_text(call->input, "AWSServiceName");
    const char *name = linked_name(host);
    if (!name) return call_fail(e, "InvalidInput", "Service-linked roles are not supported for service %.*s", STR_ARG(host));
    if (doc_get(call->input, "CustomSuffix")) return call_fail(e, "InvalidInput", "Custom suffix is not allowed for %.*s", STR_ARG(host));
    if (document_exists(turn_store(turn), iam_where(turn), &IAM_ROLE, iam_id(turn_arena(turn), str_of(name)))) {
        return call_fail(e, "InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name);
    }
    Call role = as_create_role(turn, call, name, host);
    return iam_create_role(turn, &role, out, e);
}

Outcome iam_delete_linked_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *role;
    CALL_TRY(iam_find(turn, &IAM_KIND_ROLE, doc_text(call->input, "RoleName"), &role, e));
    if (!is_linked(role)) return call_fail(e, "NoSuchEntity", "The role with name %.*s cannot be found.", STR_ARG(doc_text(role, "RoleName")));
    iam_remove(turn, &IAM_KIND_ROLE, role);
    *out = doc_map(arena);
    doc_set_str(arena, *out, "DeletionTaskId",
                str_format(arena, "task%.*s%.*s/%.*s", STR_ARG(doc_text(role, "Path")), STR_ARG(doc_text(role, "RoleName")),
                           STR_ARG(id_uuid(turn_ids(turn), arena))));
    return OUTCOME_DONE;
}

// Deleting takes no time here, so that every task has ended.
Outcome iam_linked_role_deletion(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str task = doc_text(call->input, "DeletionTaskId");
    if (!str_starts(task, STR("task/aws-service-role/"))) return call_fail(e, "NoSuchEntity", "Deletion task %.*s cannot be found.", STR_ARG(task));
    *out = doc_map(turn_arena(turn));
    doc_set_str(turn_arena(turn), *out, "Status", STR("SUCCEEDED"));
    return OUTCOME_DONE;
}
