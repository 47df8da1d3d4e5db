#include "store/harness.h"

static Str in_folder(const Stored *stored, Str path) { return path_join(stored->arena, stored->folder, path); }

static Str file_in(const Stored *stored, const char *path, Str bytes) {
    Str whole = in_folder(stored, str_of(path));
    assert_true(file_write(whole, bytes, 0600, NULL));
    return whole;
}

static Str keep(const Stored *stored, Str file) {
    Str path = STR_NONE;
    Error e;
    if (!blob_keep(stored->store, stored->folder, file, stored->arena, &path, &e)) fail_msg("%s", e.message);
    return path;
}

static void open_blobs(const Stored *stored) { assert_true(blobs_open(stored->store, stored->folder, NULL)); }

static void a_kept_spool_file_stays_when_the_spool_is_emptied(void **state) {
    STORE_TESTED(stored);
    open_blobs(&stored);
    Str spooled = file_in(&stored, "spool/body", STR("bytes")), path = keep(&stored, spooled), bytes;
    stored_commit(&stored);
    stored_restart(&stored);
    open_blobs(&stored);
    assert_false(file_exists(spooled));
    assert_true(file_read(stored.arena, in_folder(&stored, path), 100, &bytes, NULL));
    assert_true(str_is(bytes, "bytes"));
}

static void what_no_commit_refers_to_is_removed_at_start(void **state) {
    STORE_TESTED(stored);
    open_blobs(&stored);
    Str path = keep(&stored, file_in(&stored, "spool/body", STR("bytes")));
    stored_restart(&stored); // without a commit
    assert_true(file_exists(in_folder(&stored, path)));
    open_blobs(&stored);
    assert_false(file_exists(in_folder(&stored, path)));
}

static void a_file_from_elsewhere_is_copied_since_its_owner_may_go_on_writing(void **state) {
    STORE_TESTED(stored);
    open_blobs(&stored);
    Str file = file_in(&stored, "artifact.zip", STR("first")), path = keep(&stored, file), bytes;
    file_in(&stored, "artifact.zip", STR("later"));
    assert_true(file_read(stored.arena, in_folder(&stored, path), 100, &bytes, NULL));
    assert_true(str_is(bytes, "first"));
}

static void a_shared_blob_goes_with_its_last_reference(void **state) {
    STORE_TESTED(stored);
    open_blobs(&stored);
    Str path = keep(&stored, file_in(&stored, "spool/body", STR("bytes")));
    blob_share(stored.store, path);
    assert_false(blob_forget(stored.store, path));
    assert_true(blob_forget(stored.store, path));
    assert_false(blob_forget(stored.store, path));
}

static void a_file_that_is_gone_is_an_error_and_no_blob(void **state) {
    STORE_TESTED(stored);
    open_blobs(&stored);
    Error e = {0};
    Str path = STR_NONE;
    assert_false(blob_keep(stored.store, stored.folder, in_folder(&stored, STR("spool/none")), stored.arena, &path, &e));
    assert_true(str_is_none(path));
    assert_true(e.message[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_spool_file_stays_when_the_spool_is_emptied),
        cmocka_unit_test(what_no_commit_refers_to_is_removed_at_start),
        cmocka_unit_test(a_file_from_elsewhere_is_copied_since_its_owner_may_go_on_writing),
        cmocka_unit_test(a_shared_blob_goes_with_its_last_reference),
        cmocka_unit_test(a_file_that_is_gone_is_an_error_and_no_blob),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
