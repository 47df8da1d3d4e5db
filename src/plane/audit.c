// The audit trail: one record of each call that changed something or was refused, in the shape CloudTrail gives it. The newest LIMIT_AUDIT_RECORDS are kept.
#include "plane/internal.h"

#include "base/limits.h"
#include "formats/json.h"
#include "formats/timestamps.h"
#include "store/key.h"

const StoreTable AUDIT_TABLE = {.name = "audit", .large_rows = true};

static bool reads_only(Str operation) {
    static const char *const PREFIXES[] = {"Get", "List", "Describe", "BatchGet", "Head", "Query", "Scan"};
    for (size_t i = 0; i < sizeof PREFIXES / sizeof *PREFIXES; i++) {
        if (str_starts(operation, str_of(PREFIXES[i]))) return true;
    }
    return false;
}

// Data events are not recorded, as CloudTrail does not by default.
static bool is_data_event(Str service, Str operation) {
    if (str_is(service, "s3")) return str_ends(operation, STR("Object")) || str_ends(operation, STR("Part"));
    return (str_is(service, "dynamodb") && str_ends(operation, STR("Item"))) || str_is(operation, "PutLogEvents");
}

static Doc *record_of(Turns *turns, const Call *call, const Error *refused) {
    Arena *arena = turns->arena;
    Doc *record = doc_map(arena);
    doc_set_str(arena, record, "eventID", id_uuid(&turns->ids, arena));
    doc_set_str(arena, record, "eventTime", time_iso8601(arena, call->now_ms));
    doc_set_str(arena, record, "eventSource", str_cat(arena, wire_str(wire_service_of(call->operation)->endpoint_prefix), STR(".amazonaws.com")));
    doc_set_str(arena, record, "eventName", wire_str(call->operation->name));
    doc_set_str(arena, record, "awsRegion", call->where.region);
    doc_set_str(arena, record, "sourceIPAddress", call->internal ? call->principal.arn : call->source_ip);
    doc_set_str(arena, record, "userAgent", call->user_agent);
    doc_set_str(arena, record, "requestID", call->request_id);
    doc_set(record, "userIdentity", principal_to_doc(arena, &call->principal));
    if (refused) {
        doc_set_str(arena, record, "errorCode", str_of(refused->code));
        doc_set_str(arena, record, "errorMessage", str_of(refused->message));
    }
    return record;
}

void audit_call(Turns *turns, const Call *call, Outcome outcome, const Error *e) {
    Str service = wire_str(wire_service_of(call->operation)->name), operation = wire_str(call->operation->name);
    bool refused = outcome == OUTCOME_ERROR;
    if (outcome == OUTCOME_PARK || (!refused && (reads_only(operation) || is_data_event(service, operation)))) return;
    bool denied = refused && strstr(e->code, "AccessDenied");
    if (refused && !denied && reads_only(operation)) return;
    uint64_t number = turns->audit_next++;
    Doc *record = record_of(turns, call, refused ? e : NULL);
    store_put(turns->store, &AUDIT_TABLE, KEY(turns->arena, key_number(number)), json_write(turns->arena, record));
    if (number >= LIMIT_AUDIT_RECORDS) store_delete(turns->store, &AUDIT_TABLE, KEY(turns->arena, key_number(number - LIMIT_AUDIT_RECORDS)));
    turns->changed = true;
}

static bool take_number(void *context, Str key, Str value) {
    (void)value;
    uint64_t *next = context, number;
    if (key_take_number(&key, &number)) *next = number + 1;
    return false;
}

void audit_open(Turns *turns) {
    store_scan(turns->store, &AUDIT_TABLE, (StoreRange){.from = STR(""), .reverse = true, .limit = 1}, take_number, &turns->audit_next);
}
