#include "sandbox/internal.h"

#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool file_read_small(const char *path, char *out, size_t room) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); // some are written inside: no links, no pipes
    if (fd < 0) return false;
    ssize_t got = read(fd, out, room - 1);
    close(fd);
    if (got < 0) return false;
    out[got] = 0;
    return true;
}

bool file_place(int folder, const char *name, Str bytes, Error *e) {
    AUTO_FD fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return fail_errno(e, errno, "%s", name);
    return file_write_fd(fd, bytes, e) || fail_within(e, "%s", name);
}

void record_add(Buf *buf, const char *key, Str value) {
    const char *end = value.len ? memchr(value.at, 0, value.len) : NULL;
    if (end) value.len = (size_t)(end - value.at);
    buf_addf(buf, "%s=", key);
    buf_add(buf, value);
    buf_add_char(buf, 0);
}

void record_add_number(Buf *buf, const char *key, int64_t value) {
    buf_addf(buf, "%s=%lld", key, (long long)value);
    buf_add_char(buf, 0);
}
