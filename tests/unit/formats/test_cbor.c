#include "formats/cbor.h"

#include "formats/json.h"
#include "unit.h"

static void assert_means(const char *hex, const char *json) {
    AUTO_ARENA arena = arena_new();
    Str bytes;
    assert_true(str_unhex(arena, str_of(hex), &bytes));
    Doc *doc = NULL;
    Error e = {0};
    if (!cbor_parse(arena, bytes, &doc, &e)) fail_msg("%s: %s", hex, e.message);
    assert_string_equal(str_c(arena, json_write(arena, doc)), json);
}

static void assert_refused(const char *hex, const char *message) {
    AUTO_ARENA arena = arena_new();
    Str bytes;
    assert_true(str_unhex(arena, str_of(hex), &bytes));
    Doc *doc = NULL;
    Error e = {0};
    assert_false(cbor_parse(arena, bytes, &doc, &e));
    if (!strstr(e.message, message)) fail_msg("\"%s\" is not in \"%s\"", message, e.message);
}

static void items_of_rfc_8949_are_read(void **state) {
    assert_means("00", "0");
    assert_means("1903e8", "1000");
    assert_means("1bffffffffffffffff", "1.8446744073709552e+19");
    assert_means("3903e7", "-1000");
    assert_means("f93c00", "1.0");
    assert_means("fa47c35000", "100000.0");
    assert_means("fb3ff199999999999a", "1.1");
    assert_means("f6", "null");
    assert_means("f7", "null");
    assert_means("f5", "true");
    assert_means("4401020304", "\"AQIDBA==\"");
    assert_means("6449455446", "\"IETF\"");
    assert_means("83010203", "[1,2,3]");
}

static void maps_and_indefinite_lengths_are_read(void **state) {
    assert_means("a26161016162820203", "{\"a\":1,\"b\":[2,3]}");
    assert_means("bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}");
    assert_means("7f657374726561646d696e67ff", "\"streaming\"");
    assert_means("5f42010243030405ff", "\"AQIDBAU=\"");
    assert_means("a2616101616102", "{\"a\":2}");
}

static void tag_1_is_a_point_in_time(void **state) {
    assert_means("c11a514b67b0", "1363896240");
    assert_means("c1fb41d452d9ec200000", "1363896240.500");
    assert_refused("c16161", "no number of seconds");
}

static void broken_data_are_refused(void **state) {
    assert_refused("", "byte 0");
    assert_refused("8301", "the data end");
    assert_refused("9bffffffffffffffff01", "the data end");
    assert_refused("ff", "break");
    assert_refused("0000", "more follows");
    assert_refused("a10102", "no text");
    assert_refused("7f4101ff", "another kind");
}

static void nesting_has_a_limit(void **state) {
    AUTO_ARENA arena = arena_new();
    char *bytes = memset(arena_alloc(arena, 100000), 0x81, 100000);
    Doc *doc;
    assert_false(cbor_parse(arena, (Str){bytes, 100000}, &doc, NULL));
}

static void what_is_written_is_read_again(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *doc, *again;
    assert_true(json_parse(arena, STR("{\"a\":[1,-1,300,70000,-5000000000,1.5,true,null,\"text\"],\"b\":{}}"), &doc, NULL));
    doc_set(doc, "t", doc_of_time(arena, 1700000000123));
    doc_set(doc, "bytes", doc_of_blob(arena, STR("\x00\xff")));
    assert_true(cbor_parse(arena, cbor_write(arena, doc), &again, NULL));
    assert_true(doc_equal(doc, again));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_of_rfc_8949_are_read), cmocka_unit_test(maps_and_indefinite_lengths_are_read),
        cmocka_unit_test(tag_1_is_a_point_in_time),   cmocka_unit_test(broken_data_are_refused),
        cmocka_unit_test(nesting_has_a_limit),        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
