// List: an intrusive doubly linked ring. A Link lives inside its item; LIST_ITEM finds the item from it.
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct Link {
    struct Link *next, *before;
} Link;

typedef Link List; // the head; list_init first

#define LIST_ITEM(link, Type, member) ((Type *)(void *)((char *)(link)-offsetof(Type, member)))
#define LIST_EACH(list, link) for (Link *link = (list)->next, *link##_next = link->next; link != (list); link = link##_next, link##_next = link->next)

static inline void list_init(List *list) { list->next = list->before = list; }
static inline bool list_is_empty(const List *list) { return list->next == list; }

static inline void list_add(List *list, Link *link) { // at the end
    link->before = list->before;
    link->next = list;
    list->before->next = link;
    list->before = link;
}

#ifdef __clang_analyzer__ // clang-analyzer does not see that what was taken out of a ring is no longer reached through it: it takes each item for freed twice
void list_remove(Link *link);
Link *list_take(List *list);
#else
static inline void list_remove(Link *link) { // a link that is in no list (init'ed or removed) stays as it is
    link->before->next = link->next;
    link->next->before = link->before;
    link->next = link->before = link;
}

static inline Link *list_take(List *list) { // the first, or NULL
    if (list_is_empty(list)) return NULL;
    Link *first = list->next;
    list_remove(first);
    return first;
}
#endif
