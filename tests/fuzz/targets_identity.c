#include "formats/json.h"
#include "identity/aws_chunked.h"
#include "identity/canonical.h"
#include "identity/git_credentials.h"
#include "identity/policy.h"
#include "targets.h"

enum { SIGNED_AT_S = 1369353600 }; // the moment of AWS's own examples, 20130524T000000Z
static const AuthClocks CLOCKS = {SIGNED_AT_S * 1000LL, SIGNED_AT_S * 1000LL};

// A request with an Authorization header or a presigned query. Nobody here knows the secret: nothing may pass.
void fuzz_signed_request(Arena *arena, Str input) {
    HttpRequest request = fuzz_request(arena, input);
    Signature signature;
    if (signature_read(&request, &signature) != AUTH_OK) return;
    Error e;
    AuthFault fault = signature_verify(&signature, &request, STR("a secret that nobody knows"), CLOCKS);
    assert(fault != AUTH_OK);
    for (int dialect = AUTH_DIALECT_S3; dialect <= AUTH_DIALECT_REST_JSON; dialect++) auth_fail(fault, (AuthDialect)dialect, &signature, CLOCKS, &e);
}

static AwsChunkedResult take(Arena *arena, const Signature *signature, Str body, size_t piece, Buf *out) {
    static const SigningKey key = {{1}};
    AwsChunked parser;
    aws_chunked_init(&parser, arena, signature, signature->payload == PAYLOAD_CHUNKS_UNSIGNED_TRAILER ? NULL : &key);
    AwsChunkedResult result = AWS_CHUNKED_MORE;
    char *bytes = arena_copy(arena, body.at, body.len);
    for (size_t at = 0; at < body.len && result == AWS_CHUNKED_MORE; at += piece) {
        size_t len = body.len - at < piece ? body.len - at : piece;
        result = aws_chunked_in_place(&parser, bytes + at, &len);
        buf_add(out, (Str){bytes + at, len});
    }
    aws_chunked_done(&parser);
    return result;
}

// A letter for the kind, then the body. In whatever pieces it comes: the same.
void fuzz_aws_chunked(Arena *arena, Str input) {
    static const PayloadSigning kinds[] = {PAYLOAD_CHUNKS_UNSIGNED_TRAILER, PAYLOAD_CHUNKS_SIGNED, PAYLOAD_CHUNKS_SIGNED_TRAILER};
    if (!input.len) return;
    Signature signature = {.payload = kinds[(unsigned char)input.at[0] % 3],
                           .timestamp = STR("20130524T000000Z"),
                           .date = STR("20130524"),
                           .region = STR("us-east-1"),
                           .service = STR("s3"),
                           .signature = STR("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")};
    Str body = str_from(input, 1);
    AUTO_BUF whole;
    AUTO_BUF pieces;
    buf_init(&whole, input.len + 1);
    buf_init(&pieces, input.len + 1);
    AwsChunkedResult at_once = take(arena, &signature, body, body.len + 1, &whole), in_pieces = take(arena, &signature, body, 3, &pieces);
    assert(at_once == in_pieces);
    if (at_once <= AWS_CHUNKED_DONE) assert(str_eq(buf_str(&whole), buf_str(&pieces)));
}

static const Doc *context_of(Arena *arena) {
    Doc *context = NULL;
    bool read = json_parse(arena,
                           STR("{\"aws:SourceIp\":\"10.1.2.3\",\"aws:TagKeys\":[\"a\",\"b\"],\"aws:SecureTransport\":false,\"s3:prefix\":\"home/\","
                               "\"aws:MultiFactorAuthAge\":5,\"aws:RequestTag/Team\":\"x\"}"),
                           &context, NULL);
    assert(read);
    return context;
}

void fuzz_policy(Arena *arena, Str input) {
    Principal nobody = principal_anonymous(), root = principal_root(arena, STR("000000000000"));
    PolicyQuestion question = {.arena = arena,
                               .action = STR("s3:GetObject"),
                               .resource = STR("arn:aws:s3:::bucket/home/key"),
                               .keys = &(ConditionKeys){.map = context_of(arena)},
                               .now_ms = CLOCKS.plane_ms};
    for (int kind = POLICY_IDENTITY; kind <= POLICY_RESOURCE; kind++) {
        const Policy *policy;
        if (!policy_parse(arena, input, (PolicyKind)kind, &policy, NULL)) continue;
        PolicyAnswer answer = {0};
        question.principal = &nobody;
        policy_ask(policy, &question, &answer);
        question.principal = &root;
        policy_ask(policy, &question, &answer);
    }
}

// The value of an Authorization header.
void fuzz_git_credentials(Arena *arena, Str input) {
    Str user, password;
    Signature signature;
    if (!git_credentials_from_header(arena, input, &user, &password)) return;
    if (git_credentials_read(user, password, &signature) != AUTH_OK) return;
    AuthFault fault = git_credentials_verify(arena, &signature, STR("a secret that nobody knows"), STR("us-east-1"), STR("127.0.0.1:4566"),
                                             STR("/v1/repos/app"), CLOCKS);
    assert(fault != AUTH_OK);
}
