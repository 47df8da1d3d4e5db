// Queue: hands work from one thread to another. Many may push; one takes, and takes all.
//
// A lock-free stack that the taker reverses, so what one thread pushes comes out in its order. Waking is separate (it is what costs):
// queue_wake after one or many pushes; it makes a system call only when the taker sleeps.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct QueueItem {
    struct QueueItem *next;
} QueueItem;

typedef struct Queue {
    _Atomic(QueueItem *) newest;
    _Atomic uint32_t bell; // 1: rung since the taker last looked
    _Atomic bool sleeping;
} Queue;

void queue_push(Queue *queue, QueueItem *item);
QueueItem *queue_take_all(Queue *queue); // oldest first, linked by next; NULL when empty
bool queue_is_empty(const Queue *queue);
void queue_wake(Queue *queue);
// Sleeps until the bell rings, the queue has an item, or the time is over. -1: no time limit.
void queue_sleep(Queue *queue, int64_t at_most_us);
