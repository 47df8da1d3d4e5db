// The requests of a run, made and signed beforehand: what is measured is the server, and the generator's own work stays small beside it.
// They look like an SDK's: about as many headers, signed with Signature Version 4.
#include "load.h"

#include "base/ids.h"

#include <stdlib.h>
#include <time.h>

enum { POOL = 16384, KEYS = 4096, OBJECT_BYTES = 1024, ITEM_BYTES = 640 };

struct LoadKind {
    const char *name, *service, *method, *content_type, *target;
    Str (*path)(Arena *arena, size_t key);
    Str (*body)(Arena *arena, IdSource *ids, size_t key);
};

static Str root_path(Arena *arena, size_t key) { return STR("/"); }
static Str object_path(Arena *arena, size_t key) { return str_format(arena, "/bench-bucket/folder/object-%06zu", key); }
static Str no_body(Arena *arena, IdSource *ids, size_t key) { return STR(""); }
static Str identity_body(Arena *arena, IdSource *ids, size_t key) { return STR("Action=GetCallerIdentity&Version=2011-06-15"); }

static Str object_body(Arena *arena, IdSource *ids, size_t key) {
    uint64_t *words = arena_alloc(arena, OBJECT_BYTES);
    for (size_t i = 0; i < OBJECT_BYTES / sizeof *words; i++) words[i] = id_u64(ids);
    return (Str){(const char *)words, OBJECT_BYTES};
}

static Str get_item_body(Arena *arena, IdSource *ids, size_t key) {
    return str_format(arena, "{\"TableName\": \"bench\", \"Key\": {\"id\": {\"S\": \"item-%06zu\"}}}", key);
}

static Str put_item_body(Arena *arena, IdSource *ids, size_t key) {
    Str text = id_hex(ids, arena, ITEM_BYTES);
    return str_format(
        arena, "{\"TableName\": \"bench\", \"Item\": {\"id\": {\"S\": \"item-%06zu\"}, \"count\": {\"N\": \"%u\"}, \"text\": {\"S\": \"%.*s\"}}}",
        key, (unsigned)(id_u64(ids) % 1000000), STR_ARG(text));
}

#define JSON_TYPE "application/x-amz-json-1.0"
static const LoadKind KINDS[] = {
    {"identity", "sts", "POST", "application/x-www-form-urlencoded; charset=utf-8", NULL, root_path, identity_body},
    {"s3-get", "s3", "GET", NULL, NULL, object_path, no_body},
    {"s3-put", "s3", "PUT", "binary/octet-stream", NULL, object_path, object_body},
    {"get-item", "dynamodb", "POST", JSON_TYPE, "DynamoDB_20120810.GetItem", root_path, get_item_body},
    {"put-item", "dynamodb", "POST", JSON_TYPE, "DynamoDB_20120810.PutItem", root_path, put_item_body},
};

const LoadKind *load_kind(Str name) {
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (str_is(name, KINDS[i].name)) return &KINDS[i];
    }
    return NULL;
}

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static Str message(Arena *arena, const HttpRequest *request, const HttpHeader *added, size_t added_count) {
    Str text = str_format(arena, "%.*s %.*s HTTP/1.1\r\n", STR_ARG(request->method), STR_ARG(request->target));
    for (size_t i = 0; i < request->header_count + added_count; i++) {
        const HttpHeader *header = i < request->header_count ? &request->headers[i] : &added[i - request->header_count];
        text = str_cat(arena, text, str_format(arena, "%.*s: %.*s\r\n", STR_ARG(header->name), STR_ARG(header->value)));
    }
    text = str_cat(arena, text, str_format(arena, "Content-Length: %zu\r\n\r\n", request->body.bytes.len));
    return str_cat(arena, text, request->body.bytes);
}

static Str make_request(const LoadKind *kind, const LoadOptions *options, IdSource *ids, size_t number, Arena *arena) {
    size_t key = number % KEYS, count = 0;
    HttpHeader headers[7], added[SIGNED_HEADERS_ADDED_MAX];
    headers[count++] = (HttpHeader){STR("Host"), str_format(arena, "%s:%d", options->host, options->port)};
    headers[count++] = (HttpHeader){STR("Accept-Encoding"), STR("identity")};
    headers[count++] = (HttpHeader){STR("User-Agent"), STR("Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.2")};
    if (kind->content_type) headers[count++] = (HttpHeader){STR("Content-Type"), str_of(kind->content_type)};
    if (kind->target) headers[count++] = (HttpHeader){STR("X-Amz-Target"), str_of(kind->target)};
    headers[count++] = (HttpHeader){STR("amz-sdk-invocation-id"), id_uuid(ids, arena)};
    headers[count++] = (HttpHeader){STR("amz-sdk-request"), STR("attempt=1")};
    Str path = kind->path(arena, key), body = kind->body(arena, ids, key);
    HttpRequest request = {.arena = arena, .method = str_of(kind->method), .target = path, .path = path, .headers = headers, .header_count = count};
    request.body = body_of(body);
    SigningIdentity as = options->identity;
    as.service = str_of(kind->service);
    size_t added_count = sigv4_sign(arena, &request, &as, wall_ms(), added);
    return message(arena, &request, added, added_count);
}

LoadPool load_pool_make(const LoadKind *kind, const LoadOptions *options) {
    LoadPool pool = {.arena = arena_new(), .count = POOL};
    pool.requests = arena_array(pool.arena, Str, POOL);
    AUTO_ARENA arena = arena_new();
    IdSource ids;
    id_source_seed(&ids, options->seed, 1);
    for (size_t i = 0; i < POOL; i++) {
        pool.requests[i] = str_copy(pool.arena, make_request(kind, options, &ids, i, arena));
        arena_reset(arena);
    }
    return pool;
}

void load_pool_done(LoadPool *pool) { arena_free(pool->arena); }
