// Process: children of the server with pipes, and the ends of processes that are not its children.
//
// For the loop's thread. Callbacks come from the loop, never from within the call that causes them. on_exit is the last one and comes after all output
// (of descendants that hold the pipes open longer, one second more is waited for).
// A child gets only the descriptors 0, 1, 2 (and 3, if that is wanted), a process group of its own, and default signal handlers.
#pragma once

#include "os/loop.h"

typedef struct Process Process;

enum { PROCESS_NULL = -1, PROCESS_PIPE = -2 }; // instead of a descriptor of the caller's
enum { PROCESS_PIECE_BYTES = 64 * 1024 }; // the most that on_output gets at once

typedef struct ProcessSpec {
    const char *const *argv; // ends with NULL; argv[0] is looked up in PATH
    const char *const *env; // "NAME=value", ends with NULL; NULL: the server's own
    const char *cwd; // NULL: the server's own
    int input, output, errors; // a descriptor, PROCESS_NULL or PROCESS_PIPE. `errors` == `output` as descriptors is well
    int held; // a descriptor that the child and its children keep open as 3, so that a lock on it tells when the last of them has ended; 0: none
} ProcessSpec;

typedef struct ProcessOwner {
    void (*on_output)(void *context, int stream, Str bytes); // stream 1 or 2; an empty piece: its end
    void (*on_drained)(void *context); // process_write said wait: now it may go on
    void (*on_exit)(void *context, int status, int signal); // signal 0 when it exited
    void *context;
} ProcessOwner;

bool process_spawn(Loop *loop, const ProcessSpec *spec, const ProcessOwner *owner, Process **out, Error *e);
bool process_write(Process *process, Str bytes); // copied; false: much is waiting; go on at on_drained
void process_close_input(Process *process); // after what was written
void process_pause_output(Process *process, bool pause);
void process_signal(Process *process, int number); // to its group
pid_t process_pid(const Process *process);
void process_free(Process *process); // kills its group when it still runs; accepts NULL; no callback comes after it

// The end of any process, by pidfd. The callback comes once. Fails when there is no such process.
typedef struct ProcessWatch ProcessWatch;
bool process_watch(Loop *loop, pid_t pid, LoopFunction *ended, void *context, ProcessWatch **out, Error *e);
void process_watch_free(ProcessWatch *watch);

// Runs a command to its end and collects what it says: for the command line, not for the server's loop.
typedef struct ProcessResult {
    int status, signal;
    Str output, errors; // in the arena
} ProcessResult;
// Fails when it cannot be started, says more than `limit_bytes`, or takes longer than `timeout_ms` (code "timeout"; it is killed). A status other than 0 is no failure.
bool process_capture(Arena *arena, const char *const *argv, const char *cwd, size_t limit_bytes, int64_t timeout_ms, ProcessResult *out, Error *e);
