// One script: a process group of its own, two pipes whose lines go to the log, and a time-out.
//
// A script has ended when it has exited and both pipes are closed; a process that it left behind with an open pipe keeps it from ending, as on AWS.
#include "services/codedeploy/agent/agent.h"

#include "base/buf.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 64 * 1024, GRACE_MS = 2000 };

typedef struct Pipe {
    int fd; // -1: closed
    const char *prefix;
    Buf line; // not whole yet
} Pipe;

typedef struct Running {
    Agent *agent;
    pid_t pid;
    int pidfd; // -1: it has exited
    int status;
    Pipe out, err;
    int64_t deadline_ms;
} Running;

static int64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- Start ----

static void become(const struct passwd *user) {
    if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0) {
        perror("su");
        _exit(1);
    }
    setenv("HOME", user->pw_dir, 1);
    setenv("USER", user->pw_name, 1);
    setenv("LOGNAME", user->pw_name, 1);
    setenv("SHELL", user->pw_shell, 1);
}

static void set_environment(Agent *agent) {
    const Doc *environment = doc_get(agent->job, "environment");
    for (const Doc *one = doc_first(environment); one; one = one->next) {
        setenv(str_c(agent->arena, one->key), str_c(agent->arena, doc_str(one, STR(""))), 1);
    }
    setenv("LIFECYCLE_EVENT", str_c(agent->arena, agent->event), 1);
}

static _Noreturn void exec_script(Agent *agent, const char *path, const struct passwd *user, const int *out, const int *err) {
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    dup2(input, STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    set_environment(agent);
    if (user) become(user);
    execl(path, path, (char *)NULL);
    if (errno == ENOEXEC) execl("/bin/sh", "/bin/sh", path, (char *)NULL);
    perror(path);
    _exit(127);
}

static bool start(Running *running, Str path, const struct passwd *user, Error *e) {
    int out[2], err[2];
    const char *program = str_c(running->agent->arena, path);
    if (pipe2(out, O_CLOEXEC) < 0) return fail_errno(e, errno, "pipe");
    if (pipe2(err, O_CLOEXEC) < 0) {
        close(out[0]);
        close(out[1]);
        return fail_errno(e, errno, "pipe");
    }
    running->pid = fork();
    if (running->pid == 0) exec_script(running->agent, program, user, out, err);
    int problem = errno;
    close(out[1]);
    close(err[1]);
    running->out = (Pipe){.fd = out[0], .prefix = "[stdout]"};
    running->err = (Pipe){.fd = err[0], .prefix = "[stderr]"};
    buf_init(&running->out.line, LINE_BYTES);
    buf_init(&running->err.line, LINE_BYTES);
    if (running->pid < 0) return fail_errno(e, problem, "fork");
    setpgid(running->pid, running->pid);
    running->pidfd = (int)syscall(SYS_pidfd_open, running->pid, 0);
    return running->pidfd >= 0 || fail_errno(e, errno, "pidfd_open");
}

// ---- Output ----

static void flush_line(Running *running, Pipe *pipe) {
    log_line(running->agent, pipe->prefix, buf_str(&pipe->line));
    buf_clear(&pipe->line);
}

// A line longer than the buffer is cut into several.
static void take_output(Running *running, Pipe *pipe) {
    char bytes[4096];
    ssize_t got = read(pipe->fd, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) {
        if (pipe->line.len) flush_line(running, pipe);
        close(pipe->fd);
        pipe->fd = -1;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] != '\n') buf_add_char(&pipe->line, bytes[i]);
        if (bytes[i] == '\n' || pipe->line.len == LINE_BYTES) flush_line(running, pipe);
    }
}

static void reap(Running *running) {
    while (waitpid(running->pid, &running->status, 0) < 0 && errno == EINTR) {}
    close(running->pidfd);
    running->pidfd = -1;
}

static bool is_over(const Running *running) { return running->pidfd < 0 && running->out.fd < 0 && running->err.fd < 0; }

// Until it is over or the deadline has come. A closed descriptor is -1, which poll passes over.
static void attend(Running *running) {
    while (!is_over(running)) {
        int64_t left = running->deadline_ms - clock_ms();
        struct pollfd fds[] = {
            {.fd = running->out.fd, .events = POLLIN}, {.fd = running->err.fd, .events = POLLIN}, {.fd = running->pidfd, .events = POLLIN}};
        if (left <= 0) return;
        if (poll(fds, 3, left > 60000 ? 60000 : (int)left) < 0) continue;
        if (fds[0].revents) take_output(running, &running->out);
        if (fds[1].revents) take_output(running, &running->err);
        if (fds[2].revents) reap(running);
    }
}

// ---- End ----

static void end_group(Running *running) {
    kill(-running->pid, SIGTERM);
    running->deadline_ms = clock_ms() + GRACE_MS;
    attend(running);
    kill(-running->pid, SIGKILL);
    if (running->pidfd >= 0) reap(running);
}

static bool verdict(const Running *running, const AppSpecScript *script, Error *e) {
    Str where = script->location;
    if (running->pidfd >= 0) {
        return fail(e, "ScriptTimedOut", "Script at specified location: %.*s failed to complete in %lld seconds", STR_ARG(where),
                    (long long)script->timeout_seconds);
    }
    if (!is_over(running)) {
        return fail(e, "UnknownError", "Script at specified location: %.*s failed to close %s", STR_ARG(where),
                    running->out.fd >= 0 ? "STDOUT" : "STDERR");
    }
    bool killed = WIFSIGNALED(running->status);
    int code = killed ? 128 + WTERMSIG(running->status) : WEXITSTATUS(running->status);
    if (code == 0) return true;
    if (str_is_none(script->run_as))
        return fail(e, "ScriptFailed", "Script at specified location: %.*s failed with exit code %d", STR_ARG(where), code);
    return fail(e, "ScriptFailed", "Script at specified location: %.*s run as user %.*s failed with exit code %d", STR_ARG(where),
                STR_ARG(script->run_as), code);
}

static void close_pipe(Pipe *pipe) {
    fd_close(pipe->fd);
    buf_done(&pipe->line);
}

bool run_script(Agent *agent, const AppSpecScript *script, Str path, Error *e) {
    const struct passwd *user = NULL;
    if (script->run_as.len && !(user = getpwnam(str_c(agent->arena, script->run_as)))) {
        log_line(agent, "[stderr]su: no such user: ", script->run_as);
        return fail(e, "ScriptFailed", "Script at specified location: %.*s run as user %.*s failed with exit code 1", STR_ARG(script->location),
                    STR_ARG(script->run_as));
    }
    Running running = {.agent = agent, .pidfd = -1, .out.fd = -1, .err.fd = -1, .deadline_ms = clock_ms() + script->timeout_seconds * 1000};
    bool ok = start(&running, path, user, e);
    if (ok) {
        attend(&running);
        ok = verdict(&running, script, e);
        if (!is_over(&running)) end_group(&running);
    }
    close_pipe(&running.out);
    close_pipe(&running.err);
    return ok;
}
