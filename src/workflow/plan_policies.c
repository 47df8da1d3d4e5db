// What each role may do: the actions that the stages of this application need, on its own resources, and what rehearse.yaml adds.
#include "workflow/plan.h"

typedef struct Policy {
    Arena *arena;
    const Application *application;
    Place place;
    Doc *statements;
} Policy;

static Doc *texts(Arena *arena, const char *const *words) {
    Doc *list = doc_list(arena);
    for (; *words; words++) doc_push_str(arena, list, str_of(*words));
    return list;
}

static Doc *allow(const Policy *policy, Doc *actions) {
    Doc *statement = doc_map(policy->arena), *resources = doc_list(policy->arena);
    doc_set_str(policy->arena, statement, "Effect", STR("Allow"));
    doc_set(statement, "Action", actions);
    doc_set(statement, "Resource", resources);
    doc_push(policy->statements, statement);
    return resources;
}

static void resource(const Policy *policy, Doc *resources, Str arn) { doc_push_str(policy->arena, resources, arn); }

// "arn:aws:SERVICE:REGION:ACCOUNT:rest"
static Str arn(const Policy *policy, const char *service, const char *kind, Str name) {
    return str_format(policy->arena, "arn:aws:%s:%.*s:%.*s:%s%.*s", service, STR_ARG(policy->place.region), STR_ARG(policy->place.account), kind,
                      STR_ARG(name));
}

static void allow_artifacts(const Policy *policy, const char *const *object_actions, const char *const *bucket_actions) {
    Str bucket = str_cat(policy->arena, STR("arn:aws:s3:::"), plan_bucket(policy->arena, policy->application, policy->place));
    resource(policy, allow(policy, texts(policy->arena, object_actions)), str_cat(policy->arena, bucket, STR("/*")));
    if (bucket_actions) resource(policy, allow(policy, texts(policy->arena, bucket_actions)), bucket);
}

static void allow_on_projects(const Policy *policy) {
    static const char *const ACTIONS[] = {"codebuild:StartBuild", "codebuild:StopBuild", "codebuild:BatchGetBuilds", NULL};
    Doc *resources = NULL;
    for (size_t i = 0; i < policy->application->stages.len; i++) {
        const Stage *stage = vec_at(&policy->application->stages, i);
        if (stage->kind != STAGE_BUILD && stage->kind != STAGE_TEST) continue;
        if (!resources) resources = allow(policy, texts(policy->arena, ACTIONS));
        resource(policy, resources, arn(policy, "codebuild", "project/", plan_stage_name(policy->arena, policy->application, stage)));
    }
}

static void allow_on_deployments(const Policy *policy) {
    static const char *const ACTIONS[] = {"codedeploy:CreateDeployment",
                                          "codedeploy:GetDeployment",
                                          "codedeploy:StopDeployment",
                                          "codedeploy:GetDeploymentConfig",
                                          "codedeploy:GetApplication",
                                          "codedeploy:GetApplicationRevision",
                                          "codedeploy:RegisterApplicationRevision",
                                          NULL};
    Arena *arena = policy->arena;
    Doc *resources = NULL;
    for (size_t i = 0; i < policy->application->stages.len; i++) {
        const Stage *stage = vec_at(&policy->application->stages, i);
        if (stage->kind != STAGE_DEPLOY) continue;
        if (!resources) {
            resources = allow(policy, texts(arena, ACTIONS));
            resource(policy, resources, arn(policy, "codedeploy", "application:", policy->application->name));
            resource(policy, resources, arn(policy, "codedeploy", "deploymentconfig:", STR("*")));
        }
        Str group = str_format(arena, "%.*s/%.*s", STR_ARG(policy->application->name), STR_ARG(plan_stage_name(arena, policy->application, stage)));
        resource(policy, resources, arn(policy, "codedeploy", "deploymentgroup:", group));
    }
}

static void pipeline_policy(const Policy *policy) {
    static const char *const OBJECTS[] = {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", NULL};
    static const char *const BUCKETS[] = {"s3:GetBucketVersioning", NULL};
    static const char *const SOURCE[] = {"codecommit:GetBranch",
                                         "codecommit:GetCommit",
                                         "codecommit:GetRepository",
                                         "codecommit:UploadArchive",
                                         "codecommit:GetUploadArchiveStatus",
                                         "codecommit:CancelUploadArchive",
                                         NULL};
    allow_artifacts(policy, OBJECTS, BUCKETS);
    resource(policy, allow(policy, texts(policy->arena, SOURCE)), arn(policy, "codecommit", "", policy->application->name));
    allow_on_projects(policy);
    allow_on_deployments(policy);
}

static void build_policy(const Policy *policy) {
    static const char *const OBJECTS[] = {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", NULL};
    static const char *const BUCKETS[] = {"s3:GetBucketAcl", "s3:GetBucketLocation", NULL};
    static const char *const LOGS[] = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", NULL};
    static const char *const REPORTS[] = {"codebuild:CreateReportGroup", "codebuild:CreateReport", "codebuild:UpdateReport",
                                          "codebuild:BatchPutTestCases", NULL};
    static const char *const FINDING[] = {"ec2:DescribeInstances", NULL}; // tests look up the address of what they test
    Str name = str_cat(policy->arena, policy->application->name, STR("-*"));
    allow_artifacts(policy, OBJECTS, BUCKETS);
    Doc *logs = allow(policy, texts(policy->arena, LOGS));
    resource(policy, logs, arn(policy, "logs", "log-group:/aws/codebuild/", name));
    resource(policy, logs, arn(policy, "logs", "log-group:/aws/codebuild/", str_cat(policy->arena, name, STR(":*"))));
    resource(policy, allow(policy, texts(policy->arena, REPORTS)), arn(policy, "codebuild", "report-group/", name));
    resource(policy, allow(policy, texts(policy->arena, FINDING)), STR("*"));
}

static void deploy_policy(const Policy *policy) {
    static const char *const ACTIONS[] = {"ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "tag:GetResources", NULL};
    resource(policy, allow(policy, texts(policy->arena, ACTIONS)), STR("*"));
}

static void instance_policy(const Policy *policy) {
    static const char *const OBJECTS[] = {"s3:GetObject", "s3:GetObjectVersion", NULL};
    static const char *const TABLES[] = {
        "dynamodb:DescribeTable", "dynamodb:GetItem",    "dynamodb:BatchGetItem", "dynamodb:Query",          "dynamodb:Scan",
        "dynamodb:PutItem",       "dynamodb:UpdateItem", "dynamodb:DeleteItem",   "dynamodb:BatchWriteItem", NULL};
    allow_artifacts(policy, OBJECTS, NULL); // where its deployments come from
    Doc *resources = NULL;
    for (size_t i = 0; i < policy->application->tables.len; i++) {
        Str name = vec_get(&policy->application->tables, Table, i).name;
        if (!resources) resources = allow(policy, texts(policy->arena, TABLES));
        resource(policy, resources, arn(policy, "dynamodb", "table/", name));
        resource(policy, resources, arn(policy, "dynamodb", "table/", str_cat(policy->arena, name, STR("/index/*"))));
    }
}

static Doc *list_of(Arena *arena, const Vec *strings) {
    Doc *list = doc_list(arena);
    for (size_t i = 0; i < strings->len; i++) doc_push_str(arena, list, vec_get(strings, Str, i));
    return list;
}

static void add_own(const Policy *policy, Role role) {
    for (size_t i = 0; i < policy->application->permissions.len; i++) {
        const Permission *permission = vec_at(&policy->application->permissions, i);
        if (permission->role != role) continue;
        Doc *resources = allow(policy, list_of(policy->arena, &permission->actions));
        for (size_t j = 0; j < permission->resources.len; j++) resource(policy, resources, vec_get(&permission->resources, Str, j));
    }
}

Doc *plan_policy(Arena *arena, const Application *application, Place place, Role role) {
    static void (*const OF_ROLE[ROLES])(const Policy *policy) = {pipeline_policy, build_policy, deploy_policy, instance_policy};
    Policy policy = {arena, application, place, doc_list(arena)};
    OF_ROLE[role](&policy);
    add_own(&policy, role);
    Doc *document = doc_map(arena);
    doc_set_str(arena, document, "Version", STR("2012-10-17"));
    doc_set(document, "Statement", policy.statements);
    return document;
}
