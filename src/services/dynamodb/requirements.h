#pragma once

#include "plane/service.h"

void require_table_reading(Turn *turn, const Call *call, Requirements *all); // Query, Scan: of a table or an index of it
void require_table_batch(Turn *turn, const Call *call, Requirements *all); // each table
void require_table_transaction(Turn *turn, const Call *call, Requirements *all); // each action on each table

void dynamodb_context(Turn *turn, const Call *call, const Requirement *what, Str owner_account, Doc *context); // see Service

// attributes.c: the names of the top-level attributes that a request, or a part of one, speaks of, as dynamodb:Attributes tells them
void attributes_asked(Arena *arena, const Doc *input, Doc *names);
// leading_keys.c: the value of the partition key, as dynamodb:LeadingKeys tells it; false: there is none
bool leading_key_of_item(Turn *turn, Str table_name, const Doc *item, Str *out); // of an Item or a Key
bool leading_key_of_query(Turn *turn, const Call *call, Str *out);
