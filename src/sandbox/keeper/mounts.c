// The file system of a sandbox: the host's /usr /etc /opt /var (and what /bin, /lib… are where these are no links) under overlays, all
// else the sandbox's own, on disk in layer/root, so that whatever top-level folder a deployment makes lasts as long as the sandbox.
//
// Traps met: proc must be mounted before the old root goes, or the kernel says EPERM; in rung A the new root must be bound onto itself once
// more inside, as mounts that came from outside are locked; submounts below an overlaid folder refuse the overlay in user namespaces
// (containers bind files over /etc), and so does a skeleton layer that lies below it (a home folder in /var): /etc and /var then come from that layer alone.
#include "sandbox_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    CLONE_TREE = 1,
    TREE_CLOEXEC = O_CLOEXEC,
    EMPTY_PATH = 0x1000,
    RECURSIVE = 0x8000,
    FROM_EMPTY_PATH = 4,
    TO_EMPTY_PATH = 0x40
}; // open_tree(2), mount_setattr(2), move_mount(2)
enum { RESOLVE_IN_ROOT = 0x10 }; // openat2(2)
enum { ATTR_READ_ONLY = 1, ATTR_IDMAP = 0x100000 };
struct attributes {
    uint64_t set, clear, propagation, user_namespace;
};

#define ROOT "layer/root"
static const char *const overlaid[] = {"usr", "etc", "opt", "var", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};

static bool do_mount(const char *from, const char *to, const char *type, unsigned long flags, const char *options) {
    return mount(from, to, type, flags, options) == 0 || step_failed(type ? type : "bind", "%s", to);
}

// Copies the mount at `from` to the folder or file `to`, ids shifted by `idmap` (-1: as they are), read-only.
static bool bind_mapped(const char *from, int to, int idmap) {
    // Where a mount lies below, an ordinary user may only take both: what the upper one hides must stay hidden.
    unsigned below = 0;
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, from, CLONE_TREE | TREE_CLOEXEC);
    if (tree < 0 && errno == EINVAL) tree = (int)syscall(SYS_open_tree, AT_FDCWD, from, CLONE_TREE | TREE_CLOEXEC | (below = RECURSIVE));
    if (tree < 0) return step_failed("open_tree", "%s", from);
    struct attributes attributes = {.set = ATTR_READ_ONLY | (idmap >= 0 ? ATTR_IDMAP : 0u)};
    if (idmap >= 0) attributes.user_namespace = (uint64_t)idmap;
    bool good = syscall(SYS_mount_setattr, tree, "", EMPTY_PATH | below, &attributes, sizeof attributes) == 0;
    if (!good)
        step_failed("idmap", "%s", from);
    else if (!(good = syscall(SYS_move_mount, tree, "", to, "", FROM_EMPTY_PATH | TO_EMPTY_PATH) == 0))
        step_failed("move_mount", "%s", from);
    close(tree);
    return good;
}

static void escape(const char *path, char *out, size_t room) { // for overlay's options
    size_t n = 0;
    for (; *path && n + 2 < room; path++) {
        if (strchr(":,\\", *path)) out[n++] = '\\';
        out[n++] = *path;
    }
    out[n] = 0;
}

static bool mount_overlay(const Plan *plan, const char *top, int idmap) {
    char host[32], upper[64], work[64], lower[PATH_BYTES], to[64], options[PATH_BYTES + 256], alone[PATH_BYTES] = "";
    const char *last = plan->instance ? "" : ",volatile"; // what a build leaves is thrown away: nothing in it needs to reach the disk
    snprintf(host, sizeof host, "/%s", top);
    snprintf(upper, sizeof upper, "layer/upper/%s", top);
    snprintf(work, sizeof work, "layer/work/%s", top);
    snprintf(to, sizeof to, ROOT "/%s", top);
    snprintf(lower, sizeof lower, "%s", host);
    if (!make_folder(upper, 0755, plan->first_id) || !make_folder(work, 0755, plan->first_id) || !make_folder(to, 0755, plan->first_id))
        return step_failed("mkdir", "%s", upper);
    if (idmap >= 0) {
        snprintf(lower, sizeof lower, "lower/%s", top);
        if (!make_folder(lower, 0755, 0)) return step_failed("mkdir", "%s", lower);
        int at = open(lower, O_PATH | O_CLOEXEC);
        bool good = bind_mapped(host, at, idmap);
        if (at >= 0) close(at);
        if (!good) return false;
    } else {
        char skeleton[PATH_BYTES / 2];
        escape(plan->skeleton, skeleton, sizeof skeleton);
        snprintf(lower, sizeof lower, "%s/%s:%s", skeleton, top, host);
        snprintf(alone, sizeof alone, "lowerdir=%s/%s,upperdir=%s,workdir=%s,userxattr%s", skeleton, top, upper, work, last);
    }
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s%s%s", lower, upper, work, idmap >= 0 ? "" : ",userxattr", last);
    // The skeleton layer has copies of what matters there; nor may it lie below what it covers.
    bool suffices = idmap < 0 && (strcmp(top, "etc") == 0 || strcmp(top, "var") == 0), is_below = suffices && path_is_in(plan->skeleton, host);
    if (!is_below && mount("overlay", to, "overlay", 0, options) == 0) return true;
    return (suffices && (is_below || errno == EINVAL) && mount("overlay", to, "overlay", 0, alone) == 0) || step_failed("overlay", "%s", host);
}

static bool mount_top(const Plan *plan, const char *top, int idmap) {
    char host[32], to[64], target[256];
    struct stat info;
    snprintf(host, sizeof host, "/%s", top);
    snprintf(to, sizeof to, ROOT "/%s", top);
    if (lstat(host, &info)) return true;
    if (S_ISDIR(info.st_mode)) return mount_overlay(plan, top, idmap);
    ssize_t length = readlink(host, target, sizeof target - 1);
    if (length < 0) return true;
    target[length] = 0;
    return symlink(target, to) == 0 || errno == EEXIST || step_failed("symlink", "%s", to);
}

void mounts_open_up(void) {
    static const char *const closed[] = {"work", "work/incompat", "work/incompat/volatile"};
    for (size_t i = 0; i < sizeof overlaid / sizeof *overlaid; i++)
        for (size_t k = 0; k < sizeof closed / sizeof *closed; k++) {
            char path[64];
            snprintf(path, sizeof path, "layer/work/%s/%s", overlaid[i], closed[k]);
            chmod(path, 0700);
        }
}

// What must not show inside when it lies below an overlaid folder.
static bool hide(const char *folder) {
    char to[PATH_BYTES];
    struct stat info;
    snprintf(to, sizeof to, ROOT "%s", folder);
    if (!*folder || stat(to, &info) || !S_ISDIR(info.st_mode)) return true;
    return do_mount("tmpfs", to, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k");
}

static bool hide_own(const Plan *plan) { // the data folder, and where the skeleton layers are
    char place[PATH_BYTES];
    skeleton_place(plan->skeleton, place);
    return hide(plan->hide) && (strcmp(place, plan->hide) == 0 || hide(place));
}

// Looks up a path of the new root, where links must not lead out: what ran inside before may have made them.
static int open_inside(const char *path, uint64_t flags, uint64_t mode) {
    struct {
        uint64_t flags, mode, resolve;
    } how = {flags | O_CLOEXEC, mode, RESOLVE_IN_ROOT};
    int root = open(ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = root < 0 ? -1 : (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    int error = errno;
    if (root >= 0) close(root);
    return errno = error, fd;
}

static int open_folder_inside(const char *path) { // made when absent
    char parent[PATH_BYTES];
    int fd = open_inside(path, O_PATH | O_DIRECTORY, 0);
    if (fd >= 0 || errno != ENOENT) return fd;
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (!slash || slash == parent)
        snprintf(parent, sizeof parent, "/");
    else
        *slash = 0;
    int above = open_folder_inside(parent);
    if (above < 0) return -1;
    mkdirat(above, strrchr(path, '/') + 1, 0755);
    close(above);
    return open_inside(path, O_PATH | O_DIRECTORY, 0);
}

// The mount point for `from` at `path` inside.
static int make_target(const char *from, const char *path) {
    struct stat info;
    char parent[PATH_BYTES];
    if (stat(from, &info)) return step_failed("stat", "%s", from), -1;
    if (S_ISDIR(info.st_mode)) {
        int folder = open_folder_inside(path);
        if (folder < 0) step_failed("mkdir", "%s", path);
        return folder;
    }
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = 0;
    int above = open_folder_inside(parent), made = above < 0 ? -1 : open_inside(path, O_WRONLY | O_CREAT, 0644),
        fd = made < 0 ? -1 : open_inside(path, O_PATH, 0);
    if (fd < 0) step_failed("open", "%s", path);
    if (above >= 0) close(above);
    if (made >= 0) close(made);
    return fd;
}

static bool bind_inside(const char *from, const char *path, int idmap) { // read-only
    int fd = *path == '/' ? make_target(from, path) : (errno = EINVAL, step_failed("bind", "%s", path), -1);
    if (fd < 0) return false;
    bool good = bind_mapped(from, fd, idmap);
    close(fd);
    return good;
}

static bool mount_binds(const Plan *plan, int idmap) {
    const char *from = NULL, *value;
    for (const char *at = NULL; (at = fields_next(&plan->fields, at, &value));) {
        if (field_is(at, "file")) from = NULL;
        if (field_is(at, "bind")) from = value;
        if (!from || !field_is(at, "to")) continue;
        if (!bind_inside(from, value, idmap)) return false;
        from = NULL;
    }
    return true;
}

// /run, and in it what the outside shares: the exchange folder, the jobs, this program.
static bool mount_run(const Plan *plan) {
    char options[96], program[PATH_BYTES];
    snprintf(options, sizeof options, "mode=755,size=256m,uid=%u,gid=%u", plan->first_id, plan->first_id);
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0) return step_failed("readlink", "/proc/self/exe");
    program[length] = 0;
    return do_mount("tmpfs", ROOT "/run", "tmpfs", MS_NOSUID | MS_NODEV, options) && make_folder(ROOT "/run/rehearse", 0755, plan->first_id) &&
           make_folder(ROOT "/run/rehearse/exchange", 0755, plan->first_id) && make_folder(ROOT "/run/rehearse/jobs", 0700, plan->first_id) &&
           make_folder(ROOT "/run/rehearse/inside", 0700, plan->first_id) && do_mount("inside", ROOT "/run/rehearse/inside", NULL, MS_BIND, NULL) &&
           bind_inside("exchange", "/run/rehearse/exchange", -1) &&
           do_mount("exchange/out", ROOT "/run/rehearse/exchange/out", NULL, MS_BIND, NULL) &&
           do_mount("jobs", ROOT "/run/rehearse/jobs", NULL, MS_BIND, NULL) && bind_inside(program, "/run/rehearse/keeper", -1);
}

static bool mount_clock(const Plan *plan) {
    if (!*plan->clock) return true;
    return bind_inside(plan->clock, "/run/rehearse/clock", -1) && bind_inside(plan->preload, "/run/rehearse/preload.so", -1);
}

static bool make_own_folders(const Plan *plan) {
    static const struct {
        const char *path;
        mode_t mode;
    } own[] = {
        {ROOT "/home", 0755},  {ROOT "/root", 0700}, {ROOT "/srv", 0755},  {ROOT "/tmp", 01777}, {ROOT "/mnt", 0755},
        {ROOT "/media", 0755}, {ROOT "/run", 0755},  {ROOT "/proc", 0555}, {ROOT "/sys", 0555},  {ROOT "/dev", 0755},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!make_folder(own[i].path, own[i].mode, plan->first_id)) return step_failed("mkdir", "%s", own[i].path);
    return true;
}

bool mounts_stage1(const Plan *plan, int idmap) {
    if (!do_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || !make_own_folders(plan) || !do_mount(ROOT, ROOT, NULL, MS_BIND, NULL)) return false;
    for (size_t i = 0; i < sizeof overlaid / sizeof *overlaid; i++)
        if (!mount_top(plan, overlaid[i], idmap)) return false;
    return hide_own(plan) && mount_run(plan) && mount_clock(plan) && mount_binds(plan, idmap);
}

static bool mount_sys(const Plan *plan) {
    if (plan->own_network && mount("sysfs", ROOT "/sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0) return true;
    if (mount("/sys", ROOT "/sys", NULL, MS_BIND | MS_REC, NULL)) return step_failed("bind", "/sys");
    struct attributes read_only = {.set = ATTR_READ_ONLY};
    syscall(SYS_mount_setattr, AT_FDCWD, ROOT "/sys", RECURSIVE, &read_only, sizeof read_only); // without it: still not its owner
    return true;
}

static bool mount_dev(void) {
    static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
    static const char *const links[][2] = {{"/proc/self/fd", ROOT "/dev/fd"},
                                           {"fd/0", ROOT "/dev/stdin"},
                                           {"fd/1", ROOT "/dev/stdout"},
                                           {"fd/2", ROOT "/dev/stderr"},
                                           {"pts/ptmx", ROOT "/dev/ptmx"}};
    if (!do_mount("tmpfs", ROOT "/dev", "tmpfs", MS_NOSUID, "mode=755,size=1m")) return false;
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        char from[32], to[64];
        snprintf(from, sizeof from, "/dev/%s", devices[i]);
        snprintf(to, sizeof to, ROOT "/dev/%s", devices[i]);
        if (!write_text(to, "", 0666) || !do_mount(from, to, NULL, MS_BIND, NULL)) return false;
    }
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlink(links[i][0], links[i][1])) return step_failed("symlink", "%s", links[i][1]);
    mkdir(ROOT "/dev/shm", 01777);
    mkdir(ROOT "/dev/pts", 0755);
    return do_mount("tmpfs", ROOT "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=256m") &&
           do_mount("devpts", ROOT "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
}

bool mounts_stage2(const Plan *plan) {
    if (plan->rung == 'A' && !do_mount(ROOT, ROOT, NULL, MS_BIND | MS_REC, NULL)) return false;
    if (!do_mount("proc", ROOT "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) || !mount_sys(plan) || !mount_dev()) return false;
    if (chdir(ROOT) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/")) return step_failed("pivot_root", ROOT);
    return true;
}
