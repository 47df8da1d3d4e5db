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

static bool is_reserved(Str name_space) { return str_is(name_space, "codepipeline") || str_is(name_space, "variables"); }

static bool check_namespace(const Doc *pipeline, const ActionPlace *at, Error *e) {
    Str name_space = doc_text(at->action, "namespace"), action = name_of(at->action);
    if (!name_space.len) return true;
    if (is_reserved(name_space)) {
        return fail(e, INVALID, "The namespace '%.*s' of action '%.*s' is reserved.", STR_ARG(name_space), STR_ARG(action));
    }
    size_t users = 0;
    for (ActionPlace other = {0}; action_next(pipeline, &other);) users += str_eq(doc_text(other.action, "namespace"), name_space);
    if (users == 1) return true;
    return fail(e, INVALID, "The namespace '%.*s' of action '%.*s' is used more than once in the pipeline.", STR_ARG(name_space), STR_ARG(action));
}

static bool is_declared_variable(const Doc *pipeline, Str name) {
    for (const Doc *one = doc_first(doc_get(pipeline, "variables")); one; one = one->next) {
        if (str_eq(name_of(one), name)) return true;
    }
    return false;
}

// NULL when the reference can be resolved, else AWS's reason.
static const char *what_is_wrong(const Doc *pipeline, const ActionPlace *at, const VariableReference *reference) {
    if (str_is_none(reference->name_space)) return "do not have this format";
    bool source = str_is(doc_text(doc_get(at->action, "actionTypeId"), "category"), "Source");
    if (str_is(reference->name_space, "variables") && source) return "cannot be used in source actions";
    if (str_is(reference->name_space, "variables")) return is_declared_variable(pipeline, reference->key) ? NULL : "are not declared by the pipeline";
    if (str_is(reference->name_space, "codepipeline"))
        return str_is(reference->key, "PipelineExecutionId") ? NULL : "are referencing a key that does not exist";
    bool exists = false;
    for (ActionPlace other = {0}; action_next(pipeline, &other);) {
        if (!str_eq(doc_text(other.action, "namespace"), reference->name_space)) continue;
        if (action_precedes(&other, at)) return NULL;
        exists = true;
    }
    return exists ? "are referencing an action that does not precede this one" : "are referencing a namespace that does not exist";
}

static bool check_references(const Doc *pipeline, const ActionPlace *at, const Doc *setting, Error *e) {
    Str rest = doc_str(setting, STR("")), stage = name_of(at->stage), action = name_of(at->action);
    VariableReference reference;
    while (variable_next(&rest, &reference)) {
        const char *wrong = what_is_wrong(pipeline, at, &reference);
        if (!wrong) continue;
        return fail(e, INVALID,
                    "Valid format for a pipeline execution variable reference is a namespace and a key separated by a period (.). The following "
                    "pipeline execution "
                    "variables %s. StageName=[%.*s], ActionName=[%.*s], ActionConfigurationKey=[%.*s], VariableReferenceText=[%.*s]",
                    wrong, STR_ARG(stage), STR_ARG(action), STR_ARG(setting->key), STR_ARG(reference.text));
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
