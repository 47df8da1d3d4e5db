// Tables: making, finding, describing and removing them. A new table can be used at once: CreateTable says CREATING as DynamoDB does, and the next look says
// ACTIVE, which is what clients' waiters ask for.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"

const DocumentType DYNAMODB_TABLE = {.name = "dynamodb.table"};

enum { TABLES_A_PAGE = 100, COUNTED_ITEMS = 20000, WARM_READS = 12000, WARM_WRITES = 4000 };

Str table_name_of(Str name_or_arn) {
    ptrdiff_t at = str_starts(name_or_arn, STR("arn:")) ? str_find(name_or_arn, STR(":table/")) : -1;
    if (at < 0) return name_or_arn;
    Str rest = str_from(name_or_arn, (size_t)at + strlen(":table/"));
    return str_cut(&rest, '/');
}

Table table_read(Doc *doc) {
    return (Table){
        .name = doc_text(doc, "TableName"),
        .arn = doc_text(doc, "TableArn"),
        .number = (uint64_t)doc_number(doc, "Number", 0),
        .key = key_schema_read(doc_get(doc, "KeySchema"), doc_get(doc, "AttributeDefinitions")),
        .doc = doc,
    };
}

bool table_need(Turn *turn, Str name_or_arn, Table *out, Error *e) {
    Doc *doc;
    if (!turn_get(turn, &DYNAMODB_TABLE, table_name_of(name_or_arn), &doc))
        return fail(e, "ResourceNotFoundException", "Requested resource not found");
    *out = table_read(doc);
    return true;
}

bool table_need_named(Turn *turn, const Call *call, Table *out, Error *e) {
    Str name = table_name_of(doc_text(call->input, "TableName"));
    if (table_need(turn, name, out, e)) return true;
    return fail(e, "ResourceNotFoundException", "Requested resource not found: Table: %.*s not found", STR_ARG(name));
}

void table_save(Turn *turn, const Table *table) { turn_put(turn, &DYNAMODB_TABLE, table->name, table->doc); }

bool table_index(const Table *table, size_t position, Index *out) {
    const Doc *global = doc_get(table->doc, "GlobalSecondaryIndexes"), *local = doc_get(table->doc, "LocalSecondaryIndexes");
    bool is_global = position < doc_count(global);
    const Doc *doc = is_global ? doc_at(global, position) : doc_at(local, position - doc_count(global));
    if (!doc) return false;
    *out = (Index){
        .name = doc_text(doc, "IndexName"),
        .number = (uint64_t)doc_number(doc, "Number", 0),
        .global = is_global,
        .key = key_schema_read(doc_get(doc, "KeySchema"), doc_get(table->doc, "AttributeDefinitions")),
        .projection = doc_get(doc, "Projection"),
    };
    return true;
}

bool table_index_named(const Table *table, Str name, Index *out) {
    Index index;
    for (size_t i = 0; table_index(table, i, &index); i++) {
        if (!str_eq(index.name, name)) continue;
        *out = index;
        return true;
    }
    return false;
}

// ---- Description ----

typedef struct Tally {
    int64_t count, bytes;
} Tally;

static bool tally_row(void *context, Str key, Str value) {
    Tally *tally = context;
    tally->count++;
    tally->bytes += (int64_t)value.len;
    return true;
}

// DynamoDB's own count is hours old; ours is exact up to a bound, so that describing a table stays cheap.
static Tally tally_of(Turn *turn, const StoreTable *rows, uint64_t number) {
    Tally tally = {0};
    Arena *arena = turn_arena(turn);
    Str prefix = KEY(arena, key_number(number));
    store_scan(turn_store(turn), rows, (StoreRange){.from = prefix, .before = key_after_prefix(arena, prefix), .limit = COUNTED_ITEMS}, tally_row,
               &tally);
    return tally;
}

static void set_time_if(Arena *arena, Doc *to, const char *member, const Doc *from, const char *kept) {
    if (doc_get(from, kept)) doc_set_time(arena, to, member, doc_number(from, kept, 0));
}

static Doc *throughput_doc(Arena *arena, const Doc *throughput) {
    Doc *doc = doc_map(arena);
    set_time_if(arena, doc, "LastIncreaseDateTime", throughput, "IncreasedMs");
    set_time_if(arena, doc, "LastDecreaseDateTime", throughput, "DecreasedMs");
    doc_set_int(arena, doc, "NumberOfDecreasesToday", doc_number(throughput, "Decreases", 0));
    doc_set_int(arena, doc, "ReadCapacityUnits", doc_number(throughput, "ReadCapacityUnits", 0));
    doc_set_int(arena, doc, "WriteCapacityUnits", doc_number(throughput, "WriteCapacityUnits", 0));
    return doc;
}

// What a table can take at once: as provisioned, or what every table on demand begins with.
static Doc *warm_doc(Arena *arena, const Doc *throughput) {
    Doc *doc = doc_map(arena);
    doc_set_int(arena, doc, "ReadUnitsPerSecond", doc_number(throughput, "ReadCapacityUnits", WARM_READS));
    doc_set_int(arena, doc, "WriteUnitsPerSecond", doc_number(throughput, "WriteCapacityUnits", WARM_WRITES));
    doc_set_str(arena, doc, "Status", STR("ACTIVE"));
    return doc;
}

static void describe_billing(Arena *arena, const Table *table, bool creating, Doc *to) {
    Str mode = doc_text(table->doc, "BillingMode");
    bool on_demand = str_is(mode, "PAY_PER_REQUEST");
    if (!on_demand && !doc_get(table->doc, "OnDemandMs")) return;
    Doc *summary = doc_map(arena);
    doc_set_str(arena, summary, "BillingMode", mode);
    if (!creating) doc_set_time(arena, summary, "LastUpdateToPayPerRequestDateTime", doc_number(table->doc, "OnDemandMs", 0));
    doc_set(to, "BillingModeSummary", summary);
}

// What is told of an index before its items have been put into it.
static void show_unfilled(Arena *arena, Doc *shown) {
    doc_set_bool(arena, shown, "Backfilling", false);
    doc_set_int(arena, shown, "ItemCount", 0);
    doc_set_int(arena, shown, "IndexSizeBytes", 0);
}

static void describe_indexes(Turn *turn, const Table *table, const char *member, const char *status, Doc *to) {
    Arena *arena = turn_arena(turn);
    const Doc *indexes = doc_get(table->doc, member);
    if (!doc_count(indexes)) return;
    Doc *list = doc_list(arena);
    for (const Doc *index = doc_first(indexes); index; index = index->next) {
        Doc *shown = doc_copy(arena, index);
        shown->next = NULL;
        Tally tally = tally_of(turn, &DYNAMODB_INDEXES, (uint64_t)doc_number(index, "Number", 0));
        doc_set(shown, "Number", NULL);
        doc_set_str(arena, shown, "IndexArn", str_format(arena, "%.*s/index/%.*s", STR_ARG(table->arn), STR_ARG(doc_text(index, "IndexName"))));
        doc_set_int(arena, shown, "ItemCount", tally.count);
        doc_set_int(arena, shown, "IndexSizeBytes", tally.bytes);
        if (str_is(str_of(member), "GlobalSecondaryIndexes")) {
            Str own = doc_text(index, "IndexStatus"); // of one that this very call makes, changes or deletes
            if (str_is(own, "CREATING")) show_unfilled(arena, shown);
            doc_set_str(arena, shown, "IndexStatus", own.at ? own : str_of(status));
            doc_set(shown, "ProvisionedThroughput", throughput_doc(arena, doc_get(index, "ProvisionedThroughput")));
            if (!own.at && str_is(str_of(status), "ACTIVE"))
                doc_set(shown, "WarmThroughput", warm_doc(arena, doc_get(index, "ProvisionedThroughput")));
        }
        doc_push(list, shown);
    }
    doc_set(to, member, list);
}

// The definition whose name comes next behind that of `last`; NULL: the first, or there is none.
static const Doc *definition_after(const Doc *definitions, const Doc *last) {
    const Doc *next = NULL;
    for (const Doc *one = doc_first(definitions); one; one = one->next) {
        Str name = doc_text(one, "AttributeName");
        bool behind = !last || str_cmp(name, doc_text(last, "AttributeName")) > 0;
        if (behind && (!next || str_cmp(name, doc_text(next, "AttributeName")) < 0)) next = one;
    }
    return next;
}

// Attributes are told by name, in whatever order they were given.
static void sort_definitions(Arena *arena, Doc *description) {
    Doc *given = doc_get(description, "AttributeDefinitions"), *sorted = doc_list(arena);
    for (const Doc *one = definition_after(given, NULL); one; one = definition_after(given, one)) doc_push(sorted, doc_copy(arena, one));
    doc_set(description, "AttributeDefinitions", sorted);
}

// Of a table on its way out DynamoDB no longer tells the schema.
static void forget_schema(Doc *description) {
    static const char *const members[] = {"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", NULL};
    for (const char *const *member = members; *member; member++) doc_set(description, *member, NULL);
}

Doc *table_description(Turn *turn, const Table *table, const char *status) {
    Arena *arena = turn_arena(turn);
    Doc *doc = doc_copy(arena, table->doc);
    Tally tally = tally_of(turn, &DYNAMODB_ITEMS, table->number);
    bool creating = str_is(str_of(status), "CREATING"), deleting = str_is(str_of(status), "DELETING");
    doc_set(doc, "Number", NULL);
    doc_set(doc, "Tags", NULL);
    doc_set_str(arena, doc, "TableStatus", str_of(status));
    doc_set_int(arena, doc, "ItemCount", tally.count);
    doc_set_int(arena, doc, "TableSizeBytes", tally.bytes);
    doc_set(doc, "ProvisionedThroughput", throughput_doc(arena, doc_get(table->doc, "ProvisionedThroughput")));
    describe_billing(arena, table, creating, doc);
    if (doc_get(table->doc, "TableClass")) {
        Doc *summary = doc_map(arena);
        doc_set_str(arena, summary, "TableClass", doc_text(table->doc, "TableClass"));
        doc_set(doc, "TableClassSummary", summary);
    }
    if (deleting) {
        forget_schema(doc);
        return doc;
    }
    sort_definitions(arena, doc);
    if (!creating) doc_set(doc, "WarmThroughput", warm_doc(arena, doc_get(table->doc, "ProvisionedThroughput")));
    doc_set_time(arena, doc, "CreationDateTime", doc_number(table->doc, "CreatedMs", 0));
    describe_indexes(turn, table, "GlobalSecondaryIndexes", creating ? "CREATING" : "ACTIVE", doc);
    describe_indexes(turn, table, "LocalSecondaryIndexes", "ACTIVE", doc);
    return doc;
}

// ---- Operations ----

static int64_t new_number(Turn *turn) { return (int64_t)(id_u64(turn_ids(turn)) >> 2); }

static void copy_members(Arena *arena, const Doc *from, const char *const *members, Doc *to) {
    for (; *members; members++)
        if (doc_get(from, *members)) doc_set(to, *members, doc_copy(arena, doc_get(from, *members)));
}

static void number_indexes(Turn *turn, Doc *indexes) {
    for (Doc *index = doc_first(indexes); index; index = index->next) doc_set_int(turn_arena(turn), index, "Number", new_number(turn));
}

static Doc *new_table(Turn *turn, const Call *call, Str name) {
    static const char *const members[] = {
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "BillingMode",
        "ProvisionedThroughput",
        "TableClass",
        "Tags",
        NULL,
    };
    Arena *arena = call->arena;
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "TableName", name);
    doc_set_str(arena, doc, "TableId", id_uuid(turn_ids(turn), arena));
    doc_set_str(arena, doc, "TableArn",
                str_format(arena, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s", STR_ARG(call->where.region), STR_ARG(call->where.account), STR_ARG(name)));
    doc_set_int(arena, doc, "Number", new_number(turn));
    doc_set_int(arena, doc, "CreatedMs", call->now_ms);
    doc_set_bool(arena, doc, "DeletionProtectionEnabled", doc_flag(call->input, "DeletionProtectionEnabled", false));
    copy_members(arena, call->input, members, doc);
    if (str_is(doc_text(doc, "BillingMode"), "PAY_PER_REQUEST")) doc_set_int(arena, doc, "OnDemandMs", call->now_ms);
    number_indexes(turn, doc_get(doc, "GlobalSecondaryIndexes"));
    number_indexes(turn, doc_get(doc, "LocalSecondaryIndexes"));
    return doc;
}

Outcome create_table(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str name = table_name_of(doc_text(call->input, "TableName"));
    CALL_TRY(check_new_table(call, e));
    Table table = table_read(new_table(turn, call, name));
    if (!turn_insert(turn, &DYNAMODB_TABLE, name, table.doc))
        return call_fail(e, "ResourceInUseException", "Table already exists: %.*s", STR_ARG(name));
    *out = doc_map(call->arena);
    doc_set(*out, "TableDescription", table_description(turn, &table, "CREATING"));
    return OUTCOME_DONE;
}

Outcome describe_table(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    CALL_TRY(table_need_named(turn, call, &table, e));
    *out = doc_map(call->arena);
    doc_set(*out, "Table", table_description(turn, &table, "ACTIVE"));
    return OUTCOME_DONE;
}

Outcome delete_table(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    CALL_TRY(table_need_named(turn, call, &table, e));
    if (doc_flag(table.doc, "DeletionProtectionEnabled", false)) {
        dynamodb_invalid(e, "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.");
        return OUTCOME_ERROR;
    }
    *out = doc_map(call->arena);
    doc_set(*out, "TableDescription", table_description(turn, &table, "DELETING"));
    items_delete_all(turn, &table);
    turn_delete(turn, &DYNAMODB_TABLE, table.name);
    return OUTCOME_DONE;
}

Outcome list_tables(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    int64_t limit = doc_number(call->input, "Limit", TABLES_A_PAGE);
    DocumentScan wanted = {.after = doc_text(call->input, "ExclusiveStartTableName"), .limit = (size_t)limit + 1};
    const Doc *tables = turn_scan(turn, &DYNAMODB_TABLE, wanted);
    Doc *names = doc_list(arena);
    Str last = STR_NONE;
    *out = doc_map(arena);
    for (const Doc *table = doc_first(tables); table; table = table->next) {
        if ((int64_t)doc_count(names) == limit) {
            doc_set_str(arena, *out, "LastEvaluatedTableName", last);
            break;
        }
        last = doc_text(table, "TableName");
        doc_push_str(arena, names, last);
    }
    doc_set(*out, "TableNames", names);
    return OUTCOME_DONE;
}
