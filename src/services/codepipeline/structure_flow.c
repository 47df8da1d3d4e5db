// What goes from action to action: artifacts and variables come from actions that have ended before; hence there are no cycles.
#include "services/codepipeline/structure.h"
#include "services/codepipeline/variables.h"

#define INVALID "InvalidActionDeclarationException"

static Str name_of(const Doc *doc) { return doc_text(doc, "name"); }

static bool has_output(const Doc *action, Str artifact) {
    for (const Doc *one = doc_first(doc_get(action, "outputArtifacts")); one; one = one->next) {
        if (str_eq(name_of(one), artifact)) return true;
    }
    return false;
}

// ---- Artifacts ----

static bool check_outputs(const Doc *pipeline, const ActionPlace *at, Error *e) {
    for (const Doc *one = doc_first(doc_get(at->action, "outputArtifacts")); one; one = one->next) {
        Str name = name_of(one);
        size_t makers = 0;
        for (const Doc *same = one->next; same; same = same->next) makers += str_eq(name_of(same), name);
        for (ActionPlace other = {0}; action_next(pipeline, &other);) makers += has_output(other.action, name);
        if (makers < 2) continue;
        return fail(e, "InvalidStructureException",
                    "Output Artifact Bundle name must be unique within the pipeline. %.*s has been used more than once.", STR_ARG(name));
    }
    return true;
}

static bool comes_before(const Doc *pipeline, const ActionPlace *at, Str artifact) {
    for (ActionPlace other = {0}; action_next(pipeline, &other);) {
        if (action_precedes(&other, at) && has_output(other.action, artifact)) return true;
    }
    return false;
}

static bool check_inputs(const Doc *pipeline, const ActionPlace *at, Error *e) {
    Str action = name_of(at->action);
    for (const Doc *one = doc_first(doc_get(at->action, "inputArtifacts")); one; one = one->next) {
        Str name = name_of(one);
        if (comes_before(pipeline, at, name)) continue;
        return fail(e, INVALID, "Input Artifact Bundle %.*s in action %.*s is not declared as Output Artifact Bundle in any of the preceding actions",
                    STR_ARG(name), STR_ARG(action));
    }
    return true;
}

// ---- Variables ----

static bool has_variables(const Doc *pipeline) { return doc_count(doc_get(pipeline, "variables")) > 0; }

// "variables" is an action's to take as long as the pipeline declares none.
static bool is_reserved(const Doc *pipeline, Str name_space) {
    return str_is(name_space, "codepipeline") || (str_is(name_space, "variables") && has_variables(pipeline));
}

static bool is_same(const ActionPlace *a, const ActionPlace *b) { return a->action == b->action; }

static bool check_namespace(const Doc *pipeline, const ActionPlace *at, Error *e) {
    Str name_space = doc_text(at->action, "namespace"), stage = name_of(at->stage), action = name_of(at->action);
    if (!name_space.len) return true;
    if (is_reserved(pipeline, name_space)) {
        return fail(e, INVALID, "The namespace '%.*s' of action '%.*s' is reserved.", STR_ARG(name_space), STR_ARG(action));
    }
    for (ActionPlace before = {0}; action_next(pipeline, &before) && !is_same(&before, at);) {
        if (!str_eq(doc_text(before.action, "namespace"), name_space)) continue;
        return fail(e, INVALID,
                    "Namespaces must be unique across the pipeline definition. The following occur more than once in the pipeline.\n"
                    "StageName=[%.*s], ActionName=[%.*s], Namespace=[%.*s]",
                    STR_ARG(stage), STR_ARG(action), STR_ARG(name_space));
    }
    return true;
}

static bool is_declared_variable(const Doc *pipeline, Str name) {
    for (const Doc *one = doc_first(doc_get(pipeline, "variables")); one; one = one->next) {
        if (str_eq(name_of(one), name)) return true;
    }
    return false;
}

typedef struct Objection {
    const char *code, *words; // words NULL: none
} Objection;

#define BADLY_REFERENCED                                                                                                          \
    "Valid format for a pipeline execution variable reference is a namespace and a key separated by a period (.). The following " \
    "pipeline execution variables "

static Objection check_pipeline_variable(const Doc *pipeline, const ActionPlace *at, Str key) {
    bool source = str_is(doc_text(doc_get(at->action, "actionTypeId"), "category"), "Source");
    if (source) return (Objection){"InvalidStructureException", "Variables at the pipeline level cannot be used in source actions."};
    if (is_declared_variable(pipeline, key)) return (Objection){0};
    return (Objection){"InvalidStructureException", "The referenced variables haven't been declared."};
}

static Objection check_action_variable(const Doc *pipeline, const ActionPlace *at, Str name_space) {
    bool exists = false;
    for (ActionPlace other = {0}; action_next(pipeline, &other);) {
        if (!str_eq(doc_text(other.action, "namespace"), name_space)) continue;
        if (action_precedes(&other, at)) return (Objection){0};
        exists = true;
    }
    if (exists) return (Objection){INVALID, BADLY_REFERENCED "are referencing an action that does not precede this one."};
    return (Objection){INVALID, BADLY_REFERENCED "are referencing a namespace that does not exist."};
}

static Objection check_reference(const Doc *pipeline, const ActionPlace *at, const VariableReference *reference) {
    if (str_is_none(reference->name_space)) return (Objection){INVALID, BADLY_REFERENCED "do not have this format."};
    if (str_is(reference->name_space, "variables") && has_variables(pipeline)) return check_pipeline_variable(pipeline, at, reference->key);
    if (!str_is(reference->name_space, "codepipeline")) return check_action_variable(pipeline, at, reference->name_space);
    if (str_is(reference->key, "PipelineExecutionId")) return (Objection){0};
    return (Objection){INVALID, BADLY_REFERENCED "are referencing a key that does not exist."};
}

static bool check_references(const Doc *pipeline, const ActionPlace *at, const Doc *setting, Error *e) {
    Str rest = doc_str(setting, STR("")), stage = name_of(at->stage), action = name_of(at->action);
    VariableReference reference;
    while (variable_next(&rest, &reference)) {
        Objection objection = check_reference(pipeline, at, &reference);
        if (!objection.words) continue;
        return fail(e, objection.code, "%s\nStageName=[%.*s], ActionName=[%.*s], ActionConfigurationKey=[%.*s], VariableReferenceText=[%.*s]",
                    objection.words, STR_ARG(stage), STR_ARG(action), STR_ARG(setting->key), STR_ARG(reference.text));
    }
    return true;
}

bool structure_check_flow(Arena *arena, const Doc *pipeline, Error *e) {
    (void)arena;
    for (ActionPlace at = {0}; action_next(pipeline, &at);) {
        TRY(check_outputs(pipeline, &at, e));
        TRY(check_inputs(pipeline, &at, e));
        TRY(check_namespace(pipeline, &at, e));
        const Doc *setting = doc_first(doc_get(at.action, "configuration"));
        for (; setting; setting = setting->next) TRY(check_references(pipeline, &at, setting, e));
    }
    return true;
}
