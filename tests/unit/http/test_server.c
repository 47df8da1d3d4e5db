// Connections and requests: keep-alive, pipelining, heads in pieces, limits, time-outs, clients that leave, the end of the server.
#include "harness.h"

WITH_SERVER(a_connection_serves_one_request_after_the_other) {
    int fd = dial(harness);
    for (int i = 0; i < 3; i++) {
        say(fd, "GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-Test:  v \r\n\r\n");
        Answer heard = hear(fd, false);
        assert_int_equal(heard.status, 200);
        assert_string_equal(heard.body, "GET /a?b=c 2 api 127.0.0.1 0");
        assert_non_null(strstr(heard.head, "\r\nX-Back: v\r\n"));
        assert_non_null(strstr(heard.head, "\r\nDate: "));
        free(heard.body);
    }
    close(fd);
}

WITH_SERVER(pipelined_requests_are_answered_in_order) {
    int fd = dial(harness);
    say(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\noneGET /pieces HTTP/1.1\r\nHost: h\r\n\r\n"
            "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\nGET /204 HTTP/1.1\r\nHost: h\r\n\r\n"
            "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nfive");
    assert_answer(fd, 200, "one");
    assert_answer(fd, 200, "one two three");
    assert_answer(fd, 200, "three");
    assert_answer(fd, 204, "");
    assert_answer(fd, 200, "five");
    close(fd);
}

WITH_SERVER(very_many_pipelined_requests_fit_through_a_small_buffer) {
    int fd = dial(harness);
    enum { REQUESTS = 3000 };
    static char all[REQUESTS * 64];
    size_t len = 0;
    for (int i = 0; i < REQUESTS; i++)
        len += (size_t)snprintf(all + len, sizeof all - len, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n%04d", i);
    size_t sent = 0;
    for (int heard = 0; heard < REQUESTS; heard++) {
        while (sent < len) {
            ssize_t now = send(fd, all + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (now <= 0) break;
            sent += (size_t)now;
        }
        char expected[16];
        snprintf(expected, sizeof expected, "%04d", heard);
        assert_answer(fd, 200, expected);
    }
    close(fd);
}

WITH_SERVER(a_request_may_come_byte_by_byte) {
    int fd = dial(harness);
    say_slowly(fd, "\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nEmpty:\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n");
    assert_answer(fd, 200, "abc0123456789");
    close(fd);
}

WITH_SERVER(a_large_head_with_many_fields_is_taken) {
    int fd = dial(harness);
    static char head[70000];
    size_t len = (size_t)snprintf(head, sizeof head, "GET /x HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 150; i++) len += (size_t)snprintf(head + len, sizeof head - len, "F%d: %0380d\r\n", i, i);
    snprintf(head + len, sizeof head - len, "X-Test: last\r\n\r\n");
    say(fd, head);
    Answer heard = hear(fd, false);
    assert_int_equal(heard.status, 200);
    assert_string_equal(heard.body, "GET /x? 152 api 127.0.0.1 0");
    assert_non_null(strstr(heard.head, "X-Back: last"));
    free(heard.body);
    close(fd);
}

WITH_SERVER(a_body_behind_a_head_that_fills_the_buffer_is_whole) {
    int fd = dial(harness);
    static char text[40000];
    for (size_t fill = 15800; fill < 16400; fill += 37) {
        size_t len =
            (size_t)snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\nFill: %0*d\r\n\r\n", (int)fill, 1);
        memset(text + len, 'b', 5000);
        text[len + 5000] = 0;
        say(fd, text);
        Answer heard = hear(fd, false);
        assert_int_equal(heard.status, 200);
        assert_int_equal(heard.len, 5000);
        assert_string_equal(heard.body, text + len);
        free(heard.body);
    }
    close(fd);
}

WITH_SERVER(http_1_0_closes_unless_asked_not_to) {
    int fd = dial(harness);
    say(fd, "GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"); // a body of unknown length must end with the connection
    Answer heard = hear(fd, false);
    assert_null(strstr(heard.head, "chunked"));
    char body[14] = {0};
    assert_true(read_all(fd, body, 13));
    assert_string_equal(body, "one two three");
    free(heard.body);
    assert_closed(fd);
    fd = dial(harness);
    say(fd, "GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    heard = hear(fd, false);
    assert_non_null(strstr(heard.head, "Connection: keep-alive"));
    free(heard.body);
    say(fd, "GET /echo HTTP/1.0\r\n\r\n");
    assert_answer(fd, 200, "");
    assert_closed(fd);
}

WITH_SERVER(a_target_as_sent_to_proxies_is_cut_to_its_path) {
    int fd = dial(harness);
    say(fd, "GET http://example.com/a/b?c HTTP/1.1\r\nHost: example.com\r\n\r\n");
    assert_answer(fd, 200, "GET /a/b?c 1 api 127.0.0.1 0");
    say(fd, "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n");
    assert_answer(fd, 200, "OPTIONS *? 1 api 127.0.0.1 0");
    close(fd);
}

WITH_SERVER(an_upgrade_that_nobody_offers_is_passed_over) {
    int fd = dial(harness);
    say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n"
            "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi");
    assert_answer(fd, 200, "");
    assert_answer(fd, 200, "hi");
    close(fd);
}

WITH_SERVER(a_client_that_closes_its_sending_side_gets_its_answers) {
    int fd = dial(harness);
    say(fd, "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nend");
    shutdown(fd, SHUT_WR);
    assert_answer(fd, 200, "one two three");
    assert_answer(fd, 200, "end");
    assert_closed(fd);
}

WITH_SERVER(the_owner_of_a_long_poll_is_told_that_the_client_left) {
    int fd = dial(harness);
    say(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for(&harness->requests, 1);
    close(fd);
    wait_for(&harness->gone, 1);
}

static void answer_held(void *context) {
    Harness *harness = context;
    answer(harness->held, 200, STR("at last"));
    harness->held = NULL;
}

WITH_SERVER(an_answer_may_come_later) {
    int fd = dial(harness);
    say(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nnext");
    wait_for(&harness->requests, 1);
    ask(harness, answer_held);
    assert_answer(fd, 200, "at last");
    assert_answer(fd, 200, "next");
    close(fd);
}

// stop_server frees the server: on_gone answers what is held.
WITH_SERVER(a_server_that_is_freed_tells_the_owners_of_open_exchanges) {
    int fd = dial(harness);
    say(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for(&harness->requests, 1);
    close(dial(harness));
    close(fd);
}

static void told_shut(void *context) { ((Harness *)context)->shut = true; }

static void begin_shutdown(void *context) {
    Harness *harness = context;
    http_server_shutdown(harness->server, 10000, told_shut, harness);
    harness->requests++;
}

WITH_SERVER(a_shutdown_lets_open_requests_end) {
    int idle = dial(harness), busy = dial(harness);
    say(idle, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(idle, 200, "");
    say(busy, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for(&harness->requests, 2);
    ask(harness, begin_shutdown);
    wait_for(&harness->requests, 3);
    assert_closed(idle);
    ask(harness, answer_held);
    Answer heard = hear(busy, false);
    assert_string_equal(heard.body, "at last");
    assert_non_null(strstr(heard.head, "Connection: close"));
    free(heard.body);
    assert_closed(busy);
    for (int i = 0; i < 2000 && !harness->shut; i++) usleep(1000);
    assert_true(harness->shut);
}

static void connections_above_the_limit_are_refused(void **state) {
    (void)state;
    Harness harness = {.options.connections = 2};
    start_server(&harness);
    int one = dial(&harness), two = dial(&harness);
    say(one, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    say(two, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(one, 200, NULL);
    assert_answer(two, 200, NULL);
    int three = dial(&harness);
    assert_answer(three, 503, NULL);
    assert_closed(three);
    close(one);
    close(two);
    stop_server(&harness);
}

static void a_head_or_body_that_takes_too_long_is_answered_408(void **state) {
    (void)state;
    Harness harness = {.options = {.head_ms = 60, .idle_ms = 60, .stall_ms = 60}};
    start_server(&harness);
    int head = dial(&harness), body = dial(&harness), idle = dial(&harness), silent = dial(&harness);
    say(head, "GET /echo HTTP/1.1\r\nHo");
    say(body, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    say(idle, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(idle, 200, "");
    assert_answer(head, 408, NULL);
    assert_answer(body, 408, NULL);
    assert_closed(head);
    assert_closed(body);
    assert_closed(idle);
    assert_closed(silent);
    assert_int_equal(harness.gone, 1);
    stop_server(&harness);
}

static void a_reader_that_never_reads_is_dropped(void **state) {
    (void)state;
    Harness harness = {.options = {.stall_ms = 60}};
    start_server(&harness);
    int fd = dial(&harness);
    say(fd, "GET /big?16000000 HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for(&harness.requests, 1);
    usleep(300 * 1000); // real time is what is tested
    char *all = malloc(17000000);
    assert_false(read_all(fd, all, 16000000));
    free(all);
    close(fd);
    stop_server(&harness);
}

static void listeners_have_names_and_take_sockets_and_refuse_taken_ports(void **state) {
    (void)state;
    Harness harness = {0};
    start_server(&harness);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 10), 0);
    socklen_t len = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &len);
    stop_server(&harness);

    Loop *loop = loop_new();
    HttpOwner owner = {.on_request = on_request, .context = &harness};
    HttpServer *server = http_server_new(loop, &owner, NULL);
    Error error = {0};
    assert_true(http_listen_fd(server, STR("metadata"), fd, NULL));
    assert_false(http_listen(server, STR("api"), "127.0.0.1", ntohs(address.sin_port), NULL, &error));
    assert_string_equal(error.code, "address-in-use");
    assert_false(http_listen(server, STR("api"), "localhost", 0, NULL, &error));
    assert_string_equal(error.code, "bad-address");
    int client = dial_port(ntohs(address.sin_port));
    say(client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    harness.requests = 0;
    while (!harness.requests) loop_run_once(loop);
    assert_answer(client, 200, "GET /x? 1 metadata 127.0.0.1 0");
    close(client);
    http_server_free(server);
    loop_free(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_serves_one_request_after_the_other),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(very_many_pipelined_requests_fit_through_a_small_buffer),
        cmocka_unit_test(a_request_may_come_byte_by_byte),
        cmocka_unit_test(a_large_head_with_many_fields_is_taken),
        cmocka_unit_test(a_body_behind_a_head_that_fills_the_buffer_is_whole),
        cmocka_unit_test(http_1_0_closes_unless_asked_not_to),
        cmocka_unit_test(a_target_as_sent_to_proxies_is_cut_to_its_path),
        cmocka_unit_test(an_upgrade_that_nobody_offers_is_passed_over),
        cmocka_unit_test(a_client_that_closes_its_sending_side_gets_its_answers),
        cmocka_unit_test(the_owner_of_a_long_poll_is_told_that_the_client_left),
        cmocka_unit_test(an_answer_may_come_later),
        cmocka_unit_test(a_server_that_is_freed_tells_the_owners_of_open_exchanges),
        cmocka_unit_test(a_shutdown_lets_open_requests_end),
        cmocka_unit_test(connections_above_the_limit_are_refused),
        cmocka_unit_test(a_head_or_body_that_takes_too_long_is_answered_408),
        cmocka_unit_test(a_reader_that_never_reads_is_dropped),
        cmocka_unit_test(listeners_have_names_and_take_sockets_and_refuse_taken_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
