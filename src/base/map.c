#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

typedef struct Slot {
    Str key; // on the heap
    uint64_t hash;
    void *value; // NULL: free
} Slot;

struct Map {
    Slot *slots;
    size_t room, count; // room is a power of two
};

enum { FIRST_ROOM = 16 };

static void *must(void *memory) {
    if (!memory) abort();
    return memory;
}

Map *map_new(void) {
    Map *map = must(malloc(sizeof *map));
    *map = (Map){.slots = must(calloc(FIRST_ROOM, sizeof(Slot))), .room = FIRST_ROOM};
    return map;
}

void map_free(Map *map) {
    if (!map) return;
    for (size_t i = 0; i < map->room; i++) free((void *)map->slots[i].key.at);
    free(map->slots);
    free(map);
}

// The slot of the key, or the free one where it would go.
static Slot *slot_of(const Map *map, Str key, uint64_t hash) {
    for (size_t i = hash & (map->room - 1);; i = (i + 1) & (map->room - 1)) {
        Slot *slot = &map->slots[i];
        if (!slot->value || (slot->hash == hash && str_eq(slot->key, key))) return slot;
    }
}

void *map_get(const Map *map, Str key) { return slot_of(map, key, str_hash(key))->value; }

static void grow(Map *map) {
    Slot *old = map->slots;
    size_t old_room = map->room;
    map->room *= 2;
    map->slots = must(calloc(map->room, sizeof(Slot)));
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].value) *slot_of(map, old[i].key, old[i].hash) = old[i];
    }
    free(old);
}

void *map_put(Map *map, Str key, void *value) {
    assert(value);
    if ((map->count + 1) * 4 > map->room * 3) grow(map);
    uint64_t hash = str_hash(key);
    Slot *slot = slot_of(map, key, hash);
    void *replaced = slot->value;
    if (!replaced) {
        char *copy = must(malloc(key.len + 1));
        if (key.len) memcpy(copy, key.at, key.len);
        *slot = (Slot){.key = {copy, key.len}, .hash = hash};
        map->count++;
    }
    slot->value = value;
    return replaced;
}

// Closes the gap at `hole`: what was pushed past it moves back.
static void close_gap(Map *map, size_t hole) {
    for (size_t i = (hole + 1) & (map->room - 1); map->slots[i].value; i = (i + 1) & (map->room - 1)) {
        size_t home = map->slots[i].hash & (map->room - 1);
        bool stays = hole <= i ? (home > hole && home <= i) : (home > hole || home <= i);
        if (stays) continue;
        map->slots[hole] = map->slots[i];
        map->slots[i] = (Slot){0};
        hole = i;
    }
}

void *map_remove(Map *map, Str key) {
    Slot *slot = slot_of(map, key, str_hash(key));
    void *value = slot->value;
    if (!value) return NULL;
    free((void *)slot->key.at);
    *slot = (Slot){0};
    map->count--;
    close_gap(map, (size_t)(slot - map->slots));
    return value;
}

size_t map_count(const Map *map) { return map->count; }

bool map_next(const Map *map, size_t *at, Str *key, void **value) {
    for (; *at < map->room; (*at)++) {
        const Slot *slot = &map->slots[*at];
        if (!slot->value) continue;
        if (key) *key = slot->key;
        if (value) *value = slot->value;
        (*at)++;
        return true;
    }
    return false;
}
