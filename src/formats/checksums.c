#include "formats/checksums.h"

static const struct {
    Str name;
    size_t bytes;
} kinds[CHECKSUM_KINDS] = {
    [CHECKSUM_CRC32] = {STR_INIT("CRC32"), 4},
    [CHECKSUM_CRC32C] = {STR_INIT("CRC32C"), 4},
    [CHECKSUM_CRC64NVME] = {STR_INIT("CRC64NVME"), 8},
    [CHECKSUM_SHA1] = {STR_INIT("SHA1"), SHA1_BYTES},
    [CHECKSUM_SHA256] = {STR_INIT("SHA256"), SHA256_BYTES},
};

Str checksum_name(ChecksumKind kind) { return kinds[kind].name; }
size_t checksum_bytes(ChecksumKind kind) { return kinds[kind].bytes; }

bool checksum_by_name(Str name, ChecksumKind *out) {
    for (int kind = 0; kind < CHECKSUM_KINDS; kind++) {
        if (!str_eq_nocase(name, kinds[kind].name)) continue;
        *out = (ChecksumKind)kind;
        return true;
    }
    return false;
}

void checksum_init(Checksum *sum, ChecksumKind kind) {
    *sum = (Checksum){.kind = kind};
    if (kind == CHECKSUM_SHA1) digest_init(&sum->digest, DIGEST_SHA1);
    if (kind == CHECKSUM_SHA256) digest_init(&sum->digest, DIGEST_SHA256);
}

void checksum_update(Checksum *sum, Str bytes) {
    switch (sum->kind) {
    case CHECKSUM_CRC32: sum->crc = crc32_update((uint32_t)sum->crc, bytes); return;
    case CHECKSUM_CRC32C: sum->crc = crc32c_update((uint32_t)sum->crc, bytes); return;
    case CHECKSUM_CRC64NVME: sum->crc = crc64nvme_update(sum->crc, bytes); return;
    default: digest_update(&sum->digest, bytes);
    }
}

Str checksum_final(Checksum *sum, Arena *arena) {
    size_t count = kinds[sum->kind].bytes;
    uint8_t *out = arena_alloc(arena, DIGEST_MAX_BYTES);
    if (sum->digest.context) {
        digest_final(&sum->digest, out);
    } else {
        for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(sum->crc >> (8 * (count - 1 - i)));
        sum->crc = 0;
    }
    return digest_str(out, count);
}

Str checksum_final_base64(Checksum *sum, Arena *arena) { return str_base64(arena, checksum_final(sum, arena)); }
void checksum_done(Checksum *sum) { digest_done(&sum->digest); }
