// The handlers of S3's operations, as operations.c lists them.
#pragma once

#include "plane/turn.h"

CallHandler create_bucket, delete_bucket, head_bucket, get_bucket_location, list_buckets; // buckets.c
CallHandler get_bucket_versioning, put_bucket_versioning, get_bucket_tagging, put_bucket_tagging, delete_bucket_tagging; // bucket_settings.c
CallHandler get_bucket_acl, put_bucket_acl, get_object_acl, put_object_acl; // acl.c
CallHandler get_bucket_encryption, put_bucket_encryption, delete_bucket_encryption; // protection.c
CallHandler get_public_access_block, put_public_access_block, delete_public_access_block; // protection.c
CallHandler get_bucket_ownership, put_bucket_ownership, delete_bucket_ownership; // protection.c
CallHandler get_bucket_notification, put_bucket_notification; // notification.c
CallHandler get_bucket_policy, put_bucket_policy, delete_bucket_policy, get_bucket_policy_status; // policy.c
CallHandler get_never_configured, delete_never_configured, put_request_payment, put_bucket_logging, refuse_without_lock; // absent.c
HeadCheck check_put_object, check_upload_part; // put.c, multipart.c
CallHandler put_object, get_object, head_object, copy_object, delete_object, delete_objects, get_object_attributes;
CallHandler get_object_tagging, put_object_tagging, delete_object_tagging; // tagging.c
CallHandler list_objects, list_objects_v2, list_object_versions; // list_objects.c, list_versions.c
CallHandler create_multipart_upload, upload_part, upload_part_copy, list_upload_parts, list_multipart_uploads; // multipart.c, parts.c, list_uploads.c
CallHandler complete_multipart_upload, abort_multipart_upload; // complete.c, multipart.c
