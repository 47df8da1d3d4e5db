// Rung B: an ordinary user's subordinate ids (/etc/subuid, /etc/subgid), given by the setuid helpers newuidmap and newgidmap.
//
// The keeper enters a user namespace with 0 → the user, 1… → the subordinate ids, and nests sandboxes in it: as root there it may write
// their maps itself. A nested map repeats the parent's two lines (one line across two extents is refused).
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Range {
    char first[16], count[16];
} Range;

// The first line "NAME:FIRST:COUNT" of the user, by name or number.
static bool range_find(const char *path, uid_t id, Range *out) {
    char line[256], number[16];
    User user = {.name = ""};
    bool found = false;
    snprintf(number, sizeof number, "%u", id);
    user_find(number, &user);
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        char *rest = line, *name = strsep(&rest, ":"), *first = strsep(&rest, ":"), *count = strsep(&rest, ":\n");
        if (!count || !*name || (strcmp(name, user.name) != 0 && strcmp(name, number) != 0)) continue;
        snprintf(out->first, sizeof out->first, "%s", first);
        snprintf(out->count, sizeof out->count, "%lld", (long long)(number_at(count) < ID_COUNT ? number_at(count) : ID_COUNT - 1));
        found = true;
    }
    if (file) fclose(file);
    return found || (errno = ENOENT, step_failed("subuid", "%s in %s", *user.name ? user.name : number, path));
}

static bool run_helper(const char *helper, pid_t pid, unsigned own, const Range *range) {
    char target[16], outside[16];
    int status = -1, failed[2], error = 0;
    snprintf(target, sizeof target, "%d", (int)pid);
    snprintf(outside, sizeof outside, "%u", own);
    if (pipe2(failed, O_CLOEXEC)) return step_failed("pipe", "%s", helper);
    pid_t child = fork();
    if (child == 0) {
        execlp(helper, helper, target, "0", outside, "1", "1", range->first, range->count, (char *)NULL);
        error = errno;
        write_all(failed[1], &error, sizeof error);
        _exit(127);
    }
    close(failed[1]);
    if (child > 0 && read(failed[0], &error, sizeof error) < 0) error = errno;
    close(failed[0]);
    if (child > 0) waitpid(child, &status, 0);
    if (child > 0 && error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    errno = error ? error : EPERM;
    return step_failed("newuidmap", "%s", helper);
}

static bool map_range(pid_t child) {
    Range users, groups;
    return range_find("/etc/subuid", geteuid(), &users) && range_find("/etc/subgid", geteuid(), &groups) &&
           run_helper("newuidmap", child, geteuid(), &users) && run_helper("newgidmap", child, getegid(), &groups);
}

bool range_enter(void) {
    int hold[2];
    char path[64];
    if (pipe2(hold, O_CLOEXEC)) return step_failed("pipe", "range");
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) { // lives until the pipe closes
        char byte;
        close(hold[1]);
        _exit(read(hold[0], &byte, 1) < 0);
    }
    bool good = child > 0 ? map_range(child) : step_failed("clone", "range");
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
    int fd = good ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (good) good = (fd >= 0 && setns(fd, CLONE_NEWUSER) == 0) || step_failed("setns", "range");
    if (fd >= 0) close(fd);
    close(hold[0]);
    close(hold[1]);
    if (child > 0) waitpid(child, NULL, 0);
    return good;
}

// The maps of a child nested in the namespace that the caller is in: every id that is there, as itself.
bool range_nested_map(const char *own_map, char *out, size_t room) {
    char text[512];
    size_t length = 0;
    if (read_text(own_map, text, sizeof text) <= 0) return step_failed("open", "%s", own_map);
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        const char *at = line;
        int64_t inside, outside, count;
        if (!take_number(&at, &inside) || !take_number(&at, &outside) || !take_number(&at, &count)) continue;
        length += (size_t)snprintf(out + length, room - length, "%lld %lld %lld\n", (long long)inside, (long long)inside, (long long)count);
    }
    return true;
}
