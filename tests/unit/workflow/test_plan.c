#include "workflow/plan.h"

#include "formats/json.h"

#include "unit.h"

static const Place PLACE = {STR_INIT("123456789012"), STR_INIT("us-east-1")};

static Application application_of(Arena *arena) {
    Application application;
    Error e = {0};
    bool good = application_parse(arena,
                                  STR("application: shop\ninstances: [{name: web, ports: [80, 443]}]\ntables: [{name: Users, key: id}]\n"
                                      "permissions: {instance: ['sqs:SendMessage']}\n"
                                      "stages: [{source: {branch: main}}, {build: buildspec.yml}, {deploy: web}, {test: it.yml}, {approve: ok}]\n"),
                                  &application, &e);
    if (!good) fail_msg("%s", e.message);
    ((Stage *)vec_at(&application.stages, 1))->has_artifacts = true;
    return application;
}

static const Doc *action_of(const Doc *pipeline, size_t stage) { return doc_first(doc_get(doc_at(doc_get(pipeline, "stages"), stage), "actions")); }
static Str input_of(const Doc *pipeline, size_t stage) { return doc_text(doc_first(doc_get(action_of(pipeline, stage), "inputArtifacts")), "name"); }

static void a_deployment_takes_what_was_built_and_a_test_the_source(void **state) {
    AUTO_ARENA arena = arena_new();
    Application application = application_of(arena);
    const Doc *pipeline = plan_pipeline(arena, &application, PLACE);
    assert_int_equal(doc_count(doc_get(pipeline, "stages")), 5);
    assert_true(str_is(input_of(pipeline, 1), "SourceArtifact"));
    assert_true(str_is(input_of(pipeline, 2), "BuildOutput"));
    assert_true(str_is(input_of(pipeline, 3), "SourceArtifact"));
    assert_true(str_is(doc_text(doc_get(action_of(pipeline, 2), "configuration"), "DeploymentGroupName"), "shop-Deploy"));
}

static const Step *step_of(const Vec *steps, const char *operation) {
    for (size_t i = 0; i < steps->len; i++) {
        const Step *step = vec_at(steps, i);
        if (strcmp(step->operation, operation) == 0) return step;
    }
    fail_msg("no step %s", operation);
    return NULL;
}

static void what_is_there_already_is_updated_or_left(void **state) {
    AUTO_ARENA arena = arena_new();
    Application application = application_of(arena);
    Vec steps = plan_steps(arena, &application, PLACE);
    assert_string_equal(step_of(&steps, "CreateProject")->update, "UpdateProject");
    assert_string_equal(step_of(&steps, "CreateTable")->exists, "ResourceInUseException");
    assert_null(step_of(&steps, "CreateTable")->update);
    const Step *group = step_of(&steps, "CreateDeploymentGroup");
    assert_true(str_is(doc_text(group->update_input, "currentDeploymentGroupName"), "shop-Deploy"));
}

static bool allows(const Doc *policy, const char *action, const char *resource) {
    for (const Doc *statement = doc_first(doc_get(policy, "Statement")); statement; statement = statement->next) {
        bool action_in = false, resource_in = false;
        for (const Doc *at = doc_first(doc_get(statement, "Action")); at; at = at->next) action_in |= str_is(doc_str(at, STR("")), action);
        for (const Doc *at = doc_first(doc_get(statement, "Resource")); at; at = at->next) resource_in |= str_is(doc_str(at, STR("")), resource);
        if (action_in && resource_in) return true;
    }
    return false;
}

static void roles_get_what_their_stages_need_and_no_more(void **state) {
    AUTO_ARENA arena = arena_new();
    Application application = application_of(arena);
    const Doc *instance = plan_policy(arena, &application, PLACE, ROLE_INSTANCE), *pipeline = plan_policy(arena, &application, PLACE, ROLE_PIPELINE);
    assert_true(allows(instance, "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:123456789012:table/Users"));
    assert_true(allows(instance, "s3:GetObject", "arn:aws:s3:::shop-artifacts-123456789012/*"));
    assert_true(allows(instance, "sqs:SendMessage", "*"));
    assert_false(allows(instance, "s3:PutObject", "arn:aws:s3:::shop-artifacts-123456789012/*"));
    assert_true(allows(pipeline, "codebuild:StartBuild", "arn:aws:codebuild:us-east-1:123456789012:project/shop-IntegrationTest"));
    assert_false(allows(pipeline, "codebuild:StartBuild", "*"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deployment_takes_what_was_built_and_a_test_the_source),
        cmocka_unit_test(what_is_there_already_is_updated_or_left),
        cmocka_unit_test(roles_get_what_their_stages_need_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
