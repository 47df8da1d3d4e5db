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

enum { FIRST_CHUNK_BYTES = 4096, LARGEST_KEPT_CHUNK_BYTES = 32 * 1024, LARGEST_REGULAR_CHUNK_BYTES = 256 * 1024, ALIGNMENT = 16 };

typedef struct Chunk {
    struct Chunk *older;
    size_t size;
} Chunk;

// The header of a chunk is padded so that what follows it is aligned.
enum { CHUNK_HEAD_BYTES = (sizeof(Chunk) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

struct Arena {
    Chunk *chunk; // the newest
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
    open_chunk(arena, chunk_new(FIRST_CHUNK_BYTES, NULL));
    return arena;
}

// Frees all chunks but the newest of at most `kept_bytes`, which it returns.
static Chunk *free_all_but(Chunk *newest, size_t kept_bytes) {
    Chunk *kept = NULL;
    for (Chunk *chunk = newest, *older; chunk; chunk = older) {
        older = chunk->older;
        if (kept || chunk->size > kept_bytes)
            free(chunk);
        else
            kept = chunk;
    }
    return kept;
}

void arena_free(Arena *arena) {
    if (!arena) return;
    free_all_but(arena->chunk, 0);
    free(arena);
}

void arena_reset(Arena *arena) {
    Chunk *kept = free_all_but(arena->chunk, LARGEST_KEPT_CHUNK_BYTES); // the first is never larger
    kept->older = NULL;
    open_chunk(arena, kept);
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
