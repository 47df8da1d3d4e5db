#include "formats/json.h"
#include "formats/patterns.h"
#include "wire/validate.h"

#include "unit.h"

typedef struct Case {
    const char *service, *operation, *input;
    const char *code, *message; // NULL: nothing to complain of
} Case;

static void check(const Case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        AUTO_ARENA arena = arena_new();
        const WireOperation *operation = wire_operation(wire_service(str_of(cases[i].service)), str_of(cases[i].operation));
        Doc *input;
        Error error = {.code = ""};
        assert_true(json_parse(arena, str_of(cases[i].input), &input, NULL));
        bool valid = wire_validate(arena, operation, input, &error);
        if (valid != !cases[i].code) fail_msg("%s %s: %s", cases[i].operation, cases[i].input, error.message);
        if (valid) continue;
        assert_string_equal(error.code, cases[i].code);
        assert_string_equal(error.message, cases[i].message);
    }
    pattern_cache_clear();
}
#define CHECK(cases) check(cases, sizeof cases / sizeof cases[0])

static void what_the_model_allows_passes(void **state) {
    static const Case cases[] = {
        {"codepipeline", "GetPipeline", "{\"name\": \"my-pipeline\"}"},
        {"iam", "CreateRole", "{\"RoleName\": \"r\", \"AssumeRolePolicyDocument\": \"{}\"}"},
        {"ec2", "DescribeInstances", "{}"},
        {"dynamodb", "GetItem", "{\"TableName\": \"users\", \"Key\": {\"id\": {\"S\": \"1\"}}}"},
        {"sts", "GetCallerIdentity", "{}"},
    };
    CHECK(cases);
}

static void constraints_are_told_in_awss_words(void **state) {
    static const Case cases[] = {
        {"codepipeline", "GetPipeline", "{}", "ValidationException",
         "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
        {"codepipeline", "StartPipelineExecution", "{\"name\": \"a b\"}", "ValidationException",
         "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: "
         "Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+"},
        {"codepipeline", "GetPipeline", "{\"name\": \"p\", \"version\": 0}", "ValidationException",
         "1 validation error detected: Value '0' at 'version' failed to satisfy constraint: Member must have value greater than or equal to 1"},
        {"logs", "CreateLogGroup", "{\"logGroupName\": \"a b\"}", "InvalidParameterException",
         "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: "
         "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"},
        {"iam", "GetRole", "{\"RoleName\": \"a!\"}", "ValidationError",
         "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
        {"iam", "GetPolicyVersion", "{\"PolicyArn\": \"arn:aws:iam::aws:policy/A\", \"VersionId\": \"one\"}", "ValidationError",
         "1 validation error detected: Value 'one' at 'versionId' failed to satisfy constraint: "
         "Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"},
        {"kms", "CreateKey", "{\"KeyUsage\": \"NONE\"}", "ValidationException",
         "1 validation error detected: Value 'NONE' at 'keyUsage' failed to satisfy constraint: "
         "Member must satisfy enum value set: [SIGN_VERIFY, ENCRYPT_DECRYPT, GENERATE_VERIFY_MAC, KEY_AGREEMENT, ENCAPSULATE_DECAPSULATE]"},
    };
    CHECK(cases);
}

static void several_violations_are_told_at_once(void **state) {
    static const Case cases[] = {
        {"codepipeline", "PutActionRevision", "{\"pipelineName\": \"p\", \"stageName\": \"s t\", \"actionName\": \"a\"}", "ValidationException",
         "2 validation errors detected: Value null at 'actionRevision' failed to satisfy constraint: Member must not be null; "
         "Value 's t' at 'stageName' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+"},
    };
    CHECK(cases);
}

static void what_a_pipeline_declares_is_not_repeated(void **state) {
    static const Case cases[] = {
        {"codepipeline", "UpdatePipeline",
         "{\"pipeline\": {\"name\": \"p\", \"roleArn\": \"arn:aws:iam::000000000000:role/r\", \"stages\": [{\"name\": \"s\", \"actions\": "
         "[{\"name\": \"a\", \"runOrder\": 1000, \"actionTypeId\": {\"category\": \"Source\", \"owner\": \"AWS\", \"provider\": \"S3\", "
         "\"version\": \"1\"}}]}]}}",
         "ValidationException",
         "1 validation error detected: Value at 'pipeline.stages.1.member.actions.1.member.runOrder' failed to satisfy constraint: "
         "Member must have value less than or equal to 999"},
    };
    CHECK(cases);
}

static void nested_places_are_spelt_with_member_and_number(void **state) {
    static const Case cases[] = {
        {"codepipeline", "CreatePipeline",
         "{\"pipeline\": {\"name\": \"p\", \"roleArn\": \"arn:aws:iam::000000000000:role/r\", \"stages\": [{\"actions\": []}]}}",
         "ValidationException",
         "1 validation error detected: Value null at 'pipeline.stages.1.member.name' failed to satisfy constraint: Member must not be null"},
        {"dynamodb", "PutItem", "{\"TableName\": \"t\"}", "ValidationException",
         "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"},
    };
    CHECK(cases);
}

static void families_have_their_own_words(void **state) {
    static const Case cases[] = {
        {"ec2", "RunInstances", "{\"MinCount\": 1}", "MissingParameter", "The request must contain the parameter MaxCount"},
        {"sqs", "CreateQueue", "{}", "MissingParameter", "The request must contain the parameter QueueName."},
        {"sns", "CreateTopic", "{}", "InvalidParameter", "Invalid parameter: Name Reason: no value for required parameter"},
        {"cloudwatch", "PutMetricAlarm", "{}", "MissingParameter", "The parameter AlarmName is required."},
        {"codedeploy", "CreateApplication", "{}", "ApplicationNameRequiredException", "applicationName is required."},
        {"codecommit", "CreateRepository", "{}", "RepositoryNameRequiredException", "repositoryName is required."},
        {"codebuild", "UpdateProject",
         "{\"name\": \"app\", \"environment\": {\"type\": \"LINUX_CONTAINER\", \"image\": \"i\", \"computeType\": \"BIG\"}}", "InvalidInputException",
         "Invalid compute type provided"},
        {"s3", "DeleteObjects", "{\"Bucket\": \"b\"}", "MalformedXML",
         "The XML you provided was not well-formed or did not validate against our published schema"},
    };
    CHECK(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_model_allows_passes),        cmocka_unit_test(constraints_are_told_in_awss_words),
        cmocka_unit_test(several_violations_are_told_at_once), cmocka_unit_test(nested_places_are_spelt_with_member_and_number),
        cmocka_unit_test(families_have_their_own_words),       cmocka_unit_test(what_a_pipeline_declares_is_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
