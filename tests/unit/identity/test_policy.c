// Policies: what documents are refused, and what one document says about one request. Tables; each row is a case.
#include "formats/json.h"
#include "identity/policy.h"
#include "unit.h"

#define ACCOUNT "123456789012"
#define VERSION "\"Version\":\"2012-10-17\","
#define POLICY(statement) "{" VERSION "\"Statement\":[" statement "]}"
#define ALLOW(rest) "{\"Effect\":\"Allow\"," rest "}"
#define DENY(rest) "{\"Effect\":\"Deny\"," rest "}"
#define GET "\"Action\":\"s3:GetObject\",\"Resource\":\"*\""
#define GET_IF(condition) POLICY(ALLOW(GET ",\"Condition\":{" condition "}"))

static Principal alice(void) {
    return (Principal){.kind = PRINCIPAL_USER,
                       .account = STR(ACCOUNT),
                       .arn = STR("arn:aws:iam::" ACCOUNT ":user/alice"),
                       .id = STR("AIDAALICE"),
                       .name = STR("alice")};
}

typedef enum Says { NOTHING, ALLOWS, DENIES } Says;

static Says ask(Arena *arena, const char *document, PolicyKind kind, const char *action, const char *resource, const char *context,
                Principal principal) {
    const Policy *policy = NULL;
    Doc *keys = NULL;
    Error e = {0};
    if (!policy_parse(arena, str_of(document), kind, &policy, &e)) {
        print_error("%s: %s\n", document, e.message);
        fail_msg("a policy of the table does not parse");
    }
    assert_true(json_parse(arena, str_of(context ? context : "{}"), &keys, &e));
    PolicyQuestion question = {.arena = arena,
                               .action = str_of(action),
                               .resource = str_of(resource),
                               .principal = &principal,
                               .keys = &(ConditionKeys){.map = keys},
                               .now_ms = 1767225600000}; // 2026-01-01T00:00:00Z
    PolicyAnswer answer = {0};
    policy_ask(policy, &question, &answer);
    return answer.denies ? DENIES : answer.allows ? ALLOWS : NOTHING;
}

typedef struct Case {
    const char *document, *action, *resource, *context;
    Says says;
} Case;

static void run(const Case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        AUTO_ARENA arena = arena_new();
        Says says = ask(arena, cases[i].document, POLICY_IDENTITY, cases[i].action, cases[i].resource, cases[i].context, alice());
        if (says != cases[i].says) print_error("%s\n%s on %s with %s\n", cases[i].document, cases[i].action, cases[i].resource, cases[i].context);
        assert_int_equal(says, cases[i].says);
    }
}
#define RUN(cases) run(cases, sizeof cases / sizeof *cases)

static void actions_and_resources_match_with_wildcards(void **state) {
    static const Case cases[] = {
        {POLICY(ALLOW(GET)), "s3:GetObject", "arn:aws:s3:::b/k", NULL, ALLOWS},
        {POLICY(ALLOW(GET)), "s3:getobject", "arn:aws:s3:::b/k", NULL, ALLOWS},
        {POLICY(ALLOW(GET)), "s3:GetObjectVersion", "arn:aws:s3:::b/k", NULL, NOTHING},
        {POLICY(ALLOW("\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::b/*\"")), "s3:GetObjectVersion", "arn:aws:s3:::b/a/b/c", NULL, ALLOWS},
        {POLICY(ALLOW("\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::b/*\"")), "s3:GetObject", "arn:aws:s3:::bb/a", NULL, NOTHING},
        {POLICY(ALLOW("\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::B/*\"")), "s3:GetObject", "arn:aws:s3:::b/a", NULL, NOTHING},
        {POLICY(ALLOW("\"Action\":\"s3:?etObject\",\"Resource\":\"arn:aws:s3:::b/?.txt\"")), "s3:GetObject", "arn:aws:s3:::b/a.txt", NULL, ALLOWS},
        {POLICY(ALLOW("\"Action\":[\"ec2:*\",\"s3:*\"],\"Resource\":[\"arn:aws:s3:::a\",\"arn:aws:s3:::b\"]")), "s3:ListBucket", "arn:aws:s3:::b",
         NULL, ALLOWS},
        {POLICY(ALLOW("\"NotAction\":\"iam:*\",\"Resource\":\"*\"")), "s3:GetObject", "arn:aws:s3:::b/k", NULL, ALLOWS},
        {POLICY(ALLOW("\"NotAction\":\"iam:*\",\"Resource\":\"*\"")), "iam:GetUser", "*", NULL, NOTHING},
        {POLICY(ALLOW("\"Action\":\"*\",\"NotResource\":\"arn:aws:s3:::secret/*\"")), "s3:GetObject", "arn:aws:s3:::secret/k", NULL, NOTHING},
        {POLICY(ALLOW("\"Action\":\"*\",\"NotResource\":\"arn:aws:s3:::secret/*\"")), "s3:GetObject", "arn:aws:s3:::open/k", NULL, ALLOWS},
        {POLICY(ALLOW("\"Action\":\"*\",\"Resource\":\"*\"") "," DENY(GET)), "s3:GetObject", "arn:aws:s3:::b/k", NULL, DENIES},
        {POLICY(ALLOW("\"Action\":\"*\",\"Resource\":\"*\"") "," DENY(GET)), "s3:PutObject", "arn:aws:s3:::b/k", NULL, ALLOWS},
        {"{" VERSION "\"Statement\":" ALLOW(GET) "}", "s3:GetObject", "arn:aws:s3:::b/k", NULL, ALLOWS},
    };
    RUN(cases);
}

#define HOME(variable) POLICY(ALLOW("\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::home/" variable "/*\""))

static void variables_are_replaced_and_taken_literally(void **state) {
    static const Case cases[] = {
        {HOME("${aws:username}"), "s3:GetObject", "arn:aws:s3:::home/alice/x", NULL, ALLOWS},
        {HOME("${aws:username}"), "s3:GetObject", "arn:aws:s3:::home/bob/x", NULL, NOTHING},
        {HOME("${aws:PrincipalTag/team}"), "s3:GetObject", "arn:aws:s3:::home/red/x", NULL, NOTHING},
        {HOME("${aws:PrincipalTag/team, 'none'}"), "s3:GetObject", "arn:aws:s3:::home/none/x", NULL, ALLOWS},
        {HOME("${s3:prefix}"), "s3:GetObject", "arn:aws:s3:::home/a/x", "{\"s3:prefix\":\"*\"}", NOTHING},
        {HOME("${*}"), "s3:GetObject", "arn:aws:s3:::home/*/x", NULL, ALLOWS},
        {HOME("${*}"), "s3:GetObject", "arn:aws:s3:::home/a/x", NULL, NOTHING},
        {GET_IF("\"StringEquals\":{\"s3:prefix\":\"${aws:username}\"}"), "s3:GetObject", "*", "{\"s3:prefix\":\"alice\"}", ALLOWS},
    };
    RUN(cases);
}

static void text_conditions(void **state) {
    static const Case cases[] = {
        {GET_IF("\"StringEquals\":{\"s3:prefix\":[\"a\",\"b\"]}"), "s3:GetObject", "*", "{\"s3:prefix\":\"b\"}", ALLOWS},
        {GET_IF("\"StringEquals\":{\"s3:prefix\":\"a\"}"), "s3:GetObject", "*", "{\"S3:PREFIX\":\"a\"}", ALLOWS},
        {GET_IF("\"StringEquals\":{\"s3:prefix\":\"a*\"}"), "s3:GetObject", "*", "{\"s3:prefix\":\"ab\"}", NOTHING},
        {GET_IF("\"StringEquals\":{\"s3:prefix\":\"a*\"}"), "s3:GetObject", "*", "{\"s3:prefix\":\"a*\"}", ALLOWS},
        {GET_IF("\"StringEquals\":{\"s3:prefix\":\"a\"}"), "s3:GetObject", "*", NULL, NOTHING},
        {GET_IF("\"StringEqualsIfExists\":{\"s3:prefix\":\"a\"}"), "s3:GetObject", "*", NULL, ALLOWS},
        {GET_IF("\"StringEqualsIfExists\":{\"s3:prefix\":\"a\"}"), "s3:GetObject", "*", "{\"s3:prefix\":\"b\"}", NOTHING},
        {GET_IF("\"StringNotEquals\":{\"s3:prefix\":[\"a\",\"b\"]}"), "s3:GetObject", "*", "{\"s3:prefix\":\"b\"}", NOTHING},
        {GET_IF("\"StringNotEquals\":{\"s3:prefix\":[\"a\",\"b\"]}"), "s3:GetObject", "*", "{\"s3:prefix\":\"c\"}", ALLOWS},
        {GET_IF("\"StringNotEquals\":{\"s3:prefix\":\"a\"}"), "s3:GetObject", "*", NULL, ALLOWS},
        {GET_IF("\"StringEqualsIgnoreCase\":{\"s3:prefix\":\"ABC\"}"), "s3:GetObject", "*", "{\"s3:prefix\":\"abc\"}", ALLOWS},
        {GET_IF("\"StringLike\":{\"s3:prefix\":\"home/*\"}"), "s3:GetObject", "*", "{\"s3:prefix\":\"home/x\"}", ALLOWS},
        {GET_IF("\"StringNotLike\":{\"s3:prefix\":\"home/*\"}"), "s3:GetObject", "*", "{\"s3:prefix\":\"home/x\"}", NOTHING},
        {GET_IF("\"StringEquals\":{\"s3:prefix\":\"a\",\"s3:delimiter\":\"/\"}"), "s3:GetObject", "*", "{\"s3:prefix\":\"a\"}", NOTHING},
        {GET_IF("\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:s3:::b*\"}"), "s3:GetObject", "*", "{\"aws:SourceArn\":\"arn:aws:s3:::bucket\"}", ALLOWS},
        {GET_IF("\"ArnEquals\":{\"aws:SourceArn\":\"arn:aws:*:eu-west-1:*:x\"}"), "s3:GetObject", "*",
         "{\"aws:SourceArn\":\"arn:aws:sns:eu-west-1:1:x\"}", ALLOWS},
        {GET_IF("\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:*:x\"}"), "s3:GetObject", "*", "{\"aws:SourceArn\":\"arn:aws:sns:eu-west-1:1:x\"}",
         NOTHING},
        {GET_IF("\"ArnNotLike\":{\"aws:SourceArn\":\"arn:aws:s3:::b*\"}"), "s3:GetObject", "*", "{\"aws:SourceArn\":\"arn:aws:s3:::bucket\"}",
         NOTHING},
        {GET_IF("\"BinaryEquals\":{\"x:key\":\"YWJj\"}"), "s3:GetObject", "*", "{\"x:key\":\"abc\"}", ALLOWS},
    };
    RUN(cases);
}

static void number_date_and_other_conditions(void **state) {
    static const Case cases[] = {
        {GET_IF("\"NumericLessThanEquals\":{\"s3:max-keys\":\"10\"}"), "s3:GetObject", "*", "{\"s3:max-keys\":10}", ALLOWS},
        {GET_IF("\"NumericLessThan\":{\"s3:max-keys\":10}"), "s3:GetObject", "*", "{\"s3:max-keys\":\"10\"}", NOTHING},
        {GET_IF("\"NumericGreaterThan\":{\"s3:max-keys\":\"9\"}"), "s3:GetObject", "*", "{\"s3:max-keys\":10}", ALLOWS},
        {GET_IF("\"NumericNotEquals\":{\"s3:max-keys\":\"9\"}"), "s3:GetObject", "*", "{\"s3:max-keys\":9}", NOTHING},
        {GET_IF("\"NumericEquals\":{\"s3:max-keys\":\"ten\"}"), "s3:GetObject", "*", "{\"s3:max-keys\":10}", NOTHING},
        {GET_IF("\"DateGreaterThan\":{\"aws:CurrentTime\":\"2025-12-31T00:00:00Z\"}"), "s3:GetObject", "*", NULL, ALLOWS},
        {GET_IF("\"DateLessThan\":{\"aws:CurrentTime\":\"2025-12-31T00:00:00Z\"}"), "s3:GetObject", "*", NULL, NOTHING},
        {GET_IF("\"DateEquals\":{\"aws:CurrentTime\":\"1767225600\"}"), "s3:GetObject", "*", NULL, ALLOWS},
        {GET_IF("\"NumericGreaterThan\":{\"aws:EpochTime\":\"1767225599\"}"), "s3:GetObject", "*", NULL, ALLOWS},
        {GET_IF("\"Bool\":{\"aws:SecureTransport\":\"true\"}"), "s3:GetObject", "*", "{\"aws:SecureTransport\":\"true\"}", ALLOWS},
        {GET_IF("\"Bool\":{\"aws:SecureTransport\":true}"), "s3:GetObject", "*", "{\"aws:SecureTransport\":false}", NOTHING},
        {GET_IF("\"Bool\":{\"aws:MultiFactorAuthPresent\":\"true\"}"), "s3:GetObject", "*", NULL, NOTHING},
        {GET_IF("\"IpAddress\":{\"aws:SourceIp\":\"10.1.0.0/16\"}"), "s3:GetObject", "*", "{\"aws:SourceIp\":\"10.1.200.3\"}", ALLOWS},
        {GET_IF("\"IpAddress\":{\"aws:SourceIp\":\"10.1.0.0/17\"}"), "s3:GetObject", "*", "{\"aws:SourceIp\":\"10.1.200.3\"}", NOTHING},
        {GET_IF("\"IpAddress\":{\"aws:SourceIp\":\"127.0.0.1\"}"), "s3:GetObject", "*", "{\"aws:SourceIp\":\"127.0.0.1\"}", ALLOWS},
        {GET_IF("\"NotIpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}"), "s3:GetObject", "*", "{\"aws:SourceIp\":\"10.1.200.3\"}", NOTHING},
        {GET_IF("\"IpAddress\":{\"aws:SourceIp\":\"2001:db8::/32\"}"), "s3:GetObject", "*", "{\"aws:SourceIp\":\"2001:db8::1\"}", ALLOWS},
        {GET_IF("\"Null\":{\"s3:prefix\":\"true\"}"), "s3:GetObject", "*", NULL, ALLOWS},
        {GET_IF("\"Null\":{\"s3:prefix\":\"false\"}"), "s3:GetObject", "*", NULL, NOTHING},
        {GET_IF("\"Null\":{\"s3:prefix\":false}"), "s3:GetObject", "*", "{\"s3:prefix\":\"\"}", ALLOWS},
    };
    RUN(cases);
}

#define TAGS(list) "{\"aws:TagKeys\":[" list "]}"

static void set_conditions(void **state) {
    static const Case cases[] = {
        {GET_IF("\"ForAllValues:StringEquals\":{\"aws:TagKeys\":[\"a\",\"b\"]}"), "s3:GetObject", "*", TAGS("\"a\",\"b\""), ALLOWS},
        {GET_IF("\"ForAllValues:StringEquals\":{\"aws:TagKeys\":[\"a\",\"b\"]}"), "s3:GetObject", "*", TAGS("\"a\",\"c\""), NOTHING},
        {GET_IF("\"ForAllValues:StringEquals\":{\"aws:TagKeys\":[\"a\",\"b\"]}"), "s3:GetObject", "*", NULL, ALLOWS},
        {GET_IF("\"ForAnyValue:StringEquals\":{\"aws:TagKeys\":[\"a\",\"b\"]}"), "s3:GetObject", "*", TAGS("\"c\",\"b\""), ALLOWS},
        {GET_IF("\"ForAnyValue:StringEquals\":{\"aws:TagKeys\":[\"a\",\"b\"]}"), "s3:GetObject", "*", TAGS("\"c\""), NOTHING},
        {GET_IF("\"ForAnyValue:StringEquals\":{\"aws:TagKeys\":\"a\"}"), "s3:GetObject", "*", NULL, NOTHING},
        {GET_IF("\"ForAnyValue:StringLikeIfExists\":{\"aws:TagKeys\":\"a\"}"), "s3:GetObject", "*", NULL, ALLOWS},
        {GET_IF("\"ForAllValues:StringNotEquals\":{\"aws:TagKeys\":\"a\"}"), "s3:GetObject", "*", TAGS("\"b\",\"c\""), ALLOWS},
        {GET_IF("\"ForAllValues:StringNotEquals\":{\"aws:TagKeys\":\"a\"}"), "s3:GetObject", "*", TAGS("\"a\",\"c\""), NOTHING},
    };
    RUN(cases);
}

#define FOR(principal) POLICY(ALLOW("\"Principal\":" principal ",\"Action\":\"s3:*\",\"Resource\":\"*\""))
#define NOT_FOR(principal) POLICY(DENY("\"NotPrincipal\":" principal ",\"Action\":\"s3:*\",\"Resource\":\"*\""))
#define SESSION "{\"AWS\":\"arn:aws:sts::" ACCOUNT ":assumed-role/build/s\"}"
#define ROLE "{\"AWS\":\"arn:aws:iam::" ACCOUNT ":role/build\"}"

static void resource_policies_name_principals(void **state) {
    Principal session = {.kind = PRINCIPAL_ROLE_SESSION,
                         .account = STR(ACCOUNT),
                         .arn = STR("arn:aws:sts::" ACCOUNT ":assumed-role/build/s"),
                         .role_arn = STR("arn:aws:iam::" ACCOUNT ":role/build")};
    const struct {
        const char *document;
        Principal principal;
        Says says;
    } cases[] = {
        {FOR("\"*\""), principal_anonymous(), ALLOWS},
        {FOR("{\"AWS\":\"*\"}"), alice(), ALLOWS},
        {FOR("{\"AWS\":\"" ACCOUNT "\"}"), alice(), ALLOWS},
        {FOR("{\"AWS\":\"arn:aws:iam::" ACCOUNT ":root\"}"), session, ALLOWS},
        {FOR("{\"AWS\":\"210987654321\"}"), alice(), NOTHING},
        {FOR("{\"AWS\":[\"210987654321\",\"arn:aws:iam::" ACCOUNT ":user/alice\"]}"), alice(), ALLOWS},
        {FOR(ROLE), session, ALLOWS},
        {FOR(SESSION), session, ALLOWS},
        {FOR(ROLE), alice(), NOTHING},
        {FOR("{\"Service\":\"events.amazonaws.com\"}"), principal_service(STR("events.amazonaws.com")), ALLOWS},
        {FOR("{\"Service\":\"events.amazonaws.com\"}"), principal_service(STR("sns.amazonaws.com")), NOTHING},
        {NOT_FOR(ROLE), session, NOTHING},
        {NOT_FOR(ROLE), alice(), DENIES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_ARENA arena = arena_new();
        Says says = ask(arena, cases[i].document, POLICY_RESOURCE, "s3:GetObject", "arn:aws:s3:::b/k", NULL, cases[i].principal);
        if (says != cases[i].says) print_error("%s for %.*s\n", cases[i].document, STR_ARG(cases[i].principal.arn));
        assert_int_equal(says, cases[i].says);
    }
}

static void malformed_documents_are_refused_in_awss_words(void **state) {
    static const struct {
        const char *document;
        PolicyKind kind;
        const char *message;
    } cases[] = {
        {"nonsense", POLICY_IDENTITY, "Syntax errors in policy."},
        {"[]", POLICY_IDENTITY, "Syntax errors in policy."},
        {"{" VERSION "\"Statement\":[]}", POLICY_IDENTITY, "Syntax errors in policy."},
        {"{" VERSION "\"Statment\":[]}", POLICY_IDENTITY, "Syntax errors in policy."},
        {"{\"Statement\":[" ALLOW(GET) "]}", POLICY_IDENTITY, "Policy document must be version 2012-10-17 or greater."},
        {"{\"Version\":\"2012-10-18\",\"Statement\":[" ALLOW(GET) "]}", POLICY_IDENTITY, "Syntax errors in policy."},
        {POLICY("{\"Effect\":\"allow\"," GET "}"), POLICY_IDENTITY, "Syntax errors in policy."},
        {POLICY("{" GET "}"), POLICY_IDENTITY, "Syntax errors in policy."},
        {POLICY(ALLOW("\"Resource\":\"*\"")), POLICY_IDENTITY, "Policy statement must contain actions."},
        {POLICY(ALLOW("\"Action\":\"s3:*\"")), POLICY_IDENTITY, "Policy statement must contain resources."},
        {POLICY(ALLOW(GET ",\"NotAction\":\"s3:*\"")), POLICY_IDENTITY, "Syntax errors in policy."},
        {POLICY(ALLOW("\"Principal\":\"*\"," GET)), POLICY_IDENTITY, "Policy document should not specify a principal."},
        {POLICY(ALLOW("\"Action\":\"GetObject\",\"Resource\":\"*\"")), POLICY_IDENTITY,
         "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
        {POLICY(ALLOW("\"Action\":\"s3:Get:Object\",\"Resource\":\"*\"")), POLICY_IDENTITY, "Actions/Condition can contain only one colon."},
        {POLICY(ALLOW("\"Action\":\"s 3:GetObject\",\"Resource\":\"*\"")), POLICY_IDENTITY, "Vendor s 3 is not valid"},
        {POLICY(ALLOW("\"Action\":\"s3:*\",\"Resource\":\"bucket\"")), POLICY_IDENTITY, "Resource bucket must be in ARN format or \"*\"."},
        {POLICY(ALLOW("\"Action\":\"s3:*\",\"Resource\":\"arn:gcp:s3:::b\"")), POLICY_IDENTITY,
         "Partition \"gcp\" is not valid for resource \"arn:gcp:s3:::b\"."},
        {GET_IF("\"StringEqual\":{\"s3:prefix\":\"a\"}"), POLICY_IDENTITY, "Invalid Condition type : StringEqual"},
        {POLICY(ALLOW("\"Sid\":\"A\"," GET) "," ALLOW("\"Sid\":\"A\"," GET)), POLICY_IDENTITY,
         "Statement IDs (SID) in a single policy must be unique."},
        {POLICY(ALLOW("\"Principal\":\"*\",\"Action\":\"sts:AssumeRole\",\"Resource\":\"*\"")), POLICY_TRUST, "Has prohibited field Resource"},
        {POLICY(ALLOW("\"Action\":\"sts:AssumeRole\"")), POLICY_TRUST, "Missing required field Principal"},
        {POLICY(ALLOW("\"Principal\":\"*\",\"Action\":\"sts:AssumeRole\"")), POLICY_TRUST,
         "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\"."},
        {POLICY(ALLOW("\"Principal\":{\"AWS\":\"*\"},\"Action\":\"s3:GetObject\"")), POLICY_TRUST,
         "AssumeRole policy may only specify STS AssumeRole actions."},
        {POLICY(ALLOW("\"Principal\":{\"AWS\":\"bob\"},\"Action\":\"sts:AssumeRole\"")), POLICY_TRUST,
         "Invalid principal in policy: \"AWS\":\"bob\""},
        {POLICY(ALLOW(GET)), POLICY_RESOURCE, "Missing required field Principal"},
        {"[]", POLICY_RESOURCE, "Policies must be valid JSON and the first byte must be '{'"},
        {"{" VERSION "\"Statement\":[]}", POLICY_RESOURCE, "Could not parse the policy: Statement is empty!"},
        {"{" VERSION "\"Id\":\"a\"}", POLICY_RESOURCE, "Missing required field Statement"},
        {"{" VERSION "\"Statment\":[]}", POLICY_TRUST, "Unknown field Statment"},
        {POLICY(ALLOW("\"Principle\":\"*\"," GET)), POLICY_RESOURCE, "Unknown field Principle"},
        {POLICY("{\"Principal\":\"*\"," GET "}"), POLICY_RESOURCE, "Missing required field Effect"},
        {POLICY("{\"Effect\":\"allow\",\"Principal\":\"*\"," GET "}"), POLICY_RESOURCE, "Invalid effect: allow"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_ARENA arena = arena_new();
        const Policy *policy;
        Error e = {0};
        assert_false(policy_parse(arena, str_of(cases[i].document), cases[i].kind, &policy, &e));
        assert_string_equal(e.message, cases[i].message);
        assert_string_equal(e.code, cases[i].kind == POLICY_RESOURCE ? "MalformedPolicy" : "MalformedPolicyDocument");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_and_resources_match_with_wildcards),
        cmocka_unit_test(variables_are_replaced_and_taken_literally),
        cmocka_unit_test(text_conditions),
        cmocka_unit_test(number_date_and_other_conditions),
        cmocka_unit_test(set_conditions),
        cmocka_unit_test(resource_policies_name_principals),
        cmocka_unit_test(malformed_documents_are_refused_in_awss_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
