#include "os/files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Path {
    char text[PATH_MAX];
} Path;

// With a NUL behind it, as the system wants it.
static bool path_of(Str path, Path *out, Error *e) {
    if (path.len == 0 || path.len >= PATH_MAX || memchr(path.at, 0, path.len))
        return fail(e, "system", "not a usable path: \"%.*s\"", (int)(path.len < 200 ? path.len : 200), path.at ? path.at : "");
    memcpy(out->text, path.at, path.len);
    out->text[path.len] = 0;
    return true;
}

void fd_close(int fd) {
    if (fd < 0) return;
    int keep = errno;
    close(fd);
    errno = keep;
}

void fd_allow(size_t count) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= count) return;
    limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

bool file_open(Str path, int flags, mode_t mode, int *fd, Error *e) {
    Path name;
    TRY(path_of(path, &name, e));
    int opened = open(name.text, flags | O_CLOEXEC, mode);
    if (opened < 0) return fail_errno(e, errno, "%s", name.text);
    *fd = opened;
    return true;
}

bool file_lock(Str path, int *fd, Error *e) {
    AUTO_FD opened = -1;
    TRY(file_open(path, O_RDWR | O_CREAT, 0600, &opened, e));
    if (flock(opened, LOCK_EX) < 0) return fail(e, errno == EINTR ? "interrupted" : "system", "waiting for %.*s: %s", STR_ARG(path), strerror(errno));
    *fd = opened;
    opened = -1;
    return true;
}

// Reading

static bool too_large(size_t limit_bytes, Error *e) { return fail(e, "too-large", "larger than %zu bytes", limit_bytes); }

// Files of /proc say size 0, and a file may grow while it is read: the size is only where to begin.
static size_t first_room(int fd, size_t limit_bytes) {
    struct stat about;
    if (fstat(fd, &about) < 0 || about.st_size <= 0) return 4096;
    return (size_t)about.st_size < limit_bytes ? (size_t)about.st_size + 1 : limit_bytes + 1;
}

bool file_read_fd(Arena *arena, int fd, size_t limit_bytes, Str *out, Error *e) {
    size_t room = first_room(fd, limit_bytes), len = 0;
    char *at = arena_alloc(arena, room + 1);
    for (;;) {
        if (len == room) {
            char *larger = arena_alloc(arena, room * 2 + 1);
            memcpy(larger, at, len);
            at = larger;
            room *= 2;
        }
        ssize_t got = read(fd, at + len, room - len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read");
        if (got == 0) break;
        len += (size_t)got;
        if (len > limit_bytes) return too_large(limit_bytes, e);
    }
    at[len] = 0;
    *out = (Str){at, len};
    return true;
}

bool file_read(Arena *arena, Str path, size_t limit_bytes, Str *out, Error *e) {
    AUTO_FD fd = -1;
    TRY(file_open(path, O_RDONLY, 0, &fd, e));
    if (!file_read_fd(arena, fd, limit_bytes, out, e)) return fail_within(e, "%.*s", STR_ARG(path));
    return true;
}

// Writing

bool file_write_fd(int fd, Str bytes, Error *e) {
    while (bytes.len) {
        ssize_t put = write(fd, bytes.at, bytes.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_errno(e, errno, "write");
        bytes = str_from(bytes, (size_t)put);
    }
    return true;
}

bool file_write(Str path, Str bytes, mode_t mode, Error *e) {
    AUTO_FD fd = -1;
    TRY(file_open(path, O_WRONLY | O_CREAT | O_TRUNC, mode, &fd, e));
    if (!file_write_fd(fd, bytes, e)) return fail_within(e, "%.*s", STR_ARG(path));
    return true;
}

static bool write_and_rename(int fd, const char *beside, const char *name, Str bytes, mode_t mode, Error *e) {
    TRY(file_write_fd(fd, bytes, e));
    if (fchmod(fd, mode) < 0) return fail_errno(e, errno, "chmod %s", beside);
    if (fsync(fd) < 0) return fail_errno(e, errno, "fsync %s", beside);
    if (rename(beside, name) < 0) return fail_errno(e, errno, "rename to %s", name);
    return true;
}

bool file_write_atomically(Str path, Str bytes, mode_t mode, Error *e) {
    Path name, beside;
    TRY(path_of(path, &name, e));
    int len = snprintf(beside.text, sizeof beside.text, "%s.XXXXXX", name.text);
    if (len >= (int)sizeof beside.text) return fail_errno(e, ENAMETOOLONG, "%s", name.text);
    AUTO_FD fd = mkostemp(beside.text, O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "%s", beside.text);
    if (!write_and_rename(fd, beside.text, name.text, bytes, mode, e)) {
        unlink(beside.text);
        return fail_within(e, "%s", name.text);
    }
    return folder_sync(path_parent(path), e);
}

// Facts and names

bool file_exists(Str path) {
    Path name;
    struct stat about;
    return path_of(path, &name, NULL) && lstat(name.text, &about) == 0;
}

bool folder_exists(Str path) {
    Path name;
    struct stat about;
    return path_of(path, &name, NULL) && stat(name.text, &about) == 0 && S_ISDIR(about.st_mode);
}

bool file_size(Str path, int64_t *out, Error *e) {
    Path name;
    struct stat about;
    TRY(path_of(path, &name, e));
    if (stat(name.text, &about) < 0) return fail_errno(e, errno, "%s", name.text);
    *out = about.st_size;
    return true;
}

bool file_remove(Str path, Error *e) {
    Path name;
    TRY(path_of(path, &name, e));
    if (unlink(name.text) < 0 && errno != ENOENT) return fail_errno(e, errno, "remove %s", name.text);
    return true;
}

bool file_rename(Str from, Str to, Error *e) {
    Path old, new;
    TRY(path_of(from, &old, e));
    TRY(path_of(to, &new, e));
    if (rename(old.text, new.text) < 0) return fail_errno(e, errno, "rename %s to %s", old.text, new.text);
    return true;
}

// Copying

static bool copy_by_hand(int from, int to, Error *e) {
    char block[64 * 1024];
    for (;;) {
        ssize_t got = read(from, block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read");
        if (got == 0) return true;
        TRY(file_write_fd(to, (Str){block, (size_t)got}, e));
    }
}

// Both descriptors stand at their starts. copy_file_range refuses some pairs of file systems, and ends at once on files of /proc.
static bool copy_bytes(int from, int to, Error *e) {
    if (ioctl(to, FICLONE, from) == 0) return true;
    ssize_t copied;
    while ((copied = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0) {}
    if (copied < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return fail_errno(e, errno, "copy");
    return copy_by_hand(from, to, e);
}

bool file_copy(Str from, Str to, Error *e) {
    AUTO_FD source = -1, target = -1;
    struct stat about;
    TRY(file_open(from, O_RDONLY, 0, &source, e));
    if (fstat(source, &about) < 0) return fail_errno(e, errno, "%.*s", STR_ARG(from));
    if (!S_ISREG(about.st_mode)) return fail(e, "system", "%.*s: not a regular file", STR_ARG(from));
    TRY(file_remove(to, e));
    TRY(file_open(to, O_WRONLY | O_CREAT | O_EXCL, about.st_mode & 07777, &target, e));
    if (!copy_bytes(source, target, e) || (fchmod(target, about.st_mode & 07777) < 0 && !fail_errno(e, errno, "chmod"))) {
        file_remove(to, NULL);
        return fail_within(e, "copy %.*s to %.*s", STR_ARG(from), STR_ARG(to));
    }
    return true;
}

bool file_link_or_copy(Str from, Str to, Error *e) {
    Path old, new;
    TRY(path_of(from, &old, e));
    TRY(path_of(to, &new, e));
    TRY(file_remove(to, e));
    return link(old.text, new.text) == 0 || file_copy(from, to, e);
}

// Texts of paths

Str path_join(Arena *arena, Str folder, Str name) {
    bool slash = str_ends(folder, STR("/"));
    return str_format(arena, "%.*s%s%.*s", STR_ARG(folder), slash ? "" : "/", STR_ARG(name));
}

Str path_parent(Str path) {
    ptrdiff_t slash = str_rfind_char(path, '/');
    if (slash < 0) return STR(".");
    return slash == 0 ? STR("/") : str_sub(path, 0, (size_t)slash);
}

Str path_name(Str path) {
    ptrdiff_t slash = str_rfind_char(path, '/');
    return slash < 0 ? path : str_from(path, (size_t)slash + 1);
}
