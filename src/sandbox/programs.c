#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(const char *program, const char *const *arguments, int output, Error *e) {
    const char *argv[8] = {program};
    for (size_t i = 0; arguments[i] && i < 6; i++) argv[i + 1] = arguments[i];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, 1);
    pid_t pid;
    int error = posix_spawn(&pid, program, &actions, NULL, (char **)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0) return pid;
    fail_errno(e, error, "cannot start %s", program);
    return -1;
}

static void collect(int fd, Buf *output) {
    char bytes[1024];
    for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) != 0;)
        if (got > 0)
            buf_add(output, (Str){bytes, (size_t)got});
        else if (errno != EINTR)
            break;
}

bool program_run(const char *program, const char *const *arguments, Buf *output, int *status, Error *e) {
    int ends[2] = {-1, -1};
    if (output && pipe2(ends, O_CLOEXEC)) return fail_errno(e, errno, "pipe");
    pid_t pid = start(program, arguments, ends[1], e);
    if (output) {
        close(ends[1]);
        if (pid > 0) collect(ends[0], output);
        close(ends[0]);
    }
    if (pid < 0) return false;
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR) return fail_errno(e, errno, "waiting for %s", program);
    return true;
}

bool program_run_well(const char *program, const char *const *arguments, Error *e) {
    int status;
    TRY(program_run(program, arguments, NULL, &status, e));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    return fail(e, "sandbox", "%s %s %s failed", program, arguments[0], arguments[1]);
}
