#include "base/buf.h"
#include "os/process.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Child {
    Loop *loop;
    Process *process;
    Buf output;
    int status, signal, ends;
    bool exited;
} Child;

static void on_output(void *context, int stream, Str bytes) {
    (void)stream;
    Child *child = context;
    if (bytes.len == 0) child->ends++;
    assert_false(child->exited);
    buf_add(&child->output, bytes);
}

static void on_exit_told(void *context, int status, int number) {
    Child *child = context;
    child->status = status;
    child->signal = number;
    child->exited = true;
    process_free(child->process);
}

static bool start(Child *child, const char *script, Error *e) {
    *child = (Child){.loop = loop_new()};
    buf_init(&child->output, 64L * 1024 * 1024);
    const char *argv[] = {"sh", "-c", script, NULL};
    ProcessSpec spec = {.argv = argv, .input = PROCESS_PIPE, .output = PROCESS_PIPE, .errors = PROCESS_PIPE};
    ProcessOwner owner = {.on_output = on_output, .on_exit = on_exit_told, .context = child};
    return process_spawn(child->loop, &spec, &owner, &child->process, e);
}

static void finish(Child *child) {
    loop_run(child->loop);
    loop_free(child->loop);
}

static void output_comes_before_the_exit_and_status_is_told(void **state) {
    (void)state;
    Child child;
    assert_true(start(&child, "echo out; echo err >&2; exit 7", NULL));
    finish(&child);
    assert_true(child.exited);
    assert_int_equal(child.status, 7);
    assert_int_equal(child.ends, 2);
    assert_int_equal(child.output.len, 8);
    buf_done(&child.output);
}

static void what_is_written_is_read_by_the_child_up_to_its_end(void **state) {
    (void)state;
    Child child;
    assert_true(start(&child, "tr a-z A-Z", NULL));
    assert_true(process_write(child.process, STR("hello ")));
    assert_true(process_write(child.process, STR("child")));
    process_close_input(child.process);
    finish(&child);
    assert_true(str_is(buf_str(&child.output), "HELLO CHILD"));
    buf_done(&child.output);
}

static void much_that_is_not_read_makes_the_writer_wait(void **state) {
    (void)state;
    Child child;
    assert_true(start(&child, "sleep 60", NULL));
    static char block[128 * 1024];
    bool more = true;
    int blocks = 0;
    while (more && blocks < 100) more = process_write(child.process, (Str){block, sizeof block}), blocks++;
    assert_false(more);
    process_free(child.process);
    finish(&child);
    assert_false(child.exited); // no callback after process_free
    buf_done(&child.output);
}

static void a_signal_reaches_the_whole_group(void **state) {
    (void)state;
    Child child;
    assert_true(start(&child, "sleep 60 & sleep 60; echo never", NULL));
    process_signal(child.process, SIGTERM);
    finish(&child);
    assert_int_equal(child.signal, SIGTERM);
    assert_int_equal(child.output.len, 0);
    buf_done(&child.output);
}

static void a_descendant_that_keeps_the_pipe_does_not_hold_up_the_exit(void **state) {
    (void)state;
    Child child;
    assert_true(start(&child, "setsid sleep 60 & echo $!", NULL));
    finish(&child);
    assert_true(child.exited);
    buf_add_char(&child.output, 0);
    kill((pid_t)strtol(child.output.at, NULL, 10), SIGKILL);
    buf_done(&child.output);
}

static void a_program_that_does_not_exist_is_named(void **state) {
    (void)state;
    Loop *loop = loop_new();
    const char *argv[] = {"no-such-program", NULL};
    ProcessSpec spec = {.argv = argv, .input = PROCESS_NULL, .output = PROCESS_PIPE, .errors = PROCESS_NULL};
    Process *process = NULL;
    Error error = {0};
    assert_false(process_spawn(loop, &spec, &(ProcessOwner){0}, &process, &error));
    assert_non_null(strstr(error.message, "no-such-program: No such file"));
    loop_free(loop);
}

static void a_child_gets_no_other_descriptors(void **state) {
    (void)state;
    AUTO_ARENA arena = arena_new();
    int leak = open("/dev/null", O_RDONLY); // as whoever started us may have left it
    const char *argv[] = {"ls", "/proc/self/fd", NULL};
    ProcessResult result;
    assert_true(process_capture(arena, argv, NULL, 1000, 10000, &result, NULL));
    assert_true(str_is(result.output, "0\n1\n2\n3\n")); // 3 is ls's own
    close(leak);
}

static void capture_collects_and_limits_and_times_out(void **state) {
    (void)state;
    AUTO_ARENA arena = arena_new();
    ProcessResult result;
    Error error = {0};
    const char *fine[] = {"sh", "-c", "pwd; echo bad >&2; exit 3", NULL};
    assert_true(process_capture(arena, fine, "/tmp", 1000, 10000, &result, NULL));
    assert_int_equal(result.status, 3);
    assert_true(str_is(result.output, "/tmp\n") && str_is(result.errors, "bad\n"));
    const char *loud[] = {"yes", NULL};
    assert_false(process_capture(arena, loud, NULL, 1000, 10000, &result, &error));
    assert_string_equal(error.code, "too-large");
    const char *slow[] = {"sleep", "60", NULL};
    assert_false(process_capture(arena, slow, NULL, 1000, 20, &result, &error));
    assert_string_equal(error.code, "timeout");
}

static void ended(void *context) { *(bool *)context = true; }

static void the_end_of_a_process_that_is_no_child_is_seen(void **state) {
    (void)state;
    AUTO_ARENA arena = arena_new();
    Loop *loop = loop_new();
    const char *argv[] = {"sh", "-c", "sleep 0.05 >/dev/null 2>&1 & echo $!", NULL};
    ProcessResult result;
    assert_true(process_capture(arena, argv, NULL, 100, 10000, &result, NULL));
    int64_t pid = 0;
    assert_true(str_to_int(str_trim(result.output), &pid));
    bool seen = false;
    ProcessWatch *watch = NULL;
    Error error = {0};
    if (process_watch(loop, (pid_t)pid, ended, &seen, &watch, &error)) {
        loop_run(loop);
        assert_true(seen);
    }
    process_watch_free(watch);
    assert_false(process_watch(loop, 4194304, ended, &seen, &watch, &error));
    loop_free(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_comes_before_the_exit_and_status_is_told),
        cmocka_unit_test(what_is_written_is_read_by_the_child_up_to_its_end),
        cmocka_unit_test(much_that_is_not_read_makes_the_writer_wait),
        cmocka_unit_test(a_signal_reaches_the_whole_group),
        cmocka_unit_test(a_descendant_that_keeps_the_pipe_does_not_hold_up_the_exit),
        cmocka_unit_test(a_program_that_does_not_exist_is_named),
        cmocka_unit_test(a_child_gets_no_other_descriptors),
        cmocka_unit_test(capture_collects_and_limits_and_times_out),
        cmocka_unit_test(the_end_of_a_process_that_is_no_child_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
