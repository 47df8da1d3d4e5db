#include "services/codebuild/agent/agent.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_OUTPUT_BYTES = 64 * 1024, PIECE_BYTES = 4096 };

static bool start(const char *const *argv, int output, pid_t *pid, Error *e) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    int problem = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return problem == 0 || fail_errno(e, problem, "%s", argv[0]);
}

static Str collect(Arena *arena, int fd) {
    AUTO_BUF buf;
    buf_init(&buf, MOST_OUTPUT_BYTES);
    char piece[PIECE_BYTES];
    for (ssize_t got; (got = read(fd, piece, sizeof piece)) != 0;) {
        if (got < 0 && errno != EINTR) break;
        if (got > 0) buf_add(&buf, (Str){piece, (size_t)got});
    }
    return str_copy(arena, buf_str(&buf));
}

bool run_command(Arena *arena, const char *const *argv, Str *output, Error *e) {
    int ends[2], status;
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(e, errno, "pipe");
    bool ok = start(argv, ends[1], &pid, e);
    close(ends[1]);
    Str said = ok ? collect(arena, ends[0]) : STR_NONE;
    close(ends[0]);
    TRY(ok);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    if (output) *output = said;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    return fail(e, "command-failed", "%s: %.*s", argv[0], STR_ARG(str_trim(said)));
}
