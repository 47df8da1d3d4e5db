// What CreateTable and UpdateTable insist on, in DynamoDB's words.
#include "services/dynamodb/dynamodb.h"

enum { NAME_LEAST = 3, NAME_MOST = 255, GLOBAL_INDEXES = 20, LOCAL_INDEXES = 5, NON_KEY_ATTRIBUTES = 100, KEY_ELEMENTS = 2 };

static bool check_name(const char *member, Str name, Error *e) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        if (plain) continue;
        return dynamodb_invalid(e,
                                "1 validation error detected: Value '%.*s' at '%s' failed to satisfy constraint: Member must satisfy regular "
                                "expression pattern: [a-zA-Z0-9_.-]+",
                                STR_ARG(name), member);
    }
    if (name.len >= NAME_LEAST && name.len <= NAME_MOST) return true;
    return dynamodb_invalid(e, "%s must be at least 3 characters long and at most 255 characters long",
                            str_is(str_of(member), "tableName") ? "TableName" : "IndexName");
}

// [a, b]
static Str names_of(Arena *arena, const Doc *list) {
    Str text = STR("[");
    for (const Doc *one = doc_first(list); one; one = one->next) {
        Str name = doc_text(one, "AttributeName");
        text = str_format(arena, "%.*s%s%.*s", STR_ARG(text), text.len > 1 ? ", " : "", STR_ARG(name));
    }
    return str_cat(arena, text, STR("]"));
}

static bool is_defined(const Doc *definitions, Str name) {
    for (const Doc *one = doc_first(definitions); one; one = one->next)
        if (str_eq(doc_text(one, "AttributeName"), name)) return true;
    return false;
}

// [KeySchemaElement(attributeName=a, keyType=HASH)], as DynamoDB repeats a schema
static Str schema_told(Arena *arena, const Doc *schema) {
    Str text = STR("[");
    for (const Doc *one = doc_first(schema); one; one = one->next) {
        Str name = doc_text(one, "AttributeName"), type = doc_text(one, "KeyType");
        text = str_format(arena, "%.*s%sKeySchemaElement(attributeName=%.*s, keyType=%.*s)", STR_ARG(text), text.len > 1 ? ", " : "", STR_ARG(name),
                          STR_ARG(type));
    }
    return str_cat(arena, text, STR("]"));
}

bool check_key_schema(const Doc *schema, const Doc *definitions, Error *e) {
    const Doc *first = doc_first(schema), *second = first ? first->next : NULL;
    if (!first || doc_count(schema) > KEY_ELEMENTS) {
        AUTO_ARENA arena = arena_new();
        Str told = schema_told(arena, schema);
        return dynamodb_invalid(e,
                                "1 validation error detected: Value '%.*s' at 'keySchema' failed to satisfy constraint: Member must have length %s",
                                STR_ARG(told), first ? "less than or equal to 2" : "greater than or equal to 1");
    }
    if (doc_count(schema) > doc_count(definitions)) return dynamodb_invalid(e, "Invalid KeySchema: Some index key attribute have no definition");
    for (const Doc *one = first; one; one = one->next) {
        if (is_defined(definitions, doc_text(one, "AttributeName"))) continue;
        AUTO_ARENA arena = arena_new();
        Str keys = names_of(arena, schema), defined = names_of(arena, definitions);
        return dynamodb_bad_parameters(e, "Some index key attributes are not defined in AttributeDefinitions. Keys: %.*s, AttributeDefinitions: %.*s",
                                       STR_ARG(keys), STR_ARG(defined));
    }
    if (second && str_eq(doc_text(first, "AttributeName"), doc_text(second, "AttributeName")))
        return dynamodb_invalid(e, "Both the Hash Key and the Range Key element in the KeySchema have the same name");
    if (!str_is(doc_text(first, "KeyType"), "HASH"))
        return dynamodb_invalid(e, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    if (second && !str_is(doc_text(second, "KeyType"), "RANGE"))
        return dynamodb_invalid(e, "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    return true;
}

static bool check_projection(const Doc *projection, Error *e) {
    Str type = doc_text(projection, "ProjectionType");
    const Doc *extra = doc_get(projection, "NonKeyAttributes");
    bool include = str_is(type, "INCLUDE");
    if (!include && !str_is(type, "ALL") && !str_is(type, "KEYS_ONLY"))
        return dynamodb_bad_parameters(e, "Unknown ProjectionType: %.*s", STR_ARG(type.at ? type : STR("null")));
    if (!include && extra) return dynamodb_bad_parameters(e, "ProjectionType is %.*s, but NonKeyAttributes is specified", STR_ARG(type));
    if (include && !doc_count(extra)) return dynamodb_bad_parameters(e, "ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    return doc_count(extra) <= NON_KEY_ATTRIBUTES || dynamodb_bad_parameters(e, "Cannot project more than 100 attributes into secondary indexes");
}

static bool check_local(const Doc *index, const Doc *key_schema, Error *e) {
    Str name = doc_text(index, "IndexName"), hash = doc_text(doc_first(doc_get(index, "KeySchema")), "AttributeName");
    Str table_hash = doc_text(doc_first(key_schema), "AttributeName");
    if (doc_count(key_schema) < 2)
        return dynamodb_bad_parameters(e, "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
    if (!str_eq(hash, table_hash)) {
        return dynamodb_bad_parameters(
            e,
            "Index KeySchema does not have the same leading hash key as table KeySchema for index: %.*s. index hash key: %.*s, table hash key: %.*s",
            STR_ARG(name), STR_ARG(hash), STR_ARG(table_hash));
    }
    if (doc_count(doc_get(index, "KeySchema")) == 2) return true;
    return dynamodb_bad_parameters(e, "Index KeySchema does not have a range key for index: %.*s", STR_ARG(name));
}

bool check_new_index(const Call *call, const Doc *index, const Doc *key_schema, const Doc *definitions, bool global, Error *e) {
    static const char *const refused[] = {"OnDemandThroughput", "WarmThroughput", NULL};
    TRY(dynamodb_refuse(call, index, refused, e));
    TRY(check_name("indexName", doc_text(index, "IndexName"), e));
    TRY(check_key_schema(doc_get(index, "KeySchema"), definitions, e));
    TRY(check_projection(doc_get(index, "Projection"), e));
    return global || check_local(index, key_schema, e);
}

static bool check_indexes(const Call *call, const char *member, size_t most, Error *e) {
    const Doc *indexes = doc_get(call->input, member), *schema = doc_get(call->input, "KeySchema"),
              *defined = doc_get(call->input, "AttributeDefinitions");
    bool global = str_is(str_of(member), "GlobalSecondaryIndexes");
    if (indexes && !doc_count(indexes)) return dynamodb_bad_parameters(e, "List of %s is empty", member);
    if (doc_count(indexes) > most) {
        return global ? dynamodb_bad_parameters(e, "GlobalSecondaryIndex count exceeds the per-table limit of %zu", most)
                      : dynamodb_bad_parameters(e, "Number of LocalSecondaryIndexes exceeds per-table limit of %zu", most);
    }
    for (const Doc *index = doc_first(indexes); index; index = index->next) {
        TRY(check_new_index(call, index, schema, defined, global, e));
        for (const Doc *other = index->next; other; other = other->next)
            if (str_eq(doc_text(index, "IndexName"), doc_text(other, "IndexName")))
                return dynamodb_bad_parameters(e, "Duplicate index name: %.*s", STR_ARG(doc_text(index, "IndexName")));
    }
    return true;
}

static bool schema_uses(const Doc *schema, Str name) {
    for (const Doc *one = doc_first(schema); one; one = one->next)
        if (str_eq(doc_text(one, "AttributeName"), name)) return true;
    return false;
}

static bool is_used(const Doc *input, Str name) {
    static const char *const lists[] = {"GlobalSecondaryIndexes", "LocalSecondaryIndexes", NULL};
    if (schema_uses(doc_get(input, "KeySchema"), name)) return true;
    for (const char *const *list = lists; *list; list++)
        for (const Doc *index = doc_first(doc_get(input, *list)); index; index = index->next)
            if (schema_uses(doc_get(index, "KeySchema"), name)) return true;
    return false;
}

static bool check_definitions(const Doc *input, Error *e) {
    const Doc *definitions = doc_get(input, "AttributeDefinitions");
    for (const Doc *one = doc_first(definitions); one; one = one->next) {
        Str name = doc_text(one, "AttributeName");
        for (const Doc *other = one->next; other; other = other->next)
            if (str_eq(name, doc_text(other, "AttributeName")))
                return dynamodb_bad_parameters(e, "Duplicate AttributeName in AttributeDefinitions: %.*s", STR_ARG(name));
        if (is_used(input, name)) continue;
        bool indexed = doc_get(input, "GlobalSecondaryIndexes") || doc_get(input, "LocalSecondaryIndexes");
        if (!indexed)
            return dynamodb_bad_parameters(
                e, "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions");
        AUTO_ARENA arena = arena_new();
        Str defined = names_of(arena, definitions), keys = names_of(arena, doc_get(input, "KeySchema"));
        return dynamodb_bad_parameters(e, "Some AttributeDefinitions are not used. AttributeDefinitions: %.*s, keys used: %.*s", STR_ARG(defined),
                                       STR_ARG(keys));
    }
    return true;
}

static bool check_billing(const Doc *input, Error *e) {
    const Doc *throughput = doc_get(input, "ProvisionedThroughput");
    bool on_demand = str_is(doc_text(input, "BillingMode"), "PAY_PER_REQUEST");
    if (on_demand && throughput)
        return dynamodb_bad_parameters(e, "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    if (!on_demand && !throughput)
        return dynamodb_bad_parameters(e, "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
    for (const Doc *index = doc_first(doc_get(input, "GlobalSecondaryIndexes")); index; index = index->next) {
        bool given = doc_get(index, "ProvisionedThroughput") != NULL;
        Str name = doc_text(index, "IndexName");
        if (on_demand && given) {
            return dynamodb_bad_parameters(e, "ProvisionedThroughput should not be specified for index: %.*s when BillingMode is PAY_PER_REQUEST",
                                           STR_ARG(name));
        }
        if (!on_demand && !given) return dynamodb_bad_parameters(e, "ProvisionedThroughput is not specified for index: %.*s", STR_ARG(name));
    }
    return true;
}

// Streams and keys of KMS: only saying that they are off says nothing new.
bool check_extras(const Call *call, Error *e) {
    const Doc *stream = doc_get(call->input, "StreamSpecification"), *encryption = doc_get(call->input, "SSESpecification");
    if (doc_flag(stream, "StreamEnabled", false) || doc_get(stream, "StreamViewType")) return dynamodb_unsupported(call, "StreamSpecification", e);
    if (doc_flag(encryption, "Enabled", false) || doc_get(encryption, "SSEType") || doc_get(encryption, "KMSMasterKeyId"))
        return dynamodb_unsupported(call, "SSESpecification", e);
    return true;
}

bool check_new_table(const Call *call, Error *e) {
    static const char *const refused[] = {"ResourcePolicy",
                                          "OnDemandThroughput",
                                          "WarmThroughput",
                                          "GlobalTableSourceArn",
                                          "GlobalTableSettingsReplicationMode",
                                          "VectorIndexes",
                                          NULL};
    const Doc *input = call->input;
    TRY(dynamodb_refuse(call, input, refused, e));
    TRY(check_extras(call, e));
    TRY(check_name("tableName", table_name_of(doc_text(input, "TableName")), e));
    TRY(check_billing(input, e));
    TRY(check_key_schema(doc_get(input, "KeySchema"), doc_get(input, "AttributeDefinitions"), e));
    TRY(check_indexes(call, "LocalSecondaryIndexes", LOCAL_INDEXES, e));
    TRY(check_indexes(call, "GlobalSecondaryIndexes", GLOBAL_INDEXES, e));
    return check_definitions(input, e);
}
