#include "targets.h"

const FuzzTarget FUZZ_TARGETS[] = {
    {"json", fuzz_json},
    {"yaml", fuzz_yaml},
    {"xml", fuzz_xml},
    {"cbor", fuzz_cbor},
    {"globs", fuzz_globs},
    {"patterns", fuzz_patterns},
    {"junit", fuzz_junit},
    {"timestamps", fuzz_timestamps},
    {"paths", fuzz_paths},
    {"encodings", fuzz_encodings},
    {"pack", fuzz_pack},
    {"bundles", fuzz_bundles},
    {"signed-request", fuzz_signed_request},
    {"aws-chunked", fuzz_aws_chunked},
    {"policy", fuzz_policy},
    {"git-credentials", fuzz_git_credentials},
    {"wire-json", fuzz_wire_json},
    {"wire-query", fuzz_wire_query},
    {"wire-ec2", fuzz_wire_ec2},
    {"wire-cbor", fuzz_wire_cbor},
    {"wire-rest", fuzz_wire_rest},
    {"wire-reply", fuzz_wire_reply},
    {"http-server", fuzz_http_server},
    {"http-response", fuzz_http_response},
    {"http-url", fuzz_http_url},
    {"buildspec", fuzz_buildspec},
    {"appspec", fuzz_appspec},
    {"rehearse-yaml", fuzz_rehearse_yaml},
    {"expressions", fuzz_expressions},
    {"items", fuzz_items},
    {"log-filter", fuzz_log_filter},
    {"variables", fuzz_variables},
    {"pipeline", fuzz_pipeline},
    {"failures", fuzz_failures},
    {"unit-file", fuzz_unit_file},
    {NULL, NULL},
};

const FuzzTarget *fuzz_target(const char *name) {
    const FuzzTarget *target = FUZZ_TARGETS;
    while (target->name && strcmp(target->name, name) != 0) target++;
    return target->name ? target : NULL;
}
