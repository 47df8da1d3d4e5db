// The shell runs a small loop (script.sh) that reads the name of a file from the pipe `next`, sources that file, and writes its status into
// the pipe `status`. Both are named pipes, opened by the shell only for the moment, so that no command inherits them. After each command,
// and when it ends, the shell leaves its exported variables in `variables` and its folder in `place`; a new shell begins with these.
//
//     this process                        shell
//     writes command, "FILE\n" → next     reads next, sources FILE
//     reads status, or sees it end        "STATUS\n" → status
#include "services/codebuild/agent/shell.h"

#include "formats/paths.h"
#include "os/files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct Shell {
    Arena *arena;
    ShellSpec spec;
    char folder[64]; // holds script.sh, the pipes and what the shell leaves
    int next, status; // both ends of each pipe, so that nobody waits for the other to open
    pid_t pid; // 0: none runs
    int pidfd;
    Str user; // of the running shell
};

enum { STATUS_LINE_BYTES = 16, CLOSE_MS = 2000, MOST_VALUE_BYTES = 1024 * 1024 };

static Str file_of(const Shell *shell, const char *name) { return str_format(shell->arena, "%s/%s", shell->folder, name); }

static const char script[] = "trap 'export -p > @/variables; pwd > @/place' EXIT\n"
                             "{ . @/variables; cd -- \"$(cat @/place)\"; } 2>/dev/null\n"
                             "[ ! -e @/user ] || . @/user\n"
                             "while { IFS= read -r REHEARSE_NEXT < @/next; } 2>/dev/null; do\n"
                             "    . \"$REHEARSE_NEXT\"\n"
                             "    { REHEARSE_STATUS=$?; export -p > @/variables; pwd > @/place; echo \"$REHEARSE_STATUS\" > @/status; } 2>/dev/null\n"
                             "done\n";

static bool make_pipe(Shell *shell, const char *name, int *fd, Error *e) {
    const char *path = str_c(shell->arena, file_of(shell, name));
    if (mkfifo(path, 0666) != 0 || chmod(path, 0666) != 0) return fail_errno(e, errno, "%s", path);
    *fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return *fd >= 0 || fail_errno(e, errno, "%s", path);
}

// Readable and writable for the user that run-as may name.
static bool write_shared(Shell *shell, const char *name, Str text, Error *e) {
    Str path = file_of(shell, name);
    TRY(file_write(path, text, 0666, e));
    return chmod(str_c(shell->arena, path), 0666) == 0 || fail_errno(e, errno, "%.*s", STR_ARG(path));
}

static bool prepare(Shell *shell, Error *e) {
    if (!mkdtemp(shell->folder) || chmod(shell->folder, 0711) != 0) return fail_errno(e, errno, "%s", shell->folder);
    TRY(make_pipe(shell, "next", &shell->next, e));
    TRY(make_pipe(shell, "status", &shell->status, e));
    TRY(write_shared(shell, "script.sh", str_replace(shell->arena, str_of(script), STR("@"), str_of(shell->folder)), e));
    shell_forget(shell);
    return true;
}

bool shell_open(Arena *arena, const ShellSpec *spec, Shell **out, Error *e) {
    Shell *shell = arena_new_of(arena, Shell);
    *shell = (Shell){.arena = arena, .spec = *spec, .next = -1, .status = -1, .pidfd = -1};
    snprintf(shell->folder, sizeof shell->folder, "/tmp/codebuild-XXXXXX");
    if (!prepare(shell, e)) {
        shell_close(shell);
        return false;
    }
    *out = shell;
    return true;
}

// ---- the process

static void become(const struct passwd *user) {
    if (!user) return;
    if (setgroups(0, NULL) != 0 || initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) _exit(126);
}

static void exec_shell(const Shell *shell, const char *program, const char *path, const struct passwd *user) {
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) _exit(126);
    if (null != STDIN_FILENO) close(null);
    become(user);
    char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)path, NULL};
    execvpe(program, argv, (char *const *)(uintptr_t)shell->spec.environment);
    _exit(127);
}

static bool find_user(const Shell *shell, Str name, const struct passwd **out, Error *e) {
    *out = NULL;
    if (str_is_none(name)) return true;
    *out = getpwnam(str_c(shell->arena, name));
    return *out || fail(e, "COMMAND_EXECUTION_ERROR", "run-as: the user \"%.*s\" does not exist", STR_ARG(name));
}

static Str quoted(Arena *arena, Str value) { return str_format(arena, "'%.*s'", STR_ARG(str_replace(arena, value, STR("'"), STR("'\\''")))); }

static bool write_user(Shell *shell, const struct passwd *user, Error *e) {
    if (!user) return file_remove(file_of(shell, "user"), e);
    Str home = quoted(shell->arena, str_of(user->pw_dir)), name = quoted(shell->arena, str_of(user->pw_name));
    Str text = str_format(shell->arena, "export HOME=%.*s USER=%.*s LOGNAME=%.*s\n", STR_ARG(home), STR_ARG(name), STR_ARG(name));
    return write_shared(shell, "user", text, e);
}

static bool start(Shell *shell, Str user_name, Error *e) {
    const struct passwd *user;
    TRY(find_user(shell, user_name, &user, e));
    TRY(write_user(shell, user, e));
    const char *program = str_c(shell->arena, shell->spec.program), *path = str_c(shell->arena, file_of(shell, "script.sh"));
    shell->pid = fork();
    if (shell->pid == 0) exec_shell(shell, program, path, user);
    if (shell->pid < 0) {
        shell->pid = 0;
        return fail_errno(e, errno, "fork");
    }
    shell->pidfd = (int)syscall(SYS_pidfd_open, shell->pid, 0);
    if (shell->pidfd < 0) return fail_errno(e, errno, "pidfd_open");
    shell->user = user_name;
    return true;
}

static int reap(Shell *shell) {
    int status = 0;
    while (waitpid(shell->pid, &status, 0) < 0 && errno == EINTR) {}
    close(shell->pidfd);
    shell->pid = 0;
    shell->pidfd = -1;
    return status;
}

static bool give(Shell *shell, const char *name) {
    Str line = str_format(shell->arena, "%s/%s\n", shell->folder, name);
    return write(shell->next, line.at, line.len) == (ssize_t)line.len;
}

static void drain(int fd) {
    char rest[256];
    while (read(fd, rest, sizeof rest) > 0) {}
}

static void stop(Shell *shell) {
    if (!shell->pid) return;
    struct pollfd ended = {.fd = shell->pidfd, .events = POLLIN};
    bool asked = file_write(file_of(shell, "last"), STR("exit 0\n"), 0644, NULL) && give(shell, "last");
    if (!asked || poll(&ended, 1, CLOSE_MS) <= 0) kill(shell->pid, SIGKILL);
    reap(shell);
    drain(shell->next);
    drain(shell->status);
}

void shell_close(Shell *shell) {
    if (!shell) return;
    stop(shell);
    if (shell->next >= 0) close(shell->next);
    if (shell->status >= 0) close(shell->status);
    tree_remove(str_of(shell->folder), NULL);
}

void shell_forget(Shell *shell) {
    stop(shell);
    write_shared(shell, "variables", STR(""), NULL);
    write_shared(shell, "place", str_cat(shell->arena, shell->spec.folder, STR("\n")), NULL);
}

// ---- commands

static bool read_status(Shell *shell, ShellResult *out) {
    char line[STATUS_LINE_BYTES];
    ssize_t got = read(shell->status, line, sizeof line);
    int64_t status;
    if (got <= 0 || !str_to_int(str_trim((Str){line, (size_t)got}), &status)) return false;
    *out = (ShellResult){.status = (int)status};
    return true;
}

static ShellResult result_of_end(int status) {
    if (WIFSIGNALED(status)) return (ShellResult){.status = 128 + WTERMSIG(status), .signal = WTERMSIG(status)};
    return (ShellResult){.status = WEXITSTATUS(status)};
}

static void await(Shell *shell, ShellResult *out) {
    for (;;) {
        struct pollfd fds[] = {{.fd = shell->status, .events = POLLIN}, {.fd = shell->pidfd, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno == EINTR) continue;
        if (read_status(shell, out)) return;
        if (!(fds[1].revents & POLLIN)) continue;
        *out = result_of_end(reap(shell));
        drain(shell->next);
        return;
    }
}

bool shell_run(Shell *shell, Str user, Str command, ShellResult *out, Error *e) {
    if (shell->pid && !str_eq(shell->user, user)) stop(shell);
    TRY(write_shared(shell, "command", str_cat(shell->arena, command, STR("\n")), e));
    if (!shell->pid) TRY(start(shell, user, e));
    if (!give(shell, "command")) return fail_errno(e, errno, "the shell");
    await(shell, out);
    return true;
}

bool shell_export(Shell *shell, Str name, Str value) {
    ShellResult result;
    Str command = str_format(shell->arena, "export %.*s=%.*s", STR_ARG(name), STR_ARG(quoted(shell->arena, value)));
    return shell_run(shell, shell->user, command, &result, NULL) && result.status == 0;
}

// Runs a command that leaves its answer in the file `answer`.
static bool ask(Shell *shell, Arena *arena, Str command, Str *out, Error *e) {
    ShellResult result;
    TRY(write_shared(shell, "answer", STR(""), e));
    Str whole = str_format(shell->arena, "%.*s > %s/answer", STR_ARG(command), shell->folder);
    TRY(shell_run(shell, shell->user, whole, &result, e));
    if (result.status) return fail(e, "CLIENT_ERROR", "the shell could not expand it: exit status %d", result.status);
    return file_read(arena, file_of(shell, "answer"), MOST_VALUE_BYTES, out, e);
}

bool shell_expand(Shell *shell, Arena *arena, Str text, Str *out, Error *e) {
    if (str_find_char(text, '$') < 0 && str_find_char(text, '`') < 0) {
        *out = text;
        return true;
    }
    Str escaped = str_replace(arena, text, STR("\""), STR("\\\""));
    if (!ask(shell, arena, str_format(arena, "printf '%%s' \"%.*s\"", STR_ARG(escaped)), out, e)) return fail_within(e, "\"%.*s\"", STR_ARG(text));
    return true;
}

static bool is_name(Str name) {
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (!(isalpha(c) || c == '_' || (i > 0 && isdigit(c)))) return false;
    }
    return name.len > 0;
}

bool shell_variable(Shell *shell, Arena *arena, Str name, Str *out) {
    if (!is_name(name)) return false;
    Str command = str_format(arena, "[ \"${%.*s+x}\" ] && printf '%%s' \"${%.*s}\"", STR_ARG(name), STR_ARG(name));
    return ask(shell, arena, command, out, NULL);
}
