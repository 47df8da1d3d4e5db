#include "identity/signing_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

enum { CACHED_SCOPES = 64, SCOPE_TEXT_MAX = 256 };

typedef struct CachedScope {
    size_t text_len; // 0: free
    char text[SCOPE_TEXT_MAX]; // the scope's parts, separated by line ends
    EVP_MAC_CTX *mac; // initialised with the key
} CachedScope;

typedef struct Cache {
    EVP_MAC *hmac;
    CachedScope scopes[CACHED_SCOPES];
} Cache;

static pthread_key_t cache_key; // frees a thread's cache when it ends
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local Cache *cache_mine;

static void cache_free(void *memory) {
    Cache *cache = memory;
    for (size_t i = 0; i < CACHED_SCOPES; i++) EVP_MAC_CTX_free(cache->scopes[i].mac);
    EVP_MAC_free(cache->hmac);
    OPENSSL_cleanse(cache, sizeof *cache);
    free(cache);
}

static void make_key(void) {
    if (pthread_key_create(&cache_key, cache_free)) abort();
}

static Cache *cache_of_thread(void) {
    if (cache_mine) return cache_mine;
    pthread_once(&once, make_key);
    cache_mine = calloc(1, sizeof *cache_mine);
    if (!cache_mine || pthread_setspecific(cache_key, cache_mine)) abort();
    cache_mine->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (!cache_mine->hmac) abort();
    return cache_mine;
}

static EVP_MAC_CTX *new_mac(EVP_MAC *hmac) {
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    if (!mac || EVP_MAC_CTX_set_params(mac, params) != 1) abort();
    return mac;
}

// The scope as one text; 0 when it is too long to be kept.
static size_t scope_text(KeyScope scope, char out[SCOPE_TEXT_MAX]) {
    const Str parts[] = {scope.secret, scope.date, scope.region, scope.service};
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        if (at + parts[i].len + 1 > SCOPE_TEXT_MAX) return 0;
        if (parts[i].len) memcpy(out + at, parts[i].at, parts[i].len);
        at += parts[i].len;
        out[at++] = '\n';
    }
    return at;
}

void scope_key(KeyScope scope, uint8_t out[SHA256_BYTES]) {
    AUTO_ARENA arena = arena_new();
    hmac_sha256(str_cat(arena, STR("AWS4"), scope.secret), scope.date, out);
    hmac_sha256(digest_str(out, SHA256_BYTES), scope.region, out);
    hmac_sha256(digest_str(out, SHA256_BYTES), scope.service, out);
    hmac_sha256(digest_str(out, SHA256_BYTES), STR("aws4_request"), out);
}

static CachedScope *cached_scope(KeyScope scope, Str text) {
    Cache *cache = cache_of_thread();
    CachedScope *cached = &cache->scopes[str_hash(text) % CACHED_SCOPES];
    if (cached->text_len && str_eq((Str){cached->text, cached->text_len}, text)) return cached;
    uint8_t key[SHA256_BYTES];
    scope_key(scope, key);
    if (!cached->mac) cached->mac = new_mac(cache->hmac);
    if (!EVP_MAC_init(cached->mac, key, sizeof key, NULL)) abort();
    memcpy(cached->text, text.at, text.len);
    cached->text_len = text.len;
    OPENSSL_cleanse(key, sizeof key);
    return cached;
}

void scope_hmac(KeyScope scope, Str text, uint8_t out[SHA256_BYTES]) {
    char room[SCOPE_TEXT_MAX];
    size_t length = scope_text(scope, room), written = 0;
    if (!length) {
        uint8_t key[SHA256_BYTES];
        scope_key(scope, key);
        hmac_sha256(digest_str(key, sizeof key), text, out);
        return;
    }
    EVP_MAC_CTX *mac = cached_scope(scope, (Str){room, length})->mac; // an init without a key keeps the one it has
    bool done = EVP_MAC_init(mac, NULL, 0, NULL) && EVP_MAC_update(mac, (const uint8_t *)text.at, text.len) &&
                EVP_MAC_final(mac, out, &written, SHA256_BYTES);
    if (!done || written != SHA256_BYTES) abort();
}

void hex_of(const uint8_t *bytes, size_t count, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void sha256_hex(Str text, char out[SHA256_HEX]) {
    uint8_t bytes[SHA256_BYTES];
    digest_of(DIGEST_SHA256, text, bytes);
    hex_of(bytes, sizeof bytes, out);
}
