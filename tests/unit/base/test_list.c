#include "base/list.h"
#include "unit.h"

typedef struct Item {
    int number;
    Link link;
} Item;

static void items_come_out_as_they_went_in(void **state) {
    List list;
    Item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    list_init(&list);
    assert_true(list_is_empty(&list));
    for (int i = 0; i < 3; i++) list_add(&list, &items[i].link);
    for (int i = 0; i < 3; i++) assert_int_equal(LIST_ITEM(list_take(&list), Item, link)->number, i);
    assert_null(list_take(&list));
}

static void the_item_at_hand_may_be_removed_while_walking(void **state) {
    List list;
    Item items[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    int sum = 0;
    list_init(&list);
    for (int i = 0; i < 4; i++) list_add(&list, &items[i].link);
    LIST_EACH (&list, link) {
        if (LIST_ITEM(link, Item, link)->number % 2) list_remove(link);
    }
    LIST_EACH (&list, link) sum = sum * 10 + LIST_ITEM(link, Item, link)->number;
    assert_int_equal(sum, 2); // 0, then 2
}

static void removing_twice_does_no_harm(void **state) {
    List list;
    Item one = {.number = 1}, two = {.number = 2};
    list_init(&list);
    list_add(&list, &one.link);
    list_add(&list, &two.link);
    list_remove(&one.link);
    list_remove(&one.link);
    assert_ptr_equal(list.next, &two.link);
    assert_ptr_equal(list.before, &two.link);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_as_they_went_in),
        cmocka_unit_test(the_item_at_hand_may_be_removed_while_walking),
        cmocka_unit_test(removing_twice_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
