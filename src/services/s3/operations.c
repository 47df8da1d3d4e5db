// What of S3 is built. An operation that stands here not is answered with NotImplemented, which names it.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

#define BUCKET "arn:aws:s3:::{Bucket}"
#define OBJECT "arn:aws:s3:::{Bucket}/{Key}"

const Operation S3_OPERATIONS[] = {
    // buckets
    {"CreateBucket", create_bucket, .flags = OP_LOCAL, .requirements = require_create_bucket},
    {"DeleteBucket", delete_bucket, BUCKET, OP_LOCAL},
    {"HeadBucket", head_bucket, BUCKET, OP_READ | OP_LOCAL | OP_ANONYMOUS, "s3:ListBucket"},
    {"GetBucketLocation", get_bucket_location, BUCKET, OP_READ | OP_LOCAL | OP_ANONYMOUS},
    {"ListBuckets", list_buckets, NULL, OP_LOCAL, "s3:ListAllMyBuckets"},
    // what a bucket is set to
    {"GetBucketVersioning", get_bucket_versioning, BUCKET, OP_READ | OP_LOCAL},
    {"PutBucketVersioning", put_bucket_versioning, BUCKET, OP_LOCAL},
    {"GetBucketTagging", get_bucket_tagging, BUCKET, OP_READ | OP_LOCAL},
    {"PutBucketTagging", put_bucket_tagging, BUCKET, OP_LOCAL},
    {"DeleteBucketTagging", delete_bucket_tagging, BUCKET, OP_LOCAL, "s3:PutBucketTagging"},
    {"GetBucketAcl", get_bucket_acl, BUCKET, OP_READ | OP_LOCAL},
    {"PutBucketAcl", put_bucket_acl, BUCKET, OP_LOCAL},
    {"GetBucketEncryption", get_bucket_encryption, BUCKET, OP_READ | OP_LOCAL, "s3:GetEncryptionConfiguration"},
    {"PutBucketEncryption", put_bucket_encryption, BUCKET, OP_LOCAL, "s3:PutEncryptionConfiguration"},
    {"DeleteBucketEncryption", delete_bucket_encryption, BUCKET, OP_LOCAL, "s3:PutEncryptionConfiguration"},
    {"GetPublicAccessBlock", get_public_access_block, BUCKET, OP_READ | OP_LOCAL, "s3:GetBucketPublicAccessBlock"},
    {"PutPublicAccessBlock", put_public_access_block, BUCKET, OP_LOCAL, "s3:PutBucketPublicAccessBlock"},
    {"DeletePublicAccessBlock", delete_public_access_block, BUCKET, OP_LOCAL, "s3:PutBucketPublicAccessBlock"},
    {"GetBucketOwnershipControls", get_bucket_ownership, BUCKET, OP_READ | OP_LOCAL},
    {"PutBucketOwnershipControls", put_bucket_ownership, BUCKET, OP_LOCAL},
    {"DeleteBucketOwnershipControls", delete_bucket_ownership, BUCKET, OP_LOCAL, "s3:PutBucketOwnershipControls"},
    {"GetBucketNotificationConfiguration", get_bucket_notification, BUCKET, OP_READ | OP_LOCAL, "s3:GetBucketNotification"},
    {"PutBucketNotificationConfiguration", put_bucket_notification, BUCKET, OP_LOCAL, "s3:PutBucketNotification"},
    {"GetBucketPolicy", get_bucket_policy, BUCKET, OP_READ | OP_LOCAL},
    {"PutBucketPolicy", put_bucket_policy, BUCKET, OP_LOCAL},
    {"DeleteBucketPolicy", delete_bucket_policy, BUCKET, OP_LOCAL},
    {"GetBucketPolicyStatus", get_bucket_policy_status, BUCKET, OP_READ | OP_LOCAL},
    // what no bucket here has: nothing can put it, and tools that read it are told so as S3 does
    {"GetBucketAccelerateConfiguration", get_never_configured, BUCKET, OP_READ | OP_LOCAL, "s3:GetAccelerateConfiguration"},
    {"GetBucketCors", get_never_configured, BUCKET, OP_READ | OP_LOCAL, "s3:GetBucketCORS"},
    {"GetBucketLifecycleConfiguration", get_never_configured, BUCKET, OP_READ | OP_LOCAL, "s3:GetLifecycleConfiguration"},
    {"GetBucketLogging", get_never_configured, BUCKET, OP_READ | OP_LOCAL},
    {"GetBucketReplication", get_never_configured, BUCKET, OP_READ | OP_LOCAL, "s3:GetReplicationConfiguration"},
    {"GetBucketRequestPayment", get_never_configured, BUCKET, OP_READ | OP_LOCAL},
    {"GetBucketWebsite", get_never_configured, BUCKET, OP_READ | OP_LOCAL},
    {"GetObjectLockConfiguration", get_never_configured, BUCKET, OP_READ | OP_LOCAL, "s3:GetBucketObjectLockConfiguration"},
    // objects
    {"PutObject", put_object, .flags = OP_LOCAL | OP_ANONYMOUS, .requirements = require_put_object, .check = check_put_object},
    {"GetObject", get_object, .flags = OP_READ | OP_ANONYMOUS, .requirements = require_get_object},
    {"HeadObject", head_object, .flags = OP_READ | OP_LOCAL | OP_ANONYMOUS, .requirements = require_get_object},
    {"GetObjectAttributes", get_object_attributes, .flags = OP_READ | OP_LOCAL, .requirements = require_get_attributes},
    {"CopyObject", copy_object, .flags = OP_LOCAL, .requirements = require_copy_object},
    {"DeleteObject", delete_object, .flags = OP_LOCAL | OP_ANONYMOUS, .requirements = require_delete_object},
    {"DeleteObjects", delete_objects, .flags = OP_LOCAL, .requirements = require_each_key},
    {"GetObjectTagging", get_object_tagging, .flags = OP_READ | OP_LOCAL, .requirements = require_object_tagging},
    {"PutObjectTagging", put_object_tagging, .flags = OP_LOCAL, .requirements = require_object_tagging},
    {"DeleteObjectTagging", delete_object_tagging, .flags = OP_LOCAL, .requirements = require_object_tagging},
    {"GetObjectAcl", get_object_acl, OBJECT, OP_READ | OP_LOCAL},
    {"PutObjectAcl", put_object_acl, OBJECT, OP_LOCAL},
    // listings
    {"ListObjects", list_objects, .flags = OP_LOCAL | OP_ANONYMOUS, .requirements = require_listing},
    {"ListObjectsV2", list_objects_v2, .flags = OP_LOCAL | OP_ANONYMOUS, .requirements = require_listing},
    {"ListObjectVersions", list_object_versions, .flags = OP_LOCAL, .requirements = require_versions_listing},
    // multipart uploads
    {"CreateMultipartUpload", create_multipart_upload, .flags = OP_LOCAL, .requirements = require_put_object},
    {"UploadPart", upload_part, OBJECT, OP_LOCAL, "s3:PutObject", .check = check_upload_part},
    {"UploadPartCopy", upload_part_copy, .flags = OP_LOCAL, .requirements = require_copy_part},
    {"CompleteMultipartUpload", complete_multipart_upload, OBJECT, 0, "s3:PutObject"},
    {"AbortMultipartUpload", abort_multipart_upload, OBJECT, OP_LOCAL},
    {"ListParts", list_upload_parts, OBJECT, OP_LOCAL, "s3:ListMultipartUploadParts"},
    {"ListMultipartUploads", list_multipart_uploads, .flags = OP_LOCAL, .requirements = require_uploads_listing},
    {NULL},
};
