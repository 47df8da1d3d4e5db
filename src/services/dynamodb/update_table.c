// UpdateTable: throughput, billing, protection, and global secondary indexes made (filled at once), changed and removed.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"

static void merge_definitions(Arena *arena, const Doc *given, Doc *kept) {
    for (const Doc *one = doc_first(given); one; one = one->next) {
        bool known = false;
        for (const Doc *old = doc_first(kept); old; old = old->next)
            known = known || str_eq(doc_text(old, "AttributeName"), doc_text(one, "AttributeName"));
        if (!known) doc_push(kept, doc_copy(arena, one));
    }
}

static bool create_index(Turn *turn, const Call *call, Table *table, const Doc *wanted, Error *e) {
    Arena *arena = call->arena;
    Index index;
    Str name = doc_text(wanted, "IndexName");
    if (table_index_named(table, name, &index)) return dynamodb_invalid(e, "Attempting to create an index which already exists");
    Doc *definitions = doc_get(table->doc, "AttributeDefinitions"), *indexes = doc_get(table->doc, "GlobalSecondaryIndexes");
    merge_definitions(arena, doc_get(call->input, "AttributeDefinitions"), definitions);
    TRY(check_new_index(call, wanted, doc_get(table->doc, "KeySchema"), definitions, true, e));
    if (!indexes) {
        indexes = doc_list(arena);
        doc_set(table->doc, "GlobalSecondaryIndexes", indexes);
    }
    Doc *kept = doc_copy(arena, wanted);
    doc_set_int(arena, kept, "Number", (int64_t)(id_u64(turn_ids(turn)) >> 2));
    doc_set_str(arena, kept, "IndexStatus", STR("CREATING")); // as this call tells it; it is filled at once
    doc_push(indexes, kept);
    if (table_index_named(table, name, &index)) index_fill(turn, table, &index);
    return true;
}

static bool fail_no_index(Str name, Error *e) {
    return fail(e, "ResourceNotFoundException", "Requested resource not found: Index: %.*s not found", STR_ARG(name));
}

static Doc *global_index_named(const Table *table, Str name) {
    for (Doc *one = doc_first(doc_get(table->doc, "GlobalSecondaryIndexes")); one; one = one->next)
        if (str_eq(doc_text(one, "IndexName"), name)) return one;
    return NULL;
}

static bool delete_index(const Call *call, Table *table, const Doc *wanted, Error *e) {
    Str name = doc_text(wanted, "IndexName");
    Doc *index = global_index_named(table, name);
    if (!index) return fail_no_index(name, e);
    doc_set_str(call->arena, index, "IndexStatus", STR("DELETING")); // as this call tells it; it goes at once
    return true;
}

// What the call has told of indexes is done: those that were made or changed can be used, those that were deleted are gone.
static void settle_indexes(Turn *turn, const Call *call, Table *table) {
    Doc *kept = doc_list(call->arena);
    for (const Doc *one = doc_first(doc_get(table->doc, "GlobalSecondaryIndexes")); one; one = one->next) {
        Index index;
        if (str_is(doc_text(one, "IndexStatus"), "DELETING")) {
            if (table_index_named(table, doc_text(one, "IndexName"), &index)) index_empty(turn, &index);
            continue;
        }
        Doc *settled = doc_copy(call->arena, one);
        doc_set(settled, "IndexStatus", NULL);
        doc_push(kept, settled);
    }
    doc_set(table->doc, "GlobalSecondaryIndexes", doc_count(kept) ? kept : NULL);
}

// The new capacities, with when they last grew and shrank.
static bool change_throughput(const Call *call, const Doc *wanted, Doc *owner, Error *e) {
    Arena *arena = call->arena;
    const Doc *old = doc_get(owner, "ProvisionedThroughput");
    int64_t reads = doc_number(old, "ReadCapacityUnits", 0), writes = doc_number(old, "WriteCapacityUnits", 0);
    int64_t more_reads = doc_number(wanted, "ReadCapacityUnits", 0) - reads, more_writes = doc_number(wanted, "WriteCapacityUnits", 0) - writes;
    if (!more_reads && !more_writes) {
        return dynamodb_invalid(
            e,
            "The provisioned throughput for the table will not change. The requested value equals the current value. Current "
            "ReadCapacityUnits provisioned for the table: %lld. Requested ReadCapacityUnits: %lld. Current WriteCapacityUnits "
            "provisioned for the table: %lld. Requested WriteCapacityUnits: %lld. Refer to the Amazon DynamoDB Developer Guide for "
            "current limits and how to request higher limits.",
            (long long)reads, (long long)reads, (long long)writes, (long long)writes);
    }
    Doc *kept = old ? doc_copy(arena, old) : doc_map(arena);
    doc_set_int(arena, kept, "ReadCapacityUnits", reads + more_reads);
    doc_set_int(arena, kept, "WriteCapacityUnits", writes + more_writes);
    if (more_reads > 0 || more_writes > 0) doc_set_int(arena, kept, "IncreasedMs", call->now_ms);
    if (more_reads < 0 || more_writes < 0) {
        doc_set_int(arena, kept, "DecreasedMs", call->now_ms);
        doc_set_int(arena, kept, "Decreases", doc_number(old, "Decreases", 0) + 1);
    }
    doc_set(owner, "ProvisionedThroughput", kept);
    return true;
}

static bool change_index(const Call *call, Table *table, const Doc *wanted, Error *e) {
    static const char *const refused[] = {"OnDemandThroughput", "WarmThroughput", NULL};
    Str name = doc_text(wanted, "IndexName");
    TRY(dynamodb_refuse(call, wanted, refused, e));
    Doc *index = global_index_named(table, name);
    if (!index) return fail_no_index(name, e);
    doc_set_str(call->arena, index, "IndexStatus", STR("UPDATING"));
    return change_throughput(call, doc_get(wanted, "ProvisionedThroughput"), index, e);
}

static bool change_indexes(Turn *turn, const Call *call, Table *table, Error *e) {
    size_t made_or_gone = 0;
    for (const Doc *update = doc_first(doc_get(call->input, "GlobalSecondaryIndexUpdates")); update; update = update->next) {
        const Doc *create = doc_get(update, "Create"), *change = doc_get(update, "Update"), *remove = doc_get(update, "Delete");
        if (!create && !change && !remove) {
            return dynamodb_bad_parameters(e, "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                                              "GlobalSecondaryIndexUpdate.Delete must not be null");
        }
        if ((create || remove) && ++made_or_gone > 1) {
            return fail(e, "LimitExceededException",
                        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table");
        }
        if (create) TRY(create_index(turn, call, table, create, e));
        if (change) TRY(change_index(call, table, change, e));
        if (remove) TRY(delete_index(call, table, remove, e));
    }
    return true;
}

static bool change_billing(const Call *call, Table *table, Error *e) {
    const Doc *throughput = doc_get(call->input, "ProvisionedThroughput");
    Str mode = doc_text(call->input, "BillingMode");
    bool was_on_demand = str_is(doc_text(table->doc, "BillingMode"), "PAY_PER_REQUEST");
    if (mode.at) doc_set_str(call->arena, table->doc, "BillingMode", mode);
    bool on_demand = str_is(doc_text(table->doc, "BillingMode"), "PAY_PER_REQUEST");
    if (on_demand && throughput)
        return dynamodb_bad_parameters(e, "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    if (str_is(mode, "PROVISIONED") && !throughput && !doc_get(table->doc, "ProvisionedThroughput"))
        return dynamodb_bad_parameters(e, "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
    if (on_demand && !was_on_demand) doc_set_int(call->arena, table->doc, "OnDemandMs", call->now_ms);
    if (on_demand) doc_set(table->doc, "ProvisionedThroughput", NULL);
    return !throughput || change_throughput(call, throughput, table->doc, e);
}

static bool check_asked(const Call *call, Error *e) {
    static const char *const refused[] = {"ReplicaUpdates",
                                          "OnDemandThroughput",
                                          "WarmThroughput",
                                          "MultiRegionConsistency",
                                          "GlobalTableWitnessUpdates",
                                          "GlobalTableSettingsReplicationMode",
                                          "DisassociationProtectionEnabled",
                                          "VectorIndexUpdates",
                                          NULL};
    static const char *const changes[] = {"ProvisionedThroughput", "BillingMode", "StreamSpecification",       "GlobalSecondaryIndexUpdates",
                                          "SSESpecification",      "TableClass",  "DeletionProtectionEnabled", NULL};
    TRY(dynamodb_refuse(call, call->input, refused, e));
    TRY(check_extras(call, e));
    for (const char *const *member = changes; *member; member++)
        if (doc_get(call->input, *member)) return true;
    return dynamodb_invalid(e, "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
                               "SSESpecification or ReplicaUpdates is required");
}

Outcome update_table(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    CALL_TRY(check_asked(call, e));
    CALL_TRY(table_need_named(turn, call, &table, e));
    CALL_TRY(change_billing(call, &table, e));
    if (doc_get(call->input, "DeletionProtectionEnabled"))
        doc_set_bool(call->arena, table.doc, "DeletionProtectionEnabled", doc_flag(call->input, "DeletionProtectionEnabled", false));
    if (doc_get(call->input, "TableClass")) doc_set_str(call->arena, table.doc, "TableClass", doc_text(call->input, "TableClass"));
    CALL_TRY(change_indexes(turn, call, &table, e));
    *out = doc_map(call->arena);
    doc_set(*out, "TableDescription", table_description(turn, &table, "UPDATING"));
    settle_indexes(turn, call, &table);
    table_save(turn, &table);
    return OUTCOME_DONE;
}
