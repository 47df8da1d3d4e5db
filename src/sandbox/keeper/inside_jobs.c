// Jobs: run once each, whatever is delivered twice.
//
//   jobs/ID/spec     written by the server before it asks          jobs/ID/output, control  chunks (see stream.c)
//   jobs/ID/started  "MS PID": made with O_EXCL before the fork     jobs/ID/exit             tmp + fsync + rename
// exit: lines "code N", "signal N", "timed_out 0|1", "started MS", "ended MS", "reason TEXT". A job has ended when its first process has;
// what that left behind goes on (in an instance), and its output is still taken.
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHECK_MS = 1000, CROWDED_CHECKS = 3, EXIT_BYTES = 512 };

typedef struct Job {
    char id[ID_BYTES], mark[ID_BYTES + 64], reason[256];
    pid_t pid; // 0: ended
    int code, signal;
    bool timed_out, unwritten; // unwritten: ended, but its exit status is not on disk yet
    int64_t started_ms, ended_ms, deadline;
    Stream output, control;
    struct Job *next;
} Job;

static const Plan *plan;
static Job *jobs;
static bool build_done;
static int64_t next_check;
static int crowded; // checks in a row that found the limit of processes reached

void jobs_init(const Plan *of) { plan = of; }

static void job_path(const char *id, const char *name, char out[PATH_BYTES]) { snprintf(out, PATH_BYTES, "jobs/%s/%s", id, name); }

static void output_grown(Stream *stream, void *owner) { notify("output %s %lld", ((Job *)owner)->id, (long long)stream->size); }
static void control_grown(Stream *stream, void *owner) { notify("control %s %lld", ((Job *)owner)->id, (long long)stream->size); }

static void free_finished(void) { // ended, and nobody writes to its streams any more
    for (Job **at = &jobs; *at;) {
        Job *job = *at;
        if (job->pid || job->unwritten || job->output.pipe >= 0 || job->control.pipe >= 0) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        free(job);
    }
}

// Overwrites what claim() reserved, so that a full disk does not lose the result; padded, as the file is not cut.
static bool write_exit(const Job *job) {
    char path[PATH_BYTES], temporary[PATH_BYTES], text[EXIT_BYTES + 1];
    int length = snprintf(text, sizeof text, "code %d\nsignal %d\ntimed_out %d\nstarted %lld\nended %lld\nreason %s\n", job->code, job->signal,
                          job->timed_out, (long long)job->started_ms, (long long)job->ended_ms, job->reason);
    if (length < EXIT_BYTES) memset(text + length, '\n', (size_t)(EXIT_BYTES - length));
    job_path(job->id, "exit", path);
    job_path(job->id, "exit.tmp", temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write_all(fd, text, EXIT_BYTES) && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return good && rename(temporary, path) == 0;
}

static void finish(Job *job) { // again and again until the disk takes it
    job->unwritten = !write_exit(job);
    if (job->unwritten) return;
    build_done = !plan->instance;
    notify("exit %s", job->id);
}

// The kernel ends what passes the limit of memory without a word.
static void tell_kills(Job *job) {
    static int64_t told;
    int64_t kills = plan->grouped ? cgroup_kills() : 0;
    char text[128], path[PATH_BYTES];
    if (kills <= told) return;
    told = kills;
    snprintf(text, sizeof text, "[rehearse: more than %lld MB in use: killed]\n", (long long)(field_number(&plan->fields, "memory") >> 20));
    job_path(job->id, "output", path);
    stream_note_late(&job->output, path, text);
}

static void job_end(Job *job) {
    stream_drain(&job->output);
    stream_drain(&job->control);
    tell_kills(job);
    if (job->output.file >= 0) fdatasync(job->output.file);
    job->pid = 0;
    job->ended_ms = now_ms();
    if (!plan->instance) tree_kill(plan, 0, NULL);
    finish(job);
}

static bool open_streams(Job *job, int *output, int *control) {
    char path[PATH_BYTES];
    int64_t most = field_number(&plan->fields, "output_bytes");
    job_path(job->id, "output", path);
    *output = stream_open(&job->output, path, true, most);
    job_path(job->id, "control", path);
    *control = stream_open(&job->control, path, true, most);
    job->output.grown = output_grown;
    job->control.grown = control_grown;
    job->output.owner = job->control.owner = job;
    return *output >= 0 && *control >= 0;
}

static void job_launch(Job *job, const Fields *fields) {
    Words argv = {0}, env = {0};
    int output = -1, control = -1;
    for (const char *at = NULL, *value; (at = fields_next(fields, at, &value));) {
        if (field_is(at, "arg")) words_add(&argv, value);
        if (field_is(at, "env")) words_set(&env, value);
    }
    bool good = open_streams(job, &output, &control);
    if (!good) snprintf(job->reason, sizeof job->reason, "output: %s", strerror(errno));
    Launch launch = {.argv = argv.at,
                     .env = &env,
                     .user = field(fields, "user", ""),
                     .cwd = field(fields, "cwd", ""),
                     .mark = job->mark,
                     .output = output,
                     .control = control,
                     .plan = plan};
    pid_t pid = good && argv.count ? spawn(&launch, job->reason, &job->code) : -1;
    if (output >= 0) close(output);
    if (control >= 0) close(control);
    words_free(&argv);
    words_free(&env);
    int64_t timeout = field_number(fields, "timeout_ms");
    job->deadline = timeout > 0 ? uptime_ms() + timeout : INT64_MAX;
    job->pid = pid;
    if (pid < 0) {
        job_end(job);
        return;
    }
    job->reason[0] = 0;
    notify("started %s", job->id);
}

// Room for the exit status, taken before the job may fill the disk.
static bool reserve_exit(const char *id) {
    char path[PATH_BYTES], blank[EXIT_BYTES];
    memset(blank, '\n', sizeof blank);
    job_path(id, "exit.tmp", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0 && fallocate(fd, 0, 0, EXIT_BYTES) == 0;
    if (fd >= 0 && !good && errno == EOPNOTSUPP) good = write_all(fd, blank, sizeof blank) && fdatasync(fd) == 0;
    if (fd >= 0) close(fd);
    return good;
}

typedef enum Claim { CLAIMED, CLAIMED_BEFORE, CLAIM_FAILED } Claim;

static Claim claim(const char *id) {
    char path[PATH_BYTES], text[32];
    job_path(id, "started", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return errno == EEXIST ? CLAIMED_BEFORE : CLAIM_FAILED;
    snprintf(text, sizeof text, "%lld", (long long)now_ms());
    bool good = write_all(fd, text, strlen(text));
    close(fd);
    return good && reserve_exit(id) ? CLAIMED : CLAIM_FAILED;
}

// Its mark is the only one of the machine: in rung D all processes are in sight, and every build has a job of the same name.
static Job *job_new(const char *id) {
    Job *job = calloc(1, sizeof *job);
    snprintf(job->id, sizeof job->id, "%s", id);
    snprintf(job->mark, sizeof job->mark, "REHEARSE_JOB=%s.%d.%lld", id, (int)getpid(), (long long)now_ms());
    job->output.pipe = job->control.pipe = job->output.file = job->control.file = -1;
    job->started_ms = now_ms();
    job->code = -1;
    job->next = jobs;
    return jobs = job;
}

static void job_start(const char *id) {
    char path[PATH_BYTES];
    Fields fields;
    job_path(id, "exit", path);
    if (access(path, F_OK) == 0) {
        notify("exit %s", id);
        return;
    }
    job_path(id, "spec", path);
    if (build_done || !fields_read(path, &fields)) return; // the server looks at what became of a job that ended before it could start
    Claim claimed = claim(id);
    if (claimed == CLAIMED_BEFORE)
        notify("started %s", id);
    else if (claimed == CLAIMED)
        job_launch(job_new(id), &fields);
    else {
        Job *job = job_new(id);
        snprintf(job->reason, sizeof job->reason, "its files cannot be written: %s", strerror(errno));
        job->code = 126;
        job_end(job);
    }
    fields_free(&fields);
}

static void job_signal(const char *id, int signal) {
    for (Job *job = jobs; job; job = job->next) {
        if (strcmp(job->id, id) != 0 || !job->pid) continue;
        if (signal == SIGKILL)
            tree_kill(plan, job->pid, job->mark);
        else
            tree_signal(plan, job->pid, job->mark, signal);
    }
}

void jobs_request(const char *text) {
    char verb[16], id[ID_BYTES];
    int64_t signal;
    if (!take_word(&text, verb, sizeof verb) || !take_word(&text, id, sizeof id) || !id_is_sane(id)) return;
    if (strcmp(verb, "start") == 0) job_start(id);
    if (strcmp(verb, "signal") == 0 && take_number(&text, &signal)) job_signal(id, (int)signal);
}

bool jobs_exited(pid_t pid, int status) {
    for (Job *job = jobs; job; job = job->next) {
        if (job->pid != pid) continue;
        job->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        job->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        job_end(job);
        return true;
    }
    return false;
}

static void note_all(const char *text) {
    for (Job *job = jobs; job; job = job->next)
        if (job->pid) stream_note(&job->output, text);
}

static void bound_memory(void) {
    int64_t limit = field_number(&plan->fields, "memory");
    const char *name = limit > 0 && !plan->grouped ? tree_bound_memory(plan, limit) : NULL;
    char text[160];
    if (!name) return;
    snprintf(text, sizeof text, "[rehearse: more than %lld MB in use: killed %s]\n", (long long)(limit >> 20), name);
    note_all(text);
}

// What forks without end never gets on by itself (shells try again for minutes): its jobs are ended.
static void bound_processes(void) {
    int64_t limit = field_number(&plan->fields, "processes");
    crowded = limit > 0 && tree_count(plan) >= limit - 2 ? crowded + 1 : 0;
    if (crowded < (plan->rung == 'D' ? 1 : CROWDED_CHECKS)) return; // in rung D the kernel may not bind (root), and the machine suffers
    char text[160];
    snprintf(text, sizeof text, "\n[rehearse: the limit of %lld processes is reached: killed]\n", (long long)limit);
    note_all(text);
    for (Job *job = jobs; job; job = job->next) {
        if (!job->pid) continue;
        snprintf(job->reason, sizeof job->reason, "the limit of %lld processes was reached", (long long)limit);
        tree_kill(plan, job->pid, job->mark);
    }
    crowded = 0;
}

static bool is_bounded(void) { return field_number(&plan->fields, "memory") > 0 || field_number(&plan->fields, "processes") > 0; }

void jobs_tick(void) {
    if (jobs && is_bounded() && uptime_ms() >= next_check) {
        next_check = uptime_ms() + CHECK_MS;
        bound_memory();
        bound_processes();
    }
    for (Job *job = jobs; job; job = job->next) {
        if (job->unwritten) finish(job);
        if (!job->pid || uptime_ms() < job->deadline) continue;
        job->timed_out = true;
        job->deadline = INT64_MAX;
        tree_kill(plan, job->pid, job->mark);
    }
    free_finished();
}

int64_t jobs_deadline(void) {
    int64_t first = jobs && is_bounded() ? next_check : INT64_MAX;
    for (Job *job = jobs; job; job = job->next) {
        int64_t next = job->unwritten ? uptime_ms() + CHECK_MS : job->pid ? job->deadline : INT64_MAX;
        if (next < first) first = next;
    }
    return first;
}

bool jobs_finished(void) { return build_done; }
