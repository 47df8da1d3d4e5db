#include "services/codebuild/codebuild.h"

#define PROJECT_ARN "arn:aws:codebuild:{region}:{account}:project/{name|projectName}"
#define GROUP_ARN "arn:aws:codebuild:{region}:{account}:report-group/{name|arn|reportGroupArn}"

// Builds are named PROJECT:UUID; permission is asked for the project.
static void build_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str id = doc_text(call->input, "id");
    if (!id.at) id = doc_str(doc_first(doc_get(call->input, "ids")), STR_NONE);
    if (!id.at) id = doc_str(doc_first(doc_get(call->input, "names")), STR_NONE);
    if (str_starts(id, STR("arn:"))) id = str_from(id, (size_t)str_rfind_char(id, '/') + 1);
    Str project = str_cut(&id, ':');
    Str arn = project.at ? codebuild_arn(call->arena, call->where, "project", project) : STR("*");
    require(all, str_format(call->arena, "codebuild:%.*s", STR_ARG(wire_str(call->operation->name))), arn, NULL);
}

static void report_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str arn = doc_text(call->input, "reportArn");
    if (!arn.at) arn = doc_text(call->input, "arn");
    if (!arn.at) arn = doc_str(doc_first(doc_get(call->input, "reportArns")), STR_NONE);
    if (!arn.at) arn = doc_str(doc_first(doc_get(call->input, "reportGroupArns")), STR("*"));
    ptrdiff_t name = str_rfind_char(arn, '/');
    Str group = name < 0 ? STR_NONE : str_from(arn, (size_t)name + 1);
    Str of_group = group.at ? codebuild_arn(call->arena, call->where, "report-group", str_cut(&group, ':')) : STR("*");
    require(all, str_format(call->arena, "codebuild:%.*s", STR_ARG(wire_str(call->operation->name))), of_group, NULL);
}

static const Operation OPERATIONS[] = {
    {"CreateProject", create_project, .requirements = project_requirements, .flags = OP_LOCAL},
    {"UpdateProject", update_project, .requirements = project_requirements, .flags = OP_LOCAL},
    {"DeleteProject", delete_project, PROJECT_ARN, OP_LOCAL},
    {"BatchGetProjects", batch_get_projects, .requirements = build_requirements, .flags = OP_LOCAL},
    {"ListProjects", list_projects, NULL, OP_LOCAL},
    {"StartBuild", start_build, PROJECT_ARN, OP_LOCAL},
    {"StopBuild", stop_build, .requirements = build_requirements, .flags = OP_LOCAL},
    {"RetryBuild", retry_build, .requirements = build_requirements, .flags = OP_LOCAL},
    {"BatchGetBuilds", batch_get_builds, .requirements = build_requirements, .flags = OP_LOCAL},
    {"BatchDeleteBuilds", batch_delete_builds, .requirements = build_requirements, .flags = OP_LOCAL},
    {"ListBuilds", list_builds, NULL, OP_LOCAL},
    {"ListBuildsForProject", list_builds_for_project, PROJECT_ARN, OP_LOCAL},
    {"CreateReportGroup", create_report_group, GROUP_ARN, OP_LOCAL},
    {"UpdateReportGroup", update_report_group, GROUP_ARN, OP_LOCAL},
    {"DeleteReportGroup", delete_report_group, GROUP_ARN, OP_LOCAL},
    {"BatchGetReportGroups", batch_get_report_groups, .requirements = report_requirements, .flags = OP_LOCAL},
    {"ListReportGroups", list_report_groups, NULL, OP_LOCAL},
    {"BatchGetReports", batch_get_reports, .requirements = report_requirements, .flags = OP_LOCAL},
    {"ListReports", list_reports, NULL, OP_LOCAL},
    {"ListReportsForReportGroup", list_reports_for_report_group, GROUP_ARN, OP_LOCAL},
    {"DescribeTestCases", describe_test_cases, .requirements = report_requirements, .flags = OP_LOCAL},
    {"DeleteReport", delete_report, .requirements = report_requirements, .flags = OP_LOCAL},
    {"ListCuratedEnvironmentImages", list_curated_environment_images, NULL, OP_LOCAL},
    {NULL},
};

// A build's machine cannot ask whether its role may do something that is no API call (GitPull): it publishes the question, and this answers it.
static void answer_permission(Turn *turn, const Doc *event) {
    const Doc *detail = doc_get(event, "detail");
    Arena *arena = turn_arena(turn);
    Principal principal;
    Error e = {0};
    Requirement what = {.action = doc_text(detail, "action"), .resource = doc_text(detail, "resource")};
    bool known = principal_from_doc(doc_get(detail, "principal"), &principal);
    Doc *data = doc_map(arena);
    doc_set_bool(arena, data, "ok", known && turn_allowed(turn, &principal, &what, &e));
    doc_set_str(arena, data, "message", str_of(e.message));
    turn_send(turn, &CODEBUILD_BUILD, doc_text(detail, "build"), STR("permission"), data);
}

static const DocumentType *const DOCUMENTS[] = {&CODEBUILD_PROJECT,      &CODEBUILD_BUILD,  &CODEBUILD_QUEUE,     &CODEBUILD_CREDENTIAL,
                                                &CODEBUILD_REPORT_GROUP, &CODEBUILD_REPORT, &CODEBUILD_TEST_CASE, NULL};
static const Subscription SUBSCRIPTIONS[] = {{"rehearse.codebuild", "Permission Check", answer_permission}, {NULL, NULL, NULL}};
static const Endpoint ENDPOINTS[] = {{"api", "/_rehearse/credentials/", &CODEBUILD_CREDENTIALS}, {NULL, NULL, NULL}};

const Service CODEBUILD_SERVICE = {
    .name = "codebuild",
    .prefix = "codebuild",
    .operations = OPERATIONS,
    .documents = DOCUMENTS,
    .subscriptions = SUBSCRIPTIONS,
    .endpoints = ENDPOINTS,
};
