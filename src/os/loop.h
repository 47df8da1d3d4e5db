// Loop: the program's one event loop (libuv): timers, wake-ups from other threads, hooks once an iteration, signals, file descriptors, work for the pool.
//
// Who may use it: every room from os upward. Everything is for the loop's own thread, except loop_post and loop_wake.
// What is made here with _new is given back with _free, which accepts NULL, may be called from any callback (its own too) and after which no callback comes.
// One iteration: timers → LOOP_BEFORE_POLL hooks → sleep until something is ready → sockets, processes, posted tasks, wakes → LOOP_AFTER_POLL hooks.
// So what sockets brought in one iteration has been parsed when LOOP_AFTER_POLL runs (a read transaction begun there sees every write acknowledged
// before); and everything of the iteration is done when LOOP_BEFORE_POLL runs (the moment to wake another thread once for all of it).
#pragma once

#include "base/error.h"

#include <uv.h>

typedef struct Loop Loop;
typedef void LoopFunction(void *context);

Loop *loop_new(void); // also ignores SIGPIPE
void loop_free(Loop *loop); // everything made on it must have been given back; waits for what is still closing
void loop_run(Loop *loop); // until loop_stop, or until nothing is left that could happen
void loop_run_once(Loop *loop); // one iteration, sleeping if need be
void loop_stop(Loop *loop);
uv_loop_t *loop_uv(Loop *loop); // for the rooms that wrap a part of libuv
int64_t loop_now_ms(const Loop *loop); // monotonic, as of the start of the iteration

// Timers. The callback comes once, or every `repeat_ms` when that is not 0.
typedef struct LoopTimer LoopTimer;
LoopTimer *loop_timer_new(Loop *loop, LoopFunction *run, void *context);
void loop_timer_start(LoopTimer *timer, int64_t delay_ms, int64_t repeat_ms); // starts it afresh when it runs already
void loop_timer_stop(LoopTimer *timer);
void loop_timer_free(LoopTimer *timer);

// From any thread: runs `task` on the loop's thread. The task belongs to the loop until it runs and may be freed or posted again there.
// Tasks of one thread run in the order in which they were posted. Only the first of a batch costs a system call.
typedef struct LoopTask LoopTask;
struct LoopTask {
    LoopTask *next; // the loop's
    LoopFunction *run;
    void *context;
};
void loop_post(Loop *loop, LoopTask *task);

// From any thread: calls `run` on the loop's thread at least once after loop_wake; several wakes may become one call.
typedef struct LoopWake LoopWake;
LoopWake *loop_wake_new(Loop *loop, LoopFunction *run, void *context);
void loop_wake(LoopWake *wake);
void loop_wake_free(LoopWake *wake); // no other thread may use it any more

// Hooks: once an iteration. They do not keep the loop alive.
typedef enum LoopMoment { LOOP_BEFORE_POLL, LOOP_AFTER_POLL } LoopMoment;
typedef struct LoopHook LoopHook;
LoopHook *loop_hook_new(Loop *loop, LoopMoment moment, LoopFunction *run, void *context);
void loop_hook_free(LoopHook *hook);

// Signals. They do not keep the loop alive.
typedef struct LoopSignal LoopSignal;
LoopSignal *loop_signal_new(Loop *loop, int number, LoopFunction *run, void *context);
void loop_signal_free(LoopSignal *watch);

// A file descriptor (pidfd, eventfd, socket of a keeper): `run` is called while it is readable or, with LOOP_WRITABLE, writable; errors and hang-ups count
// as both. The descriptor stays the owner's and must be open until loop_poll_free returns.
enum { LOOP_READABLE = 1, LOOP_WRITABLE = 2 };
typedef void LoopPollFunction(void *context, unsigned events);
typedef struct LoopPoll LoopPoll;
LoopPoll *loop_poll_new(Loop *loop, int fd, unsigned events, LoopPollFunction *run, void *context);
void loop_poll_set(LoopPoll *poll, unsigned events); // 0: pause
void loop_poll_free(LoopPoll *poll);

// Work off the loop: `run` on a thread of the pool, then `done` on the loop's thread, always, in this order. `work` belongs to the loop in between.
typedef struct LoopWork {
    uv_work_t request; // the loop's
    LoopFunction *run, *done;
    void *context;
} LoopWork;
void loop_work(Loop *loop, LoopWork *work);
void loop_finish_work(Loop *loop); // runs the loop until the pool has nothing left: before what the work refers to is freed
