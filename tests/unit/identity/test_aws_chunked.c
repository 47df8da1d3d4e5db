// The chunked uploads of the S3 API reference: 65 KiB of 'a' in chunks of 64 KiB, signed, with and without a trailer.
#include "identity/aws_chunked.h"
#include "unit.h"

#define SECRET STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

enum { PAYLOAD_BYTES = 66560 };

static Signature signature_of(PayloadSigning payload, const char *seed) {
    return (Signature){.scheme = SIGNATURE_HEADER,
                       .date = STR("20130524"),
                       .region = STR("us-east-1"),
                       .service = STR("s3"),
                       .timestamp = STR("20130524T000000Z"),
                       .signature = str_of(seed),
                       .payload = payload};
}

// The body as a client sends it; '@' stands for a chunk's 'a's.
static Str body_of_text(Arena *arena, const char *template) {
    char *a = arena_alloc(arena, 65536);
    memset(a, 'a', 65536);
    Str rest = str_of(template), body = str_cut(&rest, '@');
    for (size_t size = 65536; rest.at; size = 1024) {
        body = str_cat(arena, body, (Str){a, size});
        body = str_cat(arena, body, str_cut(&rest, '@'));
    }
    return body;
}

#define SIGNED_BODY                                                                                   \
    "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n@\r\n" \
    "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n@\r\n"   \
    "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
#define SIGNED_SEED "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
#define TRAILER_BODY                                                                                  \
    "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n@\r\n" \
    "400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n@\r\n"   \
    "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"          \
    "x-amz-checksum-crc32c:sOO8/Q==\r\n"                                                              \
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
#define TRAILER_SEED "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"

typedef struct Outcome {
    AwsChunkedResult result;
    int64_t payload_bytes;
    size_t trailers;
    Str first_trailer;
} Outcome;

// Feeds the body in pieces of `step` bytes.
static Outcome parse(Arena *arena, PayloadSigning payload, const char *seed, Str body, size_t step, bool knows_key) {
    Signature signature = signature_of(payload, seed);
    SigningKey key = signing_key(SECRET, signature.date, signature.region, signature.service);
    AwsChunked parser;
    aws_chunked_init(&parser, arena, &signature, knows_key ? &key : NULL);
    AwsChunkedResult result = AWS_CHUNKED_MORE;
    for (size_t at = 0; at < body.len && result == AWS_CHUNKED_MORE; at += step) {
        Str input = str_sub(body, at, at + step), bytes;
        while ((result = aws_chunked_next(&parser, &input, &bytes)) == AWS_CHUNKED_DATA)
            for (size_t i = 0; i < bytes.len; i++) assert_int_equal(bytes.at[i], 'a');
    }
    Outcome outcome = {result, parser.payload_bytes, parser.trailer_count, parser.trailer_count ? parser.trailers[0].value : STR_NONE};
    aws_chunked_done(&parser);
    return outcome;
}

static void the_signed_upload_of_the_reference_verifies_however_it_is_cut(void **state) {
    static const size_t steps[] = {1, 7, 4096, 100000};
    for (size_t i = 0; i < 4; i++) {
        AUTO_ARENA arena = arena_new();
        Outcome outcome = parse(arena, PAYLOAD_CHUNKS_SIGNED, SIGNED_SEED, body_of_text(arena, SIGNED_BODY), steps[i], true);
        assert_int_equal(outcome.result, AWS_CHUNKED_DONE);
        assert_int_equal(outcome.payload_bytes, PAYLOAD_BYTES);
    }
}

static void the_upload_with_a_trailer_verifies_and_hands_the_trailer_out(void **state) {
    AUTO_ARENA arena = arena_new();
    Outcome outcome = parse(arena, PAYLOAD_CHUNKS_SIGNED_TRAILER, TRAILER_SEED, body_of_text(arena, TRAILER_BODY), 1000, true);
    assert_int_equal(outcome.result, AWS_CHUNKED_DONE);
    assert_int_equal(outcome.trailers, 2);
    assert_true(str_is(outcome.first_trailer, "sOO8/Q=="));
}

static void a_changed_trailer_is_noticed(void **state) {
    AUTO_ARENA arena = arena_new();
    Str body = str_replace(arena, body_of_text(arena, TRAILER_BODY), STR("sOO8"), STR("sOO9"));
    assert_int_equal(parse(arena, PAYLOAD_CHUNKS_SIGNED_TRAILER, TRAILER_SEED, body, 1000, true).result, AWS_CHUNKED_BAD_SIGNATURE);
}

static void a_changed_chunk_signature_is_noticed(void **state) {
    AUTO_ARENA arena = arena_new();
    Str body = str_replace(arena, body_of_text(arena, SIGNED_BODY), STR("0055627c"), STR("1055627c"));
    assert_int_equal(parse(arena, PAYLOAD_CHUNKS_SIGNED, SIGNED_SEED, body, 1000, true).result, AWS_CHUNKED_BAD_SIGNATURE);
}

static void without_the_key_signatures_are_read_but_not_checked(void **state) {
    AUTO_ARENA arena = arena_new();
    Str body = str_replace(arena, body_of_text(arena, SIGNED_BODY), STR("0055627c"), STR("1055627c"));
    assert_int_equal(parse(arena, PAYLOAD_CHUNKS_SIGNED, SIGNED_SEED, body, 1000, false).result, AWS_CHUNKED_DONE);
}

static void an_unsigned_body_with_a_trailer_is_unframed(void **state) {
    AUTO_ARENA arena = arena_new();
    Outcome outcome =
        parse(arena, PAYLOAD_CHUNKS_UNSIGNED_TRAILER, SIGNED_SEED, STR("3\r\naaa\r\n2\r\naa\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), 1, true);
    assert_int_equal(outcome.result, AWS_CHUNKED_DONE);
    assert_int_equal(outcome.payload_bytes, 5);
    assert_true(str_is(outcome.first_trailer, "AAAAAA=="));
}

static void broken_framing_is_refused(void **state) {
    static const char *bodies[] = {"xyz\r\n", "3\r\naaaa\r\n", "\r\n", "fffffffffffffffffff\r\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        AUTO_ARENA arena = arena_new();
        assert_int_equal(parse(arena, PAYLOAD_CHUNKS_UNSIGNED_TRAILER, SIGNED_SEED, str_of(bodies[i]), 3, true).result, AWS_CHUNKED_BAD_FRAMING);
    }
}

static void a_trailer_that_is_no_header_is_told_apart(void **state) {
    AUTO_ARENA arena = arena_new();
    Str body = STR("0\r\nno colon\r\n\r\n");
    assert_int_equal(parse(arena, PAYLOAD_CHUNKS_UNSIGNED_TRAILER, SIGNED_SEED, body, 3, true).result, AWS_CHUNKED_BAD_TRAILER);
}

static void a_signed_kind_wants_signatures(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_int_equal(parse(arena, PAYLOAD_CHUNKS_SIGNED, SIGNED_SEED, STR("3\r\naaa\r\n"), 100, true).result, AWS_CHUNKED_BAD_FRAMING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signed_upload_of_the_reference_verifies_however_it_is_cut),
        cmocka_unit_test(the_upload_with_a_trailer_verifies_and_hands_the_trailer_out),
        cmocka_unit_test(a_changed_trailer_is_noticed),
        cmocka_unit_test(a_changed_chunk_signature_is_noticed),
        cmocka_unit_test(without_the_key_signatures_are_read_but_not_checked),
        cmocka_unit_test(an_unsigned_body_with_a_trailer_is_unframed),
        cmocka_unit_test(broken_framing_is_refused),
        cmocka_unit_test(a_trailer_that_is_no_header_is_told_apart),
        cmocka_unit_test(a_signed_kind_wants_signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
