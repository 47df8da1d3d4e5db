// The blocking client: plain sockets and poll, for the command line.
#include "http/response.h"
#include "os/files.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, HEAD_ROOM_BYTES = 2 * LIMIT_HTTP_HEAD_BYTES };

struct HttpLines {
    Arena *arena;
    Response response;
    int fd;
    size_t taken; // of the body: lines that were given out
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Until the socket is ready or the time has come; false then.
static bool wait_ready(int fd, short events, int64_t deadline_ms) {
    for (;;) {
        int64_t left = deadline_ms - now_ms();
        struct pollfd watched = {.fd = fd, .events = events};
        int ready = poll(&watched, 1, left > 0 ? (int)left : 0);
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

static bool connect_one(const struct addrinfo *address, int64_t deadline_ms, int *out) {
    AUTO_FD fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    int error = connect(fd, address->ai_addr, address->ai_addrlen) < 0 ? errno : 0;
    if (error == EINPROGRESS) {
        socklen_t len = sizeof error;
        if (!wait_ready(fd, POLLOUT, deadline_ms))
            error = ETIMEDOUT;
        else
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    }
    errno = error;
    if (error) return false;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return *out >= 0;
}

static bool dial(Arena *arena, const CallTarget *target, int64_t deadline_ms, int *fd, Error *e) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
    char service[8];
    snprintf(service, sizeof service, "%u", (unsigned)target->port);
    int status = getaddrinfo(str_c(arena, target->host), service, &wanted, &found);
    if (status) return fail(e, "unreachable", "%.*s: %s", STR_ARG(target->host), gai_strerror(status));
    bool connected = false;
    for (struct addrinfo *one = found; one && !connected; one = one->ai_next) connected = connect_one(one, deadline_ms, fd);
    int error = errno;
    freeaddrinfo(found);
    return connected || fail(e, error == ETIMEDOUT ? "timeout" : "unreachable", "%.*s: %s", STR_ARG(target->authority), strerror(error));
}

static bool send_all(int fd, Str bytes, int64_t deadline_ms, Error *e) {
    while (bytes.len) {
        ssize_t sent = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent >= 0)
            bytes = str_from(bytes, (size_t)sent);
        else if (errno == EAGAIN) {
            if (!wait_ready(fd, POLLOUT, deadline_ms)) return fail(e, "timeout", "the server does not take the request");
        } else if (errno == EPIPE || errno == ECONNRESET)
            return true; // the reply may say why
        else if (errno != EINTR)
            return fail(e, "unreachable", "send: %s", strerror(errno));
    }
    return true;
}

static bool begin(Arena *arena, const HttpCall *call, int64_t deadline_ms, int *fd, Error *e) {
    CallTarget target;
    TRY(call_target(call->url, &target, e));
    if (target.tls) return fail(e, "bad-url", "https is not spoken by this client: %.*s", STR_ARG(call->url));
    TRY(dial(arena, &target, deadline_ms, fd, e));
    AUTO_BUF head;
    buf_init(&head, HEAD_ROOM_BYTES);
    call_write_head(call, &target, &head);
    if (head.overflow) return fail(e, "too-large", "the request's head is too large");
    TRY(send_all(*fd, buf_str(&head), deadline_ms, e));
    return send_all(*fd, call->body, deadline_ms, e);
}

// Feeds what has come. `*more` is false at the end of the connection.
static bool receive(int fd, Response *response, bool *more, Error *e) {
    char block[READ_BYTES];
    ssize_t got = recv(fd, block, sizeof block, 0);
    *more = true;
    if (got > 0) return response_feed(response, (Str){block, (size_t)got}, e);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    *more = false;
    return response_end(response, e);
}

static bool receive_until(int fd, Response *response, const bool *flag, int64_t deadline_ms, Error *e) {
    bool more = true;
    while (!*flag && more) {
        if (!wait_ready(fd, POLLIN, deadline_ms)) return fail(e, "timeout", "no reply in time");
        TRY(receive(fd, response, &more, e));
    }
    return true;
}

static bool exchange(Arena *arena, const HttpCall *call, Response *response, HttpResult *out, Error *e) {
    int64_t deadline_ms = now_ms() + call_timeout_ms(call);
    AUTO_FD fd = -1;
    TRY(begin(arena, call, deadline_ms, &fd, e));
    TRY(receive_until(fd, response, &response->done, deadline_ms, e));
    HttpResult result = response_result(response);
    result.body = str_copy(arena, result.body);
    *out = result;
    return true;
}

bool http_call(Arena *arena, const HttpCall *call, HttpResult *out, Error *e) {
    Response response;
    response_init(&response, arena, str_eq(call->method, STR("HEAD")), call_max_bytes(call));
    bool good = exchange(arena, call, &response, out, e);
    response_done(&response);
    return good;
}

// Lines

static bool open_lines(HttpLines *lines, const HttpCall *call, Error *e) {
    int64_t deadline_ms = now_ms() + call_timeout_ms(call);
    TRY(begin(lines->arena, call, deadline_ms, &lines->fd, e));
    TRY(receive_until(lines->fd, &lines->response, &lines->response.head_done, deadline_ms, e));
    int status = lines->response.parser.status_code;
    if (status == 200) return true;
    TRY(receive_until(lines->fd, &lines->response, &lines->response.done, deadline_ms, e));
    Str body = str_trim(buf_str(&lines->response.body));
    return fail(e, "bad-reply", "HTTP %d: %.*s", status, (int)(body.len < 1000 ? body.len : 1000), body.at);
}

bool http_lines_open(const HttpCall *call, HttpLines **out, Error *e) {
    HttpLines *lines = calloc(1, sizeof *lines);
    if (!lines) abort();
    lines->fd = -1;
    lines->arena = arena_new();
    response_init(&lines->response, lines->arena, false, call_max_bytes(call));
    if (!open_lines(lines, call, e)) {
        http_lines_close(lines);
        return false;
    }
    *out = lines;
    return true;
}

// A whole line, or what is left at the end of the reply.
static bool take_line(HttpLines *lines, Str *line) {
    Str rest = str_from(buf_str(&lines->response.body), lines->taken);
    ptrdiff_t end = str_find_char(rest, '\n');
    if (end < 0 && !(lines->response.done && rest.len)) return false;
    *line = end < 0 ? rest : str_sub(rest, 0, (size_t)end);
    lines->taken += line->len + (end >= 0);
    *line = str_strip_suffix(*line, STR("\r"));
    return true;
}

bool http_lines_next(HttpLines *lines, int64_t wait_ms, Str *line, bool *ended, Error *e) {
    int64_t deadline_ms = now_ms() + wait_ms;
    *ended = false;
    while (!take_line(lines, line)) {
        *line = STR_NONE;
        buf_drop(&lines->response.body, lines->taken);
        lines->taken = 0;
        *ended = lines->response.done;
        if (*ended || !wait_ready(lines->fd, POLLIN, deadline_ms)) return true;
        bool more = true;
        TRY(receive(lines->fd, &lines->response, &more, e));
    }
    return true;
}

int http_lines_fd(const HttpLines *lines) { return lines->fd; }

void http_lines_close(HttpLines *lines) {
    if (!lines) return;
    fd_close(lines->fd);
    response_done(&lines->response);
    arena_free(lines->arena);
    free(lines);
}
