#include "services/s3/rows.h"
#include "unit.h"

static ObjectRow whole_row(Arena *arena) {
    Doc *metadata = doc_map(arena);
    doc_set_str(arena, metadata, "a", STR("1"));
    doc_set_str(arena, metadata, "b", STR(""));
    return (ObjectRow){
        .older = true,
        .version = STR("version"),
        .size = 1LL << 40,
        .modified_ms = 1767323045000,
        .sequence = 7,
        .null_sequence = 3,
        .etag = STR("etag-2"),
        .body = {.place = BODY_IN_FILE, .at = STR("blobs/ab/cd"), .offset = 4096},
        .checksum = {.present = true, .composite = true, .kind = CHECKSUM_SHA1, .text = STR("sum-2")},
        .md5 = STR("0123456789abcdef"),
        .texts = {[TEXT_CONTENT_TYPE] = STR("text/plain"), [TEXT_REDIRECT] = STR("")},
        .metadata = pairs_pack(arena, metadata),
    };
}

static void a_row_is_read_as_it_was_written(void **state) {
    AUTO_ARENA arena = arena_new();
    ObjectRow row = whole_row(arena), read;
    assert_true(row_read(row_write(arena, &row), &read));
    assert_true(read.older && !read.marker && str_is(read.version, "version") && str_is(read.etag, "etag-2"));
    assert_true(read.size == row.size && read.modified_ms == row.modified_ms && read.sequence == 7 && read.null_sequence == 3);
    assert_true(read.body.place == BODY_IN_FILE && str_is(read.body.at, "blobs/ab/cd") && read.body.offset == 4096);
    assert_true(read.checksum.present && read.checksum.composite && read.checksum.kind == CHECKSUM_SHA1 && str_is(read.checksum.text, "sum-2"));
    assert_true(str_is(read.md5, "0123456789abcdef") && str_is(read.texts[TEXT_CONTENT_TYPE], "text/plain"));
    assert_true(read.texts[TEXT_REDIRECT].at && !read.texts[TEXT_REDIRECT].len);
    assert_null(read.texts[TEXT_EXPIRES].at);
    assert_null(read.tags.at);
    assert_int_equal(pairs_count(read.metadata), 2);
    assert_true(str_is(doc_text(pairs_map(arena, read.metadata), "a"), "1"));
}

static void a_bare_row_has_nothing(void **state) {
    AUTO_ARENA arena = arena_new();
    ObjectRow row = {.marker = true}, read;
    assert_true(row_read(row_write(arena, &row), &read));
    assert_true(read.marker && !read.older && !read.checksum.present && !read.version.at && !read.body.at.at);
}

static void damaged_rows_are_no_rows(void **state) {
    AUTO_ARENA arena = arena_new();
    ObjectRow row = whole_row(arena), read;
    Str bytes = row_write(arena, &row);
    size_t taken = 0;
    for (size_t len = 0; len < bytes.len; len++) taken += row_read(str_sub(bytes, 0, len), &read);
    assert_true(taken < 16); // only where a cut falls between two fields
    char *other = arena_copy(arena, bytes.at, bytes.len);
    other[0] = 99;
    assert_false(row_read((Str){other, bytes.len}, &read));
}

static void parts_are_kept_in_order(void **state) {
    AUTO_BUF packed;
    RowPart part;
    buf_init(&packed, ROW_MAX_BYTES);
    parts_add(&packed, &(RowPart){.number = 1, .size = 10, .checksum = STR("a")});
    parts_add(&packed, &(RowPart){.number = 5, .size = 20, .checksum = STR("")});
    Str rest = buf_str(&packed);
    assert_int_equal(parts_count(rest), 2);
    assert_true(parts_next(&rest, &part) && part.number == 1 && part.size == 10 && str_is(part.checksum, "a"));
    assert_true(parts_next(&rest, &part) && part.number == 5 && part.size == 20 && !part.checksum.len);
    assert_false(parts_next(&rest, &part));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_read_as_it_was_written),
        cmocka_unit_test(a_bare_row_has_nothing),
        cmocka_unit_test(damaged_rows_are_no_rows),
        cmocka_unit_test(parts_are_kept_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
