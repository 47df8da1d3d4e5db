// Rows that are read again and again within one transaction (a bucket by every call on it, a table by every item), kept beside the connection.
//
// What is remembered holds for one moment: until the transaction ends, the table changes or something is taken back. Nothing is ever thrown out on
// purpose; a slot from another moment does not count. Bounded: a number of slots, each for a small row.
#pragma once

#include "base/str.h"

enum { REMEMBERED_ROWS = 64, REMEMBERED_BYTES = 4096 };

typedef struct RememberedRow {
    uint64_t moment; // 0: never used
    size_t key_len, value_len, room;
    char *bytes; // the key, then the value
} RememberedRow;

typedef struct Remembered {
    RememberedRow rows[REMEMBERED_ROWS];
} Remembered;

Remembered *remembered_new(void);
void remembered_free(Remembered *all); // accepts NULL
// The row's value, valid until the next remembered_put. False when it was not put at this moment.
bool remembered_get(const Remembered *all, uint64_t moment, Str key, Str *value);
void remembered_put(Remembered *all, uint64_t moment, Str key, Str value); // does nothing with a row that is too long
