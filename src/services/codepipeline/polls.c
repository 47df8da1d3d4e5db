// Polling: once a minute, as on AWS, the machine looks whether the object of an S3 source has a new version. (Buckets send events only when EventBridge is switched
// on for them; CodeCommit's events always come, so that its sources need no looking.)
//
// State: seen {ACTION: version}, the version that an execution took or that began one; unseen {ACTION: {at, code, message}}, why the last look saw nothing.
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/run.h"

enum { POLL_MS = 60000 };

static bool polls(const Doc *action) { return pipeline_source_polls(action) && str_is(doc_text(doc_get(action, "actionTypeId"), "provider"), "S3"); }

static const Doc *current_structure(const Step *step) {
    Str version = str_format(step->arena, "%lld", (long long)doc_number(step->state, "version", 0));
    return doc_get_str_key(doc_get(step->state, "structures"), version);
}

static const Doc *sources_of(const Doc *structure) { return doc_get(doc_first(doc_get(structure, "stages")), "actions"); }

void run_schedule_polls(Step *step) {
    bool any = false;
    for (const Doc *one = doc_first(sources_of(current_structure(step))); one; one = one->next) any |= polls(one);
    if (any) {
        step_timer(step, STR("poll"), TIMER_BACKGROUND, step->now_ms + POLL_MS);
    } else {
        step_cancel_timer(step, STR("poll"));
    }
}

static void look(Step *step, const Doc *structure, const Doc *action) {
    Arena *arena = step->arena;
    const Doc *configuration = doc_get(action, "configuration");
    Str name = doc_text(action, "name"), own = doc_text(action, "roleArn"), session = STR("poll");
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "Bucket", doc_text(configuration, "S3Bucket"));
    doc_set_str(arena, input, "Key", doc_text(configuration, "S3ObjectKey"));
    Principal principal = own.len ? principal_role(arena, own, session)
                                  : principal_role_for(arena, doc_text(structure, "roleArn"), session, "codepipeline.amazonaws.com",
                                                       pipeline_arn(arena, step->where, doc_text(structure, "name")));
    step_call(step, principal, "s3", "HeadObject", input, NULL, str_format(arena, "poll/%.*s", STR_ARG(name)));
}

void run_poll(Step *step) {
    const Doc *structure = current_structure(step);
    for (const Doc *one = doc_first(sources_of(structure)); one; one = one->next) {
        if (polls(one)) look(step, structure, one);
    }
    run_schedule_polls(step);
}

void run_see(Step *step, Str action, Str version) {
    Doc *seen = doc_get(step->state, "seen");
    if (!seen) doc_set(step->state, "seen", seen = doc_map(step->arena));
    doc_put(seen, str_copy(step->arena, action), doc_of_str(step->arena, str_copy(step->arena, version)));
}

// ---- The answer ----

static const Doc *source_named(const Doc *structure, Str name) {
    const Doc *one = doc_first(sources_of(structure));
    while (one && !str_eq(doc_text(one, "name"), name)) one = one->next;
    return one;
}

static Str trouble_words(Arena *arena, const Doc *source, Str code, bool denied) {
    const Doc *configuration = doc_get(source, "configuration");
    Str bucket = doc_text(configuration, "S3Bucket"), key = doc_text(configuration, "S3ObjectKey");
    if (str_is(code, "NoSuchBucket")) return str_format(arena, "No bucket with the name %.*s was found", STR_ARG(bucket));
    return str_format(
        arena, "Could not access the Amazon S3 object: \"%.*s/%.*s\". Make sure that the names of the bucket and object are both correct%s",
        STR_ARG(bucket), STR_ARG(key), denied ? ", and that the pipeline IAM role has sufficient permissions to access this bucket." : ".");
}

static Doc *trouble_of(Step *step, const Doc *source) {
    Arena *arena = step->arena;
    Str code = doc_text(doc_get(step->event->data, "error"), "code");
    bool denied = str_starts(code, STR("AccessDenied")) || str_is(code, "403");
    Doc *trouble = doc_map(arena);
    doc_set_int(arena, trouble, "at", step->now_ms);
    doc_set_str(arena, trouble, "code", denied ? STR("PermissionError") : STR("ConfigurationError"));
    doc_set_str(arena, trouble, "message", trouble_words(arena, source, code, denied));
    return trouble;
}

static void note_trouble(Step *step, Str action, Doc *trouble) {
    Doc *unseen = doc_get(step->state, "unseen");
    if (!unseen) doc_set(step->state, "unseen", unseen = doc_map(step->arena));
    doc_put(unseen, str_copy(step->arena, action), trouble);
}

void run_polled(Step *step, Str action) {
    const Doc *reply = step->event->data, *structure = current_structure(step), *source = source_named(structure, action);
    if (!source || !polls(source)) return;
    bool ok = doc_flag(reply, "ok", false);
    note_trouble(step, action, ok ? NULL : trouble_of(step, source));
    Str version = doc_text(doc_get(reply, "output"), "VersionId");
    Str seen = doc_str(doc_get_str_key(doc_get(step->state, "seen"), action), STR_NONE);
    if (!ok || !version.len || str_eq(version, seen)) return;
    bool limited = !str_is(doc_text(structure, "executionMode"), "SUPERSEDED");
    if (limited && doc_count(doc_get(step->state, "executions")) >= MOST_PARALLEL) return; // the next look sees it again
    run_see(step, action, version);
    run_begin_polled(step, action);
}
