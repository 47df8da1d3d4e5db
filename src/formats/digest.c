#include "formats/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

static const struct {
    const char *name;
    size_t bytes;
} kinds[DIGEST_KINDS] = {[DIGEST_MD5] = {"MD5", MD5_BYTES}, [DIGEST_SHA1] = {"SHA1", SHA1_BYTES}, [DIGEST_SHA256] = {"SHA256", SHA256_BYTES}};

enum { SPARES_MAX = 64 };

// Making a context costs more than digesting a small body: a thread keeps what it is done with.
typedef struct Contexts {
    EVP_MD_CTX *spares[DIGEST_KINDS][SPARES_MAX];
    size_t spare_count[DIGEST_KINDS];
} Contexts;

static EVP_MD *algorithms[DIGEST_KINDS]; // fetched once, kept for the life of the process
static pthread_key_t contexts_key; // frees a thread's contexts when it ends
static pthread_once_t once = PTHREAD_ONCE_INIT;
static __thread Contexts *contexts;

size_t digest_bytes(DigestKind kind) { return kinds[kind].bytes; }

static void contexts_free(void *data) {
    Contexts *of_thread = data;
    for (int kind = 0; kind < DIGEST_KINDS; kind++) {
        for (size_t i = 0; i < of_thread->spare_count[kind]; i++) EVP_MD_CTX_free(of_thread->spares[kind][i]);
    }
    free(of_thread);
}

static void fetch_all(void) {
    for (int kind = 0; kind < DIGEST_KINDS; kind++) {
        algorithms[kind] = EVP_MD_fetch(NULL, kinds[kind].name, NULL);
        if (!algorithms[kind]) abort();
    }
    if (pthread_key_create(&contexts_key, contexts_free)) abort();
}

static EVP_MD_CTX *context_new(DigestKind kind) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex2(context, algorithms[kind], NULL)) abort();
    return context;
}

static Contexts *contexts_of_thread(void) {
    if (contexts) return contexts;
    pthread_once(&once, fetch_all);
    contexts = calloc(1, sizeof *contexts);
    if (!contexts || pthread_setspecific(contexts_key, contexts)) abort();
    return contexts;
}

// Ready for new bytes, whatever it was given before.
static EVP_MD_CTX *renewed(EVP_MD_CTX *context) {
    if (!EVP_DigestInit_ex2(context, NULL, NULL)) abort();
    return context;
}

static EVP_MD_CTX *take_context(DigestKind kind) {
    Contexts *mine = contexts_of_thread();
    size_t *count = &mine->spare_count[kind];
    return *count ? renewed(mine->spares[kind][--*count]) : context_new(kind);
}

static void give_context(DigestKind kind, EVP_MD_CTX *context) {
    Contexts *mine = contexts_of_thread();
    size_t *count = &mine->spare_count[kind];
    if (*count < SPARES_MAX)
        mine->spares[kind][(*count)++] = context;
    else
        EVP_MD_CTX_free(context);
}

static void add(EVP_MD_CTX *context, const void *at, size_t len) {
    if (len && !EVP_DigestUpdate(context, at, len)) abort();
}

static void finish(EVP_MD_CTX *context, uint8_t *out) {
    if (!EVP_DigestFinal_ex(context, out, NULL)) abort();
}

void digest_init(Digest *digest, DigestKind kind) { *digest = (Digest){take_context(kind), kind}; }
void digest_update(Digest *digest, Str bytes) { add(digest->context, bytes.at, bytes.len); }

void digest_final(Digest *digest, uint8_t *out) {
    finish(digest->context, out);
    renewed(digest->context);
}

void digest_done(Digest *digest) {
    if (digest->context) give_context(digest->kind, digest->context);
    digest->context = NULL;
}

void digest_of(DigestKind kind, Str bytes, uint8_t *out) {
    EVP_MD_CTX *context = take_context(kind);
    add(context, bytes.at, bytes.len);
    finish(context, out);
    give_context(kind, context);
}

Str digest_hex(Arena *arena, DigestKind kind, Str bytes) {
    uint8_t out[DIGEST_MAX_BYTES];
    digest_of(kind, bytes, out);
    return str_hex(arena, digest_str(out, kinds[kind].bytes));
}

Str digest_base64(Arena *arena, DigestKind kind, Str bytes) {
    uint8_t out[DIGEST_MAX_BYTES];
    digest_of(kind, bytes, out);
    return str_base64(arena, digest_str(out, kinds[kind].bytes));
}

enum { SHA256_BLOCK_BYTES = 64 };

// One half of HMAC (RFC 2104): the digest of (key ^ pad) and the bytes.
static void keyed(const uint8_t key[SHA256_BLOCK_BYTES], uint8_t pad, Str bytes, uint8_t *out) {
    uint8_t block[SHA256_BLOCK_BYTES];
    for (int i = 0; i < SHA256_BLOCK_BYTES; i++) block[i] = key[i] ^ pad;
    EVP_MD_CTX *context = take_context(DIGEST_SHA256);
    add(context, block, sizeof block);
    add(context, bytes.at, bytes.len);
    finish(context, out);
    give_context(DIGEST_SHA256, context);
    OPENSSL_cleanse(block, sizeof block);
}

void hmac_sha256(Str key, Str bytes, uint8_t out[SHA256_BYTES]) {
    uint8_t block[SHA256_BLOCK_BYTES] = {0}, inner[SHA256_BYTES];
    if (key.len > sizeof block) {
        digest_of(DIGEST_SHA256, key, block);
    } else if (key.len) {
        memcpy(block, key.at, key.len);
    }
    keyed(block, 0x36, bytes, inner);
    keyed(block, 0x5c, digest_str(inner, sizeof inner), out);
    OPENSSL_cleanse(block, sizeof block);
}

Str hmac_sha256_hex(Arena *arena, Str key, Str bytes) {
    uint8_t out[SHA256_BYTES];
    hmac_sha256(key, bytes, out);
    return str_hex(arena, digest_str(out, sizeof out));
}

bool bytes_equal_in_constant_time(Str a, Str b) { return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0); }
