// Input that nobody honest sends: valid texts with bytes changed, cut out and doubled, seeded. What matters is that each is read to an answer, under sanitizers.
#include "base/ids.h"
#include "identity/aws_chunked.h"
#include "identity/git_credentials.h"
#include "identity/policy.h"
#include "unit.h"

enum { ROUNDS = 3000, TEXT_MAX = 2048 };

static size_t below(IdSource *ids, size_t limit) { return limit ? id_u64(ids) % limit : 0; }

// A copy of the text with a few of its bytes changed, removed or repeated.
static Str mutated(IdSource *ids, Arena *arena, Str text) {
    char *room = arena_alloc(arena, TEXT_MAX);
    size_t len = text.len;
    memcpy(room, text.at, len);
    for (size_t i = 1 + below(ids, 4); i > 0; i--) {
        size_t at = below(ids, len);
        switch (below(ids, 3)) {
        case 0: room[at] = (char)id_u64(ids); break;
        case 1: len = at; break;
        default:
            if (len < TEXT_MAX - 1) memmove(room + at + 1, room + at, len++ - at);
        }
    }
    return (Str){room, len};
}

static void authorization_headers(void **state) {
    IdSource ids;
    id_source_seed(&ids, 1, 1);
    for (int i = 0; i < ROUNDS; i++) {
        AUTO_ARENA arena = arena_new();
        HttpHeader headers[] = {
            {STR("Host"), STR("h")},
            {STR("X-Amz-Date"), mutated(&ids, arena, STR("20130524T000000Z"))},
            {STR("Authorization"), mutated(&ids, arena,
                                           STR("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                                               "SignedHeaders=host;x-amz-date, Signature=00ff"))}};
        HttpRequest request = {.arena = arena,
                               .method = STR("GET"),
                               .path = mutated(&ids, arena, STR("/a/../%2f/b")),
                               .query = mutated(&ids, arena, STR("a=b&c=%zz&d=+")),
                               .headers = headers,
                               .header_count = 3};
        Signature signature;
        if (signature_read(&request, &signature) == AUTH_OK) {
            assert_int_not_equal(signature_verify(&signature, &request, STR("secret"), (AuthClocks){1369353600000, 1369353600000}), AUTH_OK);
        }
    }
}

static void presigned_queries(void **state) {
    IdSource ids;
    id_source_seed(&ids, 2, 1);
    for (int i = 0; i < ROUNDS; i++) {
        AUTO_ARENA arena = arena_new();
        Str query = mutated(
            &ids, arena,
            STR("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
                "X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00ff"));
        HttpRequest request = {.arena = arena, .method = STR("GET"), .path = STR("/"), .query = query};
        Signature signature;
        if (signature_read(&request, &signature) == AUTH_OK) {
            assert_int_not_equal(signature_verify(&signature, &request, STR("secret"), (AuthClocks){1369353600000, 1369353600000}), AUTH_OK);
        }
    }
}

static void chunked_bodies(void **state) {
    IdSource ids;
    id_source_seed(&ids, 3, 1);
    for (int i = 0; i < ROUNDS; i++) {
        AUTO_ARENA arena = arena_new();
        Str body = mutated(&ids, arena, STR("5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"));
        Signature signature = {.payload = PAYLOAD_CHUNKS_UNSIGNED_TRAILER};
        AwsChunked parser;
        aws_chunked_init(&parser, arena, &signature, NULL);
        size_t len = body.len;
        char *bytes = arena_copy(arena, body.at, len ? len : 1);
        aws_chunked_in_place(&parser, bytes, &len);
        assert_true(len <= body.len);
        aws_chunked_done(&parser);
    }
}

static void policies(void **state) {
    IdSource ids;
    id_source_seed(&ids, 4, 1);
    static const char text[] =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:Get*\"],\"Resource\":\"arn:aws:s3:::${aws:username}/*\","
        "\"Condition\":{\"ForAnyValue:StringLike\":{\"aws:TagKeys\":[\"a*\"]},\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}}}]}";
    Principal nobody = principal_anonymous();
    for (int i = 0; i < ROUNDS; i++) {
        AUTO_ARENA arena = arena_new();
        const Policy *policy;
        Error e;
        if (!policy_parse(arena, mutated(&ids, arena, str_of(text)), POLICY_IDENTITY, &policy, &e)) continue;
        PolicyQuestion question = {.arena = arena, .action = STR("s3:GetObject"), .resource = STR("arn:aws:s3:::b/k"), .principal = &nobody};
        PolicyAnswer answer = {0};
        policy_ask(policy, &question, &answer);
    }
}

static void git_passwords(void **state) {
    IdSource ids;
    id_source_seed(&ids, 5, 1);
    for (int i = 0; i < ROUNDS; i++) {
        AUTO_ARENA arena = arena_new();
        Str user, password;
        Signature signature;
        if (!git_credentials_from_header(arena, mutated(&ids, arena, STR("Basic QUtJQTpwYXNzd29yZA==")), &user, &password)) continue;
        git_credentials_read(mutated(&ids, arena, STR("AKIA%token")), mutated(&ids, arena, STR("20130524T000000Z00ff")), &signature);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorization_headers), cmocka_unit_test(presigned_queries), cmocka_unit_test(chunked_bodies), cmocka_unit_test(policies),
        cmocka_unit_test(git_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
