// The machine under random interleavings: requests, answers in any order, refusals, answers that come twice. Whatever happens, a stage has one execution at a time,
// what is over stays over, and when everything is answered everything ends.
#include "formats/json.h"
#include "services/codepipeline/world.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 150, MOVES = 60, PATIENCE = 2000 };

#define PIPELINE_OF(mode)                                                                                                                      \
    HEAD(V2(mode))                                                                                                                             \
    SOURCE ", " STAGE("Build", BUILD_ACTION("A", "1", "") ", " BUILD_ACTION("B", "1", ", 'outputArtifacts': [{'name': 'Built'}]")) ", " STAGE( \
        "Gate", APPROVAL) ", " STAGE("Deploy", DEPLOY) TAIL

static const char *good_output(const Command *command, char *room, size_t bytes, unsigned number) {
    if (str_is(command->operation, "GetBranch")) return "{'branch': {'commitId': 'c'}}";
    if (str_is(command->operation, "GetCommit")) return "{'commit': {'commitId': 'c', 'message': 'm'}}";
    if (str_is(command->operation, "git.archive")) return "{'path': '/data/effects/a.zip', 'size': 1}";
    if (str_is(command->operation, "BatchGetBuilds")) return SUCCEEDED;
    if (str_is(command->operation, "GetDeployment")) return "{'deploymentInfo': {'status': 'Succeeded'}}";
    if (str_is(command->operation, "StartBuild")) {
        snprintf(room, bytes, "{'build': {'id': 'p:%u'}}", number);
    } else {
        snprintf(room, bytes, "{'deploymentId': 'd-%u'}", number);
    }
    return room;
}

static void answer_any(World *world, unsigned *seed, bool well) {
    static unsigned number;
    if (!world->pending_count) return;
    Command *command = &world->pending[(unsigned)rand_r(seed) % world->pending_count];
    const char *operation = str_c(world->arena, command->operation);
    char room[64];
    if (well || rand_r(seed) % 6) {
        world_answer(world, operation, good_output(command, room, sizeof room, ++number));
    } else {
        world_refuse(world, operation, "AccessDenied", "no");
    }
}

static void end_external(World *world) {
    for (const Doc *one = doc_first(doc_get(world->state, "external")); one; one = one->next) {
        Doc *data = doc_map(world->arena);
        doc_set_str(world->arena, data, "external", str_copy(world->arena, doc_str(one, STR_NONE)));
        world_send(world, STR("ended"), data);
        return;
    }
}

static void approve_any(World *world, bool well) {
    for (const Doc *one = doc_first(doc_get(world->state, "executions")); one; one = one->next) {
        const Doc *record = doc_first(doc_get(one, "actions"));
        if (!doc_text(record, "token").len) continue;
        Doc *data = doc_map(world->arena);
        doc_set_str(world->arena, data, "actionExecutionId", doc_text(record, "actionExecutionId"));
        doc_set_str(world->arena, data, "status", well ? STR("Approved") : STR("Rejected"));
        world_send(world, STR("approve"), data);
        return;
    }
}

static void stop_any(World *world, bool abandon) {
    const Doc *one = doc_first(doc_get(world->state, "executions"));
    Doc *data = doc_map(world->arena);
    doc_set_str(world->arena, data, "id", doc_text(one, "pipelineExecutionId"));
    doc_set_bool(world->arena, data, "abandon", abandon);
    world_send(world, STR("stop"), data);
}

static void set_transition(World *world, bool enabled) {
    world_send_json(world, "transition",
                    enabled ? "{'stage': 'Deploy', 'type': 'Inbound', 'enabled': true}" : "{'stage': 'Deploy', 'type': 'Inbound', 'enabled': false}");
}

static void begin(World *world) {
    static unsigned number;
    char id[16];
    snprintf(id, sizeof id, "e%u", ++number);
    world_execute(world, str_c(world->arena, str_of(id)));
}

static void move_somehow(World *world, unsigned *seed) {
    switch (rand_r(seed) % 12) {
    case 0: begin(world); break;
    case 1: stop_any(world, rand_r(seed) % 2); break;
    case 2: set_transition(world, rand_r(seed) % 2); break;
    case 3: approve_any(world, rand_r(seed) % 4); break;
    case 4:
    case 5: end_external(world); break;
    default: answer_any(world, seed, false);
    }
}

static void assert_one_in_each_stage(World *world, bool parallel) {
    int64_t running[4] = {0};
    for (const Doc *one = doc_first(doc_get(world->state, "executions")); one; one = one->next) {
        if (str_is(doc_text(one, "phase"), "running")) running[doc_number(one, "stage", 0)]++;
        assert_false(str_is(doc_text(one, "phase"), "done"));
    }
    for (size_t i = 0; i < 4 && !parallel; i++) assert_true(running[i] <= 1);
}

// What is over stays over: final statuses are compared with those of the move before.
static void assert_the_end_is_the_end(World *world, Doc *before) {
    for (const Doc *one = doc_first(before); one; one = one->next) {
        Str then = doc_text(one, "status"), now = doc_text(doc_get_str_key(world->executions, one->key), "status");
        bool open = str_is(then, "InProgress") || str_is(then, "Stopping");
        if (!open && !str_eq(then, now)) fail_msg("%.*s became %.*s", STR_ARG(then), STR_ARG(now));
    }
}

static void finish_all(World *world, unsigned *seed) {
    set_transition(world, true);
    for (int i = 0; i < PATIENCE && doc_count(doc_get(world->state, "executions")); i++) {
        answer_any(world, seed, true);
        end_external(world);
        approve_any(world, true);
    }
    if (doc_count(doc_get(world->state, "executions")))
        fail_msg("not everything ended:\n%s", str_c(world->arena, json_write(world->arena, world->state)));
    assert_int_equal(doc_count(world->timers), 0);
}

static void simulate(const char *declaration, bool parallel) {
    for (unsigned i = 1; i <= SEEDS; i++) {
        AUTO_ARENA arena = arena_new();
        unsigned seed = i;
        World *world = world_of(arena, declaration);
        begin(world);
        for (int move = 0; move < MOVES; move++) {
            Doc *before = doc_copy(arena, world->executions);
            world->history[0] = 0;
            move_somehow(world, &seed);
            assert_one_in_each_stage(world, parallel);
            assert_the_end_is_the_end(world, before);
        }
        finish_all(world, &seed);
    }
}

static void superseded_executions_end(void **state) { simulate(PIPELINE_OF("SUPERSEDED"), false); }
static void queued_executions_end(void **state) { simulate(PIPELINE_OF("QUEUED"), false); }
static void parallel_executions_end(void **state) { simulate(PIPELINE_OF("PARALLEL"), true); }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(superseded_executions_end),
        cmocka_unit_test(queued_executions_end),
        cmocka_unit_test(parallel_executions_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
