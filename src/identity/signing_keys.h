// Signing keys of SigV4 and the HMAC contexts that hold them, cached per thread: deriving one costs four HMACs.
#pragma once

#include "formats/digest.h"

enum { SHA256_HEX = 2 * SHA256_BYTES };

typedef struct KeyScope {
    Str secret, date, region, service;
} KeyScope;
void scope_key(KeyScope scope, uint8_t out[SHA256_BYTES]);
void scope_hmac(KeyScope scope, Str text, uint8_t out[SHA256_BYTES]); // HMAC with that key

void hex_of(const uint8_t *bytes, size_t count, char *out); // 2 × count characters, lower case, no NUL
void sha256_hex(Str text, char out[SHA256_HEX]); // no NUL
