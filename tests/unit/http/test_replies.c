// Replies: framing, HEAD, files and their ranges, pieces, header values that would break out, readers that are slow.
#include "harness.h"

static void make_served(const Harness *harness, size_t len) {
    char path[96], *text = malloc(len);
    for (size_t i = 0; i < len; i++) text[i] = (char)('a' + i % 26);
    snprintf(path, sizeof path, "%s/served", harness->folder);
    assert_true(file_write(str_of(path), (Str){text, len}, 0600, NULL));
    free(text);
}

WITH_SERVER(a_part_of_a_file_is_sent) {
    make_served(harness, 1000000);
    int fd = dial(harness);
    say(fd, "GET /file?26,5 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 206, "abcde");
    say(fd, "GET /file?0,1000000 HTTP/1.1\r\nHost: h\r\n\r\n");
    Answer heard = hear(fd, false);
    assert_int_equal(heard.len, 1000000);
    for (size_t i = 0; i < heard.len; i++)
        if (heard.body[i] != (char)('a' + i % 26)) fail_msg("byte %zu", i);
    free(heard.body);
    say(fd, "GET /file?999999,1 HTTP/1.1\r\nHost: h\r\n\r\nGET /file?0,0 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 206, "n");
    assert_answer(fd, 200, "");
    close(fd);
}

WITH_SERVER(a_file_that_is_gone_or_too_short_is_the_owners_to_answer) {
    int fd = dial(harness);
    say(fd, "GET /file?0,5 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 404, "no such file");
    make_served(harness, 10);
    say(fd, "GET /file?6,5 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 404, "no such file");
    close(fd);
}

WITH_SERVER(a_client_that_leaves_within_a_file_leaves_nothing_behind) {
    make_served(harness, 30000000);
    for (int i = 0; i < 3; i++) {
        int fd = dial(harness);
        say(fd, "GET /file?0,30000000 HTTP/1.1\r\nHost: h\r\n\r\n");
        char some[1000];
        assert_true(read_all(fd, some, sizeof some));
        close(fd);
    }
}

WITH_SERVER(head_announces_the_size_and_sends_nothing) {
    make_served(harness, 100);
    int fd = dial(harness);
    say(fd, "HEAD /file?0,100 HTTP/1.1\r\nHost: h\r\n\r\n");
    Answer heard = hear(fd, true);
    assert_non_null(strstr(heard.head, "Content-Length: 100"));
    free(heard.body);
    say(fd, "HEAD /pieces HTTP/1.1\r\nHost: h\r\n\r\n");
    heard = hear(fd, true);
    assert_non_null(strstr(heard.head, "Transfer-Encoding: chunked"));
    free(heard.body);
    say(fd, "HEAD /big?1000 HTTP/1.1\r\nHost: h\r\n\r\nGET /big?3 HTTP/1.1\r\nHost: h\r\n\r\n");
    free(hear(fd, true).body);
    assert_answer(fd, 200, "abc");
    close(fd);
}

WITH_SERVER(statuses_without_a_body_have_none) {
    int fd = dial(harness);
    say(fd, "GET /304 HTTP/1.1\r\nHost: h\r\n\r\nGET /204 HTTP/1.1\r\nHost: h\r\n\r\nGET /big?3 HTTP/1.1\r\nHost: h\r\n\r\n");
    Answer heard = hear(fd, false);
    assert_int_equal(heard.status, 304);
    assert_null(strstr(heard.head, "Content-Length"));
    free(heard.body);
    assert_answer(fd, 204, "");
    assert_answer(fd, 200, "abc");
    close(fd);
}

WITH_SERVER(a_header_value_cannot_break_out_of_its_line) {
    int fd = dial(harness);
    say(fd, "GET /inject HTTP/1.1\r\nHost: h\r\n\r\n");
    Answer heard = hear(fd, false);
    assert_null(strstr(heard.head, "\r\nX-Evil"));
    assert_non_null(strstr(heard.head, "X-A: b  X-Evil: c\r\n"));
    free(heard.body);
    close(fd);
}

WITH_SERVER(a_slow_reader_gets_all_of_a_large_reply) {
    enum { LEN = 8 * 1024 * 1024 };
    int fd = dial(harness), little = 65536;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    say(fd, "GET /big?8388608 HTTP/1.1\r\nHost: h\r\n\r\nGET /big?3 HTTP/1.1\r\nHost: h\r\n\r\n");
    Answer heard = hear(fd, false);
    assert_int_equal(heard.len, LEN);
    for (size_t i = 0; i < LEN; i++)
        if (heard.body[i] != (char)('a' + i % 23)) fail_msg("byte %zu", i);
    free(heard.body);
    assert_answer(fd, 200, "abc");
    close(fd);
}

static void abort_held(void *context) {
    Harness *harness = context;
    HttpReply head = {.status = 200, .body.size = -1};
    HttpExchange *exchange = harness->held;
    harness->held = NULL;
    http_reply_begin(exchange, &head);
    http_reply_write(exchange, STR("half"));
    http_abort(exchange);
}

WITH_SERVER(an_aborted_reply_is_seen_not_to_be_whole) {
    int fd = dial(harness);
    say(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_for(&harness->requests, 1);
    ask(harness, abort_held);
    char head[1024], rest[16];
    read_head(fd, head, sizeof head);
    assert_true(read_all(fd, rest, 9)); // 4\r\nhalf\r\n
    assert_closed(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_of_a_file_is_sent),
        cmocka_unit_test(a_file_that_is_gone_or_too_short_is_the_owners_to_answer),
        cmocka_unit_test(a_client_that_leaves_within_a_file_leaves_nothing_behind),
        cmocka_unit_test(head_announces_the_size_and_sends_nothing),
        cmocka_unit_test(statuses_without_a_body_have_none),
        cmocka_unit_test(a_header_value_cannot_break_out_of_its_line),
        cmocka_unit_test(a_slow_reader_gets_all_of_a_large_reply),
        cmocka_unit_test(an_aborted_reply_is_seen_not_to_be_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
