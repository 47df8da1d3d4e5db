// The way out of the instances' network: an HTTP proxy at 10.0.0.1:3128 whose own sockets are the host's.
//
// Package tools and SDKs follow http_proxy and https_proxy (spawn.c sets them). It knows CONNECT and plain requests with an absolute URI,
// one request a connection. A process of the holder that stayed in the host's network; one child a connection, so that a slow name lookup
// stops nobody. The host's own services stay out of reach: loopback, link-local and unspecified addresses are refused, except public
// addresses of instances (127.77/16). 10.0.0/24 means the instances' network: the child enters it before it connects.
#include "proxy.h"

#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAD_BYTES = 32768, HEAD_MS = 30000, IDLE_MS = 600000, CONNECT_MS = 30000, CHILDREN = 256, FLOW_BYTES = 16384 };

typedef struct Request {
    char host[256], port[8];
    bool tunnel;
    const char *path; // of a plain request, in the head
    char head[HEAD_BYTES + 1];
    size_t head_length, length; // up to and with the blank line; all that was read
} Request;

static int instances_user = -1, instances_net = -1;

static void refuse(int client, const char *status, const char *host, const char *why) {
    char text[1024];
    int length =
        snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nrehearse: %s: %s\n", status, host, why);
    send(client, text, (size_t)length, MSG_NOSIGNAL);
}

// ---- The request ----

static bool read_head(int client, Request *request) {
    for (;;) {
        struct pollfd polled = {.fd = client, .events = POLLIN};
        if (request->length == HEAD_BYTES || poll(&polled, 1, HEAD_MS) != 1) return false;
        ssize_t got = recv(client, request->head + request->length, HEAD_BYTES - request->length, 0);
        if (got <= 0) return false;
        request->length += (size_t)got;
        request->head[request->length] = 0;
        const char *end = strstr(request->head, "\r\n\r\n");
        if (!end) continue;
        request->head_length = (size_t)(end - request->head) + 4;
        return true;
    }
}

static bool split_authority(Request *request, const char *at, size_t length, const char *port) {
    const char *name = at, *end = at + length;
    if (length && *at == '[') { // IPv6
        const char *close = memchr(at, ']', length);
        if (!close) return false;
        name = at + 1;
        length = (size_t)(close - name);
        at = close + 1;
    } else {
        const char *colon = memchr(at, ':', length);
        if (colon) length = (size_t)(colon - at);
        at = name + length;
    }
    if (at < end && *at == ':') {
        size_t digits = (size_t)(end - at) - 1;
        if (digits == 0 || digits > 5 || strspn(at + 1, "0123456789") < digits) return false;
        snprintf(request->port, sizeof request->port, "%.*s", (int)digits, at + 1);
    } else
        snprintf(request->port, sizeof request->port, "%s", port);
    if (length == 0 || length >= sizeof request->host) return false;
    snprintf(request->host, sizeof request->host, "%.*s", (int)length, name);
    return true;
}

static bool parse(Request *request) {
    const char *target = strchr(request->head, ' ');
    if (!target || target - request->head > 16) return false;
    target++;
    request->tunnel = strncmp(request->head, "CONNECT ", 8) == 0;
    if (request->tunnel) return split_authority(request, target, strcspn(target, " \r\n"), "443");
    if (strncasecmp(target, "http://", 7) != 0) return false;
    target += 7;
    size_t length = strcspn(target, "/? \r\n");
    request->path = target + length;
    return split_authority(request, target, length, "80");
}

// ---- The other side ----

static bool is_private(uint32_t address) { return address >> 8 == 0x0a0000; } // 10.0.0/24

static bool is_refused(const struct sockaddr *address) {
    if (address->sa_family == AF_INET6) {
        const struct in6_addr *in = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(in) || IN6_IS_ADDR_LINKLOCAL(in) || IN6_IS_ADDR_UNSPECIFIED(in) || IN6_IS_ADDR_V4MAPPED(in);
    }
    uint32_t in = ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
    return (in >> 24 == 127 && in >> 16 != 0x7f4d) || in >> 24 == 0 || in >> 16 == 0xa9fe;
}

static bool enter_instances(void) {
    setns(instances_user, CLONE_NEWUSER); // refused where it is the own one (root)
    return setns(instances_net, CLONE_NEWNET) == 0;
}

static int connect_one(const struct addrinfo *to) {
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
    socklen_t length = sizeof error;
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    if (fd < 0) return -1;
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0) return fd;
    error = errno;
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (poll(&polled, 1, CONNECT_MS) == 1) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    }
    if (error == 0) return fd;
    close(fd);
    return errno = error, -1;
}

// A connected socket; otherwise the client has been told why not.
static int connect_to(int client, const Request *request) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int error = getaddrinfo(request->host, request->port, &hints, &found), fd = -1;
    if (error) return refuse(client, "502 Bad Gateway", request->host, gai_strerror(error)), -1;
    bool refused = false;
    errno = 0;
    for (const struct addrinfo *to = found; to && fd < 0; to = to->ai_next) {
        refused = is_refused(to->ai_addr);
        bool private = to->ai_family == AF_INET && is_private(ntohl(((const struct sockaddr_in *)(const void *)to->ai_addr)->sin_addr.s_addr));
        if (refused || (private && !enter_instances())) continue;
        fd = connect_one(to);
    }
    freeaddrinfo(found);
    if (fd >= 0) return fd;
    if (refused)
        refuse(client, "403 Forbidden", request->host, "an instance does not reach the host's own services");
    else
        refuse(client, "502 Bad Gateway", request->host, strerror(errno));
    return -1;
}

// ---- Carrying ----

static bool send_all(int fd, const char *bytes, size_t length) {
    while (length) {
        struct pollfd polled = {.fd = fd, .events = POLLOUT};
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (sent < 0 && poll(&polled, 1, IDLE_MS) != 1) return false;
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        }
    }
    return true;
}

// False when this direction has ended.
static bool carry(int from, int to) {
    char bytes[FLOW_BYTES];
    ssize_t got = recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got > 0) return send_all(to, bytes, (size_t)got);
    shutdown(to, SHUT_WR);
    return false;
}

static void carry_both(int client, int server, bool client_too) {
    struct pollfd polled[2] = {{.fd = client_too ? client : -1, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
        if (poll(polled, 2, IDLE_MS) < 1) return;
        if (polled[0].fd >= 0 && polled[0].revents && !carry(client, server)) polled[0].fd = -1;
        if (polled[1].fd >= 0 && polled[1].revents && !carry(server, client)) polled[1].fd = -1;
    }
}

// Requests that a client sends ahead in the same connection are not the server's: it gets one, and what belongs to it.
static bool has_body(const Request *request) {
    for (const char *at = strstr(request->head, "\r\n") + 2; strncmp(at, "\r\n", 2) != 0; at = strstr(at, "\r\n") + 2)
        if (strncasecmp(at, "content-length:", 15) == 0 || strncasecmp(at, "transfer-encoding:", 18) == 0) return true;
    return false;
}

// A plain request as the server wants it: origin form, one request, no header for proxies.
static bool forward_head(int server, const Request *request) {
    static const char version[] = " HTTP/1.1\r\nConnection: close\r\n";
    const char *line = strstr(request->head, "\r\n"), *space = strchr(request->head, ' ');
    const char *path = *request->path == '/' ? request->path : "/";
    size_t path_length = path == request->path ? strcspn(path, " \r\n") : 1;
    if (!send_all(server, request->head, (size_t)(space - request->head) + 1) || !send_all(server, path, path_length)) return false;
    if (!send_all(server, version, sizeof version - 1)) return false;
    for (const char *at = line + 2; strncmp(at, "\r\n", 2) != 0;) {
        const char *end = strstr(at, "\r\n") + 2;
        bool drop = strncasecmp(at, "connection:", 11) == 0 || strncasecmp(at, "proxy-", 6) == 0 || strncasecmp(at, "keep-alive:", 11) == 0;
        if (!drop && !send_all(server, at, (size_t)(end - at))) return false;
        at = end;
    }
    return send_all(server, "\r\n", 2);
}

static _Noreturn void serve(int client) {
    static const char established[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    static Request request;
    if (!read_head(client, &request)) _exit(1);
    if (!parse(&request)) {
        refuse(client, "400 Bad Request", "the proxy", "expects CONNECT HOST:PORT or METHOD http://HOST/PATH");
        _exit(1);
    }
    int server = connect_to(client, &request);
    if (server < 0) _exit(1);
    bool good = request.tunnel ? send_all(client, established, sizeof established - 1) : forward_head(server, &request);
    bool more = request.tunnel || has_body(&request);
    if (good && more) good = send_all(server, request.head + request.head_length, request.length - request.head_length);
    if (good) carry_both(client, server, more);
    _exit(0);
}

// ---- The process ----

static int reap(int children) {
    while (children > 0 && waitpid(-1, NULL, WNOHANG) > 0) children--;
    return children;
}

static _Noreturn void proxy_run(int control) {
    char text[MESSAGE_BYTES];
    int listener = -1, fd = -1, children = 0;
    while (listener < 0) {
        if (message_receive(control, text, sizeof text, &fd) <= 0) _exit(1);
        if (strcmp(text, "user") == 0) instances_user = fd;
        if (strcmp(text, "net") == 0) instances_net = fd;
        if (strcmp(text, "serve") == 0) listener = fd;
    }
    fcntl(listener, F_SETFL, 0); // accept waits
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        children = reap(children);
        pid_t child = client >= 0 && children < CHILDREN ? fork() : -1;
        if (child == 0) {
            close(listener);
            serve(client);
        }
        if (child > 0) children++;
        if (client >= 0)
            close(client);
        else
            usleep(10000);
    }
}

int proxy_start(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return -1;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 3);
        syscall(SYS_close_range, 4, ~0u, 0);
        proxy_run(3);
    }
    close(ends[1]);
    if (child > 0) return ends[0];
    close(ends[0]);
    return -1;
}
