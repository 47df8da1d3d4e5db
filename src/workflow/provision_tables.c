// Tables that are there keep their key: DynamoDB cannot change it, so a rehearse.yaml that says another one is refused before anything is made.
#include "workflow/provision.h"

// The attribute of a kind of key, with its type; STR_NONE as name: there is none.
static TableKey key_of(const Doc *table, const char *kind) {
    TableKey key = {STR_NONE, STR_NONE};
    for (const Doc *one = doc_first(doc_get(table, "KeySchema")); one; one = one->next) {
        if (str_is(doc_text(one, "KeyType"), kind)) key.name = doc_text(one, "AttributeName");
    }
    for (const Doc *one = doc_first(doc_get(table, "AttributeDefinitions")); key.name.len && one; one = one->next) {
        if (str_eq(doc_text(one, "AttributeName"), key.name)) key.type = doc_text(one, "AttributeType");
    }
    return key;
}

static bool same_key(TableKey a, TableKey b) { return str_eq(a.name, b.name) && (!a.name.len || str_eq(a.type, b.type)); }

static Str attribute_text(Arena *arena, TableKey key) {
    const char *type = str_is(key.type, "N") ? "number" : str_is(key.type, "S") ? "text" : "binary";
    return str_format(arena, "%.*s (%s)", STR_ARG(key.name), type);
}

static Str key_text(Arena *arena, TableKey key, TableKey sort) {
    Str text = attribute_text(arena, key);
    return sort.name.len ? str_cat(arena, str_cat(arena, text, STR(" with sort key ")), attribute_text(arena, sort)) : text;
}

static bool check_table(const Client *client, Arena *arena, const Table *table, Error *e) {
    Doc *input = doc_map(arena), *reply = NULL;
    Error why = {0};
    doc_set_str(arena, input, "TableName", table->name);
    if (!client_call(client, arena, "dynamodb", "DescribeTable", input, &reply, &why)) {
        if (error_is(&why, "ResourceNotFoundException")) return true;
        if (e) *e = why;
        return fail_within(e, "dynamodb:DescribeTable");
    }
    const Doc *found = doc_get(reply, "Table");
    TableKey key = key_of(found, "HASH"), sort = key_of(found, "RANGE");
    if (same_key(key, table->key) && same_key(sort, table->sort)) return true;
    Str has = key_text(arena, key, sort), wanted = key_text(arena, table->key, table->sort);
    return fail(e, "table",
                "table %.*s keeps its key %.*s, but rehearse.yaml says %.*s. For the new one delete the table with its items: aws dynamodb "
                "delete-table --table-name %.*s (or everything: rehearse reset)",
                STR_ARG(table->name), STR_ARG(has), STR_ARG(wanted), STR_ARG(table->name));
}

bool provision_check_tables(const Client *client, Arena *arena, const Application *application, Error *e) {
    for (size_t i = 0; i < application->tables.len; i++) TRY(check_table(client, arena, vec_at(&application->tables, i), e));
    return true;
}
