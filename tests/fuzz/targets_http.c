// HTTP, both sides. The server is a real one on the loop, its client a socket of the same thread.
#include "base/limits.h"
#include "http/response.h"
#include "http/server.h"
#include "os/files.h"
#include "targets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUIET_TURNS = 3, MOST_TURNS = 2000 };

typedef struct Rig {
    Loop *loop;
    HttpServer *server;
    uint16_t port;
    char folder[64];
} Rig;
static Rig rig; // all inputs meet the same server

static bool drop_x(void *context, char *bytes, size_t *len) {
    size_t kept = 0;
    for (size_t i = 0; i < *len; i++)
        if (bytes[i] != 'x') bytes[kept++] = bytes[i];
    *len = kept;
    return true;
}

// The path says how the body shall come.
static void on_head(void *context, HttpExchange *exchange, HttpIntake *intake) {
    static const HttpReply refusal = {.status = 403, .body = {.bytes = STR_INIT("no"), .size = 2}};
    Str path = exchange->request.path;
    if (str_starts(path, STR("/put"))) {
        *intake = (HttpIntake){.kind = HTTP_INTO_SPOOL, .max_bytes = 1 << 20, .folder = str_of(rig.folder), .filter = drop_x};
    } else if (str_starts(path, STR("/stream"))) {
        intake->kind = HTTP_INTO_STREAM;
    } else if (str_starts(path, STR("/refuse"))) {
        *intake = (HttpIntake){.kind = HTTP_REFUSE, .refusal = &refusal};
    } else if (str_starts(path, STR("/small"))) {
        intake->max_bytes = 10;
    }
}

static void on_request(void *context, HttpExchange *exchange) {
    const HttpRequest *request = &exchange->request;
    HttpHeader *back = arena_array(request->arena, HttpHeader, 1);
    back[0] = (HttpHeader){STR("X-Back"), http_header(request, "x-test")};
    HttpReply reply = {.status = 200,
                       .headers = back,
                       .header_count = str_is_none(back[0].value) ? 0 : 1,
                       .body = body_of(request->body.bytes.at ? request->body.bytes : STR("file"))};
    http_reply(exchange, &reply);
}

static void on_body(void *context, HttpExchange *exchange, Str piece, bool last) {
    if (!last) return;
    http_reply(exchange, &(HttpReply){.status = 200, .body = body_of(STR("streamed"))});
}

static void on_writable(void *context, HttpExchange *exchange) {}

static void on_gone(void *context, HttpExchange *exchange) {
    if (str_starts(exchange->request.path, STR("/stream"))) http_abort(exchange);
}

static void remove_folder(void) { tree_remove(str_of(rig.folder), NULL); }

static void start(void) {
    HttpOwner owner = {on_head, on_request, on_body, on_writable, on_gone, NULL};
    snprintf(rig.folder, sizeof rig.folder, "/tmp/rehearse-fuzz-XXXXXX");
    if (!mkdtemp(rig.folder) || atexit(remove_folder)) abort();
    rig.loop = loop_new();
    rig.server = http_server_new(rig.loop, &owner, NULL);
    if (!http_listen(rig.server, STR("api"), "127.0.0.1", 0, &rig.port, NULL)) abort();
}

static int dial(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(rig.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) abort();
    return fd;
}

// Until the server has been silent for a while; what it says is thrown away.
static void let_run(int fd) {
    char bytes[4096];
    for (int quiet = 0, turns = 0; quiet < QUIET_TURNS && turns < MOST_TURNS; turns++) {
        uv_run(loop_uv(rig.loop), UV_RUN_NOWAIT);
        quiet = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0 ? 0 : quiet + 1;
    }
}

// A byte that says where the request is cut in two, then what a client sends; it then leaves without a word.
void fuzz_http_server(Arena *arena, Str input) {
    if (!rig.loop) start();
    if (!input.len) return;
    Str bytes = str_from(input, 1);
    size_t cut = bytes.len * (unsigned char)input.at[0] / 256;
    int fd = dial();
    if (send(fd, bytes.at, cut, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) let_run(fd);
    if (send(fd, bytes.at + cut, bytes.len - cut, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) let_run(fd);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(fd);
    while (http_server_counts(rig.server).connections > 0) loop_run_once(rig.loop);
    assert(http_server_counts(rig.server).exchanges == 0);
}

// Once whole and once in two pieces: the same reply.
static bool respond(Arena *arena, Str bytes, size_t cut, bool head_only, HttpResult *out, Response *response) {
    response_init(response, arena, head_only, 1 << 16);
    bool good =
        response_feed(response, str_sub(bytes, 0, cut), NULL) && response_feed(response, str_from(bytes, cut), NULL) && response_end(response, NULL);
    if (good) *out = response_result(response);
    return good;
}

void fuzz_http_response(Arena *arena, Str input) {
    if (!input.len) return;
    Str bytes = str_from(input, 1);
    unsigned char first = (unsigned char)input.at[0];
    Response whole, pieces;
    HttpResult a, b;
    bool read = respond(arena, bytes, bytes.len, first & 1, &a, &whole),
         again = respond(arena, bytes, bytes.len * first / 256, first & 1, &b, &pieces);
    assert(read == again);
    if (read) assert(a.status == b.status && a.header_count == b.header_count && str_eq(a.body, b.body));
    response_done(&whole);
    response_done(&pieces);
}

void fuzz_http_url(Arena *arena, Str input) {
    CallTarget target;
    if (!call_target(input, &target, NULL)) return;
    assert(target.host.len && target.port);
    AUTO_BUF head;
    buf_init(&head, LIMIT_HTTP_HEAD_BYTES);
    call_write_head(&(HttpCall){.url = input}, &target, &head);
}
