// Signature Version 2 in the query against the example that AWS publishes ("Query string request authentication alternative", key AKIAIOSFODNN7EXAMPLE).
#include "identity/sigv2.h"
#include "unit.h"

#define SECRET STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
#define EXAMPLE "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"
#define EXPIRY_MS 1175139620000

static AuthFault verify(const char *path, const char *query, Str bucket, int64_t now_ms) {
    AUTO_ARENA arena = arena_new();
    HttpRequest request = {.arena = arena, .method = STR("GET"), .path = str_of(path), .query = str_of(query)};
    Signature signature;
    AuthFault fault = sigv2_read(&request, &signature);
    return fault ? fault : sigv2_verify(&signature, &request, bucket, SECRET, (AuthClocks){now_ms, now_ms});
}

static void the_published_example_is_verified(void **state) {
    assert_int_equal(verify("/photos/puppy.jpg", EXAMPLE, STR("johnsmith"), EXPIRY_MS), AUTH_OK);
    assert_int_equal(verify("/johnsmith/photos/puppy.jpg", EXAMPLE, STR_NONE, EXPIRY_MS), AUTH_OK);
}

static void another_object_is_a_mismatch(void **state) {
    assert_int_equal(verify("/photos/kitten.jpg", EXAMPLE, STR("johnsmith"), EXPIRY_MS), AUTH_MISMATCH);
}

static void it_ends_after_its_last_second(void **state) {
    assert_int_equal(verify("/photos/puppy.jpg", EXAMPLE, STR("johnsmith"), EXPIRY_MS + 1), AUTH_PRESIGNED_EXPIRED);
}

static void parameters_that_are_missing_or_no_time_are_told(void **state) {
    assert_int_equal(verify("/k", "AWSAccessKeyId=A&Signature=B", STR("b"), 0), AUTH_QUERY_V2_INCOMPLETE);
    assert_int_equal(verify("/k", "AWSAccessKeyId=A&Signature=B&Expires=soon", STR("b"), 0), AUTH_QUERY_V2_INCOMPLETE);
    assert_int_equal(verify("/k", "AWSAccessKeyId=A&Signature=B&Expires=99999999999999999", STR("b"), 0), AUTH_QUERY_V2_INCOMPLETE);
    assert_int_equal(verify("/k", "Expires=1", STR("b"), 0), AUTH_MISSING);
}

static void subresources_and_headers_stand_in_the_text_in_order(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpHeader headers[] = {{STR("X-Amz-Meta-B"), STR(" 2 ")}, {STR("Content-Type"), STR("text/plain")}, {STR("x-amz-acl"), STR("private")}};
    HttpRequest request = {.arena = arena,
                           .method = STR("PUT"),
                           .path = STR("/bucket"),
                           .query = STR("versionId=v&Expires=5&acl&prefix=p&x-amz-acl=other&x-amz-meta-a=1&response-expires=a%20b"),
                           .headers = headers,
                           .header_count = 3};
    Signature signature = {.timestamp = STR("5")};
    assert_string_equal(str_c(arena, sigv2_text(&signature, &request, STR_NONE)),
                        "PUT\n\ntext/plain\n5\nx-amz-acl:private\nx-amz-meta-a:1\nx-amz-meta-b:2\n"
                        "/bucket/?acl&response-expires=a b&versionId=v");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_example_is_verified),
        cmocka_unit_test(another_object_is_a_mismatch),
        cmocka_unit_test(it_ends_after_its_last_second),
        cmocka_unit_test(parameters_that_are_missing_or_no_time_are_told),
        cmocka_unit_test(subresources_and_headers_stand_in_the_text_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
