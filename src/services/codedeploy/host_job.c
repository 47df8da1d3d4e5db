// The agent's jobs on an instance: one for ApplicationStop, before the revision is fetched, one for all that follows. A job's id is unique in the life of the
// instance, so nothing runs twice.
//
// Its files lie in the exchange folder at deploy/GROUP-ID and are replaced by the next deployment: a group has one at a time.
#include "formats/json.h"
#include "services/codedeploy/machine.h"

static const struct {
    const char *name;
    const char *events[8];
} JOBS[] = {
    [JOB_IS_STOP] = {"stop", {"ApplicationStop", NULL}},
    [JOB_IS_DEPLOY] = {"deploy", {"DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService", NULL}},
};

static Doc *environment_of(const Step *step) {
    Arena *arena = step->arena;
    const Doc *location = doc_get(doc_get(step->state, "revision"), "s3Location");
    Doc *env = doc_map(arena);
    doc_set_str(arena, env, "DEPLOYMENT_ID", step->id);
    doc_set_str(arena, env, "APPLICATION_NAME", doc_text(step->state, "applicationName"));
    doc_set_str(arena, env, "DEPLOYMENT_GROUP_NAME", doc_text(step->state, "deploymentGroupName"));
    doc_set_str(arena, env, "DEPLOYMENT_GROUP_ID", doc_text(step->state, "$groupId"));
    doc_set_str(arena, env, "BUNDLE_BUCKET", doc_text(location, "bucket"));
    doc_set_str(arena, env, "BUNDLE_KEY", doc_text(location, "key"));
    doc_set_str(arena, env, "BUNDLE_VERSION", doc_text(location, "version"));
    doc_set_str(arena, env, "BUNDLE_ETAG", doc_text(location, "eTag"));
    return env;
}

static Str job_text(const Step *step, int kind) {
    Arena *arena = step->arena;
    Doc *job = doc_map(arena), *events = doc_list(arena);
    for (const char *const *event = JOBS[kind].events; *event; event++) doc_push_str(arena, events, str_of(*event));
    doc_set_str(arena, job, "deploymentId", step->id);
    doc_set_str(arena, job, "groupId", doc_text(step->state, "$groupId"));
    doc_set(job, "events", events);
    doc_set_str(arena, job, "bundle", STR("bundle"));
    doc_set_str(arena, job, "bundleType", doc_text(doc_get(doc_get(step->state, "revision"), "s3Location"), "bundleType"));
    doc_set_str(arena, job, "fileExists", doc_text(step->state, "fileExistsBehavior"));
    doc_set(job, "environment", environment_of(step));
    return json_write(arena, job);
}

static Doc *new_file(const Step *step, Doc *files, const char *name) {
    Doc *file = doc_map(step->arena);
    doc_set_str(step->arena, file, "to", str_format(step->arena, "deploy/%.*s/%s", STR_ARG(doc_text(step->state, "$groupId")), name));
    doc_push(files, file);
    return file;
}

static Doc *files_of(const Step *step, int kind, const Doc *bundle) {
    Arena *arena = step->arena;
    Doc *files = doc_list(arena), *program = doc_map(arena), *file = new_file(step, files, "agent");
    doc_set_str(arena, program, "path", STR("@program/rehearse-deploy-agent"));
    doc_set(file, "body", program);
    doc_set_int(arena, file, "mode", 0755);
    doc_set_str(arena, new_file(step, files, "job.json"), "text", job_text(step, kind));
    if (bundle) doc_set(new_file(step, files, "bundle"), "body", doc_copy(arena, bundle));
    return files;
}

static Str job_id(const Step *step, int kind) { return str_format(step->arena, "%.*s.%s", STR_ARG(step->id), JOBS[kind].name); }

void job_run(Step *step, Doc *target, int kind, const Doc *bundle) {
    Arena *arena = step->arena;
    Doc *arguments = doc_map(arena), *argv = doc_list(arena);
    Str group = doc_text(step->state, "$groupId"), instance = doc_text(target, "targetId");
    doc_set_str(arena, arguments, "sandbox", instance);
    doc_set_str(arena, arguments, "job", job_id(step, kind));
    doc_push_str(arena, argv, STR("/bin/sh"));
    doc_push_str(arena, argv, STR("-c"));
    doc_push_str(arena, argv, str_format(arena, "cd \"$REHEARSE_EXCHANGE/deploy/%.*s\" && exec ./agent job.json", STR_ARG(group)));
    doc_set(arguments, "argv", argv);
    doc_set(arguments, "files", files_of(step, kind, bundle));
    doc_set_int(arena, target, "$job", kind);
    step_effect(step, "job.run", arguments, str_format(arena, "job/%.*s", STR_ARG(instance)));
}

void job_signal(Step *step, Doc *target, const char *signal) {
    Doc *arguments = doc_map(step->arena);
    doc_set_str(step->arena, arguments, "sandbox", doc_text(target, "targetId"));
    doc_set_str(step->arena, arguments, "job", job_id(step, (int)doc_number(target, "$job", JOB_IS_DEPLOY)));
    doc_set_str(step->arena, arguments, "signal", str_of(signal));
    step_effect(step, "job.signal", arguments, STR("signal"));
}
