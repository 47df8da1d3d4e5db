#include "identity/aws_chunked.h"

#include "identity/signing_keys.h"

#include <stdio.h>
#include <stdlib.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

void aws_chunked_init(AwsChunked *parser, Arena *arena, const Signature *signature, const SigningKey *key) {
    *parser = (AwsChunked){.arena = arena, .signature = signature};
    digest_init(&parser->digest, DIGEST_SHA256);
    buf_init(&parser->line, AWS_CHUNKED_LINE_MAX);
    buf_init(&parser->trailer_text, AWS_CHUNKED_LINE_MAX);
    if (key) parser->key = *key;
    parser->checks = key && signature->signature.len == SIGNATURE_HEX;
    if (parser->checks) memcpy(parser->previous, signature->signature.at, SIGNATURE_HEX);
}

void aws_chunked_done(AwsChunked *parser) {
    digest_done(&parser->digest);
    buf_done(&parser->line);
    buf_done(&parser->trailer_text);
}

static bool is_signed(const AwsChunked *parser) { return parser->signature->payload != PAYLOAD_CHUNKS_UNSIGNED_TRAILER; }
static bool has_trailer(const AwsChunked *parser) { return parser->signature->payload != PAYLOAD_CHUNKS_SIGNED; }

static AwsChunkedResult end(AwsChunked *parser, AwsChunkedResult verdict) {
    parser->state = verdict == AWS_CHUNKED_DONE ? CHUNKED_OVER : CHUNKED_BROKEN;
    return parser->verdict = verdict;
}

// Collects a line over calls; true when it is whole (without its \r\n), to be cleared by the caller.
static bool take_line(AwsChunked *parser, Str *input, Str *line, bool *broken) {
    ptrdiff_t at = str_find_char(*input, '\n');
    Str part = at < 0 ? *input : str_sub(*input, 0, (size_t)at);
    buf_add(&parser->line, part);
    *input = at < 0 ? str_sub(*input, 0, 0) : str_from(*input, (size_t)at + 1);
    *broken = parser->line.overflow;
    if (at < 0 || *broken) return false;
    *line = str_strip_suffix(buf_str(&parser->line), STR("\r"));
    return true;
}

static bool parse_size(Str text, uint64_t *out) {
    if (!text.len || text.len > 15) return false;
    uint64_t size = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a') + 10 : 16;
        if (digit == 16) return false;
        size = size << 4 | digit;
    }
    *out = size;
    return true;
}

static bool begin_chunk(AwsChunked *parser, Str line) {
    Str extension = line, size = str_trim(str_cut(&extension, ';'));
    if (!parse_size(size, &parser->left)) return false;
    parser->last = parser->left == 0;
    if (!is_signed(parser)) return true;
    Str name = str_trim(str_cut(&extension, '='));
    extension = str_trim(extension);
    if (!str_is(name, "chunk-signature") || extension.len != SIGNATURE_HEX) return false;
    memcpy(parser->claimed, extension.at, SIGNATURE_HEX);
    return true;
}

// Signs "ALGORITHM\nTIME\nSCOPE\nPREVIOUS\nTAIL"; compares with what the client claims and makes that the previous one.
static bool check(AwsChunked *parser, const char *algorithm, const char *tail, Str claimed) {
    if (!parser->checks) return true;
    const Signature *signature = parser->signature;
    Str timestamp = signature->timestamp.at ? signature->timestamp : (Str){signature->timestamp_room, 16};
    char text[1024], computed[SIGNATURE_HEX];
    int length = snprintf(text, sizeof text, "%s\n%.*s\n%.*s/%.*s/%.*s/aws4_request\n%.*s\n%s", algorithm, STR_ARG(timestamp),
                          STR_ARG(signature->date), STR_ARG(signature->region), STR_ARG(signature->service), SIGNATURE_HEX, parser->previous, tail);
    if (length < 0 || (size_t)length >= sizeof text) return false;
    signing_key_sign(&parser->key, (Str){text, (size_t)length}, computed);
    memcpy(parser->previous, computed, SIGNATURE_HEX);
    return bytes_equal_in_constant_time((Str){computed, SIGNATURE_HEX}, claimed);
}

static bool check_chunk(AwsChunked *parser) {
    if (!is_signed(parser) || !parser->checks) return true;
    char tail[] = EMPTY_SHA256 "\n0123456789012345678901234567890123456789012345678901234567890123";
    uint8_t hash[SHA256_BYTES];
    digest_final(&parser->digest, hash);
    hex_of(hash, sizeof hash, tail + SHA256_HEX + 1);
    return check(parser, "AWS4-HMAC-SHA256-PAYLOAD", tail, (Str){parser->claimed, SIGNATURE_HEX});
}

static AwsChunkedResult end_trailers(AwsChunked *parser, Str claimed) {
    if (parser->signature->payload != PAYLOAD_CHUNKS_SIGNED_TRAILER) return end(parser, AWS_CHUNKED_DONE);
    char hash[SHA256_HEX + 1] = "";
    sha256_hex(buf_str(&parser->trailer_text), hash);
    bool right = claimed.len == SIGNATURE_HEX && check(parser, "AWS4-HMAC-SHA256-TRAILER", hash, claimed);
    return end(parser, right ? AWS_CHUNKED_DONE : AWS_CHUNKED_BAD_SIGNATURE);
}

// The trailer's own signature is the last of the trailers and does not cover itself.
static Str take_trailer_signature(AwsChunked *parser) {
    for (size_t i = 0; i < parser->trailer_count; i++) {
        if (str_is(parser->trailers[i].name, "x-amz-trailer-signature")) return parser->trailers[i].value;
    }
    return STR_NONE;
}

static AwsChunkedResult on_trailer(AwsChunked *parser, Str line) {
    if (!line.len) return end_trailers(parser, take_trailer_signature(parser));
    Str value = line, name = str_lower(parser->arena, str_trim(str_cut(&value, ':')));
    if (!value.at || parser->trailer_count == AWS_CHUNKED_TRAILERS_MAX) return end(parser, AWS_CHUNKED_BAD_TRAILER);
    value = str_copy(parser->arena, str_trim(value));
    parser->trailers[parser->trailer_count++] = (HttpHeader){name, value};
    if (!str_is(name, "x-amz-trailer-signature")) buf_addf(&parser->trailer_text, "%.*s:%.*s\n", STR_ARG(name), STR_ARG(value));
    return AWS_CHUNKED_MORE;
}

static AwsChunkedResult on_line(AwsChunked *parser, Str line) {
    switch (parser->state) {
    case CHUNKED_SIZE_LINE:
        if (!begin_chunk(parser, line)) return end(parser, AWS_CHUNKED_BAD_FRAMING);
        parser->state = parser->last ? CHUNKED_TRAILERS : CHUNKED_BYTES;
        if (parser->last && !check_chunk(parser)) return end(parser, AWS_CHUNKED_BAD_SIGNATURE);
        return AWS_CHUNKED_MORE;
    case CHUNKED_BYTES_END:
        if (line.len) return end(parser, AWS_CHUNKED_BAD_FRAMING);
        parser->state = CHUNKED_SIZE_LINE;
        return AWS_CHUNKED_MORE;
    case CHUNKED_TRAILERS:
        if (line.len && !has_trailer(parser)) return end(parser, AWS_CHUNKED_BAD_FRAMING);
        return on_trailer(parser, line);
    default: abort();
    }
}

static AwsChunkedResult take_bytes(AwsChunked *parser, Str *input, Str *payload) {
    size_t count = input->len < parser->left ? input->len : (size_t)parser->left;
    *payload = str_sub(*input, 0, count);
    *input = str_from(*input, count);
    parser->left -= count;
    parser->payload_bytes += (int64_t)count;
    if (is_signed(parser) && parser->checks) digest_update(&parser->digest, *payload);
    if (parser->left) return AWS_CHUNKED_DATA;
    if (!check_chunk(parser)) return end(parser, AWS_CHUNKED_BAD_SIGNATURE);
    parser->state = CHUNKED_BYTES_END;
    return AWS_CHUNKED_DATA;
}

AwsChunkedResult aws_chunked_next(AwsChunked *parser, Str *input, Str *payload) {
    while (parser->state != CHUNKED_OVER && parser->state != CHUNKED_BROKEN) {
        if (!input->len) return AWS_CHUNKED_MORE;
        if (parser->state == CHUNKED_BYTES) return take_bytes(parser, input, payload);
        Str line;
        bool broken;
        if (!take_line(parser, input, &line, &broken)) return broken ? end(parser, AWS_CHUNKED_BAD_FRAMING) : AWS_CHUNKED_MORE;
        on_line(parser, line);
        buf_clear(&parser->line);
    }
    return parser->verdict;
}

AwsChunkedResult aws_chunked_in_place(AwsChunked *parser, char *bytes, size_t *len) {
    Str input = {bytes, *len}, payload = STR("");
    AwsChunkedResult result;
    char *to = bytes;
    while ((result = aws_chunked_next(parser, &input, &payload)) == AWS_CHUNKED_DATA) {
        memmove(to, payload.at, payload.len);
        to += payload.len;
    }
    *len = (size_t)(to - bytes);
    return result;
}
