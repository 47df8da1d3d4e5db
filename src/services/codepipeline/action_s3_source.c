// Source/S3: the version of an object → a copy in the artifact store.
#include "formats/paths.h"
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/providers.h"
#include "services/codepipeline/run.h"

static Str object_key(const Action *action) {
    const Doc *override = action_override(action);
    bool named =
        override && str_is(doc_text(override, "revisionType"), "S3_OBJECT_KEY") && action_setting_is(action, "AllowOverrideForS3ObjectKey", "true");
    return named ? doc_text(override, "revisionValue") : action_setting(action, "S3ObjectKey");
}

void action_s3_source_start(Action *action) {
    Arena *arena = action->step->arena;
    const Doc *override = action_override(action);
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "Bucket", action_setting(action, "S3Bucket"));
    doc_set_str(arena, input, "Key", object_key(action));
    if (str_is(doc_text(override, "revisionType"), "S3_OBJECT_VERSION_ID"))
        doc_set_str(arena, input, "VersionId", doc_text(override, "revisionValue"));
    action_call(action, "s3", "HeadObject", input, NULL, "head");
}

static Str unquoted(Str tag) { return str_strip_suffix(str_strip_prefix(tag, STR("\"")), STR("\"")); }

// What the uploader says of the revision in the object's metadata, else its version.
static Str summary_of(Arena *arena, const Doc *head) {
    Str said = doc_text(doc_get(head, "Metadata"), "codepipeline-artifact-revision-summary"), version = doc_text(head, "VersionId");
    return said.len ? str_copy(arena, said) : str_format(arena, "Amazon S3 version id: %.*s", STR_ARG(version));
}

static void note_object(Action *action, const Doc *head) {
    Arena *arena = action->step->arena;
    Str version = doc_text(head, "VersionId"), summary = summary_of(arena, head);
    action_variable(action, "BucketName", action_setting(action, "S3Bucket"));
    action_variable(action, "ETag", unquoted(doc_text(head, "ETag")));
    action_variable(action, "ObjectKey", object_key(action));
    action_variable(action, "VersionId", version);
    action_source_revision(action, version, summary);
    if (!action_override(action) && pipeline_source_polls(action->declaration)) run_see(action->step, action_name(action), version);
    doc_set_str(arena, action_memory(action), "summary", summary);
    doc_set_str(arena, action->record, "externalExecutionId", str_copy(arena, version));
}

static void copy_object(Action *action, Str version) {
    Arena *arena = action->step->arena;
    Doc *output = action_output(action, action_output_name(action, 0)), *input = doc_map(arena);
    Str bucket = action_setting(action, "S3Bucket"), key = str_uri_encode(arena, object_key(action), true);
    doc_set_str(arena, output, "revision", str_copy(arena, version));
    doc_set_str(arena, output, "key",
                str_cat(arena, doc_text(output, "key"), path_extension(object_key(action)))); // the copy is of the object's kind
    doc_set_str(arena, input, "Bucket", doc_text(output, "bucket"));
    doc_set_str(arena, input, "Key", doc_text(output, "key"));
    doc_set_str(arena, input, "CopySource", str_format(arena, "%.*s/%.*s?versionId=%.*s", STR_ARG(bucket), STR_ARG(key), STR_ARG(version)));
    action_call(action, "s3", "CopyObject", input, NULL, "copied");
}

static void on_head(Action *action, const Doc *reply) {
    const Doc *head = doc_get(reply, "output");
    Str version = doc_text(head, "VersionId"), bucket = action_setting(action, "S3Bucket");
    if (version.len && !str_is(version, "null")) {
        note_object(action, head);
        copy_object(action, version);
    } else {
        action_fail(action, "ConfigurationError", "The Amazon S3 bucket %.*s is not versioned. A source bucket must have versioning enabled.",
                    STR_ARG(bucket));
    }
}

static void on_copied(Action *action, const Doc *reply) {
    Arena *arena = action->step->arena;
    const Doc *copied = doc_get(reply, "output");
    Doc *output = action_output(action, action_output_name(action, 0));
    doc_set_str(arena, output, "eTag", str_copy(arena, doc_text(doc_get(copied, "CopyObjectResult"), "ETag")));
    doc_set_str(arena, output, "versionId", str_copy(arena, doc_text(copied, "VersionId")));
    action_succeed(action, doc_text(action_memory(action), "summary"));
}

static void refuse(Action *action, const Doc *reply) {
    const Doc *error = doc_get(reply, "error");
    Str bucket = action_setting(action, "S3Bucket"), key = object_key(action), code = doc_text(error, "code");
    if (str_is(code, "NoSuchBucket")) {
        action_fail(action, "ConfigurationError", "No bucket with the name %.*s was found", STR_ARG(bucket));
    } else if (str_is(code, "NoSuchKey") || str_is(code, "NotFound") || str_is(code, "404")) {
        action_fail(action, "ConfigurationError",
                    "The object with key '%.*s' does not exist in the Amazon S3 bucket '%.*s'. Make sure you are using the correct bucket and key, "
                    "and then try again.",
                    STR_ARG(key), STR_ARG(bucket));
    } else if (str_starts(code, STR("AccessDenied")) || str_is(code, "403")) {
        action_fail_bucket(action, bucket, reply);
    } else {
        action_fail_reply(action, reply, "reading the Amazon S3 object");
    }
}

void action_s3_source_heard(Action *action, Str what, const Doc *data) {
    if (!doc_flag(data, "ok", true)) {
        refuse(action, data);
    } else if (str_is(what, "head")) {
        on_head(action, data);
    } else if (str_is(what, "copied")) {
        on_copied(action, data);
    }
}
