// The scripts of a lifecycle event. ApplicationStop runs those of the last revision that was deployed successfully: at the first deployment there are none.
#include "services/codedeploy/agent/agent.h"

#include "os/files.h"

#include <sys/stat.h>
#include <unistd.h>

static bool check_script(Agent *agent, Str location, Str path, Error *e) {
    struct stat about;
    if (stat(path.at, &about) != 0) return fail(e, "ScriptMissing", "Script does not exist at specified location: %.*s", STR_ARG(path));
    if (access(path.at, X_OK) == 0) return true;
    // As on AWS, a script without the bit is given it.
    if (chmod(path.at, about.st_mode | 0111) == 0) return true;
    return fail(e, "ScriptNotExecutable", "Unable to set script at specified location: %.*s as executable", STR_ARG(location));
}

static bool run_scripts(Agent *agent, Str deployment_folder, Error *e) {
    AppSpec spec;
    TRY(read_appspec(agent, deployment_folder, &spec, e));
    const AppSpecHook *hook = appspec_hook(&spec, agent->event);
    if (!hook || !hook->count) return true;
    log_line(agent, "LifecycleEvent - ", agent->event);
    Str archive = path_join(agent->arena, deployment_folder, STR("deployment-archive"));
    for (size_t i = 0; i < hook->count; i++) {
        Str path = path_join(agent->arena, archive, hook->scripts[i].location);
        agent->script = hook->scripts[i].location;
        TRY(check_script(agent, agent->script, path, e));
        log_line(agent, "Script - ", agent->script);
        TRY(run_script(agent, &hook->scripts[i], path, e));
    }
    return true;
}

bool run_hook(Agent *agent, Error *e) { return run_scripts(agent, agent->deployment_folder, e); }

bool run_stop_hook(Agent *agent, Error *e) {
    Str last = last_successful_folder(agent);
    return str_is_none(last) || run_scripts(agent, last, e);
}
