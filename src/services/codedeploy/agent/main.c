#include "services/codedeploy/agent/agent.h"

#include "base/limits.h"
#include "formats/paths.h"
#include "formats/yaml.h"
#include "os/files.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTROL_DESCRIPTOR = 3, FIRST_OWN_DESCRIPTOR = 20 };

static const struct {
    const char *name;
    EventWork *work;
} EVENTS[] = {
    {"ApplicationStop", run_stop_hook}, {"DownloadBundle", download_bundle}, {"BeforeInstall", run_hook},   {"Install", install},
    {"AfterInstall", run_hook},         {"ApplicationStart", run_hook},      {"ValidateService", run_hook},
};

// Moved away from 3, so that no script finds it there.
static int open_control(void) {
    int control = fcntl(CONTROL_DESCRIPTOR, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
    if (control >= 0) close(CONTROL_DESCRIPTOR);
    return control;
}

bool agent_open(Arena *arena, Str job_path, Agent *out, Error *e) {
    Str text;
    Doc *job;
    TRY(file_read(arena, job_path, LIMIT_YAML_BYTES, &text, e));
    if (!yaml_parse_texts(arena, text, &job, e)) return fail_within(e, "%.*s", STR_ARG(job_path));
    Agent agent = {.arena = arena, .job = job, .job_folder = path_dir(job_path), .control = open_control(), .log_file = -1};
    agent.root = doc_str(doc_get(job, "root"), STR("/opt/codedeploy-agent/deployment-root"));
    agent.group_id = doc_text(job, "groupId");
    agent.deployment_id = doc_text(job, "deploymentId");
    if (!agent.group_id.len || !agent.deployment_id.len) return fail(e, "bad-job", "%.*s: groupId or deploymentId is missing", STR_ARG(job_path));
    agent.deployment_folder = path_join(arena, path_join(arena, agent.root, agent.group_id), agent.deployment_id);
    agent.archive = path_join(arena, agent.deployment_folder, STR("deployment-archive"));
    agent.instructions = path_join(arena, agent.root, STR("deployment-instructions"));
    TRY(folder_make(agent.deployment_folder, 0755, e) && folder_make(agent.instructions, 0755, e));
    *out = agent;
    return true;
}

static EventWork *work_of(Str event) {
    for (size_t i = 0; i < sizeof EVENTS / sizeof *EVENTS; i++) {
        if (str_is(event, EVENTS[i].name)) return EVENTS[i].work;
    }
    return NULL;
}

static int run(Agent *agent) {
    for (const Doc *event = doc_first(doc_get(agent->job, "events")); event; event = event->next) {
        Error problem = {0};
        Str name = doc_str(event, STR(""));
        EventWork *work = work_of(name);
        if (!work) return 2;
        event_started(agent, name);
        bool ok = work(agent, &problem);
        // The revision counts as deployed before anybody hears so: its scripts stop it next time.
        if (ok && str_is(name, "ValidateService")) ok = remember_success(agent, &problem);
        event_ended(agent, ok ? NULL : &problem);
        if (!ok) return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    AUTO_ARENA arena = arena_new();
    Agent agent;
    Error problem = {0};
    setlocale(LC_CTYPE, "C.UTF-8"); // libarchive converts names of zips by it
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    char *path = argc == 2 ? realpath(argv[1], NULL) : NULL;
    if (!path) {
        fputs("usage: rehearse-deploy-agent JOB.json\n", stderr);
        return 2;
    }
    bool ok = agent_open(arena, str_copy(arena, str_of(path)), &agent, &problem);
    free(path);
    if (!ok) {
        fprintf(stderr, "rehearse-deploy-agent: %s\n", problem.message);
        return 2;
    }
    if (chdir(str_c(arena, path_dir(agent.root))) != 0) perror("rehearse-deploy-agent");
    return run(&agent);
}
