// Bodies on their way in: memory, spool, stream, filters, refusals, clients that leave half-way.
#include "harness.h"

static char *random_text(size_t len) {
    char *text = malloc(len + 1);
    uint32_t x = 12345;
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        text[i] = (char)('a' + (x >> 24) % 23); // a to w
    }
    text[len] = 0;
    return text;
}

static void say_all(int fd, const char *at, size_t len) {
    while (len) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        at += sent;
        len -= (size_t)sent;
    }
}

static void say_chunked(int fd, const char *at, size_t len, size_t step) {
    for (size_t done = 0; done < len; done += step) {
        size_t now = len - done < step ? len - done : step;
        char line[32];
        int line_len = snprintf(line, sizeof line, "%zx\r\n", now);
        say_all(fd, line, (size_t)line_len);
        say_all(fd, at + done, now);
        say_all(fd, "\r\n", 2);
    }
    say_all(fd, "0\r\n\r\n", 5);
}

static void say_head(int fd, const char *path, size_t len) {
    char head[256];
    snprintf(head, sizeof head, "PUT %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", path, len);
    say(fd, head);
}

static void assert_put(int fd, const char *where, const char *text, size_t len) {
    char expected[128];
    snprintf(expected, sizeof expected, "%s %zu %llu good", where, len, (unsigned long long)sum_of(0, (Str){text, len}));
    assert_answer(fd, 200, expected);
}

WITH_SERVER(bodies_of_every_size_arrive_whole_in_memory_or_in_a_file) {
    static const size_t SIZES[] = {1, 14000, 17000, 65535, 65536, 65537, 200000, 262144, 262145, 1000000, 5000000};
    int fd = dial(harness);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        char *text = random_text(SIZES[i]);
        const char *where = SIZES[i] <= LIMIT_HTTP_INLINE_BODY_BYTES ? "memory" : "file";
        say_head(fd, "/put", SIZES[i]);
        say_all(fd, text, SIZES[i]);
        assert_put(fd, where, text, SIZES[i]);
        say(fd, "PUT /put HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        say_chunked(fd, text, SIZES[i], 1 + SIZES[i] / (i + 2));
        assert_put(fd, where, text, SIZES[i]);
        free(text);
    }
    close(fd);
}

WITH_SERVER(a_request_behind_a_spooled_body_is_served) {
    enum { LEN = 300000 };
    char *text = random_text(LEN);
    int fd = dial(harness);
    say(fd, "PUT /put HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    say_chunked(fd, text, LEN, 70000);
    say_head(fd, "/put", LEN);
    say_all(fd, text, LEN);
    say(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nnext");
    assert_put(fd, "file", text, LEN);
    assert_put(fd, "file", text, LEN);
    assert_answer(fd, 200, "next");
    free(text);
    close(fd);
}

WITH_SERVER(a_body_in_memory_may_be_large) {
    enum { LEN = 15 * 1024 * 1024 };
    char *text = random_text(LEN);
    int fd = dial(harness);
    for (int round = 0; round < 2; round++) {
        if (round == 0) {
            say_head(fd, "/echo", LEN);
            say_all(fd, text, LEN);
        } else {
            say(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
            say_chunked(fd, text, LEN, 100000);
        }
        Answer heard = hear(fd, false);
        assert_int_equal(heard.len, LEN);
        assert_memory_equal(heard.body, text, LEN);
        free(heard.body);
    }
    free(text);
    close(fd);
}

WITH_SERVER(a_filter_changes_what_is_stored) {
    static const size_t SIZES[] = {1000, 50000, 3000000};
    for (size_t i = 0; i < 3; i++) {
        char *text = random_text(SIZES[i]), *kept = random_text(SIZES[i]);
        for (size_t at = 0; at < SIZES[i]; at += 3) text[at] = 'x';
        size_t len = 0;
        for (size_t at = 0; at < SIZES[i]; at++)
            if (text[at] != 'x') kept[len++] = text[at];
        int fd = dial(harness);
        say_head(fd, "/put-filtered", SIZES[i]);
        say_all(fd, text, SIZES[i]);
        assert_put(fd, SIZES[i] > LIMIT_HTTP_INLINE_BODY_BYTES ? "file" : "memory", kept, len);
        close(fd);
        free(text);
        free(kept);
    }
}

WITH_SERVER(a_filter_may_leave_nothing_of_a_large_body) {
    enum { LEN = 500000 };
    char *text = malloc(LEN);
    memset(text, 'x', LEN);
    int fd = dial(harness);
    say_head(fd, "/put-filtered", LEN);
    say_all(fd, text, LEN);
    assert_put(fd, "file", "", 0);
    close(fd);
    free(text);
}

WITH_SERVER(a_body_that_a_filter_finds_bad_is_delivered_without_it_and_ends_the_connection) {
    static const size_t SIZES[] = {1000, 50000, 3000000};
    for (size_t i = 0; i < 3; i++) {
        char *text = random_text(SIZES[i]);
        text[500] = '!';
        int fd = dial(harness);
        say_head(fd, "/put-filtered", SIZES[i]);
        for (size_t done = 0; done < SIZES[i];) { // the server may close before all of it is sent
            ssize_t sent = send(fd, text + done, SIZES[i] - done, MSG_NOSIGNAL);
            if (sent <= 0) break;
            done += (size_t)sent;
        }
        assert_answer(fd, 200, "memory 0 0 bad");
        shutdown(fd, SHUT_WR);
        assert_closed(fd);
        free(text);
    }
}

WITH_SERVER(a_body_that_cannot_be_stored_is_answered_500) {
    char *text = random_text(100000);
    int fd = dial(harness);
    say_head(fd, "/put-nowhere", 100000);
    say_all(fd, text, 100000);
    assert_answer(fd, 500, "the body could not be stored\n");
    assert_closed(fd);
    assert_int_equal(harness->gone, 1);
    free(text);
}

WITH_SERVER(a_client_may_ask_before_it_sends_the_body) {
    int fd = dial(harness);
    say(fd, "PUT /put HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_answer(fd, 100, NULL);
    say(fd, "abc");
    assert_put(fd, "memory", "abc", 3);
    say(fd, "PUT /refuse HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_answer(fd, 403, "no");
    assert_closed(fd);
}

WITH_SERVER(a_refusal_reaches_a_client_that_is_still_sending) {
    enum { LEN = 4 * 1024 * 1024 };
    char *text = random_text(LEN);
    int fd = dial(harness);
    say_head(fd, "/refuse", LEN);
    say_all(fd, text, LEN);
    assert_answer(fd, 403, "no");
    close(fd);
    free(text);
}

WITH_SERVER(a_client_that_leaves_within_a_body_leaves_no_file) {
    static const size_t SENT[] = {10, 70000, 400000, 900000};
    char *text = random_text(1000000);
    for (size_t i = 0; i < 4; i++) {
        int fd = dial(harness);
        say_head(fd, "/put", 1000000);
        say_all(fd, text, SENT[i]);
        if (i % 2) { // by a reset
            struct linger now = {.l_onoff = 1};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
        close(fd);
        wait_for(&harness->gone, (int)i + 1);
    }
    assert_int_equal(harness->requests, 0);
    free(text);
}

// The echo would fill both directions: another process writes.
static pid_t begin_writer(int fd, const char *text, size_t len, bool chunked) {
    pid_t writer = fork();
    if (writer) return writer;
    if (chunked)
        say_chunked(fd, text, len, 50000);
    else
        say_all(fd, text, len);
    _exit(0);
}

WITH_SERVER(a_stream_is_consumed_while_it_comes) {
    enum { LEN = 3000000 };
    char *text = random_text(LEN);
    int fd = dial(harness);
    for (int round = 0; round < 2; round++) {
        if (round == 0)
            say_head(fd, "/stream", LEN);
        else
            say(fd, "PUT /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        pid_t writer = begin_writer(fd, text, LEN, round == 1);
        Answer heard = hear(fd, false);
        waitpid(writer, NULL, 0);
        assert_int_equal(heard.status, 200);
        assert_int_equal(heard.len, LEN);
        assert_memory_equal(heard.body, text, LEN);
        free(heard.body);
    }
    free(text);
    close(fd);
}

WITH_SERVER(a_stream_whose_reader_stops_makes_the_sender_wait) {
    int fd = dial(harness);
    say_head(fd, "/stream", 1000000000);
    char *text = random_text(1000000);
    size_t sent = 0;
    for (int idle = 0; idle < 30 && sent < 100000000;) { // nobody reads the echo: soon nothing can be sent
        ssize_t now = send(fd, text, 1000000, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (now > 0) sent += (size_t)now;
        idle = now > 0 ? 0 : idle + 1;
        if (now <= 0) usleep(10000);
    }
    assert_true(sent < 50000000);
    close(fd);
    free(text);
}

WITH_SERVER(the_owner_of_a_stream_may_answer_before_its_end) {
    char *text = random_text(1000000);
    int fd = dial(harness);
    say_head(fd, "/stream-once", 1000000);
    send(fd, text, 1000000, MSG_NOSIGNAL);
    assert_answer(fd, 200, "enough");
    close(fd);
    fd = dial(harness);
    say(fd, "PUT /stream-once HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n");
    assert_answer(fd, 200, "enough");
    assert_closed(fd);
    free(text);
}

static long resident_kib(void) {
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status)) sscanf(line, "VmRSS: %ld kB", &kib);
    fclose(status);
    return kib;
}

enum { PIECE = 1024 * 1024, PIECES = 64 };

static void send_much(int fd, const char *piece) {
    say_head(fd, "/put-unread", (size_t)PIECE * PIECES);
    for (int i = 0; i < PIECES; i++) say_all(fd, piece, PIECE);
    assert_answer(fd, 200, "67108864");
}

static void receive_much(int fd, const Harness *harness, const char *piece) {
    char path[96], head[1024];
    snprintf(path, sizeof path, "%s/served", harness->folder);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; i < PIECES; i++) assert_int_equal(write(file, piece, PIECE), PIECE);
    close(file);
    say(fd, "GET /file?0,67108864 HTTP/1.1\r\nHost: h\r\n\r\n");
    read_head(fd, head, sizeof head);
    char *got = malloc(PIECE);
    for (int i = 0; i < PIECES; i++) assert_true(read_all(fd, got, PIECE) && memcmp(got, piece, PIECE) == 0);
    free(got);
}

WITH_SERVER(much_goes_up_and_down_in_little_memory) {
    char *piece = random_text(PIECE);
    int fd = dial(harness);
    long before = resident_kib();
    send_much(fd, piece);
    long up = resident_kib();
    receive_much(fd, harness, piece);
    long down = resident_kib();
    free(piece);
    close(fd);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)before, (void)up, (void)down; // shadow memory grows as it likes
#else
    assert_true(up - before <= 8 * 1024);
    assert_true(down - before <= 8 * 1024);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_of_every_size_arrive_whole_in_memory_or_in_a_file),
        cmocka_unit_test(a_request_behind_a_spooled_body_is_served),
        cmocka_unit_test(a_body_in_memory_may_be_large),
        cmocka_unit_test(a_filter_changes_what_is_stored),
        cmocka_unit_test(a_filter_may_leave_nothing_of_a_large_body),
        cmocka_unit_test(a_body_that_a_filter_finds_bad_is_delivered_without_it_and_ends_the_connection),
        cmocka_unit_test(a_body_that_cannot_be_stored_is_answered_500),
        cmocka_unit_test(a_client_may_ask_before_it_sends_the_body),
        cmocka_unit_test(a_refusal_reaches_a_client_that_is_still_sending),
        cmocka_unit_test(a_client_that_leaves_within_a_body_leaves_no_file),
        cmocka_unit_test(a_stream_is_consumed_while_it_comes),
        cmocka_unit_test(a_stream_whose_reader_stops_makes_the_sender_wait),
        cmocka_unit_test(the_owner_of_a_stream_may_answer_before_its_end),
        cmocka_unit_test(much_goes_up_and_down_in_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
