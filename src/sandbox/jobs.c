// Jobs as the server sees them: files that process 1 writes (keeper/inside_jobs.c), asked for through the keeper.
#include "os/files.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool job_path(const Sandbox *sandbox, Str id, const char *name, char out[SANDBOX_PATH_BYTES + 256]) {
    if (!sandbox_id_is_sane(id)) return false;
    snprintf(out, SANDBOX_PATH_BYTES + 256, "%s/jobs/%.*s/%s", sandbox->folder, STR_ARG(id), name);
    return true;
}

static bool write_job(const SandboxJob *job, Buf *buf, Error *e) {
    for (size_t i = 0; i < job->argc; i++) record_add(buf, "arg", job->argv[i]);
    for (size_t i = 0; i < job->env_count; i++) record_add(buf, "env", job->env[i]);
    record_add(buf, "cwd", job->cwd);
    record_add(buf, "user", job->user);
    record_add_number(buf, "timeout_ms", job->timeout_ms);
    return !buf->overflow || fail(e, "sandbox", "the job %.*s is too large", STR_ARG(job->id));
}

static bool fill_job_folder(const Sandbox *sandbox, int folder, Str spec, Error *e) {
    TRY(file_place(folder, "spec", spec, e));
    bool shifted = sandbox->rung == SANDBOX_RUNG_A;
    return !shifted || fchown(folder, SANDBOX_FIRST_ID, SANDBOX_FIRST_ID) == 0 || fail_errno(e, errno, "the folder of a job");
}

// The job's folder appears whole, then owned by root inside, and by nobody else to read (the environment may hold secrets). On some rungs
// the inside can write beside it: links are not followed.
static bool make_job_folder(const Sandbox *sandbox, const SandboxJob *job, Error *e) {
    char fresh[SANDBOX_PATH_BYTES + 256], path[SANDBOX_PATH_BYTES + 256];
    AUTO_BUF buf;
    buf_init(&buf, SANDBOX_SPEC_BYTES);
    TRY(write_job(job, &buf, e));
    snprintf(fresh, sizeof fresh, "%s/jobs/.new-%.*s", sandbox->folder, STR_ARG(job->id));
    if (mkdir(fresh, 0700) && errno != EEXIST) return fail_errno(e, errno, "%s", fresh);
    AUTO_FD folder = open(fresh, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return fail_errno(e, errno, "%s", fresh);
    TRY(fill_job_folder(sandbox, folder, buf_str(&buf), e));
    snprintf(path, sizeof path, "%s/jobs/%.*s", sandbox->folder, STR_ARG(job->id));
    return rename(fresh, path) == 0 || fail_errno(e, errno, "%s", path);
}

static bool request(Sandbox *sandbox, const char *format, Str id, int number, Error *e) {
    char text[SANDBOX_ID_BYTES + 64], id_text[SANDBOX_ID_BYTES];
    snprintf(id_text, sizeof id_text, "%.*s", STR_ARG(id));
    snprintf(text, sizeof text, "%s %s %d", format, id_text, number);
    SandboxStatus status;
    sandbox_status(sandbox, &status); // connects when it can
    if (sandbox->socket < 0) return fail(e, "sandbox", "%s does not run: %s", sandbox->name, status.reason);
    return socket_send(sandbox->socket, str_of(text)) || fail_errno(e, errno, "the keeper of %s", sandbox->name);
}

bool sandbox_job_start(Sandbox *sandbox, const SandboxJob *job, Error *e) {
    char path[SANDBOX_PATH_BYTES + 256];
    if (!job_path(sandbox, job->id, "spec", path)) return fail(e, "sandbox", "\"%.*s\" is no job id", STR_ARG(job->id));
    if (job->argc == 0) return fail(e, "sandbox", "job %.*s has no command", STR_ARG(job->id));
    if (access(path, F_OK)) TRY(make_job_folder(sandbox, job, e));
    return request(sandbox, "start", job->id, 0, e);
}

bool sandbox_job_signal(Sandbox *sandbox, Str id, int signal, Error *e) {
    if (!sandbox_id_is_sane(id)) return fail(e, "sandbox", "\"%.*s\" is no job id", STR_ARG(id));
    return request(sandbox, "signal", id, signal, e);
}

// ---- What became of it ----

static void parse_exit(char *text, SandboxJobStatus *out) {
    Str rest = str_of(text);
    for (Str line; !str_is_none(line = str_next_line(&rest));) {
        Str key = str_cut(&line, ' ');
        int64_t number = 0;
        str_to_int(line, &number);
        if (str_is(key, "code"))
            out->exit_code = (int)number;
        else if (str_is(key, "signal"))
            out->signal = (int)number;
        else if (str_is(key, "timed_out"))
            out->timed_out = number == 1;
        else if (str_is(key, "started"))
            out->started_ms = number;
        else if (str_is(key, "ended"))
            out->ended_ms = number;
        else if (str_is(key, "reason"))
            snprintf(out->reason, sizeof out->reason, "%.*s", STR_ARG(line));
    }
}

void sandbox_job_status(Sandbox *sandbox, Str id, SandboxJobStatus *out) {
    char path[SANDBOX_PATH_BYTES + 256], text[1024];
    SandboxStatus status;
    *out = (SandboxJobStatus){.state = SANDBOX_JOB_UNKNOWN};
    if (!job_path(sandbox, id, "spec", path) || access(path, F_OK)) return;
    sandbox_status(sandbox, &status); // before the exit file: what is alive now may write it a moment later
    bool alive = status.state == SANDBOX_STARTING || status.state == SANDBOX_RUNNING;
    job_path(sandbox, id, "exit", path);
    if (file_read_small(path, text, sizeof text)) {
        out->state = SANDBOX_JOB_ENDED;
        parse_exit(text, out);
        return;
    }
    job_path(sandbox, id, "started", path);
    bool started = file_read_small(path, text, sizeof text);
    if (started) out->started_ms = strtoll(text, NULL, 10);
    out->state = !alive ? SANDBOX_JOB_LOST : started ? SANDBOX_JOB_RUNNING : SANDBOX_JOB_WAITING;
}

// ---- What it wrote ----

// One chunk at the front of `bytes`; false when it is not whole.
static bool take_chunk(Str *bytes, SandboxChunk *out) {
    Str rest = *bytes;
    ptrdiff_t end = str_find_char(str_sub(rest, 0, 48), '\n');
    if (end < 0) return false;
    Str head = str_sub(rest, 0, (size_t)end), length = head;
    Str ms = str_cut(&length, ' ');
    int64_t stamp, count;
    if (!str_to_int(ms, &stamp) || !str_to_int(length, &count) || count < 0) return false;
    rest = str_from(rest, (size_t)end + 1);
    if ((size_t)count > rest.len) return false;
    *out = (SandboxChunk){stamp, str_sub(rest, 0, (size_t)count)};
    *bytes = str_from(rest, (size_t)count);
    return true;
}

bool sandbox_job_read(Sandbox *sandbox, Str id, SandboxStream stream, int64_t *offset, size_t max_bytes, Arena *arena, Vec *chunks, Error *e) {
    enum { LARGEST_CHUNK = 32768 + 64 };
    char path[SANDBOX_PATH_BYTES + 256];
    if (!job_path(sandbox, id, stream == SANDBOX_CONTROL ? "control" : "output", path))
        return fail(e, "sandbox", "\"%.*s\" is no job id", STR_ARG(id));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return errno == ENOENT || fail_errno(e, errno, "%s", path);
    size_t room = max_bytes > LARGEST_CHUNK ? max_bytes : LARGEST_CHUNK;
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_size - *offset < (off_t)room) room = info.st_size > *offset ? (size_t)(info.st_size - *offset) : 0;
    char *bytes = arena_alloc(arena, room + 1);
    ssize_t got = room ? pread(fd, bytes, room, *offset) : 0;
    int error = errno;
    close(fd);
    if (got < 0) return fail_errno(e, error, "%s", path);
    Str rest = {bytes, (size_t)got};
    for (SandboxChunk chunk; take_chunk(&rest, &chunk);) vec_add(chunks, SandboxChunk, chunk);
    *offset += got - (ssize_t)rest.len;
    return true;
}
