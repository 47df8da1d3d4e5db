#include "formats/json.h"
#include "formats/patterns.h"
#include "services/codebuild/buildspec.h"
#include "services/codedeploy/appspec.h"
#include "services/codepipeline/structure.h"
#include "services/codepipeline/variables.h"
#include "services/dynamodb/expressions.h"
#include "services/logs/pattern.h"
#include "targets.h"
#include "wire/validate.h"
#include "workflow/application.h"
#include "workflow/failures.h"

static Doc *json(Arena *arena, const char *text) {
    Doc *doc = NULL;
    bool read = json_parse(arena, str_of(text), &doc, NULL);
    assert(read);
    return doc;
}

void fuzz_buildspec(Arena *arena, Str input) {
    Buildspec spec;
    buildspec_parse(arena, STR("buildspec.yml"), input, &spec, NULL);
}

void fuzz_appspec(Arena *arena, Str input) {
    AppSpec spec;
    if (!appspec_parse(arena, STR("appspec.yml"), input, &spec, NULL)) return;
    for (size_t i = 0; i < spec.permission_count; i++) appspec_permission_concerns(&spec.permissions[i], STR("a/b.c"));
    appspec_hook(&spec, STR("AfterInstall"));
}

void fuzz_rehearse_yaml(Arena *arena, Str input) {
    Application application;
    application_parse(arena, input, &application, NULL);
}

static void apply_update(Arena *arena, Scope *scope, Str text, const Doc *item) {
    Vec actions = vec_of(arena, Action);
    if (parse_update(scope, text, &actions, NULL)) update_apply(arena, &actions, doc_copy(arena, item), NULL);
}

static void project(Arena *arena, Scope *scope, Str text, const Doc *item) {
    Vec paths = vec_of(arena, Path);
    if (parse_projection(scope, text, &paths, NULL)) path_project(arena, &paths, item);
}

// Each of DynamoDB's languages is tried on the text.
void fuzz_expressions(Arena *arena, Str input) {
    const Doc *item = json(arena, "{\"n\":{\"N\":\"5\"},\"s\":{\"S\":\"hello\"},\"l\":{\"L\":[{\"N\":\"1\"},{\"S\":\"two\"}]},"
                                  "\"m\":{\"M\":{\"k\":{\"M\":{\"d\":{\"N\":\"7\"}}}}},\"ss\":{\"SS\":[\"a\",\"b\"]},\"b\":{\"B\":\"YQ==\"}}");
    const Doc *names = json(
        arena, "{\"ExpressionAttributeNames\":{\"#n\":\"n\",\"#d\":\"d\"},\"ExpressionAttributeValues\":{\":5\":{\"N\":\"5\"},\":6\":{\"N\":\"6\"},"
               "\":h\":{\"S\":\"he\"},\":l\":{\"L\":[{\"N\":\"9\"}]},\":x\":{\"SS\":[\"b\",\"c\"]}}}");
    Scope scope;
    bool begun = scope_begin(&scope, arena, names, NULL);
    assert(begun);
    Node *condition = NULL;
    if (parse_condition(&scope, "ConditionExpression", input, &condition, NULL)) condition_holds(arena, condition, item);
    apply_update(arena, &scope, input, item);
    project(arena, &scope, input, item);
    scope_end(&scope, NULL);
}

// An item as it comes: what is accepted is kept and read back.
void fuzz_items(Arena *arena, Str input) {
    Doc *item;
    if (!json_parse(arena, input, &item, NULL) || !doc_is(item, DOC_MAP) || !item_check(arena, item, NULL)) return;
    Doc *again = item_read(arena, item_write(arena, item));
    assert(doc_count(again) == doc_count(item));
    item_bytes(item);
    for (const Doc *value = doc_first(item), *other = doc_first(again); value && other; value = value->next, other = other->next) {
        int order;
        value_compare(value, other, &order);
        value_equal(value, other);
    }
}

// PATTERN\nMESSAGE
void fuzz_log_filter(Arena *arena, Str input) {
    Str message = input, text = str_cut(&message, '\n');
    LogPattern *pattern;
    if (!log_pattern_parse(arena, text, &pattern, NULL)) return;
    if (log_pattern_matches(pattern, arena, message)) json_write(arena, log_pattern_extract(pattern, arena, message));
    pattern_cache_clear();
}

void fuzz_variables(Arena *arena, Str input) {
    Str out, missing;
    variables_resolve(arena, input, json(arena, "{\"Source\":{\"CommitId\":\"c0ffee\"},\"variables\":{\"a\":\"b\"}}"), &out, &missing);
}

// A pipeline's declaration, through the model's checks as CreatePipeline.
void fuzz_pipeline(Arena *arena, Str input) {
    Doc *pipeline, *call = doc_map(arena);
    if (!json_parse(arena, input, &pipeline, NULL)) return;
    doc_set(call, "pipeline", pipeline);
    if (!doc_is(pipeline, DOC_MAP) || !wire_validate(arena, wire_operation(wire_service(STR("codepipeline")), STR("CreatePipeline")), call, NULL))
        return;
    if (structure_check(arena, (Partition){STR("111122223333"), STR("us-east-1")}, pipeline, NULL))
        json_write(arena, structure_fill(arena, pipeline, 1));
}

void fuzz_failures(Arena *arena, Str input) { failure_of_message(arena, STR("test"), input); }
