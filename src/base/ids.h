// Ids: random names in the shapes that AWS gives to things, from the kernel's generator.
//
// Handlers and machines do not call these: they take ids from the turn (plane/turn.h), so that a replayed step makes the same ones.
#pragma once

#include "base/str.h"

typedef struct IdSource IdSource;
struct IdSource {
    uint64_t state[4]; // xoshiro256**
};

void id_source_seed_random(IdSource *source);
void id_source_seed(IdSource *source, uint64_t a, uint64_t b); // the same seeds give the same ids
uint64_t id_u64(IdSource *source);
Str id_uuid(IdSource *source, Arena *arena); // 8-4-4-4-12, version 4
Str id_hex(IdSource *source, Arena *arena, size_t digits); // lower case
Str id_chars(IdSource *source, Arena *arena, Str alphabet, size_t length);
// Bytes that nobody can guess (secrets, tokens): straight from getrandom(2).
void random_bytes(void *to, size_t count);

#define ID_UPPER_ALNUM STR("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") // access keys, IAM ids
#define ID_LOWER_ALNUM STR("abcdefghijklmnopqrstuvwxyz0123456789")
#define ID_UPPER_DIGITS STR("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") // deployments: d-XXXXXXXXX
