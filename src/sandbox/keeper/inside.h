// Process 1 and its parts. One thread, one poll loop (init.c); everything here runs inside the sandbox, in the folder that holds `jobs`.
#pragma once

#include "sandbox_keeper.h"

#include <poll.h>

// ---- stream.c: pipes of jobs and units, written to files ----
//
// With stamps, a file is a row of chunks: "MS LENGTH\n" and LENGTH bytes, MS the wall clock when process 1 read them. Without, plain bytes.
typedef struct Stream {
    int pipe, file; // -1: closed
    int64_t size, most; // bytes in the file; what would pass `most` (0: no bound) is dropped
    bool stamps, cut, rolls; // rolls: begins anew at `most` instead of dropping what comes
    void (*grown)(struct Stream *, void *owner); // after each write
    void *owner;
    struct Stream *next;
} Stream;

int stream_open(Stream *stream, const char *path, bool stamps, int64_t most); // the writing end for the child; -1 on failure
void stream_drain(Stream *stream); // what is in the pipe now
void stream_close(Stream *stream);
void stream_note(Stream *stream, const char *text); // a line of our own
void stream_note_late(Stream *stream, const char *path, const char *text); // also when the pipe has ended and the file is closed
size_t streams_poll(struct pollfd *out, size_t room); // the pipes to watch
void streams_serve(const struct pollfd *polled, size_t count);

bool stream_is_open(const Stream *stream);

// ---- users.c: /etc/passwd and /etc/group without NSS ----
typedef struct User {
    char name[64], home[1024], shell[128];
    uid_t uid;
    gid_t gid;
} User;
bool user_find(const char *name, User *out); // by name or number; "" is root
bool group_find(const char *name, gid_t *out);
int user_groups(const User *user, gid_t *out, int room); // with its own

// ---- spawn.c: one process of a job or unit ----
typedef struct Words { // a growing list of strings, NULL-terminated
    char **at;
    size_t count;
} Words;
void words_add(Words *words, const char *text);
void words_set(Words *words, const char *assignment); // NAME=value: replaces an earlier one
void words_free(Words *words);

typedef struct Launch {
    char *const *argv;
    const Words *env; // added to the defaults
    const char *user, *group, *cwd,
        *mark; // group: NULL or "": the user's own; mark: "REHEARSE_JOB=…" or "REHEARSE_UNIT=name", by which its processes are found again
    int output, control; // -1: none
    int64_t open_files; // 0: the sandbox's limit
    const Plan *plan;
} Launch;
// -1: could not be executed; `reason` says why, `*code` is 126 or 127.
pid_t spawn(const Launch *launch, char reason[256], int *code);

// ---- tree.c, beside what sandbox_keeper.h has ----
pid_t tree_first(const char *mark); // the oldest that carries it, 0: none
int tree_count(const Plan *plan); // all processes but process 1
// Adds up private memory; kills the largest process when it passes the limit. Its name, or NULL.
const char *tree_bound_memory(const Plan *plan, int64_t limit);

// ---- inside_jobs.c ----
void jobs_init(const Plan *of);
void jobs_request(const char *text); // "start ID", "signal ID NUMBER"
bool jobs_exited(pid_t pid, int status); // true: it was a job's
void jobs_tick(void); // time-outs
int64_t jobs_deadline(void); // uptime of the next; INT64_MAX: none
bool jobs_finished(void); // a build whose job has ended

// ---- units.c, unit_requests.c ----
void units_init(const Plan *plan); // starts what is enabled
void units_request(int client, const char *text); // from systemctl: "VERB UNIT…"; answers in messages, the last one "end STATUS"
void units_client_gone(int client);
void units_exited(pid_t pid, int status);
void units_tick(void);
int64_t units_deadline(void);
void units_stop(void); // asks all to stop, last started first
bool units_stopped(void);

// ---- init.c ----
void notify(const char *format, ...) __attribute__((format(printf, 1, 2))); // to the server, through the keeper; may turn into "resync"
