// AuthFault: why a request could not be authenticated, and what each family of AWS services calls it.
//
// Sources: "Common error types" of each API reference, S3's "List of error codes", EC2's "Error codes".
#pragma once

#include "base/error.h"

typedef struct Signature Signature;

typedef enum AuthFault {
    AUTH_OK,
    AUTH_MISSING, // no signature at all
    AUTH_INCOMPLETE, // the header or query lacks a part or has one that cannot be read
    AUTH_INCOMPLETE_QUERY, // S3's presigned requests: the same of the query
    AUTH_QUERY_V2_INCOMPLETE, // S3's presigned requests of Signature Version 2: a parameter is missing
    AUTH_VERSION_2, // Signature Version 2
    AUTH_VERSION_4A, // AWS4-ECDSA-P256-SHA256
    AUTH_SCHEME_UNKNOWN, // an Authorization header of another kind
    AUTH_EXPIRES_RANGE, // X-Amz-Expires not within 1..604800
    AUTH_UNKNOWN_KEY, // no such access key, or it is inactive
    AUTH_BAD_TOKEN, // the session token is not one of ours, or belongs to another key
    AUTH_EXPIRED_TOKEN,
    AUTH_MISMATCH, // the signature is another
    AUTH_TOO_OLD,
    AUTH_TOO_NEW,
    AUTH_PRESIGNED_EXPIRED,
    AUTH_HEADERS_NOT_SIGNED, // S3: an x-amz-* header is not under the signature
    AUTH_PAYLOAD_HASH_MISSING, // S3: a body whose hash the head does not tell
    AUTH_BODY_MISMATCH, // the body is not what x-amz-content-sha256 says
    AUTH_CHUNK_MISMATCH // a chunk's signature is another
} AuthFault;

// The families of error codes.
typedef enum AuthDialect {
    AUTH_DIALECT_S3,
    AUTH_DIALECT_QUERY, // IAM, STS, CloudFormation, SNS …
    AUTH_DIALECT_EC2,
    AUTH_DIALECT_JSON, // JSON 1.0, 1.1, CBOR: …Exception with 400
    AUTH_DIALECT_REST_JSON // …Exception with 403
} AuthDialect;

// Wall time and plane time: processes inside sandboxes see, and sign with, plane time.
typedef struct AuthClocks {
    int64_t wall_ms, plane_ms;
} AuthClocks;

// True for AUTH_OK; otherwise sets the error and returns false. `signature` may be NULL.
// S3's further elements of the same error, in the request's arena; `bucket`: of a virtual host. Does nothing without an error.
struct HttpRequest;
void auth_tell(AuthFault fault, const Signature *signature, const struct HttpRequest *request, Str bucket, AuthClocks clocks, Error *e);
bool auth_fail(AuthFault fault, AuthDialect dialect, const Signature *signature, AuthClocks clocks, Error *e);
