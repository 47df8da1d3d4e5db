#include "services/codebuild/codebuild.h"

#define PROJECT_ARN "arn:aws:codebuild:{region}:{account}:project/{projectName}"
#define GROUP_ARN "arn:aws:codebuild:{region}:{account}:report-group/{name|arn|reportGroupArn}"

static Str last_part(Str arn) { return str_from(arn, (size_t)str_rfind_char(arn, '/') + 1); }

// What is named is PROJECT:UUID, GROUP:UUID, a name or an ARN of these; permission is asked for the project or the group.
static Str resource_of(const Call *call, const char *kind, Str named) {
    Str id = last_part(named);
    return codebuild_arn(call->arena, call->where, kind, str_cut(&id, ':'));
}

static Str action_of(const Call *call) { return str_format(call->arena, "codebuild:%.*s", STR_ARG(wire_str(call->operation->name))); }

static void require_first(const Call *call, const char *const *members, const char *kind, Requirements *all) {
    const Doc *named = NULL;
    for (; *members && !named; members++) named = doc_get(call->input, *members);
    if (doc_is(named, DOC_LIST)) named = doc_first(named);
    require(all, action_of(call), named ? resource_of(call, kind, doc_str(named, STR(""))) : STR("*"), NULL);
}

static void build_requirements(Turn *turn, const Call *call, Requirements *all) {
    static const char *const MEMBERS[] = {"id", "ids", "name", "names", NULL};
    require_first(call, MEMBERS, "project", all);
}

static void report_requirements(Turn *turn, const Call *call, Requirements *all) {
    static const char *const MEMBERS[] = {"reportArn", "arn", "reportArns", "reportGroupArns", NULL};
    require_first(call, MEMBERS, "report-group", all);
}

// Whoever gives a build another role must be allowed to pass it.
static void start_requirements(Turn *turn, const Call *call, Requirements *all) {
    static const char *const MEMBERS[] = {"projectName", NULL};
    require_first(call, MEMBERS, "project", all);
    require_pass_role(all, doc_text(call->input, "serviceRoleOverride"), CODEBUILD_HOST);
}

Str codebuild_problem(Arena *arena, const Doc *error) {
    Str request = doc_text(error, "requestId"), host = str_base64(arena, request);
    return str_format(arena, "%.*s: %.*s\n\tstatus code: %lld, request id: %.*s, host id: %.*s", STR_ARG(doc_text(error, "code")),
                      STR_ARG(doc_text(error, "message")), (long long)doc_number(error, "status", 0), STR_ARG(request), STR_ARG(host));
}

bool may_act_on_each(Turn *turn, const Call *call, const Doc *names, const char *kind, Error *e) {
    Str asked = STR_NONE;
    for (const Doc *one = doc_first(names); one; one = one->next) {
        Requirement what = {.action = action_of(call), .resource = resource_of(call, kind, doc_str(one, STR("")))};
        if (!str_eq(what.resource, asked)) TRY(turn_allowed(turn, &call->principal, &what, e));
        asked = what.resource;
    }
    return true;
}

static const Operation OPERATIONS[] = {
    {"CreateProject", create_project, .requirements = project_requirements, .flags = OP_LOCAL},
    {"UpdateProject", update_project, .requirements = project_requirements, .flags = OP_LOCAL},
    {"DeleteProject", delete_project, .requirements = build_requirements, .flags = OP_LOCAL},
    {"BatchGetProjects", batch_get_projects, .requirements = build_requirements, .flags = OP_LOCAL},
    {"ListProjects", list_projects, NULL, OP_LOCAL},
    {"StartBuild", start_build, .requirements = start_requirements, .flags = OP_LOCAL},
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
    {"GetReportGroupTrend", get_report_group_trend, GROUP_ARN, OP_LOCAL},
    {"ListSharedProjects", list_shared_projects, NULL, OP_LOCAL},
    {"ListSharedReportGroups", list_shared_report_groups, NULL, OP_LOCAL},
    {"ListCuratedEnvironmentImages", list_curated_environment_images, NULL, OP_LOCAL},
    {NULL},
};

// A build's machine cannot ask whether its role may do something that is no operation of the models (GitPull, CreateReport): it publishes the question, and this
// answers it with the first refusal.
static void answer_permission(Turn *turn, const Doc *event) {
    const Doc *detail = doc_get(event, "detail");
    Arena *arena = turn_arena(turn);
    Principal principal;
    Error e = {0};
    Doc *data = doc_map(arena);
    bool ok = principal_from_doc(doc_get(detail, "principal"), &principal);
    for (const Doc *action = doc_first(doc_get(detail, "actions")); ok && action; action = action->next) {
        Requirement what = {.action = doc_str(action, STR("")), .resource = doc_text(detail, "resource")};
        ok = turn_allowed(turn, &principal, &what, &e);
    }
    doc_set_bool(arena, data, "ok", ok);
    doc_set_str(arena, data, "message", str_of(e.message));
    doc_set_str(arena, data, "tag", doc_text(detail, "tag"));
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
