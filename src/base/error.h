// Error: what went wrong, as a value.
//
// Doctrine: a function that can fail returns bool and takes `Error *` as its last parameter; its outputs stay untouched on failure.
// TRY passes a failure on; fail_within says where we were. Nothing is logged while an error still travels. A mistake of the
// programmer is an assertion, not an Error. `e` may be NULL when the caller does not want to know why.
//
// `code` is the AWS error code where an AWS client will see it ("NoSuchBucket"), else a short kebab-case word ("bad-yaml").
#pragma once

#include "base/str.h"

enum { ERROR_CODE_BYTES = 96, ERROR_MESSAGE_BYTES = 2048 };

typedef struct Error {
    char code[ERROR_CODE_BYTES];
    char message[ERROR_MESSAGE_BYTES]; // one sentence, cut at the size
    int http_status; // 0: what the model says of the code, else 400
    const struct Doc *extra; // further members of the modelled error shape, or NULL; lives in the caller's arena
} Error;

// Both return false, so that a failing function can end with `return fail(…)`.
bool fail(Error *e, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool fail_errno(Error *e, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4))); // code "system", text of errno behind
// Puts `context: ` before the message of an error that is set.
bool fail_within(Error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Callers are shown that these return false, so that compilers and analyzers know where an output has been set.
static inline bool fail_returned(bool value) {
    (void)value;
    return false;
}
#define fail(...) fail_returned(fail(__VA_ARGS__))
#define fail_errno(...) fail_returned(fail_errno(__VA_ARGS__))
#define fail_within(...) fail_returned(fail_within(__VA_ARGS__))

void error_clear(Error *e);
static inline bool error_is(const Error *e, const char *code) { return strcmp(e->code, code) == 0; }

#define TRY(call)                  \
    do {                           \
        if (!(call)) return false; \
    } while (0)
