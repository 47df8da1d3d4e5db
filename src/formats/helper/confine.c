#include "formats/helper/confine.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// A sanitizer reserves terabytes of address space, and looks for leaks with a process of its own that traces this one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

static bool limit(int resource, int64_t value, Error *e) {
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) != 0) return fail_errno(e, errno, "getrlimit %d", resource);
    rlim_t wanted = (rlim_t)value;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < wanted) wanted = now.rlim_max;
    struct rlimit lower = {wanted, wanted};
    return setrlimit((__rlimit_resource_t)resource, &lower) == 0 || fail_errno(e, errno, "setrlimit %d", resource);
}

static bool limit_resources(const Confinement *c, Error *e) {
    if (!SANITIZED) TRY(limit(RLIMIT_DATA, LIMIT_HELPER_MEMORY_BYTES, e));
    TRY(limit(RLIMIT_FSIZE, c->file_bytes, e));
    TRY(limit(RLIMIT_CPU, c->cpu_seconds, e));
    TRY(limit(RLIMIT_NOFILE, 64, e));
    return limit(RLIMIT_CORE, 0, e);
}

static const int denied_calls[] = {
    SCMP_SYS(socket),       SCMP_SYS(socketpair),      SCMP_SYS(connect),        SCMP_SYS(bind),        SCMP_SYS(execve),      SCMP_SYS(execveat),
    SCMP_SYS(mount),        SCMP_SYS(umount2),         SCMP_SYS(pivot_root),     SCMP_SYS(chroot),      SCMP_SYS(unshare),     SCMP_SYS(setns),
    SCMP_SYS(bpf),          SCMP_SYS(perf_event_open), SCMP_SYS(keyctl),         SCMP_SYS(add_key),     SCMP_SYS(request_key), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(kexec_load),      SCMP_SYS(io_uring_setup), SCMP_SYS(userfaultfd), SCMP_SYS(mknod),       SCMP_SYS(mknodat),
};
static const int denied_process_calls[] = {
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(tgkill),
    SCMP_SYS(setrlimit),
    SCMP_SYS(prlimit64),
};

static int add_rules(scmp_filter_ctx filter, const int *calls, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int problem = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
        bool unknown = problem == -EFAULT || problem == -EDOM; // no such call on this machine
        if (problem && !unknown) return problem;
    }
    return 0;
}

static bool deny_calls(Error *e) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter) return fail(e, "system", "seccomp is not available");
    int problem = add_rules(filter, denied_calls, sizeof denied_calls / sizeof denied_calls[0]);
    if (!problem && !SANITIZED) problem = add_rules(filter, denied_process_calls, sizeof denied_process_calls / sizeof denied_process_calls[0]);
    if (!problem) problem = seccomp_load(filter);
    seccomp_release(filter);
    return !problem || fail_errno(e, -problem, "seccomp");
}

// What Landlock's first version can forbid for the whole file system but the writable folders.
enum {
    WRITING = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
              LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
              LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
    WRITING_IN_FOLDERS = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                         LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM,
};

static bool allow_writing(int rules, const char *folder, Error *e) {
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "%s", folder);
    struct landlock_path_beneath_attr rule = {.allowed_access = WRITING_IN_FOLDERS, .parent_fd = fd};
    long result = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int problem = errno;
    close(fd);
    return result == 0 || fail_errno(e, problem, "landlock: %s", folder);
}

static bool forbid_writing_elsewhere(const Confinement *c, Error *e) {
    struct landlock_ruleset_attr attributes = {.handled_access_fs = WRITING};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (rules < 0) return true; // an older kernel, or Landlock switched off: the checks of paths stand alone
    bool ok = true;
    for (int i = 0; i < 2 && ok; i++) ok = !c->writable[i] || allow_writing(rules, c->writable[i], e);
    if (ok && syscall(SYS_landlock_restrict_self, rules, 0) != 0) ok = fail_errno(e, errno, "landlock");
    close(rules);
    return ok;
}

bool confine(const Confinement *c, Error *e) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno(e, errno, "no_new_privs");
    if (prctl(PR_SET_PDEATHSIG, 9) != 0) return fail_errno(e, errno, "parent death signal");
    TRY(forbid_writing_elsewhere(c, e));
    TRY(limit_resources(c, e));
    return deny_calls(e);
}
