// What a request says of the object besides its bytes: headers that are kept, user metadata, tags; and what is refused.
#include "services/s3/s3.h"

enum { KEY_BYTES = 1024, METADATA_BYTES = 2048 };
#define OBJECT_MOST_BYTES (5LL * 1024 * 1024 * 1024) // of one request

static const char *const TEXTS[ROW_TEXTS] = {
    [TEXT_CONTENT_TYPE] = "ContentType",         [TEXT_CACHE_CONTROL] = "CacheControl",       [TEXT_CONTENT_DISPOSITION] = "ContentDisposition",
    [TEXT_CONTENT_ENCODING] = "ContentEncoding", [TEXT_CONTENT_LANGUAGE] = "ContentLanguage", [TEXT_EXPIRES] = "Expires",
    [TEXT_STORAGE_CLASS] = "StorageClass",       [TEXT_REDIRECT] = "WebsiteRedirectLocation",
};

static const char *const REFUSED[] = {
    "SSECustomerAlgorithm",
    "SSECustomerKey",
    "SSECustomerKeyMD5",
    "SSEKMSKeyId",
    "SSEKMSEncryptionContext",
    "BucketKeyEnabled",
    "CopySourceSSECustomerAlgorithm",
    "CopySourceSSECustomerKey",
    "CopySourceSSECustomerKeyMD5",
    "WriteOffsetBytes",
    "ObjectLockEventHold",
    "ObjectLockEventHoldDurationDays",
    "ObjectLockEventHoldDurationYears",
    NULL,
};

static const char *const STORAGE_CLASSES[] = {
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", NULL,
};

static const char *const ARCHIVES[] = {"GLACIER", "DEEP_ARCHIVE", NULL};

static bool is_one_of(Str text, const char *const *names) {
    for (; *names; names++)
        if (str_is(text, *names)) return true;
    return false;
}

bool storage_class_check(const Call *call, Error *e) {
    Str storage_class = doc_text(call->input, "StorageClass");
    if (!storage_class.at || is_one_of(storage_class, STORAGE_CLASSES)) return true;
    if (is_one_of(storage_class, ARCHIVES)) return s3_unsupported(call, "an archive's StorageClass", e);
    return s3_fail(call, e, 400, "InvalidStorageClass", "The storage class you specified is not valid", "StorageClassRequested", storage_class);
}

bool canned_acl_is_known(const Call *call, Str acl, Error *e) {
    static const char *const known[] = {"private",
                                        "public-read",
                                        "public-read-write",
                                        "authenticated-read",
                                        "aws-exec-read",
                                        "bucket-owner-read",
                                        "log-delivery-write",
                                        "bucket-owner-full-control",
                                        NULL};
    return is_one_of(acl, known) || s3_bad_argument(call, "x-amz-acl", acl, "", e);
}

// Buckets are owner enforced: only the ACLs that say nothing else are taken, as on AWS.
static bool acl_check(Turn *turn, const Call *call, Error *e) {
    static const char *const grants[] = {"GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP", NULL};
    Str acl = doc_text(call->input, "ACL");
    bool grants_more = acl.at && !str_is(acl, "private") && !str_is(acl, "bucket-owner-full-control");
    if (grants_more) TRY(canned_acl_is_known(call, acl, e));
    for (const char *const *grant = grants; *grant; grant++) grants_more = grants_more || doc_get(call->input, *grant);
    if (!grants_more) return true;
    if (ownership_is_deleted(turn, doc_text(call->input, "Bucket"))) return s3_unsupported(call, "grants to others than the owner", e);
    return s3_fail(call, e, 400, "AccessControlListNotSupported", "The bucket does not allow ACLs", NULL, STR_NONE);
}

bool object_key_fits(const Call *call, Str key, Error *e) {
    if (key.len <= KEY_BYTES) return true;
    s3_fail(call, e, 400, "KeyTooLongError", "Your key is too long", "Size", str_format(call->arena, "%zu", key.len));
    s3_error_tell(call, e, "MaxSizeAllowed", STR("1024"));
    return false;
}

static bool key_check(const Call *call, Error *e) {
    Str key = doc_text(call->input, "Key");
    TRY(object_key_fits(call, key, e));
    if (!str_is_utf8(key)) return s3_fail(call, e, 400, "InvalidURI", "Couldn't parse the specified URI.", "URI", key);
    return true;
}

static bool encryption_check(const Call *call, Error *e) {
    static const char *const kms[] = {"aws:kms", "aws:kms:dsse", "aws:fsx", NULL};
    Str encryption = doc_text(call->input, "ServerSideEncryption");
    if (!encryption.at || str_is(encryption, "AES256")) return true;
    if (is_one_of(encryption, kms)) return s3_unsupported(call, "a ServerSideEncryption other than AES256", e);
    return s3_bad_argument(call, "x-amz-server-side-encryption", encryption, "The encryption method specified is not supported", e);
}

// No bucket here has object lock: what asks for a lock is refused as in any such bucket, once it says what it means.
static bool lock_check(const Call *call, Error *e) {
    static const char *const modes[] = {"GOVERNANCE", "COMPLIANCE", NULL}, *const holds[] = {"ON", "OFF", NULL};
    Str mode = doc_text(call->input, "ObjectLockMode"), hold = doc_text(call->input, "ObjectLockLegalHoldStatus");
    bool until = doc_get(call->input, "ObjectLockRetainUntilDate") != NULL;
    if (!mode.at && !hold.at && !until) return true;
    if (hold.at && !is_one_of(hold, holds))
        return s3_bad_argument(call, "x-amz-object-lock-legal-hold", hold, "Legal Hold must be either of 'ON' or 'OFF'", e);
    if (mode.at && !is_one_of(mode, modes)) return s3_bad_argument(call, "x-amz-object-lock-mode", mode, "Unknown wormMode directive.", e);
    if ((mode.at != NULL) != until) {
        const char *lacks = until ? "x-amz-object-lock-mode" : "x-amz-object-lock-retain-until-date";
        const char *message = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";
        return s3_bad_argument(call, lacks, STR_NONE, message, e);
    }
    return s3_fail(call, e, 400, "InvalidRequest", "Bucket is missing ObjectLockConfiguration", NULL, STR_NONE);
}

bool write_is_supported(Turn *turn, const Call *call, Error *e) {
    bool own_key = doc_get(call->input, "SSECustomerAlgorithm") || doc_get(call->input, "SSECustomerKey");
    if (own_key && customer_keys_blocked(turn, doc_text(call->input, "Bucket"))) return s3_denied(call, e);
    TRY(s3_refuse(call, REFUSED, e));
    TRY(encryption_check(call, e));
    TRY(storage_class_check(call, e));
    TRY(acl_check(turn, call, e));
    TRY(lock_check(call, e));
    TRY(key_check(call, e));
    if (call->body.size <= OBJECT_MOST_BYTES) return true;
    Str proposed = str_format(call->arena, "%lld", (long long)call->body.size);
    s3_fail(call, e, 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", "ProposedSize", proposed);
    s3_error_tell(call, e, "MaxSizeAllowed", STR("5368709120"));
    return false;
}

// Names of user metadata are headers: S3 keeps them in lower case.
static bool metadata_read(const Call *call, Str *packed, Error *e) {
    const Doc *given = doc_get(call->input, "Metadata");
    Doc *kept = doc_map(call->arena);
    size_t bytes = 0;
    for (const Doc *pair = doc_first(given); pair; pair = pair->next) {
        Str value = doc_str(pair, STR(""));
        bytes += pair->key.len + value.len;
        doc_put(kept, str_lower(call->arena, pair->key), doc_of_str(call->arena, value));
    }
    if (bytes > METADATA_BYTES) {
        const char *message = "Your metadata headers exceed the maximum allowed metadata size";
        s3_fail(call, e, 400, "MetadataTooLarge", message, "Size", str_format(call->arena, "%zu", bytes));
        s3_error_tell(call, e, "MaxSizeAllowed", STR("2048"));
        return false;
    }
    *packed = pairs_pack(call->arena, kept);
    return true;
}

// "aws-chunked" is how the body came, not what it is.
static Str own_encoding(Arena *arena, Str encoding) {
    Str kept = STR_NONE;
    while (encoding.len) {
        Str one = str_trim(str_cut(&encoding, ','));
        if (!one.len || str_is(one, "aws-chunked")) continue;
        kept = kept.at ? str_format(arena, "%.*s,%.*s", STR_ARG(kept), STR_ARG(one)) : one;
    }
    return kept;
}

bool headers_read(const Call *call, ObjectRow *row, Error *e) {
    Str metadata = STR_NONE;
    Doc *tags = NULL;
    TRY(metadata_read(call, &metadata, e));
    TRY(s3_tags_from_header(call, doc_text(call->input, "Tagging"), &tags, e));
    row->metadata = metadata;
    row->tags = pairs_pack(call->arena, tags);
    for (int i = 0; i < ROW_TEXTS; i++) row->texts[i] = doc_text(call->input, TEXTS[i]);
    row->texts[TEXT_CONTENT_ENCODING] = own_encoding(call->arena, row->texts[TEXT_CONTENT_ENCODING]);
    if (!row->texts[TEXT_CONTENT_TYPE].len) row->texts[TEXT_CONTENT_TYPE] = STR("binary/octet-stream");
    if (str_is(row->texts[TEXT_STORAGE_CLASS], "STANDARD")) row->texts[TEXT_STORAGE_CLASS] = STR_NONE;
    row->modified_ms = call->now_ms / 1000 * 1000;
    return true;
}

Str quoted_etag(Arena *arena, Str etag) { return str_cat(arena, STR("\""), str_cat(arena, etag, STR("\""))); }

// Headers are ASCII: what is not goes out as an encoded word (RFC 2047), as S3 sends it.
static Doc *metadata_shown(Arena *arena, Str packed) {
    Doc *shown = doc_map(arena);
    Str name, value;
    while (pairs_next(&packed, &name, &value)) {
        bool ascii = true;
        for (size_t i = 0; i < value.len; i++) ascii = ascii && (unsigned char)value.at[i] < 0x80;
        if (!ascii) {
            Str encoded = str_base64(arena, value);
            value = str_format(arena, "=?UTF-8?B?%.*s?=", STR_ARG(encoded));
        }
        doc_add(shown, name, doc_of_str(arena, value));
    }
    return shown;
}

void headers_show(Arena *arena, const ObjectRow *row, Doc *to) {
    doc_add(to, STR("ETag"), doc_of_str(arena, quoted_etag(arena, row->etag)));
    doc_add(to, STR("LastModified"), doc_of_time(arena, row->modified_ms));
    doc_add(to, STR("AcceptRanges"), doc_of_str(arena, STR("bytes")));
    doc_add(to, STR("ServerSideEncryption"), doc_of_str(arena, STR("AES256")));
    for (int i = 0; i < ROW_TEXTS; i++)
        if (row->texts[i].at) doc_add(to, str_of(TEXTS[i]), doc_of_str(arena, row->texts[i]));
    if (row->metadata.at) doc_add(to, STR("Metadata"), metadata_shown(arena, row->metadata));
    if (row->tags.at) doc_add(to, STR("TagCount"), doc_of_int(arena, (int64_t)pairs_count(row->tags)));
}
