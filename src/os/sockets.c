#include "os/sockets.h"

#include "os/files.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, PROC_NET_LIMIT_BYTES = 4 * 1024 * 1024 };

typedef union Address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} Address;

static bool parse_address(const char *text, uint16_t port, Address *out, socklen_t *len, Error *e) {
    *out = (Address){0};
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *len = sizeof out->v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        *len = sizeof out->v6;
        return true;
    }
    return fail(e, "bad-address", "\"%.100s\" is not an IPv4 or IPv6 address", text);
}

static bool port_of(int fd, uint16_t *port, Error *e) {
    Address address = {0};
    socklen_t len = sizeof address;
    if (getsockname(fd, &address.any, &len) < 0) return fail_errno(e, errno, "getsockname");
    *port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return true;
}

static bool bind_and_listen(int fd, const Address *address, socklen_t len, const char *text, uint16_t port, Error *e) {
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->any.sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, &address->any, len) == 0 && listen(fd, BACKLOG) == 0) return true;
    if (errno == EADDRINUSE) return fail(e, "address-in-use", "%s port %u is in use", text, (unsigned)port);
    return fail_errno(e, errno, "listen on %s port %u", text, (unsigned)port);
}

bool socket_listen(const char *text, uint16_t port, int *fd, uint16_t *bound, Error *e) {
    Address address;
    socklen_t len = 0;
    uint16_t taken = 0;
    TRY(parse_address(text, port, &address, &len, e));
    int opened = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0) return fail_errno(e, errno, "socket");
    if (!bind_and_listen(opened, &address, len, text, port, e) || !port_of(opened, &taken, e)) {
        fd_close(opened);
        return false;
    }
    *fd = opened;
    if (bound) *bound = taken;
    return true;
}

// A line of /proc/net/tcp or tcp6: "0: 0100007F:11D6 00000000:0000 0A queues timer retransmits uid timeout inode …".
enum { FIELD_LOCAL = 1, FIELD_STATE = 3, FIELD_INODE = 9, FIELDS = 10 };

static bool split_fields(Str line, Str *fields) {
    for (size_t i = 0; i < FIELDS; i++) {
        line = str_trim(line);
        if (line.len == 0) return false;
        fields[i] = str_cut(&line, ' ');
    }
    return true;
}

static bool listening_inode(const char *table, uint16_t port, Str *inode, Arena *arena) {
    Str text, fields[FIELDS];
    Str wanted = str_format(arena, ":%04X", (unsigned)port);
    if (!file_read(arena, str_of(table), PROC_NET_LIMIT_BYTES, &text, NULL)) return false;
    str_next_line(&text);
    for (Str line; !str_is_none(line = str_next_line(&text));) {
        if (!split_fields(line, fields) || !str_is(fields[FIELD_STATE], "0A") || !str_ends(fields[FIELD_LOCAL], wanted)) continue;
        *inode = fields[FIELD_INODE];
        return true;
    }
    return false;
}

static bool process_has(pid_t pid, const char *wanted) {
    char folder[64], name[96 + NAME_MAX], target[64];
    snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
    DIR *descriptors = opendir(folder);
    if (!descriptors) return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(descriptors));) {
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        ssize_t len = readlink(name, target, sizeof target - 1);
        if (len <= 0) continue;
        target[len] = 0;
        found = strcmp(target, wanted) == 0;
    }
    closedir(descriptors);
    return found;
}

static void command_of(pid_t pid, char *name, size_t name_bytes) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    AUTO_ARENA arena = arena_new();
    Str text = STR("unknown");
    file_read(arena, str_of(path), 256, &text, NULL);
    text = str_trim(text);
    snprintf(name, name_bytes, "%.*s", STR_ARG(text));
}

bool socket_listener_of(uint16_t port, pid_t *pid, char *name, size_t name_bytes) {
    AUTO_ARENA arena = arena_new();
    Str inode = STR_NONE;
    if (!listening_inode("/proc/net/tcp", port, &inode, arena) && !listening_inode("/proc/net/tcp6", port, &inode, arena)) return false;
    const char *wanted = str_format(arena, "socket:[%.*s]", STR_ARG(inode)).at;
    DIR *processes = opendir("/proc");
    if (!processes) return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(processes));) {
        pid_t candidate = (pid_t)strtol(entry->d_name, NULL, 10);
        if (candidate <= 0 || !process_has(candidate, wanted)) continue;
        *pid = candidate;
        command_of(candidate, name, name_bytes);
        found = true;
    }
    closedir(processes);
    return found;
}
