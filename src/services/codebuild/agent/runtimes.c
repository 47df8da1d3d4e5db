// runtime-versions: what AWS's build images offer is checked, what this machine has is used, and the log says so where the two differ.
//
// Versions: user guide, "Available runtimes", those of older images included, since projects name any image.
#include "services/codebuild/agent/agent.h"

#include "formats/paths.h"
#include "os/files.h"
#include "services/common/log_words.h"

#include <errno.h>
#include <unistd.h>

typedef struct Runtime {
    const char *name, *shown;
    const char *command[3]; // prints the version
    const char *const *versions; // ends with NULL
} Runtime;

static const char *const python[] = {"3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", NULL};
static const char *const nodejs[] = {"8", "10", "12", "14", "16", "18", "20", "22", "24", NULL};
static const char *const java[] = {"openjdk8", "openjdk11", "corretto8", "corretto11", "corretto17", "corretto21", "corretto25", NULL};
static const char *const golang[] = {"1.11", "1.12", "1.13", "1.14", "1.15", "1.16", "1.18", "1.20",
                                     "1.21", "1.22", "1.23", "1.24", "1.25", "1.26", NULL};
static const char *const ruby[] = {"2.6", "2.7", "3.1", "3.2", "3.3", "3.4", "4.0", NULL};
static const char *const php[] = {"7.3", "7.4", "8.0", "8.1", "8.2", "8.3", "8.4", "8.5", NULL};
static const char *const dotnet[] = {"2.2", "3.0", "3.1", "5.0", "6.0", "8.0", "9.0", "10.0", NULL};
static const char *const docker[] = {"18", "19", "20", NULL};
static const char *const android[] = {"28", "29", NULL};

static const Runtime runtimes[] = {
    {"python", "Python", {"python3", "--version"}, python},
    {"nodejs", "Node.js", {"node", "--version"}, nodejs},
    {"java", "Java", {"java", "-version"}, java},
    {"golang", "Go", {"go", "version"}, golang},
    {"ruby", "Ruby", {"ruby", "--version"}, ruby},
    {"php", "PHP", {"php", "--version"}, php},
    {"dotnet", ".NET", {"dotnet", "--version"}, dotnet},
    {"docker", "Docker", {"docker", "--version"}, docker},
    {"android", "Android", {"sdkmanager", "--version"}, android},
};
enum { RUNTIMES = sizeof runtimes / sizeof runtimes[0] };

static const Runtime *find_runtime(Str name) {
    for (size_t i = 0; i < RUNTIMES; i++) {
        if (str_is(name, runtimes[i].name)) return &runtimes[i];
    }
    return NULL;
}

static Str joined(Arena *arena, const char *const *words) {
    Str text = STR("");
    for (; *words; words++) text = str_format(arena, "%.*s%s%s", STR_ARG(text), text.len ? ", " : "", *words);
    return text;
}

static bool unknown_runtime(Agent *agent, const NamedText *wanted, Error *e) {
    const char *names[RUNTIMES + 1] = {0};
    for (size_t i = 0; i < RUNTIMES; i++) names[i] = runtimes[i].name;
    Str known = joined(agent->arena, names), hint = spec_suggestion(agent->arena, names, wanted->name);
    return fail(e, "YAML_FILE_ERROR", "Unknown runtime named '%.*s'. This build image has the following runtimes: %.*s%.*s", STR_ARG(wanted->name),
                STR_ARG(known), STR_ARG(hint));
}

// "latest", "3.x" and "3.latest" mean the newest there is.
static bool is_offered(const Runtime *runtime, Str version) {
    if (str_is(version, "latest") || spec_knows(runtime->versions, version)) return true;
    Str major = str_ends(version, STR(".x")) ? str_strip_suffix(version, STR(".x")) : str_strip_suffix(version, STR(".latest"));
    for (const char *const *known = runtime->versions; *known && major.len < version.len; known++) {
        Str rest = str_of(*known);
        if (str_eq(str_cut(&rest, '.'), major)) return true;
    }
    return false;
}

// The first number in what a version command prints: "Python 3.11.2" → "3.11.2", `openjdk version "17.0.9"` → "17.0.9".
static Str version_in(Str text) {
    size_t from = 0, to;
    while (from < text.len && !(text.at[from] >= '0' && text.at[from] <= '9')) from++;
    for (to = from; to < text.len && ((text.at[to] >= '0' && text.at[to] <= '9') || text.at[to] == '.');) to++;
    return str_sub(text, from, to);
}

static bool is_version(Str has, Str wanted) {
    Str plain = version_in(wanted);
    bool open = str_is(wanted, "latest") || str_ends(wanted, STR(".x")) || str_ends(wanted, STR("latest"));
    if (plain.len && plain.at[plain.len - 1] == '.') plain.len--;
    bool begins = str_starts(has, plain) && (has.len == plain.len || has.at[plain.len] == '.');
    return begins || (open && plain.len == 0);
}

static void tell_machine(Agent *agent, const Runtime *runtime, Str wanted) {
    Str said;
    if (!run_command(agent->arena, runtime->command, &said, NULL)) {
        journal_log(&agent->journal, "%s" RUNTIME_ABSENT, runtime->shown);
        return;
    }
    Str has = version_in(said);
    if (is_version(has, wanted)) {
        journal_log(&agent->journal, "Using %s %.*s of this machine", runtime->shown, STR_ARG(has));
    } else {
        journal_log(&agent->journal, "%s %.*s" RUNTIME_REPLACED "%s %.*s", runtime->shown, STR_ARG(wanted), runtime->shown, STR_ARG(has));
    }
}

static bool select_runtime(Agent *agent, const NamedText *wanted, Error *e) {
    const Runtime *runtime = find_runtime(wanted->name);
    if (!runtime) return unknown_runtime(agent, wanted, e);
    if (!is_offered(runtime, wanted->value)) {
        return fail(e, "YAML_FILE_ERROR", "Unknown runtime version named '%.*s' of %s. This build image has the following versions: %.*s",
                    STR_ARG(wanted->value), runtime->name, STR_ARG(joined(agent->arena, runtime->versions)));
    }
    journal_log(&agent->journal, "Selecting '%s' runtime version '%.*s' based on manual selections...", runtime->name, STR_ARG(wanted->value));
    tell_machine(agent, runtime, wanted->value);
    return true;
}

bool select_runtimes(Agent *agent, Error *e) {
    const NamedTexts *wanted = &agent->spec.runtimes;
    if (wanted->count == 0) journal_log(&agent->journal, "No runtime version selected in buildspec.");
    for (size_t i = 0; i < wanted->count; i++) TRY(select_runtime(agent, &wanted->at[i], e));
    return true;
}

// ---- environment

// What AWS's images have and a plain machine may lack. pip of Debian refuses to install beside its own packages unless told so.
static const NamedText defaults[] = {
    {STR_INIT("PIP_BREAK_SYSTEM_PACKAGES"), STR_INIT("1"), 0},
    {STR_INIT("PIP_ROOT_USER_ACTION"), STR_INIT("ignore"), 0},
    {STR_INIT("PIP_DISABLE_PIP_VERSION_CHECK"), STR_INIT("1"), 0},
    {STR_INIT("HOME"), STR_INIT("/root"), 0},
    {STR_INIT("PATH"), STR_INIT("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), 0},
};

static const NamedText git_helper[] = {
    {STR_INIT("GIT_CONFIG_COUNT"), STR_INIT("2"), 0},
    {STR_INIT("GIT_CONFIG_KEY_0"), STR_INIT("credential.helper"), 0},
    {STR_INIT("GIT_CONFIG_VALUE_0"), STR_INIT("!f() { [ \"$1\" != get ] || aws codecommit credential-helper --ignore-host-check get; }; f"), 0},
    {STR_INIT("GIT_CONFIG_KEY_1"), STR_INIT("credential.UseHttpPath"), 0},
    {STR_INIT("GIT_CONFIG_VALUE_1"), STR_INIT("true"), 0},
};

static void set(Doc *environment, Arena *arena, const NamedText *pairs, size_t count, bool replace) {
    for (size_t i = 0; i < count; i++) {
        if (replace || !doc_get_str_key(environment, pairs[i].name)) doc_put(environment, pairs[i].name, doc_of_str(arena, pairs[i].value));
    }
}

static Doc *own_environment(Arena *arena) {
    Doc *environment = doc_map(arena);
    for (char **entry = environ; *entry; entry++) {
        Str value = str_of(*entry), name = str_cut(&value, '=');
        bool private = str_is(name, "REHEARSE_CONTROL_FD") || str_is(name, "REHEARSE_EXCHANGE");
        if (!private) doc_put(environment, name, doc_of_str(arena, value));
    }
    return environment;
}

static Str find_program(Arena *arena, Str path, const char *name) {
    for (Str rest = path; !str_is_none(rest);) {
        Str candidate = path_resolve(arena, str_cut(&rest, ':'), str_of(name));
        if (access(str_c(arena, candidate), X_OK) == 0) return candidate;
    }
    return STR_NONE;
}

// AWS's images call Python 3 `python`; where a machine does not, a link beside the source does.
static void name_python(Agent *agent, Doc *environment) {
    Arena *arena = agent->arena;
    Str path = doc_text(environment, "PATH"), python3 = find_program(arena, path, "python3");
    if (str_is_none(python3) || !str_is_none(find_program(arena, path, "python"))) return;
    Str folder = path_resolve(arena, path_dir(agent->job.source_folder), STR("bin"));
    if (!folder_make(folder, 0755, NULL)) return;
    const char *link = str_c(arena, path_resolve(arena, folder, STR("python")));
    if (symlink(str_c(arena, python3), link) != 0 && errno != EEXIST) return;
    doc_set_str(arena, environment, "PATH", str_format(arena, "%.*s:%.*s", STR_ARG(path), STR_ARG(folder)));
}

const char *const *build_environment(Agent *agent) {
    Arena *arena = agent->arena;
    Doc *environment = own_environment(arena);
    set(environment, arena, defaults, sizeof defaults / sizeof defaults[0], false);
    set(environment, arena, agent->spec.variables.at, agent->spec.variables.count, true);
    set(environment, arena, agent->job.environment.at, agent->job.environment.count, true);
    if (agent->spec.git_credential_helper) set(environment, arena, git_helper, sizeof git_helper / sizeof git_helper[0], true);
    const NamedText own[] = {{STR("CODEBUILD_SRC_DIR"), agent->job.source_folder, 0}, {STR("CODEBUILD_BUILD_SUCCEEDING"), STR("1"), 0}};
    set(environment, arena, own, 2, true);
    name_python(agent, environment);
    const char **list = arena_array(arena, const char *, doc_count(environment) + 1);
    size_t count = 0;
    for (const Doc *member = doc_first(environment); member; member = member->next) {
        list[count++] = str_c(arena, str_format(arena, "%.*s=%.*s", STR_ARG(member->key), STR_ARG(member->as.text)));
    }
    return list;
}
