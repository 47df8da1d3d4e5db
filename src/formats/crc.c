// CRCs, all reflected (least significant bit first), with the register inverted before and after.
//
// Tables: eight bytes a step ("slicing by 8"): table[k][b] is the register after byte b and k further zero bytes, so the eight look-ups
// of a step are independent of each other.
//
// Folding, where the processor multiplies without carries (PCLMUL), 64 bytes a step: a message is a polynomial, of which only the rest modulo P
// counts. A block of 128 bits, lo·x^64 + hi, that stands n bits before another one can be replaced by lo·(x^(n+64) mod P) + hi·(x^n mod P), added
// to the other. In reflected order a product comes out multiplied by x, hence the constants are x^(n+63) and x^(n-1). What is left at the end,
// 16 bytes, goes through the tables. CRC32C uses the processor's own instruction (SSE 4.2).
#include "formats/checksums.h"

#include <pthread.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { SLICES = 8, FOLD_BYTES = 64, FOLD_LEAST_BYTES = 256 };

typedef struct Tables {
    uint64_t of[SLICES][256];
    uint64_t fold_128[2], fold_512[2]; // what the low and the high half of a block are multiplied by
} Tables;

static Tables crc32_tables, crc32c_tables, crc64_tables;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// x^n mod P in reflected order, in the upper `bits` bits of 64.
static uint64_t power(uint64_t reflected_polynomial, int bits, int n) {
    uint64_t value = 1ULL << (bits - 1);
    for (int i = 0; i < n; i++) value = value >> 1 ^ (value & 1 ? reflected_polynomial : 0);
    return value << (64 - bits);
}

static void fill(Tables *tables, uint64_t reflected_polynomial, int bits) {
    for (int half = 0; half < 2; half++) {
        tables->fold_128[half] = power(reflected_polynomial, bits, half ? 127 : 191);
        tables->fold_512[half] = power(reflected_polynomial, bits, half ? 511 : 575);
    }
    for (uint64_t byte = 0; byte < 256; byte++) {
        uint64_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? reflected_polynomial : 0);
        tables->of[0][byte] = crc;
    }
    for (int slice = 1; slice < SLICES; slice++) {
        for (int byte = 0; byte < 256; byte++) {
            uint64_t before = tables->of[slice - 1][byte];
            tables->of[slice][byte] = before >> 8 ^ tables->of[0][before & 0xff];
        }
    }
}

static void fill_all(void) {
    fill(&crc32_tables, 0xedb88320, 32);
    fill(&crc32c_tables, 0x82f63b78, 32);
    fill(&crc64_tables, 0x9a6c9329ac4bc9b5, 64);
}

static uint64_t by_tables(const Tables *tables, uint64_t crc, Str bytes) {
    const uint8_t *at = (const uint8_t *)bytes.at, *end = at + bytes.len;
    for (; end - at >= SLICES; at += SLICES) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word ^= crc;
        crc = 0;
        for (int i = 0; i < SLICES; i++) crc ^= tables->of[SLICES - 1 - i][word >> (8 * i) & 0xff];
    }
    for (; at < end; at++) crc = crc >> 8 ^ tables->of[0][(crc ^ *at) & 0xff];
    return crc;
}

#if defined(__x86_64__)
#define FOLDING __attribute__((target("pclmul,sse4.1")))

FOLDING static __m128i fold(__m128i block, __m128i by, __m128i onto) {
    __m128i low = _mm_clmulepi64_si128(block, by, 0x00), high = _mm_clmulepi64_si128(block, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), onto);
}

FOLDING static __m128i load(const uint8_t *at) { return _mm_loadu_si128((const __m128i *)(const void *)at); }

// Takes a multiple of FOLD_BYTES, at least two of them, from the front of `bytes`.
FOLDING static uint64_t by_folding(const Tables *tables, uint64_t crc, Str *bytes) {
    const uint8_t *at = (const uint8_t *)bytes->at, *end = at + bytes->len / FOLD_BYTES * FOLD_BYTES;
    __m128i blocks[4], by = _mm_set_epi64x((long long)tables->fold_512[1], (long long)tables->fold_512[0]);
    for (int i = 0; i < 4; i++) blocks[i] = load(at + 16 * i);
    blocks[0] = _mm_xor_si128(blocks[0], _mm_set_epi64x(0, (long long)crc));
    for (at += FOLD_BYTES; at < end; at += FOLD_BYTES) {
        for (int i = 0; i < 4; i++) blocks[i] = fold(blocks[i], by, load(at + 16 * i));
    }
    by = _mm_set_epi64x((long long)tables->fold_128[1], (long long)tables->fold_128[0]);
    for (int i = 1; i < 4; i++) blocks[i] = fold(blocks[i - 1], by, blocks[i]);
    char rest[16];
    _mm_storeu_si128((__m128i *)(void *)rest, blocks[3]);
    *bytes = str_from(*bytes, (size_t)(end - (const uint8_t *)bytes->at));
    return by_tables(tables, 0, (Str){rest, sizeof rest});
}

static bool has_folding(void) { return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"); }

__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(uint32_t crc, Str bytes) {
    const uint8_t *at = (const uint8_t *)bytes.at, *end = at + bytes.len;
    uint64_t wide = crc;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; at < end; at++) crc = __builtin_ia32_crc32qi(crc, *at);
    return crc;
}
static bool has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }
#else
static uint32_t crc32c_by_instruction(uint32_t crc, Str bytes) { return (uint32_t)by_tables(&crc32c_tables, crc, bytes); }
static bool has_instruction(void) { return false; }
static uint64_t by_folding(const Tables *tables, uint64_t crc, Str *bytes) { return crc; }
static bool has_folding(void) { return false; }
#endif

static uint64_t sum(const Tables *tables, uint64_t crc, Str bytes) {
    if (bytes.len >= FOLD_LEAST_BYTES && has_folding()) crc = by_folding(tables, crc, &bytes);
    return by_tables(tables, crc, bytes);
}

uint32_t crc32_update(uint32_t crc, Str bytes) {
    pthread_once(&once, fill_all);
    return ~(uint32_t)sum(&crc32_tables, (uint32_t)~crc, bytes);
}

uint32_t crc32c_update(uint32_t crc, Str bytes) {
    if (has_instruction()) return ~crc32c_by_instruction(~crc, bytes);
    pthread_once(&once, fill_all);
    return ~(uint32_t)by_tables(&crc32c_tables, (uint32_t)~crc, bytes);
}

uint64_t crc64nvme_update(uint64_t crc, Str bytes) {
    pthread_once(&once, fill_all);
    return ~sum(&crc64_tables, ~crc, bytes);
}
