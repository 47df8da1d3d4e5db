#include "wire/s3_refusals.h"

#include "base/doc.h"
#include "wire/evidence.h"

// What a path of S3 names.
static const char *s3_resource_type(const HttpRequest *request, Str bucket) {
    Str path = str_from(request->path, 1);
    if (!str_is_none(bucket)) return path.len ? "OBJECT" : "BUCKET";
    ptrdiff_t slash = str_find_char(path, '/');
    if (!path.len) return "SERVICE";
    return slash < 0 || (size_t)slash + 1 == path.len ? "BUCKET" : "OBJECT";
}

static bool fail_s3(const HttpRequest *request, Str bucket, const char *code, int status, const char *message, Str method, Error *e) {
    fail(e, code, "%s", message);
    if (!e) return false;
    Doc *extra = doc_map(request->arena);
    doc_set_str(request->arena, extra, "Method", method);
    doc_set_str(request->arena, extra, "ResourceType", str_of(s3_resource_type(request, bucket)));
    e->http_status = status;
    e->extra = extra;
    return false;
}

static bool fail_method(const HttpRequest *request, Str bucket, Error *e) {
    const char *message = "The specified method is not allowed against this resource.";
    return fail_s3(request, bucket, "MethodNotAllowed", 405, message, request->method, e);
}

// Browsers ask before they call across origins; no bucket here allows that. Uploads by HTML forms are an operation outside the model.
bool s3_fail_path(const HttpRequest *request, Str bucket, Error *e) {
    bool form = str_is(request->method, "POST") && str_starts(http_header(request, "content-type"), STR("multipart/form-data"));
    if (form) {
        fail(e, "NotImplemented", "s3:PostObject (an upload by an HTML form) is not built.");
        if (e) e->http_status = 501;
        return false;
    }
    if (!str_is(request->method, "OPTIONS")) return fail_method(request, bucket, e);
    Str asked = http_header(request, "access-control-request-method");
    if (http_header(request, "origin").len && asked.len)
        return fail_s3(request, bucket, "AccessForbidden", 403, "CORSResponse: CORS is not enabled for this bucket.", asked, e);
    return fail(e, "BadRequest", "Insufficient information. Origin request header needed.");
}

bool s3_fail_argument(Arena *arena, Str name, Str value, Str message, Error *e) {
    fail(e, "InvalidArgument", "%.*s", STR_ARG(message));
    if (!e) return false;
    Doc *extra = doc_map(arena);
    doc_set_str(arena, extra, "ArgumentName", name);
    doc_set_str(arena, extra, "ArgumentValue", value);
    e->extra = extra;
    return false;
}

// An upload by its id alone can be listed, completed and given up, but not put.
static bool fail_s3_upload(const HttpRequest *request, Error *e) {
    fail_method(request, STR_NONE, e);
    if (!e) return false;
    doc_set_str(request->arena, (Doc *)e->extra, "ResourceType", STR("UPLOAD"));
    doc_set_str(request->arena, (Doc *)e->extra, "$Allow", STR("DELETE, POST, GET"));
    return false;
}

bool s3_request_fits(const HttpRequest *request, const WireRoute *route, Error *e) {
    Str operation = wire_str(route->operation->name);
    bool copies = str_is(operation, "CopyObject");
    if (copies || str_is(operation, "PutObject")) {
        if (!str_is_none(query_parameter(request->query, STR("uploadId")))) return fail_s3_upload(request, e);
        if (!str_is_none(query_parameter(request->query, STR("partNumber")))) {
            Str name = STR("partNumber");
            return s3_fail_argument(request->arena, name, name, STR("This operation does not accept partNumber without uploadId"), e);
        }
        if (copies && request->body.size)
            return fail(e, "InvalidRequest", "The request included a body. Requests of this type must not include a non-empty body.");
    }
    if (str_is(operation, "CompleteMultipartUpload") && str_is_none(query_parameter(request->query, STR("uploadId"))))
        return fail_method(request, route->bucket, e);
    bool old_listing = str_is(operation, "ListObjects");
    if (!old_listing || str_is_none(query_parameter(request->query, STR("start-after")))) return true;
    Str message = STR("startAfter only supported in REST.GET.BUCKET with list-type=2");
    return s3_fail_argument(request->arena, STR("start-after"), STR_NONE, message, e);
}
