#include "services/s3/s3.h"
#include "services/s3/assembly.h"

static const DocumentType *const DOCUMENTS[] = {&S3_BUCKET, &S3_CONFIGURATION, &S3_ASSEMBLY, NULL};
static const StoreTable *const TABLES[] = {&S3_OBJECTS, &S3_VERSIONS, &S3_UPLOADS, &S3_PARTS, &S3_BODIES, NULL};
static const EffectType *const EFFECTS[] = {&S3_ASSEMBLE, NULL};

extern const Service S3_SERVICE; // services/services.c lists it
const Service S3_SERVICE = {
    .name = "s3",
    .prefix = "s3",
    .operations = S3_OPERATIONS,
    .documents = DOCUMENTS,
    .tables = TABLES,
    .resource_policy = s3_resource_policy,
    .is_there = s3_bucket_is_there,
    .context = s3_context,
    .effects = EFFECTS,
};
