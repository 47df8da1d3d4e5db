// Requests of ours are read by the plane's own decoders as what was meant, and its replies by ours.
#include "wire/request.h"

#include "formats/json.h"
#include "wire/decode.h"
#include "wire/encode.h"

#include "unit.h"

typedef struct Case {
    const char *service, *operation, *json; // input or output
} Case;

static Doc *parsed(Arena *arena, const char *json) {
    Doc *doc = NULL;
    Error e = {0};
    if (!json_parse(arena, str_of(json), &doc, &e)) fail_msg("%s", e.message);
    return doc;
}

static const WireOperation *operation_of(const Case *each) { return wire_operation(wire_service(str_of(each->service)), str_of(each->operation)); }

// Signed, as far as the router looks: the scope names the service.
static HttpRequest signed_request(Arena *arena, const HttpRequest *request, const WireService *service) {
    HttpHeader *headers = arena_array(arena, HttpHeader, request->header_count + 1);
    memcpy(headers, request->headers, request->header_count * sizeof *headers);
    Str scope = str_format(arena, "AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/%.*s/aws4_request, SignedHeaders=host, Signature=0",
                           STR_ARG(wire_str(service->signing_name)));
    headers[request->header_count] = (HttpHeader){STR("Authorization"), scope};
    HttpRequest copy = *request;
    copy.headers = headers;
    copy.header_count++;
    return copy;
}

static void check_input(const Case *each) {
    AUTO_ARENA arena = arena_new();
    const WireOperation *operation = operation_of(each);
    HttpRequest request;
    WireRoute route;
    Doc *input = parsed(arena, each->json), *read = NULL;
    Error e = {0};
    if (!wire_request(arena, operation, input, STR("127.0.0.1:4566"), &request, &e)) fail_msg("%s: %s", each->operation, e.message);
    HttpRequest arrived = signed_request(arena, &request, wire_service_of(operation));
    if (!wire_route(&arrived, &route, &e)) fail_msg("%s: %s", each->operation, e.message);
    if (route.operation != operation) fail_msg("%s became %.*s", each->operation, STR_ARG(route.operation_name));
    if (!wire_decode(arena, &route, &arrived, &read, &e)) fail_msg("%s: %s", each->operation, e.message);
    if (!doc_equal(input, read)) fail_msg("%s: %.*s", each->operation, STR_ARG(json_write(arena, read)));
}

static void what_we_ask_is_what_the_plane_reads(void **state) {
    static const Case CASES[] = {
        {"codepipeline", "GetPipeline", "{\"name\":\"app\"}"},
        {"codebuild", "BatchGetBuilds", "{\"ids\":[\"a:1\",\"b:2\"]}"},
        {"iam", "CreateRole", "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":\"{\\\"a b\\\":[1]}\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v&w\"}]}"},
        {"sts", "GetCallerIdentity", "{}"},
        {"ec2", "DescribeInstances", "{\"Filters\":[{\"Name\":\"tag:Name\",\"Values\":[\"web\",\"db\"]},{\"Name\":\"x\",\"Values\":[\"y\"]}]}"},
        {"ec2", "RunInstances", "{\"MinCount\":1,\"MaxCount\":2,\"IamInstanceProfile\":{\"Name\":\"p\"},\"SecurityGroupIds\":[\"sg-1\"]}"},
        {"s3", "CreateBucket", "{\"Bucket\":\"art\"}"},
        {"s3", "PutBucketVersioning", "{\"Bucket\":\"art\",\"VersioningConfiguration\":{\"Status\":\"Enabled\"}}"},
        {"s3", "ListObjectsV2", "{\"Bucket\":\"art\",\"Prefix\":\"a/b c\",\"MaxKeys\":7}"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) check_input(&CASES[i]);
}

static WireRoute spoken_route(const WireOperation *operation) {
    WireRoute route = wire_route_to(operation);
    route.protocol = wire_client_protocol(route.service);
    return route;
}

static void check_output(const Case *each) {
    AUTO_ARENA arena = arena_new();
    const WireOperation *operation = operation_of(each);
    WireRoute route = spoken_route(operation);
    Doc *output = parsed(arena, each->json), *read = NULL;
    HttpReply reply = {0};
    Error e = {0};
    wire_encode(&(WireContext){.arena = arena, .route = &route, .request_id = STR("1")}, output, NULL, &reply);
    if (!wire_reply(arena, operation, reply.status, reply.body.bytes, &read, &e)) fail_msg("%s: %s", each->operation, e.message);
    if (!doc_equal(output, read)) fail_msg("%s: %.*s", each->operation, STR_ARG(json_write(arena, read)));
}

static void what_the_plane_answers_is_what_we_read(void **state) {
    static const Case CASES[] = {
        {"codepipeline", "StartPipelineExecution", "{\"pipelineExecutionId\":\"e\"}"},
        {"iam", "GetRole", "{\"Role\":{\"RoleName\":\"r\",\"Arn\":\"a\",\"MaxSessionDuration\":3600}}"},
        {"iam", "ListRoles", "{\"Roles\":[{\"RoleName\":\"r\"},{\"RoleName\":\"s\"}],\"IsTruncated\":false}"},
        {"ec2", "DescribeInstances",
         "{\"Reservations\":[{\"Instances\":[{\"InstanceId\":\"i-1\",\"State\":{\"Code\":16,\"Name\":\"running\"},\"Tags\":[{\"Key\":\"k\",\"Value\":"
         "\"v\"}]}]}]}"},
        {"s3", "ListObjectsV2", "{\"Name\":\"art\",\"KeyCount\":2,\"Contents\":[{\"Key\":\"a\",\"Size\":1},{\"Key\":\"b\",\"Size\":2}]}"},
        {"codedeploy", "ListApplications", "{\"applications\":[]}"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) check_output(&CASES[i]);
}

static void an_error_keeps_the_services_code_and_message(void **state) {
    static const Case CASES[] = {
        {"codepipeline", "GetPipeline", NULL}, {"iam", "GetRole", NULL}, {"ec2", "RunInstances", NULL}, {"s3", "CreateBucket", NULL}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        AUTO_ARENA arena = arena_new();
        const WireOperation *operation = operation_of(&CASES[i]);
        WireRoute route = spoken_route(operation);
        HttpReply reply = {0};
        Error told = {.code = "AccessDenied", .message = "you may <not>", .http_status = 400}, e = {0};
        HttpRequest request = {.arena = arena, .method = STR("POST"), .path = STR("/"), .target = STR("/")};
        wire_encode_error(&(WireContext){.arena = arena, .request = &request, .route = &route, .request_id = STR("1")}, &told, &reply);
        Doc *read = NULL;
        assert_false(wire_reply(arena, operation, reply.status, reply.body.bytes, &read, &e));
        assert_string_equal(e.code, "AccessDenied");
        assert_string_equal(e.message, "you may <not>");
    }
}

static void a_label_without_a_value_is_refused(void **state) {
    AUTO_ARENA arena = arena_new();
    HttpRequest request;
    Error e = {0};
    assert_false(wire_request(arena, wire_operation(wire_service(STR("s3")), STR("CreateBucket")), doc_map(arena), STR("h"), &request, &e));
    assert_string_equal(e.message, "CreateBucket needs Bucket");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_ask_is_what_the_plane_reads),
        cmocka_unit_test(what_the_plane_answers_is_what_we_read),
        cmocka_unit_test(an_error_keeps_the_services_code_and_message),
        cmocka_unit_test(a_label_without_a_value_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
