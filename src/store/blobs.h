// Blobs: heavy data as files of the data folder, DATA/blobs/xx/NAME, with random names that are never used again.
//
// A file is ours when BLOB_TABLE has a row for it: the row is written in the transaction that refers to the file, and the file is durable before. A transaction that
// fails, or a crash on the way, leaves a file without a row; blobs_open removes those. Removing is the other way round: the row goes with the transaction,
// the file after the commit. A row counts who refers to the file, so that a copy of an object need not be a copy of its bytes.
// DATA/spool holds bodies on their way in. Paths of blobs are relative to the data folder.
#pragma once

#include "store/store.h"

extern const StoreTable BLOB_TABLE;

// Makes the folders, empties the spool, removes files that no row knows. At start, before anything is received; within a transaction.
bool blobs_open(Store *store, Str data, Error *e);

// Makes `file` a blob with one reference. What lies in the spool is linked and may be deleted there at any time; any other file is copied (sharing its
// disk blocks where the file system can), since its owner may go on writing.
bool blob_keep(Store *store, Str data, Str file, Arena *arena, Str *path, Error *e);
// A name with one reference for a file that its owner is going to write, and make durable before anybody reads it.
Str blob_reserve(Store *store, Arena *arena);
void blob_share(Store *store, Str path); // one more reference
bool blob_forget(Store *store, Str path); // one less; true: that was the last one, delete the file after the commit
void blob_each(Store *store, Arena *arena, void (*visit)(void *context, Str path), void *context);
