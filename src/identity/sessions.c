// Tokens and key ids.
//
// Token: base64 of the sealed payload: version, kind, three times, ten texts (two bytes of length, then
// the bytes; FFFF: none), a nonce. The secret access key is derived from the payload.
//
// Key id: four letters and 80 bits in base 32: 1, the account (40 bits, where AWS has it too), 19 random bits, 20 check bits that only this plane can make. So
// a key that was deleted is still known as ours and refused, while foreign keys act as an account's root.
#include "identity/snapshot.h"

#include "base/ids.h"
#include "formats/digest.h"
#include "formats/json.h"

#include <assert.h>

enum { TOKEN_VERSION = 2, NONCE_BYTES = 8, SECRET_RAW_BYTES = 30, TOKEN_MAX_BYTES = 64 * 1024, KEY_ID_LEN = 20, ABSENT = 0xffff };

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static void write_base32(uint64_t bits40, char out[8]) {
    for (int i = 7; i >= 0; i--, bits40 >>= 5) out[i] = base32[bits40 & 31];
}

static bool read_base32(Str text, uint64_t *out) {
    uint64_t bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.at[i] ? strchr(base32, text.at[i]) : NULL;
        if (!at) return false;
        bits = bits << 5 | (uint64_t)(at - base32);
    }
    *out = bits;
    return true;
}

// The last four characters of a key id, from the sixteen before.
static void check_digits(const IdentitySnapshot *snapshot, Str body, char out[4]) {
    uint8_t mac[SHA256_BYTES];
    hmac_sha256((Str){(const char *)snapshot->secret, PLANE_SECRET_BYTES}, body, mac);
    for (int i = 0; i < 4; i++) out[i] = base32[mac[i] & 31];
}

static Str key_id_make(const IdentitySnapshot *snapshot, Arena *arena, const char *prefix, Str account) {
    int64_t number = 0;
    str_to_int(account, &number);
    uint32_t noise;
    random_bytes(&noise, sizeof noise);
    uint64_t high = 1ull << 39 | (uint64_t)number >> 1, low = ((uint64_t)number & 1) << 39 | (uint64_t)(noise & 0x7ffff) << 20;
    char *id = arena_alloc(arena, KEY_ID_LEN);
    memcpy(id, prefix, 4);
    write_base32(high, id + 4);
    write_base32(low, id + 12);
    check_digits(snapshot, (Str){id, 16}, id + 16);
    return (Str){id, KEY_ID_LEN};
}

KeyOrigin access_key_origin(const IdentitySnapshot *snapshot, Str access_key) {
    bool session = str_starts(access_key, STR("ASIA"));
    if (access_key.len != KEY_ID_LEN || (!session && !str_starts(access_key, STR("AKIA")))) return KEY_FOREIGN;
    char digits[4];
    check_digits(snapshot, str_sub(access_key, 0, 16), digits);
    if (memcmp(digits, access_key.at + 16, 4) != 0) return KEY_FOREIGN;
    return session ? KEY_OF_SESSION : KEY_OF_USER;
}

bool access_key_account(Arena *arena, Str access_key, Str *account) {
    uint64_t high, low;
    bool known = str_starts(access_key, STR("AKIA")) || str_starts(access_key, STR("ASIA"));
    if (access_key.len != KEY_ID_LEN || !known) return false;
    if (!read_base32(str_sub(access_key, 4, 12), &high) || !read_base32(str_sub(access_key, 12, 20), &low)) return false;
    *account = str_format(arena, "%012llu", (unsigned long long)((high & ((1ull << 39) - 1)) << 1 | low >> 39));
    return true;
}

Str access_key_id_make(IdentityView view, Arena *arena, Str account) { return key_id_make(view_snapshot(view), arena, "AKIA", account); }

static Str forty_characters(Arena *arena, const uint8_t bytes[SECRET_RAW_BYTES]) {
    return str_base64(arena, (Str){(const char *)bytes, SECRET_RAW_BYTES});
}

Str access_key_secret_make(Arena *arena) {
    uint8_t bytes[SECRET_RAW_BYTES];
    random_bytes(bytes, sizeof bytes);
    return forty_characters(arena, bytes);
}

static void add_number(Buf *buf, uint64_t number, int bytes) {
    while (bytes-- > 0) buf_add_char(buf, (char)(number >> (8 * bytes) & 255));
}

static void add_text(Buf *buf, Str text) {
    assert(text.len < ABSENT);
    add_number(buf, text.at ? text.len : ABSENT, 2);
    buf_add(buf, text);
}

static void write_payload(Arena *arena, const Session *session, Str access_key, Buf *buf) {
    uint64_t nonce;
    random_bytes(&nonce, sizeof nonce);
    add_number(buf, TOKEN_VERSION, 1);
    add_number(buf, session->kind, 1);
    add_number(buf, (uint64_t)session->since_ms, 8);
    add_number(buf, (uint64_t)session->until_ms, 8);
    add_number(buf, (uint64_t)session->until_wall_ms, 8);
    const Str texts[] = {access_key,
                         session->account,
                         session->arn,
                         session->id,
                         session->name,
                         session->role_arn,
                         session->policy,
                         session->tags ? json_write(arena, session->tags) : STR_NONE,
                         session->source_identity,
                         session->transitive ? json_write(arena, session->transitive) : STR_NONE};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) add_text(buf, texts[i]);
    add_number(buf, nonce, NONCE_BYTES);
}

static Str derived_secret(const IdentitySnapshot *snapshot, Arena *arena, Str payload) {
    uint8_t mac[SHA256_BYTES];
    plane_mac(snapshot, arena, "secret", payload, mac);
    return forty_characters(arena, mac);
}

Credentials session_issue(IdentityView view, Arena *arena, const Session *session) {
    const IdentitySnapshot *snapshot = view_snapshot(view);
    Credentials credentials = {.access_key = key_id_make(snapshot, arena, "ASIA", session->account), .until_ms = session->until_ms};
    AUTO_BUF buf;
    buf_init(&buf, TOKEN_MAX_BYTES);
    write_payload(arena, session, credentials.access_key, &buf);
    credentials.secret = derived_secret(snapshot, arena, buf_str(&buf));
    credentials.token = str_base64(arena, sealed(snapshot, arena, "token", buf_str(&buf)));
    return credentials;
}

static bool take_number(Str *rest, int bytes, uint64_t *out) {
    if (rest->len < (size_t)bytes) return false;
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++) number = number << 8 | (uint8_t)rest->at[i];
    *out = number;
    *rest = str_from(*rest, (size_t)bytes);
    return true;
}

static bool take_text(Str *rest, Str *out) {
    uint64_t length;
    TRY(take_number(rest, 2, &length));
    *out = STR_NONE;
    if (length == ABSENT) return true;
    if (rest->len < length) return false;
    *out = str_sub(*rest, 0, (size_t)length);
    *rest = str_from(*rest, (size_t)length);
    return true;
}

static bool read_payload(Arena *arena, Str payload, Session *out, Str *access_key) {
    uint64_t version, kind, since, until, until_wall;
    Str tags, transitive;
    TRY(take_number(&payload, 1, &version) && version == TOKEN_VERSION && take_number(&payload, 1, &kind));
    TRY(take_number(&payload, 8, &since) && take_number(&payload, 8, &until) && take_number(&payload, 8, &until_wall));
    *out = (Session){.kind = (PrincipalKind)kind, .since_ms = (int64_t)since, .until_ms = (int64_t)until, .until_wall_ms = (int64_t)until_wall};
    Str *const texts[] = {access_key, &out->account,         &out->arn,  &out->id, &out->name, &out->role_arn, &out->policy,
                          &tags,      &out->source_identity, &transitive};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) TRY(take_text(&payload, texts[i]));
    Doc *map = NULL, *keys = NULL;
    if (tags.at) TRY(json_parse(arena, tags, &map, NULL));
    if (transitive.at) TRY(json_parse(arena, transitive, &keys, NULL));
    out->tags = map;
    out->transitive = keys;
    return true;
}

AuthFault session_read(const IdentitySnapshot *snapshot, Arena *arena, Str access_key, Str token, int64_t wall_ms, Session *out, Str *secret) {
    Str bytes, payload, key_of_token;
    if (!str_unbase64(arena, token, &bytes) || !sealed_open(snapshot, arena, "token", bytes, &payload)) return AUTH_BAD_TOKEN;
    if (!read_payload(arena, payload, out, &key_of_token) || !str_eq(key_of_token, access_key)) return AUTH_BAD_TOKEN;
    if (wall_ms >= out->until_wall_ms) return AUTH_EXPIRED_TOKEN;
    *secret = derived_secret(snapshot, arena, payload);
    return AUTH_OK;
}

bool session_of_role(IdentityView view, Arena *arena, Str role_arn, Str session_name, int64_t plane_ms, int64_t wall_ms, int64_t seconds,
                     Session *out) {
    const Entity *role = snapshot_role(view_snapshot(view), role_arn);
    if (!role) return false;
    Principal principal = principal_role(arena, role_arn, session_name);
    *out = (Session){.kind = PRINCIPAL_ROLE_SESSION,
                     .account = principal.account,
                     .arn = principal.arn,
                     .id = str_format(arena, "%.*s:%.*s", STR_ARG(role->id), STR_ARG(session_name)),
                     .name = principal.name,
                     .role_arn = principal.role_arn,
                     .since_ms = plane_ms,
                     .until_ms = plane_ms + seconds * 1000,
                     .until_wall_ms = wall_ms + seconds * 1000};
    return true;
}
