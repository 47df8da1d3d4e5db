// One row a fault: code and HTTP status in each family. Messages that hold values are written below the table.
#include "identity/auth_fault.h"

#include "identity/sigv4.h"

#include <stdio.h>

typedef struct FaultRow {
    const char *s3, *query, *ec2, *json; // codes; json: without the "Exception" that the JSON families add
    int s3_status, query_status;
    const char *s3_message, *message;
} FaultRow;

#define MISMATCH                                                                                                                                   \
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult " \
    "the "                                                                                                                                         \
    "service documentation for details."
#define MISMATCH_S3 "The request signature we calculated does not match the signature you provided. Check your key and signing method."
#define INVALID_TOKEN "The security token included in the request is invalid."
#define NOT_V4 "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
#define V2 "Signature Version 2 is not supported. Please use AWS4-HMAC-SHA256 (Signature Version 4)."
#define V4A "Signature Version 4A (AWS4-ECDSA-P256-SHA256) is not supported. Please use AWS4-HMAC-SHA256 (Signature Version 4)."
#define BODY_MISMATCH "The provided 'x-amz-content-sha256' header does not match what was computed."

static const FaultRow rows[] = {
    [AUTH_MISSING] = {"AccessDenied", "MissingAuthenticationToken", "AuthFailure", "MissingAuthenticationToken", 403, 403, "Access Denied",
                      "Request is missing Authentication Token"},
    [AUTH_INCOMPLETE] =
        {"AuthorizationHeaderMalformed", "IncompleteSignature", "IncompleteSignature", "IncompleteSignature", 400, 400,
         "The authorization header is malformed; the authorization component \"Credential=..., SignedHeaders=..., Signature=...\" is not complete.",
         "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires "
         "'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
    [AUTH_INCOMPLETE_QUERY] = {"AuthorizationQueryParametersError", "IncompleteSignature", "IncompleteSignature", "IncompleteSignature", 400, 400,
                               "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, "
                               "X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
                               "Query-string authentication version 4 lacks a parameter."},
    [AUTH_QUERY_V2_INCOMPLETE] = {"AccessDenied", "IncompleteSignature", "IncompleteSignature", "IncompleteSignature", 403, 400,
                                  "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
                                  "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"},
    [AUTH_VERSION_2] = {"InvalidRequest", "SignatureDoesNotMatch", "AuthFailure", "InvalidSignature", 400, 403, NOT_V4, V2},
    [AUTH_VERSION_4A] = {"InvalidRequest", "SignatureDoesNotMatch", "AuthFailure", "InvalidSignature", 400, 403, V4A, V4A},
    [AUTH_SCHEME_UNKNOWN] = {"InvalidArgument", "IncompleteSignature", "AuthFailure", "IncompleteSignature", 400, 400,
                             "Unsupported Authorization Type",
                             "The Authorization header is of no supported kind. Please use AWS4-HMAC-SHA256 (Signature Version 4)."},
    [AUTH_EXPIRES_RANGE] = {"AuthorizationQueryParametersError", "IncompleteSignature", "IncompleteSignature", "IncompleteSignature", 400, 400,
                            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
                            "X-Amz-Expires must be a number between 1 and 604800 seconds"},
    [AUTH_UNKNOWN_KEY] = {"InvalidAccessKeyId", "InvalidClientTokenId", "AuthFailure", "UnrecognizedClient", 403, 403,
                          "The AWS Access Key Id you provided does not exist in our records.", INVALID_TOKEN},
    [AUTH_BAD_TOKEN] = {"InvalidToken", "InvalidClientTokenId", "AuthFailure", "UnrecognizedClient", 400, 403,
                        "The provided token is malformed or otherwise invalid.", INVALID_TOKEN},
    [AUTH_EXPIRED_TOKEN] = {"ExpiredToken", "ExpiredToken", "RequestExpired", "ExpiredToken", 400, 403, "The provided token has expired.",
                            "The security token included in the request is expired"},
    [AUTH_MISMATCH] = {"SignatureDoesNotMatch", "SignatureDoesNotMatch", "AuthFailure", "InvalidSignature", 403, 403, MISMATCH_S3, MISMATCH},
    [AUTH_TOO_OLD] = {"RequestTimeTooSkewed", "SignatureDoesNotMatch", "RequestExpired", "InvalidSignature", 403, 403,
                      "The difference between the request time and the current time is too large.", NULL},
    [AUTH_TOO_NEW] = {"RequestTimeTooSkewed", "SignatureDoesNotMatch", "RequestExpired", "InvalidSignature", 403, 403,
                      "The difference between the request time and the current time is too large.", NULL},
    [AUTH_PRESIGNED_EXPIRED] = {"AccessDenied", "SignatureDoesNotMatch", "RequestExpired", "InvalidSignature", 403, 403, "Request has expired", NULL},
    [AUTH_HEADERS_NOT_SIGNED] = {"AccessDenied", "SignatureDoesNotMatch", "AuthFailure", "InvalidSignature", 403, 403,
                                 "There were headers present in the request which were not signed", MISMATCH},
    [AUTH_PAYLOAD_HASH_MISSING] = {"InvalidRequest", "SignatureDoesNotMatch", "AuthFailure", "InvalidSignature", 400, 403,
                                   "Missing required header for this request: x-amz-content-sha256", MISMATCH},
    [AUTH_BODY_MISMATCH] = {"XAmzContentSHA256Mismatch", "SignatureDoesNotMatch", "AuthFailure", "InvalidSignature", 400, 403, BODY_MISMATCH,
                            MISMATCH},
    [AUTH_CHUNK_MISMATCH] = {"SignatureDoesNotMatch", "SignatureDoesNotMatch", "AuthFailure", "InvalidSignature", 403, 403, MISMATCH_S3, MISMATCH},
};

#define EC2_MESSAGE "AWS was not able to validate the provided access credentials"

static void too_old(const Signature *signature, AuthClocks clocks, char *out, size_t size) {
    char now[17], least[17], signed_at[17];
    sigv4_time_write(clocks.wall_ms, now);
    sigv4_time_write(clocks.wall_ms - 15 * 60000, least);
    sigv4_time_write(signature->signed_at_ms, signed_at);
    snprintf(out, size, "Signature expired: %s is now earlier than %s (%s - 15 min.)", signed_at, least, now);
}

static void too_new(const Signature *signature, AuthClocks clocks, char *out, size_t size) {
    char now[17], most[17], signed_at[17];
    sigv4_time_write(clocks.wall_ms, now);
    sigv4_time_write(clocks.wall_ms + 15 * 60000, most);
    sigv4_time_write(signature->signed_at_ms, signed_at);
    snprintf(out, size, "Signature not yet current: %s is still later than %s (%s + 15 min.)", signed_at, most, now);
}

static const char *ec2_message(const FaultRow *row, AuthFault fault) {
    if (strcmp(row->ec2, "RequestExpired") == 0) return "Request has expired.";
    bool plain = strcmp(row->ec2, "AuthFailure") == 0 && fault != AUTH_VERSION_2 && fault != AUTH_VERSION_4A;
    return plain ? EC2_MESSAGE : row->message;
}

bool auth_fail(AuthFault fault, AuthDialect dialect, const Signature *signature, AuthClocks clocks, Error *e) {
    if (fault == AUTH_OK) return true;
    const FaultRow *row = &rows[fault];
    char text[256] = "";
    if (!row->message && signature) (fault == AUTH_TOO_NEW ? too_new : too_old)(signature, clocks, text, sizeof text);
    const char *message = row->message ? row->message : text;
    int status = row->query_status;
    switch (dialect) {
    case AUTH_DIALECT_S3:
        fail(e, row->s3, "%s", row->s3_message);
        status = row->s3_status;
        break;
    case AUTH_DIALECT_QUERY: fail(e, row->query, "%s", message); break;
    case AUTH_DIALECT_EC2:
        fail(e, row->ec2, "%s", ec2_message(row, fault));
        status = strcmp(row->ec2, "AuthFailure") == 0 ? 401 : 400;
        break;
    case AUTH_DIALECT_JSON:
    case AUTH_DIALECT_REST_JSON: {
        char code[64];
        snprintf(code, sizeof code, "%sException", row->json);
        fail(e, code, "%s", message);
        status = dialect == AUTH_DIALECT_JSON ? 400 : 403;
        break;
    }
    }
    if (e) e->http_status = status;
    return false;
}
