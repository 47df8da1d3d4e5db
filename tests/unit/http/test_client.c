// Both clients, against our own server and against peers that misbehave.
#include "http/client.h"

#include "harness.h"

typedef struct Got {
    Loop *loop;
    int status, calls;
    char body[256], code[ERROR_CODE_BYTES], message[256];
    size_t len;
} Got;

static void got(void *context, const HttpResult *result, const Error *error) {
    Got *seen = context;
    seen->calls++;
    if (result) {
        seen->status = result->status;
        seen->len = result->body.len;
        snprintf(seen->body, sizeof seen->body, "%.*s", STR_ARG(result->body));
    } else {
        snprintf(seen->code, sizeof seen->code, "%s", error->code);
        snprintf(seen->message, sizeof seen->message, "%.200s", error->message);
    }
}

static Got fetched(const HttpCall *call) {
    Got seen = {.loop = loop_new()};
    http_fetch(seen.loop, call, got, &seen);
    assert_int_equal(seen.calls, 0);
    loop_run(seen.loop);
    loop_free(seen.loop);
    assert_int_equal(seen.calls, 1);
    return seen;
}

static Str url(Arena *arena, const Harness *harness, const char *path) {
    return str_format(arena, "http://127.0.0.1:%u%s", (unsigned)harness->port, path);
}

static const HttpHeader TEST_HEADER[] = {{STR_INIT("X-Test"), STR_INIT("value")}};

WITH_SERVER(a_fetch_brings_status_headers_and_body) {
    AUTO_ARENA arena = arena_new();
    HttpCall call = {.url = url(arena, harness, "/a?b=c"), .headers = TEST_HEADER, .header_count = 1};
    Got seen = fetched(&call);
    assert_int_equal(seen.status, 200);
    assert_string_equal(seen.body, "GET /a?b=c 3 api 127.0.0.1 0");
    call = (HttpCall){.url = url(arena, harness, "/echo"), .method = STR("POST"), .body = STR("body")};
    assert_string_equal(fetched(&call).body, "body");
    call = (HttpCall){.url = url(arena, harness, "/pieces")};
    assert_string_equal(fetched(&call).body, "one two three");
    call = (HttpCall){.url = url(arena, harness, "/big?3000000")};
    assert_int_equal(fetched(&call).len, 3000000);
    call = (HttpCall){.url = url(arena, harness, "/big?3000000"), .method = STR("HEAD")};
    assert_int_equal(fetched(&call).len, 0);
    call = (HttpCall){.url = str_format(arena, "http://localhost:%u", (unsigned)harness->port)}; // ::1 may be tried first
    assert_string_equal(fetched(&call).body, "GET /? 2 api 127.0.0.1 0");
}

WITH_SERVER(a_blocking_call_does_the_same) {
    AUTO_ARENA arena = arena_new();
    HttpResult result;
    HttpCall call = {.url = url(arena, harness, "/a?b=c"), .headers = TEST_HEADER, .header_count = 1};
    assert_true(http_call(arena, &call, &result, NULL));
    assert_true(result.status == 200 && str_is(result.body, "GET /a?b=c 3 api 127.0.0.1 0"));
    assert_true(str_is(http_result_header(&result, "x-back"), "value"));
    char *large = malloc(5000000);
    memset(large, 'l', 5000000);
    call = (HttpCall){.url = url(arena, harness, "/echo"), .method = STR("POST"), .body = {large, 5000000}};
    assert_true(http_call(arena, &call, &result, NULL));
    assert_true(str_eq(result.body, call.body));
    free(large);
    call = (HttpCall){.url = url(arena, harness, "/pieces")};
    assert_true(http_call(arena, &call, &result, NULL));
    assert_true(str_is(result.body, "one two three"));
}

static void assert_both_fail(const HttpCall *call, const char *code) {
    AUTO_ARENA arena = arena_new();
    HttpResult result;
    Error error = {0};
    assert_false(http_call(arena, call, &result, &error));
    assert_string_equal(error.code, code);
    assert_string_equal(fetched(call).code, code);
}

WITH_SERVER(errors_say_what_went_wrong) {
    AUTO_ARENA arena = arena_new();
    assert_both_fail(&(HttpCall){.url = STR("ftp://x/")}, "bad-url");
    assert_both_fail(&(HttpCall){.url = STR("http:///x")}, "bad-url");
    assert_both_fail(&(HttpCall){.url = STR("http://h:99999/")}, "bad-url");
    assert_both_fail(&(HttpCall){.url = STR("http://h/a b")}, "bad-url");
    assert_both_fail(&(HttpCall){.url = STR("http://127.0.0.1:1/")}, "unreachable");
    assert_both_fail(&(HttpCall){.url = url(arena, harness, "/big?100"), .max_bytes = 99}, "too-large");
    assert_both_fail(&(HttpCall){.url = url(arena, harness, "/hold"), .timeout_ms = 30}, "timeout");
}

// Answers one connection with given bytes, and closes it.
typedef struct Peer {
    const char *text;
    int listening;
} Peer;

static void *play_peer(void *context) {
    const Peer *peer = context;
    int fd = accept(peer->listening, NULL, NULL);
    char head[4096];
    read_head(fd, head, sizeof head);
    send(fd, peer->text, strlen(peer->text), MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (recv(fd, head, sizeof head, 0) > 0) {}
    close(fd);
    return NULL;
}

static void a_reply_is_whole_or_an_error(void **state) {
    (void)state;
    static const struct {
        const char *text, *code, *body;
    } CASES[] = {
        {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "", "until the end"},
        {"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "", "ok"},
        {"HTTP/1.1 204 No Content\r\n\r\n", "", ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut", "bad-reply", ""},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ncut\r\n", "bad-reply", ""},
        {"HTTP/1.1 200 OK\r\nContent-Le", "bad-reply", ""},
        {"", "bad-reply", ""},
        {"SSH-2.0-OpenSSH\r\n", "bad-reply", ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        AUTO_ARENA arena = arena_new();
        uint16_t port = 0;
        Peer peer = {.text = CASES[i].text, .listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof address;
        assert_int_equal(bind(peer.listening, (struct sockaddr *)&address, len), 0);
        assert_int_equal(listen(peer.listening, 5), 0);
        getsockname(peer.listening, (struct sockaddr *)&address, &len);
        port = ntohs(address.sin_port);
        pthread_t thread;
        pthread_create(&thread, NULL, play_peer, &peer);
        Got seen = fetched(&(HttpCall){.url = str_format(arena, "http://127.0.0.1:%u/", (unsigned)port)});
        pthread_join(thread, NULL);
        close(peer.listening);
        assert_string_equal(seen.code, CASES[i].code);
        assert_string_equal(seen.body, CASES[i].body);
    }
}

static void tick(void *context) { (void)context; }

WITH_SERVER(a_cancelled_fetch_tells_nothing) {
    AUTO_ARENA arena = arena_new();
    Got seen = {.loop = loop_new()};
    LoopTimer *ticking = loop_timer_new(seen.loop, tick, NULL);
    loop_timer_start(ticking, 1, 1);
    HttpCall call = {.url = url(arena, harness, "/hold")};
    http_fetch_cancel(http_fetch(seen.loop, &call, got, &seen)); // while it resolves
    HttpFetch *later = http_fetch(seen.loop, &call, got, &seen);
    while (!harness->requests) loop_run_once(seen.loop);
    http_fetch_cancel(later);
    loop_timer_free(ticking);
    loop_run(seen.loop);
    loop_free(seen.loop);
    assert_int_equal(seen.calls, 0);
}

static HttpExchange *streaming;

static void begin_lines(void *context) {
    Harness *harness = context;
    streaming = harness->held;
    harness->held = NULL;
    HttpReply head = {.status = 200, .body.size = -1};
    http_reply_begin(streaming, &head);
    http_reply_write(streaming, STR("first\nsecond\r\nthi"));
}

static void end_lines(void *context) {
    (void)context;
    http_reply_write(streaming, STR("rd\nlast"));
    http_reply_end(streaming);
}

static void *begin_when_held(void *context) {
    Harness *harness = context;
    wait_for(&harness->requests, 1);
    ask(harness, begin_lines);
    return NULL;
}

WITH_SERVER(lines_are_read_as_they_come) {
    AUTO_ARENA arena = arena_new();
    HttpCall call = {.url = url(arena, harness, "/hold")};
    HttpLines *lines = NULL;
    Str line;
    bool ended = false;
    pthread_t thread;
    pthread_create(&thread, NULL, begin_when_held, harness);
    assert_true(http_lines_open(&call, &lines, NULL));
    pthread_join(thread, NULL);
    assert_true(http_lines_next(lines, 5000, &line, &ended, NULL) && str_is(line, "first"));
    assert_true(http_lines_next(lines, 5000, &line, &ended, NULL) && str_is(line, "second"));
    assert_true(http_lines_next(lines, 10, &line, &ended, NULL) && str_is_none(line) && !ended);
    ask(harness, end_lines);
    assert_true(http_lines_next(lines, 5000, &line, &ended, NULL) && str_is(line, "third"));
    assert_true(http_lines_next(lines, 5000, &line, &ended, NULL) && str_is(line, "last"));
    assert_true(http_lines_next(lines, 5000, &line, &ended, NULL) && str_is_none(line) && ended);
    http_lines_close(lines);
}

WITH_SERVER(lines_of_an_error_are_the_error) {
    AUTO_ARENA arena = arena_new();
    HttpLines *lines = NULL;
    Error error = {0};
    assert_false(http_lines_open(&(HttpCall){.url = url(arena, harness, "/file?0,1")}, &lines, &error));
    assert_string_equal(error.code, "bad-reply");
    assert_string_equal(error.message, "HTTP 404: no such file");
}

static void https_is_verified(void **state) {
    (void)state;
    AUTO_ARENA arena = arena_new();
    Harness harness = {0};
    char folder[] = "/tmp/rehearse-tls-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_true(certificates_open(str_of(folder), &harness.options.certificates, NULL));
    start_server(&harness);
    HttpCall call = {.url = str_format(arena, "https://localhost:%u/a", (unsigned)harness.port),
                     .authority = certificates_authority_path(harness.options.certificates)};
    Got seen = fetched(&call);
    assert_string_equal(seen.message, "");
    assert_string_equal(seen.body, "GET /a? 2 api 127.0.0.1 1");
    call.url = str_format(arena, "https://127.0.0.1:%u/big?1000000", (unsigned)harness.port);
    assert_int_equal(fetched(&call).len, 1000000);
    call.url = str_format(arena, "https://127.0.0.2:%u/a", (unsigned)harness.port); // not in the certificate, and not listened on
    assert_string_equal(fetched(&call).code, "unreachable");
    call.url = str_format(arena, "https://localhost:%u/a", (unsigned)harness.port);
    call.authority = STR_NONE;
    assert_string_equal(fetched(&call).code, "tls");
    stop_server(&harness);
    certificates_close(harness.options.certificates);
    assert_true(tree_remove(str_of(folder), NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fetch_brings_status_headers_and_body),
        cmocka_unit_test(a_blocking_call_does_the_same),
        cmocka_unit_test(errors_say_what_went_wrong),
        cmocka_unit_test(a_reply_is_whole_or_an_error),
        cmocka_unit_test(a_cancelled_fetch_tells_nothing),
        cmocka_unit_test(lines_are_read_as_they_come),
        cmocka_unit_test(lines_of_an_error_are_the_error),
        cmocka_unit_test(https_is_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
