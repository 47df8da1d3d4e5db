#include "os/loop.h"
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

typedef struct Trace {
    Loop *loop;
    char text[64];
    size_t len;
    int left; // stops the loop when it falls to 0
} Trace;

static void note(Trace *trace, char c) {
    trace->text[trace->len++] = c;
    trace->text[trace->len] = 0;
    if (--trace->left == 0) loop_stop(trace->loop);
}

static void note_t(void *context) { note(context, 't'); }
static void note_w(void *context) { note(context, 'w'); }
static void note_s(void *context) { note(context, 's'); }

static void a_timer_comes_once_unless_it_repeats(void **state) {
    (void)state;
    Trace trace = {.loop = loop_new(), .left = 4};
    LoopTimer *repeating = loop_timer_new(trace.loop, note_t, &trace), *once = loop_timer_new(trace.loop, note_w, &trace);
    loop_timer_start(once, 0, 0);
    loop_timer_start(repeating, 1, 1);
    loop_run(trace.loop);
    assert_string_equal(trace.text, "wttt");
    loop_timer_free(repeating);
    loop_timer_free(once);
    loop_free(trace.loop);
}

static void freeing_a_timer_in_its_own_callback_is_allowed(void **state) {
    (void)state;
    Loop *loop = loop_new();
    LoopTimer *timer = NULL;
    void *holder[1] = {NULL};
    timer = loop_timer_new(loop, (LoopFunction *)note_t, holder);
    loop_timer_free(timer);
    loop_run(loop);
    loop_free(loop);
}

enum { POSTERS = 4, POSTS = 2000 };

typedef struct Poster {
    struct Counter *counter;
    LoopTask tasks[POSTS];
    int next_expected;
} Poster;

typedef struct Counter {
    Loop *loop;
    int seen;
    bool out_of_order;
    Poster posters[POSTERS];
} Counter;

typedef struct Posted {
    Poster *poster;
    int number;
} Posted;

static Posted posted[POSTERS][POSTS];

static void count(void *context) {
    Posted *one = context;
    Counter *counter = one->poster->counter;
    if (one->number != one->poster->next_expected++) counter->out_of_order = true;
    if (++counter->seen == POSTERS * POSTS) loop_stop(counter->loop);
}

static void *post_many(void *context) {
    Poster *poster = context;
    for (int i = 0; i < POSTS; i++) loop_post(poster->counter->loop, &poster->tasks[i]);
    return NULL;
}

static void never(void *context) { (void)context; }

static void tasks_posted_by_threads_all_run_in_the_order_of_each_thread(void **state) {
    (void)state;
    static Counter counter;
    counter.loop = loop_new();
    LoopTimer *alive = loop_timer_new(counter.loop, never, NULL);
    loop_timer_start(alive, 60000, 0);
    pthread_t threads[POSTERS];
    for (int p = 0; p < POSTERS; p++) {
        counter.posters[p].counter = &counter;
        for (int i = 0; i < POSTS; i++) {
            posted[p][i] = (Posted){&counter.posters[p], i};
            counter.posters[p].tasks[i] = (LoopTask){.run = count, .context = &posted[p][i]};
        }
        pthread_create(&threads[p], NULL, post_many, &counter.posters[p]);
    }
    loop_run(counter.loop);
    for (int p = 0; p < POSTERS; p++) pthread_join(threads[p], NULL);
    assert_int_equal(counter.seen, POSTERS * POSTS);
    assert_false(counter.out_of_order);
    loop_timer_free(alive);
    loop_free(counter.loop);
}

static void note_before(void *context) { note(context, 'b'); }
static void note_after(void *context) { note(context, 'a'); }

static void hooks_run_around_the_sleep_of_each_iteration(void **state) {
    (void)state;
    Trace trace = {.loop = loop_new(), .left = 10};
    LoopHook *before = loop_hook_new(trace.loop, LOOP_BEFORE_POLL, note_before, &trace);
    LoopHook *after = loop_hook_new(trace.loop, LOOP_AFTER_POLL, note_after, &trace);
    LoopWake *wake = loop_wake_new(trace.loop, note_w, &trace);
    loop_wake(wake);
    loop_run_once(trace.loop);
    assert_string_equal(trace.text, "bwa");
    loop_hook_free(before);
    loop_hook_free(after);
    loop_wake_free(wake);
    loop_free(trace.loop);
}

static void a_signal_arrives_in_the_loop(void **state) {
    (void)state;
    Trace trace = {.loop = loop_new(), .left = 1};
    LoopSignal *watch = loop_signal_new(trace.loop, SIGUSR1, note_s, &trace);
    LoopTimer *alive = loop_timer_new(trace.loop, never, NULL);
    loop_timer_start(alive, 60000, 0);
    kill(getpid(), SIGUSR1);
    loop_run(trace.loop);
    assert_string_equal(trace.text, "s");
    loop_signal_free(watch);
    loop_timer_free(alive);
    loop_free(trace.loop);
}

typedef struct Worker {
    Loop *loop;
    LoopWork work;
    pthread_t ran_on;
    bool done;
} Worker;

static void work(void *context) { ((Worker *)context)->ran_on = pthread_self(); }

static void worked(void *context) { ((Worker *)context)->done = true; }

static void work_runs_on_another_thread_and_ends_on_the_loops(void **state) {
    (void)state;
    Worker worker = {.loop = loop_new()};
    worker.work = (LoopWork){.run = work, .done = worked, .context = &worker};
    loop_work(worker.loop, &worker.work);
    loop_run(worker.loop);
    assert_true(worker.done);
    assert_false(pthread_equal(worker.ran_on, pthread_self()));
    loop_free(worker.loop);
}

typedef struct Watched {
    Loop *loop;
    int fd;
    char got;
} Watched;

static void read_one(void *context, unsigned events) {
    Watched *watched = context;
    if (events & LOOP_READABLE && read(watched->fd, &watched->got, 1) == 1) loop_stop(watched->loop);
}

static void a_descriptor_that_can_be_read_is_told(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    Watched watched = {.loop = loop_new(), .fd = ends[0]};
    LoopPoll *poll = loop_poll_new(watched.loop, ends[0], LOOP_READABLE, read_one, &watched);
    assert_int_equal(write(ends[1], "x", 1), 1);
    loop_run(watched.loop);
    assert_int_equal(watched.got, 'x');
    loop_poll_free(poll);
    loop_free(watched.loop);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_comes_once_unless_it_repeats),
        cmocka_unit_test(freeing_a_timer_in_its_own_callback_is_allowed),
        cmocka_unit_test(tasks_posted_by_threads_all_run_in_the_order_of_each_thread),
        cmocka_unit_test(hooks_run_around_the_sleep_of_each_iteration),
        cmocka_unit_test(a_signal_arrives_in_the_loop),
        cmocka_unit_test(work_runs_on_another_thread_and_ends_on_the_loops),
        cmocka_unit_test(a_descriptor_that_can_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
