// Sealed texts: the text and 16 bytes of HMAC-SHA-256 with the plane's secret, so that nothing of them is stored.
#include "identity/snapshot.h"

#include "formats/digest.h"

enum { SEAL_BYTES = 16 };

void plane_mac(const IdentitySnapshot *snapshot, Arena *arena, const char *purpose, Str text, uint8_t out[SHA256_BYTES]) {
    hmac_sha256((Str){(const char *)snapshot->secret, PLANE_SECRET_BYTES}, str_cat(arena, str_of(purpose), text), out);
}

Str sealed(const IdentitySnapshot *snapshot, Arena *arena, const char *purpose, Str text) {
    uint8_t mac[SHA256_BYTES];
    plane_mac(snapshot, arena, purpose, text, mac);
    return str_cat(arena, text, digest_str(mac, SEAL_BYTES));
}

bool sealed_open(const IdentitySnapshot *snapshot, Arena *arena, const char *purpose, Str bytes, Str *text) {
    uint8_t mac[SHA256_BYTES];
    if (bytes.len <= SEAL_BYTES) return false;
    Str inside = str_sub(bytes, 0, bytes.len - SEAL_BYTES);
    plane_mac(snapshot, arena, purpose, inside, mac);
    if (!bytes_equal_in_constant_time(digest_str(mac, SEAL_BYTES), str_from(bytes, inside.len))) return false;
    *text = inside;
    return true;
}
