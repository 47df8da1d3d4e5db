// Documents: what services keep about their resources: a Doc under (partition, type, id), with declared indexes.
//
// Partition: account and region. Global things (IAM, bucket names) use region "aws-global" and, where a name is unique among all accounts,
// account "" as well. The id is any text that is unique within partition and type; where a thing belongs to another, the id begins with the
// parent's ("my-pipeline/3f1c…"), and a scan by prefix lists the children in order.
// Stored packed (store/pack.h): what is read has the kinds that were written; a DOC_TIME stays one. Indexes live in one table, written with the document.
#pragma once

#include "base/doc.h"
#include "store/store.h"

typedef struct Partition {
    Str account, region;
} Partition;

#define GLOBAL_REGION STR("aws-global")

typedef struct DocumentIndex {
    const char *name;
    const char *member; // dotted path to a text or whole number; a list indexes each item; absent members are not indexed
} DocumentIndex;

typedef struct MachineType MachineType; // engine/machine.h

typedef struct DocumentType {
    const char *name; // "codepipeline.pipeline": service, dot, thing
    const DocumentIndex *indexes; // ends with a NULL name; NULL: none
    const MachineType *machine; // set: the document is the state of a durable machine (engine/machine.h)
} DocumentType;

extern const StoreTable DOCUMENT_TABLE, DOCUMENT_INDEX_TABLE;

bool document_get(Store *store, Partition where, const DocumentType *type, Str id, Arena *arena, Doc **out); // false when absent
bool document_exists(Store *store, Partition where, const DocumentType *type, Str id);
void document_put(Store *store, Partition where, const DocumentType *type, Str id, const Doc *doc);
bool document_insert(Store *store, Partition where, const DocumentType *type, Str id, const Doc *doc); // false when the id is taken
bool document_delete(Store *store, Partition where, const DocumentType *type, Str id); // false when absent

// Ids in byte order. `after` (exclusive) is where a page goes on; STR_NONE: from the beginning. Returns a DOC_LIST of the documents, each
// with the member "$id" added in front. `limit` 0: all.
typedef struct DocumentScan {
    Str prefix, after;
    bool reverse;
    size_t limit;
} DocumentScan;
Doc *document_scan(Store *store, Partition where, const DocumentType *type, DocumentScan scan, Arena *arena);
// The documents whose indexed member equals `value`, by id.
Doc *document_find(Store *store, Partition where, const DocumentType *type, const char *index, Str value, Arena *arena);
// Every partition that holds a document of the type: for what runs over all accounts and regions.
typedef bool DocumentVisit(void *context, Partition where, Str id, const Doc *doc);
void document_each(Store *store, const DocumentType *type, Arena *arena, DocumentVisit *visit, void *context);
