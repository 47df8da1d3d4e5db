#include "base/map.h"
#include "unit.h"

enum { MANY = 1000 };

static Str numbered(Arena *arena, int i) { return str_format(arena, "key-%d", i); }

static void removing_half_keeps_the_other_half(void **state) {
    AUTO_ARENA arena = arena_new();
    static int values[MANY];
    Map *map = map_new();
    for (int i = 0; i < MANY; i++) map_put(map, numbered(arena, i), &values[i]);
    for (int i = 0; i < MANY; i += 2) assert_ptr_equal(map_remove(map, numbered(arena, i)), &values[i]);
    assert_int_equal(map_count(map), MANY / 2);
    for (int i = 0; i < MANY; i++) assert_ptr_equal(map_get(map, numbered(arena, i)), i % 2 ? &values[i] : NULL);
    map_free(map);
}

static void putting_twice_gives_the_old_value_back(void **state) {
    int first, second;
    Map *map = map_new();
    assert_null(map_put(map, STR("k"), &first));
    assert_ptr_equal(map_put(map, STR("k"), &second), &first);
    assert_ptr_equal(map_get(map, STR("k")), &second);
    map_free(map);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removing_half_keeps_the_other_half),
        cmocka_unit_test(putting_twice_gives_the_old_value_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
