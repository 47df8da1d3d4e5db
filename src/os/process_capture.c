// A command run to its end, on a loop of its own.
#include "os/process.h"

#include "base/buf.h"

typedef struct Capture {
    Loop *loop;
    Buf output[2];
    int status, signal;
    bool over, late;
} Capture;

static void on_output(void *context, int stream, Str bytes) {
    Capture *capture = context;
    buf_add(&capture->output[stream - 1], bytes);
    if (capture->output[stream - 1].overflow) loop_stop(capture->loop);
}

static void on_exit_told(void *context, int status, int signal) {
    Capture *capture = context;
    capture->status = status;
    capture->signal = signal;
    capture->over = true;
    loop_stop(capture->loop);
}

static void on_late(void *context) {
    Capture *capture = context;
    capture->late = true;
    loop_stop(capture->loop);
}

static bool result_of(Arena *arena, Capture *capture, const char *name, size_t limit_bytes, ProcessResult *out, Error *e) {
    if (capture->output[0].overflow || capture->output[1].overflow) return fail(e, "too-large", "%s says more than %zu bytes", name, limit_bytes);
    if (capture->late) return fail(e, "timeout", "%s takes too long", name);
    *out = (ProcessResult){capture->status, capture->signal, str_copy(arena, buf_str(&capture->output[0])),
                           str_copy(arena, buf_str(&capture->output[1]))};
    return true;
}

static bool run(Arena *arena, Capture *capture, const ProcessSpec *spec, size_t limit_bytes, int64_t timeout_ms, ProcessResult *out, Error *e) {
    ProcessOwner owner = {.on_output = on_output, .on_exit = on_exit_told, .context = capture};
    Process *process = NULL;
    TRY(process_spawn(capture->loop, spec, &owner, &process, e));
    LoopTimer *timer = loop_timer_new(capture->loop, on_late, capture);
    loop_timer_start(timer, timeout_ms, 0);
    loop_run(capture->loop);
    process_free(process);
    loop_timer_free(timer);
    return result_of(arena, capture, spec->argv[0], limit_bytes, out, e);
}

bool process_capture(Arena *arena, const char *const *argv, const char *cwd, size_t limit_bytes, int64_t timeout_ms, ProcessResult *out, Error *e) {
    Capture capture = {.loop = loop_new()};
    buf_init(&capture.output[0], limit_bytes);
    buf_init(&capture.output[1], limit_bytes);
    ProcessSpec spec = {.argv = argv, .cwd = cwd, .input = PROCESS_NULL, .output = PROCESS_PIPE, .errors = PROCESS_PIPE};
    bool captured = run(arena, &capture, &spec, limit_bytes, timeout_ms, out, e);
    loop_free(capture.loop);
    buf_done(&capture.output[0]);
    buf_done(&capture.output[1]);
    return captured;
}
