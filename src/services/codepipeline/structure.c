#include "services/codepipeline/structure.h"

#include "services/codepipeline/codepipeline.h"

bool action_next(const Doc *pipeline, ActionPlace *at) {
    if (at->action) at->action = at->action->next;
    while (!at->action) {
        if (at->stage) at->stage_index++;
        at->stage = at->stage ? at->stage->next : doc_first(doc_get(pipeline, "stages"));
        if (!at->stage) return false;
        at->action = doc_first(doc_get(at->stage, "actions"));
    }
    at->order = doc_number(at->action, "runOrder", 1);
    return true;
}

bool action_precedes(const ActionPlace *a, const ActionPlace *b) {
    return a->stage_index < b->stage_index || (a->stage_index == b->stage_index && a->order < b->order);
}

static Str category_of(const Doc *action) { return doc_text(doc_get(action, "actionTypeId"), "category"); }

// ---- The pipeline ----

static bool check_type(const Doc *pipeline, Error *e) {
    if (str_is(doc_text(pipeline, "pipelineType"), "V2")) return true;
    Str mode = doc_text(pipeline, "executionMode");
    if (mode.len && !str_is(mode, "SUPERSEDED")) {
        return fail(e, "InvalidStructureException", "QUEUED or PARALLEL mode can only be used with V2 pipelines");
    }
    if (doc_count(doc_get(pipeline, "variables"))) {
        return fail(e, "InvalidStructureException", "Pipeline variable can only be used with V2 pipelines");
    }
    if (doc_count(doc_get(pipeline, "triggers"))) {
        return fail(e, "InvalidStructureException", "Triggers on tag can only be used with V2 pipelines");
    }
    return true;
}

#define STORES "ValidationException"

// Each region that has an action needs a store, and a map of stores where there are several.
static bool check_region_store(const Doc *pipeline, Str own, Str region, Error *e) {
    const Doc *many = doc_get(pipeline, "artifactStores");
    if (!many && !str_eq(region, own)) {
        return fail(
            e, STORES,
            "Your pipeline contains actions in more than one region. Use 'pipeline.artifactStores' instead of 'pipeline.artifactStore' to declare "
            "an artifact store, such as an artifact bucket, for each region where you have an action.");
    }
    if (!many || doc_get_str_key(many, region)) return true;
    return fail(
        e, STORES,
        "Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an action. The following region is "
        "missing in 'pipeline.artifactStores': %.*s.",
        STR_ARG(region));
}

static bool check_store(Partition where, const Doc *pipeline, Error *e) {
    const Doc *one = doc_get(pipeline, "artifactStore"), *many = doc_get(pipeline, "artifactStores");
    if (one && many) return fail(e, STORES, "You can only specify one of 'pipeline.artifactStore' or 'pipeline.artifactStores'.");
    if (!one && !many) return fail(e, STORES, "You must specify either 'pipeline.artifactStore' or 'pipeline.artifactStores'.");
    TRY(check_region_store(pipeline, where.region, where.region, e));
    for (ActionPlace at = {0}; action_next(pipeline, &at);) {
        Str region = doc_text(at.action, "region");
        if (region.len) TRY(check_region_store(pipeline, where.region, region, e));
    }
    if (!doc_get(one ? one : doc_get_str_key(many, where.region), "encryptionKey")) return true;
    return fail(e, "InvalidStructureException", "The artifact store has an encryptionKey: encryption keys of AWS KMS are not supported.");
}

static bool check_variables(const Doc *pipeline, Error *e) {
    for (const Doc *one = doc_first(doc_get(pipeline, "variables")); one; one = one->next) {
        Str name = doc_text(one, "name");
        for (const Doc *other = one->next; other; other = other->next) {
            if (!str_eq(name, doc_text(other, "name"))) continue;
            return fail(e, "InvalidStructureException", "Variable names must be unique. The following variable name is already in use: %.*s",
                        STR_ARG(name));
        }
    }
    return true;
}

static bool check_triggers(const Doc *pipeline, Error *e) {
    if (!doc_count(doc_get(pipeline, "triggers"))) return true;
    return fail(e, "InvalidStructureException",
                "The pipeline declares triggers: git triggers of connections (providerType CodeStarSourceConnection) are not supported.");
}

// ---- Stages ----

static bool check_stage_count(const Doc *pipeline, Error *e) {
    size_t count = doc_count(doc_get(pipeline, "stages"));
    if (count < 2) {
        return fail(e, "InvalidStructureException", "Pipeline has only %zu stage(s). There should be a minimum of 2 stages in a pipeline", count);
    }
    if (count > MOST_STAGES) {
        return fail(e, "InvalidStructureException", "Pipeline has too many stages. There can only be up to %d stages in a pipeline", MOST_STAGES);
    }
    return true;
}

static bool check_conditions(const Doc *pipeline, const Doc *stage, Error *e) {
    static const char *const CONDITIONS[] = {"beforeEntry", "onSuccess", "onFailure"};
    Str name = doc_text(stage, "name");
    for (size_t i = 0; i < sizeof CONDITIONS / sizeof *CONDITIONS; i++) {
        if (!doc_get(stage, CONDITIONS[i])) continue;
        if (!str_is(doc_text(pipeline, "pipelineType"), "V2")) {
            return fail(e, "InvalidStageDeclarationException", "Stage level conditions can only be used with V2 pipelines.");
        }
        return fail(e, "InvalidStageDeclarationException", "Stage %.*s declares %s: conditions of stages are not supported.", STR_ARG(name),
                    CONDITIONS[i]);
    }
    if (!doc_count(doc_get(stage, "blockers"))) return true;
    return fail(e, "InvalidBlockerDeclarationException", "Stage %.*s declares blockers, which are reserved.", STR_ARG(name));
}

static bool check_stage(const Doc *pipeline, const Doc *stage, Error *e) {
    Str name = doc_text(stage, "name");
    size_t count = doc_count(doc_get(stage, "actions"));
    for (const Doc *other = stage->next; other; other = other->next) {
        if (str_eq(name, doc_text(other, "name"))) {
            return fail(e, "InvalidStageDeclarationException", "Stage name '%.*s' is used more than once", STR_ARG(name));
        }
    }
    if (count < 1) return fail(e, "InvalidStageDeclarationException", "Stage '%.*s' must have at least one action.", STR_ARG(name));
    if (count > MOST_ACTIONS_IN_STAGE) {
        return fail(e, "InvalidStageDeclarationException", "Stage '%.*s' has %zu actions. There can only be up to %d actions in a stage.",
                    STR_ARG(name), count, MOST_ACTIONS_IN_STAGE);
    }
    return check_conditions(pipeline, stage, e);
}

static bool check_stages(const Doc *pipeline, Error *e) {
    TRY(check_stage_count(pipeline, e));
    for (const Doc *stage = doc_first(doc_get(pipeline, "stages")); stage; stage = stage->next) TRY(check_stage(pipeline, stage, e));
    return true;
}

static bool check_sources(const Doc *pipeline, Error *e) {
    size_t others = 0, count = 0;
    for (ActionPlace at = {0}; action_next(pipeline, &at); count++) {
        bool source = str_is(category_of(at.action), "Source");
        others += !source;
        if (at.stage_index == 0 && !source) {
            return fail(e, "InvalidStructureException", "Pipeline should start with a stage that only contains source actions");
        }
        if (at.stage_index > 0 && source) {
            return fail(e, "InvalidStructureException", "Source actions can only be included in the first stage of the pipeline");
        }
    }
    if (others == 0) return fail(e, "InvalidStructureException", "Pipeline should contain at least 1 action whose category is not Source");
    if (count <= MOST_ACTIONS) return true;
    return fail(e, "LimitExceededException", "Pipeline has %zu actions. There can only be up to %d actions in a pipeline", count, MOST_ACTIONS);
}

bool structure_check(Arena *arena, Partition where, const Doc *pipeline, Error *e) {
    TRY(check_type(pipeline, e));
    TRY(check_store(where, pipeline, e));
    TRY(check_stages(pipeline, e));
    TRY(check_sources(pipeline, e));
    TRY(check_variables(pipeline, e));
    TRY(check_triggers(pipeline, e));
    for (ActionPlace at = {0}; action_next(pipeline, &at);) TRY(structure_check_action(arena, where, pipeline, &at, e));
    return structure_check_flow(arena, pipeline, e);
}

// ---- Defaults ----

static void fill_action(Arena *arena, Doc *action) {
    static const char *const LISTS[] = {"outputArtifacts", "inputArtifacts"};
    if (!doc_get(action, "runOrder")) doc_set_int(arena, action, "runOrder", 1);
    if (!doc_get(action, "configuration")) doc_set(action, "configuration", doc_map(arena));
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
        if (!doc_get(action, LISTS[i])) doc_set(action, LISTS[i], doc_list(arena));
    }
}

Doc *structure_fill(Arena *arena, const Doc *pipeline, int64_t version) {
    Doc *filled = doc_copy(arena, pipeline);
    if (!doc_get(filled, "executionMode")) doc_set_str(arena, filled, "executionMode", STR("SUPERSEDED"));
    if (!doc_get(filled, "pipelineType")) doc_set_str(arena, filled, "pipelineType", STR("V1"));
    doc_set_int(arena, filled, "version", version);
    for (Doc *stage = doc_first(doc_get(filled, "stages")); stage; stage = stage->next) {
        for (Doc *action = doc_first(doc_get(stage, "actions")); action; action = action->next) fill_action(arena, action);
    }
    return filled;
}
