// INSTALL, PRE_BUILD, BUILD, POST_BUILD (user guide, "Build phase transitions"): POST_BUILD follows a BUILD that failed; after any other failure
// nothing follows, unless on-failure says CONTINUE. ABORT ends the build after BUILD too.
#include "services/codebuild/agent/agent.h"

#include <signal.h>

enum { MOST_QUOTED_BYTES = ERROR_MESSAGE_BYTES - 200 }; // of a command, so that the reason behind it is not cut off

static Str user_of(const Agent *agent, const BuildPhase *phase) { return str_is_none(phase->run_as) ? agent->spec.run_as : phase->run_as; }

static Str reason_of(Arena *arena, const ShellResult *result) {
    if (!result->signal) return str_format(arena, "exit status %d", result->status);
    return str_format(arena, "signal: %.*s", STR_ARG(str_lower(arena, str_of(strsignal(result->signal)))));
}

static bool run_one(Agent *agent, Str user, Str command, Error *e) {
    ShellResult result;
    Str shown = str_trim(command);
    journal_log(&agent->journal, "Running command %.*s", STR_ARG(shown));
    bool started = shell_run(agent->shell, user, command, &result, e);
    journal_log_plain(&agent->journal, STR(""));
    if (!agent->spec.one_shell) shell_forget(agent->shell);
    TRY(started);
    if (result.status == 0) return true;
    Str reason = reason_of(agent->arena, &result);
    journal_log(&agent->journal, "Command did not exit successfully %.*s %.*s", STR_ARG(shown), STR_ARG(reason));
    Str quoted = str_sub(shown, 0, MOST_QUOTED_BYTES);
    return fail(e, "COMMAND_EXECUTION_ERROR", "Error while executing command: %.*s. Reason: %.*s", STR_ARG(quoted), STR_ARG(reason));
}

// The first that fails ends the list.
static bool run_list(Agent *agent, Str user, const StrList *commands, Error *e) {
    for (size_t i = 0; i < commands->count; i++) TRY(run_one(agent, user, commands->at[i], e));
    return true;
}

static bool run_phase(Agent *agent, const BuildPhase *phase, Error *e) {
    Error later = {0};
    if (phase->is_given) shell_export(agent->shell, STR("CODEBUILD_BUILD_SUCCEEDING"), agent->succeeding ? STR("1") : STR("0"));
    bool commands = run_list(agent, user_of(agent, phase), &phase->commands, e);
    bool finally = run_list(agent, user_of(agent, phase), &phase->finally, commands ? e : &later);
    return commands && finally;
}

// Whether the next phase follows one that failed.
static bool goes_on(const BuildPhase *phase, BuildPhaseKind kind) {
    if (phase->continue_on_failure) return true;
    return kind == PHASE_POST_BUILD || (kind == PHASE_BUILD && !phase->abort_on_failure);
}

static bool open_shell(Agent *agent, Error *e) {
    ShellSpec spec = {.program = agent->spec.shell, .folder = agent->job.source_folder, .environment = build_environment(agent)};
    return shell_open(agent->arena, &spec, &agent->shell, e);
}

bool run_phases(Agent *agent) {
    bool open = false;
    for (int kind = 0; kind < BUILD_PHASES; kind++) {
        const BuildPhase *phase = &agent->spec.phases[kind];
        Str name = build_phase_name((BuildPhaseKind)kind);
        Error problem = {0};
        journal_log(&agent->journal, "Entering phase %.*s", STR_ARG(name));
        journal_phase_started(&agent->journal, name);
        if (!open) open = open_shell(agent, &problem);
        bool ok = open && run_phase(agent, phase, &problem);
        journal_phase_ended(&agent->journal, name, ok ? NULL : &problem);
        if (ok) continue;
        agent->succeeding = false;
        if (!open || !goes_on(phase, (BuildPhaseKind)kind)) return false;
    }
    return true;
}

void tell_exported_variables(Agent *agent) {
    Arena *arena = agent->arena;
    Doc *record = journal_new(&agent->journal, "variables"), *exported = doc_list(arena);
    const StrList *names = &agent->spec.exported_variables;
    for (size_t i = 0; i < names->count; i++) {
        Str value;
        if (!shell_variable(agent->shell, arena, names->at[i], &value)) continue;
        Doc *pair = doc_map(arena);
        doc_set_str(arena, pair, "name", names->at[i]);
        doc_set_str(arena, pair, "value", value);
        doc_push(exported, pair);
    }
    doc_set(record, "exported", exported);
    journal_record(&agent->journal, record);
}
