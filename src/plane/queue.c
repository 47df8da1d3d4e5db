#include "plane/queue.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void queue_push(Queue *queue, QueueItem *item) {
    item->next = atomic_load_explicit(&queue->newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&queue->newest, &item->next, item, memory_order_release, memory_order_relaxed)) {}
}

QueueItem *queue_take_all(Queue *queue) {
    QueueItem *item = atomic_exchange_explicit(&queue->newest, NULL, memory_order_acquire), *oldest = NULL;
    while (item) {
        QueueItem *next = item->next;
        item->next = oldest;
        oldest = item;
        item = next;
    }
    return oldest;
}

bool queue_is_empty(const Queue *queue) { return atomic_load_explicit(&queue->newest, memory_order_relaxed) == NULL; }

void queue_wake(Queue *queue) {
    atomic_store(&queue->bell, 1);
    if (atomic_exchange(&queue->sleeping, false)) syscall(SYS_futex, &queue->bell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void queue_sleep(Queue *queue, int64_t at_most_us) {
    atomic_store(&queue->sleeping, true);
    if (!atomic_exchange(&queue->bell, 0) && queue_is_empty(queue)) {
        struct timespec limit = {.tv_sec = at_most_us / 1000000, .tv_nsec = at_most_us % 1000000 * 1000};
        syscall(SYS_futex, &queue->bell, FUTEX_WAIT_PRIVATE, 0, at_most_us < 0 ? NULL : &limit, NULL, 0);
        atomic_store(&queue->bell, 0);
    }
    atomic_store(&queue->sleeping, false);
}
