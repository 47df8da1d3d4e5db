// Builds and their queue under simulation: whatever fails, is stopped or takes too long, in whatever order, and wherever the server crashes, each build comes to its
// end by phases that follow each other. And the events that tell of it.
#include "engine/simulation.h"
#include "formats/json.h"
#include "services/codebuild/codebuild.h"
#include "unit.h"

#undef fail // here it is base/error.h's, not cmocka's

enum { SEEDS = 150, BUILDS = 6, AT_ONCE = 4, MOST = 4000 };

static const Partition HOME = {STR_INIT("000000000000"), STR_INIT("us-east-1")};
static const DocumentType *const TYPES[] = {&CODEBUILD_BUILD, &CODEBUILD_QUEUE, &CODEBUILD_REPORT, &CODEBUILD_TEST_CASE, NULL};

static Doc *parsed(Arena *arena, const char *text) {
    Doc *doc = NULL;
    Error e = {0};
    assert_true(json_parse(arena, str_of(text), &doc, &e));
    return doc;
}

// ---- The world: each thing fails now and then ----

static bool answer(void *context, const OutboxEntry *entry, Arena *arena, Doc **output, Error *e) {
    bool refused = str_hash(entry->id) % 11 == 0 && !str_is(entry->command.operation, "PutLogEvents");
    return !refused || fail(e, "AccessDeniedException", "no");
}

// What the agent tells, one line an event.
static const char *const TOLD[] = {
    "{\"what\": \"started\"}",
    "{\"what\": \"control\", \"records\": [{\"type\": \"phase\", \"phase\": \"DOWNLOAD_SOURCE\", \"event\": \"started\"}]}",
    "{\"what\": \"output\", \"chunks\": [{\"text\": \"a line\\nhalf\"}]}",
    "{\"what\": \"control\", \"records\": [{\"type\": \"phase\", \"phase\": \"DOWNLOAD_SOURCE\", \"event\": \"ended\", \"status\": \"SUCCEEDED\", "
    "\"contexts\": []},"
    " {\"type\": \"phase\", \"phase\": \"BUILD\", \"event\": \"started\"}]}",
    "{\"what\": \"control\", \"records\": [{\"type\": \"phase\", \"phase\": \"BUILD\", \"event\": \"ended\", \"status\": \"SUCCEEDED\", "
    "\"contexts\": []},"
    " {\"type\": \"variables\", \"exported\": [{\"name\": \"A\", \"value\": \"1\"}]}, {\"type\": \"phase\", \"phase\": \"UPLOAD_ARTIFACTS\", "
    "\"event\": \"started\"},"
    " {\"type\": \"artifact\", \"name\": \"\", \"packaging\": \"ZIP\", \"path\": \"out/main.zip\", \"size\": 3, \"sha256\": \"s\", \"md5\": \"m\"},"
    " {\"type\": \"final\", \"status\": \"SUCCEEDED\"}]}",
    "{\"what\": \"exited\", \"ok\": true, \"exitCode\": 0}",
};
enum { TELLINGS = sizeof TOLD / sizeof *TOLD };

static Doc *effect(void *context, const OutboxEntry *entry, size_t number, Arena *arena, bool *final) {
    bool works = str_hash(entry->id) % 7 != 0;
    if (str_is(entry->command.operation, "sandbox.create")) // as much memory as the compute type has
        assert_int_equal(doc_number(doc_get(entry->command.input, "limits"), "memoryBytes", 0), 8LL << 30);
    if (!str_is(entry->command.operation, "job.run")) {
        Doc *data = parsed(arena, works ? "{\"ok\": true}" : "{\"ok\": false, \"reason\": \"no room\"}");
        return data;
    }
    bool dies = !works && number == 3; // without a word
    *final = dies || number == TELLINGS - 1;
    Doc *data = parsed(arena, dies ? "{\"what\": \"exited\", \"ok\": true, \"exitCode\": 137}" : TOLD[number]);
    if (*final) doc_set_bool(arena, data, "final", true);
    return data;
}

// ---- What always holds ----

static void check_phases(const Doc *build) {
    int64_t ended = doc_number(build, "startTime", 0);
    for (const Doc *phase = doc_first(doc_get(build, "phases")); phase; phase = phase->next) {
        assert_int_equal(doc_number(phase, "startTime", -1), ended);
        bool is_last = !phase->next;
        if (!is_last) assert_non_null(doc_get(phase, "phaseStatus"));
        if (!is_last) ended = doc_number(phase, "endTime", -1);
        assert_true(ended >= doc_number(phase, "startTime", 0));
        if (str_is(doc_text(phase, "phaseType"), "COMPLETED")) assert_true(is_last && !doc_get(phase, "phaseStatus"));
    }
}

static Str id_of(Arena *arena, int number) { return str_format(arena, "app:%d", number); }

static void check(void *context, Simulation *simulation) {
    int at_work = 0;
    for (int number = 0; number < BUILDS; number++) {
        const Doc *build = simulation_document(simulation, HOME, &CODEBUILD_BUILD, id_of(simulation_arena(simulation), number));
        if (!build) continue;
        check_phases(build);
        bool complete = doc_flag(build, "buildComplete", false);
        assert_true(complete == str_is(doc_text(build, "currentPhase"), "COMPLETED"));
        assert_true(complete != str_is(doc_text(build, "buildStatus"), "IN_PROGRESS"));
        at_work += !complete && !str_is(doc_text(build, "currentPhase"), "QUEUED");
    }
    assert_true(at_work <= AT_ONCE);
}

// ---- Lives ----

static const char BUILD[] =
    "{\"buildStatus\": \"IN_PROGRESS\", \"buildComplete\": false, \"projectName\": \"app\", \"phases\": [], \"timeoutInMinutes\": 5,"
    " \"queuedTimeoutInMinutes\": 5, \"source\": {\"type\": \"S3\", \"location\": \"b/k.zip\"}, \"environment\": {\"computeType\": "
    "\"BUILD_GENERAL1_MEDIUM\"}, \"artifacts\": {},"
    " \"$artifacts\": {\"type\": \"S3\", \"location\": \"b\", \"name\": \"app\", \"packaging\": \"ZIP\"},"
    " \"serviceRole\": \"arn:aws:iam::000000000000:role/build\", \"logs\": {}, \"$data\": \"/data\","
    " \"$logGroup\": \"group\", \"$logStream\": \"stream\"}";

static void start(Simulation *simulation, int number) {
    Arena *arena = simulation_arena(simulation);
    Doc *data = doc_map(arena), *build = parsed(arena, BUILD), *asks = doc_map(arena);
    doc_set_str(arena, build, "id", id_of(arena, number));
    doc_set_str(arena, build, "arn", id_of(arena, number));
    doc_set_time(arena, build, "startTime", simulation_now(simulation));
    doc_set(data, "build", build);
    doc_set_str(arena, asks, "build", id_of(arena, number));
    simulation_send(simulation, HOME, &CODEBUILD_BUILD, id_of(arena, number), "start", data);
    simulation_send(simulation, HOME, &CODEBUILD_QUEUE, STR("queue"), number ? "ask" : "start", asks);
}

// Time-outs race with everything: of many builds at once hardly one succeeds, of one alone every few.
static void live(uint64_t seed, int *by_status) {
    static const char *const STATUSES[] = {"SUCCEEDED", "FAILED", "FAULT", "STOPPED", "TIMED_OUT"};
    int builds = seed % 3 ? 1 : BUILDS;
    IdSource chance;
    id_source_seed(&chance, seed, 1);
    SimulatedWorld world = {.types = TYPES, .answer = answer, .effect = effect, .check = check};
    Simulation *simulation = simulation_new(&world, seed);
    Arena *arena = simulation_arena(simulation);
    for (int number = 0; number < builds; number++) {
        start(simulation, number);
        simulation_run(simulation, id_u64(&chance) % 12);
        if (id_u64(&chance) % 4 == 0) simulation_send(simulation, HOME, &CODEBUILD_BUILD, id_of(arena, number), "stop", NULL);
    }
    assert_true(simulation_run(simulation, MOST));
    for (int number = 0; number < builds; number++) {
        const Doc *build = simulation_document(simulation, HOME, &CODEBUILD_BUILD, id_of(arena, number));
        assert_true(doc_flag(build, "buildComplete", false));
        for (size_t i = 0; i < 5; i++) by_status[i] += str_is(doc_text(build, "buildStatus"), STATUSES[i]);
    }
    assert_int_equal(doc_count(doc_get(simulation_document(simulation, HOME, &CODEBUILD_QUEUE, STR("queue")), "running")), 0);
    simulation_free(simulation);
}

static void every_build_comes_to_an_end(void **state) {
    int by_status[5] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) live(seed, by_status);
    for (size_t i = 0; i < 5; i++) assert_true(by_status[i] > 0); // the runs have seen all ends
}

// ---- Events ----

static Step step_of(Arena *arena, const char *state) {
    return (Step){.arena = arena, .where = HOME, .id = STR("app:1"), .state = parsed(arena, state)};
}

static void a_clone_that_comes_after_the_end_of_the_build_is_discarded(void **state) {
    AUTO_ARENA arena = arena_new();
    Step step = step_of(arena, "{\"$stage\": \"over\"}");
    Event came = {STR("effect"), parsed(arena, "{\"tag\": \"clone\", \"ok\": true, \"path\": \"/data/effects/source-1.tar\"}")};
    step.event = &came;
    CODEBUILD_BUILD.machine->step(&step);
    assert_non_null(step.first_command);
    assert_true(str_is(step.first_command->operation, "file.discard"));
    assert_true(str_is(doc_text(step.first_command->input, "path"), "/data/effects/source-1.tar"));
}

static void a_phases_end_is_told_as_aws_tells_it(void **state) {
    AUTO_ARENA arena = arena_new();
    Step step = step_of(arena, "{\"arn\": \"ARN\", \"projectName\": \"app\", \"initiator\": \"ann\"}");
    Doc *phase = parsed(arena, "{\"phaseType\": \"BUILD\", \"phaseStatus\": \"FAILED\", \"durationInSeconds\": 4,"
                               " \"contexts\": [{\"statusCode\": \"COMMAND_EXECUTION_ERROR\", \"message\": \"it failed\"}]}");
    doc_set_time(arena, phase, "startTime", 1504282461000);
    doc_set_time(arena, phase, "endTime", 1504282465000);
    event_of_phase(&step, phase);
    const Doc *detail = step.first_command->input;
    assert_true(str_is(doc_text(detail, "completed-phase"), "BUILD") && str_is(doc_text(detail, "completed-phase-status"), "FAILED"));
    assert_true(str_is(doc_text(detail, "completed-phase-context"), "[COMMAND_EXECUTION_ERROR: it failed]"));
    assert_true(str_is(doc_text(detail, "completed-phase-start"), "Sep 1, 2017 4:14:21 PM"));
    assert_true(str_is(doc_text(detail, "completed-phase-end"), "Sep 1, 2017 4:14:25 PM"));
    assert_int_equal(doc_number(detail, "completed-phase-duration-seconds", 0), 4);
    assert_true(str_is(doc_text(detail, "build-id"), "ARN") && str_is(doc_text(detail, "version"), "1"));
}

static void a_builds_state_is_told_with_its_phases(void **state) {
    AUTO_ARENA arena = arena_new();
    Step step = step_of(arena, "{\"arn\": \"ARN\", \"projectName\": \"app\", \"buildStatus\": \"SUCCEEDED\", \"currentPhase\": \"COMPLETED\","
                               " \"environment\": {\"computeType\": \"SMALL\", \"privilegedMode\": false},"
                               " \"logs\": {\"groupName\": \"g\", \"streamName\": \"s\", \"deepLink\": \"l\", \"cloudWatchLogs\": {}},"
                               " \"phases\": [{\"phaseType\": \"INSTALL\", \"phaseStatus\": \"SUCCEEDED\", \"durationInSeconds\": 0,"
                               " \"contexts\": [{\"statusCode\": \"\", \"message\": \"\"}]}, {\"phaseType\": \"COMPLETED\"}]}");
    event_of_state(&step);
    const Doc *detail = step.first_command->input, *information = doc_get(detail, "additional-information");
    Doc *phases =
        parsed(arena, "[{\"duration-in-seconds\": 0, \"phase-type\": \"INSTALL\", \"phase-status\": \"SUCCEEDED\", \"phase-context\": [\": \"]},"
                      " {\"phase-type\": \"COMPLETED\"}]");
    assert_true(doc_equal(doc_get(information, "phases"), phases));
    assert_true(doc_equal(doc_get(information, "logs"), parsed(arena, "{\"group-name\": \"g\", \"stream-name\": \"s\", \"deep-link\": \"l\"}")));
    assert_true(doc_equal(doc_get(information, "environment"), parsed(arena, "{\"privileged-mode\": false, \"compute-type\": \"SMALL\"}")));
    assert_true(str_is(doc_text(detail, "build-status"), "SUCCEEDED") && str_is(doc_text(detail, "current-phase"), "COMPLETED"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_build_comes_to_an_end), cmocka_unit_test(a_clone_that_comes_after_the_end_of_the_build_is_discarded),
        cmocka_unit_test(a_phases_end_is_told_as_aws_tells_it), cmocka_unit_test(a_builds_state_is_told_with_its_phases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
