// Outbox entries as documents, for the rows of OUTBOX_TABLE.
#pragma once

#include "engine/outbox.h"

Doc *outbox_entry_to_doc(Arena *arena, const OutboxEntry *entry);
bool outbox_entry_from_doc(Arena *arena, const Doc *doc, OutboxEntry *out); // false: of a type that this program does not know
void outbox_add_of(StepContext *context, Str origin, uint64_t sequence, uint32_t index, const MachineAddress *machine, Partition where,
                   const Command *command);
