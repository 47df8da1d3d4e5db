#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __has_feature // clang
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
// What has not been given out may not be touched, nor the gap behind each block.
#define FORBID(at, size) __asan_poison_memory_region(at, size)
#define ALLOW(at, size) __asan_unpoison_memory_region(at, size)
enum { GAP_BYTES = 16 };
#else
#define FORBID(at, size) (void)(at)
#define ALLOW(at, size) (void)(at)
enum { GAP_BYTES = 0 };
#endif

enum { FIRST_CHUNK_BYTES = 4096, LARGEST_REGULAR_CHUNK_BYTES = 256 * 1024, ALIGNMENT = 16 };

typedef struct Chunk {
    struct Chunk *older;
    size_t size;
} Chunk;

// The header of a chunk is padded so that what follows it is aligned.
enum { CHUNK_HEAD_BYTES = (sizeof(Chunk) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

struct Arena {
    Chunk *chunk; // the newest
    Chunk *first;
    size_t at, end; // free room of the newest chunk, as offsets from its start
    size_t used;
};

static Chunk *chunk_new(size_t size, Chunk *older) {
    Chunk *chunk = malloc(size);
    if (!chunk) abort();
    chunk->older = older;
    chunk->size = size;
    return chunk;
}

static void open_chunk(Arena *arena, Chunk *chunk) {
    arena->chunk = chunk;
    arena->at = CHUNK_HEAD_BYTES;
    arena->end = chunk->size;
    FORBID((char *)chunk + CHUNK_HEAD_BYTES, chunk->size - CHUNK_HEAD_BYTES);
}

Arena *arena_new(void) {
    Arena *arena = malloc(sizeof *arena);
    if (!arena) abort();
    arena->used = 0;
    arena->first = chunk_new(FIRST_CHUNK_BYTES, NULL);
    open_chunk(arena, arena->first);
    return arena;
}

static void free_down_to(Arena *arena, const Chunk *last) {
    for (Chunk *chunk = arena->chunk; chunk != last;) {
        Chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void arena_free(Arena *arena) {
    if (!arena) return;
    free_down_to(arena, NULL);
    free(arena);
}

void arena_reset(Arena *arena) {
    free_down_to(arena, arena->first);
    open_chunk(arena, arena->first);
    arena->used = 0;
}

static size_t next_chunk_bytes(const Arena *arena, size_t wanted) {
    size_t size = arena->chunk->size < LARGEST_REGULAR_CHUNK_BYTES ? arena->chunk->size * 2 : LARGEST_REGULAR_CHUNK_BYTES;
    while (size < wanted + CHUNK_HEAD_BYTES) size *= 2;
    return size;
}

void *arena_alloc(Arena *arena, size_t size) {
    assert(size < SIZE_MAX / 4);
    size_t taken = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + GAP_BYTES;
    if (arena->end - arena->at < taken) open_chunk(arena, chunk_new(next_chunk_bytes(arena, taken), arena->chunk));
    void *block = (char *)arena->chunk + arena->at;
    ALLOW(block, size);
    arena->at += taken;
    arena->used += taken;
    return block;
}

void *arena_zalloc(Arena *arena, size_t size) { return memset(arena_alloc(arena, size), 0, size); }

void *arena_copy(Arena *arena, const void *from, size_t size) {
    void *block = arena_alloc(arena, size);
    if (size) memcpy(block, from, size);
    return block;
}

size_t arena_used_bytes(const Arena *arena) { return arena->used; }
