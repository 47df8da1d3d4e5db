// The crashes are real: a child process dies of them.
#include "engine/poison.h"

#include "store/harness.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void die_of(Str folder, int signal, Str handled) {
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        poison_watch(folder);
        poison_leave(poison_enter(STR("something before")));
        if (handled.at) poison_enter(handled);
        raise(signal);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
}

static bool load(Stored *stored, Str id) {
    poison_load(stored->store, stored->folder);
    stored_commit(stored);
    poison_settle(stored->folder);
    return poison_is(stored->store, id);
}

static void the_second_crash_of_an_event_sets_it_aside(void **state) {
    STORE_TESTED(stored);
    die_of(stored.folder, SIGABRT, STR("event 7"));
    assert_false(load(&stored, STR("event 7")));
    assert_false(load(&stored, STR("event 7"))); // a start without a crash counts nothing
    die_of(stored.folder, SIGABRT, STR("event 7"));
    assert_true(load(&stored, STR("event 7")));
    assert_false(poison_is(stored.store, STR("event 8")));
    Doc *list = poison_list(stored.store, stored.arena);
    assert_int_equal(doc_count(list), 1);
    assert_int_equal(doc_number(doc_first(list), "crashes", 0), 2);
}

static void a_kill_from_outside_blames_nobody(void **state) {
    STORE_TESTED(stored);
    for (int i = 0; i < 3; i++) {
        die_of(stored.folder, SIGKILL, STR("event 7"));
        assert_false(load(&stored, STR("event 7")));
    }
}

static void a_crash_between_events_blames_nobody(void **state) {
    STORE_TESTED(stored);
    die_of(stored.folder, SIGABRT, STR_NONE);
    assert_false(load(&stored, STR("something before")));
    assert_int_equal(doc_count(poison_list(stored.store, stored.arena)), 0);
}

static void what_is_within_another_is_the_others_doing(void **state) {
    assert_true(poison_enter(STR("outer")));
    assert_false(poison_enter(STR("inner")));
    poison_leave(false);
    poison_leave(true);
    assert_true(poison_enter(STR("next")));
    poison_leave(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_crash_of_an_event_sets_it_aside),
        cmocka_unit_test(a_kill_from_outside_blames_nobody),
        cmocka_unit_test(a_crash_between_events_blames_nobody),
        cmocka_unit_test(what_is_within_another_is_the_others_doing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
