// Folders and trees: making, listing, removing.
#include "os/files.h"

#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_DEPTH_MAX = 512 }; // one descriptor a level is open while a tree is removed

bool folder_make(Str path, mode_t mode, Error *e) {
    char name[PATH_MAX];
    if (path.len == 0 || path.len >= sizeof name) return fail(e, "system", "not a usable path: \"%.200s\"", path.len ? "too long" : "");
    memcpy(name, path.at, path.len);
    name[path.len] = 0;
    for (char *at = name + 1;; at++) {
        if (*at != '/' && *at != 0) continue;
        char keep = *at;
        *at = 0;
        if (mkdir(name, mode) < 0 && errno != EEXIST) return fail_errno(e, errno, "make folder %s", name);
        if (!keep) break;
        *at = keep;
    }
    return folder_exists(path) || fail_errno(e, ENOTDIR, "%s", name);
}

bool folder_sync(Str path, Error *e) {
    AUTO_FD fd = -1;
    TRY(file_open(path, O_RDONLY | O_DIRECTORY, 0, &fd, e));
    if (fsync(fd) < 0) return fail_errno(e, errno, "fsync %.*s", STR_ARG(path));
    return true;
}

static void close_folder(DIR **folder) {
    if (*folder) closedir(*folder);
}

static bool is_dots(const char *name) { return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)); }

static int by_name(const void *a, const void *b) { return str_cmp(*(const Str *)a, *(const Str *)b); }

// Takes the descriptor, also when it fails.
static DIR *folder_of_fd(int fd) {
    DIR *folder = fdopendir(fd);
    if (!folder) fd_close(fd);
    return folder;
}

bool folder_list(Arena *arena, Str path, Str **names, size_t *count, Error *e) {
    int fd = -1;
    TRY(file_open(path, O_RDONLY | O_DIRECTORY, 0, &fd, e));
    __attribute__((cleanup(close_folder))) DIR *folder = folder_of_fd(fd);
    if (!folder) return fail_errno(e, errno, "%.*s", STR_ARG(path));
    Vec found = vec_of(arena, Str);
    struct dirent *entry;
    while ((errno = 0, entry = readdir(folder)))
        if (!is_dots(entry->d_name)) vec_add(&found, Str, str_copy(arena, str_of(entry->d_name)));
    if (errno) return fail_errno(e, errno, "list %.*s", STR_ARG(path));
    if (found.len) qsort(found.at, found.len, sizeof(Str), by_name);
    *names = found.at;
    *count = found.len;
    return true;
}

static bool remove_contents(int folder_fd, dev_t device, int depth, Error *e);

static bool remove_folder(int parent, const char *name, dev_t device, int depth, Error *e) {
    AUTO_FD fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) // left unreadable by who made it
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) < 0) return fail_errno(e, errno, "remove %s", name);
    if (about.st_dev != device) return fail(e, "system", "remove %s: another file system is mounted there", name);
    if (!(about.st_mode & S_IWUSR)) fchmod(fd, 0700);
    TRY(remove_contents(fd, device, depth + 1, e));
    if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT) return fail_errno(e, errno, "remove %s", name);
    return true;
}

static bool remove_entry(int folder_fd, const struct dirent *entry, dev_t device, int depth, Error *e) {
    if (entry->d_type != DT_DIR) {
        if (unlinkat(folder_fd, entry->d_name, 0) == 0 || errno == ENOENT) return true;
        if (errno != EISDIR) return fail_errno(e, errno, "remove %s", entry->d_name);
    }
    return remove_folder(folder_fd, entry->d_name, device, depth, e);
}

static bool remove_contents(int folder_fd, dev_t device, int depth, Error *e) {
    if (depth > TREE_DEPTH_MAX) return fail(e, "system", "folders nested deeper than %d", TREE_DEPTH_MAX);
    int copy = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return fail_errno(e, errno, "descriptor");
    __attribute__((cleanup(close_folder))) DIR *folder = folder_of_fd(copy);
    if (!folder) return fail_errno(e, errno, "folder");
    struct dirent *entry;
    while ((errno = 0, entry = readdir(folder)))
        if (!is_dots(entry->d_name)) TRY(remove_entry(folder_fd, entry, device, depth, e));
    return errno == 0 || fail_errno(e, errno, "list");
}

bool tree_remove(Str path, Error *e) {
    if (!folder_exists(path) || !file_exists(path)) return file_remove(path, e);
    AUTO_ARENA arena = arena_new();
    const char *name = str_c(arena, path);
    struct stat about;
    if (lstat(name, &about) < 0) return errno == ENOENT || fail_errno(e, errno, "%s", name);
    if (!S_ISDIR(about.st_mode)) return file_remove(path, e);
    return remove_folder(AT_FDCWD, name, about.st_dev, 0, e) || fail_within(e, "remove tree %s", name);
}
