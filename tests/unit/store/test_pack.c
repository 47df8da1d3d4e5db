#include "store/pack.h"
#include "unit.h"

static Doc *of_every_kind(Arena *arena) {
    Doc *doc = doc_map(arena), *list = doc_list(arena);
    doc_push(list, doc_null(arena));
    doc_push(list, doc_of_bool(arena, true));
    doc_push(list, doc_of_int(arena, INT64_MIN));
    doc_push(list, doc_of_int(arena, INT64_MAX));
    doc_push(list, doc_of_real(arena, -0.1));
    doc_push(list, doc_map(arena));
    doc_push(list, doc_list(arena));
    doc_set(doc, "list", list);
    doc_set(doc, "bytes", doc_of_blob(arena, (Str){"\0\xff", 2}));
    doc_set_time(arena, doc, "time", 1767323045678);
    doc_set_str(arena, doc, "", STR("\xc3\xa9"));
    return doc;
}

static void a_document_comes_back_with_its_kinds(void **state) {
    AUTO_ARENA arena = arena_new();
    Doc *doc = of_every_kind(arena), *back = NULL;
    assert_true(unpack_doc(arena, pack_doc(arena, doc), &back));
    assert_true(doc_equal(doc, back));
    assert_int_equal(doc_get(back, "time")->kind, DOC_TIME);
    assert_int_equal(doc_get(back, "bytes")->kind, DOC_BLOB);
}

static void a_part_of_the_bytes_is_refused(void **state) {
    AUTO_ARENA arena = arena_new();
    Str packed = pack_doc(arena, of_every_kind(arena));
    for (size_t len = 0; len < packed.len; len++) {
        Doc *back = NULL;
        char *part = arena_copy(arena, packed.at, len);
        assert_false(unpack_doc(arena, (Str){part, len}, &back));
        assert_null(back);
    }
}

static void changed_bytes_are_read_or_refused_within_their_bounds(void **state) {
    AUTO_ARENA arena = arena_new();
    Str packed = pack_doc(arena, of_every_kind(arena));
    for (size_t i = 0; i < packed.len * 256; i++) {
        Doc *back;
        char *changed = arena_copy(arena, packed.at, packed.len);
        changed[i / 256] = (char)i;
        unpack_doc(arena, (Str){changed, packed.len}, &back); // a sanitizer watches
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_comes_back_with_its_kinds),
        cmocka_unit_test(a_part_of_the_bytes_is_refused),
        cmocka_unit_test(changed_bytes_are_read_or_refused_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
