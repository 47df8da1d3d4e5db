// TLS on the port of plain HTTP, by real clients: curl verifies the certificates, openssl looks at them.
#include "harness.h"
#include "os/process.h"

#include <openssl/ssl.h>

typedef struct Secure {
    Harness harness;
    Arena *arena;
    char folder[64];
    Str authority; // path of ca.pem
} Secure;

static void start_secure(Secure *secure) {
    *secure = (Secure){.arena = arena_new()};
    snprintf(secure->folder, sizeof secure->folder, "/tmp/rehearse-tls-XXXXXX");
    assert_non_null(mkdtemp(secure->folder));
    Error error = {0};
    if (!certificates_open(str_of(secure->folder), &secure->harness.options.certificates, &error)) fail_msg("%s", error.message);
    secure->authority = certificates_authority_path(secure->harness.options.certificates);
    start_server(&secure->harness);
}

static void stop_secure(Secure *secure) {
    stop_server(&secure->harness);
    certificates_close(secure->harness.options.certificates);
    assert_true(tree_remove(str_of(secure->folder), NULL));
    arena_free(secure->arena);
}

#define WITH_TLS(name)                       \
    static void name##_with(Secure *secure); \
    static void name(void **state) {         \
        (void)state;                         \
        Secure secure;                       \
        start_secure(&secure);               \
        name##_with(&secure);                \
        stop_secure(&secure);                \
    }                                        \
    static void name##_with(Secure *secure)

__attribute__((format(printf, 2, 3))) static ProcessResult shell(Secure *secure, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Str script = str_vformat(secure->arena, format, args);
    va_end(args);
    const char *argv[] = {"sh", "-c", str_c(secure->arena, script), NULL};
    ProcessResult result;
    Error error = {0};
    if (!process_capture(secure->arena, argv, NULL, 64L * 1024 * 1024, 30000, &result, &error)) fail_msg("%s", error.message);
    return result;
}

static void assert_says(ProcessResult result, const char *text) {
    if (!str_is(result.output, text)) fail_msg("%d: %.*s %.*s", result.status, STR_ARG(result.output), STR_ARG(result.errors));
}

WITH_TLS(one_port_serves_both) {
    unsigned port = secure->harness.port;
    assert_says(shell(secure, "curl -sS --cacert %s https://localhost:%u/a", secure->authority.at, port), "GET /a? 3 api 127.0.0.1 1");
    assert_says(shell(secure, "curl -sS http://localhost:%u/a", port), "GET /a? 3 api 127.0.0.1 0");
}

WITH_TLS(certificates_fit_the_names_that_clients_use) {
    static const char *const NAMES[] = {"localhost",        "api.localhost",
                                        "127.0.0.1",        "git-codecommit.eu-west-1.amazonaws.com",
                                        "s3.amazonaws.com", "my.bucket.s3.us-east-1.amazonaws.com"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        assert_says(shell(secure, "curl -sS --cacert %s --resolve %s:%u:127.0.0.1 https://%s:%u/a -o /dev/null -w '%%{http_code}'",
                          secure->authority.at, NAMES[i], secure->harness.port, NAMES[i], secure->harness.port),
                    "200");
}

WITH_TLS(other_names_get_no_certificate_of_theirs) {
    unsigned port = secure->harness.port;
    ProcessResult result =
        shell(secure, "curl -sS --cacert %s --resolve example.com:%u:127.0.0.1 https://example.com:%u/a", secure->authority.at, port, port);
    assert_int_not_equal(result.status, 0);
    result = shell(secure, "curl -sS https://localhost:%u/a", port); // nobody trusts the authority by itself
    assert_int_not_equal(result.status, 0);
}

WITH_TLS(the_authority_stays_and_its_key_is_private) {
    Certificates *again = NULL;
    ProcessResult before = shell(secure, "cat %s", secure->authority.at);
    assert_true(certificates_open(str_of(secure->folder), &again, NULL));
    SSL *session = certificates_new_session(again, NULL); // reads the keys back
    assert_non_null(session);
    SSL_free(session);
    certificates_close(again);
    ProcessResult after = shell(secure, "cat %s", secure->authority.at);
    assert_true(str_eq(before.output, after.output));
    assert_says(shell(secure, "stat -c %%a %s/ca.key %s/server.key", secure->folder, secure->folder), "600\n600\n");
    assert_says(shell(secure, "openssl x509 -in %s -noout -ext nameConstraints | grep -c amazonaws.com", secure->authority.at), "1\n");
}

WITH_TLS(large_bodies_pass_both_ways) {
    unsigned port = secure->harness.port;
    const char *folder = secure->harness.folder, *ca = secure->authority.at;
    shell(secure, "head -c 20000000 /dev/urandom > %s/served", folder);
    assert_says(shell(secure, "curl -sS --cacert %s 'https://localhost:%u/file?0,20000000' | cmp - %s/served && echo same", ca, port, folder),
                "same\n");
    assert_says(shell(secure, "curl -sS --cacert %s --data-binary @%s/served -H Expect: https://localhost:%u/stream | cmp - %s/served && echo same",
                      ca, folder, port, folder),
                "same\n");
    ProcessResult plain = shell(secure, "curl -sS -T %s/served http://localhost:%u/put", folder, port);
    ProcessResult tls = shell(secure, "curl -sS --cacert %s -T %s/served https://localhost:%u/put", ca, folder, port);
    assert_true(str_starts(tls.output, STR("file 20000000 ")) && str_eq(tls.output, plain.output));
}

WITH_TLS(many_requests_share_a_session) {
    ProcessResult result = shell(secure,
                                 "curl -sS --cacert %s 'https://localhost:%u/big?[1-200]' -o /dev/null -w '%%{num_connects}\\n' | sort | uniq -c "
                                 "| tr -s ' '",
                                 secure->authority.at, secure->harness.port);
    assert_says(result, " 199 0\n 1 1\n");
}

WITH_TLS(pipelined_requests_in_one_record_are_all_answered) {
    ProcessResult result =
        shell(secure,
              "(printf 'POST /echo HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 3\\r\\n\\r\\noneGET /pieces HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n"
              "GET /204 HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n'; sleep 1) | openssl s_client -quiet -CAfile %s "
              "-verify_return_error -connect localhost:%u 2>/dev/null | grep -a -o 'HTTP/1.1 20' | wc -l",
              secure->authority.at, secure->harness.port);
    assert_says(result, "3\n");
}

WITH_TLS(a_broken_handshake_ends_only_its_own_connection) {
    int fd = dial(&secure->harness);
    assert_int_equal(send(fd, "\x16\x03\x01\x00\x05hello and more", 19, MSG_NOSIGNAL), 19);
    char rest[256];
    while (hear_some(fd, rest, sizeof rest) > 0) {}
    close(fd);
    fd = dial(&secure->harness);
    say(fd, "\x16\x03\x01"); // and then nothing
    int plain = dial(&secure->harness);
    say(plain, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_answer(plain, 200, "");
    close(plain);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_port_serves_both),
        cmocka_unit_test(certificates_fit_the_names_that_clients_use),
        cmocka_unit_test(other_names_get_no_certificate_of_theirs),
        cmocka_unit_test(the_authority_stays_and_its_key_is_private),
        cmocka_unit_test(large_bodies_pass_both_ways),
        cmocka_unit_test(many_requests_share_a_session),
        cmocka_unit_test(pipelined_requests_in_one_record_are_all_answered),
        cmocka_unit_test(a_broken_handshake_ends_only_its_own_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
