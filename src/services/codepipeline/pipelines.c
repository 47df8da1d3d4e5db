// CreatePipeline, UpdatePipeline, GetPipeline, DeletePipeline, ListPipelines.
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/structure.h"
#include "services/codepipeline/triggers.h"

enum { PAGE = 1000 };

// ---- Permissions ----

static void require_roles(const Doc *pipeline, Requirements *all) {
    require_pass_role(all, doc_text(pipeline, "roleArn"), "codepipeline.amazonaws.com");
    for (ActionPlace at = {0}; action_next(pipeline, &at);) {
        Str role = doc_text(at.action, "roleArn");
        if (!str_eq(role, doc_text(pipeline, "roleArn"))) require_pass_role(all, role, "codepipeline.amazonaws.com");
    }
}

void pipeline_requirements(Turn *turn, const Call *call, Requirements *all) {
    const Doc *pipeline = doc_get(call->input, "pipeline");
    Str operation = wire_str(call->operation->name);
    require(all, str_cat(all->arena, STR("codepipeline:"), operation), pipeline_arn(all->arena, turn_where(turn), doc_text(pipeline, "name")), NULL);
    require_roles(pipeline, all);
}

static bool check_pipeline_role(Turn *turn, const Doc *pipeline, Error *e) {
    Str role = doc_text(pipeline, "roleArn");
    Str arn = pipeline_arn(turn_arena(turn), turn_where(turn), doc_text(pipeline, "name"));
    if (turn_role_trusts(turn, role, "codepipeline.amazonaws.com", arn, NULL)) return true;
    return fail(e, "InvalidStructureException", "CodePipeline is not authorized to perform AssumeRole on role %.*s", STR_ARG(role));
}

// The roles of actions are assumed by the pipeline's.
static bool check_action_roles(Turn *turn, const Doc *pipeline, Error *e) {
    Str own = doc_text(pipeline, "roleArn");
    for (ActionPlace at = {0}; action_next(pipeline, &at);) {
        Str role = doc_text(at.action, "roleArn");
        if (!role.len || str_eq(role, own)) continue;
        Principal principal = principal_role(turn_arena(turn), own, STR("codepipeline"));
        Requirement assume = {.action = STR("sts:AssumeRole"), .resource = role};
        if (turn_allowed(turn, &principal, &assume, NULL)) continue;
        return fail(e, "InvalidStructureException", "%.*s is not authorized to perform AssumeRole on role %.*s", STR_ARG(own), STR_ARG(role));
    }
    return true;
}

// ---- Artifact buckets ----

// Another account's bucket that does not show itself may well be there.
static bool check_bucket(Turn *turn, Str bucket, Str region, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *input = doc_map(arena), *output = NULL;
    Error why = {0};
    doc_set_str(arena, input, "Bucket", bucket);
    if (turn_call(turn, principal_root(arena, turn_where(turn).account), "s3", "GetBucketLocation", input, &output, &why)) {
        Str found = doc_str(doc_get(output, "LocationConstraint"), STR("us-east-1"));
        if (str_eq(found, region)) return true;
        return fail(e, "InvalidStructureException",
                    "An error occurred while validating the artifact bucket '%.*s': The bucket named %.*s is not located in the %.*s AWS region",
                    STR_ARG(bucket), STR_ARG(bucket), STR_ARG(region));
    }
    if (!error_is(&why, "NoSuchBucket")) return true;
    return fail(
        e, "InvalidStructureException",
        "An error occurred while validating the artifact bucket '%.*s': No bucket with the name %.*s was found. Choose a valid artifact bucket "
        "in '%.*s', or create a new artifact bucket to use in your pipeline.",
        STR_ARG(bucket), STR_ARG(bucket), STR_ARG(region));
}

static bool check_buckets(Turn *turn, const Doc *pipeline, Error *e) {
    const Doc *one = doc_get(pipeline, "artifactStore");
    if (one) return check_bucket(turn, doc_text(one, "location"), turn_where(turn).region, e);
    for (const Doc *each = doc_first(doc_get(pipeline, "artifactStores")); each; each = each->next)
        TRY(check_bucket(turn, doc_text(each, "location"), each->key, e));
    return true;
}

static bool check(Turn *turn, const Doc *pipeline, Error *e) {
    TRY(structure_check(turn_arena(turn), turn_where(turn), pipeline, e));
    TRY(check_buckets(turn, pipeline, e));
    TRY(check_pipeline_role(turn, pipeline, e));
    return check_action_roles(turn, pipeline, e);
}

// ---- Writing ----

static Doc *summary_of(Turn *turn, const Doc *structure, int64_t created_ms, const Doc *tags) {
    static const char *const MEMBERS[] = {"name", "version", "pipelineType", "executionMode", NULL};
    Arena *arena = turn_arena(turn);
    Doc *summary = pipeline_reply(arena, structure, MEMBERS, NULL);
    doc_set_int(arena, summary, "created", created_ms);
    doc_set_int(arena, summary, "updated", turn_now(turn));
    doc_set(summary, "tags", tags ? doc_copy(arena, tags) : doc_list(arena));
    doc_set(summary, "watches", pipeline_watches(arena, structure));
    return summary;
}

static void store(Turn *turn, const Doc *structure, int64_t created_ms, const Doc *tags, const char *event) {
    Arena *arena = turn_arena(turn);
    Str name = doc_text(structure, "name");
    int64_t version = doc_number(structure, "version", 1);
    turn_put(turn, &PIPELINE, name, summary_of(turn, structure, created_ms, tags));
    turn_put(turn, &PIPELINE_STRUCTURE, pipeline_structure_id(arena, name, version), structure);
    Doc *data = doc_map(arena);
    doc_set(data, "structure", doc_copy(arena, structure));
    doc_set_int(arena, data, "version", version);
    turn_send(turn, &PIPELINE_RUN, name, str_of(event), data);
}

// Sources that poll begin the first execution themselves, one each: of a repository at once, of an object when it has been seen (polls.c).
static void begin_first(Turn *turn, const Doc *structure, Str who) {
    Str name = doc_text(structure, "name");
    bool any = false;
    for (ActionPlace at = {0}; action_next(structure, &at);) {
        if (!pipeline_source_polls(at.action)) continue;
        bool object = str_is(doc_text(doc_get(at.action, "actionTypeId"), "provider"), "S3");
        if (!object) trigger_execution(turn, name, "PollForSourceChanges", doc_text(at.action, "name"), NULL);
        any = true;
    }
    if (!any) trigger_execution(turn, name, "CreatePipeline", who, NULL);
}

Outcome create_pipeline(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *pipeline = doc_get(call->input, "pipeline"), *tags = doc_get(call->input, "tags");
    Str name = doc_text(pipeline, "name");
    Doc *existing;
    if (turn_get(turn, &PIPELINE, name, &existing)) {
        return call_fail(e, "PipelineNameInUseException", "A pipeline with the name '%.*s' already exists in account '%.*s'", STR_ARG(name),
                         STR_ARG(call->where.account));
    }
    CALL_TRY(pipeline_check_tags(tags, e));
    CALL_TRY(check(turn, pipeline, e));
    Doc *structure = structure_fill(call->arena, pipeline, 1);
    store(turn, structure, call->now_ms, tags, "start");
    begin_first(turn, structure, call->principal.arn);
    *out = doc_map(call->arena);
    doc_set(*out, "pipeline", structure);
    if (tags) doc_set(*out, "tags", doc_copy(call->arena, tags));
    return OUTCOME_DONE;
}

Outcome update_pipeline(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *pipeline = doc_get(call->input, "pipeline");
    Str name = doc_text(pipeline, "name");
    Doc *summary;
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    CALL_TRY(check(turn, pipeline, e));
    Doc *structure = structure_fill(call->arena, pipeline, doc_number(summary, "version", 1) + 1);
    store(turn, structure, doc_number(summary, "created", 0), doc_get(summary, "tags"), "update");
    *out = doc_map(call->arena);
    doc_set(*out, "pipeline", structure);
    return OUTCOME_DONE;
}

// ---- Deleting ----

static void delete_all(Turn *turn, const DocumentType *type, Str name) {
    Str prefix = str_cat(turn_arena(turn), name, STR("/"));
    for (const Doc *one = doc_first(turn_scan(turn, type, (DocumentScan){.prefix = prefix})); one; one = one->next) {
        turn_delete(turn, type, doc_text(one, "$id"));
    }
}

Outcome delete_pipeline(Turn *turn, const Call *call, Doc **out, Error *e) {
    (void)out;
    (void)e;
    Str name = doc_text(call->input, "name");
    if (!turn_delete(turn, &PIPELINE, name)) return OUTCOME_DONE; // AWS: no error
    turn_send(turn, &PIPELINE_RUN, name, STR("delete"), NULL);
    delete_all(turn, &PIPELINE_STRUCTURE, name);
    delete_all(turn, &PIPELINE_EXECUTION, name);
    delete_all(turn, &PIPELINE_ACTION, name);
    return OUTCOME_DONE;
}

// ---- Reading ----

Outcome get_pipeline(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const TIMES[] = {"created", "updated", NULL};
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "name");
    Doc *summary, *structure;
    CALL_TRY(find_pipeline(turn, name, &summary, e));
    int64_t version = doc_number(call->input, "version", doc_number(summary, "version", 1));
    if (!find_pipeline_structure(turn, name, version, &structure)) {
        return call_fail(e, "PipelineVersionNotFoundException", "Version '%lld' of pipeline '%.*s' does not exist", (long long)version,
                         STR_ARG(name));
    }
    Doc *metadata = pipeline_reply(arena, summary, TIMES, TIMES);
    doc_set_str(arena, metadata, "pipelineArn", pipeline_arn(arena, call->where, name));
    *out = doc_map(arena);
    doc_set(*out, "pipeline", structure);
    doc_set(*out, "metadata", metadata);
    return OUTCOME_DONE;
}

Outcome list_pipelines(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const MEMBERS[] = {"name", "version", "pipelineType", "executionMode", "created", "updated", NULL};
    static const char *const TIMES[] = {"created", "updated", NULL};
    Page page = {.token = doc_text(call->input, "nextToken"), .size = doc_number(call->input, "maxResults", 0), .most = PAGE};
    Doc *items, *pipelines = doc_list(call->arena);
    Str next;
    if (!turn_page(turn, &PIPELINE, page, &items, &next, e)) return call_fail(e, "InvalidNextTokenException", "The next token is not valid.");
    for (const Doc *one = doc_first(items); one; one = one->next) doc_push(pipelines, pipeline_reply(call->arena, one, MEMBERS, TIMES));
    *out = doc_map(call->arena);
    doc_set(*out, "pipelines", pipelines);
    doc_set_str(call->arena, *out, "nextToken", next);
    return OUTCOME_DONE;
}
