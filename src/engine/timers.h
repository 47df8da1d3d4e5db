// Timers, as rows: TIMER_TABLE (machine, name) → kind and due; TIMER_DUE_TABLE (kind, due, machine, name) → nothing, in due order.
// engine/outbox.h declares what the plane asks; this is what the engine itself does with them.
#pragma once

#include "engine/outbox.h"

void timer_set(Store *store, Arena *arena, const Timer *timer); // replaces one of that name
void timer_cancel(Store *store, Arena *arena, MachineAddress machine, Str name);
void timers_cancel_all(Store *store, Arena *arena, MachineAddress machine);
