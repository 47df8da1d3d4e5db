#include "http/message.h"

Str http_header(const HttpRequest *request, const char *name) {
    Str wanted = str_of(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (str_eq_nocase(request->headers[i].name, wanted)) return request->headers[i].value;
    return STR_NONE;
}
