#include "store/remembered.h"

#include <stdlib.h>

Remembered *remembered_new(void) {
    Remembered *all = calloc(1, sizeof *all);
    if (!all) abort();
    return all;
}

void remembered_free(Remembered *all) {
    for (size_t i = 0; all && i < REMEMBERED_ROWS; i++) free(all->rows[i].bytes);
    free(all);
}

static size_t slot_of(Str key) { return str_hash(key) % REMEMBERED_ROWS; }

bool remembered_get(const Remembered *all, uint64_t moment, Str key, Str *value) {
    const RememberedRow *row = &all->rows[slot_of(key)];
    if (row->moment != moment || !str_eq((Str){row->bytes, row->key_len}, key)) return false;
    *value = (Str){row->bytes + row->key_len, row->value_len};
    return true;
}

static void make_room(RememberedRow *row, size_t bytes) {
    if (row->room >= bytes) return;
    free(row->bytes);
    row->bytes = malloc(bytes);
    if (!row->bytes) abort();
    row->room = bytes;
}

void remembered_put(Remembered *all, uint64_t moment, Str key, Str value) {
    if (key.len + value.len > REMEMBERED_BYTES) return;
    RememberedRow *row = &all->rows[slot_of(key)];
    make_room(row, key.len + value.len);
    memcpy(row->bytes, key.at, key.len);
    if (value.len) memcpy(row->bytes + key.len, value.at, value.len);
    row->moment = moment;
    row->key_len = key.len;
    row->value_len = value.len;
}
