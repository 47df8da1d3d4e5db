// DynamoDB: tables, items, indexes.
//
// The files of this folder share this header; nobody else includes it. A table is a document (account, region, name) in the form of a TableDescription, with a
// number of its own; each index has one too. Items and index entries are rows:
//     dynamodb_items      table number, hash key, range key                                  → the item as JSON text (values.h)
//     dynamodb_indexes    index number, index hash, index range, item's hash, item's range   → the key of the item's row
// Keys are bytes in DynamoDB's order: texts and binaries as they are, numbers by decimal_key. Secondary indexes are written with the item, so they are always
// up to date, and what an index projects is cut out of the item when it is read.
#pragma once

#include "base/vec.h"
#include "plane/turn.h"
#include "services/dynamodb/expressions.h"
#include "services/dynamodb/values.h"
#include "store/key.h"

extern const DocumentType DYNAMODB_TABLE, DYNAMODB_TOKEN;
extern const StoreTable DYNAMODB_ITEMS, DYNAMODB_INDEXES;

// errors.c
bool dynamodb_invalid(Error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool dynamodb_bad_parameters(Error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3))); // "One or more parameter values were invalid: …"
bool dynamodb_unsupported(const Call *call, const char *what, Error *e); // 501
// As with fail(): that they return false is seen by the compiler and the analyser.
#define dynamodb_invalid(...) fail_returned(dynamodb_invalid(__VA_ARGS__))
#define dynamodb_bad_parameters(...) fail_returned(dynamodb_bad_parameters(__VA_ARGS__))
#define dynamodb_unsupported(...) fail_returned(dynamodb_unsupported(__VA_ARGS__))
bool dynamodb_refuse(const Call *call, const Doc *input, const char *const *members, Error *e); // by name, when one is given

// keys.c
typedef struct KeyAttribute {
    Str name; // STR_NONE: the key has no such part
    ValueType type;
} KeyAttribute;

typedef struct KeySchema {
    KeyAttribute hash, range;
} KeySchema;

typedef struct Table {
    Str name, arn;
    uint64_t number;
    KeySchema key;
    Doc *doc;
} Table;

typedef struct Index {
    Str name;
    uint64_t number;
    bool global;
    KeySchema key;
    const Doc *projection; // {ProjectionType, NonKeyAttributes}
} Index;

KeySchema key_schema_read(const Doc *schema, const Doc *definitions);
Str key_bytes(Arena *arena, const Doc *value); // of one key attribute
Str item_row_key(Arena *arena, uint64_t number, const Doc *hash, const Doc *range); // range NULL: none
bool key_of_item(Arena *arena, const Table *table, const Doc *item, Str *out, Error *e); // of an Item: other attributes may stand beside
bool key_fits(const Table *table, const Doc *item); // its key attributes are there, with the right types
bool key_exactly(Arena *arena, const Table *table, const Doc *key, Str *out, Error *e); // of a Key: nothing else may
bool index_key(Arena *arena, const Table *table, const Index *index, const Doc *item, Str *out); // false: the item is not in the index
Doc *index_view(Arena *arena, const Table *table, const Index *index, const Doc *item); // what it keeps of the item; NULL: the item is not in it
bool index_keys_check(const Table *table, const Doc *item, bool update, Error *e); // what an index is over must have its type
Doc *item_key_of(Arena *arena, const KeySchema *schema, const Doc *item);
void key_add(Arena *arena, const KeySchema *schema, const Doc *item, Doc *to);

// tables.c
bool table_need(Turn *turn, Str name_or_arn, Table *out, Error *e);
bool table_need_named(Turn *turn, const Call *call, Table *out, Error *e); // of TableName; what manages tables names the one that is missing
Table table_read(Doc *doc);
bool table_index(const Table *table, size_t position, Index *out); // 0, 1, …: global ones, then local ones; false: no more
bool table_index_named(const Table *table, Str name, Index *out);
Str table_name_of(Str name_or_arn);
void table_save(Turn *turn, const Table *table);
Doc *table_description(Turn *turn, const Table *table, const char *status);

// table_checks.c
bool check_new_table(const Call *call, Error *e);
bool check_extras(const Call *call, Error *e); // streams and encryption, of CreateTable and UpdateTable
bool check_new_index(const Call *call, const Doc *index, const Doc *key_schema, const Doc *definitions, bool global, Error *e);
bool check_key_schema(const Doc *schema, const Doc *definitions, Error *e);

// items.c
bool item_get(Turn *turn, Str key, Doc **out);
void item_put(Turn *turn, const Table *table, Str key, const Doc *old, const Doc *item); // old NULL: there was none
void item_delete(Turn *turn, const Table *table, Str key, const Doc *old);
void items_delete_all(Turn *turn, const Table *table);
void index_fill(Turn *turn, const Table *table, const Index *index);
void index_empty(Turn *turn, const Index *index);

// writes.c: one item changed, as PutItem, UpdateItem, DeleteItem and the batch and transaction operations want it. `input` has their members.
typedef struct Write {
    const Call *call;
    const Doc *input;
    Table table;
    Str key;
    Scope scope;
    Node *condition;
    Vec actions; // of an update
    bool of_batch; // an item whose key does not fit is told as a Key that does not fit
    const Doc *old; // NULL: there was no item
    Doc *item; // NULL: there is none now
} Write;

bool write_put(Turn *turn, Write *write, Error *e);
bool write_update(Turn *turn, Write *write, Error *e);
bool write_delete(Turn *turn, Write *write, Error *e);
bool write_check(Turn *turn, Write *write, Error *e); // only the condition
bool check_item_size(const Doc *item, Error *e);

// capacity.c: what calls have used of a table and its indexes
typedef struct Usage {
    const Table *table;
    double of_table;
    double *of_index; // as table_index numbers them
} Usage;

double read_units(size_t bytes, bool consistent);
size_t table_indexes(const Table *table); // how many
Usage usage_new(Arena *arena, const Table *table);
void usage_add_write(Arena *arena, Usage *usage, const Doc *old, const Doc *item); // old, item NULL: there was none, there is none
void usage_add_index_read(Usage *usage, Str name, double read);
void usage_double(Usage *usage); // a transaction prepares and commits
bool usage_wanted(const Doc *input); // by ReturnConsumedCapacity
Doc *usage_doc(Arena *arena, const Usage *usage, const Doc *input, const char *split); // split: "ReadCapacityUnits" beside the total, or NULL
Doc *collection_metrics(const Write *write); // NULL: not asked for, or no local index
void collections_note(const Write *write, Doc *collections); // of several writes: each collection once, under its table's name

extern const Operation DYNAMODB_OPERATIONS[]; // operations.c
