#include "formats/patterns.h"
#include "wire/model.h"
#include "wire/validating.h"

#include "unit.h"

static const WireOperation *operation(const char *service, const char *name) { return wire_operation(wire_service(str_of(service)), str_of(name)); }

static void services_and_operations_are_found_by_name(void **state) {
    assert_int_equal(wire_service_count(), 35);
    for (size_t i = 0; i < wire_service_count(); i++) {
        const WireService *service = wire_service_at(i);
        assert_ptr_equal(wire_service(wire_str(service->name)), service);
        assert_true(wire_accepts(service, (WireProtocol)service->protocol));
        for (size_t j = 0; j < service->operation_count; j++) {
            const WireOperation *each = wire_operation_at(service, j);
            assert_ptr_equal(wire_operation(service, wire_str(each->name)), each);
            assert_ptr_equal(wire_service_of(each), service);
        }
    }
    assert_null(wire_service(STR("glue")));
    assert_null(wire_operation(wire_service(STR("s3")), STR("getObject")));
}

static void members_are_found_by_each_of_their_names(void **state) {
    const WireShape *instance = wire_shape_named(wire_service(STR("ec2")), STR("RunInstancesRequest"));
    const WireMember *image = wire_member(instance, STR("ImageId"));
    assert_true(str_is(wire_str(image->name), "ImageId"));
    const WireMember *dry_run = wire_member(instance, STR("DryRun"));
    assert_true(str_is(wire_str(dry_run->wire_name), "dryRun"));
    assert_ptr_equal(wire_member_on_wire(instance, STR("dryRun")), dry_run);
    assert_ptr_equal(wire_member_by_query_name(instance, STR("DryRun")), dry_run);
    const WireShape *put = wire_input(operation("s3", "PutObject"));
    assert_true(str_is(wire_str(wire_member_outside(put, WIRE_IN_HEADER, STR("X-AMZ-ACL"))->name), "ACL"));
    assert_null(wire_member_on_wire(put, STR("x-amz-acl")));
    assert_null(wire_member_outside(put, WIRE_IN_QUERY, STR("x-amz-acl")));
}

static void every_member_of_every_shape_is_found(void **state) {
    for (size_t i = 0; i < wire_service_count(); i++) {
        const WireService *service = wire_service_at(i);
        for (uint32_t j = 0; j < service->shape_count; j++) {
            const WireShape *shape = wire_shape(service->first_shape + j);
            assert_ptr_equal(wire_shape_named(service, wire_str(shape->name)), shape);
            for (size_t k = 0; k < shape->member_count; k++) {
                const WireMember *member = wire_member_at(shape, k);
                assert_ptr_equal(wire_member(shape, wire_str(member->name)), member);
                if (member->location == WIRE_IN_BODY) continue;
                assert_ptr_equal(wire_member_outside(shape, (WireLocation)member->location, wire_str(member->wire_name)), member);
            }
        }
    }
}

static void streams_and_unsigned_operations_are_marked(void **state) {
    assert_true(operation("s3", "PutObject")->flags & WIRE_STREAM_IN);
    assert_true(operation("s3", "GetObject")->flags & WIRE_STREAM_OUT);
    assert_false(operation("s3", "HeadObject")->flags & WIRE_STREAM_OUT);
    assert_true(operation("s3", "SelectObjectContent")->flags & WIRE_EVENTS_OUT);
    assert_true(operation("sts", "AssumeRoleWithWebIdentity")->flags & WIRE_UNSIGNED);
    assert_false(operation("sts", "AssumeRole")->flags & WIRE_UNSIGNED);
    assert_true(operation("s3", "DeleteObjects")->flags & WIRE_CHECKSUM_REQUIRED);
}

static void errors_are_found_by_name_and_by_code(void **state) {
    const WireService *iam = wire_service(STR("iam"));
    const WireShape *shape = wire_error_shape(iam, STR("NoSuchEntity"));
    assert_ptr_equal(wire_error_shape(iam, STR("NoSuchEntityException")), shape);
    assert_int_equal(shape->status, 404);
    assert_true(shape->flags & WIRE_SENDER_FAULT);
    assert_null(wire_error_shape(iam, STR("NoSuchKey")));
}

static void every_pattern_can_be_compiled(void **state) {
    size_t bad = 0;
    for (size_t i = 0; i < wire_service_count(); i++) {
        const WireService *service = wire_service_at(i);
        for (uint32_t j = 0; j < service->shape_count; j++) {
            const WireLimits *limits = wire_limits(wire_shape(service->first_shape + j));
            bool matches;
            Error error = {.code = ""};
            if (!limits || !limits->pattern) continue;
            bool good = pattern_matches(wire_str(limits->pcre), PATTERN_WHOLE, STR("a"), &matches, &error);
            bad += !good;
            if (!good) print_message("%s: %s: %s\n", wire_str(service->name).at, wire_str(limits->pattern).at, error.message);
        }
    }
    assert_int_equal(bad, 0);
    pattern_cache_clear();
}

// One of each kind that PCRE2 spells differently: surrogates, Java's classes, a hyphen behind a class.
static void java_patterns_match_as_java_does(void **state) {
    const WireLimits *text = wire_limits(wire_shape_named(wire_service(STR("iam")), STR("roleDescriptionType")));
    assert_true(matches_pattern(text, STR("caf\xc3\xa9 \n")));
    assert_false(matches_pattern(text, STR("bell\a")));
    const WireLimits *name = wire_limits(wire_shape_named(wire_service(STR("codepipeline")), STR("PipelineName")));
    assert_true(matches_pattern(name, STR("my-pipeline")));
    assert_false(matches_pattern(name, STR("my pipeline")));
    pattern_cache_clear();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_and_operations_are_found_by_name), cmocka_unit_test(members_are_found_by_each_of_their_names),
        cmocka_unit_test(every_member_of_every_shape_is_found),      cmocka_unit_test(streams_and_unsigned_operations_are_marked),
        cmocka_unit_test(errors_are_found_by_name_and_by_code),      cmocka_unit_test(every_pattern_can_be_compiled),
        cmocka_unit_test(java_patterns_match_as_java_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
