#include "base/ids.h"

#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *to, size_t count) {
    for (char *at = to; count;) {
        ssize_t got = getrandom(at, count, 0);
        if (got < 0) continue; // EINTR
        at += got;
        count -= (size_t)got;
    }
}

void id_source_seed_random(IdSource *source) { random_bytes(source->state, sizeof source->state); }

static uint64_t splitmix(uint64_t *x) {
    uint64_t z = *x += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void id_source_seed(IdSource *source, uint64_t a, uint64_t b) {
    uint64_t x = a ^ splitmix(&b);
    for (int i = 0; i < 4; i++) source->state[i] = splitmix(&x);
}

static uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

uint64_t id_u64(IdSource *source) {
    uint64_t *s = source->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

Str id_chars(IdSource *source, Arena *arena, Str alphabet, size_t length) {
    char *text = arena_alloc(arena, length);
    for (size_t i = 0; i < length; i++) text[i] = alphabet.at[id_u64(source) % alphabet.len];
    return (Str){text, length};
}

Str id_hex(IdSource *source, Arena *arena, size_t digits) { return id_chars(source, arena, STR("0123456789abcdef"), digits); }

Str id_uuid(IdSource *source, Arena *arena) {
    static const char form[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx", hex[] = "0123456789abcdef";
    uint64_t random[] = {id_u64(source), id_u64(source)};
    char *text = arena_copy(arena, form, sizeof form);
    int digit = 0;
    for (char *at = text; *at; at++) {
        if (*at != 'x' && *at != 'v') continue;
        unsigned bits = random[digit / 16] >> digit % 16 * 4 & 15;
        *at = hex[*at == 'v' ? 8 | (bits & 3) : bits];
        digit++;
    }
    return (Str){text, sizeof form - 1};
}
