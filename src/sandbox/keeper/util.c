#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t now_ms(void) { return clock_ms(CLOCK_REALTIME); }
int64_t uptime_ms(void) { return clock_ms(CLOCK_MONOTONIC); }

void boot_id(char out[37]) {
    if (read_text("/proc/sys/kernel/random/boot_id", out, 37) < 36) snprintf(out, 37, "unknown");
}

static char report[512];

bool step_failed(const char *step, const char *format, ...) {
    int error = errno, length = snprintf(report, sizeof report, "%s %d ", step, error);
    va_list args;
    va_start(args, format);
    vsnprintf(report + length, sizeof report - (size_t)length, format, args);
    va_end(args);
    errno = error;
    return false;
}

const char *step_report(void) { return report; }
void step_repeat(const char *other) { snprintf(report, sizeof report, "%s", other); }

bool write_all(int fd, const void *bytes, size_t size) {
    for (const char *at = bytes; size;) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_file(const char *path, const char *text, mode_t mode, bool durable) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) return false;
    bool good = write_all(fd, text, strlen(text)) && (!durable || fsync(fd) == 0);
    close(fd);
    return good;
}

bool write_text(const char *path, const char *text, mode_t mode) { return write_file(path, text, mode, false); }

bool replace_text(const char *path, const char *text, bool durable) {
    char temporary[PATH_BYTES];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    return write_file(temporary, text, 0644, durable) && rename(temporary, path) == 0;
}

ssize_t read_text(const char *path, char *out, size_t room) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got = 0, n;
    while ((size_t)got < room - 1 && (n = read(fd, out + got, room - 1 - (size_t)got)) > 0) got += n;
    close(fd);
    out[got] = 0;
    return got;
}

bool make_folders(char *path, mode_t mode) {
    for (char *at = path + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        int status = mkdir(path, mode);
        *at = '/';
        if (status && errno != EEXIST && errno != EROFS && errno != EACCES) return false;
    }
    return mkdir(path, mode) == 0 || errno == EEXIST;
}

bool make_folder(const char *path, mode_t mode, uid_t owner) {
    if (mkdir(path, mode) == 0) return chmod(path, mode) == 0 && (owner == geteuid() || lchown(path, owner, owner) == 0);
    return errno == EEXIST;
}

bool file_is_deleted(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && info.st_nlink == 0;
}

bool lock_wait(int fd, int how) {
    int status;
    while ((status = flock(fd, how)) && errno == EINTR) {}
    return status == 0;
}

bool path_is_in(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return length && strncmp(path, folder, length) == 0 && (!path[length] || path[length] == '/');
}

int unix_socket_listen(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    mode_t old = umask(0177);
    int status = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(old);
    if (status == 0 && listen(fd, 64) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

int unix_socket_connect(const char *folder, const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", at, name);
    bool good = at >= 0 && fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    int error = errno;
    if (at >= 0) close(at);
    if (!good && fd >= 0) close(fd);
    errno = error;
    return good ? fd : -1;
}

bool message_send(int socket, int fd, const char *format, ...) {
    char text[MESSAGE_BYTES], control[CMSG_SPACE(sizeof(int))] = {0};
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct iovec part = {text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static void take_descriptor(struct msghdr *message, int *fd) {
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len < CMSG_LEN(sizeof(int))) return;
    int got;
    memcpy(&got, CMSG_DATA(head), sizeof got);
    if (fd)
        *fd = got;
    else
        close(got);
}

ssize_t message_receive(int socket, char *out, size_t room, int *fd) {
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {out, room - 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (fd) *fd = -1;
    ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == ECONNRESET) got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC); // it left words of ours unread: its own come still
    if (got < 0) return errno == EAGAIN || errno == EINTR ? -1 : 0;
    take_descriptor(&message, fd);
    out[got] = 0;
    return got;
}

static void wait_for_daemon(int fd, pid_t child) {
    unsigned char status = 1;
    while (read(fd, &status, 1) < 0 && errno == EINTR) {}
    waitpid(child, NULL, 0);
    _exit(status);
}

int daemonize(const char *log) {
    int ready[2];
    if (pipe2(ready, O_CLOEXEC)) _exit(1);
    pid_t child = fork();
    if (child) {
        close(ready[1]);
        wait_for_daemon(ready[0], child);
    }
    setsid();
    if (fork()) _exit(0);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), errors = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(null, 0);
    dup2(null, 1);
    dup2(errors >= 0 ? errors : null, 2);
    int keep = fcntl(ready[1], F_DUPFD_CLOEXEC, 3);
    if (keep != 3) dup3(keep, 3, O_CLOEXEC);
    syscall(SYS_close_range, 4, ~0u, 0);
    return 3;
}

void daemon_ready(int fd, int status) {
    unsigned char byte = (unsigned char)status;
    write_all(fd, &byte, 1);
    close(fd);
}

const char *after_word(const char *text, const char *word) {
    size_t length = strlen(word);
    if (strncmp(text, word, length) != 0) return NULL;
    if (text[length] == 0) return text + length;
    return text[length] == ' ' ? text + length + 1 : NULL;
}

bool take_word(const char **rest, char *out, size_t room) {
    const char *at = *rest + strspn(*rest, " ");
    size_t length = strcspn(at, " ");
    if (length == 0) return false;
    snprintf(out, room, "%.*s", (int)length, at);
    *rest = at + length;
    return true;
}

bool take_number(const char **rest, int64_t *out) {
    char word[32], *end;
    const char *after = *rest;
    if (!take_word(&after, word, sizeof word)) return false;
    errno = 0;
    int64_t number = strtoll(word, &end, 10);
    if (errno || *end) return false;
    *out = number;
    *rest = after;
    return true;
}

int64_t number_at(const char *text) { return strtoll(text, NULL, 10); }
