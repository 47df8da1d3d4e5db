#include "services/dynamodb/dynamodb.h"

#include "services/dynamodb/requirements.h"

static const DocumentType *const DOCUMENTS[] = {&DYNAMODB_TABLE, &DYNAMODB_TOKEN, NULL};
static const StoreTable *const TABLES[] = {&DYNAMODB_ITEMS, &DYNAMODB_INDEXES, NULL};

extern const Service DYNAMODB_SERVICE;
const Service DYNAMODB_SERVICE = {
    .name = "dynamodb",
    .prefix = "dynamodb",
    .operations = DYNAMODB_OPERATIONS,
    .documents = DOCUMENTS,
    .tables = TABLES,
    .context = dynamodb_context,
};
