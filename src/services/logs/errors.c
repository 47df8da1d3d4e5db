#include "services/logs/logs.h"

bool logs_no_group(Error *e) { return fail(e, "ResourceNotFoundException", "The specified log group does not exist."); }

bool logs_bad_token(Error *e) { return fail(e, "InvalidParameterException", "The specified nextToken is invalid."); }

bool logs_refuse(const Call *call, const char *const *members, Error *e) {
    for (; *members; members++) {
        const Doc *value = doc_get(call->input, *members);
        if (!value || (doc_is(value, DOC_BOOL) && !doc_bool(value, false))) continue;
        fail(e, "NotImplemented", "logs:%s is not built with %s.", wire_str(call->operation->name).at, *members);
        if (e) e->http_status = 501;
        return false;
    }
    return true;
}
