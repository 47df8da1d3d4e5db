// DOWNLOAD_SOURCE: the source where the build expects it, and the buildspec read.
#include "services/codebuild/agent/agent.h"

#include "base/limits.h"
#include "formats/bundles/bundles.h"
#include "formats/paths.h"
#include "os/files.h"

#include <unistd.h>

static bool place_folder(Agent *agent, Error *e) {
    Arena *arena = agent->arena;
    TRY(folder_make(agent->job.source_folder, 0755, e));
    const char *from = str_c(arena, str_cat(arena, agent->job.folder, STR("/.")));
    const char *const argv[] = {"cp", "-a", from, str_c(arena, agent->job.source_folder), NULL};
    return run_command(arena, argv, NULL, e);
}

static bool place_source(Agent *agent, Error *e) {
    const Job *job = &agent->job;
    BundleTotals totals;
    bool ok = true;
    if (!str_is_none(job->archive)) {
        ok = folder_make(path_dir(job->source_folder), 0755, e) &&
             bundle_unpack(agent->arena, job->archive, job->source_folder, &bundle_default_limits, &totals, e);
    } else {
        ok = str_is_none(job->folder) ? folder_make(job->source_folder, 0755, e) : place_folder(agent, e);
    }
    return ok || fail(e, "CLIENT_ERROR", "%s", str_c(agent->arena, str_of(e->message)));
}

static bool read_buildspec_file(Agent *agent, Str path, Error *e) {
    Arena *arena = agent->arena;
    Str place = path_resolve(arena, agent->job.source_folder, path), text;
    journal_log(&agent->journal, "YAML location is %.*s", STR_ARG(place));
    if (!path_is_absolute(path) && !path_is_contained(path))
        return fail(e, "YAML_FILE_ERROR", "%.*s: the buildspec lies outside of the source", STR_ARG(path));
    if (!file_exists(place)) return fail(e, "YAML_FILE_ERROR", "stat %.*s: no such file or directory", STR_ARG(place));
    Error problem = {0};
    if (!file_read(arena, place, LIMIT_YAML_BYTES, &text, &problem)) return fail(e, "YAML_FILE_ERROR", "%s", problem.message);
    return buildspec_parse(arena, path, text, &agent->spec, e);
}

static bool read_buildspec(Agent *agent, Error *e) {
    const Job *job = &agent->job;
    if (job->buildspec_path.len) return read_buildspec_file(agent, job->buildspec_path, e);
    if (str_is_none(job->buildspec_text)) {
        bool there = file_exists(path_join(agent->arena, job->source_folder, STR("buildspec.yml")));
        return there ? read_buildspec_file(agent, STR("buildspec.yml"), e) : fail(e, "YAML_FILE_ERROR", "YAML file does not exist");
    }
    journal_log(&agent->journal, "YAML location is /codebuild/readonly/buildspec.yml");
    return buildspec_parse(agent->arena, STR("buildspec.yml"), job->buildspec_text, &agent->spec, e);
}

static void tell_remarks(Agent *agent) {
    const StrList *remarks = &agent->spec.remarks;
    for (size_t i = 0; i < remarks->count; i++) {
        bool begins = str_starts(remarks->at[i], STR("Found"));
        if (begins) {
            journal_log(&agent->journal, "%.*s", STR_ARG(remarks->at[i]));
        } else {
            journal_log_plain(&agent->journal, remarks->at[i]);
        }
    }
}

static void tell_phases(Agent *agent) {
    int given = 0;
    for (int kind = 0; kind < BUILD_PHASES; kind++) given += agent->spec.phases[kind].is_given;
    journal_log(&agent->journal, "Phases found in YAML: %d", given);
    for (int kind = 0; kind < BUILD_PHASES; kind++) {
        const BuildPhase *phase = &agent->spec.phases[kind];
        if (phase->is_given)
            journal_log(&agent->journal, " %.*s: %zu commands", STR_ARG(build_phase_name((BuildPhaseKind)kind)), phase->commands.count);
    }
}

bool download_source(Agent *agent, Error *e) {
    Str folder = agent->job.source_folder;
    journal_log(&agent->journal, "Phase is DOWNLOAD_SOURCE");
    TRY(place_source(agent, e));
    journal_log(&agent->journal, "CODEBUILD_SRC_DIR=%.*s", STR_ARG(folder));
    TRY(read_buildspec(agent, e));
    tell_remarks(agent);
    journal_log(&agent->journal, "Processing environment variables");
    TRY(select_runtimes(agent, e));
    journal_log(&agent->journal, "Moving to directory %.*s", STR_ARG(folder));
    if (chdir(str_c(agent->arena, folder)) != 0) return fail(e, "CLIENT_ERROR", "%.*s cannot be entered", STR_ARG(folder));
    journal_log(&agent->journal, "Cache is not defined in the buildspec");
    journal_log(&agent->journal, "Skip cache due to: no paths specified to be cached");
    journal_log(&agent->journal, "Registering with agent");
    tell_phases(agent);
    return true;
}
