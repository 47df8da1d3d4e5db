// Consumed capacity: developer guide, "Read/write capacity": reads in units of 4 KB (half when eventually consistent), writes in units of 1 KB.
#include "services/dynamodb/dynamodb.h"

enum { READ_UNIT_BYTES = 4096, WRITE_UNIT_BYTES = 1024 };

static double units(size_t bytes, size_t unit) {
    size_t whole = (bytes + unit - 1) / unit;
    return whole ? (double)whole : 1.0;
}

double read_units(size_t bytes, bool consistent) { return units(bytes, READ_UNIT_BYTES) * (consistent ? 1.0 : 0.5); }

double write_units(const Doc *old, const Doc *item) {
    size_t before = item_bytes(old), after = item_bytes(item);
    return units(before > after ? before : after, WRITE_UNIT_BYTES);
}

Doc *capacity_doc(Arena *arena, Str table_name, double units_used) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "TableName", table_name);
    doc_set(doc, "CapacityUnits", doc_of_real(arena, units_used));
    return doc;
}

void capacity_show(Arena *arena, Doc *reply, const Doc *input, Str table_name, double units_used) {
    Str wanted = doc_text(input, "ReturnConsumedCapacity");
    if (!str_is(wanted, "TOTAL") && !str_is(wanted, "INDEXES")) return;
    Doc *doc = capacity_doc(arena, table_name, units_used);
    if (str_is(wanted, "INDEXES")) {
        Doc *table = doc_map(arena);
        doc_set(table, "CapacityUnits", doc_of_real(arena, units_used));
        doc_set(doc, "Table", table);
    }
    doc_set(reply, "ConsumedCapacity", doc);
}
