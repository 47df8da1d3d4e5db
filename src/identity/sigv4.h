// Signature Version 4, both ways: reading and verifying what clients send, and signing requests of our own.
//
// Three steps, so that the service can be found out between them (its name stands in the scope, and error codes depend on it):
//     AuthFault fault = signature_read(&request, &signature);            // what the request says about itself; nothing is computed
//     fault = signature_verify(&signature, &request, secret, clocks);    // time and signature
//     return auth_fail(fault, dialect, &signature, clocks, e);           // AWS's code and words for it (identity/auth_fault.h)
// Follows "Signing AWS API requests" (IAM user guide) and "Authenticating requests" (S3 API reference): Authorization header,
// presigned query, chunked bodies (identity/aws_chunked.h). S3 paths are encoded once, all others twice. Signature versions 2 and 4A are recognised and refused.
//
// Threads: signing keys and digest contexts are cached per thread. Every slice lives in the request.
#pragma once

#include "http/message.h"
#include "identity/auth_fault.h"

typedef enum SignatureScheme { SIGNATURE_NONE, SIGNATURE_HEADER, SIGNATURE_QUERY, SIGNATURE_QUERY_V2 } SignatureScheme; // V2: identity/sigv2.h

typedef enum PayloadSigning {
    PAYLOAD_HASHED, // payload_hash is the SHA-256 of the body in hexadecimal, or STR_NONE: whatever the body's is
    PAYLOAD_UNSIGNED,
    PAYLOAD_CHUNKS_SIGNED, // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
    PAYLOAD_CHUNKS_SIGNED_TRAILER, // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
    PAYLOAD_CHUNKS_UNSIGNED_TRAILER // STREAMING-UNSIGNED-PAYLOAD-TRAILER
} PayloadSigning;

struct Signature {
    SignatureScheme scheme;
    Str access_key, date, region, service; // the credential scope: AKIA…/20130524/us-east-1/s3/aws4_request
    Str signed_headers; // "host;x-amz-date"
    Str signature; // 64 hexadecimal digits
    Str token; // X-Amz-Security-Token, or STR_NONE
    Str timestamp; // "20130524T000000Z"; STR_NONE when it came as a Date header: then in timestamp_room
    int64_t signed_at_ms;
    int64_t expires_s; // presigned: seconds; 0 otherwise
    PayloadSigning payload;
    Str payload_hash;
    char timestamp_room[17];
};

enum { SIGNING_KEY_BYTES = 32, SIGNATURE_HEX = 64 };

typedef struct SigningKey {
    uint8_t bytes[SIGNING_KEY_BYTES];
} SigningKey;

AuthFault signature_read(const HttpRequest *request, Signature *out);
// `clocks`: a request signed near either is in time. Bodies: a PAYLOAD_HASHED body that is inline is hashed and compared; of one in a file
// the caller compares the hash (signature_body_matches).
AuthFault signature_verify(const Signature *signature, const HttpRequest *request, Str secret, AuthClocks clocks);
// Before the body has come: the client must say what hash it will have.
AuthFault signature_verify_head(const Signature *signature, const HttpRequest *request, Str secret, AuthClocks clocks);
// The time alone, for keys whose secret nobody knows.
AuthFault signature_check_time(const Signature *signature, AuthClocks clocks);
// For requests of our own: the signature of a complete request. The headers that `signature` names must be there.
void signature_compute(const Signature *signature, const HttpRequest *request, Str payload, Str secret, char out[SIGNATURE_HEX]);
// For whoever is told that the signature is another: the canonical request and the string to sign, in the request's arena. False: a signed header is not there.
bool signature_texts(const Signature *signature, const HttpRequest *request, Str *canonical, Str *to_sign);
bool signature_misses(const Signature *signature, Str header); // a lower-case name that S3 wants to be signed and is not
// False: the body's hash is not what was signed. `sha256_hex` of the whole body as received.
bool signature_body_matches(const Signature *signature, Str sha256_hex);

SigningKey signing_key(Str secret, Str date, Str region, Str service);
// Hexadecimal signature of a string to sign, 64 characters into `out` (no NUL).
void signing_key_sign(const SigningKey *key, Str text, char out[SIGNATURE_HEX]);

// Signing requests of our own. `request` needs method, path, query and headers (host among them); the headers to add come back: X-Amz-Date,
// X-Amz-Content-Sha256, X-Amz-Security-Token when there is a token, Authorization.
typedef struct SigningIdentity {
    Str access_key, secret, token; // token may be STR_NONE
    Str region, service;
} SigningIdentity;
enum { SIGNED_HEADERS_ADDED_MAX = 4 };
size_t sigv4_sign(Arena *arena, const HttpRequest *request, const SigningIdentity *as, int64_t wall_ms, HttpHeader added[SIGNED_HEADERS_ADDED_MAX]);
// The presigned form: path with query, to be put behind the host. `headers` of the request: host only, as a rule.
Str sigv4_presign(Arena *arena, const HttpRequest *request, const SigningIdentity *as, int64_t wall_ms, int64_t expires_s);

// "20130524T000000Z" to milliseconds since 1970 and back.
bool sigv4_time_parse(Str text, int64_t *ms);
void sigv4_time_write(int64_t ms, char out[17]); // with NUL
