// Checksums: the kinds that S3 knows, incremental, so that a body is summed while it passes.
//
// A result is bytes in network order; S3 shows them in base64. checksum_done frees at any point and accepts a zeroed Checksum.
#pragma once

#include "formats/digest.h"

typedef enum ChecksumKind { CHECKSUM_CRC32, CHECKSUM_CRC32C, CHECKSUM_CRC64NVME, CHECKSUM_SHA1, CHECKSUM_SHA256, CHECKSUM_KINDS } ChecksumKind;

typedef struct Checksum {
    ChecksumKind kind;
    uint64_t crc;
    Digest digest; // SHA kinds
} Checksum;

Str checksum_name(ChecksumKind kind); // "CRC32", as S3's ChecksumAlgorithm names it
bool checksum_by_name(Str name, ChecksumKind *out); // regardless of case
size_t checksum_bytes(ChecksumKind kind);

void checksum_init(Checksum *sum, ChecksumKind kind);
void checksum_update(Checksum *sum, Str bytes);
Str checksum_final(Checksum *sum, Arena *arena); // checksum_bytes(kind) bytes
Str checksum_final_base64(Checksum *sum, Arena *arena);
void checksum_done(Checksum *sum);

// The bare sums; begin with 0, pass the result on.
uint32_t crc32_update(uint32_t crc, Str bytes); // IEEE 802.3, as zlib and zip
uint32_t crc32c_update(uint32_t crc, Str bytes); // Castagnoli
uint64_t crc64nvme_update(uint64_t crc, Str bytes);
