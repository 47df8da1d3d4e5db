// CRCs, all reflected (least significant bit first), with the register inverted before and after.
//
// Tables: eight bytes a step ("slicing by 8"): table[k][b] is the register after byte b and k further zero bytes, so the eight look-ups
// of a step are independent of each other. CRC32C uses the processor's own instruction where it has SSE 4.2.
#include "formats/checksums.h"

#include <pthread.h>

enum { SLICES = 8 };

typedef struct Tables {
    uint64_t of[SLICES][256];
} Tables;

static Tables crc32_tables, crc32c_tables, crc64_tables;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(Tables *tables, uint64_t reflected_polynomial) {
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
    fill(&crc32_tables, 0xedb88320);
    fill(&crc32c_tables, 0x82f63b78);
    fill(&crc64_tables, 0x9a6c9329ac4bc9b5);
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
#endif

uint32_t crc32_update(uint32_t crc, Str bytes) {
    pthread_once(&once, fill_all);
    return ~(uint32_t)by_tables(&crc32_tables, (uint32_t)~crc, bytes);
}

uint32_t crc32c_update(uint32_t crc, Str bytes) {
    if (has_instruction()) return ~crc32c_by_instruction(~crc, bytes);
    pthread_once(&once, fill_all);
    return ~(uint32_t)by_tables(&crc32c_tables, (uint32_t)~crc, bytes);
}

uint64_t crc64nvme_update(uint64_t crc, Str bytes) {
    pthread_once(&once, fill_all);
    return ~by_tables(&crc64_tables, ~crc, bytes);
}
