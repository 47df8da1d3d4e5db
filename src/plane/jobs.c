// Jobs in sandboxes, and the helper program on the host (plane/sandboxes.h).
//
// A job's output and control records are read from their files, one event at a time: the next piece is read after the commit of the one before, and the
// offsets are kept in that commit. So every byte reaches the machine exactly once, whatever crashes.
#include "plane/sandboxes.h"

#include "base/log.h"
#include "formats/json.h"
#include "os/files.h"
#include "os/process.h"
#include "plane/handles.h"
#include "plane/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE_BYTES = 128 * 1024, HELPER_OUTPUT_BYTES = 4 * 1024 * 1024, READ_AGAIN_MS = 200, MOST_FAILED_READS = 50 };

typedef struct Job {
    Link link;
    Handle *handle;
    char effect_id[SANDBOX_ID_BYTES], id[SANDBOX_ID_BYTES];
    int64_t output_offset, control_offset; // as of the last event made
    Buf line; // of the control stream, not whole yet
    bool waits; // an event is on its way to its commit
    bool started; // its start was told
    LoopTimer *again; // NULL: no read has failed yet
    int failed_reads; // in a row
    char unreadable[512]; // why; empty: the last read went well
} Job;

static void job_free(Job *job) {
    list_remove(&job->link);
    buf_done(&job->line);
    loop_timer_free(job->again);
    free(job);
}

void jobs_done(Handle *handle) {
    LIST_EACH (&handle->jobs, link) job_free(LIST_ITEM(link, Job, link));
}

// ---- Events ----

static void pump(Job *job);

// The job may have been given up in the meantime (its sandbox destroyed): then nobody finds it by its effect.
typedef struct Delivery {
    Plane *plane;
    char sandbox[SANDBOX_ID_BYTES], effect_id[SANDBOX_ID_BYTES];
} Delivery;

static Job *find_job(Handle *handle, const char *effect_id) {
    for (Link *link = handle->jobs.next; link != &handle->jobs; link = link->next) {
        Job *job = LIST_ITEM(link, Job, link);
        if (strcmp(job->effect_id, effect_id) == 0) return job;
    }
    return NULL;
}

static void delivered(const void *context) {
    const Delivery *delivery = context;
    Handle *handle = map_get(sandboxes_handles(delivery->plane), str_of(delivery->sandbox));
    Job *job = handle ? find_job(handle, delivery->effect_id) : NULL;
    if (!job) return;
    job->waits = false;
    pump(job);
}

static void tell(Job *job, Arena *arena, Doc *data) {
    Delivery delivery = {.plane = job->handle->plane};
    memcpy(delivery.sandbox, job->handle->name, sizeof delivery.sandbox);
    memcpy(delivery.effect_id, job->effect_id, sizeof delivery.effect_id);
    Doc *progress = doc_map(arena);
    doc_set_int(arena, progress, "output", job->output_offset);
    doc_set_int(arena, progress, "control", job->control_offset);
    doc_set_str(arena, progress, "line", buf_str(&job->line));
    doc_set_bool(arena, progress, "started", job->started);
    doc_set(data, "progress", progress);
    job->waits = true;
    effect_event_then(delivery.plane, str_of(job->effect_id), data, delivered, &delivery, sizeof delivery);
}

static bool read_chunks(Job *job, SandboxStream stream, int64_t *offset, Arena *arena, Vec *chunks) {
    Error e;
    *chunks = vec_of(arena, SandboxChunk);
    if (sandbox_job_read(job->handle->sandbox, str_of(job->id), stream, offset, PIECE_BYTES, arena, chunks, &e)) return chunks->len > 0;
    log_warn("job %s: %s", job->id, e.message);
    snprintf(job->unreadable, sizeof job->unreadable, "%.*s", (int)sizeof job->unreadable - 1, e.message);
    return false;
}

static bool tell_output(Job *job, Arena *arena) {
    Vec chunks;
    if (!read_chunks(job, SANDBOX_OUTPUT, &job->output_offset, arena, &chunks)) return false;
    Doc *data = doc_map(arena), *list = doc_list(arena);
    for (size_t i = 0; i < chunks.len; i++) {
        const SandboxChunk *chunk = vec_at(&chunks, i);
        Doc *one = doc_map(arena);
        doc_set_int(arena, one, "ms", chunk->ms);
        doc_set_str(arena, one, "text", chunk->bytes);
        doc_push(list, one);
    }
    doc_set_str(arena, data, "what", STR("output"));
    doc_set(data, "chunks", list);
    tell(job, arena, data);
    return true;
}

// Whole lines become records; a line that is no JSON is left out, said in the log.
static void take_records(Job *job, Arena *arena, Doc *records) {
    Str rest = str_copy(arena, buf_str(&job->line));
    size_t taken = 0;
    for (ptrdiff_t end; (end = str_find_char(str_from(rest, taken), '\n')) >= 0; taken += (size_t)end + 1) {
        Doc *record = NULL;
        Error e;
        Str line = str_sub(rest, taken, taken + (size_t)end);
        if (json_parse(arena, line, &record, &e)) {
            doc_push(records, record);
        } else {
            log_warn("job %s: a control record is no JSON: %s", job->id, e.message);
        }
    }
    buf_drop(&job->line, taken);
}

static bool tell_control(Job *job, Arena *arena) {
    Vec chunks;
    if (!read_chunks(job, SANDBOX_CONTROL, &job->control_offset, arena, &chunks)) return false;
    for (size_t i = 0; i < chunks.len; i++) buf_add(&job->line, ((const SandboxChunk *)vec_at(&chunks, i))->bytes);
    Doc *data = doc_map(arena), *records = doc_list(arena);
    take_records(job, arena, records);
    doc_set_str(arena, data, "what", STR("control"));
    doc_set(data, "records", records);
    tell(job, arena, data);
    return true;
}

static bool tell_start(Job *job, Arena *arena, const SandboxJobStatus *status) {
    if (job->started || status->state < SANDBOX_JOB_RUNNING || status->state == SANDBOX_JOB_LOST) return false;
    job->started = true;
    Doc *data = doc_map(arena);
    doc_set_str(arena, data, "what", STR("started"));
    doc_set_int(arena, data, "startedMs", status->started_ms);
    tell(job, arena, data);
    return true;
}

static void tell_end(Job *job, Arena *arena, const SandboxJobStatus *status) {
    bool lost = status->state != SANDBOX_JOB_ENDED || job->unreadable[0];
    Doc *data = doc_map(arena);
    doc_set_str(arena, data, "what", STR("exited"));
    doc_set_bool(arena, data, "ok", !lost);
    doc_set_int(arena, data, "exitCode", status->exit_code);
    doc_set_int(arena, data, "signal", status->signal);
    doc_set_bool(arena, data, "timedOut", status->timed_out);
    doc_set_int(arena, data, "startedMs", status->started_ms);
    doc_set_int(arena, data, "endedMs", status->ended_ms);
    doc_set_str(arena, data, "reason",
                job->unreadable[0] ? str_of(job->unreadable)
                : lost             ? STR("the sandbox ended before the job did")
                                   : str_of(status->reason));
    effect_event(job->handle->plane, str_of(job->effect_id), data, true);
    job_free(job);
}

static bool is_over(const Job *job, const SandboxJobStatus *status) {
    if (status->state == SANDBOX_JOB_ENDED || status->state == SANDBOX_JOB_LOST) return true;
    return job->handle->stopped;
}

static void pump_again(void *context) { pump(context); }

// What cannot be read is there all the same: the job has not ended before all of it was told, or could not be read for some time.
static bool reads_again(Job *job) {
    if (!job->unreadable[0]) job->failed_reads = 0;
    if (!job->unreadable[0] || ++job->failed_reads > MOST_FAILED_READS) return false;
    if (!job->again) job->again = loop_timer_new(plane_loop(job->handle->plane), pump_again, job);
    loop_timer_start(job->again, READ_AGAIN_MS, 0);
    return true;
}

// Tells the next thing there is to tell: start, output, control records, end.
static void pump(Job *job) {
    if (job->waits) return;
    AUTO_ARENA arena = arena_new();
    SandboxJobStatus status;
    job->unreadable[0] = 0;
    sandbox_job_status(job->handle->sandbox, str_of(job->id), &status); // before the files: what came after is told next time
    if (tell_start(job, arena, &status) || tell_control(job, arena) || tell_output(job, arena)) return;
    if (reads_again(job)) return;
    if (is_over(job, &status)) tell_end(job, arena, &status);
}

void jobs_notice(Handle *handle, const SandboxEvent *event) {
    LIST_EACH (&handle->jobs, link) {
        Job *job = LIST_ITEM(link, Job, link);
        if (strcmp(job->id, event->job) == 0) pump(job);
    }
    if (event->kind == SANDBOX_JOB_STARTED) sandboxes_use_time(handle->plane);
}

void jobs_look_again(Handle *handle) {
    LIST_EACH (&handle->jobs, link) pump(LIST_ITEM(link, Job, link));
}

// ---- job.run ----

static bool place_file(const Sandbox *sandbox, Arena *arena, const Doc *file, Error *e) {
    Str to = path_join(arena, sandbox_exchange(sandbox), doc_text(file, "to"));
    mode_t mode = (mode_t)doc_number(file, "mode", 0644);
    const Doc *body = doc_get(file, "body");
    TRY(folder_make(path_parent(to), 0755, e));
    if (!doc_get(body, "path"))
        return file_write(to, doc_get(file, "text") ? doc_text(file, "text") : doc_str(doc_get(body, "bytes"), STR("")), mode, e);
    TRY(file_copy(program_path(arena, doc_text(body, "path")), to, e));
    return chmod(str_c(arena, to), mode) == 0 || fail_errno(e, errno, "%.*s", STR_ARG(to));
}

static const Str *texts(Arena *arena, const Doc *list, size_t *count) {
    Str *out = arena_array(arena, Str, doc_count(list) + 1);
    *count = 0;
    for (const Doc *item = doc_first(list); item; item = item->next) out[(*count)++] = doc_str(item, STR(""));
    return out;
}

static bool start_in(Handle *handle, Arena *arena, const Doc *arguments, Error *e) {
    SandboxJobStatus status;
    SandboxJob job = {
        .id = doc_text(arguments, "job"),
        .cwd = doc_str(doc_get(arguments, "cwd"), STR("")),
        .user = doc_str(doc_get(arguments, "user"), STR("")),
        .timeout_ms = doc_number(arguments, "timeoutMs", 0),
    };
    job.argv = texts(arena, doc_get(arguments, "argv"), &job.argc);
    job.env = texts(arena, doc_get(arguments, "env"), &job.env_count);
    sandbox_job_status(handle->sandbox, job.id, &status);
    if (status.state != SANDBOX_JOB_UNKNOWN) return true; // delivered before; its files may be in use
    for (const Doc *file = doc_first(doc_get(arguments, "files")); file; file = file->next) TRY(place_file(handle->sandbox, arena, file, e));
    return sandbox_job_start(handle->sandbox, &job, e);
}

static void start_job(Plane *plane, const Effect *effect) {
    AUTO_ARENA arena = arena_new();
    Error e = {0};
    Handle *handle = handle_of(plane, doc_text(effect->arguments, "sandbox"), &e);
    if (!handle || (!handle->stopped && !start_in(handle, arena, effect->arguments, &e))) {
        effect_end(plane, effect->id, &e);
        return;
    }
    Job *job = calloc(1, sizeof *job);
    if (!job) abort();
    Str id = doc_text(effect->arguments, "job");
    job->handle = handle;
    memcpy(job->id, id.at, id.len);
    memcpy(job->effect_id, effect->id.at, effect->id.len);
    job->output_offset = doc_number(effect->progress, "output", 0);
    job->control_offset = doc_number(effect->progress, "control", 0);
    job->started = doc_flag(effect->progress, "started", false);
    buf_init(&job->line, PIECE_BYTES * 8);
    buf_add(&job->line, doc_str(doc_get(effect->progress, "line"), STR("")));
    list_add(&handle->jobs, &job->link);
    pump(job);
}

const EffectType JOB_RUN = {"job.run", start_job, .holds_clock = true};

static void start_signal(Plane *plane, const Effect *effect) {
    Error e = {0};
    Handle *handle = handle_of(plane, doc_text(effect->arguments, "sandbox"), &e);
    int number = str_is(doc_text(effect->arguments, "signal"), "TERM") ? SIGTERM : SIGKILL;
    bool sent = handle && (handle->stopped || sandbox_job_signal(handle->sandbox, doc_text(effect->arguments, "job"), number, &e));
    effect_end(plane, effect->id, sent ? NULL : &e);
}

const EffectType JOB_SIGNAL = {"job.signal", start_signal, .holds_clock = true};

// ---- helper.run ----

typedef struct Helper {
    Plane *plane;
    Arena *arena;
    Str effect_id;
    Process *process;
    Buf output, errors;
} Helper;

static void on_helper_output(void *context, int stream, Str bytes) {
    Helper *helper = context;
    buf_add(stream == 1 ? &helper->output : &helper->errors, bytes);
}

static void on_helper_exit(void *context, int status, int signal) {
    Helper *helper = context;
    Doc *result = NULL;
    Error e = {0};
    bool ok = status == 0 && signal == 0 && json_parse(helper->arena, buf_str(&helper->output), &result, &e);
    if (!ok && !e.code[0]) {
        Str said = str_trim(buf_str(&helper->errors));
        fail(&e, "helper", "%.*s",
             STR_ARG(said.len ? said : str_format(helper->arena, "rehearse-helper ended with status %d, signal %d", status, signal)));
    }
    Doc *data = effect_end_doc(helper->arena, ok ? NULL : &e);
    if (ok) doc_set(data, "result", result);
    effect_event(helper->plane, helper->effect_id, data, true);
    process_free(helper->process);
    buf_done(&helper->output);
    buf_done(&helper->errors);
    arena_free(helper->arena);
}

static void start_helper(Plane *plane, const Effect *effect) {
    Arena *arena = arena_new();
    Helper *helper = arena_new_of(arena, Helper);
    *helper = (Helper){.plane = plane, .arena = arena, .effect_id = str_copy(arena, effect->id)};
    buf_init(&helper->output, HELPER_OUTPUT_BYTES);
    buf_init(&helper->errors, PIECE_BYTES);
    const Doc *arguments = doc_get(effect->arguments, "arguments");
    const char **argv = arena_array(arena, const char *, doc_count(arguments) + 2);
    size_t count = 0;
    argv[count++] = str_c(arena, program_beside(arena, "rehearse-helper"));
    for (const Doc *item = doc_first(arguments); item; item = item->next) argv[count++] = str_c(arena, doc_str(item, STR("")));
    Str folder = doc_text(effect->arguments, "folder");
    ProcessSpec spec = {
        .argv = argv, .cwd = folder.at ? str_c(arena, folder) : NULL, .input = PROCESS_NULL, .output = PROCESS_PIPE, .errors = PROCESS_PIPE};
    ProcessOwner owner = {.on_output = on_helper_output, .on_exit = on_helper_exit, .context = helper};
    Error e = {0};
    if (process_spawn(plane->loop, &spec, &owner, &helper->process, &e)) return;
    effect_end(plane, effect->id, &e);
    buf_done(&helper->output);
    buf_done(&helper->errors);
    arena_free(arena);
}

const EffectType HELPER_RUN = {"helper.run", start_helper, .holds_clock = true};

// ---- file.read ----

typedef struct Reading {
    LoopWork work;
    Plane *plane;
    Arena *arena;
    Str effect_id, path, text;
    size_t most_bytes;
    bool ok;
    Error error;
} Reading;

static void read_file(void *context) { // on the pool
    Reading *reading = context;
    reading->ok = file_read(reading->arena, reading->path, reading->most_bytes, &reading->text, &reading->error);
}

static void finish_reading(void *context) {
    Reading *reading = context;
    Doc *data = effect_end_doc(reading->arena, reading->ok ? NULL : &reading->error);
    if (reading->ok) doc_set_str(reading->arena, data, "text", reading->text);
    effect_event(reading->plane, reading->effect_id, data, true);
    arena_free(reading->arena);
}

static void start_reading(Plane *plane, const Effect *effect) {
    Arena *arena = arena_new();
    Reading *reading = arena_new_of(arena, Reading);
    *reading = (Reading){
        .work = {.run = read_file, .done = finish_reading, .context = reading},
        .plane = plane,
        .arena = arena,
        .effect_id = str_copy(arena, effect->id),
        .path = str_copy(arena, doc_text(effect->arguments, "path")),
        .most_bytes = (size_t)doc_number(effect->arguments, "mostBytes", HELPER_OUTPUT_BYTES),
    };
    loop_work(plane->loop, &reading->work);
}

const EffectType FILE_READ = {"file.read", start_reading, .holds_clock = true};
