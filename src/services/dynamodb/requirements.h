#pragma once

#include "plane/service.h"

void require_table_reading(Turn *turn, const Call *call, Requirements *all); // Query, Scan: of a table or an index of it
void require_table_batch(Turn *turn, const Call *call, Requirements *all); // each table
void require_table_transaction(Turn *turn, const Call *call, Requirements *all); // each action on each table
