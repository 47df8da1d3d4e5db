// HTTP status of error codes that no model gives one: the common errors of each family, and S3's (S3 API Reference, "List of error codes").
#include "wire/writer.h"

typedef struct CodeStatus {
    const char *code;
    int status;
} CodeStatus;

static const CodeStatus COMMON[] = {
    {"AccessDenied", 403},       {"AuthFailure", 401},           {"ExpiredToken", 403},          {"InternalError", 500},
    {"InternalFailure", 500},    {"InvalidAccessKeyId", 403},    {"InvalidClientTokenId", 403},  {"MissingAuthenticationToken", 403},
    {"NotImplemented", 501},     {"OptInRequired", 403},         {"RequestEntityTooLarge", 413}, {"RequestExpired", 400},
    {"ServiceUnavailable", 503}, {"SignatureDoesNotMatch", 403}, {"UnauthorizedOperation", 403},
};

// Lambda's and its like answer these with 403; services of the JSON protocols with 400.
static const CodeStatus REST_JSON[] = {
    {"AccessDeniedException", 403},
    {"ConflictException", 409},
    {"ExpiredTokenException", 403},
    {"InvalidSignatureException", 403},
    {"MissingAuthenticationTokenException", 403},
    {"NotFoundException", 404},
    {"ResourceNotFoundException", 404},
    {"TooManyRequestsException", 429},
    {"UnrecognizedClientException", 403},
};

static const CodeStatus S3[] = {
    {"AccountProblem", 403},
    {"AllAccessDisabled", 403},
    {"BucketAlreadyExists", 409},
    {"BucketAlreadyOwnedByYou", 409},
    {"BucketNotEmpty", 409},
    {"ConditionalRequestConflict", 409},
    {"ExpiredToken", 400},
    {"InvalidBucketState", 409},
    {"InvalidObjectState", 403},
    {"InvalidRange", 416},
    {"MethodNotAllowed", 405},
    {"MissingContentLength", 411},
    {"NotModified", 304},
    {"ObjectLockConfigurationNotFoundError", 404},
    {"OperationAborted", 409},
    {"OwnershipControlsNotFoundError", 404},
    {"PermanentRedirect", 301},
    {"PreconditionFailed", 412},
    {"ReplicationConfigurationNotFoundError", 404},
    {"RequestTimeTooSkewed", 403},
    {"RestoreAlreadyInProgress", 409},
    {"ServerSideEncryptionConfigurationNotFoundError", 404},
    {"SlowDown", 503},
    {"TemporaryRedirect", 307},
};

static int find(const CodeStatus *table, size_t count, Str code) {
    for (size_t i = 0; i < count; i++) {
        if (str_is(code, table[i].code)) return table[i].status;
    }
    return 0;
}

#define FIND(table, code) find(table, sizeof(table) / sizeof *(table), code)

int status_of_code(WireProtocol protocol, Str code) {
    int status = 0;
    if (protocol == WIRE_REST_XML) status = str_starts(code, STR("NoSuch")) ? 404 : FIND(S3, code);
    if (protocol == WIRE_REST_JSON) status = FIND(REST_JSON, code);
    if (!status) status = FIND(COMMON, code);
    return status ? status : 400;
}
