// The build agent where it belongs: inside real sandboxes, on every rung.
#include "../sandbox/harness.h"

#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>

// What the agent needs inside: its own bytes, taken before the test becomes another user.
static Str agent_bytes;

static void read_agent(Arena *arena) {
    Error e = {0};
    const char *path = getenv("REHEARSE_BUILD_AGENT");
    if (!path || !file_read(arena, str_of(path), 64 << 20, &agent_bytes, &e)) {
        fprintf(stderr, "REHEARSE_BUILD_AGENT: %s\n", e.message);
        exit(1);
    }
}

static void give(Place *place, Sandbox *build, const char *name, Str content) {
    assert_true(file_write(path_join(place->arena, sandbox_exchange(build), str_of(name)), content, 0644, NULL));
}

static void give_agent(Place *place, Sandbox *build) {
    assert_true(file_write(path_join(place->arena, sandbox_exchange(build), STR("rehearse-build-agent")), agent_bytes, 0755, NULL));
}

static void a_buildspec_runs_inside_and_leaves_its_artifacts(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b", (SandboxLimits){0});
    give_agent(place, build);
    // On rung D the folder is the host's.
    Str folder =
        sandbox_host_rung(place->host) == SANDBOX_RUNG_D ? str_format(place->arena, "%s/work/src", place->folder) : STR("/codebuild/output/src1/src");
    give(place, build, "job.json",
         str_format(place->arena,
                    "{\"sourceFolder\": \"%.*s\", \"artifacts\": {\"packaging\": \"ZIP\"}, \"environment\": {\"COLOUR\": \"green\"},"
                    " \"buildspec\": {\"text\": \"version: 0.2\\nphases:\\n  build:\\n    commands:\\n      - cd /tmp && export A=1\\n      - echo "
                    "$A $COLOUR $PWD\\n"
                    "      - echo done > $CODEBUILD_SRC_DIR/made.txt\\nartifacts:\\n  files: made.txt\\n\"}}",
                    STR_ARG(folder)));
    SandboxJobStatus status = run_job(build, "job", "exec $REHEARSE_EXCHANGE/rehearse-build-agent", "");
    const char *log = output_of(place, build, "job", SANDBOX_OUTPUT);
    if (status.exit_code != 0) fail_msg("%d %s: %s", status.exit_code, status.reason, log);
    assert_non_null(strstr(log, "\n1 green /tmp\n"));
    const char *records = output_of(place, build, "job", SANDBOX_CONTROL);
    assert_non_null(strstr(records, "\"type\":\"final\",\"status\":\"SUCCEEDED\""));
    assert_true(file_exists(path_join(place->arena, sandbox_exchange(build), STR("out/artifacts/main.zip"))));
    sandbox_close(build);
}

int main(int argc, char **argv) {
    AUTO_ARENA arena = arena_new();
    read_agent(arena);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_buildspec_runs_inside_and_leaves_its_artifacts, place_setup, place_teardown),
    };
    return RUN_ON_RUNG(argc > 1 ? argv[1] : NULL, tests);
}
