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

// Names of buckets and roles know no region: the same application in a second one would take the first one's permissions away.
static bool check_region(const Client *client, Arena *arena, const Application *application, Place place, Error *e) {
    Doc *input = doc_map(arena), *reply = NULL;
    Str bucket = plan_bucket(arena, application, place), region = place.region;
    doc_set_str(arena, input, "Prefix", bucket);
    client_call(client, arena, "s3", "ListBuckets", input, &reply, NULL); // whoever may not ask is told by what follows
    for (const Doc *each = doc_first(doc_get(reply, "Buckets")); each; each = each->next) {
        if (str_eq(doc_text(each, "Name"), bucket)) region = doc_text(each, "BucketRegion");
    }
    return str_eq(region, place.region) ||
           fail(e, "usage", "%.*s is an application in %.*s, and AWS_REGION is %.*s. Set that, or give this one another name in rehearse.yaml",
                STR_ARG(application->name), STR_ARG(region), STR_ARG(place.region));
}

bool provision_world(const Client *client, Arena *arena, const Application *application, Place place, Vec *notes, Error *e) {
    TRY(check_region(client, arena, application, place, e));
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
