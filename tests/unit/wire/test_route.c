#include "wire/route.h"

#include "unit.h"

#define SIGNED(service) \
    "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/" service "/aws4_request, SignedHeaders=host, Signature=0\n"
#define FORM "Content-Type: application/x-www-form-urlencoded\n"

typedef struct Case {
    const char *request; // head, empty line, body
    const char *service, *operation; // NULL: not known
    const char *code; // of the error; NULL: none
    const char *bucket, *region;
} Case;

static HttpRequest request_of(Arena *arena, const char *text) {
    Str rest = str_of(text);
    Str line = str_next_line(&rest);
    HttpRequest request = {.arena = arena, .method = str_cut(&line, ' '), .target = line};
    request.path = str_cut(&line, '?');
    request.query = line;
    HttpHeader *headers = arena_array(arena, HttpHeader, 16);
    for (Str header; (header = str_next_line(&rest)).len;) {
        Str name = str_cut(&header, ':');
        headers[request.header_count++] = (HttpHeader){name, str_trim(header)};
    }
    request.headers = headers;
    request.body = body_of(rest.at ? rest : STR(""));
    return request;
}

static void compare(const Case *each, const char *what, const char *expected, Str actual) {
    if (!str_eq(str_of(expected ? expected : ""), actual)) fail_msg("%s\n%s: %.*s", each->request, what, STR_ARG(actual));
}

static void check(const Case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        AUTO_ARENA arena = arena_new();
        HttpRequest request = request_of(arena, cases[i].request);
        WireRoute route;
        Error error = {.code = ""};
        bool found = wire_route(&request, &route, &error);
        compare(&cases[i], "code", cases[i].code, str_of(error.code));
        compare(&cases[i], "service", cases[i].service, route.service ? wire_str(route.service->name) : STR_NONE);
        compare(&cases[i], "operation", cases[i].operation, found ? wire_str(route.operation->name) : STR_NONE);
        compare(&cases[i], "bucket", cases[i].bucket, route.bucket);
        if (cases[i].region) compare(&cases[i], "region", cases[i].region, route.region);
    }
}
#define CHECK(cases) check(cases, sizeof cases / sizeof cases[0])

static void targets_name_service_and_operation(void **state) {
    static const Case cases[] = {
        {"POST /\nX-Amz-Target: DynamoDB_20120810.GetItem\n" SIGNED("dynamodb"), "dynamodb", "GetItem", .region = "eu-west-1"},
        {"POST /\nX-Amz-Target: DynamoDBStreams_20120810.GetRecords\n" SIGNED("dynamodb"), "dynamodbstreams", "GetRecords"},
        {"POST /\nX-Amz-Target: CloudTrail_20131101.LookupEvents\n" SIGNED("cloudtrail"), "cloudtrail", "LookupEvents"},
        {"POST /\nX-Amz-Target: com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents\n", "cloudtrail", "LookupEvents"},
        {"POST /\nX-Amz-Target: AWSStepFunctions.StartExecution\n", "stepfunctions", "StartExecution"},
        {"POST /\nX-Amz-Target: DynamoDB_20120810.GetThing\n", "dynamodb", NULL, "UnknownOperationException"},
        {"POST /\nX-Amz-Target: AWSGlue.GetTable\n", NULL, NULL, "NotImplemented"},
        {"POST /service/GraniteServiceVersion20100801/operation/PutMetricData\nSmithy-Protocol: rpc-v2-cbor\n", "cloudwatch", "PutMetricData"},
        {"POST /service/GraniteServiceVersion20100801/operation/Put\nSmithy-Protocol: rpc-v2-cbor\n", "cloudwatch", NULL,
         "UnknownOperationException"},
    };
    CHECK(cases);
}

static void actions_are_found_by_scope_host_and_version(void **state) {
    static const Case cases[] = {
        {"POST /\n" FORM SIGNED("sts") "\nAction=GetCallerIdentity&Version=2011-06-15", "sts", "GetCallerIdentity"},
        {"GET /?Action=GetCallerIdentity&Version=2011-06-15\n" SIGNED("sts"), "sts", "GetCallerIdentity"},
        {"GET /?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential=K%2F20260102%2Fus-east-2%2Fsts%2Faws4_request\n", "sts",
         "GetCallerIdentity", .region = "us-east-2"},
        {"POST /\n" FORM "\nAction=AssumeRoleWithWebIdentity&Version=2011-06-15", "sts", "AssumeRoleWithWebIdentity"},
        {"POST /\nHost: sts.us-west-2.amazonaws.com\n" FORM "\nAction=AssumeRoleWithSAML&Version=2011-06-15", "sts", "AssumeRoleWithSAML",
         .region = "us-west-2"},
        {"POST /\n" FORM SIGNED("ec2") "\nAction=DescribeInstances&Version=2015-10-01", "ec2", "DescribeInstances"},
        {"POST /\n" FORM SIGNED("elasticloadbalancing") "\nAction=DescribeLoadBalancers&Version=2015-12-01", "elbv2", "DescribeLoadBalancers"},
        {"POST /\n" FORM SIGNED("elasticloadbalancing") "\nAction=DescribeLoadBalancers&Version=2012-06-01", "elbv2", NULL, "InvalidAction"},
        {"POST /\n" FORM SIGNED("iam") "\nAction=MakeTea&Version=2010-05-08", "iam", NULL, "InvalidAction"},
        {"POST /\n" FORM SIGNED("iam") "\nVersion=2010-05-08", "iam", NULL, "MissingAction"},
        {"POST /\n" FORM SIGNED("monitoring") "\nAction=ListMetrics&Version=2010-08-01", "cloudwatch", "ListMetrics"},
        {"POST /\n" FORM SIGNED("redshift") "\nAction=CreateCluster&Version=2012-12-01", NULL, NULL, "NotImplemented"},
    };
    CHECK(cases);
}

static void s3_paths_and_hosts_are_understood(void **state) {
    static const Case cases[] = {
        {"GET /\n" SIGNED("s3"), "s3", "ListBuckets"},
        {"GET /bucket\n" SIGNED("s3"), "s3", "ListObjects"},
        {"GET /bucket/\n" SIGNED("s3"), "s3", "ListObjects"},
        {"GET /bucket?list-type=2&prefix=a\n" SIGNED("s3"), "s3", "ListObjectsV2"},
        {"GET /bucket?versions\n" SIGNED("s3"), "s3", "ListObjectVersions"},
        {"GET /bucket?location\n" SIGNED("s3"), "s3", "GetBucketLocation"},
        {"GET /bucket?lifecycle\n" SIGNED("s3"), "s3", "GetBucketLifecycleConfiguration"},
        {"GET /bucket?inventory&id=a\n" SIGNED("s3"), "s3", "GetBucketInventoryConfiguration"},
        {"GET /bucket?inventory\n" SIGNED("s3"), "s3", "ListBucketInventoryConfigurations"},
        {"GET /bucket/a/b//c\n" SIGNED("s3"), "s3", "GetObject"},
        {"GET /bucket/a?uploadId=1\n" SIGNED("s3"), "s3", "ListParts"},
        {"HEAD /bucket/a\n" SIGNED("s3"), "s3", "HeadObject"},
        {"HEAD /bucket\n" SIGNED("s3"), "s3", "HeadBucket"},
        {"PUT /bucket/a\n" SIGNED("s3"), "s3", "PutObject"},
        {"PUT /bucket/a\nX-Amz-Copy-Source: b/c\n" SIGNED("s3"), "s3", "CopyObject"},
        {"PUT /bucket/a?partNumber=1&uploadId=2\n" SIGNED("s3"), "s3", "UploadPart"},
        {"PUT /bucket/a?partNumber=1&uploadId=2\nx-amz-copy-source: b/c\n" SIGNED("s3"), "s3", "UploadPartCopy"},
        {"POST /bucket/a?uploads\n" SIGNED("s3"), "s3", "CreateMultipartUpload"},
        {"POST /bucket/a?uploadId=2\n" SIGNED("s3"), "s3", "CompleteMultipartUpload"},
        {"DELETE /bucket/a?uploadId=2\n" SIGNED("s3"), "s3", "AbortMultipartUpload"},
        {"DELETE /bucket/a\n" SIGNED("s3"), "s3", "DeleteObject"},
        {"POST /bucket?delete\n" SIGNED("s3"), "s3", "DeleteObjects"},
        {"PATCH /bucket/a\n" SIGNED("s3"), "s3", NULL, "MethodNotAllowed"},
        {"GET /a/b\nHost: bucket.s3.localhost:4566\n" SIGNED("s3"), "s3", "GetObject", .bucket = "bucket"},
        {"GET /?list-type=2\nHost: my.bucket.s3.eu-central-1.amazonaws.com\n", "s3", "ListObjectsV2", .bucket = "my.bucket",
         .region = "eu-central-1"},
        {"GET /a\nHost: bucket.localhost:4566\n", "s3", "GetObject", .bucket = "bucket"},
        {"GET /a\nHost: s3.us-west-2.amazonaws.com\n", "s3", "ListObjects", .region = "us-west-2"},
        {"GET /bucket/a\nHost: localhost:4566\n", "s3", "GetObject"},
        {"GET /bucket/a\nHost: 127.0.0.1:4566\n", "s3", "GetObject"},
        {"GET /bucket/a?X-Amz-Credential=K%2F20260102%2Fus-east-2%2Fs3%2Faws4_request\nHost: localhost\n", "s3", "GetObject", .region = "us-east-2"},
        {"GET /bucket/a\nAuthorization: AWS AKID:c2ln\n", "s3", "GetObject"},
    };
    CHECK(cases);
}

static void rest_json_paths_are_understood(void **state) {
    static const Case cases[] = {
        {"GET /2015-03-31/functions/\n" SIGNED("lambda"), "lambda", "ListFunctions"},
        {"GET /2015-03-31/functions\n" SIGNED("lambda"), "lambda", "ListFunctions"},
        {"GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aa/versions\n" SIGNED("lambda"), "lambda", "ListVersionsByFunction"},
        {"POST /2015-03-31/functions/f/invocations\n", "lambda", "Invoke"},
        {"GET /2018-10-31/layers?find=LayerVersion&Arn=x\n" SIGNED("lambda"), "lambda", "GetLayerVersionByArn"},
        {"GET /2018-10-31/layers\n" SIGNED("lambda"), "lambda", "ListLayers"},
        {"GET /2015-03-31/nothing\n" SIGNED("lambda"), "lambda", NULL, "UnknownOperationException"},
        {"GET /restapis/a/resources/b/methods/GET\n" SIGNED("apigateway"), "apigateway", "GetMethod"},
        {"POST /restapis?mode=import\n" SIGNED("apigateway"), "apigateway", "ImportRestApi"},
        {"POST /restapis\n" SIGNED("apigateway"), "apigateway", "CreateRestApi"},
        {"GET /v2/apis/a/routes\n" SIGNED("apigateway"), "apigatewayv2", "GetRoutes"},
        {"POST /TraceSegments\n" SIGNED("xray"), "xray", "PutTraceSegments"},
    };
    CHECK(cases);
}

static void only_streaming_payloads_are_spooled(void **state) {
    static const struct {
        const char *head;
        bool streams;
    } cases[] = {
        {"PUT /bucket/a\n" SIGNED("s3"), true},
        {"PUT /bucket/a?partNumber=1&uploadId=2\n" SIGNED("s3"), true},
        {"PUT /bucket/a?tagging\n" SIGNED("s3"), false},
        {"POST /bucket?delete\n" SIGNED("s3"), false},
        {"POST /\n" FORM SIGNED("sts"), false},
        {"POST /\nX-Amz-Target: DynamoDB_20120810.PutItem\n" SIGNED("dynamodb"), false},
        {"POST /2015-03-31/functions/f/invocations\n" SIGNED("lambda"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO_ARENA arena = arena_new();
        HttpRequest head = request_of(arena, cases[i].head);
        WireRoute route;
        if (wire_body_streams(&head, &route) != cases[i].streams) fail_msg("%s", cases[i].head);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_name_service_and_operation),  cmocka_unit_test(actions_are_found_by_scope_host_and_version),
        cmocka_unit_test(s3_paths_and_hosts_are_understood),   cmocka_unit_test(rest_json_paths_are_understood),
        cmocka_unit_test(only_streaming_payloads_are_spooled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
