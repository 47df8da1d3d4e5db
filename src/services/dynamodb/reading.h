// Reading: what Query and Scan share: a walk over a stretch of a table or an index, with a filter, a projection and pages.
//
// A page ends after Limit items looked at (filtered out or not) or 1 MB of them; LastEvaluatedKey then says behind which item the next one begins.
#pragma once

#include "services/dynamodb/dynamodb.h"

typedef enum Shown { SHOW_ALL, SHOW_PROJECTED, SHOW_PATHS, SHOW_COUNT } Shown;

typedef struct Reading {
    const Call *call;
    Turn *turn;
    Table table;
    Index index;
    bool on_index;
    Scope scope;
    Node *filter;
    Vec paths;
    Shown shown;
    StoreRange range;
    int64_t segment, segments; // of a parallel scan; segments 0: none
    // the result
    Doc *items;
    int64_t count, scanned;
    size_t bytes;
    Doc *last; // key of the item looked at last
    bool more;
} Reading;

// In this order: what is asked is judged before the table is looked for.
bool reading_begin(Turn *turn, const Call *call, Reading *reading, Error *e); // stand-ins
bool reading_parse(Reading *reading, Error *e); // filter, projection, Select; all stand-ins must then have been used
bool reading_open(Reading *reading, Error *e); // table, index
bool reading_check_start(const Reading *reading, Error *e); // the form of ExclusiveStartKey
const KeySchema *reading_key(const Reading *reading); // of the index or the table
uint64_t reading_number(const Reading *reading);
bool reading_start(Reading *reading, Error *e); // goes on behind ExclusiveStartKey; after `range` is set
void reading_run(Reading *reading);
Doc *reading_reply(const Reading *reading);
