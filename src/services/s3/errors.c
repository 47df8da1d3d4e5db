// S3's errors: code, message, and the elements that clients look at.
#include "services/s3/s3.h"

bool(s3_fail)(const Call *call, Error *e, int status, const char *code, const char *message, const char *element, Str value) {
    fail(e, code, "%s", message);
    if (!e) return false;
    e->http_status = status;
    Doc *extra = doc_map(call->arena);
    if (element) doc_set_str(call->arena, extra, element, value);
    e->extra = extra;
    return false;
}

void s3_error_tell(const Call *call, Error *e, const char *element, Str value) {
    if (e) doc_set_str(call->arena, (Doc *)e->extra, element, value);
}

bool(fail_malformed_xml)(const Call *call, Error *e) {
    const char *message = "The XML you provided was not well-formed or did not validate against our published schema";
    return s3_fail(call, e, 400, "MalformedXML", message, NULL, STR_NONE);
}

bool(fail_no_bucket)(const Call *call, Str bucket, Error *e) {
    return s3_fail(call, e, 404, "NoSuchBucket", "The specified bucket does not exist", "BucketName", bucket);
}

bool(fail_no_key)(const Call *call, Str key, Error *e) { return s3_fail(call, e, 404, "NoSuchKey", "The specified key does not exist.", "Key", key); }

bool(fail_no_version)(const Call *call, Str key, Str version, Error *e) {
    s3_fail(call, e, 404, "NoSuchVersion", "The specified version does not exist.", "Key", key);
    s3_error_tell(call, e, "VersionId", version);
    return false;
}

bool(fail_no_upload)(const Call *call, Str upload, Error *e) {
    const char *message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    return s3_fail(call, e, 404, "NoSuchUpload", message, "UploadId", upload);
}

bool(fail_condition)(const Call *call, const char *condition, Error *e) {
    const char *message = "At least one of the pre-conditions you specified did not hold";
    return s3_fail(call, e, 412, "PreconditionFailed", message, "Condition", str_of(condition));
}

bool(s3_bad_argument)(const Call *call, const char *name, Str value, const char *message, Error *e) {
    s3_fail(call, e, 400, "InvalidArgument", message, "ArgumentName", str_of(name));
    s3_error_tell(call, e, "ArgumentValue", value);
    return false;
}

bool(s3_denied)(const Call *call, Error *e) { return s3_fail(call, e, 403, "AccessDenied", "Access Denied", NULL, STR_NONE); }

bool(s3_unsupported)(const Call *call, const char *what, Error *e) {
    fail(e, "NotImplemented", "s3:%s is not built with %s.", wire_str(call->operation->name).at, what);
    if (e) e->http_status = 501;
    return false;
}

bool s3_refuse(const Call *call, const char *const *members, Error *e) {
    for (; *members; members++)
        if (doc_get(call->input, *members)) return s3_unsupported(call, *members, e);
    return true;
}
