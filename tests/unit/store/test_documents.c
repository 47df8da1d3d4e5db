#include "store/harness.h"

static const DocumentType PIPELINE = {
    .name = "test.pipeline",
    .indexes = (const DocumentIndex[]){{"role", "role.arn"}, {"tag", "tags"}, {"number", "number"}, {NULL, NULL}},
};
static const DocumentType PLAIN = {.name = "test.plain"};
static const Partition HOME = {STR_INIT("000000000000"), STR_INIT("eu-west-1")}, AWAY = {STR_INIT("111111111111"), STR_INIT("us-east-1")};

static Doc *pipeline(Arena *arena, const char *role, const char *tag) {
    Doc *doc = doc_map(arena), *of = doc_map(arena), *tags = doc_list(arena);
    doc_set_str(arena, of, "arn", str_of(role));
    doc_set(doc, "role", of);
    doc_push_str(arena, tags, str_of(tag));
    doc_push_str(arena, tags, STR("all"));
    doc_set(doc, "tags", tags);
    doc_set_int(arena, doc, "number", 7);
    return doc;
}

static size_t found(const Stored *stored, const char *index, const char *value) {
    return doc_count(document_find(stored->store, HOME, &PIPELINE, index, str_of(value), stored->arena));
}

static void a_document_is_found_in_its_own_partition_only(void **state) {
    STORE_TESTED(stored);
    Doc *doc;
    document_put(stored.store, HOME, &PIPELINE, STR("p"), pipeline(stored.arena, "r", "t"));
    assert_true(document_get(stored.store, HOME, &PIPELINE, STR("p"), stored.arena, &doc));
    assert_true(doc_equal(doc, pipeline(stored.arena, "r", "t")));
    assert_false(document_exists(stored.store, AWAY, &PIPELINE, STR("p")));
    assert_false(document_exists(stored.store, HOME, &PLAIN, STR("p")));
}

static void inserting_a_taken_id_changes_neither_document_nor_index(void **state) {
    STORE_TESTED(stored);
    assert_true(document_insert(stored.store, HOME, &PIPELINE, STR("p"), pipeline(stored.arena, "r", "t")));
    assert_false(document_insert(stored.store, HOME, &PIPELINE, STR("p"), pipeline(stored.arena, "other", "t")));
    assert_int_equal(found(&stored, "role", "r"), 1);
    assert_int_equal(found(&stored, "role", "other"), 0);
}

static void indexes_follow_the_document(void **state) {
    STORE_TESTED(stored);
    document_put(stored.store, HOME, &PIPELINE, STR("p"), pipeline(stored.arena, "r", "old"));
    document_put(stored.store, HOME, &PIPELINE, STR("p"), pipeline(stored.arena, "r", "new"));
    document_put(stored.store, HOME, &PIPELINE, STR("q"), pipeline(stored.arena, "r", "new"));
    assert_int_equal(found(&stored, "tag", "old"), 0);
    assert_int_equal(found(&stored, "tag", "new"), 2);
    assert_int_equal(found(&stored, "tag", "all"), 2);
    assert_int_equal(found(&stored, "number", "7"), 2);
    assert_true(document_delete(stored.store, HOME, &PIPELINE, STR("p")));
    assert_false(document_delete(stored.store, HOME, &PIPELINE, STR("p")));
    Doc *left = document_find(stored.store, HOME, &PIPELINE, "role", STR("r"), stored.arena);
    assert_int_equal(doc_count(left), 1);
    assert_true(str_is(doc_text(doc_first(left), "$id"), "q"));
}

static Str ids(const Stored *stored, DocumentScan scan) {
    Str all = STR("");
    Doc *list = document_scan(stored->store, HOME, &PLAIN, scan, stored->arena);
    for (const Doc *doc = doc_first(list); doc; doc = doc->next)
        all = str_format(stored->arena, "%.*s %.*s", STR_ARG(all), STR_ARG(doc_text(doc, "$id")));
    return all;
}

static void a_scan_pages_through_ids_in_order(void **state) {
    STORE_TESTED(stored);
    static const char *const names[] = {"b/2", "a", "b/1", "b", "b/10", "c"};
    for (size_t i = 0; i < 6; i++) document_put(stored.store, HOME, &PLAIN, str_of(names[i]), doc_map(stored.arena));
    document_put(stored.store, AWAY, &PLAIN, STR("b/3"), doc_map(stored.arena));
    assert_true(str_is(ids(&stored, (DocumentScan){.limit = 0}), " a b b/1 b/10 b/2 c"));
    assert_true(str_is(ids(&stored, (DocumentScan){.prefix = STR("b/")}), " b/1 b/10 b/2"));
    assert_true(str_is(ids(&stored, (DocumentScan){.prefix = STR("b/"), .reverse = true, .limit = 2}), " b/2 b/10"));
    assert_true(str_is(ids(&stored, (DocumentScan){.after = STR("b/1"), .limit = 2}), " b/10 b/2"));
    assert_true(str_is(ids(&stored, (DocumentScan){.after = STR("b/1"), .reverse = true}), " b a"));
}

typedef struct Visited {
    Arena *arena;
    Str all;
    size_t stop_after, count;
} Visited;

static bool visit(void *context, Partition where, Str id, const Doc *doc) {
    Visited *visited = context;
    visited->all = str_format(visited->arena, "%.*s %.*s:%.*s", STR_ARG(visited->all), STR_ARG(where.region), STR_ARG(id));
    return ++visited->count != visited->stop_after;
}

static void each_finds_a_type_in_every_partition(void **state) {
    STORE_TESTED(stored);
    document_put(stored.store, HOME, &PLAIN, STR("one"), doc_map(stored.arena));
    document_put(stored.store, HOME, &PIPELINE, STR("not-this"), doc_map(stored.arena));
    document_put(stored.store, AWAY, &PLAIN, STR("two"), doc_map(stored.arena));
    document_put(stored.store, AWAY, &PLAIN, STR("three"), doc_map(stored.arena));
    Visited all = {.arena = stored.arena}, two = {.arena = stored.arena, .stop_after = 2};
    document_each(stored.store, &PLAIN, stored.arena, visit, &all);
    document_each(stored.store, &PLAIN, stored.arena, visit, &two);
    assert_true(str_is(all.all, " eu-west-1:one us-east-1:three us-east-1:two"));
    assert_int_equal(two.count, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_found_in_its_own_partition_only),
        cmocka_unit_test(inserting_a_taken_id_changes_neither_document_nor_index),
        cmocka_unit_test(indexes_follow_the_document),
        cmocka_unit_test(a_scan_pages_through_ids_in_order),
        cmocka_unit_test(each_finds_a_type_in_every_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
