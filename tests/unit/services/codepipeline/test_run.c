// How executions move through a pipeline.
#include "formats/json.h"
#include "services/codepipeline/world.h"

#define THREE \
    HEAD("") SOURCE ", " STAGE("Build", BUILD_ACTION("Unit", "1", ", 'outputArtifacts': [{'name': 'Built'}]")) ", " STAGE("Deploy", DEPLOY) TAIL
#define GROUPS HEAD("") SOURCE ", " STAGE("Build", BUILD_ACTION("A", "1", "") ", " BUILD_ACTION("B", "1", "") ", " BUILD_ACTION("C", "2", "")) TAIL
#define TWO(more) HEAD(more) SOURCE ", " STAGE("Build", BUILD_ACTION("Unit", "1", "")) TAIL
#define ASKED HEAD("") SOURCE ", " STAGE("Gate", APPROVAL) TAIL

static Str input_text(World *world, const char *operation, const char *member) { return doc_text(world_asked(world, operation)->input, member); }

// ---- The way through ----

static void an_execution_goes_from_source_to_deployment(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, THREE);
    world_execute(world, "one");
    assert_history(world, "pipeline one STARTED\nstage Source STARTED\naction Source/Code STARTED\n");
    deliver_source(world, "c0ffee");
    assert_history(world, "action Source/Code SUCCEEDED\nstage Source SUCCEEDED\nstage Build STARTED\naction Build/Unit STARTED\n");
    world_start_build(world, "p:1");
    end_build(world, "p:1", SUCCEEDED);
    assert_history(world, "action Build/Unit SUCCEEDED\nstage Build SUCCEEDED\nstage Deploy STARTED\naction Deploy/Ship STARTED\n");
    world_answer(world, "CreateDeployment", "{'deploymentId': 'd-1'}");
    world_send_json(world, "ended", "{'external': 'codedeploy/d-1'}");
    world_answer(world, "GetDeployment", "{'deploymentInfo': {'status': 'Succeeded'}}");
    assert_history(world, "action Deploy/Ship SUCCEEDED\nstage Deploy SUCCEEDED\npipeline one SUCCEEDED\n");
    assert_status(world, 1, "Succeeded");
    assert_int_equal(doc_count(doc_get(world->state, "executions")), 0);
    assert_int_equal(doc_count(world->timers), 0);
    assert_int_equal(world->pending_count, 0);
}

static void artifacts_feed_the_next_action(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, THREE);
    world_execute(world, "one");
    deliver_source(world, "c0ffee");
    const Doc *input = world_asked(world, "StartBuild")->input, *artifact = doc_get(input, "artifactsOverride");
    assert_true(str_starts(doc_text(input, "sourceLocationOverride"), STR("store/app/SourceArti/")));
    assert_true(str_is(doc_text(input, "sourceVersion"), "c0ffee"));
    assert_true(str_is(doc_text(artifact, "path"), "app/Built"));
    Str name = str_copy(arena, doc_text(artifact, "name"));
    assert_int_equal(name.len, 7);
    world_start_build(world, "p:1");
    end_build(world, "p:1", SUCCEEDED);
    const Doc *location = doc_get(doc_get(world_asked(world, "CreateDeployment")->input, "revision"), "s3Location");
    assert_true(str_eq(doc_text(location, "key"), str_cat(arena, STR("app/Built/"), name)));
}

static void calls_are_made_as_the_role_of_the_pipeline(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, THREE);
    world_execute(world, "one");
    Principal principal = world_asked(world, "GetBranch")->principal;
    assert_true(str_is(principal.role_arn, "arn:aws:iam::111122223333:role/pipeline"));
    assert_true(str_is(principal.assumed_by, "codepipeline.amazonaws.com"));
}

static void actions_of_one_order_run_together_and_the_next_order_waits(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, GROUPS);
    world_execute(world, "one");
    deliver_source(world, "c");
    world->history[0] = 0;
    world_start_build(world, "p:a");
    world_start_build(world, "p:b");
    assert_null(world_asked(world, "StartBuild"));
    end_build(world, "p:b", SUCCEEDED);
    assert_null(world_asked(world, "StartBuild"));
    end_build(world, "p:a", SUCCEEDED);
    assert_true(str_is(input_text(world, "StartBuild", "projectName"), "p-C"));
}

static void a_failed_action_waits_for_its_neighbours_and_fails_the_stage(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, GROUPS);
    world_execute(world, "one");
    deliver_source(world, "c");
    world_start_build(world, "p:a");
    world_start_build(world, "p:b");
    world->history[0] = 0;
    end_build(world, "p:a", FAILED);
    assert_history(world, "action Build/A FAILED\n");
    end_build(world, "p:b", SUCCEEDED);
    assert_history(world, "action Build/B SUCCEEDED\nstage Build FAILED\npipeline one FAILED\n");
    const Doc *result = doc_get(doc_get(action_doc_of(world, 1, 2), "output"), "executionResult");
    assert_true(str_is(doc_text(doc_get(result, "errorDetails"), "code"), "JobFailed"));
    assert_true(str_is(doc_text(result, "externalExecutionSummary"),
                       "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, Message: "
                       "Error while executing command: make. Reason: exit status 2"));
}

static void a_denied_call_fails_the_action_with_what_was_denied(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    world_execute(world, "one");
    world_refuse(world, "GetBranch", "AccessDeniedException", "User: x is not authorized to perform: codecommit:GetBranch");
    assert_status(world, 1, "Failed");
    const Doc *result = doc_get(doc_get(action_doc_of(world, 1, 1), "output"), "executionResult");
    assert_true(str_is(doc_text(doc_get(result, "errorDetails"), "code"), "PermissionError"));
    assert_true(str_ends(doc_text(result, "externalExecutionSummary"), STR("is not authorized to perform: codecommit:GetBranch")));
}

static void an_archive_that_the_role_may_not_upload_is_not_made(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    world_execute(world, "one");
    world_answer(world, "GetBranch", "{'branch': {'commitId': 'c'}}");
    world_answer(world, "GetCommit", "{'commit': {'commitId': 'c'}}");
    world_refuse(world, "codecommit:UploadArchive", "AccessDenied", "no");
    assert_null(world_asked(world, "git.archive"));
    assert_status(world, 1, "Failed");
}

// ---- Variables ----

#define SHOWN(text)                                                                                                                                 \
    HEAD("")                                                                                                                                        \
    SOURCE ", " STAGE("Build", BUILD_ACTION("Unit", "1", ", 'namespace': 'B'")) ", " STAGE(                                                         \
        "Gate", "{'name': 'Ask', 'actionTypeId': {'category': 'Approval', 'owner': 'AWS', 'provider': 'Manual', 'version': '1'}, 'configuration': " \
                "{'CustomData': '" text "'}}") TAIL

static void variables_of_earlier_actions_are_filled_in(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, SHOWN("#{Src.BranchName}@#{Src.CommitId} #{B.TAG} #{codepipeline.PipelineExecutionId}"));
    world_execute(world, "one");
    deliver_source(world, "c0ffee");
    world_start_build(world, "p:1");
    end_build(world, "p:1", SUCCEEDED);
    const Doc *resolved = doc_get(doc_get(action_doc_of(world, 1, 3), "input"), "resolvedConfiguration");
    assert_true(str_is(doc_text(resolved, "CustomData"), "main@c0ffee v7 one"));
}

static void a_variable_that_was_not_made_fails_the_action(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, SHOWN("#{B.NONE}"));
    world_execute(world, "one");
    deliver_source(world, "c0ffee");
    world_start_build(world, "p:1");
    end_build(world, "p:1", SUCCEEDED);
    assert_status(world, 1, "Failed");
}

#define WITH_VARIABLES TWO("'pipelineType': 'V2', 'variables': [{'name': 'b'}, {'name': 'a', 'defaultValue': 'x'}, {'name': 'c'}],")

static void an_execution_without_values_for_its_variables_fails_at_once(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, WITH_VARIABLES);
    world_execute(world, "one");
    assert_history(world, "pipeline one STARTED\npipeline one FAILED\n");
    const Doc *record = execution_doc(world, 1);
    assert_true(str_is(doc_text(record, "statusSummary"), "Values for required variables haven't been provided: b,c"));
    assert_null(doc_get(record, "variables"));
}

static void given_values_come_before_defaults(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, WITH_VARIABLES);
    world_send_json(world, "execute",
                    "{'id': 'one', 'trigger': {'triggerType': 'StartPipelineExecution'}, 'variables': [{'name': 'b', 'value': '1'}, {'name': 'c', "
                    "'value': '2'}, {'name': 'unknown', 'value': '3'}]}");
    assert_true(
        str_is(json_write(arena, doc_get(execution_doc(world, 1), "variables")),
               "[{\"name\":\"b\",\"resolvedValue\":\"1\"},{\"name\":\"a\",\"resolvedValue\":\"x\"},{\"name\":\"c\",\"resolvedValue\":\"2\"}]"));
}

// ---- Modes ----

static void a_newer_execution_supersedes_the_one_that_waits(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    for (int i = 1; i <= 3; i++) {
        world_execute(world, str_format(arena, "%d", i).at);
        if (i == 1) deliver_source(world, "a");
        if (i == 1) world_start_build(world, "p:1");
        if (i == 2) deliver_source(world, "b"); // waits before Build
    }
    assert_status(world, 2, "InProgress");
    deliver_source(world, "c");
    assert_status(world, 2, "Superseded");
    assert_status(world, 3, "InProgress");
    end_build(world, "p:1", SUCCEEDED);
    assert_status(world, 1, "Succeeded");
    assert_true(str_is(input_text(world, "StartBuild", "sourceVersion"), "c"));
}

static void a_queued_pipeline_leaves_none_out(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(V2("QUEUED")));
    world_execute(world, "one");
    world_execute(world, "two");
    world_execute(world, "three");
    deliver_source(world, "a");
    deliver_source(world, "b");
    world_start_build(world, "p:1");
    deliver_source(world, "c");
    end_build(world, "p:1", SUCCEEDED);
    assert_true(str_is(input_text(world, "StartBuild", "sourceVersion"), "b"));
    world_start_build(world, "p:2");
    end_build(world, "p:2", FAILED); // gives the stage back
    assert_status(world, 2, "Failed");
    assert_true(str_is(input_text(world, "StartBuild", "sourceVersion"), "c"));
}

static void parallel_executions_do_not_wait(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(V2("PARALLEL")));
    world_execute(world, "one");
    world_execute(world, "two");
    deliver_source(world, "a");
    deliver_source(world, "b");
    world_start_build(world, "p:1");
    world_start_build(world, "p:2");
    end_build(world, "p:2", SUCCEEDED);
    assert_status(world, 1, "InProgress");
    assert_status(world, 2, "Succeeded");
}

// ---- Transitions ----

static void a_disabled_transition_holds_the_newest(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    world_send_json(world, "transition", "{'stage': 'Build', 'type': 'Inbound', 'enabled': false, 'reason': 'freeze', 'by': 'me'}");
    world_execute(world, "one");
    deliver_source(world, "a");
    world_execute(world, "two");
    deliver_source(world, "b");
    assert_null(world_asked(world, "StartBuild"));
    assert_status(world, 1, "Superseded");
    world_send_json(world, "transition", "{'stage': 'Build', 'type': 'Inbound', 'enabled': true, 'by': 'me'}");
    assert_true(str_is(input_text(world, "StartBuild", "sourceVersion"), "b"));
}

// ---- Approvals ----

static Str action_execution(World *world) {
    return doc_text(doc_first(doc_get(doc_first(doc_get(world->state, "executions")), "actions")), "actionExecutionId");
}

static void approve(World *world, const char *status, const char *summary) {
    Doc *data = doc_map(world->arena);
    doc_set_str(world->arena, data, "actionExecutionId", action_execution(world));
    doc_set_str(world->arena, data, "status", str_of(status));
    doc_set_str(world->arena, data, "summary", str_of(summary));
    doc_set_str(world->arena, data, "by", STR("arn:aws:iam::111122223333:user/eve"));
    world_send(world, STR("approve"), data);
}

static World *before_the_gate(Arena *arena) {
    World *world = world_of(arena, ASKED);
    world_execute(world, "one");
    deliver_source(world, "a");
    return world;
}

static void an_approval_lets_the_execution_pass(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = before_the_gate(arena);
    assert_status(world, 1, "InProgress");
    approve(world, "Approved", "fine");
    assert_status(world, 1, "Succeeded");
}

static void a_rejection_fails_it(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = before_the_gate(arena);
    approve(world, "Rejected", "");
    assert_status(world, 1, "Failed");
    const Doc *result = doc_get(doc_get(action_doc_of(world, 1, 2), "output"), "executionResult");
    assert_true(str_is(doc_text(result, "externalExecutionSummary"), "Rejected by arn:aws:iam::111122223333:user/eve"));
    assert_null(doc_get(result, "errorDetails"));
}

static const Doc *latest_of_action(World *world, const char *stage, const char *action) {
    return doc_get(doc_get(doc_get(doc_get(world->state, "stages"), stage), "actions"), action);
}

static void an_approval_that_is_abandoned_says_so(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = before_the_gate(arena);
    world_send_json(world, "stop", "{'id': 'one', 'abandon': true}");
    const Doc *latest = latest_of_action(world, "Gate", "Ask");
    assert_true(str_is(doc_text(latest, "status"), "Abandoned"));
    assert_true(str_is(doc_text(latest, "summary"), "The approval action has been canceled."));
    assert_null(doc_get(latest, "lastStatusChange"));
    assert_null(doc_get(doc_get(action_doc_of(world, 1, 2), "output"), "executionResult"));
}

static void seven_days_without_an_answer_fail_it(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = before_the_gate(arena);
    const Doc *timer = doc_first(world->timers);
    assert_int_equal(doc_int(timer, 0) - world->now_ms, 7L * 24 * 3600 * 1000);
    Doc *data = doc_map(arena);
    doc_set_str(arena, data, "name", timer->key);
    world_send(world, STR("timer"), data);
    assert_status(world, 1, "Failed");
    approve(world, "Approved", "too late");
    assert_status(world, 1, "Failed");
}

// ---- Stopping ----

static void stop_and_wait_lets_the_action_end(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, THREE);
    world_execute(world, "one");
    deliver_source(world, "a");
    world_start_build(world, "p:1");
    world->history[0] = 0;
    world_send_json(world, "stop", "{'id': 'one', 'abandon': false, 'reason': 'wrong'}");
    assert_history(world, "pipeline one STOPPING\nstage Build STOPPING\n");
    end_build(world, "p:1", SUCCEEDED);
    assert_history(world, "action Build/Unit SUCCEEDED\nstage Build STOPPED\npipeline one STOPPED\n");
    assert_true(str_is(doc_text(execution_doc(world, 1), "statusSummary"), "wrong"));
}

static void stop_and_abandon_hears_nothing_more(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, THREE);
    world_execute(world, "one");
    deliver_source(world, "a");
    world_start_build(world, "p:1");
    world->history[0] = 0;
    world_send_json(world, "stop", "{'id': 'one', 'abandon': true}");
    assert_history(world, "pipeline one STOPPING\nstage Build STOPPING\naction Build/Unit ABANDONED\nstage Build STOPPED\npipeline one STOPPED\n");
    world_send_json(world, "ended", "{'external': 'codebuild/p:1'}");
    assert_history(world, "");
    assert_int_equal(world->pending_count, 0);
}

static void an_execution_that_waits_stops_at_once(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    world_execute(world, "one");
    world_execute(world, "two");
    world_send_json(world, "stop", "{'id': 'two'}");
    assert_status(world, 2, "Stopped");
}

// ---- Retrying, rolling back ----

static void retry(World *world, int64_t sequence, const char *mode) {
    Doc *data = doc_map(world->arena);
    doc_set(data, "execution", doc_copy(world->arena, execution_doc(world, sequence)));
    doc_set(data, "structure", doc_copy(world->arena, doc_first(doc_get(world->state, "structures"))));
    doc_set_str(world->arena, data, "mode", str_of(mode));
    world_send(world, STR("retry"), data);
}

static World *with_a_failed_action(Arena *arena) {
    World *world = world_of(arena, GROUPS);
    world_execute(world, "one");
    deliver_source(world, "c");
    world_start_build(world, "p:a");
    world_start_build(world, "p:b");
    end_build(world, "p:a", SUCCEEDED);
    end_build(world, "p:b", FAILED);
    world->history[0] = 0;
    return world;
}

static void a_retry_of_failed_actions_keeps_what_succeeded(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = with_a_failed_action(arena);
    retry(world, 1, "FAILED_ACTIONS");
    assert_history(world, "pipeline one RESUMED\nstage Build RESUMED\naction Build/B STARTED\n");
    world_start_build(world, "p:b2");
    end_build(world, "p:b2", SUCCEEDED);
    world_start_build(world, "p:c");
    end_build(world, "p:c", SUCCEEDED);
    assert_status(world, 1, "Succeeded");
}

static void a_retry_of_all_actions_begins_the_stage_again(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = with_a_failed_action(arena);
    retry(world, 1, "ALL_ACTIONS");
    assert_history(world, "pipeline one RESUMED\nstage Build RESUMED\naction Build/A STARTED\naction Build/B STARTED\n");
}

static void a_rollback_runs_one_stage_with_what_the_target_had(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(V2("SUPERSEDED")));
    world_execute(world, "one");
    deliver_source(world, "good");
    world_start_build(world, "p:1");
    end_build(world, "p:1", SUCCEEDED);
    Doc *data = world_json(arena, "{'id': 'back', 'stage': 1, 'version': 1, 'trigger': {'triggerType': 'ManualRollback'}}");
    doc_set(data, "target", doc_copy(arena, execution_doc(world, 1)));
    doc_set(data, "structure", doc_copy(arena, doc_first(doc_get(world->state, "structures"))));
    world_send(world, STR("rollback"), data);
    assert_true(str_is(input_text(world, "StartBuild", "sourceVersion"), "good"));
    world_start_build(world, "p:2");
    end_build(world, "p:2", SUCCEEDED);
    assert_status(world, 2, "Succeeded");
    assert_true(str_is(doc_text(execution_doc(world, 2), "executionType"), "ROLLBACK"));
}

// ---- A new structure ----

static void an_execution_goes_on_with_the_structure_it_began_with(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    world_execute(world, "one");
    deliver_source(world, "a");
    world_start_build(world, "p:1");
    world_update(world, "update", HEAD("") SOURCE ", " STAGE("Build", BUILD_ACTION("Unit", "1", "")) ", " STAGE("Gate", APPROVAL) TAIL, 2);
    end_build(world, "p:1", SUCCEEDED);
    assert_status(world, 1, "Succeeded");
    assert_int_equal(doc_number(execution_doc(world, 1), "pipelineVersion", 0), 1);
    assert_int_equal(doc_count(doc_get(world->state, "structures")), 1);
}

static void an_execution_whose_stage_is_edited_is_cancelled(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    world_execute(world, "one");
    deliver_source(world, "a");
    world_start_build(world, "p:1");
    world_update(world, "update", HEAD("") SOURCE ", " STAGE("Build", BUILD_ACTION("Other", "1", "")) TAIL, 2);
    assert_status(world, 1, "Cancelled");
    assert_true(str_is(doc_text(latest_of_stage(world, "Build"), "status"), "Cancelled"));
}

// ---- Replies that come twice, late, or to nobody ----

static void late_and_double_answers_change_nothing(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    world_execute(world, "one");
    Command branch = *world_asked(world, "GetBranch");
    deliver_source(world, "a");
    world_start_build(world, "p:1");
    Str before = json_write(arena, world->state);
    Doc *data = world_json(arena, "{'ok': true, 'output': {'branch': {'commitId': 'z'}}}");
    doc_set_str(arena, data, "tag", branch.tag);
    world_send(world, STR("reply"), data);
    world_send_json(world, "ended", "{'external': 'codebuild/p:77'}");
    world_send_json(world, "reply", "{'tag': 'nobody/branch', 'ok': false}");
    world_send_json(world, "timer", "{'name': 'nobody/time-out'}");
    world_send_json(world, "approve", "{'actionExecutionId': 'nobody'}");
    world_send_json(world, "unheard-of", "{}");
    assert_true(str_eq(before, json_write(arena, world->state)));
    assert_int_equal(world->pending_count, 0);
}

static void the_end_of_a_build_counts_once(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, TWO(""));
    world_execute(world, "one");
    deliver_source(world, "a");
    world_start_build(world, "p:1");
    world_send_json(world, "ended", "{'external': 'codebuild/p:1'}");
    world_send_json(world, "ended", "{'external': 'codebuild/p:1'}");
    world_answer(world, "BatchGetBuilds", SUCCEEDED);
    world->history[0] = 0;
    world_answer(world, "BatchGetBuilds", FAILED);
    assert_history(world, "");
    assert_status(world, 1, "Succeeded");
}

static void the_same_step_makes_the_same_ids(void **state) {
    AUTO_ARENA arena = arena_new();
    World *a = world_of(arena, TWO("")), *b = world_of(arena, TWO(""));
    world_execute(a, "one");
    world_execute(b, "one");
    assert_true(str_eq(json_write(arena, a->state), json_write(arena, b->state)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_execution_goes_from_source_to_deployment),
        cmocka_unit_test(artifacts_feed_the_next_action),
        cmocka_unit_test(calls_are_made_as_the_role_of_the_pipeline),
        cmocka_unit_test(actions_of_one_order_run_together_and_the_next_order_waits),
        cmocka_unit_test(a_failed_action_waits_for_its_neighbours_and_fails_the_stage),
        cmocka_unit_test(a_denied_call_fails_the_action_with_what_was_denied),
        cmocka_unit_test(an_archive_that_the_role_may_not_upload_is_not_made),
        cmocka_unit_test(variables_of_earlier_actions_are_filled_in),
        cmocka_unit_test(a_variable_that_was_not_made_fails_the_action),
        cmocka_unit_test(an_execution_without_values_for_its_variables_fails_at_once),
        cmocka_unit_test(given_values_come_before_defaults),
        cmocka_unit_test(a_newer_execution_supersedes_the_one_that_waits),
        cmocka_unit_test(a_queued_pipeline_leaves_none_out),
        cmocka_unit_test(parallel_executions_do_not_wait),
        cmocka_unit_test(a_disabled_transition_holds_the_newest),
        cmocka_unit_test(an_approval_lets_the_execution_pass),
        cmocka_unit_test(a_rejection_fails_it),
        cmocka_unit_test(an_approval_that_is_abandoned_says_so),
        cmocka_unit_test(seven_days_without_an_answer_fail_it),
        cmocka_unit_test(stop_and_wait_lets_the_action_end),
        cmocka_unit_test(stop_and_abandon_hears_nothing_more),
        cmocka_unit_test(an_execution_that_waits_stops_at_once),
        cmocka_unit_test(a_retry_of_failed_actions_keeps_what_succeeded),
        cmocka_unit_test(a_retry_of_all_actions_begins_the_stage_again),
        cmocka_unit_test(a_rollback_runs_one_stage_with_what_the_target_had),
        cmocka_unit_test(an_execution_goes_on_with_the_structure_it_began_with),
        cmocka_unit_test(an_execution_whose_stage_is_edited_is_cancelled),
        cmocka_unit_test(late_and_double_answers_change_nothing),
        cmocka_unit_test(the_end_of_a_build_counts_once),
        cmocka_unit_test(the_same_step_makes_the_same_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
