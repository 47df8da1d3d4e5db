#include "services/dynamodb/handlers.h"
#include "services/dynamodb/reading.h"

static bool check_segments(Reading *reading, Error *e) {
    const Doc *segment = doc_get(reading->call->input, "Segment"), *total = doc_get(reading->call->input, "TotalSegments");
    if (!segment && !total) return true;
    if (!total)
        return dynamodb_invalid(e, "The TotalSegments parameter is required but was not present in the request when Segment parameter is present");
    if (!segment)
        return dynamodb_invalid(e, "The Segment parameter is required but was not present in the request when parameter TotalSegments is present");
    reading->segment = doc_int(segment, 0);
    reading->segments = doc_int(total, 1);
    if (reading->segment < reading->segments) return true;
    return dynamodb_invalid(
        e, "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %lld is not less than TotalSegments: %lld",
        (long long)reading->segment, (long long)reading->segments);
}

Outcome dynamodb_scan(Turn *turn, const Call *call, Doc **out, Error *e) {
    Reading reading;
    CALL_TRY(reading_begin(turn, call, &reading, e));
    CALL_TRY(reading_parse(&reading, e));
    CALL_TRY(check_segments(&reading, e));
    CALL_TRY(reading_open(&reading, e));
    CALL_TRY(reading_check_start(&reading, e));
    Str prefix = KEY(call->arena, key_number(reading_number(&reading)));
    reading.range = (StoreRange){.from = prefix, .before = key_after_prefix(call->arena, prefix)};
    CALL_TRY(reading_start(&reading, e));
    reading_run(&reading);
    *out = reading_reply(&reading);
    return OUTCOME_DONE;
}
