// What CreatePipeline takes and refuses, and in which words.
#include "services/codepipeline/world.h"

static void refused(const char *declaration, const char *code, const char *part) {
    AUTO_ARENA arena = arena_new();
    Error e = {0};
    if (structure_check(arena, (Partition){STR("111122223333"), STR("us-east-1")}, world_json(arena, declaration), &e))
        fail_msg("taken: %s", declaration);
    assert_string_equal(e.code, code);
    if (!strstr(e.message, part)) fail_msg("\"%s\" does not hold \"%s\"", e.message, part);
}

static void taken(const char *declaration) {
    AUTO_ARENA arena = arena_new();
    Error e = {0};
    if (!structure_check(arena, (Partition){STR("111122223333"), STR("us-east-1")}, world_json(arena, declaration), &e))
        fail_msg("%s: %s", e.code, e.message);
}

#define BUILD STAGE("Build", BUILD_ACTION("Unit", "1", ""))
#define ACTION(category, provider, rest) \
    "{'name': 'X', 'actionTypeId': {'category': '" category "', 'owner': 'AWS', 'provider': '" provider "', 'version': '1'}" rest "}"
#define WITH(stage) HEAD("") SOURCE ", " stage TAIL

static void a_source_and_a_build_are_enough(void **state) { taken(WITH(BUILD)); }

static void one_stage_is_too_few(void **state) {
    refused(HEAD("") SOURCE TAIL, "InvalidStructureException", "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline");
}

static void the_first_stage_holds_sources_only(void **state) {
    refused(HEAD("") BUILD ", " SOURCE TAIL, "InvalidStructureException", "Pipeline should start with a stage that only contains source actions");
}

static void sources_stand_in_the_first_stage_only(void **state) {
    refused(HEAD("") SOURCE ", " STAGE("More", ACTION("Source", "S3", "")) TAIL, "InvalidStructureException",
            "Source actions can only be included in the first stage of the pipeline");
}

static void stage_names_are_unique(void **state) {
    refused(HEAD("") SOURCE ", " BUILD ", " BUILD TAIL, "InvalidStageDeclarationException", "Stage name 'Build' is used more than once");
}

static void action_names_are_unique_in_a_stage(void **state) {
    refused(WITH(STAGE("Build", BUILD_ACTION("Unit", "1", "") ", " BUILD_ACTION("Unit", "2", ""))), "InvalidActionDeclarationException",
            "Action name 'Unit' is used more than once");
}

static void an_unknown_provider_is_named(void **state) {
    refused(WITH(STAGE("Deploy", ACTION("Deploy", "ECS", ""))), "InvalidActionDeclarationException",
            "ActionType (Category: 'Deploy', Provider: 'ECS', Owner: 'AWS', Version: '1') in action 'X' is not available in region 'US_EAST_1'");
}

static void missing_and_unknown_configuration_is_named(void **state) {
    refused(WITH(STAGE("Build", ACTION("Build", "CodeBuild", ", 'inputArtifacts': [{'name': 'SourceArtifact'}]"))),
            "InvalidActionDeclarationException", "Action configuration for action 'X' is missing required configuration 'ProjectName'");
    refused(WITH(STAGE("Build", ACTION("Build", "CodeBuild", ", 'configuration': {'Project': 'p'}"))), "InvalidActionDeclarationException",
            "Action configuration for action 'X' contains unknown configuration 'Project'");
}

static void artifacts_are_counted(void **state) {
    refused(WITH(STAGE("Build", ACTION("Build", "CodeBuild", ", 'configuration': {'ProjectName': 'p'}"))), "InvalidActionDeclarationException",
            "Action X declares 0 input artifacts which is less than the minimum count (1)");
    refused(WITH(STAGE("Ask", ACTION("Approval", "Manual", ", 'outputArtifacts': [{'name': 'o'}]"))), "InvalidActionDeclarationException",
            "Action X declares 1 output artifacts which is more than the maximum count (0)");
}

static void an_input_comes_from_an_earlier_action(void **state) {
    const char *words = "Input Artifact Bundle Late in action Unit is not declared as Output Artifact Bundle in any of the preceding actions";
    refused(
        WITH(STAGE(
            "Build",
            "{'name': 'Unit', 'actionTypeId': {'category': 'Build', 'owner': 'AWS', 'provider': 'CodeBuild', 'version': '1'}, 'configuration': "
            "{'ProjectName': 'p'}, 'inputArtifacts': [{'name': 'Late'}]}, " BUILD_ACTION("Next", "2", ", 'outputArtifacts': [{'name': 'Late'}]"))),
        "InvalidActionDeclarationException", words);
    // A cycle: each wants what the other makes.
    refused(
        WITH(STAGE(
            "Build",
            "{'name': 'Unit', 'actionTypeId': {'category': 'Build', 'owner': 'AWS', 'provider': 'CodeBuild', 'version': '1'}, 'configuration': "
            "{'ProjectName': 'p'}, 'inputArtifacts': [{'name': 'Late'}], 'outputArtifacts': [{'name': 'Early'}]}, {'name': 'Other', 'actionTypeId': "
            "{'category': 'Build', 'owner': 'AWS', 'provider': 'CodeBuild', 'version': '1'}, 'configuration': {'ProjectName': 'p'}, "
            "'inputArtifacts': [{'name': 'Early'}], 'outputArtifacts': [{'name': 'Late'}]}")),
        "InvalidActionDeclarationException", words);
}

static void an_output_is_made_once(void **state) {
    refused(WITH(STAGE("Build", BUILD_ACTION("Unit", "1", ", 'outputArtifacts': [{'name': 'SourceArtifact'}]"))), "InvalidStructureException",
            "Output Artifact Bundle name must be unique within the pipeline. SourceArtifact has been used more than once.");
}

static void several_inputs_need_a_primary_source(void **state) {
    refused(WITH(STAGE("Build", BUILD_ACTION("Unit", "1", ", 'outputArtifacts': [{'name': 'Two'}]")) ", " STAGE(
                "Next", ACTION("Build", "CodeBuild",
                               ", 'configuration': {'ProjectName': 'p'}, 'inputArtifacts': [{'name': 'SourceArtifact'}, {'name': 'Two'}]"))),
            "InvalidActionDeclarationException", "PrimarySource");
}

static void the_mode_of_a_v1_pipeline_is_superseded(void **state) {
    refused(HEAD("'executionMode': 'QUEUED',") SOURCE ", " BUILD TAIL, "InvalidStructureException",
            "QUEUED or PARALLEL mode can only be used with V2 pipelines");
    taken(HEAD(V2("QUEUED")) SOURCE ", " BUILD TAIL);
}

static void variables_are_of_v2_and_unique(void **state) {
    refused(HEAD("'variables': [{'name': 'a'}],") SOURCE ", " BUILD TAIL, "InvalidStructureException",
            "Pipeline variable can only be used with V2 pipelines");
    refused(HEAD("'pipelineType': 'V2', 'variables': [{'name': 'a'}, {'name': 'a'}],") SOURCE ", " BUILD TAIL, "InvalidStructureException",
            "Variable names must be unique. The following variable name is already in use: a");
}

static void references_are_resolved_backward(void **state) {
#define WITH_A "'pipelineType': 'V2', 'variables': [{'name': 'a', 'defaultValue': 'x'}],"
#define ASK(text) STAGE("Ask", ACTION("Approval", "Manual", ", 'configuration': {'CustomData': '" text "'}"))
    taken(WITH(ASK("#{Src.CommitId} #{codepipeline.PipelineExecutionId} # {x} #x")));
    refused(WITH(ASK("#{Later.X}")), "InvalidActionDeclarationException",
            "are referencing a namespace that does not exist.\nStageName=[Ask], ActionName=[X], ActionConfigurationKey=[CustomData], "
            "VariableReferenceText=[Later.X]");
    refused(WITH(ASK("#{plain}")), "InvalidActionDeclarationException", "VariableReferenceText=[plain]");
    refused(WITH(ASK("#{variables.a}")), "InvalidActionDeclarationException", "are referencing a namespace that does not exist.");
    taken(HEAD(WITH_A) SOURCE ", " ASK("#{variables.a}") TAIL);
    refused(HEAD(WITH_A) SOURCE ", " ASK("#{variables.b}") TAIL, "InvalidStructureException",
            "The referenced variables haven't been declared.\nStageName=[Ask], ActionName=[X], ActionConfigurationKey=[CustomData], "
            "VariableReferenceText=[variables.b]");
}

static void sources_do_not_see_the_variables_of_the_pipeline(void **state) {
    refused(HEAD(WITH_A) STAGE("Source", ACTION("Source", "S3",
                                                ", 'configuration': {'S3Bucket': 'in', 'S3ObjectKey': '#{variables.a}'}, 'outputArtifacts': "
                                                "[{'name': 'SourceArtifact'}]")) ", " BUILD TAIL,
            "InvalidStructureException", "Variables at the pipeline level cannot be used in source actions.\nStageName=[Source], ActionName=[X]");
}

static void namespaces_are_unique(void **state) {
    refused(WITH(STAGE("Build", BUILD_ACTION("Unit", "1", ", 'namespace': 'Src'"))), "InvalidActionDeclarationException",
            "Namespaces must be unique across the pipeline definition. The following occur more than once in the pipeline.\n"
            "StageName=[Build], ActionName=[Unit], Namespace=[Src]");
}

static void the_namespace_of_variables_is_free_where_none_are_declared(void **state) {
    taken(WITH(STAGE("Build", BUILD_ACTION("Unit", "1", ", 'namespace': 'variables'"))));
    refused(HEAD(WITH_A) SOURCE ", " STAGE("Build", BUILD_ACTION("Unit", "1", ", 'namespace': 'variables'")) TAIL,
            "InvalidActionDeclarationException", "The namespace 'variables' of action 'Unit' is reserved.");
}

static void what_is_not_built_is_refused_by_name(void **state) {
    refused(HEAD("'pipelineType': 'V2',") SOURCE
            ", {'name': 'Build', 'onFailure': {'result': 'ROLLBACK'}, 'actions': [" BUILD_ACTION("Unit", "1", "") "]}" TAIL,
            "InvalidStageDeclarationException", "onFailure");
    refused(HEAD("'pipelineType': 'V2', 'triggers': [{'providerType': 'CodeStarSourceConnection'}],") SOURCE ", " BUILD TAIL,
            "InvalidStructureException", "triggers");
    refused(WITH(STAGE("Ask", ACTION("Approval", "Manual", ", 'configuration': {'NotificationArn': 'arn:aws:sns:us-east-1:1:t'}"))),
            "InvalidActionDeclarationException", "NotificationArn: notifications by Amazon SNS");
    refused(WITH(STAGE("Build", BUILD_ACTION("Unit", "1", ", 'region': 'eu-west-1'"))), "ValidationException",
            "Your pipeline contains actions in more than one region.");
    refused(WITH(STAGE("Build", BUILD_ACTION("Unit", "1", ", 'roleArn': 'arn:aws:iam::999999999999:role/x'"))), "InvalidActionDeclarationException",
            "another account");
    taken(WITH(STAGE("Build", BUILD_ACTION("Unit", "1", ", 'roleArn': 'arn:aws:iam::111122223333:role/x'"))));
}

static void a_store_is_needed_in_the_region(void **state) {
    refused("{'name': 'app', 'artifactStores': {'eu-west-1': {'type': 'S3', 'location': 's'}}, 'stages': [" SOURCE ", " BUILD "]}",
            "ValidationException", "The following region is missing in 'pipeline.artifactStores': us-east-1.");
}

static void defaults_are_filled_in(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *filled = structure_fill(arena, world_json(arena, WITH(BUILD)), 3);
    assert_int_equal(doc_number(filled, "version", 0), 3);
    assert_true(str_is(doc_text(filled, "pipelineType"), "V1"));
    assert_true(str_is(doc_text(filled, "executionMode"), "SUPERSEDED"));
    const Doc *action = doc_first(doc_get(doc_first(doc_get(filled, "stages")), "actions"));
    assert_int_equal(doc_number(action, "runOrder", 0), 1);
    assert_true(doc_is(doc_get(action, "inputArtifacts"), DOC_LIST));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_and_a_build_are_enough),
        cmocka_unit_test(one_stage_is_too_few),
        cmocka_unit_test(the_first_stage_holds_sources_only),
        cmocka_unit_test(sources_stand_in_the_first_stage_only),
        cmocka_unit_test(stage_names_are_unique),
        cmocka_unit_test(action_names_are_unique_in_a_stage),
        cmocka_unit_test(an_unknown_provider_is_named),
        cmocka_unit_test(missing_and_unknown_configuration_is_named),
        cmocka_unit_test(artifacts_are_counted),
        cmocka_unit_test(an_input_comes_from_an_earlier_action),
        cmocka_unit_test(an_output_is_made_once),
        cmocka_unit_test(several_inputs_need_a_primary_source),
        cmocka_unit_test(the_mode_of_a_v1_pipeline_is_superseded),
        cmocka_unit_test(variables_are_of_v2_and_unique),
        cmocka_unit_test(references_are_resolved_backward),
        cmocka_unit_test(sources_do_not_see_the_variables_of_the_pipeline),
        cmocka_unit_test(namespaces_are_unique),
        cmocka_unit_test(the_namespace_of_variables_is_free_where_none_are_declared),
        cmocka_unit_test(what_is_not_built_is_refused_by_name),
        cmocka_unit_test(a_store_is_needed_in_the_region),
        cmocka_unit_test(defaults_are_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
