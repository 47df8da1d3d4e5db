// Reading and verifying signatures. Reading never computes; verifying builds the canonical request, hashes it and compares.
#include "identity/sigv4.h"

#include "formats/timestamps.h"
#include "identity/canonical.h"
#include "identity/signing_keys.h"

#include <stdlib.h>

enum {
    CANONICAL_START_BYTES = 2048, // most requests fit
    CANONICAL_MAX_BYTES = 512 * 1024, // a head of 64 KiB in which every byte becomes three, encoded twice
    SKEW_MS = 15 * 60 * 1000,
    EXPIRES_MAX_S = 7 * 24 * 3600
};

#define ALGORITHM "AWS4-HMAC-SHA256"
#define EMPTY_SHA256 STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

static bool two_digits(Str text, size_t at, int *out) {
    if (at + 2 > text.len) return false;
    char a = text.at[at], b = text.at[at + 1];
    if (a < '0' || a > '9' || b < '0' || b > '9') return false;
    *out = (a - '0') * 10 + (b - '0');
    return true;
}

bool sigv4_time_parse(Str text, int64_t *ms) {
    int century, year, month, day, hour, minute, second;
    if (text.len != 16 || text.at[8] != 'T' || text.at[15] != 'Z') return false;
    TRY(two_digits(text, 0, &century) && two_digits(text, 2, &year) && two_digits(text, 4, &month) && two_digits(text, 6, &day));
    TRY(two_digits(text, 9, &hour) && two_digits(text, 11, &minute) && two_digits(text, 13, &second));
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return false;
    TimeParts parts = {.year = century * 100 + year, .month = month, .day = day, .hour = hour, .minute = minute, .second = second};
    *ms = time_join(&parts);
    return true;
}

static char *add_digits(char *to, int64_t number, int digits) {
    for (int i = digits - 1; i >= 0; i--, number /= 10) to[i] = (char)('0' + number % 10);
    return to + digits;
}

void sigv4_time_write(int64_t ms, char out[17]) {
    TimeParts at = time_split(ms);
    char *to = add_digits(add_digits(add_digits(out, at.year, 4), at.month, 2), at.day, 2);
    *to++ = 'T';
    to = add_digits(add_digits(add_digits(to, at.hour, 2), at.minute, 2), at.second, 2);
    memcpy(to, "Z", 2);
}

static AuthFault read_scope(Str credential, Signature *out) {
    out->access_key = str_cut(&credential, '/');
    out->date = str_cut(&credential, '/');
    out->region = str_cut(&credential, '/');
    out->service = str_cut(&credential, '/');
    bool whole = out->access_key.len && out->date.len == 8 && out->region.len && out->service.len && str_is(credential, "aws4_request");
    return whole ? AUTH_OK : AUTH_INCOMPLETE;
}

static void read_payload(Str content_sha256, Signature *out) {
    static const struct {
        Str value;
        PayloadSigning payload;
    } kinds[] = {
        {STR_INIT("UNSIGNED-PAYLOAD"), PAYLOAD_UNSIGNED},
        {STR_INIT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), PAYLOAD_CHUNKS_SIGNED},
        {STR_INIT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"), PAYLOAD_CHUNKS_SIGNED_TRAILER},
        {STR_INIT("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), PAYLOAD_CHUNKS_UNSIGNED_TRAILER},
    };
    out->payload = PAYLOAD_HASHED;
    out->payload_hash = content_sha256;
    for (size_t i = 0; content_sha256.at && i < sizeof kinds / sizeof *kinds; i++) {
        if (str_eq(content_sha256, kinds[i].value)) out->payload = kinds[i].payload;
    }
}

static AuthFault read_date(const HttpRequest *request, Signature *out) {
    out->timestamp = http_header(request, "x-amz-date");
    if (out->timestamp.at && !sigv4_time_parse(out->timestamp, &out->signed_at_ms)) return AUTH_INCOMPLETE;
    if (!out->timestamp.at) {
        if (!time_parse_http(http_header(request, "date"), &out->signed_at_ms)) return AUTH_INCOMPLETE;
        sigv4_time_write(out->signed_at_ms, out->timestamp_room);
    }
    return AUTH_OK;
}

static Str signature_timestamp(const Signature *signature) {
    return signature->timestamp.at ? signature->timestamp : (Str){signature->timestamp_room, 16};
}

static AuthFault read_header(const HttpRequest *request, Str authorization, Signature *out) {
    out->scheme = SIGNATURE_HEADER;
    Str rest = str_trim(str_from(authorization, sizeof ALGORITHM - 1)), credential = STR_NONE;
    while (rest.len) {
        Str value = str_trim(str_cut(&rest, ','));
        Str name = str_cut(&value, '=');
        if (str_is(name, "Credential"))
            credential = value;
        else if (str_is(name, "SignedHeaders"))
            out->signed_headers = value;
        else if (str_is(name, "Signature"))
            out->signature = value;
    }
    AuthFault fault = read_scope(credential, out);
    if (fault) return fault;
    if (!out->signed_headers.len || !out->signature.len) return AUTH_INCOMPLETE;
    out->token = http_header(request, "x-amz-security-token");
    read_payload(http_header(request, "x-amz-content-sha256"), out);
    return read_date(request, out);
}

// A parameter of the query, decoded; STR_NONE when absent.
static Str parameter(const HttpRequest *request, const char *name) {
    Str rest = request->query;
    while (rest.len) {
        Str value = str_cut(&rest, '&');
        if (!str_is(str_cut(&value, '='), name)) continue;
        Str decoded = STR_NONE;
        return str_uri_decode(request->arena, value.at ? value : STR(""), false, &decoded) ? decoded : STR("");
    }
    return STR_NONE;
}

static bool is_signed_name(Str signed_headers, Str name) {
    while (signed_headers.at) {
        if (str_eq_nocase(str_cut(&signed_headers, ';'), name)) return true;
    }
    return false;
}

static AuthFault read_query(const HttpRequest *request, Signature *out) {
    out->scheme = SIGNATURE_QUERY;
    AuthFault fault = read_scope(parameter(request, "X-Amz-Credential"), out);
    if (fault) return fault;
    out->signed_headers = parameter(request, "X-Amz-SignedHeaders");
    out->signature = parameter(request, "X-Amz-Signature");
    out->token = parameter(request, "X-Amz-Security-Token");
    out->timestamp = parameter(request, "X-Amz-Date");
    bool s3 = str_is(out->service, "s3");
    Str hash = parameter(request, "X-Amz-Content-Sha256");
    if (!hash.at && is_signed_name(out->signed_headers, STR("x-amz-content-sha256"))) hash = http_header(request, "x-amz-content-sha256");
    read_payload(hash.at || !s3 ? hash : STR("UNSIGNED-PAYLOAD"), out);
    if (!out->signed_headers.len || !out->signature.len || !sigv4_time_parse(out->timestamp, &out->signed_at_ms)) return AUTH_INCOMPLETE;
    Str expires = parameter(request, "X-Amz-Expires");
    if (!expires.at) return s3 ? AUTH_INCOMPLETE : AUTH_OK;
    if (!str_to_int(expires, &out->expires_s) || out->expires_s < 1 || out->expires_s > EXPIRES_MAX_S) return AUTH_EXPIRES_RANGE;
    return AUTH_OK;
}

AuthFault signature_read(const HttpRequest *request, Signature *out) {
    *out = (Signature){0};
    Str authorization = http_header(request, "authorization");
    if (str_starts(authorization, STR(ALGORITHM " "))) return read_header(request, authorization, out);
    if (str_starts(authorization, STR("AWS4-ECDSA-P256-SHA256"))) return AUTH_VERSION_4A;
    if (str_starts(authorization, STR("AWS "))) return AUTH_VERSION_2;
    if (authorization.len) return AUTH_SCHEME_UNKNOWN;
    if (!str_contains(request->query, STR("X-Amz-")) && !str_contains(request->query, STR("AWSAccessKeyId"))) return AUTH_MISSING;
    Str algorithm = parameter(request, "X-Amz-Algorithm");
    if (str_is(algorithm, ALGORITHM)) return read_query(request, out);
    if (str_is(algorithm, "AWS4-ECDSA-P256-SHA256")) return AUTH_VERSION_4A;
    if (parameter(request, "AWSAccessKeyId").at || parameter(request, "Signature").at) {
        out->scheme = SIGNATURE_QUERY_V2;
        return AUTH_VERSION_2;
    }
    if (!parameter(request, "X-Amz-Credential").at) return AUTH_MISSING;
    out->scheme = SIGNATURE_QUERY;
    return AUTH_INCOMPLETE;
}

AuthFault signature_check_time(const Signature *signature, AuthClocks clocks) {
    int64_t by_wall = clocks.wall_ms - signature->signed_at_ms, by_plane = clocks.plane_ms - signature->signed_at_ms;
    int64_t age = llabs(by_plane) < llabs(by_wall) ? by_plane : by_wall;
    if (age < -SKEW_MS) return AUTH_TOO_NEW;
    if (signature->scheme == SIGNATURE_QUERY && signature->expires_s) return age > signature->expires_s * 1000 ? AUTH_PRESIGNED_EXPIRED : AUTH_OK;
    return age > SKEW_MS ? AUTH_TOO_OLD : AUTH_OK;
}

bool signature_misses(const Signature *signature, Str header) {
    if (header.len < 6 || !str_eq_nocase(str_sub(header, 0, 6), STR("x-amz-")) || str_eq_nocase(header, STR("x-amz-content-sha256"))) return false;
    return !is_signed_name(signature->signed_headers, header);
}

// S3 wants every x-amz-* header of a request under its signature.
static bool signs_all_amz_headers(const Signature *signature, const HttpRequest *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (signature_misses(signature, request->headers[i].name)) return false;
    }
    return true;
}

// What stands for the body in the canonical request: what the client says it is, else its hash.
static AuthFault payload_text(const Signature *signature, const HttpRequest *request, char room[SHA256_HEX], Str *out) {
    bool inline_body = request->body.path.at == NULL;
    if (signature->payload == PAYLOAD_HASHED && inline_body) {
        if (request->body.bytes.len) sha256_hex(request->body.bytes, room);
        Str actual = request->body.bytes.len ? (Str){room, SHA256_HEX} : EMPTY_SHA256;
        if (signature->payload_hash.at && !str_eq_nocase(signature->payload_hash, actual)) return AUTH_BODY_MISMATCH;
        if (!signature->payload_hash.at) {
            *out = actual;
            return AUTH_OK;
        }
    }
    *out = signature->payload_hash.at ? signature->payload_hash : STR("UNSIGNED-PAYLOAD");
    return AUTH_OK;
}

// "AWS4-HMAC-SHA256\nTIME\nSCOPE\nHASH" into a room that holds it; its length.
static size_t string_to_sign(const Signature *signature, Str canonical, char *room, size_t size) {
    char hash[SHA256_HEX];
    sha256_hex(canonical, hash);
    Str timestamp = signature_timestamp(signature);
    const Str parts[] = {STR(ALGORITHM "\n"), timestamp, STR("\n"),          signature->date,        STR("/"),
                         signature->region,   STR("/"),  signature->service, STR("/aws4_request\n"), {hash, SHA256_HEX}};
    size_t at = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (at + parts[i].len > size) return 0;
        memcpy(room + at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
    return at;
}

static bool canonical_of(const Signature *signature, const HttpRequest *request, Str payload, Buf *canonical) {
    CanonicalParts parts = {.signed_headers = signature->signed_headers,
                            .payload_hash = payload,
                            .s3 = str_is(signature->service, "s3"),
                            .without_signature = signature->scheme == SIGNATURE_QUERY};
    return canonical_request(request, parts, canonical);
}

bool signature_texts(const Signature *signature, const HttpRequest *request, Str *canonical, Str *to_sign) {
    AUTO_BUF buf;
    char room[SHA256_HEX], text[1024];
    Str payload;
    buf_init(&buf, CANONICAL_MAX_BYTES);
    if (payload_text(signature, request, room, &payload) != AUTH_OK) payload = signature->payload_hash;
    if (!canonical_of(signature, request, payload, &buf)) return false;
    size_t length = string_to_sign(signature, buf_str(&buf), text, sizeof text);
    if (!length) return false;
    *canonical = str_copy(request->arena, buf_str(&buf));
    *to_sign = str_copy(request->arena, (Str){text, length});
    return true;
}

static AuthFault compute(const Signature *signature, const HttpRequest *request, Str payload, Str secret, char out[SIGNATURE_HEX]) {
    AUTO_BUF canonical;
    buf_init(&canonical, CANONICAL_MAX_BYTES);
    buf_reserve(&canonical, CANONICAL_START_BYTES);
    if (!canonical_of(signature, request, payload, &canonical)) return AUTH_MISMATCH;
    char text[1024];
    size_t length = string_to_sign(signature, buf_str(&canonical), text, sizeof text);
    if (!length) return AUTH_MISMATCH;
    uint8_t mac[SHA256_BYTES];
    scope_hmac((KeyScope){secret, signature->date, signature->region, signature->service}, (Str){text, length}, mac);
    hex_of(mac, sizeof mac, out);
    return AUTH_OK;
}

static AuthFault verify_payload(const Signature *signature, const HttpRequest *request, Str payload, Str secret, AuthClocks clocks) {
    char computed[SIGNATURE_HEX];
    AuthFault fault = signature_check_time(signature, clocks);
    if (fault) return fault;
    if (!str_eq(str_sub(signature_timestamp(signature), 0, 8), signature->date)) return AUTH_MISMATCH;
    if (!is_signed_name(signature->signed_headers, STR("host"))) return AUTH_MISMATCH;
    fault = compute(signature, request, payload, secret, computed);
    if (fault) return fault;
    if (!bytes_equal_in_constant_time((Str){computed, SIGNATURE_HEX}, signature->signature)) return AUTH_MISMATCH;
    bool s3 = str_is(signature->service, "s3");
    return s3 && !signs_all_amz_headers(signature, request) ? AUTH_HEADERS_NOT_SIGNED : AUTH_OK;
}

AuthFault signature_verify(const Signature *signature, const HttpRequest *request, Str secret, AuthClocks clocks) {
    char room[SHA256_HEX];
    Str payload;
    AuthFault body = payload_text(signature, request, room, &payload);
    AuthFault fault = verify_payload(signature, request, body ? signature->payload_hash : payload, secret, clocks);
    return fault ? fault : body;
}

AuthFault signature_verify_head(const Signature *signature, const HttpRequest *request, Str secret, AuthClocks clocks) {
    if (!signature->payload_hash.at) return AUTH_PAYLOAD_HASH_MISSING;
    return verify_payload(signature, request, signature->payload_hash, secret, clocks);
}

bool signature_body_matches(const Signature *signature, Str sha256_hex_digits) {
    if (signature->payload != PAYLOAD_HASHED || !signature->payload_hash.at) return true;
    return str_eq_nocase(signature->payload_hash, sha256_hex_digits);
}

SigningKey signing_key(Str secret, Str date, Str region, Str service) {
    SigningKey key;
    scope_key((KeyScope){secret, date, region, service}, key.bytes);
    return key;
}

void signing_key_sign(const SigningKey *key, Str text, char out[SIGNATURE_HEX]) {
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(digest_str(key->bytes, SIGNING_KEY_BYTES), text, mac);
    hex_of(mac, sizeof mac, out);
}

// Computes the signature of a request of our own; sign.c puts it in.
void signature_compute(const Signature *signature, const HttpRequest *request, Str payload, Str secret, char out[SIGNATURE_HEX]) {
    if (compute(signature, request, payload, secret, out) != AUTH_OK) abort();
}
