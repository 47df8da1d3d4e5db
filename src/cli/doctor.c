// rehearse doctor: what this machine allows and lacks, and the command that mends it.
#include "cli/common.h"

#include "os/files.h"
#include "os/process.h"
#include "plane/handles.h"
#include "sandbox/sandbox.h"

#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { SAYS_BYTES = 64 * 1024, SAYS_MS = 5000, OUT_BYTES = 256 * 1024, NARROW = 60, LEAST_COLUMNS = 12 };

typedef struct Program {
    const char *name, *why, *package;
    bool needed;
} Program;

static const Program PROGRAMS[] = {
    {"git", "pushes and repositories", "git", true},
    {"python3", "builds with runtime-version python", "python3", true},
    {"pip3", "packages of Python builds", "python3-pip", true},
    {"curl", "what scripts of applications use", "curl", false},
    {"node", "builds with runtime-version nodejs", "nodejs", false},
    {"chromium", "browser tests", "chromium", false},
};

typedef struct Doctor {
    Arena *arena;
    Look look;
    Buf *out;
    Doc *findings; // for programs
    bool missing; // something that is needed
} Doctor;

static int subject_columns(const Doctor *doctor) { return doctor->look.width < NARROW ? 10 : 20; }

static void find(Doctor *doctor, Symbol symbol, Str subject, Str text, Str remedy) {
    Doc *doc = doc_map(doctor->arena);
    doc_set_str(doctor->arena, doc, "subject", subject);
    doc_set_bool(doctor->arena, doc, "works", symbol == SYMBOL_DONE);
    doc_set_str(doctor->arena, doc, "text", text);
    doc_set_str(doctor->arena, doc, "remedy", remedy.len ? remedy : STR_NONE);
    doc_push(doctor->findings, doc);
    Colour colour = symbol == SYMBOL_DONE ? COLOUR_GREEN : symbol == SYMBOL_FAILED ? COLOUR_RED : COLOUR_YELLOW;
    buf_add_char(doctor->out, ' ');
    look_text(&doctor->look, colour, str_of(look_symbol(&doctor->look, symbol)), doctor->out);
    buf_add_char(doctor->out, ' ');
    text_cell(doctor->arena, &doctor->look, subject, subject_columns(doctor), doctor->out);
    int margin = subject_columns(doctor) + 3, columns = doctor->look.width - margin - 2;
    bool first = true;
    for (Str line; (line = text_fold(&text, columns > LEAST_COLUMNS ? columns : LEAST_COLUMNS)).len; first = false) {
        if (!first) buf_addf(doctor->out, "%*s", margin, "");
        buf_addf(doctor->out, " %.*s\n", STR_ARG(line));
    }
    if (first) buf_add_char(doctor->out, '\n');
    if (remedy.len) buf_addf(doctor->out, "%*s %.*s\n", doctor->look.width < NARROW ? 2 : margin, "", STR_ARG(remedy));
}

// ---- Sandboxes ----

static Str keeper(Arena *arena) {
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);
    Str folder = str_copy(arena, len > 0 ? path_parent((Str){self, (size_t)len}) : STR("."));
    Str beside = path_join(arena, folder, STR("rehearse-keeper")), installed = path_join(arena, folder, STR("../libexec/rehearse/rehearse-keeper"));
    return file_exists(beside) ? beside : installed;
}

// Beside the program as built or as installed.
static Str apparmor_profile(Arena *arena, Str keeper_program) {
    static const char *const PLACES[] = {"share/rehearse-keeper.apparmor", "../../share/rehearse/rehearse-keeper.apparmor"};
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        Str path = path_join(arena, path_parent(keeper_program), str_of(PLACES[i]));
        if (file_exists(path)) return path;
    }
    return STR_NONE;
}

// Where AppArmor is in the way, loading our profile is better than to lift the restriction for all programs.
static Str remedy_of(const Doctor *doctor, const SandboxFinding *finding) {
    Str profile = apparmor_profile(doctor->arena, keeper(doctor->arena));
    if (!profile.at || !str_contains(finding->remedy, STR("apparmor_restrict_unprivileged_userns"))) return finding->remedy;
    return str_format(doctor->arena,
                      "sudo install -m 644 %.*s /etc/apparmor.d/rehearse-keeper && sudo apparmor_parser -r /etc/apparmor.d/rehearse-keeper; "
                      "or, for all programs: %.*s",
                      STR_ARG(profile), STR_ARG(finding->remedy));
}

static bool is_rung(const SandboxFinding *finding) { return strncmp(finding->subject, "rung ", 5) == 0; }

// A refusal that nobody has explained yet is shown as it came.
static Str cause_of(const Doctor *doctor, const SandboxFinding *finding) {
    if (!str_is(finding->remedy, "rehearse doctor")) return finding->cause;
    return str_format(doctor->arena, "%.*s: %.*s", STR_ARG(finding->step), STR_ARG(finding->cause));
}

// The highest rung that works is what sandboxes have; those above it say how to get more.
static void tell_rungs(Doctor *doctor, const Vec *findings) {
    for (size_t i = 0; i < findings->len; i++) {
        const SandboxFinding *finding = vec_at(findings, i);
        if (!is_rung(finding)) continue;
        SandboxRung rung = (SandboxRung)finding->subject[5];
        if (finding->works) {
            Str text = str_format(doctor->arena, "%s (%s)", sandbox_rung_text(rung), finding->subject);
            find(doctor, rung == SANDBOX_RUNG_D ? SYMBOL_NOTE : SYMBOL_DONE, STR("sandboxes"), text, STR_NONE);
            return;
        }
        find(doctor, SYMBOL_NOTE, str_of(finding->subject), cause_of(doctor, finding), remedy_of(doctor, finding));
    }
}

static void tell_capabilities(Doctor *doctor, const Vec *findings) {
    for (size_t i = 0; i < findings->len; i++) {
        const SandboxFinding *finding = vec_at(findings, i);
        if (is_rung(finding)) continue;
        find(doctor, finding->works ? SYMBOL_DONE : SYMBOL_NOTE, str_of(finding->subject), finding->works ? finding->how : cause_of(doctor, finding),
             remedy_of(doctor, finding));
    }
}

static bool tell_sandboxes(Doctor *doctor, Error *e) {
    Str program = keeper(doctor->arena);
    char scratch[] = "/tmp/rehearse-doctor-XXXXXX";
    Vec findings = vec_of(doctor->arena, SandboxFinding);
    if (!file_exists(program)) {
        doctor->missing = true;
        find(doctor, SYMBOL_FAILED, STR("sandboxes"), str_cat(doctor->arena, program, STR(" is not there")), STR("make install"));
        return true;
    }
    if (!mkdtemp(scratch)) return fail(e, "system", "cannot make a folder in /tmp");
    bool probed = sandbox_probe(program, str_of(scratch), doctor->arena, &findings, e);
    tree_remove(str_of(scratch), NULL);
    TRY(probed);
    tell_rungs(doctor, &findings);
    tell_capabilities(doctor, &findings);
    return true;
}

// ---- Programs ----

// The first number with a dot in what `NAME --version` says.
static Str version_in(Str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') continue;
        size_t end = i;
        while (end < text.len && ((text.at[end] >= '0' && text.at[end] <= '9') || text.at[end] == '.')) end++;
        Str number = str_sub(text, i, end);
        if (str_contains(number, STR("."))) return number;
        i = end;
    }
    return STR("");
}

// False: it does not run. `version` is empty where it tells none.
static bool version_of(Arena *arena, const char *program, Str *version) {
    const char *const argv[] = {program, "--version", NULL};
    ProcessResult result;
    if (!process_capture(arena, argv, NULL, SAYS_BYTES, SAYS_MS, &result, NULL) || result.status != 0) return false;
    *version = version_in(str_cat(arena, result.output, result.errors));
    return true;
}

static void tell_program(Doctor *doctor, const Program *program) {
    Str version;
    if (version_of(doctor->arena, program->name, &version)) {
        find(doctor, SYMBOL_DONE, str_of(program->name), version, STR_NONE);
        return;
    }
    doctor->missing = doctor->missing || program->needed;
    Str text = str_format(doctor->arena, "%s for %s", program->needed ? "is missing: needed" : "is not there:", program->why);
    find(doctor, program->needed ? SYMBOL_FAILED : SYMBOL_NOTE, str_of(program->name), text,
         str_format(doctor->arena, "sudo apt-get install %s", program->package));
}

// AWS_ENDPOINT_URL, which `rehearse env` sets, is read from 1.29 and 2.13 on.
static bool reads_endpoint(Str version) {
    int64_t major = 0, minor = 0;
    bool known = str_to_int(str_cut(&version, '.'), &major) && str_to_int(str_cut(&version, '.'), &minor);
    return !known || major > 2 || minor >= (major == 2 ? 13 : 29);
}

static void tell_endpoint(Doctor *doctor, Str version) {
    Str text =
        str_format(doctor->arena, "aws %.*s in PATH does not read AWS_ENDPOINT_URL, as 1.29 and 2.13 do: it would call AWS itself", STR_ARG(version));
    find(doctor, SYMBOL_NOTE, STR("endpoint"), text, STR("aws --endpoint-url \"$AWS_ENDPOINT_URL\" …"));
}

// Here it is git's credential helper, wherever PATH has it; builds and instances see other places.
static void tell_aws(Doctor *doctor) {
    Str inside = prepared_aws(doctor->arena), version = STR(""), here;
    bool works = inside.at && version_of(doctor->arena, str_c(doctor->arena, inside), &version), found = version_of(doctor->arena, "aws", &here);
    Str text = STR("is not there: builds and instances lack it, and git here lacks its credential helper");
    if (works)
        text = found ? version : str_cat(doctor->arena, version, STR(" in builds and instances; PATH has none for git's credential helper here"));
    if (!works && found) text = STR("is in PATH, but not in /usr/bin or /usr/local/bin: builds and instances lack it");
    find(doctor, works ? SYMBOL_DONE : SYMBOL_NOTE, STR("aws"), text, works ? STR_NONE : STR("sudo apt-get install awscli"));
    if (found && !reads_endpoint(here)) tell_endpoint(doctor, here);
}

static void tell_packages(Doctor *doctor) {
    Prepared prepared;
    Str *names = NULL;
    size_t count = 0;
    prepared_find(doctor->arena, &prepared);
    if (!prepared.wheels.at) {
        find(doctor, SYMBOL_NOTE, STR("packages"), STR("none are prepared: pip in builds and instances asks its index, which needs a network"),
             STR("pip download -r requirements.txt -d DIR, then: REHEARSE_WHEELS=DIR rehearse up"));
        return;
    }
    folder_list(doctor->arena, prepared.wheels, &names, &count, NULL);
    Str number = human_count(doctor->arena, (int64_t)count, "package", "packages");
    find(doctor, SYMBOL_DONE, STR("packages"), str_format(doctor->arena, "%.*s for pip without a network", STR_ARG(number)), STR_NONE);
}

static int run(int argc, char **argv) {
    Error e = {0};
    Common common = {0};
    const Option options[] = {{"--json", false, &common.json}, {"--no-color", false, &common.no_colour}};
    AUTO_ARENA arena = arena_new();
    AUTO_BUF out;
    buf_init(&out, OUT_BYTES);
    if (!options_take(options, sizeof options / sizeof *options, &argc, argv, &e)) return cannot_run(&e);
    if (!common_operands(argc, argv, 0, 0, "no operand", &e)) return cannot_run(&e);
    Doctor doctor = {.arena = arena, .look = common_look(&common), .out = &out, .findings = doc_list(arena)};
    if (!tell_sandboxes(&doctor, &e)) return cannot_run(&e);
    for (size_t i = 0; i < sizeof PROGRAMS / sizeof *PROGRAMS; i++) tell_program(&doctor, &PROGRAMS[i]);
    tell_aws(&doctor);
    tell_packages(&doctor);
    if (common.json) common_print_json(arena, doctor.findings);
    if (!common.json) common_print(&out);
    return doctor.missing ? EXIT_FAILED : EXIT_OK;
}

const Verb VERB_DOCTOR = {
    .name = "doctor",
    .summary = "what this machine allows and lacks",
    .help = "rehearse doctor                    sandboxes, ports, limits and programs; the command that mends it\n"
            "\n"
            "  --json            for programs\n"
            "  --no-color        no colours\n"
            "\n"
            "Exit status: 1 when something that is needed is missing.\n",
    .run = run,
};
