// Plan: which AWS API calls make the world that an application needs. Pure: it reads an Application and writes inputs; provision.c performs them.
//
// Everything has the application's name in its own: pipeline and repository NAME, bucket NAME-artifacts-ACCOUNT, roles NAME-pipeline, NAME-build,
// NAME-deploy, NAME-instance (also the instance profile and the security group), projects NAME-STAGE, one deployment group NAME-STAGE for each stage that
// deploys. Roles get what their stages need and nothing more: a rehearsal that succeeds has shown that these permissions suffice.
#pragma once

#include "workflow/application.h"

// On each instance, beside its Name: applications on one plane may have instances of the same name.
#define PLAN_APPLICATION_TAG "rehearse:application"

typedef struct Place {
    Str account, region;
} Place;

// One call that makes something. When it is there already (error `exists`), `update` makes it what it should be; NULL: nothing is to be done then.
typedef struct Step {
    const char *service, *operation;
    Doc *input;
    const char *exists, *update;
    Doc *update_input;
} Step;

Vec plan_steps(Arena *arena, const Application *application, Place place); // Step: all but instances and the pipeline
Doc *plan_pipeline(Arena *arena, const Application *application, Place place); // PipelineDeclaration
Doc *plan_policy(Arena *arena, const Application *application, Place place, Role role); // a policy document
Doc *plan_instances(Arena *arena, const Application *application, const Instance *instance, Str image_id, Str group_id,
                    int64_t count); // RunInstances
Doc *plan_ports(Arena *arena, const Vec *ports); // int64_t; IpPermissions

Str plan_bucket(Arena *arena, const Application *application, Place place);
Str plan_role_name(Arena *arena, const Application *application, Role role);
Str plan_role_arn(Arena *arena, const Application *application, Place place, Role role);
Str plan_stage_name(Arena *arena, const Application *application, const Stage *stage); // of its project or deployment group
Str plan_group_name(Arena *arena, const Application *application, const Instance *instance); // security group
