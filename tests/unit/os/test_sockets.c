#include "os/files.h"
#include "os/sockets.h"
#include "unit.h"

#include <unistd.h>

static void a_listener_and_its_process_are_found_by_port(void **state) {
    (void)state;
    int fd = -1;
    uint16_t port = 0;
    pid_t pid = 0;
    char name[32];
    assert_true(socket_listen("127.0.0.1", 0, &fd, &port, NULL));
    assert_true(port > 0);
    assert_true(socket_listener_of(port, &pid, name, sizeof name));
    assert_int_equal(pid, getpid());
    assert_string_equal(name, "os_test_sockets");
    fd_close(fd);
    assert_false(socket_listener_of(port, &pid, name, sizeof name));
}

static void a_taken_port_and_a_bad_address_are_told_apart(void **state) {
    (void)state;
    int fd = -1, second = -1;
    uint16_t port = 0;
    Error error = {0};
    assert_true(socket_listen("::1", 0, &fd, &port, NULL));
    assert_false(socket_listen("::1", port, &second, NULL, &error));
    assert_string_equal(error.code, "address-in-use");
    assert_false(socket_listen("localhost", port, &second, NULL, &error));
    assert_string_equal(error.code, "bad-address");
    fd_close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_and_its_process_are_found_by_port),
        cmocka_unit_test(a_taken_port_and_a_bad_address_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
