// Builds: a sandbox with one job, on every rung.
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const SandboxLimits no_limits = {0};

static void a_build_leaves_output_control_stream_and_exit_status(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b", no_limits);
    SandboxJobStatus status = run_job(build, "job", "echo to-out; echo to-err >&2; echo phase >&3; exit 3", "");
    assert_int_equal(status.state, SANDBOX_JOB_ENDED);
    assert_int_equal(status.exit_code, 3);
    assert_true(status.started_ms > 1700000000000 && status.ended_ms >= status.started_ms);
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "to-out\nto-err\n");
    assert_string_equal(output_of(place, build, "job", SANDBOX_CONTROL), "phase\n");
    wait_event(build, SANDBOX_STOPPED, NULL);
    SandboxStatus now;
    sandbox_status(build, &now);
    assert_int_equal(now.state, SANDBOX_ENDED);
    sandbox_close(build);
}

static void output_is_read_on_from_an_offset(void **state) {
    Place *place = *state;
    Error e = {0};
    int64_t offset = 0;
    Sandbox *build = make_build(place, "b", no_limits);
    run_job(build, "job", "echo one; sleep 0.05; echo two", "");
    Vec all = vec_of(place->arena, SandboxChunk), rest = vec_of(place->arena, SandboxChunk);
    assert_true(sandbox_job_read(build, STR("job"), SANDBOX_OUTPUT, &offset, 1 << 20, place->arena, &all, &e));
    assert_int_equal(all.len, 2);
    SandboxChunk first = vec_get(&all, SandboxChunk, 0), second = vec_get(&all, SandboxChunk, 1);
    assert_true(second.ms - first.ms >= 40);
    assert_true(sandbox_job_read(build, STR("job"), SANDBOX_OUTPUT, &offset, 1 << 20, place->arena, &rest, &e));
    assert_int_equal(rest.len, 0);
    sandbox_close(build);
}

static void a_job_delivered_twice_runs_once(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b", no_limits);
    start_job(build, "job", "echo run; sleep 0.2", "");
    start_job(build, "job", "echo run; sleep 0.2", "");
    wait_event(build, SANDBOX_JOB_EXITED, "job");
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "run\n");
    sandbox_close(build);
}

static void a_command_that_cannot_be_executed_says_why(void **state) {
    Error e = {0};
    const Str argv[] = {STR("no-such-command")};
    SandboxJob job = {.id = STR("job"), .argv = argv, .argc = 1};
    Sandbox *build = make_build(*state, "b", no_limits);
    assert_true(sandbox_job_start(build, &job, &e));
    wait_event(build, SANDBOX_JOB_EXITED, "job");
    SandboxJobStatus status;
    sandbox_job_status(build, STR("job"), &status);
    assert_int_equal(status.exit_code, 127);
    assert_non_null(strstr(status.reason, "no-such-command: No such file or directory"));
    sandbox_close(build);
}

static void a_kill_reaches_what_made_itself_a_daemon(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b", no_limits);
    Error e = {0};
    start_job(build, "job", "setsid bash -c 'echo $$ >&3; exec sleep 1000' & sleep 1000", "");
    wait_event(build, SANDBOX_JOB_CONTROL, "job");
    assert_true(sandbox_job_signal(build, STR("job"), SIGKILL, &e));
    wait_event(build, SANDBOX_JOB_EXITED, "job");
    SandboxJobStatus status;
    sandbox_job_status(build, STR("job"), &status);
    assert_int_equal(status.signal, SIGKILL);
    if (sandbox_host_rung(place->host) == SANDBOX_RUNG_D) { // its process ids are the host's
        pid_t daemon = (pid_t)strtol(output_of(place, build, "job", SANDBOX_CONTROL), NULL, 10);
        wait_event(build, SANDBOX_STOPPED, NULL);
        assert_true(daemon > 1 && kill(daemon, 0) != 0);
    }
    sandbox_close(build);
}

static void a_kill_leaves_the_job_of_that_name_of_another_build_alone(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b", no_limits), *other = make_build(place, "other", no_limits);
    Error e = {0};
    SandboxJobStatus status;
    start_job(other, "job", "trap 'echo goes on; exit 0' TERM; echo begun >&3; sleep 1000 & wait", "");
    wait_event(other, SANDBOX_JOB_CONTROL, "job");
    start_job(build, "job", "sleep 1000", "");
    assert_true(sandbox_job_signal(build, STR("job"), SIGKILL, &e));
    wait_event(build, SANDBOX_JOB_EXITED, "job");
    assert_true(sandbox_job_signal(other, STR("job"), SIGTERM, &e));
    wait_event(other, SANDBOX_JOB_EXITED, "job");
    sandbox_job_status(other, STR("job"), &status);
    assert_int_equal(status.signal, 0);
    assert_string_equal(output_of(place, other, "job", SANDBOX_OUTPUT), "goes on\n");
    sandbox_close(build);
    sandbox_close(other);
}

static void a_job_past_its_time_is_killed(void **state) {
    Error e = {0};
    const Str argv[] = {STR("sleep"), STR("1000")};
    SandboxJob job = {.id = STR("job"), .argv = argv, .argc = 2, .timeout_ms = 100};
    Sandbox *build = make_build(*state, "b", no_limits);
    assert_true(sandbox_job_start(build, &job, &e));
    wait_event(build, SANDBOX_JOB_EXITED, "job");
    SandboxJobStatus status;
    sandbox_job_status(build, STR("job"), &status);
    assert_true(status.timed_out);
    assert_int_equal(status.exit_code, -1);
    sandbox_close(build);
}

static void a_build_that_forks_without_end_fails(void **state) {
    Place *place = *state;
    if (sandbox_host_rung(place->host) == SANDBOX_RUNG_D) return; // the machine's own limit: not to be tried in a test
    Sandbox *build = make_build(place, "b", (SandboxLimits){.processes = 100});
    SandboxJobStatus status = run_job(build, "job", "bomb() { bomb | bomb & }; bomb; sleep 1000; wait", "");
    assert_int_equal(status.state, SANDBOX_JOB_ENDED);
    assert_int_not_equal(status.exit_code, 0);
    sandbox_close(build);
}

static void a_build_that_wants_too_much_memory_fails(void **state) {
    Sandbox *build = make_build(*state, "b", (SandboxLimits){.memory_bytes = 128 << 20});
    SandboxJobStatus status = run_job(build, "job", "head -c 600m /dev/zero | tail -c 500m | wc -c; exit ${PIPESTATUS[1]}", "");
    assert_int_not_equal(status.exit_code, 0);
    sandbox_close(build);
}

static void the_limit_of_memory_is_that_of_all_processes_together(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b", (SandboxLimits){.memory_bytes = 128 << 20});
    run_job(build, "job",
            "for i in 1 2 3 4; do python3 -c 'import time; x = bytes(range(256)) * (60 << 12); time.sleep(8)' 2>/dev/null || echo lost & done; wait",
            "");
    const char *output = output_of(place, build, "job", SANDBOX_OUTPUT);
    if (!strstr(output, "lost\n") || !strstr(output, "[rehearse: more than 128 MB in use: killed")) fail_msg("it printed: %s", output);
    sandbox_close(build);
}

static void no_control_group_is_left_behind(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b-grouped", (SandboxLimits){.memory_bytes = 128 << 20, .processes = 100});
    run_job(build, "job", "true", "");
    wait_event(build, SANDBOX_STOPPED, NULL);
    assert_int_equal(system("test -z \"$(find /sys/fs/cgroup -name 'rehearse.b-grouped.*' 2>/dev/null)\""), 0);
    sandbox_close(build);
}

static void a_file_past_the_limit_is_refused(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b", (SandboxLimits){.file_bytes = 1 << 20});
    run_job(build, "job", "head -c 5m /dev/zero > $REHEARSE_EXCHANGE/out/big; stat -c %s $REHEARSE_EXCHANGE/out/big", "");
    assert_non_null(strstr(output_of(place, build, "job", SANDBOX_OUTPUT), "1048576\n"));
    sandbox_close(build);
}

static void output_past_its_limit_is_dropped_with_a_word(void **state) {
    Place *place = *state;
    Sandbox *build = make_build(place, "b", (SandboxLimits){.output_bytes = 100000});
    SandboxJobStatus status = run_job(build, "job", "yes | head -c 1000000", "");
    const char *output = output_of(place, build, "job", SANDBOX_OUTPUT);
    assert_int_equal(status.exit_code, 0);
    assert_true(strlen(output) < 110000);
    assert_non_null(strstr(output, "the rest is dropped"));
    sandbox_close(build);
}

static void files_pass_through_the_exchange_folder(void **state) {
    Place *place = *state;
    char path[512], text[32] = "";
    Sandbox *build = make_build(place, "b", no_limits);
    snprintf(path, sizeof path, "%.*s/in.txt", STR_ARG(sandbox_exchange(build)));
    FILE *file = fopen(path, "we");
    fputs("from outside", file);
    fclose(file);
    run_job(build, "job", "cat $REHEARSE_EXCHANGE/in.txt; echo from inside > $REHEARSE_EXCHANGE/out/result", "");
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "from outside");
    snprintf(path, sizeof path, "%.*s/out/result", STR_ARG(sandbox_exchange(build)));
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "from inside\n");
    sandbox_close(build);
}

static void what_a_build_writes_stays_inside(void **state) {
    Place *place = *state;
    if (sandbox_host_rung(place->host) == SANDBOX_RUNG_D) return; // not isolated, as it says
    Sandbox *build = make_build(place, "b", no_limits);
    SandboxJobStatus status = run_job(
        build, "job",
        "set -e; id -u; echo x > /etc/rehearse-trace; echo x > /usr/bin/rehearse-trace; mkdir /rehearse-trace; rm /etc/passwd; ps ax | wc -l >&3",
        "");
    assert_int_equal(status.exit_code, 0);
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "0\n");
    assert_true(strtol(output_of(place, build, "job", SANDBOX_CONTROL), NULL, 10) < 8); // its own process tree
    assert_true(access("/etc/rehearse-trace", F_OK) && access("/usr/bin/rehearse-trace", F_OK) && access("/rehearse-trace", F_OK));
    assert_int_equal(access("/etc/passwd", F_OK), 0);
    sandbox_close(build);
}

static void a_build_asks_the_name_servers_of_the_host(void **state) {
    Place *place = *state;
    char text[4096] = "";
    FILE *file = fopen("/etc/resolv.conf", "re"); // a link to what does not show inside, on rung B
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    Sandbox *build = make_build(place, "b", no_limits);
    run_job(build, "job", "cat /etc/resolv.conf", "");
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), text);
    sandbox_close(build);
}

static void the_host_passwords_are_not_seen_inside(void **state) {
    Place *place = *state;
    if (sandbox_host_rung(place->host) == SANDBOX_RUNG_D) return;
    Sandbox *build = make_build(place, "b", no_limits);
    run_job(build, "job", "cut -d: -f2 /etc/shadow | sort -u", "");
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "*\n");
    sandbox_close(build);
}

// A server that starts a job and dies by SIGKILL.
static void die_as_a_server(Place *place) {
    pid_t server = fork();
    if (server == 0) {
        Sandbox *build = make_build(place, "b", no_limits);
        start_job(build, "job", "echo begun; sleep 0.5; echo done; exit 7", "");
        wait_event(build, SANDBOX_JOB_OUTPUT, "job");
        kill(getpid(), SIGKILL);
    }
    waitpid(server, NULL, 0);
}

static void a_build_goes_on_when_its_server_is_killed(void **state) {
    Place *place = *state;
    Sandbox *build = NULL;
    SandboxJobStatus status;
    Error e = {0};
    die_as_a_server(place);
    assert_true(sandbox_open(place->host, STR("b"), &build, &e));
    sandbox_job_status(build, STR("job"), &status);
    assert_int_equal(status.state, SANDBOX_JOB_RUNNING);
    wait_event(build, SANDBOX_JOB_EXITED, "job");
    sandbox_job_status(build, STR("job"), &status);
    assert_int_equal(status.exit_code, 7);
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "begun\ndone\n");
    sandbox_close(build);
}

static void a_build_whose_keeper_is_killed_is_lost_with_all_its_processes(void **state) {
    Place *place = *state;
    if (sandbox_host_rung(place->host) == SANDBOX_RUNG_D) return; // its processes would live on, beyond reach
    Sandbox *build = make_build(place, "b", no_limits);
    SandboxStatus now;
    SandboxJobStatus status;
    start_job(build, "job", "echo begun; sleep 1000", "");
    wait_event(build, SANDBOX_JOB_OUTPUT, "job");
    sandbox_status(build, &now);
    kill(now.keeper, SIGKILL);
    SandboxEvent event = wait_event(build, SANDBOX_STOPPED, NULL);
    assert_string_equal(event.text, "its keeper is gone");
    sandbox_status(build, &now);
    assert_int_equal(now.state, SANDBOX_LOST);
    assert_false(now.machine_rebooted);
    sandbox_job_status(build, STR("job"), &status);
    assert_int_equal(status.state, SANDBOX_JOB_LOST);
    sandbox_close(build);
}

static void after_a_reboot_a_build_is_lost(void **state) {
    Place *place = *state;
    Error e = {0};
    char path[512];
    SandboxStatus now;
    Sandbox *build = make_build(place, "b", no_limits);
    run_job(build, "job", "true", "");
    wait_event(build, SANDBOX_STOPPED, NULL);
    snprintf(path, sizeof path, "%s/sandboxes/b/state", place->folder);
    FILE *file = fopen(path, "we");
    fputs("running 00000000-0000-0000-0000-000000000000 4711\n\n", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/sandboxes/b/jobs/job/exit", place->folder);
    assert_int_equal(unlink(path), 0);
    SandboxJobStatus status;
    sandbox_close(build);
    assert_true(sandbox_open(place->host, STR("b"), &build, &e));
    sandbox_status(build, &now);
    assert_int_equal(now.state, SANDBOX_LOST);
    assert_true(now.machine_rebooted);
    sandbox_job_status(build, STR("job"), &status);
    assert_int_equal(status.state, SANDBOX_JOB_LOST);
    sandbox_close(build);
}

static void wait_until_gone(const char *path) {
    for (int64_t end = elapsed_ms() + 20000; access(path, F_OK) == 0 && elapsed_ms() < end;) usleep(5000);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_destroyed_sandbox_leaves_nothing(void **state) {
    Place *place = *state;
    Error e = {0};
    char path[512];
    Sandbox *build = make_build(place, "b", no_limits);
    start_job(build, "job", "mkdir -p /opt/a/b; chmod 000 /opt/a; echo begun; sleep 1000", "");
    wait_event(build, SANDBOX_JOB_OUTPUT, "job");
    assert_true(sandbox_destroy(place->host, STR("b"), &e));
    sandbox_host_tidy(place->host);
    assert_false(sandbox_open(place->host, STR("b"), &build, &e));
    snprintf(path, sizeof path, "%s/sandboxes", place->folder);
    int left = 1;
    for (int64_t end = elapsed_ms() + 10000; left && elapsed_ms() < end; usleep(10000)) {
        DIR *folder = opendir(path);
        left = 0;
        for (struct dirent *entry; (entry = readdir(folder));) left += entry->d_name[0] != '.' || entry->d_name[1] == 'g';
        closedir(folder);
    }
    assert_int_equal(left, 0);
}

// A server that dies between the two steps of a removal: the folder has its last name, and what runs in it goes on.
static void what_an_ended_build_leaves_can_be_removed_by_hand(void **state) {
    Place *place = *state;
    char path[512];
    if (sandbox_host_rung(place->host) != SANDBOX_RUNG_C) return; // elsewhere there are files of other ids
    Sandbox *build = make_build(place, "b", no_limits);
    run_job(build, "job", "touch /etc/new /usr/bin/new", "");
    wait_event(build, SANDBOX_STOPPED, NULL);
    sandbox_close(build);
    snprintf(path, sizeof path, "%s/sandboxes/b", place->folder);
    assert_int_equal(run_program((const char *[]){"rm", "-r", path, NULL}), 0);
}

static void a_removal_that_was_cut_off_is_finished_at_the_next_start(void **state) {
    Place *place = *state;
    Error e = {0};
    char from[512], to[512];
    SandboxHost *again;
    Sandbox *build = make_build(place, "b", no_limits);
    start_job(build, "job", "echo begun; sleep 1000", "");
    wait_event(build, SANDBOX_JOB_OUTPUT, "job");
    snprintf(from, sizeof from, "%s/sandboxes/b", place->folder);
    snprintf(to, sizeof to, "%s/sandboxes/.gone-0000000000000001", place->folder);
    assert_int_equal(rename(from, to), 0);
    assert_true(sandbox_host_open(str_of(place->folder), str_of(keeper_program), &again, &e));
    sandbox_host_close(again);
    wait_event(build, SANDBOX_STOPPED, NULL);
    wait_until_gone(to);
    sandbox_close(build);
}

static void a_sandbox_that_was_never_made_whole_is_swept_away_at_the_next_start(void **state) {
    Place *place = *state;
    Error e = {0};
    char half[512];
    SandboxHost *again;
    snprintf(half, sizeof half, "%s/sandboxes/.new-b", place->folder);
    assert_int_equal(mkdir(half, 0755), 0);
    assert_true(sandbox_host_open(str_of(place->folder), str_of(keeper_program), &again, &e));
    sandbox_host_close(again);
    wait_until_gone(half);
}

static void a_sandbox_whose_folder_somebody_removes_ends(void **state) {
    Place *place = *state;
    char path[512];
    Sandbox *build = make_build(place, "b", no_limits);
    start_job(build, "job", "echo begun; sleep 1000", "");
    wait_event(build, SANDBOX_JOB_OUTPUT, "job");
    snprintf(path, sizeof path, "%s/sandboxes/b/keeper.lock", place->folder);
    assert_int_equal(unlink(path), 0);
    wait_event(build, SANDBOX_STOPPED, NULL);
    sandbox_close(build);
}

static void names_that_are_no_names_are_refused(void **state) {
    Place *place = *state;
    Error e = {0};
    Sandbox *build = NULL;
    SandboxSpec spec = {.name = STR("../up")};
    assert_false(sandbox_create(place->host, &spec, &build, &e));
    assert_string_equal(e.message, "\"../up\" is no name of a sandbox");
    assert_false(sandbox_destroy(place->host, STR(".."), &e));
}

static void a_missing_bind_breaks_the_sandbox_with_its_cause(void **state) {
    Place *place = *state;
    if (sandbox_host_rung(place->host) == SANDBOX_RUNG_D) return; // nothing is bound there
    Error e = {0};
    Sandbox *build = NULL;
    const SandboxBind bind = {STR("/no/such/folder"), STR("/data")};
    SandboxSpec spec = {.name = STR("b"), .binds = &bind, .bind_count = 1};
    assert_true(sandbox_create(place->host, &spec, &build, &e));
    SandboxEvent event = wait_event(build, SANDBOX_STOPPED, NULL);
    assert_non_null(strstr(event.text, "/no/such/folder: No such file or directory"));
    SandboxStatus now;
    sandbox_status(build, &now);
    assert_int_equal(now.state, SANDBOX_BROKEN);
    sandbox_close(build);
}

static void binds_files_and_environment_arrive_inside(void **state) {
    Place *place = *state;
    if (sandbox_host_rung(place->host) == SANDBOX_RUNG_D) return;
    Error e = {0};
    char path[512];
    Sandbox *build = NULL;
    snprintf(path, sizeof path, "%s/placed", place->folder);
    FILE *file = fopen(path, "we");
    fputs("#!/bin/sh\necho placed\n", file);
    fclose(file);
    const SandboxBind bind = {STR("/tmp"), STR("/data/host-tmp")};
    const SandboxFile placed = {str_of(path), STR("/usr/local/bin/placed"), 0755, STR("")};
    const Str env = STR("COLOUR=blue");
    SandboxSpec spec = {.name = STR("b"), .binds = &bind, .bind_count = 1, .files = &placed, .file_count = 1, .env = &env, .env_count = 1};
    assert_true(sandbox_create(place->host, &spec, &build, &e));
    SandboxJobStatus status = run_job(
        build, "job",
        "placed; echo $COLOUR; ls -d /data/host-tmp/rehearse-sandbox-* >/dev/null && echo bound; touch /data/host-tmp/x 2>/dev/null && echo wrote",
        "");
    assert_int_equal(status.exit_code, 1);
    assert_string_equal(output_of(place, build, "job", SANDBOX_OUTPUT), "placed\nblue\nbound\n");
    sandbox_close(build);
}

static void a_link_in_place_of_the_output_is_not_followed(void **state) {
    Place *place = *state;
    if (sandbox_host_rung(place->host) == SANDBOX_RUNG_D) return;
    Error e = {0};
    int64_t offset = 0;
    Vec chunks = vec_of(place->arena, SandboxChunk);
    Sandbox *build = make_build(place, "b", no_limits);
    SandboxJobStatus status =
        run_job(build, "job", "cd /run/rehearse && ! ln -s /etc/passwd exchange/link 2>/dev/null && ln -sf /etc/passwd jobs/job/output", "");
    assert_int_equal(status.exit_code, 0);
    assert_false(sandbox_job_read(build, STR("job"), SANDBOX_OUTPUT, &offset, 1 << 20, place->arena, &chunks, &e));
    assert_int_equal(chunks.len, 0);
    sandbox_close(build);
}

static void a_reader_that_lags_is_told_to_look_again(void **state) {
    Place *place = *state;
    Error e = {0};
    bool told = false, stopped = false;
    SandboxEvent event;
    SandboxJobStatus status;
    Sandbox *slow = make_build(place, "b", no_limits), *other = NULL;
    start_job(slow, "job", "for i in $(seq 3000); do echo $i; [ $((i % 30)) = 0 ] && sleep 0.001; done; sleep 1", "");
    assert_true(sandbox_open(place->host, STR("b"), &other, &e));
    wait_event(other, SANDBOX_JOB_OUTPUT, "job");
    usleep(700000); // `slow` reads nothing meanwhile
    for (int64_t end = elapsed_ms() + 10000; !told && elapsed_ms() < end; usleep(1000))
        while (sandbox_next(slow, &event)) {
            stopped = event.kind == SANDBOX_STOPPED;
            told = told || stopped || event.kind == SANDBOX_RESYNC;
        }
    assert_true(told);
    if (!stopped) wait_event(slow, SANDBOX_STOPPED, NULL);
    sandbox_job_status(slow, STR("job"), &status);
    assert_int_equal(status.state, SANDBOX_JOB_ENDED);
    sandbox_close(slow);
    sandbox_close(other);
}

static void programs_see_plane_time_and_its_jumps(void **state) {
    Place *place = *state;
    Error e = {0};
    Sandbox *build = NULL;
    SandboxSpec spec = {.name = STR("b"), .plane_time = true};
    sandbox_host_set_clock(place->host, 0, 86400000, 1);
    assert_true(sandbox_create(place->host, &spec, &build, &e));
    start_job(build, "job", "date +%s; date +%s >&3; sleep 0.3; date +%s; python3 -c 'import time; print(int(time.time()))'", "");
    wait_event(build, SANDBOX_JOB_CONTROL, "job");
    sandbox_host_set_clock(place->host, 0, 0, 1);
    time_t now = time(NULL);
    wait_event(build, SANDBOX_JOB_EXITED, "job");
    char *rest;
    long first = strtol(output_of(place, build, "job", SANDBOX_OUTPUT), &rest, 10), second = strtol(rest, &rest, 10), third = strtol(rest, NULL, 10);
    assert_in_range(first - now, 86400 - 5, 86400 + 1); // time() may be a tick behind what `date` asks
    assert_in_range(second - now, 0, 5);
    assert_in_range(third - now, 0, 5);
    sandbox_close(build);
}

static void a_held_clock_stands_still_and_waits_go_on(void **state) {
    Place *place = *state;
    Error e = {0};
    Sandbox *build = NULL;
    SandboxSpec spec = {.name = STR("b"), .plane_time = true};
    sandbox_host_set_clock(place->host, 0, 4102444800000, 0); // 2100
    assert_true(sandbox_create(place->host, &spec, &build, &e));
    run_job(build, "job",
            "date +%s.%N; sleep 0.2; date +%s.%N; python3 -c 'import threading as t; c = t.Condition(); c.acquire(); print(c.wait(0.1), "
            "t.Lock().acquire(timeout=0.1))'",
            "");
    sandbox_host_set_clock(place->host, 0, 0, 1);
    const char *output = output_of(place, build, "job", SANDBOX_OUTPUT);
    assert_non_null(strstr(output, "4102444800."));
    assert_non_null(strstr(strstr(output, "4102444800.") + 1, "4102444800."));
    assert_non_null(strstr(output, "False True\n"));
    sandbox_close(build);
}

static void without_isolation_an_instance_is_refused(void **state) {
    Place *place = *state;
    if (sandbox_host_rung(place->host) != SANDBOX_RUNG_D) return; // the others have them: test_instances.c
    Error e = {0};
    Sandbox *instance = NULL;
    SandboxSpec spec = {.name = STR("i-5"), .kind = SANDBOX_INSTANCE, .address = STR("10.0.0.5"), .public_address = STR("127.77.0.5")};
    assert_false(sandbox_create(place->host, &spec, &instance, &e));
    assert_string_equal(e.code, "sandbox-refused");
    assert_string_equal(e.message,
                        "an instance needs files, a network and units of its own, and rung D (not isolated) has none of them; only builds run there. "
                        "REHEARSE_RUNG=D asks for no isolation");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
static const struct CMUnitTest builds[] = {
    CASE(a_build_leaves_output_control_stream_and_exit_status),
    CASE(output_is_read_on_from_an_offset),
    CASE(a_job_delivered_twice_runs_once),
    CASE(a_command_that_cannot_be_executed_says_why),
    CASE(a_kill_reaches_what_made_itself_a_daemon),
    CASE(a_kill_leaves_the_job_of_that_name_of_another_build_alone),
    CASE(a_job_past_its_time_is_killed),
    CASE(a_build_that_forks_without_end_fails),
    CASE(a_build_that_wants_too_much_memory_fails),
    CASE(the_limit_of_memory_is_that_of_all_processes_together),
    CASE(no_control_group_is_left_behind),
    CASE(a_file_past_the_limit_is_refused),
    CASE(output_past_its_limit_is_dropped_with_a_word),
    CASE(files_pass_through_the_exchange_folder),
    CASE(what_a_build_writes_stays_inside),
    CASE(a_build_asks_the_name_servers_of_the_host),
    CASE(the_host_passwords_are_not_seen_inside),
    CASE(a_build_goes_on_when_its_server_is_killed),
    CASE(a_build_whose_keeper_is_killed_is_lost_with_all_its_processes),
    CASE(after_a_reboot_a_build_is_lost),
    CASE(a_destroyed_sandbox_leaves_nothing),
    CASE(what_an_ended_build_leaves_can_be_removed_by_hand),
    CASE(a_removal_that_was_cut_off_is_finished_at_the_next_start),
    CASE(a_sandbox_that_was_never_made_whole_is_swept_away_at_the_next_start),
    CASE(a_sandbox_whose_folder_somebody_removes_ends),
    CASE(names_that_are_no_names_are_refused),
    CASE(a_missing_bind_breaks_the_sandbox_with_its_cause),
    CASE(a_link_in_place_of_the_output_is_not_followed),
    CASE(a_reader_that_lags_is_told_to_look_again),
    CASE(programs_see_plane_time_and_its_jumps),
    CASE(a_held_clock_stands_still_and_waits_go_on),
    CASE(without_isolation_an_instance_is_refused),
    CASE(binds_files_and_environment_arrive_inside),
};

int main(int argc, char **argv) { return RUN_ON_RUNG(argc > 1 ? argv[1] : NULL, builds); }
