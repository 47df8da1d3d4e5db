// The queue between the two threads, with more threads than the server has.
#include "plane/queue.h"
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>

enum { PUSHERS = 4, EACH = 20000 };

typedef struct Item {
    QueueItem item;
    int pusher, number;
} Item;

typedef struct Pusher {
    Queue *queue;
    Item *items;
    int number;
} Pusher;

static void *push_all(void *argument) {
    Pusher *pusher = argument;
    for (int i = 0; i < EACH; i++) {
        pusher->items[i] = (Item){.pusher = pusher->number, .number = i};
        queue_push(pusher->queue, &pusher->items[i].item);
        if (i % 3 == 0) queue_wake(pusher->queue); // not each one: a later wake stands for those before it
    }
    queue_wake(pusher->queue);
    return NULL;
}

static void what_many_threads_push_comes_out_once_and_in_each_ones_order(void **state) {
    Queue queue = {NULL};
    Pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    int next[PUSHERS] = {0}, taken = 0;
    for (int i = 0; i < PUSHERS; i++) {
        pushers[i] = (Pusher){&queue, calloc(EACH, sizeof(Item)), i};
        assert_int_equal(pthread_create(&threads[i], NULL, push_all, &pushers[i]), 0);
    }
    while (taken < PUSHERS * EACH) {
        queue_sleep(&queue, -1); // would wait for ever if a wake were lost
        for (QueueItem *item = queue_take_all(&queue); item; item = item->next, taken++) {
            const Item *it = (const Item *)item;
            assert_int_equal(it->number, next[it->pusher]++);
        }
    }
    for (int i = 0; i < PUSHERS; i++) {
        pthread_join(threads[i], NULL);
        free(pushers[i].items);
    }
    assert_true(queue_is_empty(&queue));
}

static void a_bell_that_rang_before_is_heard(void **state) {
    Queue queue = {NULL};
    queue_wake(&queue);
    queue_sleep(&queue, -1);
}

static void sleep_ends_with_its_time(void **state) {
    Queue queue = {NULL};
    queue_sleep(&queue, 1000);
    assert_null(queue_take_all(&queue));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_many_threads_push_comes_out_once_and_in_each_ones_order),
        cmocka_unit_test(a_bell_that_rang_before_is_heard),
        cmocka_unit_test(sleep_ends_with_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
