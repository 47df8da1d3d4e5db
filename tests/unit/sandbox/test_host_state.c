// What counts as a change of the host, in a mount namespace whose /etc, /opt and /usr/local are empty.
#include "sandbox/keeper/host_state.h"

#include "../unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SKIPPED = 77 };

static void put(const char *path, time_t changed) {
    const struct timespec times[2] = {{.tv_sec = changed}, {.tv_sec = changed}};
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void a_file_in_etc_that_comes_changes_or_goes_is_another_state(void **state) {
    uint64_t before = host_state();
    assert_int_equal(mkdir("/etc/ssl", 0755), 0);
    put("/etc/ssl/authority", 1000);
    uint64_t with = host_state();
    put("/etc/ssl/authority", 2000);
    uint64_t changed = host_state();
    assert_int_not_equal(before, with);
    assert_int_not_equal(with, changed);
    put("/etc/ssl/authority", 1000);
    assert_int_equal(host_state(), with);
    assert_int_equal(unlink("/etc/ssl/authority"), 0);
    assert_int_equal(rmdir("/etc/ssl"), 0);
    assert_int_equal(host_state(), before);
}

static void a_folder_that_is_installed_beside_packages_is_another_state(void **state) {
    static const char *const folders[] = {"/opt/vendor", "/usr/local/lib", "/usr/local/lib/python3", "/usr/local/lib/python3/dist-packages",
                                          "/usr/local/lib/python3/dist-packages/new"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        uint64_t before = host_state();
        assert_int_equal(mkdir(folders[i], 0755), 0);
        assert_int_not_equal(host_state(), before);
    }
}

static void new_name_servers_and_a_file_beside_packages_are_the_same_state(void **state) {
    uint64_t before = host_state();
    put("/etc/resolv.conf", 1000);
    put("/opt/file", 1000);
    assert_int_equal(host_state(), before);
}

static bool make_empty(void) {
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("tmpfs", "/etc", "tmpfs", 0, NULL) == 0 &&
           mount("tmpfs", "/opt", "tmpfs", 0, NULL) == 0 && mount("tmpfs", "/usr/local", "tmpfs", 0, NULL) == 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_in_etc_that_comes_changes_or_goes_is_another_state),
        cmocka_unit_test(a_folder_that_is_installed_beside_packages_is_another_state),
        cmocka_unit_test(new_name_servers_and_a_file_beside_packages_are_the_same_state),
    };
    if (!make_empty()) {
        puts("skipped: no mount namespace can be made here, which takes root");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
