#include "base/error.h"

#include <stdio.h>

bool(fail)(Error *e, const char *code, const char *format, ...) {
    if (!e) return false;
    va_list args;
    va_start(args, format);
    snprintf(e->code, sizeof e->code, "%s", code);
    vsnprintf(e->message, sizeof e->message, format, args);
    va_end(args);
    e->http_status = 0;
    e->extra = NULL;
    return false;
}

bool(fail_errno)(Error *e, int errnum, const char *format, ...) {
    if (!e) return false;
    char context[ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    return fail(e, "system", "%.1500s: %s", context, strerror(errnum));
}

bool(fail_within)(Error *e, const char *format, ...) {
    if (!e) return false;
    char context[ERROR_MESSAGE_BYTES / 4], old[ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    snprintf(old, sizeof old, "%s", e->message);
    snprintf(e->message, sizeof e->message, "%s: %.1500s", context, old);
    return false;
}

void error_clear(Error *e) { *e = (Error){0}; }
