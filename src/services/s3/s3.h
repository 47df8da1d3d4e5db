// S3: buckets and objects.
//
// The files of this folder share this header; nobody else includes it. Bucket names are unique among all accounts: buckets are documents of the partition
// ("", aws-global), and objects hang on the bucket's name. Rows and tables: rows.h. All functions that can fail set S3's own errors.
//
// What is not kept apart on AWS's side is not here either: every bucket is "bucket owner enforced" (ACLs are off, as AWS makes buckets since 2023), objects are
// said to be encrypted with AES256. The plane is the endpoint of all regions: which one a request means, its signature says; the calls of machines reach all.
#pragma once

#include "base/vec.h"
#include "plane/turn.h"
#include "services/s3/rows.h"
#include "store/key.h"

// errors.c
// Fails with one further element in the error's document ("BucketName", "Key", "Condition"); `value` STR_NONE: none.
bool s3_fail(const Call *call, Error *e, int status, const char *code, const char *message, const char *element, Str value);
void s3_error_tell(const Call *call, Error *e, const char *element, Str value); // one element more; one that begins with '$' is a header
bool fail_malformed_xml(const Call *call, Error *e);
bool fail_no_bucket(const Call *call, Str bucket, Error *e);
bool fail_no_key(const Call *call, Str key, Error *e);
bool fail_no_version(const Call *call, Str key, Str version, Error *e);
bool fail_no_upload(const Call *call, Str upload, Error *e);
bool fail_condition(const Call *call, const char *condition, Error *e); // 412
bool s3_bad_argument(const Call *call, const char *name, Str value, const char *message, Error *e);
bool s3_denied(const Call *call, Error *e);
bool s3_unsupported(const Call *call, const char *what, Error *e); // 501, naming operation and what it was asked for
// As with fail(): that they return false is seen by the compiler and the analyser.
#define s3_fail(...) fail_returned(s3_fail(__VA_ARGS__))
#define fail_malformed_xml(...) fail_returned(fail_malformed_xml(__VA_ARGS__))
#define fail_no_bucket(...) fail_returned(fail_no_bucket(__VA_ARGS__))
#define fail_no_key(...) fail_returned(fail_no_key(__VA_ARGS__))
#define fail_no_version(...) fail_returned(fail_no_version(__VA_ARGS__))
#define fail_no_upload(...) fail_returned(fail_no_upload(__VA_ARGS__))
#define fail_condition(...) fail_returned(fail_condition(__VA_ARGS__))
#define s3_bad_argument(...) fail_returned(s3_bad_argument(__VA_ARGS__))
#define s3_denied(...) fail_returned(s3_denied(__VA_ARGS__))
#define s3_unsupported(...) fail_returned(s3_unsupported(__VA_ARGS__))
// Members of the input that this plane does not honour: refused by name when one is given. Ends with NULL.
bool s3_refuse(const Call *call, const char *const *members, Error *e);

// buckets.c, bucket_names.c
typedef enum Versioning { VERSIONING_NEVER, VERSIONING_ENABLED, VERSIONING_SUSPENDED } Versioning;

typedef struct Bucket {
    Str name, account, region;
    Versioning versioning;
    bool notifies; // events go to the event bus
    bool has_policy;
    Doc *doc; // Name, Account, Region, Created, Versioning, Notifies, HasPolicy, Tags
} Bucket;

extern const DocumentType S3_BUCKET, S3_CONFIGURATION;

bool bucket_find(Turn *turn, Str name, Bucket *out);
bool bucket_need(Turn *turn, const Call *call, Bucket *out, Error *e); // of the input's Bucket; looks at ExpectedBucketOwner too
bool bucket_is_here(const Call *call, const Bucket *bucket, Error *e); // was the request signed for the bucket's region? PermanentRedirect
void bucket_save(Turn *turn, const Bucket *bucket);
bool bucket_name_is_valid(Str name);
Str bucket_arn(Arena *arena, Str bucket);
Str object_arn(Arena *arena, Str bucket, Str key);
Doc *owner_doc(Arena *arena, Str account);

// configuration.c: what is kept of a bucket under a kind ("policy", "encryption"); NULL when nothing is.
Doc *bucket_configuration(Turn *turn, Str bucket, const char *kind);
void bucket_configure(Turn *turn, Str bucket, const char *kind, const Doc *doc);
bool bucket_unconfigure(Turn *turn, Str bucket, const char *kind);
void bucket_unconfigure_all(Turn *turn, Str bucket);
bool ownership_is_deleted(Turn *turn, Str bucket); // protection.c
bool block_public(Turn *turn, Str bucket, const char *member); // a member of the public access block; they are on where none was put

// policy.c
Doc *s3_resource_policy(Turn *turn, const Call *call, Str *owner_account);
bool s3_bucket_is_there(Turn *turn, const Call *call, Error *e); // that a bucket is not there is no secret
// On what a handler finds: the bucket's policy counts too.
bool s3_allowed(Turn *turn, const Call *call, const char *action, Str resource, Error *e);

// policy_check.c: is this text a policy that the bucket can have? MalformedPolicy
bool policy_check(Turn *turn, const Call *call, Str bucket, Str text, Doc **out, Error *e);

// requirements.c
void s3_context(Turn *turn, const Call *call, const Requirement *what, Str owner_account, Doc *context);
void require_get_object(Turn *turn, const Call *call, Requirements *all);
void require_get_attributes(Turn *turn, const Call *call, Requirements *all);
void require_put_object(Turn *turn, const Call *call, Requirements *all);
void require_copy_object(Turn *turn, const Call *call, Requirements *all);
void require_copy_part(Turn *turn, const Call *call, Requirements *all);
void require_delete_object(Turn *turn, const Call *call, Requirements *all);
void require_each_key(Turn *turn, const Call *call, Requirements *all); // the handler asks for each thing it touches
void require_listing(Turn *turn, const Call *call, Requirements *all);
void require_versions_listing(Turn *turn, const Call *call, Requirements *all);
void require_uploads_listing(Turn *turn, const Call *call, Requirements *all);
void require_object_acl(Turn *turn, const Call *call, Requirements *all);
void require_complete_upload(Turn *turn, const Call *call, Requirements *all);
void require_object_tagging(Turn *turn, const Call *call, Requirements *all);
void require_create_bucket(Turn *turn, const Call *call, Requirements *all);

// versions.c: the versions of a key
bool object_current(Turn *turn, Str bucket, Str key, ObjectRow *out); // may be a delete marker
bool object_version(Turn *turn, Str bucket, Str key, Str version, ObjectRow *out); // "null" or an id
void object_store(Turn *turn, const Bucket *bucket, Str key, ObjectRow *row); // becomes the current one; sets version and sequence
void object_change(Turn *turn, Str bucket, Str key, const ObjectRow *row); // the same version, other tags
bool object_remove(Turn *turn, Str bucket, Str key, Str version, ObjectRow *removed); // for ever; false: no such version
void object_mark_deleted(Turn *turn, const Bucket *bucket, Str key, ObjectRow *marker); // a DELETE without version in a bucket with versions
bool version_id_is_valid(Str version);
Str version_shown(const Bucket *bucket, const ObjectRow *row); // STR_NONE where S3 shows none
Str row_version(const ObjectRow *row); // "null" for the null version

// bodies.c
void body_keep(Turn *turn, const Call *call, ObjectRow *row); // the call's body becomes the row's
void body_keep_bytes(Turn *turn, Str bytes, ObjectRow *row);
bool body_share(Turn *turn, const ObjectRow *from, ObjectRow *row, Error *e); // the same content, of its own
void body_drop(Turn *turn, const ObjectRow *row);
bool body_read(Turn *turn, const ObjectRow *row, Body *out, Error *e); // whole; paths are absolute
Body body_part(Body whole, int64_t offset, int64_t size);

// checksums.c
// Etag and checksum of a body, compared with what the request says of it (Content-MD5, x-amz-checksum-…).
bool checksum_request(Turn *turn, const Call *call, const ChecksumKind *otherwise, ObjectRow *row, Error *e);
RowChecksum checksum_default(Turn *turn, const Call *call); // of a body whose request names none
bool checksum_wanted(const Call *call, const char *member, RowChecksum *out, Error *e); // an algorithm's name in the input
bool checksum_type_is_known(const Call *call, Str type, Error *e); // of x-amz-checksum-type
bool checksum_given(const Call *call, const Doc *from, RowChecksum *out, Error *e); // the Checksum… member that is set, if any
Str checksum_of_body(Turn *turn, Body body, ChecksumKind kind); // base64
Str md5_of_body(Turn *turn, Body body); // 16 bytes
void checksum_show(Arena *arena, Doc *to, const RowChecksum *checksum); // Checksum… and ChecksumType
const char *checksum_member(ChecksumKind kind); // "ChecksumCRC32"

// headers.c
bool headers_read(const Call *call, ObjectRow *row, Error *e); // texts, metadata and tags of a request
void headers_show(Arena *arena, const ObjectRow *row, Doc *to);
bool storage_class_check(const Call *call, Error *e);
bool canned_acl_is_known(const Call *call, Str acl, Error *e);
bool write_is_supported(Turn *turn, const Call *call, Error *e); // what PutObject, CopyObject and CreateMultipartUpload refuse; key and sizes too
bool object_key_fits(const Call *call, Str key, Error *e);
Str quoted_etag(Arena *arena, Str etag);

// tagging.c
bool s3_tags_check(const Call *call, const Doc *map, size_t most, Error *e);
bool s3_tags_from_set(const Call *call, const Doc *tag_set, size_t most, Doc **map, Error *e);
bool s3_tags_from_header(const Call *call, Str header, Doc **map, Error *e);
Doc *s3_tags_to_set(Arena *arena, const Doc *map);

// conditions.c
bool etag_matches(Str wanted, Str etag); // a header's list, "*" and quotes
bool conditions_of_read(const Call *call, const ObjectRow *row, Error *e); // 412 and 304
bool conditions_of_copy(const Call *call, const ObjectRow *row, Error *e);
bool conditions_of_write(Turn *turn, const Call *call, Str bucket, Str key, Error *e); // If-Match, If-None-Match
bool conditions_of_delete(Turn *turn, const Call *call, Str bucket, Str key, Str match, Error *e);
void conditions_note(Turn *turn, Str bucket, Str key, ObjectRow *upload); // what a new upload finds at its key
bool conditions_of_complete(Turn *turn, const Call *call, Str bucket, const ObjectRow *upload, Error *e); // 409 where the key has changed since

// ranges.c
typedef struct ByteRange {
    bool partial;
    int64_t offset, size;
    Str checksum; // of a part by its number: the part's own; may be empty
} ByteRange;
bool range_of_header(const Call *call, Str header, int64_t size, ByteRange *out, Error *e);
bool range_of_part(const Call *call, int64_t number, const ObjectRow *row, ByteRange *out, Error *e);
bool range_of_copy(const Call *call, Str header, int64_t size, ByteRange *out, Error *e);

// get.c
bool version_is_told(const Call *call, Str version, Error *e); // "?versionId=" is no version
bool object_for_read(Turn *turn, const Call *call, ObjectRow *out, Error *e); // by Bucket, Key, VersionId; 404 or 403; no delete markers
bool no_key_is_given(const Call *call, Error *e); // nothing here is encrypted with a customer's key
Str bucket_versions_shown(Turn *turn, Str bucket, const ObjectRow *row);

// copy.c
typedef struct CopySource {
    Str bucket, key, version; // STR_NONE: the current one
} CopySource;
bool copy_source(const Call *call, CopySource *out, Error *e);
bool copy_source_read(Turn *turn, const Call *call, const CopySource *source, ObjectRow *out, Error *e);

// listing.c
typedef struct ListWalk ListWalk;
struct ListWalk {
    Turn *turn;
    const StoreTable *table;
    Str bucket, prefix, delimiter;
    Str after; // keys behind it; STR_NONE: from the beginning
    bool including; // `after` itself too
    bool skips_entered; // a common prefix that `after` lies in has been listed; otherwise only one that it is
    size_t limit;
    // A row that is no part of a common prefix; `upload` in s3_uploads only. Adds to count what it lists; false ends the walk.
    bool (*emit)(ListWalk *walk, Str key, Str upload, Str value);
    bool (*counts)(Str value); // does a row make its common prefix visible? NULL: each
    void *context;
    // the result
    Doc *prefixes; // DOC_LIST of {Prefix}
    size_t count;
    bool truncated;
    Str last; // key or common prefix listed last
    Str jump; // common prefix that the scan goes on behind
};
void list_keys(ListWalk *walk);
bool list_number(const Call *call, const char *parameter, int64_t number, Error *e); // none below 0
bool list_page_size(const Call *call, const char *member, const char *parameter, size_t *out, Error *e);
bool list_encoding(const Call *call, bool *url, Error *e);
bool list_optional_attributes(const Call *call, Error *e);
Str list_key(Arena *arena, Str key, bool url);
bool customer_keys_blocked(Turn *turn, Str bucket); // protection.c: SSE-C, as in every bucket where nobody allowed it
void s3_list_checksum(Arena *arena, const ObjectRow *row, Doc *entry); // ChecksumAlgorithm and ChecksumType; list_objects.c
Doc *list_prefixes(Arena *arena, const Doc *prefixes, bool url);

// multipart.c
bool upload_need(Turn *turn, const Call *call, Bucket *bucket, ObjectRow *out, Error *e); // of Bucket, Key, UploadId
bool part_number_is_valid(const Call *call, int64_t number, Error *e); // 1 to 10000
bool upload_exists(Turn *turn, Str bucket, Str key, Str upload);
Str part_key(Arena *arena, Str bucket, Str upload, int64_t number);
void upload_drop(Turn *turn, Str bucket, Str key, Str upload); // the upload and its parts
void assembly_drop(Turn *turn, Str upload, bool file); // assembly.c

// events.c
void event_created(Turn *turn, const Call *call, const Bucket *bucket, const char *reason, Str key, const ObjectRow *row);
void event_deleted(Turn *turn, const Call *call, const Bucket *bucket, Str key, const ObjectRow *row, bool marker);

extern const Operation S3_OPERATIONS[]; // operations.c
