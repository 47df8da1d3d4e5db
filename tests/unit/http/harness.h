// A server on a thread of its own whose owner answers by path, and a blocking client that says exactly the bytes a test wants.
#pragma once

#include "base/limits.h"
#include "http/server.h"
#include "os/files.h"
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Harness {
    Loop *loop;
    HttpServer *server;
    HttpServerOptions options;
    LoopWake *wake; // runs `ask` on the loop
    _Atomic(LoopFunction *) ask;
    uint16_t port;
    pthread_t thread;
    char folder[64];
    HttpExchange *held; // of /hold
    _Atomic int gone, requests;
    _Atomic bool shut;
} Harness;

// What a filter or a stream remembers of an exchange.
typedef struct Seen {
    uint64_t sum;
    int64_t len;
    bool bad;
} Seen;

static inline uint64_t sum_of(uint64_t sum, Str bytes) {
    for (size_t i = 0; i < bytes.len; i++) sum = sum * 31 + (unsigned char)bytes.at[i];
    return sum;
}

static inline void answer(HttpExchange *exchange, int status, Str text) {
    HttpReply reply = {.status = status, .body = body_of(text)};
    http_reply(exchange, &reply);
}

// Drops every 'x', counts the rest; '!' is bad.
static inline bool drop_x(void *context, char *bytes, size_t *len) {
    Seen *seen = context;
    size_t kept = 0;
    for (size_t i = 0; i < *len; i++) {
        if (bytes[i] == '!') seen->bad = true;
        if (bytes[i] != 'x') bytes[kept++] = bytes[i];
    }
    *len = kept;
    seen->len += (int64_t)kept;
    seen->sum = sum_of(seen->sum, (Str){bytes, kept});
    return !seen->bad;
}

static inline void answer_put(HttpExchange *exchange) {
    const Seen *seen = exchange->data;
    const Body *body = &exchange->request.body;
    Arena *arena = exchange->request.arena;
    Str text = body->bytes, found;
    if (!str_is_none(body->path)) text = file_read(arena, body->path, 1L << 31, &found, NULL) ? found : STR("unreadable");
    answer(exchange, 200,
           str_format(arena, "%s %lld %llu %s", str_is_none(body->path) ? "memory" : "file", (long long)body->size,
                      (unsigned long long)sum_of(0, text), seen && seen->bad ? "bad" : "good"));
}

static inline void answer_file(Harness *harness, HttpExchange *exchange) {
    long long offset = 0, size = 0;
    sscanf(str_c(exchange->request.arena, exchange->request.query), "%lld,%lld", &offset, &size);
    Str path = str_format(exchange->request.arena, "%s/served", harness->folder);
    HttpReply reply = {.status = offset ? 206 : 200, .body = {.path = path, .offset = offset, .size = size}};
    if (!http_reply(exchange, &reply)) answer(exchange, 404, STR("no such file"));
}

static inline void answer_big(HttpExchange *exchange) {
    long long size = atoll(str_c(exchange->request.arena, exchange->request.query));
    char *bytes = arena_alloc(exchange->request.arena, (size_t)size);
    for (long long i = 0; i < size; i++) bytes[i] = (char)('a' + i % 23);
    answer(exchange, 200, (Str){bytes, (size_t)size});
}

static inline void answer_pieces(HttpExchange *exchange) {
    HttpReply head = {.status = 200, .body.size = -1};
    http_reply_begin(exchange, &head);
    http_reply_write(exchange, STR("one "));
    http_reply_write(exchange, STR("two "));
    http_reply_write(exchange, STR("three"));
    http_reply_end(exchange);
}

static inline void answer_headers(HttpExchange *exchange) {
    HttpRequest *request = &exchange->request;
    HttpHeader *back = arena_array(request->arena, HttpHeader, 1);
    back[0] = (HttpHeader){STR("X-Back"), http_header(request, "x-test")};
    HttpReply reply = {.status = 200, .headers = back, .header_count = 1};
    reply.body =
        body_of(str_format(request->arena, "%.*s %.*s?%.*s %zu %.*s %.*s %d", STR_ARG(request->method), STR_ARG(request->path),
                           STR_ARG(request->query), request->header_count, STR_ARG(request->listener), STR_ARG(request->peer), request->tls));
    http_reply(exchange, &reply);
}

static inline void on_request(void *context, HttpExchange *exchange) {
    Harness *harness = context;
    Str path = exchange->request.path;
    harness->requests++;
    if (str_is(path, "/echo"))
        answer(exchange, 200, exchange->request.body.bytes);
    else if (str_is(path, "/put-unread"))
        answer(exchange, 200, str_format(exchange->request.arena, "%lld", (long long)exchange->request.body.size));
    else if (str_starts(path, STR("/put")))
        answer_put(exchange);
    else if (str_is(path, "/file"))
        answer_file(harness, exchange);
    else if (str_is(path, "/big"))
        answer_big(exchange);
    else if (str_is(path, "/pieces"))
        answer_pieces(exchange);
    else if (str_is(path, "/hold"))
        harness->held = exchange;
    else if (str_is(path, "/204"))
        answer(exchange, 204, STR(""));
    else if (str_is(path, "/304"))
        answer(exchange, 304, STR("never sent"));
    else if (str_is(path, "/inject")) {
        static const HttpHeader header[] = {{STR_INIT("X-A"), STR_INIT("b\r\nX-Evil: c")}};
        HttpReply reply = {.status = 200, .headers = header, .header_count = 1, .body = body_of(STR("ok"))};
        http_reply(exchange, &reply);
    } else
        answer_headers(exchange);
}

static inline void on_head(void *context, HttpExchange *exchange, HttpIntake *intake) {
    Harness *harness = context;
    Str path = exchange->request.path;
    Arena *arena = exchange->request.arena;
    if (str_starts(path, STR("/put"))) {
        exchange->data = arena_new_of(arena, Seen);
        *intake = (HttpIntake){.kind = HTTP_INTO_SPOOL, .max_bytes = 1L << 40, .folder = str_format(arena, "%s/spool", harness->folder)};
        if (str_is(path, "/put-filtered")) intake->filter = drop_x, intake->filter_context = exchange->data;
        if (str_is(path, "/put-nowhere")) intake->folder = STR("/nonexistent");
    } else if (str_is(path, "/refuse")) {
        static const HttpReply refusal = {.status = 403, .body = {.bytes = STR_INIT("no"), .size = 2}};
        *intake = (HttpIntake){.kind = HTTP_REFUSE, .refusal = &refusal};
    } else if (str_starts(path, STR("/stream"))) {
        intake->kind = HTTP_INTO_STREAM;
        intake->max_bytes = INT64_MAX;
        exchange->data = harness;
    } else if (str_is(path, "/small")) {
        intake->max_bytes = 10;
    }
}

// Echoes a body while it comes; "/stream-once" answers at the first piece.
static inline void on_body(void *context, HttpExchange *exchange, Str piece, bool last) {
    (void)context;
    if (str_is(exchange->request.path, "/stream-once")) {
        answer(exchange, 200, STR("enough"));
        return;
    }
    if (exchange->data) {
        HttpReply head = {.status = 200, .body.size = -1};
        http_reply_begin(exchange, &head);
        exchange->data = NULL;
    }
    if (!http_reply_write(exchange, piece)) http_body_pause(exchange);
    if (last) http_reply_end(exchange);
}

static inline void on_writable(void *context, HttpExchange *exchange) {
    (void)context;
    http_body_resume(exchange);
}

static inline void on_gone(void *context, HttpExchange *exchange) {
    Harness *harness = context;
    harness->gone++;
    if (harness->held == exchange) {
        harness->held = NULL;
        answer(exchange, 200, STR("to nobody"));
    } else if (str_starts(exchange->request.path, STR("/stream"))) {
        http_reply_end(exchange);
    }
}

static inline void asked(void *context) {
    Harness *harness = context;
    LoopFunction *run = harness->ask;
    run(harness);
}

static inline void *run_loop(void *context) {
    loop_run(((Harness *)context)->loop);
    return NULL;
}

// On the loop's thread.
static inline void ask(Harness *harness, LoopFunction *run) {
    harness->ask = run;
    loop_wake(harness->wake);
}

static inline void start_server(Harness *harness) {
    static const HttpOwner owner = {on_head, on_request, on_body, on_writable, on_gone, NULL};
    HttpOwner mine = owner;
    mine.context = harness;
    snprintf(harness->folder, sizeof harness->folder, "/tmp/rehearse-http-XXXXXX");
    assert_non_null(mkdtemp(harness->folder));
    char spool[80];
    snprintf(spool, sizeof spool, "%s/spool", harness->folder);
    assert_true(folder_make(str_of(spool), 0700, NULL));
    harness->loop = loop_new();
    harness->server = http_server_new(harness->loop, &mine, &harness->options);
    harness->wake = loop_wake_new(harness->loop, asked, harness);
    assert_true(http_listen(harness->server, STR("api"), "127.0.0.1", 0, &harness->port, NULL));
    pthread_create(&harness->thread, NULL, run_loop, harness);
}

static inline void stop_asked(void *context) {
    Harness *harness = context;
    http_server_free(harness->server);
    loop_wake_free(harness->wake);
    loop_stop(harness->loop);
}

static inline void wait_for(_Atomic int *value, int wanted) {
    for (int i = 0; i < 5000 && *value != wanted; i++) usleep(1000);
    assert_int_equal(*value, wanted);
}

static inline size_t files_in_spool(const Harness *harness) {
    AUTO_ARENA arena = arena_new();
    Str *names;
    size_t count = 0;
    assert_true(folder_list(arena, str_format(arena, "%s/spool", harness->folder), &names, &count, NULL));
    return count;
}

static inline void stop_server(Harness *harness) {
    ask(harness, stop_asked);
    pthread_join(harness->thread, NULL);
    loop_free(harness->loop); // also lets work on the pool end
    assert_int_equal(files_in_spool(harness), 0);
    assert_true(tree_remove(str_of(harness->folder), NULL));
}

// The client

static inline int dial_port(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline int dial(const Harness *harness) { return dial_port(harness->port); }

static inline void say(int fd, const char *text) { assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text)); }

static inline void say_slowly(int fd, const char *text) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (; *text; text++) assert_int_equal(send(fd, text, 1, MSG_NOSIGNAL), 1);
}

typedef struct Answer {
    int status;
    char head[8192];
    char *body; // malloc'ed, with a NUL behind
    size_t len;
} Answer;

// recv is not gone on with by itself where it has a time-out, and libuv's io_uring (1.49 and later) interrupts the thread that made the loop.
static inline ssize_t hear_some(int fd, void *to, size_t room) {
    ssize_t got;
    do got = recv(fd, to, room, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

static inline size_t read_head(int fd, char *head, size_t room) {
    size_t len = 0;
    while (len + 1 < room) {
        ssize_t got = hear_some(fd, head + len, 1);
        if (got <= 0) break;
        head[++len] = 0;
        if (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0) break;
    }
    head[len] = 0;
    return len;
}

static inline bool read_all(int fd, char *to, size_t len) {
    for (size_t done = 0; done < len;) {
        ssize_t got = hear_some(fd, to + done, len - done);
        if (got <= 0) return false;
        done += (size_t)got;
    }
    return true;
}

static inline void append(Answer *answer, int fd, size_t len) {
    answer->body = realloc(answer->body, answer->len + len + 1);
    assert_true(read_all(fd, answer->body + answer->len, len));
    answer->len += len;
    answer->body[answer->len] = 0;
}

static inline void read_chunks(Answer *answer, int fd) {
    for (;;) {
        char line[64];
        size_t len = 0;
        while (len < sizeof line - 1 && hear_some(fd, line + len, 1) == 1 && line[len++] != '\n') {}
        line[len] = 0;
        size_t size = strtoul(line, NULL, 16);
        char end[2];
        append(answer, fd, size);
        assert_true(read_all(fd, end, 2));
        assert_memory_equal(end, "\r\n", 2);
        if (size == 0) return;
    }
}

static inline Answer hear(int fd, bool head_only) {
    Answer answer = {0};
    if (read_head(fd, answer.head, sizeof answer.head) == 0) return answer;
    assert_int_equal(sscanf(answer.head, "HTTP/1.1 %d", &answer.status), 1);
    const char *length = strcasestr(answer.head, "\r\nContent-Length: ");
    append(&answer, fd, 0);
    if (head_only || answer.status == 100) return answer;
    if (length)
        append(&answer, fd, strtoul(length + 18, NULL, 10));
    else if (strcasestr(answer.head, "\r\nTransfer-Encoding: chunked"))
        read_chunks(&answer, fd);
    return answer;
}

static inline void assert_answer(int fd, int status, const char *body) {
    Answer answer = hear(fd, false);
    assert_int_equal(answer.status, status);
    if (body) assert_string_equal(answer.body, body);
    free(answer.body);
}

static inline void assert_closed(int fd) {
    char c;
    ssize_t got = hear_some(fd, &c, 1);
    assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
    close(fd);
}

#define WITH_SERVER(name)                      \
    static void name##_with(Harness *harness); \
    static void name(void **state) {           \
        (void)state;                           \
        Harness harness = {0};                 \
        start_server(&harness);                \
        name##_with(&harness);                 \
        stop_server(&harness);                 \
    }                                          \
    static void name##_with(Harness *harness)
