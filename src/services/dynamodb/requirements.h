#pragma once

#include "plane/service.h"

void require_reading(Turn *turn, const Call *call, Requirements *all); // Query, Scan: of a table or an index of it
void require_batch(Turn *turn, const Call *call, Requirements *all); // each table
void require_transaction(Turn *turn, const Call *call, Requirements *all); // each action on each table
