// Signature Version 4 against the examples that AWS publishes: the S3 API reference ("Signature calculations …", key AKIAIOSFODNN7EXAMPLE)
// and the SigV4 test suite (key AKIDEXAMPLE).
#include "identity/sigv4.h"
#include "unit.h"

#include <stdio.h>

#define S3_SECRET STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
#define SUITE_SECRET STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define MAY_2013 1369353600000
#define AUGUST_2015 1440938160000 // 20150830T123600Z

enum { HEADERS_MAX = 12 };

typedef struct Example {
    const char *name;
    const char *method, *path, *query, *body;
    HttpHeader headers[HEADERS_MAX];
    const char *scope; // region/service
    const char *signed_headers, *signature;
} Example;

#define H(name, value) \
    { STR_INIT(name), STR_INIT(value) }
#define S3_HOST H("Host", "examplebucket.s3.amazonaws.com")
#define S3_DATE H("x-amz-date", "20130524T000000Z")
#define SUITE_HOST H("Host", "example.amazonaws.com")
#define SUITE_DATE H("X-Amz-Date", "20150830T123600Z")

static const Example s3_examples[] = {
    {"GET Object",
     "GET",
     "/test.txt",
     NULL,
     "",
     {S3_HOST, H("Range", "bytes=0-9"), H("x-amz-content-sha256", EMPTY), S3_DATE},
     "us-east-1/s3",
     "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT Object",
     "PUT",
     "/test$file.text",
     NULL,
     "Welcome to Amazon S3.",
     {S3_HOST, H("Date", "Fri, 24 May 2013 00:00:00 GMT"), S3_DATE, H("x-amz-storage-class", "REDUCED_REDUNDANCY"),
      H("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")},
     "us-east-1/s3",
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"PUT Object, path already encoded",
     "PUT",
     "/test%24file.text",
     NULL,
     "Welcome to Amazon S3.",
     {S3_HOST, H("Date", "Fri, 24 May 2013 00:00:00 GMT"), S3_DATE, H("x-amz-storage-class", "REDUCED_REDUNDANCY"),
      H("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")},
     "us-east-1/s3",
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET Bucket Lifecycle",
     "GET",
     "/",
     "lifecycle",
     "",
     {S3_HOST, S3_DATE, H("x-amz-content-sha256", EMPTY)},
     "us-east-1/s3",
     "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"List Objects",
     "GET",
     "/",
     "max-keys=2&prefix=J",
     "",
     {S3_HOST, S3_DATE, H("x-amz-content-sha256", EMPTY)},
     "us-east-1/s3",
     "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static const Example suite_examples[] = {
    {"get-vanilla",
     "GET",
     "/",
     NULL,
     "",
     {SUITE_HOST, SUITE_DATE},
     "us-east-1/service",
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     "Param2=value2&Param1=value1",
     "",
     {SUITE_HOST, SUITE_DATE},
     "us-east-1/service",
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-header-value-trim",
     "GET",
     "/",
     NULL,
     "",
     {SUITE_HOST, H("My-Header1", " value1"), H("My-Header2", " \"a   b   c\""), SUITE_DATE},
     "us-east-1/service",
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-header-value-order",
     "GET",
     "/",
     NULL,
     "",
     {SUITE_HOST, H("My-Header1", "value4"), H("My-Header1", "value1"), H("My-Header1", "value3"), H("My-Header1", "value2"), SUITE_DATE},
     "us-east-1/service",
     "host;my-header1;x-amz-date",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-slash-dot-slash",
     "GET",
     "/./",
     NULL,
     "",
     {SUITE_HOST, SUITE_DATE},
     "us-east-1/service",
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slashes",
     "GET",
     "//example//",
     NULL,
     "",
     {SUITE_HOST, SUITE_DATE},
     "us-east-1/service",
     "host;x-amz-date",
     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"get-relative-relative",
     "GET",
     "/example1/example2/../..",
     NULL,
     "",
     {SUITE_HOST, SUITE_DATE},
     "us-east-1/service",
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-utf8",
     "GET",
     "/\xe1\x88\xb4",
     NULL,
     "",
     {SUITE_HOST, SUITE_DATE},
     "us-east-1/service",
     "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"post-vanilla",
     "POST",
     "/",
     NULL,
     "",
     {SUITE_HOST, SUITE_DATE},
     "us-east-1/service",
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     NULL,
     "Param1=value1",
     {SUITE_HOST, H("Content-Type", "application/x-www-form-urlencoded"), SUITE_DATE},
     "us-east-1/service",
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"ListUsers of the IAM guide",
     "GET",
     "/",
     "Action=ListUsers&Version=2010-05-08",
     "",
     {H("Host", "iam.amazonaws.com"), H("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), SUITE_DATE},
     "us-east-1/iam",
     "content-type;host;x-amz-date",
     "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
};

// The example as a request, with the Authorization header in place.
static HttpRequest request_of(Arena *arena, const Example *example, const char *date, const char *key, const char *signature) {
    HttpHeader *headers = arena_array(arena, HttpHeader, HEADERS_MAX + 1);
    size_t count = 0;
    while (count < HEADERS_MAX && example->headers[count].name.at) {
        headers[count] = example->headers[count];
        count++;
    }
    headers[count++] =
        (HttpHeader){STR("Authorization"), str_format(arena, "AWS4-HMAC-SHA256 Credential=%s/%s/%s/aws4_request,SignedHeaders=%s,Signature=%s", key,
                                                      date, example->scope, example->signed_headers, signature)};
    return (HttpRequest){.arena = arena,
                         .method = str_of(example->method),
                         .path = str_of(example->path),
                         .query = str_of(example->query),
                         .headers = headers,
                         .header_count = count,
                         .body = body_of(str_of(example->body))};
}

static AuthFault verify(const HttpRequest *request, Str secret, int64_t now_ms) {
    Signature signature;
    AuthFault fault = signature_read(request, &signature);
    return fault ? fault : signature_verify(&signature, request, secret, (AuthClocks){now_ms, now_ms});
}

static void examples_of_the_s3_reference_verify(void **state) {
    for (size_t i = 0; i < sizeof s3_examples / sizeof *s3_examples; i++) {
        AUTO_ARENA arena = arena_new();
        HttpRequest request = request_of(arena, &s3_examples[i], "20130524", "AKIAIOSFODNN7EXAMPLE", s3_examples[i].signature);
        AuthFault fault = verify(&request, S3_SECRET, MAY_2013);
        if (fault) print_error("%s\n", s3_examples[i].name);
        assert_int_equal(fault, AUTH_OK);
    }
}

static void examples_of_the_test_suite_verify(void **state) {
    for (size_t i = 0; i < sizeof suite_examples / sizeof *suite_examples; i++) {
        AUTO_ARENA arena = arena_new();
        HttpRequest request = request_of(arena, &suite_examples[i], "20150830", "AKIDEXAMPLE", suite_examples[i].signature);
        AuthFault fault = verify(&request, SUITE_SECRET, AUGUST_2015);
        if (fault) print_error("%s\n", suite_examples[i].name);
        assert_int_equal(fault, AUTH_OK);
    }
}

static void a_changed_signature_does_not_match(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpRequest request =
        request_of(arena, &s3_examples[0], "20130524", "AKIAIOSFODNN7EXAMPLE", "f1e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    assert_int_equal(verify(&request, S3_SECRET, MAY_2013), AUTH_MISMATCH);
}

static void another_secret_does_not_match(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpRequest request = request_of(arena, &s3_examples[0], "20130524", "AKIAIOSFODNN7EXAMPLE", s3_examples[0].signature);
    assert_int_equal(verify(&request, SUITE_SECRET, MAY_2013), AUTH_MISMATCH);
}

static void another_body_than_signed_is_noticed(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpRequest request = request_of(arena, &s3_examples[1], "20130524", "AKIAIOSFODNN7EXAMPLE", s3_examples[1].signature);
    request.body = body_of(STR("Welcome to somebody else."));
    assert_int_equal(verify(&request, S3_SECRET, MAY_2013), AUTH_BODY_MISMATCH);
}

static void a_request_is_in_time_by_wall_or_by_plane_time(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpRequest request = request_of(arena, &s3_examples[0], "20130524", "AKIAIOSFODNN7EXAMPLE", s3_examples[0].signature);
    Signature signature;
    assert_int_equal(signature_read(&request, &signature), AUTH_OK);
    int64_t year = 365LL * 86400000;
    assert_int_equal(signature_check_time(&signature, (AuthClocks){MAY_2013 - year, MAY_2013 + 60000}), AUTH_OK);
    assert_int_equal(signature_check_time(&signature, (AuthClocks){MAY_2013 + 16 * 60000, MAY_2013 + year}), AUTH_TOO_OLD);
    assert_int_equal(signature_check_time(&signature, (AuthClocks){MAY_2013 - 16 * 60000, MAY_2013 + year}), AUTH_TOO_NEW);
}

static const HttpHeader s3_host[] = {S3_HOST};

static HttpRequest presigned(Arena *arena, const char *signature) {
    return (HttpRequest){.arena = arena,
                         .method = STR("GET"),
                         .path = STR("/test.txt"),
                         .query = str_format(arena,
                                             "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%%2F20130524%%2Fus-east-1%%2Fs3%%"
                                             "2Faws4_request&X-Amz-Date=20130524T000000Z&"
                                             "X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=%s",
                                             signature),
                         .headers = s3_host,
                         .header_count = 1,
                         .body = body_of(STR(""))};
}

static const char presigned_signature[] = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

static void a_presigned_url_verifies_until_it_expires(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpRequest request = presigned(arena, presigned_signature);
    assert_int_equal(verify(&request, S3_SECRET, MAY_2013 + 86400000), AUTH_OK);
    assert_int_equal(verify(&request, S3_SECRET, MAY_2013 + 86401000), AUTH_PRESIGNED_EXPIRED);
}

static void presigning_makes_the_url_of_the_reference(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpRequest request = {.method = STR("GET"), .path = STR("/test.txt"), .headers = s3_host, .header_count = 1};
    SigningIdentity as = {STR("AKIAIOSFODNN7EXAMPLE"), S3_SECRET, STR_NONE, STR("us-east-1"), STR("s3")};
    Str url = sigv4_presign(arena, &request, &as, MAY_2013, 86400);
    assert_true(str_ends(url, str_of(presigned_signature)));
}

static void what_we_sign_verifies(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpHeader headers[8] = {{STR("Host"), STR("127.0.0.1:4566")}, {STR("Content-Type"), STR("application/x-amz-json-1.1")}};
    HttpRequest request = {.arena = arena,
                           .method = STR("POST"),
                           .path = STR("/a b/ü"),
                           .query = STR("x=1+2&y"),
                           .headers = headers,
                           .header_count = 2,
                           .body = body_of(STR("{}"))};
    SigningIdentity as = {STR("ASIAEXAMPLE"), STR("secret"), STR("token/with+signs"), STR("eu-west-1"), STR("codepipeline")};
    request.header_count += sigv4_sign(arena, &request, &as, AUGUST_2015, headers + 2);
    assert_int_equal(verify(&request, STR("secret"), AUGUST_2015), AUTH_OK);
    assert_int_equal(verify(&request, STR("Secret"), AUGUST_2015), AUTH_MISMATCH);
}

static AuthFault fault_of_header(const char *authorization) {
    AUTO_ARENA arena = arena_new();
    HttpHeader headers[] = {S3_HOST, S3_DATE, {STR("Authorization"), str_of(authorization)}};
    HttpRequest request = {.arena = arena, .method = STR("GET"), .path = STR("/"), .headers = headers, .header_count = 3};
    Signature signature;
    return signature_read(&request, &signature);
}

static void headers_that_are_no_signature_are_told_apart(void **state) {
    assert_int_equal(fault_of_header("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="), AUTH_VERSION_2);
    assert_int_equal(fault_of_header("AWS4-ECDSA-P256-SHA256 Credential=A/20130524/s3/aws4_request, SignedHeaders=host, Signature=00"),
                     AUTH_VERSION_4A);
    assert_int_equal(fault_of_header("Bearer abc"), AUTH_SCHEME_UNKNOWN);
    assert_int_equal(fault_of_header("AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/s3/aws4_request, SignedHeaders=host"), AUTH_INCOMPLETE);
    assert_int_equal(fault_of_header("AWS4-HMAC-SHA256 Credential=A/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"), AUTH_INCOMPLETE);
}

static void each_family_has_its_own_code(void **state) {
    static const struct {
        AuthDialect dialect;
        const char *code;
        int status;
    } expected[] = {
        {AUTH_DIALECT_S3, "InvalidAccessKeyId", 403},
        {AUTH_DIALECT_QUERY, "InvalidClientTokenId", 403},
        {AUTH_DIALECT_EC2, "AuthFailure", 401},
        {AUTH_DIALECT_JSON, "UnrecognizedClientException", 400},
        {AUTH_DIALECT_REST_JSON, "UnrecognizedClientException", 403},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        Error e = {0};
        assert_false(auth_fail(AUTH_UNKNOWN_KEY, expected[i].dialect, NULL, (AuthClocks){0}, &e));
        assert_string_equal(e.code, expected[i].code);
        assert_int_equal(e.http_status, expected[i].status);
    }
}

static void an_old_request_is_told_the_times(void **state) {
    Error e = {0};
    Signature signature = {.signed_at_ms = MAY_2013};
    auth_fail(AUTH_TOO_OLD, AUTH_DIALECT_QUERY, &signature, (AuthClocks){AUGUST_2015, AUGUST_2015}, &e);
    assert_string_equal(e.code, "SignatureDoesNotMatch");
    assert_string_equal(e.message, "Signature expired: 20130524T000000Z is now earlier than 20150830T122100Z (20150830T123600Z - 15 min.)");
}

static void an_old_request_to_ec2_has_expired(void **state) {
    Error e = {0};
    Signature signature = {.signed_at_ms = MAY_2013};
    auth_fail(AUTH_TOO_OLD, AUTH_DIALECT_EC2, &signature, (AuthClocks){AUGUST_2015, AUGUST_2015}, &e);
    assert_string_equal(e.code, "RequestExpired");
    assert_string_equal(e.message, "Request has expired.");
    assert_int_equal(e.http_status, 400);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_s3_reference_verify),
        cmocka_unit_test(examples_of_the_test_suite_verify),
        cmocka_unit_test(a_changed_signature_does_not_match),
        cmocka_unit_test(another_secret_does_not_match),
        cmocka_unit_test(another_body_than_signed_is_noticed),
        cmocka_unit_test(a_request_is_in_time_by_wall_or_by_plane_time),
        cmocka_unit_test(a_presigned_url_verifies_until_it_expires),
        cmocka_unit_test(presigning_makes_the_url_of_the_reference),
        cmocka_unit_test(what_we_sign_verifies),
        cmocka_unit_test(headers_that_are_no_signature_are_told_apart),
        cmocka_unit_test(each_family_has_its_own_code),
        cmocka_unit_test(an_old_request_is_told_the_times),
        cmocka_unit_test(an_old_request_to_ec2_has_expired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
