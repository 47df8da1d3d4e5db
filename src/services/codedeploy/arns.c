// Names of resources, and which permissions calls about deployments need.
#include "services/codedeploy/codedeploy.h"

Str codedeploy_arn(Arena *arena, Partition where, const char *kind, Str name) {
    return str_format(arena, "arn:aws:codedeploy:%.*s:%.*s:%s:%.*s", STR_ARG(where.region), STR_ARG(where.account), kind, STR_ARG(name));
}

Str group_id_of(Arena *arena, Str application, Str group) { return str_format(arena, "%.*s/%.*s", STR_ARG(application), STR_ARG(group)); }

static Str action_of(const Call *call) { return str_format(call->arena, "codedeploy:%.*s", STR_ARG(wire_str(call->operation->name))); }

static void require_named(const Call *call, const char *kind, Str name, Requirements *all) {
    require(all, action_of(call), codedeploy_arn(call->arena, call->where, kind, name), NULL);
}

void applications_requirements(Turn *turn, const Call *call, Requirements *all) {
    require_named(call, "application", doc_str(doc_first(doc_get(call->input, "applicationNames")), STR("*")), all);
}

void group_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str name = doc_text(call->input, "deploymentGroupName"), application = doc_str(doc_get(call->input, "applicationName"), STR("*"));
    if (!name.at) name = doc_text(call->input, "currentDeploymentGroupName");
    if (!name.at) name = doc_str(doc_first(doc_get(call->input, "deploymentGroupNames")), STR("*"));
    require_named(call, "deploymentgroup", group_id_of(call->arena, application, name), all);
    require_pass_role(all, doc_text(call->input, "serviceRoleArn"), CODEDEPLOY_HOST);
}

void deployment_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str id = doc_text(call->input, "deploymentId");
    Doc *deployment;
    if (!id.at) id = doc_str(doc_first(doc_get(call->input, "deploymentIds")), STR(""));
    if (turn_get(turn, &CODEDEPLOY_DEPLOYMENT, id, &deployment)) {
        require_named(call, "deploymentgroup", doc_text(deployment, "$group"), all);
    } else {
        require(all, action_of(call), STR("*"), NULL);
    }
}

bool may_see(Turn *turn, const Call *call, const char *kind, Str name, Error *e) {
    Requirement what = {.action = action_of(call), .resource = codedeploy_arn(call->arena, call->where, kind, name)};
    return turn_allowed(turn, &call->principal, &what, e);
}
