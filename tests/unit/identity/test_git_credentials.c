// CodeCommit's user name and password for git. Expected signatures were made by botocore's signer over the helpers' canonical request.
#include "identity/git_credentials.h"
#include "unit.h"

#define SECRET STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
#define AWS_HOST STR("git-codecommit.eu-west-1.amazonaws.com")
#define LOCAL_HOST STR("127.0.0.1:4566")
#define PATH STR("/v1/repos/app")
#define MAY_2013 1369353600000
#define AWS_PASSWORD STR("20130524T000000Z317482d5ca4357260070bf14498fe13934c195ada40b21cd8d277991f55b5148")
#define LOCAL_PASSWORD STR("20130524T000000Z6c7edc7b5fcfd9ee58699418b7ad29fa3826706b70fbc0a91404c57671ec5371")

static AuthFault verify(Str password, Str host, Str secret, int64_t now_ms) {
    AUTO_ARENA arena = arena_new();
    Signature signature;
    AuthFault fault = git_credentials_read(STR("AKIAEXAMPLE"), password, &signature);
    return fault ? fault : git_credentials_verify(arena, &signature, secret, STR("eu-west-1"), host, PATH, (AuthClocks){now_ms, now_ms});
}

static void passwords_of_the_helpers_verify(void **state) {
    assert_int_equal(verify(AWS_PASSWORD, AWS_HOST, SECRET, MAY_2013), AUTH_OK);
    assert_int_equal(verify(LOCAL_PASSWORD, LOCAL_HOST, SECRET, MAY_2013), AUTH_OK);
}

static void a_password_signed_without_the_port_verifies(void **state) {
    AUTO_ARENA arena = arena_new();
    Str password = git_credentials_make(arena, SECRET, STR("eu-west-1"), STR("127.0.0.1"), PATH, MAY_2013);
    assert_int_equal(verify(password, LOCAL_HOST, SECRET, MAY_2013), AUTH_OK);
}

static void a_wrong_secret_is_refused(void **state) { assert_int_equal(verify(LOCAL_PASSWORD, LOCAL_HOST, STR("wrong"), MAY_2013), AUTH_MISMATCH); }

static void a_password_of_yesterday_is_refused(void **state) {
    assert_int_equal(verify(LOCAL_PASSWORD, LOCAL_HOST, SECRET, MAY_2013 + 86400000), AUTH_TOO_OLD);
}

static void a_password_of_another_form_is_refused(void **state) {
    assert_int_equal(verify(STR("hunter2"), LOCAL_HOST, SECRET, MAY_2013), AUTH_INCOMPLETE);
}

static void the_session_token_stands_behind_a_percent_sign(void **state) {
    Signature signature;
    assert_int_equal(git_credentials_read(STR("ASIAEXAMPLE%token=="), LOCAL_PASSWORD, &signature), AUTH_OK);
    assert_true(str_is(signature.access_key, "ASIAEXAMPLE"));
    assert_true(str_is(signature.token, "token=="));
}

static void basic_authorisation_is_split_at_its_first_colon(void **state) {
    AUTO_ARENA arena = arena_new();
    Str user, password;
    assert_true(git_credentials_from_header(arena, STR("Basic YTpiOmM="), &user, &password));
    assert_true(str_is(user, "a"));
    assert_true(str_is(password, "b:c"));
    assert_false(git_credentials_from_header(arena, STR("Bearer YTpiOmM="), &user, &password));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_of_the_helpers_verify),
        cmocka_unit_test(a_password_signed_without_the_port_verifies),
        cmocka_unit_test(a_wrong_secret_is_refused),
        cmocka_unit_test(a_password_of_yesterday_is_refused),
        cmocka_unit_test(a_password_of_another_form_is_refused),
        cmocka_unit_test(the_session_token_stands_behind_a_percent_sign),
        cmocka_unit_test(basic_authorisation_is_split_at_its_first_colon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
