// Map: from byte strings to pointers, on the heap (open addressing, linear probing, grows at 3/4).
// Keys are copied; values are the owner's. Iteration order is none in particular; do not change the map while iterating.
#pragma once

#include "base/str.h"

typedef struct Map Map;

Map *map_new(void);
void map_free(Map *map); // accepts NULL; values stay alive
void *map_get(const Map *map, Str key); // NULL when absent
void *map_put(Map *map, Str key, void *value); // returns the value it replaces, or NULL; value must not be NULL
void *map_remove(Map *map, Str key); // returns what was there, or NULL
size_t map_count(const Map *map);
// for (size_t at = 0; map_next(map, &at, &key, &value);)
bool map_next(const Map *map, size_t *at, Str *key, void **value);
