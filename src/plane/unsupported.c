// What was asked for in vain: modelled operations that are not built, by operation and client, for `rehearse status --unsupported`.
#include "plane/internal.h"

#include <stdlib.h>

enum { MOST_NOTED = 1000, CLIENT_BYTES = 64 };

typedef struct Unsupported {
    uint64_t count;
    int64_t last_ms;
    char client[CLIENT_BYTES];
} Unsupported;

void unsupported_note(Plane *plane, const WireOperation *operation, Str user_agent) {
    AUTO_ARENA arena = arena_new();
    Str service = wire_str(wire_service_of(operation)->name);
    Str key = str_format(arena, "%.*s:%.*s", STR_ARG(service), STR_ARG(wire_str(operation->name)));
    if (!plane->unsupported) plane->unsupported = map_new();
    Unsupported *noted = map_get(plane->unsupported, key);
    if (!noted) {
        if (map_count(plane->unsupported) >= MOST_NOTED) return;
        noted = calloc(1, sizeof *noted);
        if (!noted) abort();
        map_put(plane->unsupported, key, noted);
    }
    noted->count++;
    noted->last_ms = real_now_ms();
    Str client = str_cut(&user_agent, ' ');
    size_t len = client.len < CLIENT_BYTES - 1 ? client.len : CLIENT_BYTES - 1;
    if (len) memcpy(noted->client, client.at, len);
    noted->client[len] = '\0';
}

Doc *unsupported_list(const Plane *plane, Arena *arena) {
    Doc *list = doc_list(arena);
    Str key;
    void *value;
    for (size_t at = 0; plane->unsupported && map_next(plane->unsupported, &at, &key, &value);) {
        const Unsupported *noted = value;
        Doc *one = doc_map(arena);
        doc_set_str(arena, one, "operation", str_copy(arena, key));
        doc_set_int(arena, one, "calls", (int64_t)noted->count);
        doc_set_str(arena, one, "client", str_copy(arena, str_of(noted->client)));
        doc_set_int(arena, one, "lastMs", noted->last_ms);
        doc_push(list, one);
    }
    return list;
}

void unsupported_done(Plane *plane) {
    void *value;
    for (size_t at = 0; plane->unsupported && map_next(plane->unsupported, &at, NULL, &value);) free(value);
    map_free(plane->unsupported);
    plane->unsupported = NULL;
}
