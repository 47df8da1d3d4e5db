// Files that effects leave in DATA/effects until their machine has taken them and discards them. Where a crash, or the end of a machine, came in between, nobody
// ever will: the next start removes what no effect under way and no row of the database names.
#include "plane/internal.h"

#include "os/files.h"

static Str folder_of(Arena *arena, Str data) { return path_join(arena, data, STR("effects")); }

typedef struct Search {
    Str name;
    bool found;
} Search;

static bool look_at_row(void *context, Str key, Str value) {
    (void)key;
    Search *search = context;
    search->found = str_contains(value, search->name);
    return !search->found;
}

static bool look_at_effect(void *context, const OutboxEntry *entry) {
    Search *search = context;
    search->found = str_contains(search->name, entry->id);
    return !search->found;
}

// A folder "NAME.work.XXXXXX" is where NAME is being made.
static bool is_wanted(Store *store, Arena *arena, Str name) {
    ptrdiff_t work = str_find(name, STR(".work."));
    Search search = {.name = work < 0 ? name : str_sub(name, 0, (size_t)work)};
    const StoreTable *const tables[] = {&OUTBOX_TABLE, &DOCUMENT_TABLE};
    outbox_engaged(store, arena, look_at_effect, &search);
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !search.found; i++)
        store_scan(store, tables[i], (StoreRange){.from = STR("")}, look_at_row, &search);
    return search.found;
}

bool leftovers_remove(Store *store, Str data, Error *e) {
    AUTO_ARENA arena = arena_new();
    Str folder = folder_of(arena, data), *names;
    size_t count;
    if (!folder_exists(folder)) return true;
    TRY(folder_list(arena, folder, &names, &count, e));
    for (size_t i = 0; i < count; i++) {
        bool wanted = is_wanted(store, arena, names[i]);
        const Error *failed = store_failure(store);
        if (failed) return fail(e, failed->code, "%s", failed->message); // what could not be looked up may be wanted
        if (!wanted) TRY(tree_remove(path_join(arena, folder, names[i]), e));
    }
    return true;
}

void leftovers_reset(Turn *turn) {
    Arena *arena = turn_arena(turn);
    Str *names;
    size_t count;
    if (!folder_list(arena, folder_of(arena, turn_data_folder(turn)), &names, &count, NULL)) return;
    for (size_t i = 0; i < count; i++) turn_delete_file(turn, str_cat(arena, STR("effects/"), names[i]));
}
