// Deploy/S3: the input artifact as one object, or each of its files.
//
//     Extract false: CopyObject
//     Extract true:  GetObject ──▶ effect bundle.unpack ──▶ (effect bundle.files ──▶ PutObject of each, a few at a time)* ──▶ effect file.discard
// The memory holds no more than one window of the files.
#include "services/codepipeline/providers.h"

#define UNKNOWN_TYPE "application/octet-stream"

enum { PUTS_AT_ONCE = 8, WINDOW = 64 };

static bool extracts(const Action *action) { return str_is(action_setting(action, "Extract"), "true"); }

// The deployment is known by where it goes.
static void note_target(Action *action) {
    Str bucket = action_setting(action, "BucketName"), key = action_setting(action, "ObjectKey");
    Str target = key.len ? str_format(action->step->arena, "%.*s/%.*s", STR_ARG(bucket), STR_ARG(key)) : bucket;
    doc_set_str(action->step->arena, action->record, "externalExecutionId", target);
}

static void copy_whole(Action *action) {
    Arena *arena = action->step->arena;
    const Doc *artifact = action_input(action, 0);
    Str bucket = doc_text(artifact, "bucket"), key = str_uri_encode(arena, doc_text(artifact, "key"), true),
        control = action_setting(action, "CacheControl");
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "Bucket", action_setting(action, "BucketName"));
    doc_set_str(arena, input, "Key", action_setting(action, "ObjectKey"));
    doc_set_str(arena, input, "CopySource", str_format(arena, "%.*s/%.*s", STR_ARG(bucket), STR_ARG(key)));
    doc_set_str(arena, input, "ContentType", STR(UNKNOWN_TYPE));
    if (control.len) doc_set_str(arena, input, "CacheControl", control);
    doc_set_str(arena, input, "MetadataDirective", STR("REPLACE"));
    action_call(action, "s3", "CopyObject", input, NULL, "copied");
}

static void fetch(Action *action) {
    Arena *arena = action->step->arena;
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "Bucket", doc_text(action_input(action, 0), "bucket"));
    doc_set_str(arena, input, "Key", doc_text(action_input(action, 0), "key"));
    action_call(action, "s3", "GetObject", input, NULL, "fetched");
}

void action_s3_deploy_start(Action *action) {
    Str extract = action_setting(action, "Extract");
    bool whole = str_is(extract, "false");
    if (!whole && !extracts(action)) {
        action_fail(action, "ConfigurationError",
                    "Invalid value for configuration property '%.*s': 'Extract'. Edit your pipeline and set 'Extract' to either 'true' or 'false'.",
                    STR_ARG(extract));
    } else if (whole && !action_setting(action, "ObjectKey").len) {
        action_fail(action, "ConfigurationError",
                    "When the extract feature is disabled, you must provide an object. Edit your pipeline to fix the configuration.");
    } else {
        note_target(action);
        (whole ? copy_whole : fetch)(action);
    }
}

static void on_fetched(Action *action, const Doc *reply) {
    Arena *arena = action->step->arena;
    Doc *arguments = doc_map(arena);
    doc_set(arguments, "body", doc_copy(arena, doc_get(reply, "body")));
    action_effect(action, "bundle.unpack", arguments, "unpacked");
}

// ---- File by file ----

// By the end of the name, in any case: the types that AWS gives, all else is octets.
static Str content_type(Arena *arena, Str path) {
    static const struct {
        const char *suffix, *type;
    } TYPES[] = {
        {".html", "text/html"},        {".htm", "text/html"},       {".css", "text/css"},        {".js", "application/x-javascript"},
        {".json", "application/json"}, {".xml", "application/xml"}, {".txt", "text/plain"},      {".svg", "image/svg+xml"},
        {".png", "image/png"},         {".jpg", "image/jpeg"},      {".jpeg", "image/jpeg"},     {".gif", "image/gif"},
        {".ico", "image/x-icon"},      {".pdf", "application/pdf"}, {".zip", "application/zip"},
    };
    Str name = str_lower(arena, path);
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (str_ends(name, str_of(TYPES[i].suffix))) return str_of(TYPES[i].type);
    }
    return STR(UNKNOWN_TYPE);
}

// A prefix that ends in a slash gets another one, as on AWS.
static Str key_of(const Action *action, Str path) {
    Str prefix = action_setting(action, "ObjectKey");
    return prefix.len ? str_format(action->step->arena, "%.*s/%.*s", STR_ARG(prefix), STR_ARG(path)) : path;
}

static void put_file(Action *action, const Doc *file) {
    Arena *arena = action->step->arena;
    Str path = doc_text(file, "path"), folder = doc_text(action_memory(action), "folder"), control = action_setting(action, "CacheControl");
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "Bucket", action_setting(action, "BucketName"));
    doc_set_str(arena, input, "Key", key_of(action, path));
    doc_set_str(arena, input, "ContentType", content_type(arena, path));
    if (control.len) doc_set_str(arena, input, "CacheControl", control);
    Body body = {.path = str_format(arena, "%.*s/files/%.*s", STR_ARG(folder), STR_ARG(path)), .size = doc_number(file, "size", 0)};
    action_call(action, "s3", "PutObject", input, &body, "put");
}

static void put_next(Action *action) {
    Doc *memory = action_memory(action), *files = doc_get(memory, "files");
    int64_t next = doc_number(memory, "next", 0);
    if (next >= (int64_t)doc_count(files)) return;
    doc_set_int(action->step->arena, memory, "next", next + 1);
    put_file(action, doc_at(files, (size_t)next));
}

static void clear(Action *action) {
    Arena *arena = action->step->arena;
    Str folder = doc_text(action_memory(action), "folder");
    if (!folder.len) return;
    Doc *arguments = doc_map(arena);
    doc_set_str(arena, arguments, "path", folder);
    action_effect(action, "file.discard", arguments, "removed");
}

// "done" counts within the window, "before" what earlier windows held.
static void next_window(Action *action) {
    Arena *arena = action->step->arena;
    Doc *memory = action_memory(action), *arguments = doc_map(arena);
    int64_t from = doc_number(memory, "before", 0) + (int64_t)doc_count(doc_get(memory, "files"));
    if (from >= doc_number(memory, "count", 0)) {
        clear(action);
        action_succeed(action, STR("Deployment Succeeded"));
        return;
    }
    doc_set_int(arena, memory, "before", from);
    doc_set(memory, "files", NULL);
    doc_set_str(arena, arguments, "folder", doc_text(memory, "folder"));
    doc_set_int(arena, arguments, "from", from);
    doc_set_int(arena, arguments, "most", WINDOW);
    action_effect(action, "bundle.files", arguments, "window");
}

static void on_unpacked(Action *action, const Doc *event) {
    Arena *arena = action->step->arena;
    Doc *memory = action_memory(action);
    doc_set_str(arena, memory, "folder", str_copy(arena, doc_text(event, "folder")));
    doc_set_int(arena, memory, "count", doc_number(event, "count", 0));
    next_window(action);
}

static void on_window(Action *action, const Doc *event) {
    Arena *arena = action->step->arena;
    Doc *memory = action_memory(action);
    doc_set(memory, "files", doc_copy(arena, doc_get(event, "files")));
    doc_set_int(arena, memory, "next", 0);
    doc_set_int(arena, memory, "done", 0);
    for (int i = 0; i < PUTS_AT_ONCE; i++) put_next(action);
}

static void on_put(Action *action) {
    Doc *memory = action_memory(action);
    int64_t done = doc_number(memory, "done", 0) + 1;
    doc_set_int(action->step->arena, memory, "done", done);
    if (done < (int64_t)doc_count(doc_get(memory, "files"))) {
        put_next(action);
    } else {
        next_window(action);
    }
}

static void refuse_put(Action *action, const Doc *reply) {
    Str bucket = action_setting(action, "BucketName"), message = doc_text(doc_get(reply, "error"), "message");
    if (action_was_denied(reply)) {
        action_fail(action, "PermissionError", "You do not have sufficient permissions to call s3.putObject for the deployment bucket, %.*s. %.*s",
                    STR_ARG(bucket), STR_ARG(message));
    } else {
        action_fail_reply(action, reply, "deploying to Amazon S3");
    }
}

static void refuse(Action *action, Str what, const Doc *data) {
    Str reason = doc_text(data, "reason");
    clear(action);
    if (str_is(what, "unpacked") || str_is(what, "window")) {
        bool malformed = !str_is(doc_text(data, "code"), "system"); // the helper has seen it, and not liked it
        action_fail(action, "JobFailed", "%s %.*s", malformed ? "The archive is malformed." : "The archive cannot be unpacked now:", STR_ARG(reason));
    } else if (str_is(what, "fetched")) {
        action_fail_reply(action, data, "reading the input artifact");
    } else {
        refuse_put(action, data);
    }
}

void action_s3_deploy_heard(Action *action, Str what, const Doc *data) {
    if (!doc_flag(data, "ok", true)) {
        refuse(action, what, data);
    } else if (str_is(what, "copied")) {
        action_succeed(action, STR("Deployment Succeeded"));
    } else if (str_is(what, "fetched")) {
        on_fetched(action, data);
    } else if (str_is(what, "unpacked")) {
        on_unpacked(action, data);
    } else if (str_is(what, "window")) {
        on_window(action, data);
    } else if (str_is(what, "put")) {
        on_put(action);
    }
}
