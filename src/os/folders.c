// Folders and trees: making, listing, removing.
#include "os/files.h"

#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_LEVELS_MAX = 100 }; // two descriptors a level are open while a tree is removed

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

// Removing a tree. Descriptors are open at every level, so a folder too deep down is first moved up to the top, where a later round finds it.
typedef struct Removal {
    int top; // the tree's own folder
    dev_t device;
    unsigned moved; // names are numbered by it
} Removal;

static bool remove_contents(Removal *removal, int folder, int depth, Error *e);

// What made the tree may have left folders that cannot be read or changed.
static int open_for_removal(int parent, const char *name) {
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) fd = openat(parent, name, flags);
    struct stat about;
    if (fd >= 0 && fstat(fd, &about) == 0 && (about.st_mode & S_IRWXU) != S_IRWXU) fchmod(fd, 0700);
    return fd;
}

static bool move_up(Removal *removal, int parent, const char *name, Error *e) {
    char new_name[48];
    int status;
    do {
        snprintf(new_name, sizeof new_name, ".removed-%u", removal->moved++);
        status = renameat2(parent, name, removal->top, new_name, RENAME_NOREPLACE);
    } while (status < 0 && errno == EEXIST);
    return status == 0 || fail_errno(e, errno, "remove %s", name);
}

static bool remove_folder(Removal *removal, int parent, const char *name, int depth, Error *e) {
    AUTO_FD fd = open_for_removal(parent, name);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) < 0) return fail_errno(e, errno, "remove %s", name);
    if (about.st_dev != removal->device) return fail(e, "system", "remove %s: another file system is mounted there", name);
    if (depth >= OPEN_LEVELS_MAX) return move_up(removal, parent, name, e);
    TRY(remove_contents(removal, fd, depth + 1, e));
    if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT) return fail_errno(e, errno, "remove %s", name);
    return true;
}

static bool remove_entry(Removal *removal, int folder, const struct dirent *entry, int depth, Error *e) {
    if (entry->d_type != DT_DIR) {
        if (unlinkat(folder, entry->d_name, 0) == 0 || errno == ENOENT) return true;
        if (errno != EISDIR) return fail_errno(e, errno, "remove %s", entry->d_name);
    }
    return remove_folder(removal, folder, entry->d_name, depth, e);
}

static bool remove_contents(Removal *removal, int folder_fd, int depth, Error *e) {
    int copy = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // with a position of its own
    if (copy < 0) return fail_errno(e, errno, "descriptor");
    __attribute__((cleanup(close_folder))) DIR *folder = folder_of_fd(copy);
    if (!folder) return fail_errno(e, errno, "folder");
    struct dirent *entry;
    while ((errno = 0, entry = readdir(folder)))
        if (!is_dots(entry->d_name)) TRY(remove_entry(removal, folder_fd, entry, depth, e));
    return errno == 0 || fail_errno(e, errno, "list");
}

static bool remove_rounds(const char *name, Error *e) {
    AUTO_FD top = open_for_removal(AT_FDCWD, name);
    struct stat about;
    if (top < 0 || fstat(top, &about) < 0) return errno == ENOENT || fail_errno(e, errno, "open");
    Removal removal = {.top = top, .device = about.st_dev};
    for (unsigned moved_before = 0;; moved_before = removal.moved) {
        TRY(remove_contents(&removal, top, 1, e));
        if (rmdir(name) == 0 || errno == ENOENT) return true;
        if (errno != ENOTEMPTY || removal.moved == moved_before) return fail_errno(e, errno, "remove");
    }
}

bool tree_remove(Str path, Error *e) {
    AUTO_ARENA arena = arena_new();
    const char *name = str_c(arena, path);
    struct stat about;
    if (lstat(name, &about) < 0) return errno == ENOENT || fail_errno(e, errno, "%s", name);
    if (!S_ISDIR(about.st_mode)) return file_remove(path, e);
    return remove_rounds(name, e) || fail_within(e, "remove tree %s", name);
}

// Names that vanish meanwhile, and folders of others, count for nothing.
bool tree_bytes(Str path, int64_t *out, Error *e) {
    AUTO_ARENA arena = arena_new();
    char *roots[] = {str_c(arena, path), NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
    if (!walk) return fail_errno(e, errno, "%s", roots[0]);
    int64_t bytes = 0;
    for (const FTSENT *entry; (entry = fts_read(walk));) {
        if (entry->fts_info == FTS_D || entry->fts_info == FTS_F || entry->fts_info == FTS_SL) bytes += (int64_t)entry->fts_statp->st_blocks * 512;
    }
    fts_close(walk);
    *out = bytes;
    return true;
}
