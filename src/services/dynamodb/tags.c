#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"

enum { TAGS_MOST = 50 };

static void remove_tag(Arena *arena, Table *table, Str key) {
    Doc *kept = doc_list(arena);
    for (const Doc *tag = doc_first(doc_get(table->doc, "Tags")); tag; tag = tag->next)
        if (!str_eq(doc_text(tag, "Key"), key)) doc_push(kept, doc_copy(arena, tag));
    doc_set(table->doc, "Tags", kept);
}

// DynamoDB misspells the parameter's name.
static bool tagged_table(Turn *turn, const Call *call, Table *out, Error *e) {
    Str arn = doc_text(call->input, "ResourceArn");
    if (table_need(turn, arn, out, e)) return true;
    return fail(e, "ResourceNotFoundException", "Requested resource not found: ResourcArn: %.*s not found", STR_ARG(arn));
}

Outcome dynamodb_tag_resource(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    CALL_TRY(tagged_table(turn, call, &table, e));
    for (const Doc *tag = doc_first(doc_get(call->input, "Tags")); tag; tag = tag->next) {
        remove_tag(call->arena, &table, doc_text(tag, "Key"));
        doc_push(doc_get(table.doc, "Tags"), doc_copy(call->arena, tag));
    }
    if (doc_count(doc_get(table.doc, "Tags")) > TAGS_MOST) return dynamodb_bad_parameters(e, "Too many tags: more than %d", TAGS_MOST), OUTCOME_ERROR;
    table_save(turn, &table);
    return OUTCOME_DONE;
}

Outcome dynamodb_untag_resource(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    CALL_TRY(tagged_table(turn, call, &table, e));
    for (const Doc *key = doc_first(doc_get(call->input, "TagKeys")); key; key = key->next) remove_tag(call->arena, &table, doc_str(key, STR("")));
    table_save(turn, &table);
    return OUTCOME_DONE;
}

Outcome dynamodb_list_tags(Turn *turn, const Call *call, Doc **out, Error *e) {
    Table table;
    if (doc_get(call->input, "NextToken")) CALL_TRY(dynamodb_invalid(e, "Invalid NextToken")); // all tags fit one page: there are no tokens
    CALL_TRY(tagged_table(turn, call, &table, e));
    const Doc *tags = doc_get(table.doc, "Tags");
    *out = doc_map(call->arena);
    doc_set(*out, "Tags", tags ? doc_copy(call->arena, tags) : doc_list(call->arena));
    return OUTCOME_DONE;
}
