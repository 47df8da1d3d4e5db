#include "workflow/provision.h"

bool provision_place(const Client *client, Arena *arena, Place *out, Error *e) {
    Doc *identity = NULL;
    TRY(client_call(client, arena, "sts", "GetCallerIdentity", NULL, &identity, e));
    *out = (Place){doc_text(identity, "Account"), client->region};
    return true;
}

static bool fail_step(const Step *step, Error *e) { return fail_within(e, "%s:%s", step->service, step->operation); }

static bool perform(const Client *client, Arena *arena, const Step *step, Error *e) {
    Error why = {0};
    if (client_call(client, arena, step->service, step->operation, step->input, NULL, &why)) return true;
    if (!step->exists || !error_is(&why, step->exists)) {
        if (e) *e = why;
        return fail_step(step, e);
    }
    return !step->update || client_call(client, arena, step->service, step->update, step->update_input, NULL, e) || fail_step(step, e);
}

bool provision_world(const Client *client, Arena *arena, const Application *application, Place place, Vec *notes, Error *e) {
    TRY(provision_check_tables(client, arena, application, e));
    Vec steps = plan_steps(arena, application, place);
    for (size_t i = 0; i < steps.len; i++) TRY(perform(client, arena, vec_at(&steps, i), e));
    return provision_instances(client, arena, application, notes, e);
}

// ---- The pipeline ----

bool provision_has_pipeline(const Client *client, Arena *arena, Str name) {
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "name", name);
    return client_call(client, arena, "codepipeline", "GetPipeline", input, NULL, NULL);
}

bool provision_pipeline(const Client *client, Arena *arena, const Application *application, Place place, bool *created, Error *e) {
    Doc *input = doc_map(arena);
    doc_set(input, "pipeline", plan_pipeline(arena, application, place));
    bool there = provision_has_pipeline(client, arena, application->name);
    const char *operation = there ? "UpdatePipeline" : "CreatePipeline";
    if (!client_call(client, arena, "codepipeline", operation, input, NULL, e)) return fail_within(e, "codepipeline:%s", operation);
    *created = !there;
    return true;
}
