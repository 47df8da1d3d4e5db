#include "services/dynamodb/dynamodb.h"

#include <stdio.h>

__attribute__((format(printf, 3, 0))) static bool fail_with(Error *e, const char *prefix, const char *format, va_list args) {
    char message[ERROR_MESSAGE_BYTES];
    vsnprintf(message, sizeof message, format, args);
    return fail(e, "ValidationException", "%s%s", prefix, message);
}

bool(dynamodb_invalid)(Error *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_with(e, "", format, args);
    va_end(args);
    return false;
}

bool(dynamodb_bad_parameters)(Error *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_with(e, "One or more parameter values were invalid: ", format, args);
    va_end(args);
    return false;
}

bool(dynamodb_unsupported)(const Call *call, const char *what, Error *e) {
    fail(e, "NotImplemented", "dynamodb:%s is not built with %s.", wire_str(call->operation->name).at, what);
    if (e) e->http_status = 501;
    return false;
}

bool dynamodb_refuse(const Call *call, const Doc *input, const char *const *members, Error *e) {
    for (; *members; members++)
        if (doc_get(input, *members)) return dynamodb_unsupported(call, *members, e);
    return true;
}
