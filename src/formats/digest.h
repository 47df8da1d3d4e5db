// Digests: MD5, SHA-1, SHA-256 and HMAC-SHA256 (OpenSSL, algorithms fetched once, contexts reused by each thread).
//
// A Digest is incremental: digest_init, digest_update any number of times, digest_final; digest_done ends it at any point.
// Nothing is allocated after a thread's first ones.
#pragma once

#include "base/str.h"

typedef enum DigestKind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_KINDS } DigestKind;

enum { MD5_BYTES = 16, SHA1_BYTES = 20, SHA256_BYTES = 32, DIGEST_MAX_BYTES = 32 };

typedef struct Digest {
    void *context;
    DigestKind kind;
} Digest;

size_t digest_bytes(DigestKind kind);

void digest_init(Digest *digest, DigestKind kind);
void digest_update(Digest *digest, Str bytes);
void digest_final(Digest *digest, uint8_t *out); // digest_bytes(kind) bytes; the Digest starts anew
void digest_done(Digest *digest); // accepts a zeroed Digest

void digest_of(DigestKind kind, Str bytes, uint8_t *out);
Str digest_hex(Arena *arena, DigestKind kind, Str bytes); // lower case
Str digest_base64(Arena *arena, DigestKind kind, Str bytes);

void hmac_sha256(Str key, Str bytes, uint8_t out[SHA256_BYTES]);
Str hmac_sha256_hex(Arena *arena, Str key, Str bytes);

bool bytes_equal_in_constant_time(Str a, Str b); // for signatures and tokens
static inline Str digest_str(const uint8_t *bytes, size_t count) { return (Str){(const char *)bytes, count}; }
