// Keys of items and of index entries: taken out of items, checked, brought into the order of bytes.
#include "services/dynamodb/dynamodb.h"

enum { HASH_BYTES = 2048, RANGE_BYTES = 1024 };

static ValueType defined_type(const Doc *definitions, Str name) {
    ValueType type = VALUE_S;
    for (const Doc *one = doc_first(definitions); one; one = one->next)
        if (str_eq(doc_text(one, "AttributeName"), name)) value_type_named(doc_text(one, "AttributeType"), &type);
    return type;
}

KeySchema key_schema_read(const Doc *schema, const Doc *definitions) {
    KeySchema key = {0};
    for (const Doc *one = doc_first(schema); one; one = one->next) {
        Str name = doc_text(one, "AttributeName");
        KeyAttribute attribute = {name, defined_type(definitions, name)};
        if (str_is(doc_text(one, "KeyType"), "HASH"))
            key.hash = attribute;
        else
            key.range = attribute;
    }
    return key;
}

Str key_bytes(Arena *arena, const Doc *value) {
    if (value_type(value) != VALUE_N) return value_text(value);
    Decimal number = value_number(value);
    return decimal_key(arena, &number);
}

Str item_row_key(Arena *arena, uint64_t number, const Doc *hash, const Doc *range) {
    if (!range) return KEY(arena, key_number(number), key_text(key_bytes(arena, hash)));
    return KEY(arena, key_number(number), key_text(key_bytes(arena, hash)), key_text(key_bytes(arena, range)));
}

static bool fail_size(bool is_range, Error *e) {
    if (is_range) return dynamodb_bad_parameters(e, "Aggregated size of all range keys has exceeded the size limit of %d bytes", RANGE_BYTES);
    return dynamodb_bad_parameters(e, "Size of hashkey has exceeded the maximum size limit of%d bytes", HASH_BYTES);
}

static bool check_size(const KeyAttribute *attribute, const Doc *value, bool is_range, Error *e) {
    size_t most = is_range ? RANGE_BYTES : HASH_BYTES, bytes = value_bytes(value);
    if (attribute->type != VALUE_N && bytes == 0) {
        return dynamodb_invalid(
            e, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %.*s",
            attribute->type == VALUE_S ? "string" : "binary", STR_ARG(attribute->name));
    }
    if (bytes <= most) return true;
    return fail_size(is_range, e);
}

static bool take_part(const KeyAttribute *attribute, const Doc *item, bool is_range, const Doc **out, Error *e) {
    const Doc *value = doc_get_str_key(item, attribute->name);
    if (!value) return dynamodb_bad_parameters(e, "Missing the key %.*s in the item", STR_ARG(attribute->name));
    if (value_type(value) != attribute->type) {
        return dynamodb_bad_parameters(e, "Type mismatch for key %.*s expected: %s actual: %s", STR_ARG(attribute->name),
                                       value_type_name(attribute->type),
                                       value_type(value) == VALUE_TYPES ? "null" : value_type_name(value_type(value)));
    }
    TRY(check_size(attribute, value, is_range, e));
    *out = value;
    return true;
}

bool key_of_item(Arena *arena, const Table *table, const Doc *item, Str *out, Error *e) {
    const Doc *hash = NULL, *range = NULL;
    TRY(take_part(&table->key.hash, item, false, &hash, e));
    if (table->key.range.name.at) TRY(take_part(&table->key.range, item, true, &range, e));
    *out = item_row_key(arena, table->number, hash, range);
    return true;
}

bool key_fits(const Table *table, const Doc *item) {
    const KeyAttribute *parts[] = {&table->key.hash, &table->key.range};
    for (size_t i = 0; i < 2 && parts[i]->name.at; i++)
        if (value_type(doc_get_str_key(item, parts[i]->name)) != parts[i]->type) return false;
    return true;
}

bool key_exactly(Arena *arena, const Table *table, const Doc *key, Str *out, Error *e) {
    size_t wanted = table->key.range.name.at ? 2 : 1;
    if (doc_count(key) != wanted || !key_fits(table, key)) return dynamodb_invalid(e, "The provided key element does not match the schema");
    return key_of_item(arena, table, key, out, e);
}

bool index_key(Arena *arena, const Table *table, const Index *index, const Doc *item, Str *out) {
    const Doc *hash = doc_get_str_key(item, index->key.hash.name), *range = NULL;
    Str range_name = index->key.range.name;
    if (!hash || value_type(hash) != index->key.hash.type) return false;
    if (range_name.at) {
        range = doc_get_str_key(item, range_name);
        if (!range || value_type(range) != index->key.range.type) return false;
    }
    const Doc *item_hash = doc_get_str_key(item, table->key.hash.name), *item_range = doc_get_str_key(item, table->key.range.name);
    Str own = item_row_key(arena, index->number, hash, range);
    Str rest = KEY(arena, key_text(key_bytes(arena, item_hash)));
    if (table->key.range.name.at) rest = KEY(arena, key_text(key_bytes(arena, item_hash)), key_text(key_bytes(arena, item_range)));
    *out = str_cat(arena, own, rest);
    return true;
}

Doc *index_view(Arena *arena, const Table *table, const Index *index, const Doc *item) {
    Str key;
    if (!index_key(arena, table, index, item, &key)) return NULL;
    if (str_is(doc_text(index->projection, "ProjectionType"), "ALL")) return (Doc *)item;
    Doc *part = item_key_of(arena, &table->key, item);
    key_add(arena, &index->key, item, part);
    for (const Doc *name = doc_first(doc_get(index->projection, "NonKeyAttributes")); name; name = name->next) {
        const Doc *value = doc_get_str_key(item, doc_str(name, STR("")));
        if (value) doc_put(part, value->key, doc_copy(arena, value));
    }
    return part;
}

// An update does not say which index it was.
static bool fail_index_type(const Index *index, const KeyAttribute *attribute, ValueType given, bool update, Error *e) {
    if (update) return dynamodb_invalid(e, "The update expression attempted to update the secondary index key to unsupported type");
    return dynamodb_bad_parameters(e, "Type mismatch for Index Key %.*s Expected: %s Actual: %s IndexName: %.*s", STR_ARG(attribute->name),
                                   value_type_name(attribute->type), value_type_name(given), STR_ARG(index->name));
}

static bool fail_index_empty(const Index *index, const KeyAttribute *attribute, bool update, Error *e) {
    const char *what = attribute->type == VALUE_S ? "string" : "binary";
    if (update) {
        return dynamodb_invalid(
            e,
            "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value "
            "that is not supported. The AttributeValue for a key attribute cannot contain an empty %s value.",
            what);
    }
    return dynamodb_invalid(e,
                            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
                            "AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %.*s, IndexKey: %.*s",
                            what, STR_ARG(index->name), STR_ARG(attribute->name));
}

static bool fail_index_size(bool is_range, bool update, Error *e) {
    if (update) return dynamodb_invalid(e, "The update expression attempted to update the secondary index key beyond allowed size limits");
    return fail_size(is_range, e);
}

static bool check_index_part(const Index *index, bool is_range, const Doc *item, bool update, Error *e) {
    const KeyAttribute *attribute = is_range ? &index->key.range : &index->key.hash;
    const Doc *value = attribute->name.at ? doc_get_str_key(item, attribute->name) : NULL;
    if (!value) return true;
    if (value_type(value) != attribute->type) return fail_index_type(index, attribute, value_type(value), update, e);
    if (attribute->type != VALUE_N && value_bytes(value) == 0) return fail_index_empty(index, attribute, update, e);
    return value_bytes(value) <= (is_range ? RANGE_BYTES : HASH_BYTES) || fail_index_size(is_range, update, e);
}

bool index_keys_check(const Table *table, const Doc *item, bool update, Error *e) {
    Index index;
    for (size_t i = 0; table_index(table, i, &index); i++) {
        TRY(check_index_part(&index, false, item, update, e));
        TRY(check_index_part(&index, true, item, update, e));
    }
    return true;
}

void key_add(Arena *arena, const KeySchema *schema, const Doc *item, Doc *to) {
    const KeyAttribute *parts[] = {&schema->hash, &schema->range};
    for (size_t i = 0; i < 2; i++) {
        const Doc *value = parts[i]->name.at ? doc_get_str_key(item, parts[i]->name) : NULL;
        if (value) doc_put(to, parts[i]->name, doc_copy(arena, value));
    }
}

Doc *item_key_of(Arena *arena, const KeySchema *schema, const Doc *item) {
    Doc *key = doc_map(arena);
    key_add(arena, schema, item, key);
    return key;
}
