#include "services/dynamodb/expressions.h"

#include "formats/json.h"
#include "unit.h"

#define ITEM                                                                                                                                         \
    "{\"n\":{\"N\":\"5\"},\"s\":{\"S\":\"hello\"},\"l\":{\"L\":[{\"N\":\"1\"},{\"S\":\"two\"}]},\"m\":{\"M\":{\"k\":{\"M\":{\"d\":{\"N\":\"7\"}}}}}" \
    ","                                                                                                                                              \
    "\"ss\":{\"SS\":[\"a\",\"b\"]}}"
#define INPUT                                                                                                                \
    "{\"ExpressionAttributeNames\":{\"#n\":\"n\"},\"ExpressionAttributeValues\":{\":5\":{\"N\":\"5\"},\":6\":{\"N\":\"6\"}," \
    "\":h\":{\"S\":\"he\"},\":l\":{\"L\":[{\"N\":\"9\"}]},\":x\":{\"SS\":[\"b\",\"c\"]}}}"

static Doc *json(Arena *arena, const char *text) {
    Doc *doc = NULL;
    assert_true(json_parse(arena, str_of(text), &doc, NULL));
    return doc;
}

static Scope scope_of(Arena *arena) {
    Scope scope;
    assert_true(scope_begin(&scope, arena, json(arena, INPUT), NULL));
    return scope;
}

static void conditions_bind_as_they_should(void **state) {
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"#n = :6 OR #n = :5 AND begins_with(s, :h)", true},
        {"NOT #n = :6 AND n = :5", true},
        {"NOT (n = :6 OR n = :5)", false},
        {"n BETWEEN :5 AND :6 AND s <> :h", true},
        {"m.k.d > n", true},
        {"l[0] < :5 and size(l) < :5", true},
        {"(n = :5) AND (((n) = (:5)) OR n = :6)", true},
        {"n in (:6, :h, :5)", true},
        {"attribute_not_exists(l[2])", true},
        {"contains(ss, :h) OR contains(s, :h)", true},
        {"m.k.d.x = :5", false},
        {"attribute_exists(m.k)", true},
    };
    AUTO_ARENA arena = arena_new();
    const Doc *item = json(arena, ITEM);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Scope scope = scope_of(arena);
        Node *condition = NULL;
        Error e;
        if (!parse_condition(&scope, "ConditionExpression", str_of(cases[i].text), &condition, &e)) fail_msg("%s: %s", cases[i].text, e.message);
        if (condition_holds(arena, condition, item) != cases[i].holds) fail_msg("%s should be %s", cases[i].text, cases[i].holds ? "true" : "false");
    }
}

static void nonsense_is_refused(void **state) {
    static const char *const cases[] = {
        "",
        "n",
        "n =",
        "= :5",
        "n = :5 AND",
        "n = :5)",
        "(n = :5",
        "n = 5",
        "n ! :5",
        "n = :5 :6",
        "l[x] = :5",
        "l[] = :5",
        "m..k = :5",
        "n IN ()",
        "n BETWEEN :5",
        "n BETWEEN :6 AND :5",
        "size(:5) = :5",
        "# = :5",
        ": = n",
        "attribute_type(n, :h)",
        "and = :5",
        "n = :unknown",
        "#unknown = :5",
    };
    AUTO_ARENA arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Scope scope = scope_of(arena);
        Node *condition = NULL;
        if (parse_condition(&scope, "ConditionExpression", str_of(cases[i]), &condition, NULL)) fail_msg("'%s' was taken for a condition", cases[i]);
    }
}

static void nesting_and_length_are_bounded(void **state) {
    AUTO_ARENA arena = arena_new();
    AUTO_BUF deep, longest;
    buf_init(&deep, 100000);
    buf_init(&longest, 100000);
    for (int i = 0; i < 2000; i++) buf_add_char(&deep, '(');
    for (int i = 0; i < 1000; i++) buf_add(&longest, STR("n = :5 OR "));
    buf_add(&longest, STR("n = :5"));
    Scope scope = scope_of(arena);
    Node *condition = NULL;
    assert_false(parse_condition(&scope, "FilterExpression", buf_str(&deep), &condition, NULL));
    assert_false(parse_condition(&scope, "FilterExpression", buf_str(&longest), &condition, NULL));
}

static Doc *updated(Arena *arena, const char *text, Error *e) {
    Scope scope = scope_of(arena);
    Vec actions = vec_of(arena, Action);
    Doc *item = json(arena, ITEM);
    if (!parse_update(&scope, str_of(text), &actions, e)) return NULL;
    return update_apply(arena, &actions, item, e) ? item : NULL;
}

static void updates_work_on_what_was_before(void **state) {
    static const char *const cases[][3] = {
        {"SET n = n + :6, a = n", "n", "{\"N\":\"11\"}"},
        {"SET n = n + :6, a = n", "a", "{\"N\":\"5\"}"},
        {"SET l = list_append(:l, l)", "l", "{\"L\":[{\"N\":\"9\"},{\"N\":\"1\"},{\"S\":\"two\"}]}"},
        {"REMOVE l[0] SET l[1] = :6", "l", "{\"L\":[{\"N\":\"6\"}]}"},
        {"ADD ss :x", "ss", "{\"SS\":[\"a\",\"b\",\"c\"]}"},
        {"DELETE ss :x", "ss", "{\"SS\":[\"a\"]}"},
        {"SET m.k.d = m.k.d - (n - :6)", "m", "{\"M\":{\"k\":{\"M\":{\"d\":{\"N\":\"8\"}}}}}"},
        {"REMOVE m.k", "m", "{\"M\":{}}"},
    };
    AUTO_ARENA arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Error e = {0};
        Doc *item = updated(arena, cases[i][0], &e);
        if (!item) fail_msg("%s: %s", cases[i][0], e.message);
        assert_string_equal(str_c(arena, json_write(arena, doc_get(item, cases[i][1]))), cases[i][2]);
    }
}

static void projections_keep_the_shape(void **state) {
    AUTO_ARENA arena = arena_new();
    Scope scope = scope_of(arena);
    Vec paths = vec_of(arena, Path);
    assert_true(parse_projection(&scope, STR("m.k.d, l[1], #n, nothing"), &paths, NULL));
    Doc *part = path_project(arena, &paths, json(arena, ITEM));
    assert_string_equal(str_c(arena, json_write(arena, part)),
                        "{\"n\":{\"N\":\"5\"},\"l\":{\"L\":[{\"S\":\"two\"}]},\"m\":{\"M\":{\"k\":{\"M\":{\"d\":{\"N\":\"7\"}}}}}}");
}

static void an_unused_placeholder_is_told(void **state) {
    AUTO_ARENA arena = arena_new();
    Scope scope = scope_of(arena);
    Node *condition = NULL;
    Error e;
    assert_true(parse_condition(&scope, "ConditionExpression", STR("#n = :5"), &condition, NULL));
    assert_false(scope_end(&scope, &e));
    assert_string_equal(e.message, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:6, :h, :l, :x}");
}

static void reserved_words_are_known(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_true(is_reserved_word(arena, STR("name")) && is_reserved_word(arena, STR("ABORT")) && is_reserved_word(arena, STR("Zone")));
    assert_false(is_reserved_word(arena, STR("title")) || is_reserved_word(arena, STR("id")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_bind_as_they_should), cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(nesting_and_length_are_bounded), cmocka_unit_test(updates_work_on_what_was_before),
        cmocka_unit_test(projections_keep_the_shape),     cmocka_unit_test(an_unused_placeholder_is_told),
        cmocka_unit_test(reserved_words_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
