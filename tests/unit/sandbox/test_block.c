// Blocks of public addresses: claimed by whoever runs, remembered by the data folder.
#include "sandbox/sandbox.h"

#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PREFERRED = 201 };

typedef struct Folders {
    char one[64], two[64];
} Folders;

static int make_folders(void **state) {
    static Folders folders;
    snprintf(folders.one, sizeof folders.one, "/tmp/rehearse-block-XXXXXX");
    snprintf(folders.two, sizeof folders.two, "/tmp/rehearse-block-XXXXXX");
    *state = &folders;
    return mkdtemp(folders.one) && mkdtemp(folders.two) ? 0 : -1;
}

static int remove_folders(void **state) {
    const Folders *folders = *state;
    char path[128];
    for (int i = 0; i < 2; i++) {
        const char *folder = i ? folders->two : folders->one;
        snprintf(path, sizeof path, "%s/address-block", folder);
        unlink(path);
        rmdir(folder);
    }
    return 0;
}

static void two_data_folders_have_two_blocks(void **state) {
    const Folders *folders = *state;
    SandboxBlock one, two;
    sandbox_block_claim(str_of(folders->one), PREFERRED, &one);
    sandbox_block_claim(str_of(folders->two), PREFERRED, &two);
    assert_true(one.claim >= 0 && two.claim >= 0);
    assert_int_not_equal(one.number, two.number);
    close(one.claim);
    close(two.claim);
}

static void a_data_folder_keeps_the_block_it_had(void **state) {
    const Folders *folders = *state;
    SandboxBlock first, again;
    sandbox_block_claim(str_of(folders->one), PREFERRED, &first);
    close(first.claim);
    sandbox_block_claim(str_of(folders->one), PREFERRED + 7, &again);
    assert_int_equal(again.number, first.number);
    close(again.claim);
}

static void a_block_that_somebody_took_meanwhile_is_left_to_them(void **state) {
    const Folders *folders = *state;
    SandboxBlock first, theirs, again;
    sandbox_block_claim(str_of(folders->one), PREFERRED, &first);
    close(first.claim);
    sandbox_block_claim(str_of(folders->two), first.number, &theirs);
    assert_int_equal(theirs.number, first.number);
    sandbox_block_claim(str_of(folders->one), PREFERRED, &again);
    assert_int_not_equal(again.number, theirs.number);
    close(theirs.claim);
    close(again.claim);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_folders, remove_folders)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(two_data_folders_have_two_blocks),
        CASE(a_data_folder_keeps_the_block_it_had),
        CASE(a_block_that_somebody_took_meanwhile_is_left_to_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
