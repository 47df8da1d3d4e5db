// Values: DynamoDB's attribute values as Docs, in the form of the wire: {"S": text}, {"N": text}, {"B": bytes}, {"SS": […]}, {"M": {…}} …
//
// An item is a map from names to values. Kept in the store as the JSON text of that map; numbers are in their shortest form, so that equal numbers are
// equal texts.
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "base/map.h"
#include "services/dynamodb/decimal.h"

typedef enum ValueType { VALUE_S, VALUE_N, VALUE_B, VALUE_SS, VALUE_NS, VALUE_BS, VALUE_BOOL, VALUE_NULL, VALUE_L, VALUE_M, VALUE_TYPES } ValueType;

enum { ITEM_BYTES = 400 * 1024, VALUE_DEPTH = 32 };

ValueType value_type(const Doc *value); // VALUE_TYPES: none
const char *value_type_name(ValueType type); // "S"
const char *value_type_word(ValueType type); // "STRING", as messages about operands say
bool value_type_named(Str name, ValueType *out);
static inline const Doc *value_data(const Doc *value) { return doc_first(value); }
static inline Str value_text(const Doc *value) { return doc_str(value_data(value), STR("")); } // S, N, B

// One value of the input, checked and brought into the form above (numbers, order of sets).
bool value_check(Arena *arena, Doc *value, Error *e);
bool item_check(Arena *arena, Doc *item, Error *e);

bool value_equal(const Doc *a, const Doc *b);
bool value_compare(const Doc *a, const Doc *b, int *order); // false: of different types, or of one without order
Map *set_index(const Doc *set); // of the list within SS, NS, BS: text → element; the caller's to map_free
size_t value_bytes(const Doc *value);
size_t item_bytes(const Doc *item);

Doc *value_new(Arena *arena, ValueType type, Doc *data);
Doc *value_of_number(Arena *arena, const Decimal *number);
Decimal value_number(const Doc *value); // of a checked N

Doc *item_read(Arena *arena, Str text); // as the store has it; an empty map when it is none
Str item_write(Arena *arena, const Doc *item);
