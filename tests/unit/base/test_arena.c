#include "base/arena.h"
#include "base/vec.h"
#include "unit.h"

#include <string.h>

static void blocks_are_aligned_and_keep_apart(void **state) {
    AUTO_ARENA arena = arena_new();
    char *blocks[64];
    for (size_t i = 0; i < 64; i++) {
        blocks[i] = arena_alloc(arena, i * 97 + 1);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, i * 97 + 1);
    }
    for (size_t i = 0; i < 64; i++)
        for (size_t at = 0; at < i * 97 + 1; at++) assert_int_equal(blocks[i][at], (char)i);
}

static void a_block_larger_than_any_chunk_fits(void **state) {
    AUTO_ARENA arena = arena_new();
    enum { LARGE = 8 * 1024 * 1024 };
    char *large = arena_zalloc(arena, LARGE);
    assert_true(large[0] == 0 && large[LARGE - 1] == 0);
    assert_true(arena_used_bytes(arena) >= LARGE);
}

static void after_a_reset_nothing_is_in_use_and_zeroed_memory_is_zero(void **state) {
    AUTO_ARENA arena = arena_new();
    memset(arena_alloc(arena, 1000), 0xFF, 1000);
    arena_reset(arena);
    assert_int_equal(arena_used_bytes(arena), 0);
    char *again = arena_zalloc(arena, 1000);
    for (size_t i = 0; i < 1000; i++) assert_int_equal(again[i], 0);
}

static void a_copy_is_the_arenas_own(void **state) {
    AUTO_ARENA arena = arena_new();
    char text[] = "before";
    const char *copy = arena_copy(arena, text, sizeof text);
    text[0] = 'B';
    assert_string_equal(copy, "before");
}

static void a_vector_keeps_its_items_while_it_grows(void **state) {
    AUTO_ARENA arena = arena_new();
    Vec numbers = vec_of(arena, int);
    for (int i = 0; i < 5000; i++) vec_add(&numbers, int, i);
    assert_int_equal(numbers.len, 5000);
    for (size_t i = 0; i < numbers.len; i++) assert_int_equal(vec_get(&numbers, int, i), i);
    assert_int_equal(*(int *)vec_push(&numbers), 0); // a new item is zeroed
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_keep_apart),
        cmocka_unit_test(a_block_larger_than_any_chunk_fits),
        cmocka_unit_test(after_a_reset_nothing_is_in_use_and_zeroed_memory_is_zero),
        cmocka_unit_test(a_copy_is_the_arenas_own),
        cmocka_unit_test(a_vector_keeps_its_items_while_it_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
