// Amazon S3's actions and condition keys, as its service authorization reference lists them for buckets and objects.
#include "services/s3/policy_actions.h"

#include "formats/globs.h"

// Without CreateBucket: a bucket that has a policy is there.
static const char *const OF_BUCKETS[] = {"AllowVendedLogDeliveryForResource",
                                         "CreateBucketMetadataTableConfiguration",
                                         "DeleteBucket",
                                         "DeleteBucketMetadataTableConfiguration",
                                         "DeleteBucketPolicy",
                                         "DeleteBucketWebsite",
                                         "GetAccelerateConfiguration",
                                         "GetAnalyticsConfiguration",
                                         "GetBucketAbac",
                                         "GetBucketAcl",
                                         "GetBucketCORS",
                                         "GetBucketLocation",
                                         "GetBucketLogging",
                                         "GetBucketMetadataTableConfiguration",
                                         "GetBucketNotification",
                                         "GetBucketObjectLockConfiguration",
                                         "GetBucketOwnershipControls",
                                         "GetBucketPolicy",
                                         "GetBucketPolicyStatus",
                                         "GetBucketPublicAccessBlock",
                                         "GetBucketRequestPayment",
                                         "GetBucketTagging",
                                         "GetBucketVersioning",
                                         "GetBucketWebsite",
                                         "GetEncryptionConfiguration",
                                         "GetIntelligentTieringConfiguration",
                                         "GetInventoryConfiguration",
                                         "GetLifecycleConfiguration",
                                         "GetMetricsConfiguration",
                                         "GetReplicationConfiguration",
                                         "ListBucket",
                                         "ListBucketMultipartUploads",
                                         "ListBucketVersions",
                                         "ListTagsForResource",
                                         "PauseReplication",
                                         "PutAccelerateConfiguration",
                                         "PutAnalyticsConfiguration",
                                         "PutBucketAbac",
                                         "PutBucketAcl",
                                         "PutBucketCORS",
                                         "PutBucketLogging",
                                         "PutBucketNotification",
                                         "PutBucketObjectLockConfiguration",
                                         "PutBucketOwnershipControls",
                                         "PutBucketPolicy",
                                         "PutBucketPublicAccessBlock",
                                         "PutBucketRequestPayment",
                                         "PutBucketTagging",
                                         "PutBucketVersioning",
                                         "PutBucketWebsite",
                                         "PutEncryptionConfiguration",
                                         "PutIntelligentTieringConfiguration",
                                         "PutInventoryConfiguration",
                                         "PutLifecycleConfiguration",
                                         "PutMetricsConfiguration",
                                         "PutReplicationConfiguration",
                                         "TagResource",
                                         "UntagResource",
                                         "UpdateBucketMetadataAnnotationTableConfiguration",
                                         "UpdateBucketMetadataInventoryTableConfiguration",
                                         "UpdateBucketMetadataJournalTableConfiguration",
                                         NULL};
static const char *const OF_OBJECTS[] = {"AbortMultipartUpload",
                                         "BypassGovernanceRetention",
                                         "DeleteObject",
                                         "DeleteObjectAnnotation",
                                         "DeleteObjectTagging",
                                         "DeleteObjectVersion",
                                         "DeleteObjectVersionAnnotation",
                                         "DeleteObjectVersionTagging",
                                         "GetObject",
                                         "GetObjectAcl",
                                         "GetObjectAnnotation",
                                         "GetObjectAttributes",
                                         "GetObjectLegalHold",
                                         "GetObjectRetention",
                                         "GetObjectTagging",
                                         "GetObjectTorrent",
                                         "GetObjectVersion",
                                         "GetObjectVersionAcl",
                                         "GetObjectVersionAnnotation",
                                         "GetObjectVersionAnnotationForReplication",
                                         "GetObjectVersionAttributes",
                                         "GetObjectVersionForReplication",
                                         "GetObjectVersionTagging",
                                         "GetObjectVersionTorrent",
                                         "InitiateReplication",
                                         "ListMultipartUploadParts",
                                         "ListObjectAnnotations",
                                         "ListObjectVersionAnnotations",
                                         "ObjectOwnerOverrideToBucketOwner",
                                         "PutObject",
                                         "PutObjectAcl",
                                         "PutObjectAnnotation",
                                         "PutObjectLegalHold",
                                         "PutObjectRetention",
                                         "PutObjectTagging",
                                         "PutObjectVersionAcl",
                                         "PutObjectVersionAnnotation",
                                         "PutObjectVersionTagging",
                                         "ReplicateDelete",
                                         "ReplicateObject",
                                         "ReplicateObjectAnnotation",
                                         "ReplicateTags",
                                         "RestoreObject",
                                         "UpdateObjectEncryption",
                                         NULL};

typedef const char *const Names[];
static Names ON_LISTING = {"ListBucket", "ListBucketVersions", NULL};
static Names ON_PUT = {"PutObject", NULL};
static Names ON_PUT_OR_BYPASS = {"BypassGovernanceRetention", "PutObject", NULL};
static Names ON_ACL = {"BypassGovernanceRetention", "PutBucketAcl", "PutObject", "PutObjectAcl", "PutObjectVersionAcl", NULL};
static Names ON_CLASS = {"BypassGovernanceRetention", "PutObject", "PutObjectAcl", "PutObjectVersionAcl", NULL};
static Names ON_ENCRYPTION = {"BypassGovernanceRetention", "PutObject", "ReplicateObject", "UpdateObjectEncryption", NULL};
static Names ON_CUSTOMER_KEY = {"BypassGovernanceRetention", "PutObject", "ReplicateObject", NULL};
static Names ON_TAGS = {"BypassGovernanceRetention", "PutObject", "PutObjectTagging", "PutObjectVersionTagging", NULL};
static Names ON_TAGGED = {"DeleteObjectAnnotation",
                          "DeleteObjectTagging",
                          "DeleteObjectVersionAnnotation",
                          "DeleteObjectVersionTagging",
                          "GetObject",
                          "GetObjectAcl",
                          "GetObjectAnnotation",
                          "GetObjectAttributes",
                          "GetObjectTagging",
                          "GetObjectVersion",
                          "GetObjectVersionAcl",
                          "GetObjectVersionAnnotation",
                          "GetObjectVersionAttributes",
                          "GetObjectVersionTagging",
                          "ListObjectAnnotations",
                          "ListObjectVersionAnnotations",
                          "PutObjectAcl",
                          "PutObjectAnnotation",
                          "PutObjectTagging",
                          "PutObjectVersionAcl",
                          "PutObjectVersionAnnotation",
                          "PutObjectVersionTagging",
                          "UpdateObjectEncryption",
                          NULL};
static Names ON_VERSION = {"DeleteObjectVersion",        "DeleteObjectVersionAnnotation",
                           "DeleteObjectVersionTagging", "GetObjectVersion",
                           "GetObjectVersionAcl",        "GetObjectVersionAnnotation",
                           "GetObjectVersionAttributes", "GetObjectVersionTagging",
                           "GetObjectVersionTorrent",    "ListObjectVersionAnnotations",
                           "PutObjectVersionAcl",        "PutObjectVersionAnnotation",
                           "PutObjectVersionTagging",    NULL};
static Names ON_MATCH = {"DeleteObject", "PutObject", NULL};
static Names ON_HOLD = {"PutObject", "PutObjectLegalHold", NULL};
static Names ON_RETENTION = {"PutObject", "PutObjectRetention", NULL};
static Names ON_ANNOTATIONS = {"ListObjectAnnotations", "ListObjectVersionAnnotations", NULL};
static Names ON_ANNOTATION = {"DeleteObjectAnnotation", "DeleteObjectVersionAnnotation", "PutObjectAnnotation", "PutObjectVersionAnnotation", NULL};
static Names ON_INVENTORY = {"PutInventoryConfiguration", NULL};
static Names ON_REPLICATION = {"PauseReplication", "PutReplicationConfiguration", NULL};
static Names ON_LOG_DELIVERY = {"AllowVendedLogDeliveryForResource", NULL};
static Names ON_CREATION = {NULL}; // of buckets, which no policy of a bucket allows

typedef struct ConditionKey {
    const char *name; // one that ends in '/' is followed by a tag's key
    const char *const *actions; // NULL: all
} ConditionKey;

static const ConditionKey KEYS[] = {
    {"authType", NULL},
    {"signatureAge", NULL},
    {"signatureversion", NULL},
    {"TlsVersion", NULL},
    {"x-amz-content-sha256", NULL},
    {"ResourceAccount", NULL},
    {"AccessGrantsInstanceArn", NULL},
    {"AccessPointNetworkOrigin", NULL},
    {"AccessPointTag/", NULL},
    {"BucketTag/", NULL},
    {"DataAccessPointAccount", NULL},
    {"DataAccessPointArn", NULL},
    {"prefix", ON_LISTING},
    {"delimiter", ON_LISTING},
    {"max-keys", ON_LISTING},
    {"x-amz-acl", ON_ACL},
    {"x-amz-grant-full-control", ON_ACL},
    {"x-amz-grant-read", ON_ACL},
    {"x-amz-grant-read-acp", ON_ACL},
    {"x-amz-grant-write", ON_ACL},
    {"x-amz-grant-write-acp", ON_ACL},
    {"x-amz-storage-class", ON_CLASS},
    {"x-amz-copy-source", ON_PUT_OR_BYPASS},
    {"x-amz-metadata-directive", ON_PUT_OR_BYPASS},
    {"x-amz-website-redirect-location", ON_PUT_OR_BYPASS},
    {"x-amz-server-side-encryption", ON_ENCRYPTION},
    {"x-amz-server-side-encryption-aws-kms-key-id", ON_ENCRYPTION},
    {"x-amz-server-side-encryption-customer-algorithm", ON_CUSTOMER_KEY},
    {"RequestObjectTag/", ON_TAGS},
    {"RequestObjectTagKeys", ON_TAGS},
    {"ExistingObjectTag/", ON_TAGGED},
    {"versionid", ON_VERSION},
    {"if-match", ON_MATCH},
    {"if-none-match", ON_PUT},
    {"ObjectCreationOperation", ON_PUT},
    {"x-amz-object-annotation-directive", ON_PUT},
    {"object-lock-legal-hold", ON_HOLD},
    {"object-lock-mode", ON_RETENTION},
    {"object-lock-remaining-retention-days", ON_RETENTION},
    {"object-lock-retain-until-date", ON_RETENTION},
    {"annotation-prefix", ON_ANNOTATIONS},
    {"max-annotation-results", ON_ANNOTATIONS},
    {"x-amz-object-if-match", ON_ANNOTATION},
    {"InventoryAccessibleOptionalFields", ON_INVENTORY},
    {"isReplicationPauseRequest", ON_REPLICATION},
    {"destinationRegion", ON_REPLICATION},
    {"logType", ON_LOG_DELIVERY},
    {"deliverySourceArn", ON_LOG_DELIVERY},
    {"resourceArnBeingAuthorized", ON_LOG_DELIVERY},
    {"locationconstraint", ON_CREATION},
    {"x-amz-bucket-namespace", ON_CREATION},
    {"x-amz-object-ownership", ON_CREATION},
    {NULL, NULL},
};

// What follows "s3:", in whatever case that is written; STR_NONE for what is of another vendor.
static Str after_vendor(Str text) {
    bool own = str_eq_nocase(str_sub(text, 0, 3), STR("s3:"));
    return own ? str_from(text, 3) : STR_NONE;
}

static bool is_pattern(Str action) { return str_find_char(action, '*') >= 0 || str_find_char(action, '?') >= 0; }

static bool one_is(Str action, const char *const *names) {
    for (; *names; names++)
        if (str_eq_nocase(action, str_of(*names))) return true;
    return false;
}

static bool one_matches(Arena *arena, Str pattern, const char *const *names) {
    if (!is_pattern(pattern)) return one_is(pattern, names);
    Str lower = str_lower(arena, pattern);
    for (; *names; names++)
        if (glob_match(lower, str_lower(arena, str_of(*names)))) return true;
    return false;
}

bool policy_action_applies(Arena *arena, Str action, bool buckets, bool objects) {
    if (str_is(action, "*")) return true;
    Str name = after_vendor(action);
    return name.at && ((buckets && one_matches(arena, name, OF_BUCKETS)) || (objects && one_matches(arena, name, OF_OBJECTS)));
}

static const ConditionKey *key_named(Str key) {
    Str name = after_vendor(key);
    ptrdiff_t slash = str_find_char(name, '/');
    if (slash >= 0) name = str_sub(name, 0, (size_t)slash + 1);
    for (const ConditionKey *known = KEYS; known->name; known++)
        if (str_eq_nocase(name, str_of(known->name))) return known;
    return NULL;
}

static bool is_global(Str key) { return str_eq_nocase(str_sub(key, 0, 4), STR("aws:")); }

bool policy_key_is_known(Str key) { return is_global(key) || key_named(key); }

bool policy_key_applies(Str key, Str action) {
    const ConditionKey *known = key_named(key);
    return !known || !known->actions || is_pattern(action) || one_is(after_vendor(action), known->actions);
}
