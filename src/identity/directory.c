// The turn thread's view: the committed snapshot, and while a transaction has touched something, one with that read again.
//
//     committed ── touch ──> stale ── question ──> view = committed + what was touched ── commit, snapshot ──> committed
// What was touched stays listed until a commit has been seen; an undone savepoint only makes the view stale again. What is read in a transaction that has
// failed may be missing: such a view serves that transaction alone, and the next question reads again.
#include "identity/snapshot.h"

#include "base/ids.h"

#include <stdlib.h>

enum { TOUCHED_MAX = 4096 }; // beyond, everything is read again

typedef struct Touched {
    const DocumentType *type;
    Str account, id;
} Touched;

struct Directory {
    Store *store;
    IdentitySnapshot *committed, *view; // view: NULL, or of the transaction under way
    Arena *arena; // of the list
    Touched touched[TOUCHED_MAX];
    size_t touched_count;
    bool loaded, stale, secret_unsaved, overflow;
};

#define SECRET_ID STR("secret")
static const Partition everywhere = {STR_INIT(""), STR_INIT("aws-global")};

Directory *directory_new(Store *store) {
    Directory *directory = calloc(1, sizeof *directory);
    if (!directory) abort();
    directory->store = store;
    directory->arena = arena_new();
    return directory;
}

void directory_free(Directory *directory) {
    if (!directory) return;
    identity_snapshot_release(directory->committed);
    identity_snapshot_release(directory->view);
    arena_free(directory->arena);
    free(directory);
}

static void forget_touched(Directory *directory) {
    directory->touched_count = 0;
    directory->overflow = false;
    arena_reset(directory->arena);
}

static bool is_listed(const Directory *directory, const DocumentType *type, Str account, Str id) {
    for (size_t i = 0; i < directory->touched_count; i++) {
        const Touched *touched = &directory->touched[i];
        if (touched->type == type && str_eq(touched->account, account) && str_eq(touched->id, id)) return true;
    }
    return false;
}

void directory_touch(Directory *directory, const DocumentType *type, Str account, Str id) {
    directory->stale = true;
    if (is_listed(directory, type, account, id)) return;
    if (directory->touched_count == TOUCHED_MAX) {
        directory->overflow = true;
        return;
    }
    directory->touched[directory->touched_count++] = (Touched){type, str_copy(directory->arena, account), str_copy(directory->arena, id)};
}

void directory_changed(Directory *directory) {
    if (directory->touched_count) directory->stale = true;
    if (directory->secret_unsaved) directory->loaded = false;
}

void directory_reset(Directory *directory) {
    forget_touched(directory);
    directory->loaded = false;
}

// The plane's secret: kept, or made.
static void load_secret(Directory *directory, IdentitySnapshot *into) {
    AUTO_ARENA arena = arena_new();
    Doc *document;
    Str secret;
    if (document_get(directory->store, everywhere, &IAM_PLANE, SECRET_ID, arena, &document) &&
        str_unhex(arena, doc_text(document, "secret"), &secret) && secret.len == PLANE_SECRET_BYTES) {
        memcpy(into->secret, secret.at, PLANE_SECRET_BYTES);
        return;
    }
    random_bytes(into->secret, PLANE_SECRET_BYTES);
    document = doc_map(arena);
    doc_set_str(arena, document, "secret", str_hex(arena, (Str){(const char *)into->secret, PLANE_SECRET_BYTES}));
    document_put(directory->store, everywhere, &IAM_PLANE, SECRET_ID, document);
    directory->secret_unsaved = true;
}

typedef struct Collector {
    Directory *directory;
    IdentitySnapshot *into;
    const DocumentType *type;
} Collector;

static void reload(Store *store, IdentitySnapshot *into, const DocumentType *type, Str account, Str id) {
    char room[ENTITY_KEY_MAX];
    if (type == &IAM_USER)
        snapshot_put_entity(into, entity_key(room, "user", account, id), entity_load(store, false, account, id));
    else if (type == &IAM_ROLE)
        snapshot_put_entity(into, entity_key(room, "role", account, id), entity_load(store, true, account, id));
    else if (type == &IAM_ACCESS_KEY)
        snapshot_put_key(into, id, access_key_load(store, account, id));
}

static bool collect(void *context, Partition where, Str id, const Doc *doc) {
    Collector *collector = context;
    reload(collector->directory->store, collector->into, collector->type, where.account, id);
    return true;
}

static IdentitySnapshot *load_all(Directory *directory) {
    static const DocumentType *const types[] = {&IAM_USER, &IAM_ROLE, &IAM_ACCESS_KEY};
    IdentitySnapshot *snapshot = snapshot_new();
    AUTO_ARENA arena = arena_new();
    load_secret(directory, snapshot);
    for (size_t i = 0; i < 3; i++) {
        Collector collector = {directory, snapshot, types[i]};
        document_each(directory->store, types[i], arena, collect, &collector);
    }
    return snapshot;
}

// Users and roles that were made from a policy or group.
static void reload_dependants(Store *store, IdentitySnapshot *into, Str depend) {
    AUTO_ARENA arena = arena_new();
    Str *found = arena_array(arena, Str, map_count(into->entities) + 1);
    size_t count = 0;
    Str key;
    void *value;
    for (size_t at = 0; map_next(into->entities, &at, &key, &value);) {
        const Entity *entity = value;
        for (size_t i = 0; i < entity->depend_count; i++) {
            if (!str_eq(entity->depends[i], depend)) continue;
            found[count++] = str_copy(arena, key);
            break;
        }
    }
    for (size_t i = 0; i < count; i++) {
        Str rest = found[i], kind = str_cut(&rest, '/'), account = str_cut(&rest, '/');
        reload(store, into, str_is(kind, "role") ? &IAM_ROLE : &IAM_USER, account, rest);
    }
}

static void apply(Directory *directory, IdentitySnapshot *into) {
    char room[ENTITY_KEY_MAX];
    for (size_t i = 0; i < directory->touched_count; i++) {
        const Touched *touched = &directory->touched[i];
        reload(directory->store, into, touched->type, touched->account, touched->id);
        if (touched->type == &IAM_POLICY) reload_dependants(directory->store, into, entity_key(room, "policy", touched->account, touched->id));
        if (touched->type == &IAM_GROUP) reload_dependants(directory->store, into, entity_key(room, "group", touched->account, touched->id));
    }
}

static void replace(IdentitySnapshot **at, IdentitySnapshot *with) {
    identity_snapshot_release(*at);
    *at = with;
}

static bool needs_reading(const Directory *directory) { return !directory->loaded || directory->stale; }

const IdentitySnapshot *directory_view(Directory *directory) {
    if (!directory->loaded) {
        replace(&directory->committed, load_all(directory));
        replace(&directory->view, NULL);
    } else if (directory->stale && directory->overflow) {
        replace(&directory->view, load_all(directory));
    } else if (directory->stale) {
        replace(&directory->view, snapshot_copy(directory->committed));
        apply(directory, directory->view);
    }
    if (!store_failure(directory->store)) {
        directory->loaded = true;
        directory->stale = false;
    }
    return directory->view ? directory->view : directory->committed;
}

// Reads in a transaction of its own, as the last one has just been committed.
static bool read_again(Directory *directory) {
    store_begin(directory->store);
    directory_view(directory);
    bool good = !store_failure(directory->store);
    if (good && directory->secret_unsaved) {
        good = store_commit(directory->store, NULL);
    } else {
        store_rollback(directory->store);
    }
    if (!good) directory->stale = true;
    if (!good && directory->secret_unsaved) directory->loaded = false; // the secret is made anew
    return good;
}

IdentitySnapshot *directory_snapshot(Directory *directory) {
    if (needs_reading(directory) && !read_again(directory)) return NULL;
    if (directory->view) {
        replace(&directory->committed, directory->view);
        directory->view = NULL;
    }
    forget_touched(directory);
    directory->secret_unsaved = false;
    return snapshot_retain(directory->committed);
}

const IdentitySnapshot *view_snapshot(IdentityView view) { return view.directory ? directory_view(view.directory) : view.snapshot; }
