// What the server refuses by itself, and what it makes of it: a precise status, and the end of the connection (nothing behind a bad message is believed).
#include "harness.h"

typedef struct Bad {
    const char *name, *text;
    int status;
} Bad;

static const Bad BAD[] = {
    {"no method", "\x80\x01\x02\r\n\r\n", 400},
    {"unknown method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
    {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
    {"HTTP/0.9", "GET /\r\n\r\n", 505},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"space in target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"relative target", "GET a/b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"space before colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
    {"folded line", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400},
    {"bare LF", "GET / HTTP/1.1\nHost: h\n\n", 505},
    {"two lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
    {"signed length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", 400},
    {"negative length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\nabc", 400},
    {"length of 2^64", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\nabc", 400},
    {"length and chunks", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", 400},
    {"chunks and length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400},
    {"unknown coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\nabc", 501},
    {"coding below chunks", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
    {"chunks not last", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400},
    {"chunks twice", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"chunk size", "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
    {"chunk size of 2^68", "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
    {"chunk longer than said", "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400},
    {"body too large", "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", 413},
    {"chunks too large", "POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n", 413},
    {"data after close", "GET /pieces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n", 200},
};

WITH_SERVER(bad_requests_are_answered_precisely_and_end_the_connection) {
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        int fd = dial(harness);
        say(fd, BAD[i].text);
        Answer heard = hear(fd, false);
        if (heard.status != BAD[i].status) fail_msg("%s: %d instead of %d", BAD[i].name, heard.status, BAD[i].status);
        assert_non_null(strstr(heard.head, "Connection: close"));
        free(heard.body);
        assert_closed(fd);
    }
    int fd = dial(harness);
    say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 200, "");
    close(fd);
}

static char large[200 * 1024];

static void assert_refused(const Harness *harness, int status) {
    int fd = dial(harness);
    say(fd, large);
    assert_answer(fd, status, NULL);
    assert_closed(fd);
}

WITH_SERVER(heads_without_measure_are_refused) {
    snprintf(large, sizeof large, "GET /%040000d HTTP/1.1\r\nHost: h\r\n\r\n", 1);
    assert_refused(harness, 414);
    snprintf(large, sizeof large, "GET / HTTP/1.1\r\nHost: h\r\nA: %070000d\r\n\r\n", 1);
    assert_refused(harness, 431);
    size_t len = (size_t)snprintf(large, sizeof large, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 250; i++) len += (size_t)snprintf(large + len, sizeof large - len, "A%d: b\r\n", i);
    snprintf(large + len, sizeof large - len, "\r\n");
    assert_refused(harness, 431);
    snprintf(large, sizeof large, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: %050000d\r\n\r\n", 1);
    assert_refused(harness, 431);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_requests_are_answered_precisely_and_end_the_connection),
        cmocka_unit_test(heads_without_measure_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
