// Deploy/CodeDeploy: a deployment of the input artifact as a revision in S3.
//
//     CreateDeployment ──▶ (event "CodeDeploy Deployment State-change Notification") ──▶ GetDeployment ──▶ succeeded or failed
#include "services/codepipeline/providers.h"

static Doc *revision_of(const Action *action) {
    Arena *arena = action->step->arena;
    const Doc *artifact = action_input(action, 0);
    Doc *revision = doc_map(arena), *location = doc_map(arena);
    doc_set_str(arena, location, "bucket", doc_text(artifact, "bucket"));
    doc_set_str(arena, location, "key", doc_text(artifact, "key"));
    doc_set_str(arena, location, "bundleType", STR("zip"));
    doc_set_str(arena, location, "eTag", doc_text(artifact, "eTag"));
    doc_set_str(arena, location, "version", doc_text(artifact, "versionId"));
    doc_set_str(arena, revision, "revisionType", STR("S3"));
    doc_set(revision, "s3Location", location);
    return revision;
}

void action_codedeploy_start(Action *action) {
    Arena *arena = action->step->arena;
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "applicationName", action_setting(action, "ApplicationName"));
    doc_set_str(arena, input, "deploymentGroupName", action_setting(action, "DeploymentGroupName"));
    doc_set(input, "revision", revision_of(action));
    action_call(action, "codedeploy", "CreateDeployment", input, NULL, "created");
}

static void on_created(Action *action, const Doc *reply) {
    Str id = doc_text(doc_get(reply, "output"), "deploymentId"), region = action->step->where.region;
    Str url =
        str_format(action->step->arena, "https://console.aws.amazon.com/codedeploy/home?region=%.*s#/deployments/%.*s", STR_ARG(region), STR_ARG(id));
    action_external(action, "codedeploy", id, url);
}

static void on_ended(Action *action) {
    Doc *input = doc_map(action->step->arena);
    doc_set_str(action->step->arena, input, "deploymentId", doc_text(action->record, "externalExecutionId"));
    action_call(action, "codedeploy", "GetDeployment", input, NULL, "deployment");
}

static void on_deployment(Action *action, const Doc *reply) {
    const Doc *info = doc_get(doc_get(reply, "output"), "deploymentInfo");
    Str status = doc_text(info, "status"), id = doc_text(action->record, "externalExecutionId");
    if (str_is(status, "Succeeded")) {
        action_succeed(action, STR("Deployment Succeeded"));
    } else if (str_is(status, "Failed")) {
        action_fail(action, "JobFailed", "Deployment %.*s failed", STR_ARG(id)); // why, the deployment says
    } else if (str_is(status, "Stopped")) {
        action_fail(action, "JobFailed", "Deployment %.*s was stopped", STR_ARG(id));
    }
}

void action_codedeploy_heard(Action *action, Str what, const Doc *data) {
    if (str_is(what, "ended")) {
        on_ended(action);
    } else if (!doc_flag(data, "ok", true)) {
        action_fail_call(action, data, "AmazonCodeDeploy", str_is(what, "created") ? "createDeployment" : "getDeployment", "ConfigurationError");
    } else if (str_is(what, "created")) {
        on_created(action, data);
    } else if (str_is(what, "deployment")) {
        on_deployment(action, data);
    }
}
