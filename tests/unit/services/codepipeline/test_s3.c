// Sources and deployments in S3: versions, polling, files one by one.
#include "services/codepipeline/world.h"

#define S3_SOURCE(more)                                                                                                                           \
    "{'name': 'Source', 'actions': [{'name': 'Fetch', 'actionTypeId': {'category': 'Source', 'owner': 'AWS', 'provider': 'S3', 'version': '1'}, " \
    "'configuration': {'S3Bucket': 'in', 'S3ObjectKey': 'a b.zip'" more "}, 'outputArtifacts': [{'name': 'App'}], 'namespace': 'Src'}]}"
#define S3_DEPLOY(extract)                                                                                                                         \
    STAGE("Deploy", "{'name': 'Copy', 'actionTypeId': {'category': 'Deploy', 'owner': 'AWS', 'provider': 'S3', 'version': '1'}, 'configuration': " \
                    "{'BucketName': 'site', 'Extract': '" extract "', 'ObjectKey': 'v1'}, 'inputArtifacts': [{'name': 'App'}]}")
#define POLLED HEAD("") S3_SOURCE("") ", " S3_DEPLOY("false") TAIL
#define UNPACKED HEAD("") S3_SOURCE(", 'PollForSourceChanges': 'false'") ", " S3_DEPLOY("true") TAIL

#define HEAD_OF(version) "{'VersionId': '" version "', 'ETag': '\\\"e\\\"', 'LastModified': 1600000000}"

static void fetch(World *world, const char *head) {
    world_answer(world, "HeadObject", head);
    world_answer(world, "CopyObject", "{'VersionId': 'copy', 'CopyObjectResult': {'ETag': 'e'}}");
}

static void tick(World *world) {
    world->now_ms += 60000;
    world_send_json(world, "timer", "{'name': 'poll'}");
}

static void the_version_that_is_there_is_copied(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, UNPACKED);
    world_execute(world, "one");
    world_answer(world, "HeadObject", HEAD_OF("v1"));
    const Doc *input = world_asked(world, "CopyObject")->input;
    assert_true(str_is(doc_text(input, "CopySource"), "in/a%20b.zip?versionId=v1"));
    assert_true(str_is(doc_text(input, "Bucket"), "store"));
}

static void an_unversioned_bucket_is_refused(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, UNPACKED);
    world_execute(world, "one");
    world_answer(world, "HeadObject", "{'ETag': 'e'}");
    assert_status(world, 1, "Failed");
}

static void a_new_version_begins_an_execution_once(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, POLLED);
    assert_int_equal(doc_count(world->executions), 0);
    world_answer(world, "HeadObject", HEAD_OF("v1"));
    assert_true(str_is(doc_text(doc_get(execution_doc(world, 1), "trigger"), "triggerDetail"), "Fetch"));
    fetch(world, HEAD_OF("v1"));
    world_answer(world, "CopyObject", "{}");
    assert_status(world, 1, "Succeeded");
    tick(world);
    world_answer(world, "HeadObject", HEAD_OF("v1"));
    assert_int_equal(doc_count(world->executions), 1);
    tick(world);
    world_answer(world, "HeadObject", HEAD_OF("v2"));
    assert_status(world, 2, "InProgress");
    assert_true(str_is(doc_text(doc_get(execution_doc(world, 2), "trigger"), "triggerType"), "PollForSourceChanges"));
    fetch(world, HEAD_OF("v2"));
    world_answer(world, "CopyObject", "{}");
    tick(world);
    world_answer(world, "HeadObject", HEAD_OF("v2"));
    assert_int_equal(doc_count(world->executions), 2);
}

static void a_poll_that_is_denied_begins_nothing_and_is_told(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, POLLED);
    world_refuse(world, "HeadObject", "AccessDenied", "no");
    assert_int_equal(doc_count(world->executions), 0);
    assert_true(doc_get(world->timers, "poll") != NULL);
    const Doc *unseen = doc_get(doc_get(world->state, "unseen"), "Fetch");
    assert_true(str_is(doc_text(unseen, "code"), "PermissionError"));
    assert_true(str_starts(doc_text(unseen, "message"), STR("Could not access the Amazon S3 object: \"in/a b.zip\".")));
    tick(world);
    world_answer(world, "HeadObject", HEAD_OF("v1"));
    assert_null(doc_get(doc_get(world->state, "unseen"), "Fetch"));
    assert_status(world, 1, "InProgress");
}

static void a_source_that_polls_from_now_on_sees_what_is_there(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = world_of(arena, UNPACKED);
    world_execute(world, "one");
    world_answer(world, "HeadObject", HEAD_OF("v1"));
    world_update(world, "update", POLLED, 2);
    tick(world);
    world_answer(world, "HeadObject", HEAD_OF("v1"));
    assert_int_equal(doc_count(world->executions), 2);
}

static void only_sources_that_poll_set_a_timer(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_int_equal(doc_count(world_of(arena, UNPACKED)->timers), 0);
    World *world = world_of(arena, POLLED);
    assert_int_equal(doc_count(world->timers), 1);
    world_update(world, "update", UNPACKED, 2);
    assert_int_equal(doc_count(world->timers), 0);
}

static World *unpacked(Arena *arena, int count) {
    World *world = world_of(arena, UNPACKED);
    world_execute(world, "one");
    fetch(world, HEAD_OF("v1"));
    world_answer(world, "GetObject", "{}");
    world_answer(world, "bundle.unpack", str_c(arena, str_format(arena, "{'folder': '/data/effects/b', 'count': %d}", count)));
    return world;
}

static void tell_files(World *world, int from, int count) {
    assert_int_equal(doc_number(world_asked(world, "bundle.files")->input, "from", -1), from);
    Str files = STR("");
    for (int i = from; i < from + count; i++) {
        files = str_format(world->arena, "%.*s%s{'path': 'f%d.html', 'size': 3}", STR_ARG(files), i > from ? ", " : "", i);
    }
    world_answer(world, "bundle.files", str_c(world->arena, str_format(world->arena, "{'files': [%.*s]}", STR_ARG(files))));
}

static void files_are_put_a_few_at_a_time(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = unpacked(arena, 70);
    tell_files(world, 0, 64);
    assert_int_equal(world->pending_count, 8);
    const Command *first = world_asked(world, "PutObject");
    assert_true(str_is(doc_text(first->input, "Key"), "v1/f0.html"));
    assert_true(str_is(doc_text(first->input, "ContentType"), "text/html"));
    assert_true(str_is(first->body.path, "/data/effects/b/files/f0.html"));
    for (int i = 0; i < 64; i++) world_answer(world, "PutObject", "{}");
    tell_files(world, 64, 6);
    for (int i = 0; i < 6; i++) world_answer(world, "PutObject", "{}");
    assert_status(world, 1, "Succeeded");
    assert_int_equal(world->pending_count, 0);
}

static void an_artifact_without_files_is_deployed_at_once(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_status(unpacked(arena, 0), 1, "Succeeded");
}

static void one_refused_file_fails_the_deployment(void **state) {
    AUTO_ARENA arena = arena_new();
    World *world = unpacked(arena, 3);
    tell_files(world, 0, 3);
    world_refuse(world, "PutObject", "AccessDenied", "not authorized to perform: s3:PutObject");
    assert_status(world, 1, "Failed");
    world_answer(world, "PutObject", "{}");
    world_refuse(world, "PutObject", "AccessDenied", "again");
    assert_status(world, 1, "Failed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_version_that_is_there_is_copied),
        cmocka_unit_test(an_unversioned_bucket_is_refused),
        cmocka_unit_test(a_new_version_begins_an_execution_once),
        cmocka_unit_test(a_poll_that_is_denied_begins_nothing_and_is_told),
        cmocka_unit_test(a_source_that_polls_from_now_on_sees_what_is_there),
        cmocka_unit_test(only_sources_that_poll_set_a_timer),
        cmocka_unit_test(files_are_put_a_few_at_a_time),
        cmocka_unit_test(an_artifact_without_files_is_deployed_at_once),
        cmocka_unit_test(one_refused_file_fails_the_deployment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
