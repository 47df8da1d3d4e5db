#include "identity/snapshot.h"

#include <ctype.h>
#include <stdlib.h>

Str entity_key(char room[ENTITY_KEY_MAX], const char *kind, Str account, Str name) {
    const Str parts[] = {str_of(kind), STR("/"), account, STR("/"), name};
    size_t length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].len > ENTITY_KEY_MAX - length) return STR("");
        for (size_t at = 0; at < parts[i].len; at++) room[length++] = (char)tolower((unsigned char)parts[i].at[at]);
    }
    return (Str){room, length};
}

// The account and the last part of the path of arn:aws:iam::ACCOUNT:role/path/NAME.
static bool split_arn(Str arn, Str *account, Str *name) {
    Str rest = arn;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    *account = str_cut(&rest, ':');
    *name = str_from(rest, (size_t)(str_rfind_char(rest, '/') + 1));
    return name->len > 0;
}

const Entity *snapshot_role(const IdentitySnapshot *snapshot, Str role_arn) {
    char room[ENTITY_KEY_MAX];
    Str account, name;
    if (!split_arn(role_arn, &account, &name)) return NULL;
    const Entity *entity = map_get(snapshot->entities, entity_key(room, "role", account, name));
    return entity && str_eq(entity->arn, role_arn) ? entity : NULL;
}

const Entity *snapshot_user(const IdentitySnapshot *snapshot, Str account, Str name) {
    char room[ENTITY_KEY_MAX];
    return map_get(snapshot->entities, entity_key(room, "user", account, name));
}

const AccessKey *snapshot_key(const IdentitySnapshot *snapshot, Str id) { return map_get(snapshot->keys, id); }

void entity_release(Entity *entity) {
    if (!entity || atomic_fetch_sub(&entity->references, 1) > 1) return;
    arena_free(entity->arena); // the entity lies in it
}

void access_key_release(AccessKey *key) {
    if (!key || atomic_fetch_sub(&key->references, 1) > 1) return;
    arena_free(key->arena);
}

IdentitySnapshot *snapshot_new(void) {
    IdentitySnapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot) abort();
    atomic_init(&snapshot->references, 1);
    snapshot->entities = map_new();
    snapshot->keys = map_new();
    return snapshot;
}

IdentitySnapshot *snapshot_copy(const IdentitySnapshot *from) {
    IdentitySnapshot *to = snapshot_new();
    memcpy(to->secret, from->secret, sizeof to->secret);
    Str key;
    void *value;
    for (size_t at = 0; map_next(from->entities, &at, &key, &value);) {
        atomic_fetch_add(&((Entity *)value)->references, 1);
        map_put(to->entities, key, value);
    }
    for (size_t at = 0; map_next(from->keys, &at, &key, &value);) {
        atomic_fetch_add(&((AccessKey *)value)->references, 1);
        map_put(to->keys, key, value);
    }
    return to;
}

IdentitySnapshot *snapshot_retain(IdentitySnapshot *snapshot) {
    atomic_fetch_add(&snapshot->references, 1);
    return snapshot;
}

void identity_snapshot_release(IdentitySnapshot *snapshot) {
    if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) > 1) return;
    Str key;
    void *value;
    for (size_t at = 0; map_next(snapshot->entities, &at, &key, &value);) entity_release(value);
    for (size_t at = 0; map_next(snapshot->keys, &at, &key, &value);) access_key_release(value);
    map_free(snapshot->entities);
    map_free(snapshot->keys);
    free(snapshot);
}

void snapshot_put_entity(IdentitySnapshot *snapshot, Str key, Entity *entity) {
    entity_release(entity ? map_put(snapshot->entities, key, entity) : map_remove(snapshot->entities, key));
}

void snapshot_put_key(IdentitySnapshot *snapshot, Str id, AccessKey *key) {
    access_key_release(key ? map_put(snapshot->keys, id, key) : map_remove(snapshot->keys, id));
}
