#include "services/dynamodb/values.h"

#include "formats/json.h"

static const struct {
    Str name; // compared for every value that is looked at: no strlen
    const char *word;
} TYPES[VALUE_TYPES] = {
    [VALUE_S] = {STR_INIT("S"), "STRING"},        [VALUE_N] = {STR_INIT("N"), "NUMBER"},       [VALUE_B] = {STR_INIT("B"), "BINARY"},
    [VALUE_SS] = {STR_INIT("SS"), "STRING_SET"},  [VALUE_NS] = {STR_INIT("NS"), "NUMBER_SET"}, [VALUE_BS] = {STR_INIT("BS"), "BINARY_SET"},
    [VALUE_BOOL] = {STR_INIT("BOOL"), "BOOLEAN"}, [VALUE_NULL] = {STR_INIT("NULL"), "NULL"},   [VALUE_L] = {STR_INIT("L"), "LIST"},
    [VALUE_M] = {STR_INIT("M"), "MAP"},
};

const char *value_type_name(ValueType type) { return TYPES[type].name.at; }
const char *value_type_word(ValueType type) { return TYPES[type].word; }

bool value_type_named(Str name, ValueType *out) {
    for (int type = 0; type < VALUE_TYPES; type++) {
        if (!str_eq(name, TYPES[type].name)) continue;
        *out = (ValueType)type;
        return true;
    }
    return false;
}

ValueType value_type(const Doc *value) {
    ValueType type;
    const Doc *data = value_data(value);
    return data && value_type_named(data->key, &type) ? type : VALUE_TYPES;
}

static bool is_set(ValueType type) { return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS; }

// Sets of 400 KB can have a hundred thousand elements: never compared one by one.
Map *set_index(const Doc *set) {
    Map *index = map_new();
    for (const Doc *element = doc_first(set); element; element = element->next) map_put(index, doc_str(element, STR("")), (void *)element);
    return index;
}

// ---- Checking ----

static bool check_number(Arena *arena, Doc *text, Error *e) {
    Decimal number;
    TRY(decimal_parse(doc_str(text, STR("")), &number, e));
    text->as.text = decimal_text(arena, &number);
    return true;
}

static bool fail_duplicates(Arena *arena, ValueType type, const Doc *set, Error *e) {
    static const char invalid[] = "One or more parameter values were invalid: Input collection";
    if (type == VALUE_NS) return fail(e, "ValidationException", "%s contains duplicates", invalid);
    AUTO_BUF buf;
    buf_init(&buf, ERROR_MESSAGE_BYTES);
    for (const Doc *element = doc_first(set); element; element = element->next) {
        Str text = doc_str(element, STR(""));
        if (buf.len) buf_add(&buf, STR(", "));
        buf_add(&buf, type == VALUE_BS ? str_base64(arena, text) : text);
    }
    return fail(e, "ValidationException", "%s [%.*s]%s contains duplicates.", invalid, STR_ARG(buf_str(&buf)), type == VALUE_BS ? "of type BS" : "");
}

static bool fail_empty_set(ValueType type, Error *e) {
    if (type == VALUE_BS) return fail(e, "ValidationException", "One or more parameter values were invalid: Binary sets should not be empty");
    return fail(e, "ValidationException", "One or more parameter values were invalid: An %s set  may not be empty",
                type == VALUE_SS ? "string" : "number");
}

static bool check_set(Arena *arena, ValueType type, Doc *set, Error *e) {
    if (!doc_count(set)) return fail_empty_set(type, e);
    for (Doc *element = doc_first(set); element; element = element->next)
        if (type == VALUE_NS) TRY(check_number(arena, element, e));
    Map *seen = set_index(set);
    bool distinct = map_count(seen) == doc_count(set);
    map_free(seen);
    return distinct || fail_duplicates(arena, type, set, e);
}

static bool check_at(Arena *arena, Doc *value, int depth, Error *e) {
    if (doc_count(value) > 1)
        return fail(e, "ValidationException",
                    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
    ValueType type = value_type(value);
    if (type == VALUE_TYPES)
        return fail(e, "ValidationException", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
    if (depth > VALUE_DEPTH)
        return fail(e, "ValidationException",
                    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit");
    Doc *data = doc_first(value);
    if (type == VALUE_N) return check_number(arena, data, e);
    if (is_set(type)) return check_set(arena, type, data, e);
    if (type == VALUE_NULL && !doc_bool(data, false))
        return fail(e, "ValidationException", "One or more parameter values were invalid: Null attribute value types must have the value of true");
    if (type == VALUE_L || type == VALUE_M)
        for (Doc *child = doc_first(data); child; child = child->next) TRY(check_at(arena, child, depth + 1, e));
    return true;
}

bool value_check(Arena *arena, Doc *value, Error *e) { return check_at(arena, value, 0, e); }

bool item_check(Arena *arena, Doc *item, Error *e) {
    for (Doc *value = doc_first(item); value; value = value->next) TRY(check_at(arena, value, 0, e));
    return true;
}

// ---- Comparing ----

static bool sets_equal(const Doc *a, const Doc *b) {
    if (doc_count(a) != doc_count(b)) return false;
    Map *index = set_index(b);
    bool equal = true;
    for (const Doc *element = doc_first(a); element && equal; element = element->next) equal = map_get(index, doc_str(element, STR(""))) != NULL;
    map_free(index);
    return equal;
}

static bool lists_equal(const Doc *a, const Doc *b) {
    if (doc_count(a) != doc_count(b)) return false;
    for (a = doc_first(a), b = doc_first(b); a; a = a->next, b = b->next)
        if (!value_equal(a, b)) return false;
    return true;
}

static bool maps_equal(const Doc *a, const Doc *b) {
    if (doc_count(a) != doc_count(b)) return false;
    for (const Doc *value = doc_first(a); value; value = value->next) {
        const Doc *other = doc_get_str_key(b, value->key);
        if (!other || !value_equal(value, other)) return false;
    }
    return true;
}

bool value_equal(const Doc *a, const Doc *b) {
    ValueType type = value_type(a);
    if (type == VALUE_TYPES || type != value_type(b)) return false;
    const Doc *left = value_data(a), *right = value_data(b);
    if (is_set(type)) return sets_equal(left, right);
    if (type == VALUE_L) return lists_equal(left, right);
    if (type == VALUE_M) return maps_equal(left, right);
    if (type == VALUE_BOOL || type == VALUE_NULL) return doc_bool(left, false) == doc_bool(right, false);
    return str_eq(doc_str(left, STR("")), doc_str(right, STR("")));
}

bool value_compare(const Doc *a, const Doc *b, int *order) {
    ValueType type = value_type(a);
    if (type != value_type(b) || (type != VALUE_S && type != VALUE_N && type != VALUE_B)) return false;
    if (type == VALUE_N) {
        Decimal left = value_number(a), right = value_number(b);
        *order = decimal_cmp(&left, &right);
    } else {
        *order = str_cmp(value_text(a), value_text(b));
    }
    return true;
}

// ---- Sizes: developer guide, "DynamoDB item sizes and formats" ----

enum { CONTAINER_BYTES = 3, ELEMENT_BYTES = 1 };

static size_t number_bytes(Str text) {
    Decimal number;
    if (!decimal_parse(text, &number, NULL)) return text.len;
    return (size_t)(number.count + 1) / 2 + 1 + (number.negative ? 1 : 0);
}

static size_t children_bytes(ValueType type, const Doc *data) {
    size_t bytes = 0;
    for (const Doc *child = doc_first(data); child; child = child->next) {
        if (type == VALUE_NS)
            bytes += number_bytes(doc_str(child, STR("")));
        else if (is_set(type))
            bytes += doc_str(child, STR("")).len;
        else
            bytes += ELEMENT_BYTES + (type == VALUE_M ? child->key.len : 0) + value_bytes(child);
    }
    return bytes;
}

size_t value_bytes(const Doc *value) {
    ValueType type = value_type(value);
    const Doc *data = value_data(value);
    switch (type) {
    case VALUE_S:
    case VALUE_B: return doc_str(data, STR("")).len;
    case VALUE_N: return number_bytes(doc_str(data, STR("")));
    case VALUE_BOOL:
    case VALUE_NULL: return 1;
    case VALUE_L:
    case VALUE_M: return CONTAINER_BYTES + children_bytes(type, data);
    default: return children_bytes(type, data);
    }
}

size_t item_bytes(const Doc *item) {
    size_t bytes = 0;
    for (const Doc *value = doc_first(item); value; value = value->next) bytes += value->key.len + value_bytes(value);
    return bytes;
}

// ---- Making ----

Doc *value_new(Arena *arena, ValueType type, Doc *data) {
    Doc *value = doc_map(arena);
    doc_add(value, TYPES[type].name, data);
    return value;
}

Doc *value_of_number(Arena *arena, const Decimal *number) { return value_new(arena, VALUE_N, doc_of_str(arena, decimal_text(arena, number))); }

Decimal value_number(const Doc *value) {
    Decimal number = {0};
    decimal_parse(value_text(value), &number, NULL);
    return number;
}

// JSON keeps bytes as base64: what is to be bytes again is found by the types.
static void restore_blob(Arena *arena, Doc *text) {
    Str bytes;
    if (!doc_is(text, DOC_STR) || !str_unbase64(arena, text->as.text, &bytes)) return;
    text->kind = DOC_BLOB;
    text->as.text = bytes;
}

static void restore(Arena *arena, Doc *value) {
    ValueType type = value_type(value);
    Doc *data = doc_first(value);
    if (type == VALUE_B) restore_blob(arena, data);
    if (type != VALUE_BS && type != VALUE_L && type != VALUE_M) return;
    for (Doc *child = doc_first(data); child; child = child->next) {
        if (type == VALUE_BS)
            restore_blob(arena, child);
        else
            restore(arena, child);
    }
}

Doc *item_read(Arena *arena, Str text) {
    Doc *item = NULL;
    if (!json_parse(arena, text, &item, NULL)) return doc_map(arena);
    for (Doc *value = doc_first(item); value; value = value->next) restore(arena, value);
    return item;
}

Str item_write(Arena *arena, const Doc *item) { return json_write(arena, item); }
