// IdentitySnapshot, from within: an immutable table of users, roles and access keys with compiled policies. Used in identity/ only.
//
// A snapshot shares its entries with the next one; entries are counted, as is the snapshot itself.
#pragma once

#include "base/map.h"
#include "formats/digest.h"
#include "identity/policy.h"
#include "identity/sessions.h"

#include <stdatomic.h>

// A user or role with all that decides about it. Groups are folded into their users.
typedef struct Entity {
    atomic_size_t references;
    Arena *arena; // everything below
    bool is_role;
    Str account, arn, id, name; // id: AIDA…, AROA…
    const Policy *const *policies; // inline and attached ones, of groups too
    size_t policy_count;
    const Policy *boundary; // NULL: none
    bool boundary_missing; // it names a policy that is not there: nothing is allowed
    const Policy *trust; // of a role
    const Doc *tags; // map of key → value
    const Str *depends; // keys (below) of the policies and groups that it was made from
    size_t depend_count;
    int64_t max_session_s;
} Entity;

typedef struct AccessKey {
    atomic_size_t references;
    Arena *arena;
    Str id, secret, account, user; // user: id of its document
    bool active;
} AccessKey;

enum { PLANE_SECRET_BYTES = 32 };

struct IdentitySnapshot {
    atomic_size_t references;
    Map *entities; // "user/ACCOUNT/id", "role/ACCOUNT/id"
    Map *keys; // access key id
    uint8_t secret[PLANE_SECRET_BYTES]; // signs session tokens and key ids
};

// Keys of documents: "role/123456789012/name". Written into `room`; the name is put in lower case.
enum { ENTITY_KEY_MAX = 320 };
Str entity_key(char room[ENTITY_KEY_MAX], const char *kind, Str account, Str name);
const Entity *snapshot_role(const IdentitySnapshot *snapshot, Str role_arn); // NULL: there is none of this ARN
const Entity *snapshot_user(const IdentitySnapshot *snapshot, Str account, Str name);
const AccessKey *snapshot_key(const IdentitySnapshot *snapshot, Str id);

IdentitySnapshot *snapshot_new(void);
IdentitySnapshot *snapshot_copy(const IdentitySnapshot *from);
IdentitySnapshot *snapshot_retain(IdentitySnapshot *snapshot);
void snapshot_put_entity(IdentitySnapshot *snapshot, Str key, Entity *entity); // takes the reference; NULL removes
void snapshot_put_key(IdentitySnapshot *snapshot, Str id, AccessKey *key); // takes the reference; NULL removes
void entity_release(Entity *entity);
void access_key_release(AccessKey *key);

// entities.c: from documents. NULL when the document is gone.
Entity *entity_load(Store *store, bool is_role, Str account, Str id);
AccessKey *access_key_load(Store *store, Str account, Str id);
Str depend_key(Arena *arena, const char *kind, Str account, Str id);

// sealed.c: texts that only this plane can have made. `purpose` keeps one kind of them from passing for another.
void plane_mac(const IdentitySnapshot *snapshot, Arena *arena, const char *purpose, Str text, uint8_t out[SHA256_BYTES]);
Str sealed(const IdentitySnapshot *snapshot, Arena *arena, const char *purpose, Str text);
bool sealed_open(const IdentitySnapshot *snapshot, Arena *arena, const char *purpose, Str bytes, Str *text);

// sessions.c
typedef enum KeyOrigin { KEY_FOREIGN, KEY_OF_USER, KEY_OF_SESSION } KeyOrigin;
KeyOrigin access_key_origin(const IdentitySnapshot *snapshot, Str access_key); // by its form and check digits
AuthFault session_read(const IdentitySnapshot *snapshot, Arena *arena, Str access_key, Str token, int64_t wall_ms, Session *out, Str *secret);

const IdentitySnapshot *view_snapshot(IdentityView view);
const IdentitySnapshot *directory_view(Directory *directory); // what holds at this point of the transaction; until the next change
