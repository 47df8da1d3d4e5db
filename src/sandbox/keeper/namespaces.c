// Namespaces and their maps. Order that works: clone, write setgroups and maps from outside,
// release, then the child becomes root inside.
#include "sandbox_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// fork with namespaces: without a new stack, so the child goes on here.
static pid_t clone_fork(unsigned long flags) { return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0); }

pid_t namespaces_clone(const Plan *plan, Release *release) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return step_failed("pipe", "process 1"), -1;
    unsigned long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    if (plan->own_network) flags |= CLONE_NEWNET;
    pid_t child = plan->rung == 'D' ? fork() : clone_fork(flags);
    if (child < 0) {
        step_failed("clone", "user namespaces");
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    close(ends[child ? 0 : 1]);
    release->fd = ends[child ? 1 : 0];
    return child;
}

static bool write_proc(pid_t pid, const char *name, const char *text) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return step_failed(name, "open");
    bool good = write_all(fd, text, strlen(text));
    if (!good) step_failed(name, "%s", text);
    close(fd);
    return good;
}

// Rung A: a range. Rung C: one id, the keeper's own as it sees itself.
static bool write_maps(pid_t child, bool range) {
    char uids[64], gids[64];
    snprintf(uids, sizeof uids, "0 %u %u", range ? FIRST_ID : (unsigned)geteuid(), range ? ID_COUNT : 1);
    snprintf(gids, sizeof gids, "0 %u %u", range ? FIRST_ID : (unsigned)getegid(), range ? ID_COUNT : 1);
    return (range || write_proc(child, "setgroups", "deny")) && write_proc(child, "gid_map", gids) && write_proc(child, "uid_map", uids);
}

static bool write_nested_maps(pid_t child) {
    char uids[512], gids[512];
    return range_nested_map("/proc/self/uid_map", uids, sizeof uids) && range_nested_map("/proc/self/gid_map", gids, sizeof gids) &&
           write_proc(child, "gid_map", gids) && write_proc(child, "uid_map", uids);
}

bool namespaces_map(const Plan *plan, pid_t child) {
    if (plan->rung == 'D') return true;
    return plan->rung == 'B' ? write_nested_maps(child) : write_maps(child, plan->rung == 'A');
}

bool namespaces_await(const Plan *plan, const Release *release) {
    char byte;
    ssize_t got = read(release->fd, &byte, 1);
    close(release->fd);
    if (got != 1) return errno = EPIPE, step_failed("release", "the keeper is gone");
    if (strchr("AB", plan->rung) && setgroups(0, NULL)) return step_failed("setgroups", "process 1");
    if (plan->rung != 'D' && (setresgid(0, 0, 0) || setresuid(0, 0, 0))) return step_failed("setresuid", "process 1");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL)) return step_failed("prctl", "PR_SET_PDEATHSIG");
    return true;
}

int namespaces_user_fd(void) {
    int hold[2];
    if (pipe2(hold, O_CLOEXEC)) return step_failed("pipe", "id map"), -1;
    pid_t child = clone_fork(CLONE_NEWUSER);
    if (child == 0) { // lives until the pipe closes
        char byte;
        close(hold[1]);
        _exit(read(hold[0], &byte, 1) < 0);
    }
    int fd = -1;
    if (child < 0)
        step_failed("clone", "id map");
    else if (write_maps(child, true)) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
        if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) step_failed("open", "%s", path);
    }
    close(hold[0]);
    close(hold[1]);
    if (child > 0) waitpid(child, NULL, 0);
    return fd;
}
