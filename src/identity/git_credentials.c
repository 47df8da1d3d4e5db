#include "identity/git_credentials.h"

#include "identity/signing_keys.h"

enum { TIMESTAMP_LEN = 16 };

AuthFault git_credentials_read(Str user_name, Str password, Signature *out) {
    *out = (Signature){.scheme = SIGNATURE_HEADER, .payload = PAYLOAD_UNSIGNED, .service = STR("codecommit")};
    out->token = user_name;
    out->access_key = str_cut(&out->token, '%');
    if (password.len != TIMESTAMP_LEN + SIGNATURE_HEX || !out->access_key.len) return AUTH_INCOMPLETE;
    out->timestamp = str_sub(password, 0, TIMESTAMP_LEN);
    out->date = str_sub(password, 0, 8);
    out->signature = str_from(password, TIMESTAMP_LEN);
    return sigv4_time_parse(out->timestamp, &out->signed_at_ms) ? AUTH_OK : AUTH_INCOMPLETE;
}

// The helpers sign with a time stamp that has no 'Z' at its end, though the password shows one.
static void compute(Arena *arena, Str secret, Str region, Str host, Str path, Str timestamp, char out[SIGNATURE_HEX]) {
    Str canonical = str_format(arena, "GIT\n%.*s\n\nhost:%.*s\n\nhost\n", STR_ARG(path), STR_ARG(host));
    char hash[SHA256_HEX];
    sha256_hex(canonical, hash);
    Str date = str_sub(timestamp, 0, 8);
    Str text = str_format(arena, "AWS4-HMAC-SHA256\n%.*s\n%.*s/%.*s/codecommit/aws4_request\n%.*s", STR_ARG(str_sub(timestamp, 0, 15)), STR_ARG(date),
                          STR_ARG(region), SHA256_HEX, hash);
    uint8_t mac[SHA256_BYTES];
    scope_hmac((KeyScope){secret, date, region, STR("codecommit")}, text, mac);
    hex_of(mac, sizeof mac, out);
}

static bool matches(Arena *arena, const Signature *signature, Str secret, Str region, Str host, Str path) {
    char computed[SIGNATURE_HEX];
    compute(arena, secret, region, host, path, signature->timestamp, computed);
    return bytes_equal_in_constant_time((Str){computed, SIGNATURE_HEX}, signature->signature);
}

AuthFault git_credentials_verify(Arena *arena, const Signature *signature, Str secret, Str region, Str host, Str path, AuthClocks clocks) {
    AuthFault fault = signature_check_time(signature, clocks);
    if (fault) return fault;
    Str rest = host, bare = str_cut(&rest, ':');
    bool right = matches(arena, signature, secret, region, host, path) || (rest.at && matches(arena, signature, secret, region, bare, path));
    return right ? AUTH_OK : AUTH_MISMATCH;
}

Str git_credentials_make(Arena *arena, Str secret, Str region, Str host, Str path, int64_t wall_ms) {
    char timestamp[TIMESTAMP_LEN + 1], hex[SIGNATURE_HEX];
    sigv4_time_write(wall_ms, timestamp);
    compute(arena, secret, region, host, path, str_of(timestamp), hex);
    return str_format(arena, "%s%.*s", timestamp, SIGNATURE_HEX, hex);
}

bool git_credentials_from_header(Arena *arena, Str authorization, Str *user_name, Str *password) {
    Str decoded;
    if (authorization.len < 6 || !str_eq_nocase(str_sub(authorization, 0, 6), STR("Basic "))) return false;
    if (!str_unbase64(arena, str_trim(str_from(authorization, 6)), &decoded)) return false;
    *user_name = str_cut(&decoded, ':');
    *password = decoded;
    return decoded.at != NULL;
}
