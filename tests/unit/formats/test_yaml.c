#include "formats/yaml.h"

#include "formats/json.h"
#include "unit.h"

static void assert_means(const char *text, const char *json) {
    AUTO_ARENA arena = arena_new();
    Doc *doc = NULL;
    Error e = {0};
    if (!yaml_parse(arena, str_of(text), &doc, &e)) fail_msg("%s", e.message);
    assert_string_equal(str_c(arena, json_write(arena, doc)), json);
}

static void assert_refused(const char *text, const char *message) {
    AUTO_ARENA arena = arena_new();
    Doc *doc = NULL;
    Error e = {0};
    assert_false(yaml_parse(arena, str_of(text), &doc, &e));
    assert_null(doc);
    if (!strstr(e.message, message)) fail_msg("\"%s\" is not in \"%s\"", message, e.message);
}

static void plain_scalars_mean_what_pyyaml_says(void **state) {
    assert_means("[yes, No, on, OFF, true, y, n]", "[true,false,true,false,true,\"y\",\"n\"]");
    assert_means("[~, null, NULL, nULL]", "[null,null,null,\"nULL\"]");
    assert_means("[0, -1, +7, 1_000, 0x1F, 010, 0b101, 08, 1:30]", "[0,-1,7,1000,31,8,5,\"08\",90]");
    assert_means("[1.5, -.5, 1e3, 1.0e3, 1.0e+3, 1., .]", "[1.5,-0.5,\"1e3\",\"1.0e3\",1000.0,1.0,\".\"]");
    assert_means("[.inf, -.INF, .nan, 1:30.5]", "[\"Infinity\",\"-Infinity\",\"NaN\",90.5]");
    assert_means("[0.2, 1.2.3, 2012-10-17, '1', \"yes\"]", "[0.2,\"1.2.3\",\"2012-10-17\",\"1\",\"yes\"]");
    assert_means("[99999999999999999999, -9223372036854775807]", "[1e+20,-9223372036854775807]");
}

static void keys_stay_text(void **state) { assert_means("on: 1\n8080: 2\n~: 3", "{\"on\":1,\"8080\":2,\"~\":3}"); }

static void texts_stay_as_written(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *doc = NULL;
    assert_true(yaml_parse_texts(arena, STR("version: 0.2\nport: 010\nflag: yes\nnone:\n"), &doc, NULL));
    assert_string_equal(str_c(arena, json_write(arena, doc)), "{\"version\":\"0.2\",\"port\":\"010\",\"flag\":\"yes\",\"none\":null}");
}

static void blocks_and_folds_are_read(void **state) {
    assert_means("a: |\n  one\n  two\nb: >\n  one\n  two\nc: >-\n  x\n", "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\n\",\"c\":\"x\"}");
}

static void nodes_know_their_place(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *doc = NULL;
    assert_true(yaml_parse(arena, STR("a:\n  - x\n  - y: 1\n"), &doc, NULL));
    const Doc *second = doc_at(doc_get(doc, "a"), 1);
    assert_int_equal(second->line, 3);
    assert_int_equal(second->column, 5);
    assert_int_equal(doc_get(second, "y")->column, 5);
    assert_int_equal(doc_get(doc, "a")->line, 1);
}

static void anchors_and_merges_are_applied(void **state) {
    assert_means("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: *x", "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"q\":3,\"p\":1},\"c\":{\"p\":1,\"q\":2}}");
    assert_means("a: &x {p: 1}\nb: &y {p: 2, r: 3}\nc: {<<: [*x, *y]}", "{\"a\":{\"p\":1},\"b\":{\"p\":2,\"r\":3},\"c\":{\"p\":1,\"r\":3}}");
    assert_refused("a: {<<: 3}", "1:5: << wants a map");
}

static void tags_are_obeyed_or_named(void **state) {
    assert_means("[!!str 1, !!int '2', !!float 3, !!bool 'no', !!binary aGk=, ! 7]", "[\"1\",2,3.0,false,\"aGk=\",\"7\"]");
    assert_refused("a: !Ref b", "1:4: the tag !Ref is not supported");
    assert_refused("a: !!python/object x", "!!python/object");
    assert_refused("a: !!int x", "\"x\" is no !!int");
}

static void mistakes_are_told_with_line_and_column(void **state) {
    assert_refused("a: 1\nb: [1, 2\n", "3:1");
    assert_refused("a: 1\n b: 2\n", "2:3");
    assert_refused("a: 1\n---\nb: 2\n", "2:1: a second document");
    assert_refused("a: 1\na: 2\n", "2:1: \"a\" stands twice in this map (first on line 1)");
    assert_refused("? [1]\n: 2\n", "cannot be a key");
    assert_refused("a: *b", "*b names no anchor");
    assert_refused("a: &b [*b]", "*b names no anchor");
    assert_refused("\tx: 1", "1:1");
}

static void alias_bombs_are_refused(void **state) {
    AUTO_ARENA arena = arena_new();
    AUTO_BUF text;
    buf_init(&text, 1 << 16);
    buf_addf(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        buf_addf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++) buf_addf(&text, "%s*a%d", j ? "," : "", i - 1);
        buf_addf(&text, "]\n");
    }
    assert_refused(str_c(arena, buf_str(&text)), "more than 200000 nodes");
}

static void an_empty_text_is_null(void **state) {
    assert_means("", "null");
    assert_means("# only a comment\n", "null");
    assert_means("---\n", "null");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_mean_what_pyyaml_says),
        cmocka_unit_test(keys_stay_text),
        cmocka_unit_test(texts_stay_as_written),
        cmocka_unit_test(blocks_and_folds_are_read),
        cmocka_unit_test(nodes_know_their_place),
        cmocka_unit_test(anchors_and_merges_are_applied),
        cmocka_unit_test(tags_are_obeyed_or_named),
        cmocka_unit_test(mistakes_are_told_with_line_and_column),
        cmocka_unit_test(alias_bombs_are_refused),
        cmocka_unit_test(an_empty_text_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
