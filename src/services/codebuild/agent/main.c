#include "services/codebuild/agent/agent.h"

#include "formats/paths.h"
#include "os/files.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static bool phase(Agent *agent, const char *name, bool (*work)(Agent *, Error *)) {
    Error problem = {0};
    journal_phase_started(&agent->journal, str_of(name));
    bool ok = work(agent, &problem);
    journal_phase_ended(&agent->journal, str_of(name), ok ? NULL : &problem);
    return ok;
}

// Reports first, so that the results of tests are there even when no artifact is; the first problem is the phase's.
static bool collect(Agent *agent, Error *e) {
    Error later = {0};
    bool reports = collect_reports(agent, e);
    bool artifacts = collect_artifacts(agent, reports ? e : &later);
    return reports && artifacts;
}

static bool build(Agent *agent) {
    if (agent->job.plain) journal_log(&agent->journal, "Not isolated (rung D): this build runs as plain processes of the host");
    journal_log(&agent->journal, "Running on CodeBuild On-demand");
    journal_log(&agent->journal, "Waiting for agent ping");
    journal_log(&agent->journal, "Waiting for DOWNLOAD_SOURCE");
    agent->succeeding = phase(agent, "DOWNLOAD_SOURCE", download_source);
    if (!agent->succeeding) return false;
    bool attempt = run_phases(agent);
    if (agent->shell) tell_exported_variables(agent);
    if (attempt && !phase(agent, "UPLOAD_ARTIFACTS", collect)) agent->succeeding = false;
    return agent->succeeding;
}

static int run(Arena *arena, Str job_path) {
    Agent agent = {.arena = arena};
    Error problem = {0};
    journal_open(&agent.journal, arena);
    if (!job_read(arena, job_path, &agent.job, &problem)) {
        fprintf(stderr, "rehearse-build-agent: %s\n", problem.message);
        return 2;
    }
    bool ok = build(&agent);
    shell_close(agent.shell);
    Doc *final = journal_new(&agent.journal, "final");
    doc_set_str(arena, final, "status", ok ? STR("SUCCEEDED") : STR("FAILED"));
    journal_record(&agent.journal, final);
    return ok ? 0 : 1;
}

int main(int argc, char **argv) {
    AUTO_ARENA arena = arena_new();
    setlocale(LC_CTYPE, "C.UTF-8"); // libarchive converts names of zips by it
    const char *exchange = getenv("REHEARSE_EXCHANGE");
    if (argc > 2 || (argc < 2 && !exchange)) {
        fputs("usage: rehearse-build-agent JOB.json (or REHEARSE_EXCHANGE set to the folder of job.json)\n", stderr);
        return 2;
    }
    Str path = argc == 2 ? str_of(argv[1]) : str_format(arena, "%s/job.json", exchange);
    char *absolute = realpath(str_c(arena, path), NULL);
    if (!absolute) {
        perror(str_c(arena, path));
        return 2;
    }
    int status = run(arena, str_copy(arena, str_of(absolute)));
    free(absolute);
    return status;
}
