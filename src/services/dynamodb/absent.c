// What no table here has, since the operations that would switch it on are not built: tools that ask are told so as DynamoDB does.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"

Outcome describe_time_to_live(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    CALL_TRY(table_need_named(turn, call, &table, e));
    Doc *description = doc_map(call->arena);
    doc_set_str(call->arena, description, "TimeToLiveStatus", STR("DISABLED"));
    *out = doc_map(call->arena);
    doc_set(*out, "TimeToLiveDescription", description);
    return OUTCOME_DONE;
}

Outcome describe_continuous_backups(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    Doc *description = doc_map(call->arena), *recovery = doc_map(call->arena);
    Str name = table_name_of(doc_text(call->input, "TableName"));
    if (!table_need(turn, name, &table, NULL)) return call_fail(e, "TableNotFoundException", "Table not found: %.*s", STR_ARG(name));
    doc_set_str(call->arena, recovery, "PointInTimeRecoveryStatus", STR("DISABLED"));
    doc_set_str(call->arena, description, "ContinuousBackupsStatus", STR("ENABLED"));
    doc_set(description, "PointInTimeRecoveryDescription", recovery);
    *out = doc_map(call->arena);
    doc_set(*out, "ContinuousBackupsDescription", description);
    return OUTCOME_DONE;
}

Outcome dynamodb_get_resource_policy(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    Str arn = doc_text(call->input, "ResourceArn");
    CALL_TRY(table_need(turn, arn, &table, e));
    return call_fail(e, "PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn: %.*s", STR_ARG(arn));
}
