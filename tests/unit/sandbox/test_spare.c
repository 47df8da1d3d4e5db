// The build's sandbox made ahead: who gets it, and what becomes of it otherwise.
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPARES = 2 };
static const SandboxLimits no_limits = {0};

static int folders(const Place *place, const char *prefix) {
    char path[512];
    int count = 0;
    snprintf(path, sizeof path, "%s/sandboxes", place->folder);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    if (folder) closedir(folder);
    return count;
}

static void wait_for_folders(const Place *place, const char *prefix, int wanted) {
    for (int64_t end = elapsed_ms() + 30000; folders(place, prefix) != wanted && elapsed_ms() < end; usleep(10000)) {}
    assert_int_equal(folders(place, prefix), wanted);
}

// After a build and its end, as a server prepares for the next.
static void make_spare(Place *place) {
    Sandbox *first = make_build(place, "first", no_limits);
    run_job(first, "job", "true", "");
    sandbox_host_prepare(place->host);
    sandbox_close(first);
    assert_int_equal(folders(place, ".spare-"), SPARES);
}

static void a_server_without_builds_makes_no_spare(void **state) {
    Place *place = *state;
    sandbox_host_prepare(place->host);
    assert_int_equal(folders(place, ".spare-"), 0);
}

static void the_next_build_takes_the_spare_and_gives_it_its_names(void **state) {
    Place *place = *state;
    make_spare(place);
    SandboxSpec spec = {.name = STR("second"), .hostname = STR("its-host"), .kind = SANDBOX_BUILD};
    Sandbox *build = NULL;
    Error e = {0};
    assert_true(sandbox_create(place->host, &spec, &build, &e));
    assert_int_equal(folders(place, ".spare-"), SPARES - 1);
    assert_int_equal(run_job(build, "job", "hostname; echo $REHEARSE_SANDBOX; echo file > $REHEARSE_EXCHANGE/out/file; exit 5", "").exit_code, 5);
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "its-host\nsecond\n");
    wait_event(build, SANDBOX_STOPPED, NULL);
    sandbox_close(build);
    char path[512], text[16] = "";
    snprintf(path, sizeof path, "%s/sandboxes/second/exchange/out/file", place->folder);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "file\n");
}

static void a_build_of_another_kind_gets_one_of_its_own(void **state) {
    Place *place = *state;
    make_spare(place);
    Sandbox *build = make_build(place, "second", (SandboxLimits){.open_files = 77});
    assert_int_equal(folders(place, ".spare-"), 0);
    run_job(build, "job", "ulimit -n", "");
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "77\n");
    sandbox_close(build);
}

static void a_taken_spare_is_found_again_under_its_name(void **state) {
    Place *place = *state;
    Error e = {0};
    make_spare(place);
    Sandbox *build = make_build(place, "second", no_limits), *again = NULL;
    start_job(build, "job", "echo begun; sleep 1000", "");
    wait_event(build, SANDBOX_JOB_OUTPUT, "job");
    sandbox_close(build);
    assert_true(
        sandbox_create(place->host, &(SandboxSpec){.name = STR("second"), .kind = SANDBOX_BUILD}, &again, &e)); // the command, delivered again
    SandboxStatus status;
    sandbox_status(again, &status);
    assert_int_equal(status.state, SANDBOX_RUNNING);
    assert_true(sandbox_job_signal(again, STR("job"), SIGKILL, &e));
    wait_event(again, SANDBOX_JOB_EXITED, "job");
    sandbox_close(again);
}

static pid_t keeper_of_spare(const Place *place) {
    char path[600], word[16], boot[64];
    int keeper = 0;
    snprintf(path, sizeof path, "%s/sandboxes", place->folder);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (strncmp(entry->d_name, ".spare-", 7) == 0) snprintf(path, sizeof path, "%s/sandboxes/%s/state", place->folder, entry->d_name);
    if (folder) closedir(folder);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%15s %63s %d", word, boot, &keeper), 3); // NOLINT(cert-err34-c): the count says it all
    fclose(file);
    return keeper;
}

static void a_spare_whose_keeper_died_is_not_given_away(void **state) {
    Place *place = *state;
    make_spare(place);
    pid_t keeper = keeper_of_spare(place);
    assert_int_equal(kill(keeper, SIGKILL), 0);
    for (int64_t end = elapsed_ms() + 30000; kill(keeper, 0) == 0 && elapsed_ms() < end; usleep(10000)) {}
    Sandbox *build = make_build(place, "second", no_limits);
    assert_int_equal(run_job(build, "job", "exit 4", "").exit_code, 4);
    sandbox_close(build);
}

static void a_server_that_ends_takes_its_spare_along(void **state) {
    Place *place = *state;
    Error e = {0};
    make_spare(place);
    sandbox_host_close(place->host);
    wait_for_folders(place, ".", 2); // "." and ".."
    assert_true(sandbox_host_open(str_of(place->folder), str_of(keeper_program), &place->host, &e));
}

static void what_a_killed_server_left_is_discarded_by_the_next(void **state) {
    Place *place = *state;
    Error e = {0};
    pid_t server = fork();
    if (server == 0) { // a server of its own, on the same data
        SandboxHost *host = NULL;
        Sandbox *build = NULL;
        SandboxEvent event;
        if (!sandbox_host_open(str_of(place->folder), str_of(keeper_program), &host, &e)) _exit(1);
        if (!sandbox_create(host, &(SandboxSpec){.name = STR("b"), .kind = SANDBOX_BUILD}, &build, &e)) _exit(1);
        do {
            while (!sandbox_next(build, &event)) usleep(1000);
        } while (event.kind != SANDBOX_READY);
        sandbox_host_prepare(host);
        raise(SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(server, &status, 0), server);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(folders(place, ".spare-"), SPARES);
    sandbox_host_close(place->host);
    assert_true(sandbox_host_open(str_of(place->folder), str_of(keeper_program), &place->host, &e));
    wait_for_folders(place, ".", 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
static const struct CMUnitTest spares[] = {
    CASE(a_server_without_builds_makes_no_spare),
    CASE(the_next_build_takes_the_spare_and_gives_it_its_names),
    CASE(a_build_of_another_kind_gets_one_of_its_own),
    CASE(a_taken_spare_is_found_again_under_its_name),
    CASE(a_spare_whose_keeper_died_is_not_given_away),
    CASE(a_server_that_ends_takes_its_spare_along),
    CASE(what_a_killed_server_left_is_discarded_by_the_next),
};

int main(int argc, char **argv) { return RUN_ON_RUNG(argc > 1 ? argv[1] : NULL, spares); }
