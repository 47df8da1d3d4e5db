// A child has up to four handles of libuv: itself and three pipes. The struct is freed when its owner has let go and all of them are closed; the handle of the
// child itself stays until it has been reaped, so that nothing is left a zombie.
#include "os/process.h"

#include <assert.h>
#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    WAITING_MOST_BYTES = 256 * 1024, // of input that the child has not read
    OUTPUT_GRACE_MS = 1000, // after the exit, for what descendants still write into the child's pipes
};

typedef struct Pipe {
    uv_pipe_t handle; // first
    Process *process;
    bool open, ended;
} Pipe;

struct Process {
    uv_process_t handle; // first
    ProcessOwner owner;
    Pipe pipes[3];
    LoopTimer *grace; // from the exit until the output has ended
    char *block; // what is being read
    unsigned handles; // not closed yet
    int status, signal;
    bool exited, told, freed, paused, wants_drained;
};

typedef struct Write {
    uv_write_t request; // first
    Process *process;
    char copy[];
} Write;

// The end

static void free_when_over(Process *process) {
    if (!process->freed || process->handles) return;
    free(process->block);
    free(process);
}

static void on_closed(uv_handle_t *handle) {
    Process *process = handle->data;
    process->handles--;
    free_when_over(process);
}

static void close_pipe(Pipe *pipe) {
    pipe->ended = true;
    if (!pipe->open) return;
    pipe->open = false;
    uv_close((uv_handle_t *)&pipe->handle, on_closed);
}

static void tell_exit_when_over(Process *process) {
    if (!process->exited || process->told || process->freed || !process->pipes[1].ended || !process->pipes[2].ended) return;
    process->told = true;
    close_pipe(&process->pipes[0]);
    loop_timer_free(process->grace);
    process->grace = NULL;
    if (process->owner.on_exit) process->owner.on_exit(process->owner.context, process->status, process->signal);
}

static void grace_is_over(void *context) {
    Process *process = context;
    close_pipe(&process->pipes[1]);
    close_pipe(&process->pipes[2]);
    tell_exit_when_over(process);
}

// While the owner pauses, it is not the descendants that keep us waiting.
static void time_grace(Process *process) {
    if (!process->exited || process->told) return;
    if (process->paused)
        loop_timer_stop(process->grace);
    else
        loop_timer_start(process->grace, OUTPUT_GRACE_MS, 0);
}

static void on_exited(uv_process_t *handle, int64_t status, int signal_number) {
    Process *process = handle->data;
    process->exited = true;
    process->status = (int)status;
    process->signal = signal_number;
    uv_close((uv_handle_t *)handle, on_closed);
    if (process->freed) return;
    time_grace(process);
    tell_exit_when_over(process);
}

// Output

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room) {
    (void)suggested;
    Process *process = handle->data;
    if (!process->block) process->block = malloc(PROCESS_PIECE_BYTES);
    *room = uv_buf_init(process->block, process->block ? PROCESS_PIECE_BYTES : 0);
}

static void on_output(uv_stream_t *stream, ssize_t len, const uv_buf_t *room) {
    Pipe *pipe = (Pipe *)stream;
    Process *process = pipe->process;
    if (len == 0 || process->freed) return;
    int number = (int)(pipe - process->pipes);
    if (len < 0) close_pipe(pipe);
    if (process->owner.on_output)
        process->owner.on_output(process->owner.context, number, (Str){room->base ? room->base : "", len > 0 ? (size_t)len : 0});
    if (len < 0) tell_exit_when_over(process);
}

void process_pause_output(Process *process, bool pause) {
    process->paused = pause;
    for (int i = 1; i <= 2; i++) {
        Pipe *pipe = &process->pipes[i];
        if (!pipe->open) continue;
        if (pause)
            uv_read_stop((uv_stream_t *)&pipe->handle);
        else
            uv_read_start((uv_stream_t *)&pipe->handle, on_room, on_output);
    }
    time_grace(process);
}

// Input

static void on_written(uv_write_t *request, int status) {
    Process *process = ((Write *)request)->process;
    free(request);
    Pipe *input = &process->pipes[0];
    if (process->freed || !input->open) return;
    if (status < 0) close_pipe(input); // the child does not read any more: the rest is of no use
    bool drained = !input->open || uv_stream_get_write_queue_size((uv_stream_t *)&input->handle) <= WAITING_MOST_BYTES / 2;
    if (!process->wants_drained || !drained) return;
    process->wants_drained = false;
    if (process->owner.on_drained) process->owner.on_drained(process->owner.context);
}

bool process_write(Process *process, Str bytes) {
    Pipe *input = &process->pipes[0];
    if (!input->open || input->ended || bytes.len == 0) return true;
    Write *write = malloc(sizeof *write + bytes.len);
    if (!write) abort();
    write->process = process;
    memcpy(write->copy, bytes.at, bytes.len);
    uv_buf_t piece = uv_buf_init(write->copy, (unsigned)bytes.len);
    if (uv_write(&write->request, (uv_stream_t *)&input->handle, &piece, 1, on_written) < 0) {
        free(write);
        return true; // the child is at its end, which on_exit tells
    }
    process->wants_drained = uv_stream_get_write_queue_size((uv_stream_t *)&input->handle) > WAITING_MOST_BYTES;
    return !process->wants_drained;
}

static void on_input_shut(uv_shutdown_t *request, int status) {
    (void)status;
    Pipe *input = request->data;
    free(request);
    if (input->open) close_pipe(input);
}

void process_close_input(Process *process) {
    Pipe *input = &process->pipes[0];
    if (!input->open || input->ended) return;
    input->ended = true; // no more writes
    uv_shutdown_t *request = malloc(sizeof *request);
    if (!request) abort();
    request->data = input;
    if (uv_shutdown(request, (uv_stream_t *)&input->handle, on_input_shut) == 0) return;
    free(request);
    close_pipe(input);
}

// Beginning

static void set_stdio(Process *process, uv_loop_t *loop, int number, int wanted, uv_stdio_container_t *stdio) {
    Pipe *pipe = &process->pipes[number];
    pipe->process = process;
    pipe->ended = wanted != PROCESS_PIPE;
    if (wanted == PROCESS_NULL) {
        stdio->flags = UV_IGNORE; // libuv opens /dev/null for 0, 1 and 2
    } else if (wanted != PROCESS_PIPE) {
        stdio->flags = UV_INHERIT_FD;
        stdio->data.fd = wanted;
    } else {
        uv_pipe_init(loop, &pipe->handle, 0);
        pipe->handle.data = process;
        pipe->open = true;
        process->handles++;
        stdio->flags = UV_CREATE_PIPE | (number == 0 ? UV_READABLE_PIPE : UV_WRITABLE_PIPE);
        stdio->data.stream = (uv_stream_t *)&pipe->handle;
    }
}

static void give_up(Process *process) {
    for (int i = 0; i < 3; i++) close_pipe(&process->pipes[i]);
    process->freed = true;
    uv_close((uv_handle_t *)&process->handle, on_closed);
}

static void start_reading(Process *process) {
    for (int i = 1; i <= 2; i++)
        if (process->pipes[i].open) uv_read_start((uv_stream_t *)&process->pipes[i].handle, on_room, on_output);
}

bool process_spawn(Loop *loop, const ProcessSpec *spec, const ProcessOwner *owner, Process **out, Error *e) {
    Process *process = calloc(1, sizeof *process);
    if (!process) abort();
    process->owner = *owner;
    process->handle.data = process;
    process->handles = 1;
    uv_stdio_container_t stdio[4] = {[3] = {.flags = UV_INHERIT_FD, .data.fd = spec->held}};
    const int wanted[] = {spec->input, spec->output, spec->errors};
    for (int i = 0; i < 3; i++) set_stdio(process, loop_uv(loop), i, wanted[i], &stdio[i]);
    uv_process_options_t options = {
        .exit_cb = on_exited,
        .file = spec->argv[0],
        .args = (char **)spec->argv,
        .env = (char **)spec->env,
        .cwd = spec->cwd,
        .flags = UV_PROCESS_DETACHED, // a session, and so a group, of its own
        .stdio_count = spec->held ? 4 : 3,
        .stdio = stdio,
    };
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); // also what was left open by whoever started us
    int status = uv_spawn(loop_uv(loop), &process->handle, &options);
    if (status < 0) {
        give_up(process);
        return fail_errno(e, -status, "start %s", spec->argv[0]);
    }
    process->grace = loop_timer_new(loop, grace_is_over, process);
    start_reading(process);
    *out = process;
    return true;
}

pid_t process_pid(const Process *process) { return process->handle.pid; }

void process_signal(Process *process, int number) {
    if (!process->exited && kill(-process->handle.pid, number) < 0 && errno == ESRCH) kill(process->handle.pid, number);
}

void process_free(Process *process) {
    if (!process) return;
    if (!process->exited) process_signal(process, SIGKILL);
    for (int i = 0; i < 3; i++) close_pipe(&process->pipes[i]);
    loop_timer_free(process->grace);
    process->freed = true;
    free_when_over(process);
}

// Processes that are not children

struct ProcessWatch {
    LoopPoll *poll;
    int fd;
    LoopFunction *ended;
    void *context;
};

static void watched_ended(void *context, unsigned events) {
    (void)events;
    ProcessWatch *watch = context;
    loop_poll_set(watch->poll, 0);
    watch->ended(watch->context);
}

bool process_watch(Loop *loop, pid_t pid, LoopFunction *ended, void *context, ProcessWatch **out, Error *e) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) return fail_errno(e, errno, "process %d", (int)pid);
    ProcessWatch *watch = calloc(1, sizeof *watch);
    if (!watch) abort();
    *watch = (ProcessWatch){.fd = fd, .ended = ended, .context = context};
    watch->poll = loop_poll_new(loop, fd, LOOP_READABLE, watched_ended, watch);
    *out = watch;
    return true;
}

void process_watch_free(ProcessWatch *watch) {
    if (!watch) return;
    loop_poll_free(watch->poll);
    close(watch->fd);
    free(watch);
}
