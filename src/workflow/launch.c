#include "workflow/launch.h"

#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 15000, TRY_EACH_MS = 5, LOG_BYTES = 1024 * 1024 };

static void pause_ms(long ms) {
    struct timespec span = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&span, NULL);
}

// Between fork and exec: nothing here may allocate.
static void become_server(char *const *argv, int log_fd) {
    setsid();
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    execv("/proc/self/exe", argv);
    _exit(127);
}

static bool spawn(const Client *client, Arena *arena, Str data, Str log_path, pid_t *pid, Error *e) {
    AUTO_FD log_fd = -1;
    TRY(file_open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &log_fd, e));
    const char *port = str_c(arena, str_format(arena, "%u", (unsigned)client->port));
    const char *argv[] = {"rehearse", "up", "--port", port, "--data", str_c(arena, data), "--fast-forward", NULL};
    pid_t child = fork();
    if (child < 0) return fail_errno(e, errno, "fork");
    if (child == 0) become_server((char *const *)argv, log_fd);
    *pid = child;
    return true;
}

// The last line that the server said.
static bool fail_ended(Arena *arena, Str log_path, Error *e) {
    Str text = STR(""), last = STR("it said nothing");
    file_read(arena, log_path, LOG_BYTES, &text, NULL);
    for (Str line; !str_is_none(line = str_next_line(&text));) {
        if (str_trim(line).len) last = str_trim(line);
    }
    last = str_strip_prefix(last, STR("rehearse: "));
    return fail(e, "no-plane", "the control plane did not start: %.*s", STR_ARG(last));
}

static bool wait_for(const Client *client, Arena *arena, pid_t pid, Str log_path, Doc **health, Error *e) {
    for (int waited = 0; waited < START_MS; waited += TRY_EACH_MS) {
        int status;
        if (client_health(client, arena, health, NULL)) return true;
        if (waitpid(pid, &status, WNOHANG) == pid) return fail_ended(arena, log_path, e);
        pause_ms(TRY_EACH_MS);
    }
    return fail(e, "no-plane", "the control plane does not answer after %d s. Its log: %.*s", START_MS / 1000, STR_ARG(log_path));
}

// Of runs that begin at the same time one starts the plane, and the others find it.
static bool wait_turn(Arena *arena, Str data, int *lock, Error *e) {
    Error why = {0};
    if (!folder_make(data, 0700, &why)) return fail(e, "no-plane", "%s. To keep everything elsewhere: --data FOLDER", why.message);
    return file_lock(path_join(arena, data, STR("launch.lock")), lock, e);
}

bool launch_plane(const Client *client, Arena *arena, Str data, Doc **health, bool *started, Error *e) {
    Error why = {0};
    pid_t pid = 0;
    *started = false;
    if (client_health(client, arena, health, &why)) return true;
    if (!error_is(&why, "unreachable") || !str_is(client->host, "127.0.0.1")) {
        if (e) *e = why;
        return false;
    }
    AUTO_FD lock = -1;
    TRY(wait_turn(arena, data, &lock, e));
    if (client_health(client, arena, health, NULL)) return true;
    Str log_path = path_join(arena, data, STR("server.log"));
    TRY(spawn(client, arena, data, log_path, &pid, e));
    TRY(wait_for(client, arena, pid, log_path, health, e));
    *started = true;
    return true;
}
