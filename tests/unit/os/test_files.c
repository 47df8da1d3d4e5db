#include "os/files.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

typedef struct Scratch {
    Arena *arena;
    Str folder;
} Scratch;

static int make_scratch(void **state) {
    static char template[64];
    snprintf(template, sizeof template, "/tmp/rehearse-files-XXXXXX");
    Scratch *scratch = malloc(sizeof *scratch);
    scratch->arena = arena_new();
    scratch->folder = str_copy(scratch->arena, str_of(mkdtemp(template)));
    *state = scratch;
    return 0;
}

static int remove_scratch(void **state) {
    Scratch *scratch = *state;
    bool removed = tree_remove(scratch->folder, NULL) && !file_exists(scratch->folder);
    arena_free(scratch->arena);
    free(scratch);
    return removed ? 0 : -1;
}

static Str in(Scratch *scratch, const char *name) { return path_join(scratch->arena, scratch->folder, str_of(name)); }

static void assert_holds(Scratch *scratch, Str path, const char *text) {
    Str found;
    assert_true(file_read(scratch->arena, path, 1000, &found, NULL));
    assert_string_equal(found.at, text);
}

static void what_is_written_atomically_is_read_back_and_leaves_nothing_beside_it(void **state) {
    Scratch *scratch = *state;
    assert_true(file_write_atomically(in(scratch, "a"), STR("one"), 0644, NULL));
    assert_true(file_write_atomically(in(scratch, "a"), STR("two"), 0600, NULL));
    assert_holds(scratch, in(scratch, "a"), "two");
    Str *names;
    size_t count;
    assert_true(folder_list(scratch->arena, scratch->folder, &names, &count, NULL));
    assert_int_equal(count, 1);
    struct stat about;
    stat(in(scratch, "a").at, &about);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void an_atomic_write_that_fails_leaves_the_old_file(void **state) {
    Scratch *scratch = *state;
    Error error = {0};
    assert_true(folder_make(in(scratch, "d"), 0755, NULL));
    assert_false(file_write_atomically(in(scratch, "d"), STR("x"), 0644, &error)); // a folder stands there
    Str *names;
    size_t count;
    assert_true(folder_list(scratch->arena, scratch->folder, &names, &count, NULL));
    assert_int_equal(count, 1);
}

static void reading_stops_at_the_limit(void **state) {
    Scratch *scratch = *state;
    Error error = {0};
    Str text;
    assert_true(file_write(in(scratch, "a"), STR("12345"), 0644, NULL));
    assert_true(file_read(scratch->arena, in(scratch, "a"), 5, &text, NULL));
    assert_false(file_read(scratch->arena, in(scratch, "a"), 4, &text, &error));
    assert_string_equal(error.code, "too-large");
    assert_true(file_read(scratch->arena, STR("/proc/self/status"), 100000, &text, NULL)); // says size 0
    assert_true(text.len > 100);
}

static void an_absent_file_is_named_in_the_error(void **state) {
    Scratch *scratch = *state;
    Error error = {0};
    Str text;
    assert_false(file_read(scratch->arena, in(scratch, "absent"), 5, &text, &error));
    assert_non_null(strstr(error.message, "/absent: No such file"));
}

static void folders_are_made_with_their_parents_and_listed_in_order(void **state) {
    Scratch *scratch = *state;
    assert_true(folder_make(in(scratch, "x/y/z"), 0755, NULL));
    assert_true(folder_make(in(scratch, "x/y/z"), 0755, NULL));
    assert_true(file_write(in(scratch, "x/b"), STR(""), 0644, NULL));
    assert_true(file_write(in(scratch, "x/a"), STR(""), 0644, NULL));
    Str *names;
    size_t count;
    assert_true(folder_list(scratch->arena, in(scratch, "x"), &names, &count, NULL));
    assert_int_equal(count, 3);
    assert_true(str_is(names[0], "a") && str_is(names[1], "b") && str_is(names[2], "y"));
    assert_false(folder_make(in(scratch, "x/a/c"), 0755, NULL)); // a file is in the way
}

static void a_copy_has_bytes_and_mode_and_replaces(void **state) {
    Scratch *scratch = *state;
    assert_true(file_write(in(scratch, "a"), STR("text"), 0640, NULL));
    assert_true(file_write(in(scratch, "b"), STR("something longer"), 0600, NULL));
    assert_true(file_copy(in(scratch, "a"), in(scratch, "b"), NULL));
    assert_holds(scratch, in(scratch, "b"), "text");
    struct stat about;
    stat(in(scratch, "b").at, &about);
    assert_int_equal(about.st_mode & 0777, 0640);
    assert_true(file_link_or_copy(in(scratch, "a"), in(scratch, "c"), NULL));
    stat(in(scratch, "c").at, &about);
    assert_int_equal(about.st_nlink, 2);
}

static void a_lock_is_held_until_it_is_closed(void **state) {
    Str path = in(*state, "lock");
    int held;
    assert_true(file_lock(path, &held, NULL));
    AUTO_FD other = open(path.at, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    fd_close(held);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
}

static void noticed(int signal) {}

static void a_signal_ends_the_wait_for_a_lock(void **state) {
    Str path = in(*state, "lock");
    Error error = {0};
    struct sigaction on_alarm = {.sa_handler = noticed};
    struct itimerval again_and_again = {{0, 10000}, {0, 10000}}, never = {0};
    AUTO_FD held = -1;
    int second = -1;
    assert_true(file_lock(path, &held, NULL));
    sigaction(SIGALRM, &on_alarm, NULL);
    setitimer(ITIMER_REAL, &again_and_again, NULL);
    bool locked = file_lock(path, &second, &error);
    setitimer(ITIMER_REAL, &never, NULL);
    assert_false(locked);
    assert_string_equal(error.code, "interrupted");
    assert_int_equal(second, -1);
}

static void removing_a_tree_does_not_follow_links(void **state) {
    Scratch *scratch = *state;
    assert_true(folder_make(in(scratch, "keep"), 0755, NULL));
    assert_true(file_write(in(scratch, "keep/file"), STR("safe"), 0644, NULL));
    assert_true(folder_make(in(scratch, "tree/sub"), 0755, NULL));
    assert_int_equal(symlink(in(scratch, "keep").at, in(scratch, "tree/sub/link").at), 0);
    assert_true(file_write(in(scratch, "tree/sub/f"), STR("x"), 0400, NULL));
    assert_int_equal(chmod(in(scratch, "tree/sub").at, 0500), 0);
    assert_true(tree_remove(in(scratch, "tree"), NULL));
    assert_false(file_exists(in(scratch, "tree")));
    assert_holds(scratch, in(scratch, "keep/file"), "safe");
    assert_true(tree_remove(in(scratch, "tree"), NULL)); // absent is well
}

// Deeper than there are descriptors, and longer than any path.
static void a_very_deep_tree_is_removed(void **state) {
    Scratch *scratch = *state;
    assert_true(folder_make(in(scratch, "deep"), 0755, NULL));
    char *here = getcwd(NULL, 0);
    assert_int_equal(chdir(in(scratch, "deep").at), 0);
    for (int i = 0; i < 700; i++) assert_true(mkdir("folder", 0755) == 0 && chdir("folder") == 0);
    assert_int_equal(chdir(here), 0);
    free(here);
    Error error = {0};
    if (!tree_remove(in(scratch, "deep"), &error)) fail_msg("%s", error.message);
    assert_false(file_exists(in(scratch, "deep")));
}

static void parents_and_names_of_paths(void **state) {
    (void)state;
    assert_true(str_is(path_parent(STR("/a/b")), "/a") && str_is(path_parent(STR("/a")), "/") && str_is(path_parent(STR("a")), "."));
    assert_true(str_is(path_name(STR("/a/b")), "b") && str_is(path_name(STR("b")), "b"));
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, make_scratch, remove_scratch)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(what_is_written_atomically_is_read_back_and_leaves_nothing_beside_it),
        WITH_SCRATCH(an_atomic_write_that_fails_leaves_the_old_file),
        WITH_SCRATCH(reading_stops_at_the_limit),
        WITH_SCRATCH(an_absent_file_is_named_in_the_error),
        WITH_SCRATCH(folders_are_made_with_their_parents_and_listed_in_order),
        WITH_SCRATCH(a_copy_has_bytes_and_mode_and_replaces),
        WITH_SCRATCH(a_lock_is_held_until_it_is_closed),
        WITH_SCRATCH(a_signal_ends_the_wait_for_a_lock),
        WITH_SCRATCH(removing_a_tree_does_not_follow_links),
        WITH_SCRATCH(a_very_deep_tree_is_removed),
        cmocka_unit_test(parents_and_names_of_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
