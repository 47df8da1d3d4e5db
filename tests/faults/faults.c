// A library that the server is started with (LD_PRELOAD): it counts the server's calls of each kind, and lets those fail that a test names.
//
// REHEARSE_FAULTS names a file that test and server map: tests/faults/faults.py writes `kind`, `from`, `to`, `error`, and sets the counts to 0; the
// calls of that kind whose number lies within from … to then fail with that errno. Only the process that was started so is concerned: children are
// neither counted nor given the library. Files are regular files; pipes, event descriptors and what runs inside sandboxes go untouched.
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

// The order is faults.py's.
typedef enum Kind { KIND_NONE, ALLOC, READ, WRITE, FSYNC, OPEN, RENAME, REMOVE, SPAWN, ACCEPT, SOCKET, KINDS } Kind;

typedef struct Control {
    _Atomic int32_t kind, error;
    _Atomic int64_t from, to, failed;
    _Atomic int64_t counts[KINDS];
} Control;

static Control *control;
static pid_t server;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("REHEARSE_FAULTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    unsetenv("REHEARSE_FAULTS");
    unsetenv("LD_PRELOAD");
    server = getpid();
    if (mapped != MAP_FAILED) control = mapped;
}

// True: this call is to fail; errno is set.
static int fails(Kind kind) {
    if (!control || kind == KIND_NONE || getpid() != server) return 0;
    int64_t number = atomic_fetch_add(&control->counts[kind], 1) + 1;
    if (control->kind != (int32_t)kind || number < control->from || number > control->to) return 0;
    control->failed++;
    errno = control->error;
    return 1;
}

static Kind kind_of(int fd, Kind of_file) {
    int saved = errno;
    struct stat status;
    Kind kind = control && fstat(fd, &status) == 0 ? S_ISREG(status.st_mode) ? of_file : S_ISSOCK(status.st_mode) ? SOCKET : KIND_NONE : KIND_NONE;
    errno = saved;
    return kind;
}

// The function that would have been called without us.
#define NEXT(name)                   \
    static __typeof__(&(name)) next; \
    if (!next) next = (__typeof__(&(name)))dlsym(RTLD_NEXT, #name)

void *malloc(size_t size) {
    NEXT(malloc);
    return fails(ALLOC) ? NULL : next(size);
}

void *calloc(size_t count, size_t size) {
    NEXT(calloc);
    return fails(ALLOC) ? NULL : next(count, size);
}

void *realloc(void *block, size_t size) {
    NEXT(realloc);
    return fails(ALLOC) ? NULL : next(block, size);
}

ssize_t read(int fd, void *room, size_t size) {
    NEXT(read);
    return fails(kind_of(fd, READ)) ? -1 : next(fd, room, size);
}

ssize_t readv(int fd, const struct iovec *rooms, int count) {
    NEXT(readv);
    return fails(kind_of(fd, READ)) ? -1 : next(fd, rooms, count);
}

ssize_t pread64(int fd, void *room, size_t size, off64_t at) {
    NEXT(pread64);
    return fails(READ) ? -1 : next(fd, room, size, at);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    NEXT(write);
    return fails(kind_of(fd, WRITE)) ? -1 : next(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    NEXT(writev);
    return fails(kind_of(fd, WRITE)) ? -1 : next(fd, parts, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    NEXT(sendmsg);
    return fails(SOCKET) ? -1 : next(fd, message, flags);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    NEXT(pwrite64);
    return fails(WRITE) ? -1 : next(fd, bytes, size, at);
}

int ftruncate64(int fd, off64_t size) {
    NEXT(ftruncate64);
    return fails(WRITE) ? -1 : next(fd, size);
}

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
    NEXT(copy_file_range);
    return fails(WRITE) ? -1 : next(in, from, out, to, size, flags);
}

int fsync(int fd) {
    NEXT(fsync);
    return fails(FSYNC) ? -1 : next(fd);
}

int fdatasync(int fd) {
    NEXT(fdatasync);
    return fails(FSYNC) ? -1 : next(fd);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    NEXT(open64);
    return fails(OPEN) ? -1 : next(path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    NEXT(openat64);
    return fails(OPEN) ? -1 : next(folder, path, flags, mode);
}

DIR *opendir(const char *path) {
    NEXT(opendir);
    return fails(OPEN) ? NULL : next(path);
}

int rename(const char *from, const char *to) {
    NEXT(rename);
    return fails(RENAME) ? -1 : next(from, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    NEXT(renameat2);
    return fails(RENAME) ? -1 : next(from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to) {
    NEXT(link);
    return fails(RENAME) ? -1 : next(from, to);
}

int mkdir(const char *path, mode_t mode) {
    NEXT(mkdir);
    return fails(RENAME) ? -1 : next(path, mode);
}

int unlink(const char *path) {
    NEXT(unlink);
    return fails(REMOVE) ? -1 : next(path);
}

int unlinkat(int folder, const char *path, int flags) {
    NEXT(unlinkat);
    return fails(REMOVE) ? -1 : next(folder, path, flags);
}

pid_t fork(void) {
    NEXT(fork);
    return fails(SPAWN) ? -1 : next();
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const argv[],
                char *const environment[]) {
    NEXT(posix_spawn);
    return fails(SPAWN) ? errno : next(pid, path, actions, attributes, argv, environment);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
    NEXT(accept4);
    return fails(ACCEPT) ? -1 : next(fd, address, size, flags);
}
