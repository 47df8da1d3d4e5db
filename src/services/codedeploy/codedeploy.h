// CodeDeploy, server platform: applications, deployment groups and configurations, revisions in S3, in-place deployments.
//
// Documents hold what the API shows, by the model's member names; members that begin with '$' are ours.
//   codedeploy.application id NAME             ApplicationInfo, with $tags
//   codedeploy.group       id APP/GROUP        DeploymentGroupInfo without its deployments, with $tags
//   codedeploy.group-state id GROUP-ID         what deployments leave of a group, written by their machines only: lastSuccessfulDeployment,
//                                              lastAttemptedDeployment, targetRevision; $active (the deployment in progress), $unhealthy (instance ids), $revisions
//                                              (instance id → key of the revision that was last deployed to it successfully)
//   codedeploy.config      id NAME             DeploymentConfigInfo of one's own (the built-in ones are a table)
//   codedeploy.revision    id APP/LOCATION     {revisionLocation, $info: GenericRevisionInfo}
//   codedeploy.deployment  id d-XXXXXXXXX      DeploymentInfo: the machine of deployment_machine.c (machine.h says which members it adds)
//
// Follows the CodeDeploy API reference (2014-10-06) and user guide. Refused by name: Lambda and ECS platforms, load balancers, blue/green, alarms, triggers,
// Auto Scaling groups, on-premises instances, revisions that are not in S3.
#pragma once

#include "plane/turn.h"

extern const DocumentType CODEDEPLOY_APPLICATION, CODEDEPLOY_GROUP, CODEDEPLOY_GROUP_STATE, CODEDEPLOY_CONFIG, CODEDEPLOY_REVISION,
    CODEDEPLOY_DEPLOYMENT;
#define CODEDEPLOY_HOST "codedeploy.amazonaws.com"

CallHandler create_application, get_application, batch_get_applications, list_applications, update_application, delete_application;
CallHandler create_deployment_group, get_deployment_group, batch_get_deployment_groups, list_deployment_groups, update_deployment_group,
    delete_deployment_group;
CallHandler create_deployment_config, get_deployment_config, list_deployment_configs, delete_deployment_config;
CallHandler register_application_revision, get_application_revision, list_application_revisions, batch_get_application_revisions;
CallHandler create_deployment, stop_deployment, continue_deployment, skip_wait_time_for_instance_termination;
CallHandler get_deployment, batch_get_deployments, list_deployments;
CallHandler list_deployment_targets, get_deployment_target, batch_get_deployment_targets;
CallHandler list_deployment_instances, get_deployment_instance, batch_get_deployment_instances;
CallHandler list_codedeploy_tags, tag_codedeploy, untag_codedeploy;

// arns.c
Str codedeploy_arn(Arena *arena, Partition where, const char *kind, Str name); // kind "application", "deploymentgroup", "deploymentconfig"
Str group_id_of(Arena *arena, Str application, Str group); // "APP/GROUP"
// Of a batch the first that it names; the handler asks of each by `may_see`.
void applications_requirements(Turn *turn, const Call *call, Requirements *all);
void group_requirements(Turn *turn, const Call *call, Requirements *all); // with PassRole of serviceRoleArn
void deployment_requirements(Turn *turn, const Call *call, Requirements *all); // of a deployment's group
bool may_see(Turn *turn, const Call *call, const char *kind, Str name, Error *e);

// checks.c: names, as CodeDeploy complains of each.
bool check_application_name(Str name, Error *e);
bool check_group_name(Str name, Error *e);
bool check_config_name(Str name, Error *e);
bool check_batch(const Doc *list, size_t most, const char *what, Error *e);
bool refuse_unbuilt(const Doc *input, const char *const *members, Error *e); // a member that says something: NotImplemented, by its name
bool is_one_of(Str text, const char *const *list); // ends with NULL
bool check_auto_rollback(const Doc *config, Error *e);
bool check_tags_to_add(const Doc *tags, Error *e); // tags.c

// Finding, with AWS's errors.
bool find_application(Turn *turn, Str name, Doc **out, Error *e);
bool find_group(Turn *turn, Str application, Str name, Doc **out, Error *e);
bool find_config(Turn *turn, Str name, Doc **out, Error *e);
bool find_server_config(Turn *turn, Str name, Doc **out, Error *e); // one that servers can be deployed to by
bool check_deployment_id(Str id, Error *e); // its form
bool find_deployment(Turn *turn, Str id, Doc **out, Error *e);
Doc *group_state(Turn *turn, Str group_id); // an empty map before the first deployment

// revisions.c
bool check_revision(Turn *turn, const Doc *revision, Error *e);
Str revision_key(Arena *arena, Str application, const Doc *revision);
bool register_revision(Turn *turn, Str application, const Doc *revision, Str description); // false: it is known already
void revision_used(Turn *turn, const Doc *event); // the start of a deployment was heard

// Lists without an index of their own: a page of `items` and the token of the next ("OFFSET"). Code "InvalidNextTokenException".
bool page_of(const Call *call, const Doc *items, size_t size, const char *member, Doc **out, Error *e);
