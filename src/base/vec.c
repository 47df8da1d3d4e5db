#include "base/vec.h"

#include <string.h>

void *vec_push(Vec *vec) {
    if (vec->len == vec->room) {
        size_t room = vec->room ? vec->room * 2 : 8;
        void *at = arena_alloc(vec->arena, room * vec->item_bytes);
        if (vec->len) memcpy(at, vec->at, vec->len * vec->item_bytes);
        vec->at = at;
        vec->room = room;
    }
    return memset((char *)vec->at + vec->len++ * vec->item_bytes, 0, vec->item_bytes);
}
