// The wrappers of libuv's handles. Each is a struct whose first member is the handle, freed when libuv has closed it.
#include "os/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct Loop {
    uv_loop_t uv;
    uv_async_t posted_wake;
    _Atomic(LoopTask *) posted; // a stack, newest first
    size_t working; // pieces of work that the pool has
};

struct LoopTimer {
    uv_timer_t handle;
    LoopFunction *run;
    void *context;
};

struct LoopWake {
    uv_async_t handle;
    LoopFunction *run;
    void *context;
};

struct LoopHook {
    union {
        uv_prepare_t prepare;
        uv_check_t check;
    } handle;
    LoopFunction *run;
    void *context;
};

struct LoopSignal {
    uv_signal_t handle;
    LoopFunction *run;
    void *context;
};

struct LoopPoll {
    uv_poll_t handle;
    LoopPollFunction *run;
    void *context;
};

// libuv fails here only when memory or descriptors have run out before the server serves anything, or through a mistake of ours.
static void must(int status, const char *what) {
    if (status >= 0) return;
    fprintf(stderr, "event loop: %s: %s\n", what, uv_strerror(status));
    abort();
}

static void *new_zeroed(size_t size) {
    void *block = calloc(1, size);
    if (!block) abort();
    return block;
}

static void free_closed(uv_handle_t *handle) { free(handle); }

static void close_handle(void *handle) {
    if (handle) uv_close(handle, free_closed);
}

// The loop itself

static LoopTask *reversed(LoopTask *task) {
    LoopTask *first = NULL;
    while (task) {
        LoopTask *next = task->next;
        task->next = first;
        first = task;
        task = next;
    }
    return first;
}

static void run_posted(uv_async_t *handle) {
    Loop *loop = handle->data;
    LoopTask *task = reversed(atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire));
    while (task) {
        LoopTask *next = task->next; // the task may be freed or posted again by what it runs
        task->run(task->context);
        task = next;
    }
}

Loop *loop_new(void) {
    Loop *loop = new_zeroed(sizeof *loop);
    must(uv_loop_init(&loop->uv), "init");
    must(uv_async_init(&loop->uv, &loop->posted_wake, run_posted), "posted tasks");
    loop->posted_wake.data = loop->uv.data = loop;
    uv_unref((uv_handle_t *)&loop->posted_wake);
    signal(SIGPIPE, SIG_IGN);
    return loop;
}

void loop_free(Loop *loop) {
    if (!loop) return;
    uv_close((uv_handle_t *)&loop->posted_wake, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int status = uv_loop_close(&loop->uv);
    assert(status == 0 && "something made on the loop was not given back");
    (void)status;
    free(loop);
}

void loop_run(Loop *loop) { uv_run(&loop->uv, UV_RUN_DEFAULT); }

void loop_run_once(Loop *loop) { uv_run(&loop->uv, UV_RUN_ONCE); }

void loop_stop(Loop *loop) { uv_stop(&loop->uv); }

uv_loop_t *loop_uv(Loop *loop) { return &loop->uv; }

int64_t loop_now_ms(const Loop *loop) { return (int64_t)uv_now(&loop->uv); }

void loop_post(Loop *loop, LoopTask *task) {
    LoopTask *before = atomic_load_explicit(&loop->posted, memory_order_relaxed);
    do task->next = before;
    while (!atomic_compare_exchange_weak_explicit(&loop->posted, &before, task, memory_order_release, memory_order_relaxed));
    if (!before) uv_async_send(&loop->posted_wake); // the task itself may be gone already
}

// Timers

static void timer_ran(uv_timer_t *handle) {
    LoopTimer *timer = (LoopTimer *)handle;
    timer->run(timer->context);
}

LoopTimer *loop_timer_new(Loop *loop, LoopFunction *run, void *context) {
    LoopTimer *timer = new_zeroed(sizeof *timer);
    must(uv_timer_init(&loop->uv, &timer->handle), "timer");
    timer->run = run;
    timer->context = context;
    return timer;
}

void loop_timer_start(LoopTimer *timer, int64_t delay_ms, int64_t repeat_ms) {
    must(uv_timer_start(&timer->handle, timer_ran, delay_ms > 0 ? (uint64_t)delay_ms : 0, (uint64_t)repeat_ms), "timer start");
}

void loop_timer_stop(LoopTimer *timer) { uv_timer_stop(&timer->handle); }

void loop_timer_free(LoopTimer *timer) { close_handle(timer); }

// Wakes

static void woken(uv_async_t *handle) {
    LoopWake *wake = (LoopWake *)handle;
    wake->run(wake->context);
}

LoopWake *loop_wake_new(Loop *loop, LoopFunction *run, void *context) {
    LoopWake *wake = new_zeroed(sizeof *wake);
    must(uv_async_init(&loop->uv, &wake->handle, woken), "wake");
    wake->run = run;
    wake->context = context;
    return wake;
}

void loop_wake(LoopWake *wake) { uv_async_send(&wake->handle); }

void loop_wake_free(LoopWake *wake) { close_handle(wake); }

// Hooks

static void hook_prepared(uv_prepare_t *handle) {
    LoopHook *hook = (LoopHook *)handle;
    hook->run(hook->context);
}

static void hook_checked(uv_check_t *handle) {
    LoopHook *hook = (LoopHook *)handle;
    hook->run(hook->context);
}

LoopHook *loop_hook_new(Loop *loop, LoopMoment moment, LoopFunction *run, void *context) {
    LoopHook *hook = new_zeroed(sizeof *hook);
    hook->run = run;
    hook->context = context;
    if (moment == LOOP_BEFORE_POLL) {
        must(uv_prepare_init(&loop->uv, &hook->handle.prepare), "hook");
        must(uv_prepare_start(&hook->handle.prepare, hook_prepared), "hook");
    } else {
        must(uv_check_init(&loop->uv, &hook->handle.check), "hook");
        must(uv_check_start(&hook->handle.check, hook_checked), "hook");
    }
    uv_unref((uv_handle_t *)hook);
    return hook;
}

void loop_hook_free(LoopHook *hook) { close_handle(hook); }

// Signals

static void signal_came(uv_signal_t *handle, int number) {
    (void)number;
    LoopSignal *watch = (LoopSignal *)handle;
    watch->run(watch->context);
}

LoopSignal *loop_signal_new(Loop *loop, int number, LoopFunction *run, void *context) {
    LoopSignal *watch = new_zeroed(sizeof *watch);
    must(uv_signal_init(&loop->uv, &watch->handle), "signal");
    must(uv_signal_start(&watch->handle, signal_came, number), "signal");
    uv_unref((uv_handle_t *)&watch->handle);
    watch->run = run;
    watch->context = context;
    return watch;
}

void loop_signal_free(LoopSignal *watch) { close_handle(watch); }

// Descriptors

static void polled(uv_poll_t *handle, int status, int events) {
    LoopPoll *poll = (LoopPoll *)handle;
    unsigned seen = status < 0 ? LOOP_READABLE | LOOP_WRITABLE : 0;
    if (events & (UV_READABLE | UV_DISCONNECT)) seen |= LOOP_READABLE;
    if (events & (UV_WRITABLE | UV_DISCONNECT)) seen |= LOOP_WRITABLE;
    poll->run(poll->context, seen);
}

LoopPoll *loop_poll_new(Loop *loop, int fd, unsigned events, LoopPollFunction *run, void *context) {
    LoopPoll *poll = new_zeroed(sizeof *poll);
    must(uv_poll_init(&loop->uv, &poll->handle, fd), "descriptor");
    poll->run = run;
    poll->context = context;
    loop_poll_set(poll, events);
    return poll;
}

void loop_poll_set(LoopPoll *poll, unsigned events) {
    int wanted = (events & LOOP_READABLE ? UV_READABLE : 0) | (events & LOOP_WRITABLE ? UV_WRITABLE : 0);
    must(wanted ? uv_poll_start(&poll->handle, wanted, polled) : uv_poll_stop(&poll->handle), "descriptor");
}

void loop_poll_free(LoopPoll *poll) { close_handle(poll); }

// Work

static void work_runs(uv_work_t *request) {
    LoopWork *work = (LoopWork *)request;
    work->run(work->context);
}

static void work_done(uv_work_t *request, int status) {
    (void)status; // nothing here cancels work
    LoopWork *work = (LoopWork *)request;
    Loop *loop = request->loop->data;
    work->done(work->context); // the work may be freed there
    loop->working--;
}

void loop_work(Loop *loop, LoopWork *work) {
    loop->working++;
    must(uv_queue_work(&loop->uv, &work->request, work_runs, work_done), "work");
}

void loop_finish_work(Loop *loop) {
    while (loop->working) uv_run(&loop->uv, UV_RUN_ONCE);
}
