// Random peers: valid requests cut anywhere, damaged anywhere, left anywhere. The server must survive, answer the same bytes the same way however they were
// cut, and leave nothing behind (stop_server looks). A failure names its seed; REHEARSE_NOISE_ROUNDS makes it look longer.
#include "harness.h"

static uint64_t noise;

static uint32_t next(uint32_t bound) {
    noise ^= noise << 13;
    noise ^= noise >> 7;
    noise ^= noise << 17;
    return (uint32_t)(noise >> 32) % bound;
}

static const char *const REQUESTS[] = {
    "GET /a?b HTTP/1.1\r\nHost: h\r\nX-Test: v\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world",
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n",
    "PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nfour",
    "PUT /put-filtered HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfxxr\r\n0\r\n\r\n",
    "PUT /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nstream",
    "PUT /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nstr\r\n3\r\neam\r\n0\r\n\r\n",
    "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /big?20000 HTTP/1.1\r\nHost: h\r\n\r\n",
    "HEAD /big?20000 HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /304 HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /file?3,4 HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n123456789",
    "GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
};

enum { TEXT_BYTES = 4096, REPLY_BYTES = 512 * 1024, COUNT = sizeof REQUESTS / sizeof *REQUESTS };

static size_t compose(char *text, uint32_t requests) {
    size_t len = 0;
    for (uint32_t i = 0; i < requests; i++) {
        const char *one = REQUESTS[next(COUNT)];
        memcpy(text + len, one, strlen(one));
        len += strlen(one);
    }
    return len;
}

static void damage(char *text, size_t *len) {
    for (uint32_t i = 0, times = 1 + next(4); i<times && * len> 1; i++) {
        size_t at = next((uint32_t)*len);
        switch (next(4)) {
        case 0: text[at] = (char)next(256); break;
        case 1: text[at] = "\r\n :;0\t,"[next(8)]; break;
        case 2:
            memmove(text + at, text + at + 1, *len - at - 1);
            (*len)--;
            break;
        default:
            if (*len + 1 >= TEXT_BYTES) break;
            memmove(text + at + 1, text + at, *len - at);
            (*len)++;
            break;
        }
    }
}

// Sends in pieces of random size, then closes the sending side; returns all that came back, Date lines cut out.
static size_t converse(const Harness *harness, const char *text, size_t len, uint32_t piece_most, char *reply) {
    int fd = dial(harness), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (size_t done = 0; done < len;) {
        size_t piece = 1 + next(piece_most);
        if (piece > len - done) piece = len - done;
        if (send(fd, text + done, piece, MSG_NOSIGNAL) < 0) break;
        done += piece;
    }
    shutdown(fd, SHUT_WR);
    size_t got = 0;
    for (ssize_t now; got < REPLY_BYTES && (now = hear_some(fd, reply + got, REPLY_BYTES - got)) > 0;) got += (size_t)now;
    close(fd);
    for (char *at = reply; (at = memmem(at, got - (size_t)(at - reply), "\r\nDate: ", 8)) && (size_t)(at - reply) + 39 <= got;) {
        memmove(at, at + 37, got - (size_t)(at - reply) - 37);
        got -= 37;
    }
    return got;
}

static int rounds(int preset) {
    const char *wanted = getenv("REHEARSE_NOISE_ROUNDS");
    return wanted ? atoi(wanted) : preset;
}

static void make_served(const Harness *harness) {
    char path[96];
    snprintf(path, sizeof path, "%s/served", harness->folder);
    assert_true(file_write(str_of(path), STR("0123456789"), 0600, NULL));
}

WITH_SERVER(valid_requests_are_answered_alike_however_they_are_cut) {
    static char text[TEXT_BYTES], whole[REPLY_BYTES], cut[REPLY_BYTES];
    make_served(harness);
    for (int seed = 1; seed <= rounds(150); seed++) {
        noise = (uint64_t)seed * 0x9E3779B97F4A7C15u;
        size_t len = compose(text, 1 + next(5));
        size_t whole_len = converse(harness, text, len, TEXT_BYTES, whole);
        size_t cut_len = converse(harness, text, len, 1 + next(40), cut);
        if (memmem(whole, whole_len, "chunked", 7)) continue; // an echo may be cut into other chunks
        if (whole_len != cut_len || memcmp(whole, cut, cut_len) != 0) fail_msg("seed %d: %zu and %zu bytes", seed, whole_len, cut_len);
    }
}

WITH_SERVER(damaged_requests_do_no_harm) {
    static char text[TEXT_BYTES], reply[REPLY_BYTES];
    make_served(harness);
    for (int seed = 1; seed <= rounds(600); seed++) {
        noise = (uint64_t)seed * 0xD1342543DE82EF95u;
        size_t len = compose(text, 1 + next(4));
        damage(text, &len);
        size_t got = converse(harness, text, len, 1 + next(TEXT_BYTES), reply);
        if (got && memcmp(reply, "HTTP/1.1 ", 9) != 0) fail_msg("seed %d", seed);
    }
    int fd = dial(harness);
    say(fd, "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 200, "one two three");
    close(fd);
}

WITH_SERVER(clients_that_leave_at_any_moment_do_no_harm) {
    static char text[TEXT_BYTES];
    for (int seed = 1; seed <= rounds(400); seed++) {
        noise = (uint64_t)seed * 0xA0761D6478BD642Fu;
        size_t len = compose(text, 1 + next(4));
        int fd = dial(harness);
        struct linger reset = {.l_onoff = 1};
        if (next(2)) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (send(fd, text, 1 + next((uint32_t)len), MSG_NOSIGNAL) < 0) fail_msg("seed %d", seed);
        if (next(2)) (void)!recv(fd, text, 1 + next(100), MSG_DONTWAIT);
        close(fd);
    }
    int fd = dial(harness);
    say(fd, "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(fd, 200, "one two three");
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_requests_are_answered_alike_however_they_are_cut),
        cmocka_unit_test(damaged_requests_do_no_harm),
        cmocka_unit_test(clients_that_leave_at_any_moment_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
