// What is kept of a bucket under a kind: documents "BUCKET/KIND", so that a bucket's own document stays small (every call reads it).
#include "services/s3/s3.h"

const DocumentType S3_CONFIGURATION = {.name = "s3.configuration"};

#define CONFIGURATION_WHERE ((Partition){STR(""), GLOBAL_REGION})

static Str id_of(Turn *turn, Str bucket, const char *kind) { return str_format(turn_arena(turn), "%.*s/%s", STR_ARG(bucket), kind); }

Doc *bucket_configuration(Turn *turn, Str bucket, const char *kind) {
    Doc *doc = NULL;
    Str id = id_of(turn, bucket, kind);
    return document_get(turn_store(turn), CONFIGURATION_WHERE, &S3_CONFIGURATION, id, turn_arena(turn), &doc) ? doc : NULL;
}

void bucket_configure(Turn *turn, Str bucket, const char *kind, const Doc *doc) {
    document_put(turn_store(turn), CONFIGURATION_WHERE, &S3_CONFIGURATION, id_of(turn, bucket, kind), doc);
}

bool bucket_unconfigure(Turn *turn, Str bucket, const char *kind) {
    return document_delete(turn_store(turn), CONFIGURATION_WHERE, &S3_CONFIGURATION, id_of(turn, bucket, kind));
}

void bucket_unconfigure_all(Turn *turn, Str bucket) {
    Arena *arena = turn_arena(turn);
    DocumentScan scan = {.prefix = str_cat(arena, bucket, STR("/"))};
    const Doc *all = document_scan(turn_store(turn), CONFIGURATION_WHERE, &S3_CONFIGURATION, scan, arena);
    for (const Doc *doc = doc_first(all); doc; doc = doc->next)
        document_delete(turn_store(turn), CONFIGURATION_WHERE, &S3_CONFIGURATION, doc_text(doc, "$id"));
}
