// Arena: memory that is given back all at once.
//
// Every request, machine step and command-line run has one, passed explicitly. Nothing in an arena is freed singly.
// Running out of memory aborts the process; therefore every size that input controls is bounded in base/limits.h.
// Alignment of every block: 16 bytes. Not for use by two threads at the same time.
#pragma once

#include <stddef.h>

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *arena); // accepts NULL
void arena_reset(Arena *arena); // forgets everything; keeps a chunk of up to 32 KiB, so that what is used again and again soon allocates nothing

void *arena_alloc(Arena *arena, size_t size); // not zeroed
void *arena_zalloc(Arena *arena, size_t size);
void *arena_copy(Arena *arena, const void *from, size_t size);
size_t arena_used_bytes(const Arena *arena);

#define arena_new_of(arena, Type) ((Type *)arena_zalloc((arena), sizeof(Type)))
#define arena_array(arena, Type, count) ((Type *)arena_zalloc((arena), sizeof(Type) * (count)))

static inline void arena_cleanup(Arena **arena) { arena_free(*arena); }
#define AUTO_ARENA __attribute__((cleanup(arena_cleanup))) Arena *
