#include "services/codedeploy/codedeploy.h"

#include "plane/endpoint.h"

#define ARN "arn:aws:codedeploy:{region}:{account}:"
#define APPLICATION ARN "application:{applicationName}"
#define CONFIG ARN "deploymentconfig:{deploymentConfigName}"

static const Operation OPERATIONS[] = {
    {"CreateApplication", create_application, APPLICATION, OP_LOCAL},
    {"GetApplication", get_application, APPLICATION, OP_LOCAL},
    {"BatchGetApplications", batch_get_applications, .flags = OP_LOCAL, .requirements = applications_requirements},
    {"ListApplications", list_applications, ARN "application:*", OP_LOCAL},
    {"UpdateApplication", update_application, APPLICATION, OP_LOCAL},
    {"DeleteApplication", delete_application, APPLICATION, OP_LOCAL},
    {"CreateDeploymentGroup", create_deployment_group, .flags = OP_LOCAL, .requirements = group_requirements},
    {"GetDeploymentGroup", get_deployment_group, .flags = OP_LOCAL, .requirements = group_requirements},
    {"BatchGetDeploymentGroups", batch_get_deployment_groups, .flags = OP_LOCAL, .requirements = group_requirements},
    {"ListDeploymentGroups", list_deployment_groups, .flags = OP_LOCAL, .requirements = group_requirements},
    {"UpdateDeploymentGroup", update_deployment_group, .flags = OP_LOCAL, .requirements = group_requirements},
    {"DeleteDeploymentGroup", delete_deployment_group, .flags = OP_LOCAL, .requirements = group_requirements},
    {"CreateDeploymentConfig", create_deployment_config, CONFIG, OP_LOCAL},
    {"GetDeploymentConfig", get_deployment_config, CONFIG, OP_LOCAL},
    {"ListDeploymentConfigs", list_deployment_configs, ARN "deploymentconfig:*", OP_LOCAL},
    {"DeleteDeploymentConfig", delete_deployment_config, CONFIG, OP_LOCAL},
    {"RegisterApplicationRevision", register_application_revision, APPLICATION, OP_LOCAL},
    {"GetApplicationRevision", get_application_revision, APPLICATION, OP_LOCAL},
    {"BatchGetApplicationRevisions", batch_get_application_revisions, APPLICATION, OP_LOCAL},
    {"ListApplicationRevisions", list_application_revisions, APPLICATION, OP_LOCAL},
    {"CreateDeployment", create_deployment, .flags = OP_LOCAL, .requirements = group_requirements},
    {"StopDeployment", stop_deployment, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"ContinueDeployment", continue_deployment, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"SkipWaitTimeForInstanceTermination", skip_wait_time_for_instance_termination, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"GetDeployment", get_deployment, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"BatchGetDeployments", batch_get_deployments, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"ListDeployments", list_deployments, .flags = OP_LOCAL, .requirements = group_requirements},
    {"ListDeploymentTargets", list_deployment_targets, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"GetDeploymentTarget", get_deployment_target, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"BatchGetDeploymentTargets", batch_get_deployment_targets, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"ListDeploymentInstances", list_deployment_instances, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"GetDeploymentInstance", get_deployment_instance, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"BatchGetDeploymentInstances", batch_get_deployment_instances, .flags = OP_LOCAL, .requirements = deployment_requirements},
    {"ListTagsForResource", list_codedeploy_tags, "{ResourceArn}", OP_LOCAL},
    {"TagResource", tag_codedeploy, "{ResourceArn}", OP_LOCAL},
    {"UntagResource", untag_codedeploy, "{ResourceArn}", OP_LOCAL},
    {NULL},
};

static const DocumentType *const DOCUMENTS[] = {
    &CODEDEPLOY_APPLICATION, &CODEDEPLOY_GROUP, &CODEDEPLOY_GROUP_STATE, &CODEDEPLOY_CONFIG, &CODEDEPLOY_REVISION, &CODEDEPLOY_DEPLOYMENT, NULL};
static const Subscription SUBSCRIPTIONS[] = {{"aws.codedeploy", "CodeDeploy Deployment State-change Notification", revision_used},
                                             {NULL, NULL, NULL}};

extern const EndpointType CODEDEPLOY_LOGS;
static const Endpoint ENDPOINTS[] = {{"api", "/_rehearse/deployments/", &CODEDEPLOY_LOGS}, {NULL, NULL, NULL}};

extern const Service CODEDEPLOY_SERVICE;
const Service CODEDEPLOY_SERVICE = {
    .name = "codedeploy",
    .prefix = "codedeploy",
    .operations = OPERATIONS,
    .documents = DOCUMENTS,
    .subscriptions = SUBSCRIPTIONS,
    .endpoints = ENDPOINTS,
};
