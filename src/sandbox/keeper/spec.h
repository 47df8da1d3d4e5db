// The specification of a sandbox and of a job, as the server writes them and the keeper reads them.
//
// File: records `key=value`, each ended by a NUL byte, in any order; repeated keys make lists. Unknown keys are skipped, so that an older
// keeper can go on with a newer server's folder. `bind` and `file` start an item that the following `to`, `mode`, `user` complete.
//
//   sandbox: version kind rung bare name hostname address public network skeleton hide clock preload
//            memory processes file_bytes open_files output_bytes
//            env* host* (bind to)* (file to mode user)*
//   job:     arg* env* cwd user timeout_ms
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIRST_ID = 100000, ID_COUNT = 65536, ID_BYTES = 128 }; // rung A: 0 inside is 100000 outside

typedef struct Fields { // a specification in memory
    char *text;
    size_t size;
} Fields;

bool fields_read(const char *path, Fields *out); // errno on failure
void fields_free(Fields *fields);
// for (const char *at = NULL, *key, *value; (at = fields_next(fields, at, &value));) — `at` is the record, its key ends at '='.
const char *fields_next(const Fields *fields, const char *at, const char **value);
bool field_is(const char *record, const char *key);
const char *field(const Fields *fields, const char *key, const char *fallback); // the first with this key
int64_t field_number(const Fields *fields, const char *key); // 0 when absent
size_t field_count(const Fields *fields, const char *key);

bool id_is_sane(const char *id); // letters, digits, "-_.:"; not empty, not starting with '.', below ID_BYTES
