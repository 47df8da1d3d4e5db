// Makes the skeleton layer of rungs B and C, a lower layer above the host's folders, owned by the user. Who has it made, and where: skeletons.c.
//
// In a rootless sandbox the host's files belong to nobody, and no fake-root right applies to them: writing in /etc or /usr/bin fails. So
// every directory of usr, etc, opt, var is made again here (17,000 on a usual Debian, two seconds), and the files that package tools
// write in place are copied. A directory the user may not read becomes an empty one that hides it. Lock files are made empty.
// Rung B gives each its owner afterwards, as it has the ids: `.owners` lists "UID GID PATH" where these are not root's.
#include "sandbox_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *const tops[] = {"/usr", "/etc", "/opt", "/var", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
static const char *const copied[] = {"/etc", "/var/lib/dpkg", "/var/cache/debconf", "/var/cache/man", "/var/log"}; // whole trees
static const char *const left_out[] = {"/var/lib/dpkg/info", "/var/cache/apt/archives", "/var/tmp",
                                       "/var/log/journal"}; // made, but their files not copied
static FILE *owners;
static const char *target_folder, *hidden[2]; // of the walk; nftw has no argument of ours

static bool below_any(const char *path, const char *const *folders, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (path_is_in(path, folders[i])) return true;
    return false;
}
#define BELOW_ANY(path, folders) below_any(path, folders, sizeof(folders) / sizeof *(folders))

static bool is_lock(const char *path) {
    const char *name = strrchr(path, '/');
    return strcmp(name, "/lock") == 0 || strcmp(name, "/lock-frontend") == 0 || strcmp(name, "/.lock") == 0 || strcmp(name, "/.pwd.lock") == 0;
}

// What the user may not read (shadow-, keys) becomes an empty file, which can be written.
static bool copy_file(const char *from, const char *to, const struct stat *info) {
    char bytes[65536];
    const struct timespec times[2] = {info->st_atim, info->st_mtim};
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (info->st_mode & 0777) | 0600);
    bool good = out >= 0;
    for (ssize_t got; good && in >= 0 && (got = read(in, bytes, sizeof bytes)) > 0;) good = write_all(out, bytes, (size_t)got);
    int error = errno;
    if (out >= 0) {
        futimens(out, times);
        close(out);
    }
    if (in >= 0) close(in);
    return errno = error, good;
}

static bool copy_link(const char *from, const char *to) {
    char target[PATH_BYTES];
    ssize_t length = readlink(from, target, sizeof target - 1);
    if (length < 0) return true; // it is gone
    target[length] = 0;
    return symlink(target, to) == 0;
}

static int visit(const char *path, const struct stat *info, int kind, struct FTW *place) {
    char to[PATH_BYTES];
    snprintf(to, sizeof to, "%s%s", target_folder, path);
    if (BELOW_ANY(path, hidden)) return 0;
    if (kind == FTW_D || kind == FTW_DNR) {
        if (mkdir(to, (info->st_mode & 0777) | 0700) && errno != EEXIST) return -1;
        if (kind == FTW_DNR) setxattr(to, "user.overlay.opaque", "y", 1, 0);
    } else if ((BELOW_ANY(path, copied) && !BELOW_ANY(path, left_out)) || (path_is_in(path, "/var") && is_lock(path))) {
        if (kind == FTW_SL && !copy_link(path, to)) return -1;
        if (S_ISREG(info->st_mode) && !copy_file(path, to, info)) return -1;
    } else
        return 0;
    if ((info->st_uid || info->st_gid) && !strchr(path, '\n')) fprintf(owners, "%u %u %s\n", info->st_uid, info->st_gid, path);
    return 0;
}

static bool walk(const char *folder) {
    char list[PATH_BYTES + 16], whole[PATH_BYTES + 16];
    snprintf(list, sizeof list, "%s/.owners", folder);
    snprintf(whole, sizeof whole, "%s/" SKELETON_WHOLE, folder);
    if (!make_folder(folder, 0755, geteuid()) || !(owners = fopen(list, "we"))) return step_failed("skeleton", "%s", folder);
    target_folder = folder;
    bool good = true;
    for (size_t i = 0; i < sizeof tops / sizeof *tops && good; i++) {
        struct stat info;
        if (lstat(tops[i], &info) || !S_ISDIR(info.st_mode)) continue;
        good = nftw(tops[i], visit, 64, FTW_PHYS | FTW_MOUNT) == 0 || step_failed("skeleton", "%s", folder);
    }
    bool closed = fclose(owners) == 0;
    return good && ((closed && write_text(whole, "", 0644)) || step_failed("skeleton", "%s", folder));
}

bool skeleton_make(const char *folder, const char *place, const char *data) {
    char fresh[PATH_BYTES];
    snprintf(fresh, sizeof fresh, "%s" SKELETON_FRESH, folder);
    hidden[0] = place;
    hidden[1] = data;
    if (remove_folder(fresh) && walk(fresh) && (rename(fresh, folder) == 0 || step_failed("skeleton", "%s", folder))) return true;
    remove_folder(fresh); // the disk may be full
    return false;
}

static void give_owners(const char *folder, FILE *list) {
    char line[PATH_BYTES + 32], path[2 * PATH_BYTES + 32];
    while (fgets(line, sizeof line, list)) {
        const char *at = line;
        int64_t user, group;
        line[strcspn(line, "\n")] = 0;
        if (!take_number(&at, &user) || !take_number(&at, &group) || at[0] != ' ') continue;
        snprintf(path, sizeof path, "%s%s", folder, at + 1);
        lchown(path, (uid_t)user, (gid_t)group);
    }
}

bool skeleton_own(const char *folder) {
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/.owners", folder);
    FILE *list = fopen(path, "re");
    if (!list) return errno == ENOENT || step_failed("skeleton", "%s", path);
    lock_wait(fileno(list), LOCK_EX);
    if (!file_is_deleted(fileno(list))) give_owners(folder, list); // else another did it meanwhile
    unlink(path);
    fclose(list);
    return true;
}
