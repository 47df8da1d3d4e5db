// Vec: a growing array of items of one size, in an arena. Items move when it grows: keep indexes, not pointers, while pushing.
#pragma once

#include "base/arena.h"

typedef struct Vec {
    Arena *arena;
    void *at;
    size_t len, room, item_bytes;
} Vec;

static inline Vec vec_of_bytes(Arena *arena, size_t item_bytes) { return (Vec){.arena = arena, .item_bytes = item_bytes}; }
#define vec_of(arena, Type) vec_of_bytes((arena), sizeof(Type))

void *vec_push(Vec *vec); // a zeroed item at the end
static inline void *vec_at(const Vec *vec, size_t index) { return (char *)vec->at + index * vec->item_bytes; }

#define vec_add(vec, Type, value) (*(Type *)vec_push(vec) = (value))
#define vec_get(vec, Type, index) (*(Type *)vec_at((vec), (index)))
