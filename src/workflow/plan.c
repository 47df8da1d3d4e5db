#include "workflow/plan.h"

#include "formats/json.h"

static const char IMAGE[] = "aws/codebuild/standard:7.0";

Str plan_bucket(Arena *arena, const Application *application, Place place) {
    return str_format(arena, "%.*s-artifacts-%.*s", STR_ARG(application->name), STR_ARG(place.account));
}

Str plan_role_name(Arena *arena, const Application *application, Role role) {
    return str_format(arena, "%.*s-%s", STR_ARG(application->name), role_name(role));
}

Str plan_role_arn(Arena *arena, const Application *application, Place place, Role role) {
    return str_format(arena, "arn:aws:iam::%.*s:role/%.*s-%s", STR_ARG(place.account), STR_ARG(application->name), role_name(role));
}

Str plan_stage_name(Arena *arena, const Application *application, const Stage *stage) {
    return str_format(arena, "%.*s-%.*s", STR_ARG(application->name), STR_ARG(stage->name));
}

Str plan_group_name(Arena *arena, const Application *application, const Instance *instance) {
    return str_format(arena, "%.*s-%.*s", STR_ARG(application->name), STR_ARG(instance->name));
}

static Step *add(Vec *steps, const char *service, const char *operation, const char *exists) {
    Step *step = vec_push(steps);
    *step = (Step){.service = service, .operation = operation, .input = doc_map(steps->arena), .exists = exists};
    return step;
}

static Doc *tag(Arena *arena, const char *key_name, const char *value_name, Str key, Str value) {
    Doc *tag_doc = doc_map(arena);
    doc_set_str(arena, tag_doc, key_name, key);
    doc_set_str(arena, tag_doc, value_name, value);
    return tag_doc;
}

// ---- Roles ----

static Str trust(Arena *arena, Role role) {
    static const char *const SERVICES_OF[ROLES] = {"codepipeline", "codebuild", "codedeploy", "ec2"};
    return str_format(arena,
                      "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"%s.amazonaws.com\"},"
                      "\"Action\":\"sts:AssumeRole\"}]}",
                      SERVICES_OF[role]);
}

static void add_role(Vec *steps, const Application *application, Place place, Role role) {
    Arena *arena = steps->arena;
    Str name = plan_role_name(arena, application, role);
    Step *create = add(steps, "iam", "CreateRole", "EntityAlreadyExists");
    doc_set_str(arena, create->input, "RoleName", name);
    doc_set_str(arena, create->input, "AssumeRolePolicyDocument", trust(arena, role));
    Step *policy = add(steps, "iam", "PutRolePolicy", NULL);
    doc_set_str(arena, policy->input, "RoleName", name);
    doc_set_str(arena, policy->input, "PolicyName", STR("rehearsal"));
    doc_set_str(arena, policy->input, "PolicyDocument", json_write(arena, plan_policy(arena, application, place, role)));
}

static void add_instance_profile(Vec *steps, const Application *application) {
    Arena *arena = steps->arena;
    Str name = plan_role_name(arena, application, ROLE_INSTANCE);
    doc_set_str(arena, add(steps, "iam", "CreateInstanceProfile", "EntityAlreadyExists")->input, "InstanceProfileName", name);
    Step *into = add(steps, "iam", "AddRoleToInstanceProfile", "LimitExceeded");
    doc_set_str(arena, into->input, "InstanceProfileName", name);
    doc_set_str(arena, into->input, "RoleName", name);
}

// ---- Storage ----

static void add_bucket(Vec *steps, const Application *application, Place place) {
    Arena *arena = steps->arena;
    Str name = plan_bucket(arena, application, place);
    Step *create = add(steps, "s3", "CreateBucket", "BucketAlreadyOwnedByYou");
    doc_set_str(arena, create->input, "Bucket", name);
    if (!str_is(place.region, "us-east-1")) {
        Doc *where = doc_map(arena);
        doc_set_str(arena, where, "LocationConstraint", place.region);
        doc_set(create->input, "CreateBucketConfiguration", where);
    }
    Step *versioning = add(steps, "s3", "PutBucketVersioning", NULL);
    Doc *enabled = doc_map(arena);
    doc_set_str(arena, enabled, "Status", STR("Enabled"));
    doc_set_str(arena, versioning->input, "Bucket", name);
    doc_set(versioning->input, "VersioningConfiguration", enabled);
}

static void add_table_key(Arena *arena, Step *step, const TableKey *key, const char *kind) {
    if (!key->name.len) return;
    doc_push(doc_get(step->input, "AttributeDefinitions"), tag(arena, "AttributeName", "AttributeType", key->name, key->type));
    doc_push(doc_get(step->input, "KeySchema"), tag(arena, "AttributeName", "KeyType", key->name, str_of(kind)));
}

static void add_table(Vec *steps, const Table *table) {
    Arena *arena = steps->arena;
    Step *create = add(steps, "dynamodb", "CreateTable", "ResourceInUseException");
    doc_set_str(arena, create->input, "TableName", table->name);
    doc_set_str(arena, create->input, "BillingMode", STR("PAY_PER_REQUEST"));
    doc_set(create->input, "AttributeDefinitions", doc_list(arena));
    doc_set(create->input, "KeySchema", doc_list(arena));
    add_table_key(arena, create, &table->key, "HASH");
    add_table_key(arena, create, &table->sort, "RANGE");
}

// ---- Builds ----

static Doc *environment_of(Arena *arena, const Application *application) {
    Doc *environment = doc_map(arena), *variables = doc_list(arena);
    doc_set_str(arena, environment, "type", STR("LINUX_CONTAINER"));
    doc_set_str(arena, environment, "image", str_of(IMAGE));
    doc_set_str(arena, environment, "computeType", STR("BUILD_GENERAL1_SMALL"));
    for (size_t i = 0; i < application->variables.len; i++) {
        Variable variable = vec_get(&application->variables, Variable, i);
        Doc *item = tag(arena, "name", "value", variable.name, variable.value);
        doc_set_str(arena, item, "type", STR("PLAINTEXT"));
        doc_push(variables, item);
    }
    doc_set(environment, "environmentVariables", variables);
    return environment;
}

static Doc *project_of(Arena *arena, const Application *application, Place place, const Stage *stage) {
    Doc *project = doc_map(arena), *source = doc_map(arena), *artifacts = doc_map(arena);
    doc_set_str(arena, project, "name", plan_stage_name(arena, application, stage));
    doc_set_str(arena, source, "type", STR("CODEPIPELINE"));
    doc_set_str(arena, source, "buildspec", stage->buildspec);
    doc_set(project, "source", source);
    doc_set_str(arena, artifacts, "type", STR("CODEPIPELINE"));
    doc_set(project, "artifacts", artifacts);
    doc_set(project, "environment", environment_of(arena, application));
    doc_set_str(arena, project, "serviceRole", plan_role_arn(arena, application, place, ROLE_BUILD));
    return project;
}

static void add_project(Vec *steps, const Application *application, Place place, const Stage *stage) {
    Step *create = add(steps, "codebuild", "CreateProject", "ResourceAlreadyExistsException");
    create->input = project_of(steps->arena, application, place, stage);
    create->update = "UpdateProject";
    create->update_input = project_of(steps->arena, application, place, stage);
}

// ---- Deployments ----

static void add_tag_filter(Arena *arena, Doc *filters, Str key, Str value) {
    Doc *filter = tag(arena, "Key", "Value", key, value);
    doc_set_str(arena, filter, "Type", STR("KEY_AND_VALUE"));
    doc_push(filters, filter);
}

// One of the names, and this application: both lists must hold.
static Doc *tag_set(Arena *arena, const Application *application, const Stage *stage) {
    Doc *set = doc_map(arena), *lists = doc_list(arena), *names = doc_list(arena), *own = doc_list(arena);
    for (size_t i = 0; i < stage->targets.len; i++) add_tag_filter(arena, names, STR("Name"), vec_get(&stage->targets, Str, i));
    add_tag_filter(arena, own, STR(PLAN_APPLICATION_TAG), application->name);
    doc_push(lists, names);
    doc_push(lists, own);
    doc_set(set, "ec2TagSetList", lists);
    return set;
}

// What fails is taken back: the instances are left with the last good revision, not with half of a bad one.
static Doc *rollback_on_failure(Arena *arena) {
    Doc *rollback = doc_map(arena), *events = doc_list(arena);
    doc_push_str(arena, events, STR("DEPLOYMENT_FAILURE"));
    doc_set_bool(arena, rollback, "enabled", true);
    doc_set(rollback, "events", events);
    return rollback;
}

static Doc *group_of(Arena *arena, const Application *application, Place place, const Stage *stage, const char *name_member) {
    Doc *group = doc_map(arena);
    doc_set_str(arena, group, "applicationName", application->name);
    doc_set_str(arena, group, name_member, plan_stage_name(arena, application, stage));
    doc_set_str(arena, group, "deploymentConfigName", STR("CodeDeployDefault.OneAtATime"));
    doc_set(group, "ec2TagSet", tag_set(arena, application, stage));
    doc_set_str(arena, group, "serviceRoleArn", plan_role_arn(arena, application, place, ROLE_DEPLOY));
    doc_set(group, "autoRollbackConfiguration", rollback_on_failure(arena));
    return group;
}

static void add_deployment_group(Vec *steps, const Application *application, Place place, const Stage *stage) {
    Arena *arena = steps->arena;
    Step *create = add(steps, "codedeploy", "CreateApplication", "ApplicationAlreadyExistsException");
    doc_set_str(arena, create->input, "applicationName", application->name);
    doc_set_str(arena, create->input, "computePlatform", STR("Server"));
    Step *group = add(steps, "codedeploy", "CreateDeploymentGroup", "DeploymentGroupAlreadyExistsException");
    group->input = group_of(arena, application, place, stage, "deploymentGroupName");
    group->update = "UpdateDeploymentGroup";
    group->update_input = group_of(arena, application, place, stage, "currentDeploymentGroupName");
}

Vec plan_steps(Arena *arena, const Application *application, Place place) {
    Vec steps = vec_of(arena, Step);
    for (Role role = 0; role < ROLES; role++) add_role(&steps, application, place, role);
    add_instance_profile(&steps, application);
    add_bucket(&steps, application, place);
    for (size_t i = 0; i < application->tables.len; i++) add_table(&steps, vec_at(&application->tables, i));
    doc_set_str(arena, add(&steps, "codecommit", "CreateRepository", "RepositoryNameExistsException")->input, "repositoryName", application->name);
    for (size_t i = 0; i < application->stages.len; i++) {
        const Stage *stage = vec_at(&application->stages, i);
        if (stage->kind == STAGE_BUILD || stage->kind == STAGE_TEST) add_project(&steps, application, place, stage);
        if (stage->kind == STAGE_DEPLOY) add_deployment_group(&steps, application, place, stage);
    }
    return steps;
}

// ---- Instances ----

Doc *plan_ports(Arena *arena, const Vec *ports) {
    Doc *permissions = doc_list(arena);
    for (size_t i = 0; i < ports->len; i++) {
        int64_t port = vec_get(ports, int64_t, i);
        Doc *permission = doc_map(arena), *ranges = doc_list(arena), *range = doc_map(arena);
        doc_set_str(arena, permission, "IpProtocol", STR("tcp"));
        doc_set_int(arena, permission, "FromPort", port);
        doc_set_int(arena, permission, "ToPort", port);
        doc_set_str(arena, range, "CidrIp", STR("0.0.0.0/0"));
        doc_push(ranges, range);
        doc_set(permission, "IpRanges", ranges);
        doc_push(permissions, permission);
    }
    return permissions;
}

Doc *plan_instances(Arena *arena, const Application *application, const Instance *instance, Str image_id, Str group_id, int64_t count) {
    Doc *input = doc_map(arena), *groups = doc_list(arena), *profile = doc_map(arena);
    Doc *specifications = doc_list(arena), *specification = doc_map(arena), *tags = doc_list(arena), *metadata = doc_map(arena);
    doc_set_str(arena, input, "ImageId", image_id);
    doc_set_str(arena, input, "InstanceType", STR("t3.micro"));
    doc_set_int(arena, input, "MinCount", count);
    doc_set_int(arena, input, "MaxCount", count);
    doc_push_str(arena, groups, group_id);
    doc_set(input, "SecurityGroupIds", groups);
    doc_set_str(arena, profile, "Name", plan_role_name(arena, application, ROLE_INSTANCE));
    doc_set(input, "IamInstanceProfile", profile);
    doc_set_str(arena, specification, "ResourceType", STR("instance"));
    doc_push(tags, tag(arena, "Key", "Value", STR("Name"), instance->name));
    doc_push(tags, tag(arena, "Key", "Value", STR(PLAN_APPLICATION_TAG), application->name));
    doc_set(specification, "Tags", tags);
    doc_push(specifications, specification);
    doc_set(input, "TagSpecifications", specifications);
    doc_set_str(arena, metadata, "InstanceMetadataTags", STR("enabled"));
    doc_set(input, "MetadataOptions", metadata);
    return input;
}
