// What was prepared for sandboxes: packages for pip (deps/wheels beside the program as built, or what REHEARSE_WHEELS names) and the AWS CLI (deps/venv), which AWS's
// images have and many machines have not. An installed program has neither beside it: pip asks its index then, and `aws` is the machine's own.
// Inside, the packages are found by `pip` before the network is asked (share/pip), and `aws` leads to the one prepared, or leads the distribution's to the plane (share/aws).
#include "plane/handles.h"

#include "os/files.h"

#include <stdlib.h>
#include <unistd.h>

#define PIP_PROGRAM STR("@program/rehearse-pip")
#define AWS_PROGRAM STR("@program/rehearse-aws")

// Where sandboxes see the host's own: a user's comes first and is left as it is, a distribution's may not know the setting that leads it to the plane (share/aws).
#define USERS_AWS "/usr/local/bin/aws"
#define DISTRIBUTIONS_AWS "/usr/bin/aws"

// AWS's machines let root install packages; Debian's pip must be told to.
static const char *const PIP_SETTINGS[] = {"PIP_BREAK_SYSTEM_PACKAGES=1", "PIP_ROOT_USER_ACTION=ignore", "PIP_DISABLE_PIP_VERSION_CHECK=1"};
enum { SETTINGS = sizeof PIP_SETTINGS / sizeof *PIP_SETTINGS };

// The folder where it really is, or STR_NONE.
static Str real_folder(Arena *arena, const char *path) {
    char *real = realpath(path, NULL);
    Str found = real ? str_copy(arena, str_of(real)) : STR_NONE;
    free(real);
    return found.at && folder_exists(found) ? found : STR_NONE;
}

static Str prepared_folder(Arena *arena, const char *name) {
    static const char *const PLACES[] = {"deps", "../deps"};
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        Str path = path_join(arena, program_beside(arena, PLACES[i]), str_of(name));
        Str found = real_folder(arena, str_c(arena, path));
        if (found.at) return found;
    }
    return STR_NONE;
}

static const char *chosen_wheels(void) {
    const char *chosen = getenv("REHEARSE_WHEELS");
    return chosen && *chosen ? chosen : NULL;
}

bool prepared_check(Error *e) {
    AUTO_ARENA arena = arena_new();
    const char *chosen = chosen_wheels();
    return !chosen || real_folder(arena, chosen).at ||
           fail(e, "usage", "REHEARSE_WHEELS is %s, which is no folder: it names the packages that pip takes", chosen);
}

void prepared_find(Arena *arena, Prepared *out) {
    const char *chosen = chosen_wheels();
    *out = (Prepared){.wheels = chosen ? real_folder(arena, chosen) : prepared_folder(arena, "wheels")};
    if (access(USERS_AWS, X_OK) == 0) return;
    out->led_aws = access(DISTRIBUTIONS_AWS, X_OK) == 0;
    if (out->led_aws) return;
    out->venv = prepared_folder(arena, "venv");
    if (out->venv.at && !file_exists(path_join(arena, out->venv, STR("bin/aws")))) out->venv = STR_NONE;
}

Str prepared_aws(Arena *arena) {
    Prepared prepared;
    prepared_find(arena, &prepared);
    if (prepared.venv.at) return path_join(arena, prepared.venv, STR("bin/aws"));
    if (prepared.led_aws) return STR(DISTRIBUTIONS_AWS);
    return access(USERS_AWS, X_OK) == 0 ? STR(USERS_AWS) : STR_NONE;
}

// Where our own pip looks for the real one.
static bool has_pip(const char *name) {
    AUTO_ARENA arena = arena_new();
    return access(str_c(arena, path_join(arena, STR("/usr/bin"), str_of(name))), X_OK) == 0 ||
           access(str_c(arena, path_join(arena, STR("/bin"), str_of(name))), X_OK) == 0;
}

static void add_file(Arena *arena, SandboxSpec *spec, Str program, const char *inside) {
    ((SandboxFile *)spec->files)[spec->file_count++] = (SandboxFile){program_path(arena, program), str_of(inside), 0755, STR("")};
}

void prepared_add(Arena *arena, const Prepared *prepared, SandboxSpec *spec) {
    SandboxBind *binds = (SandboxBind *)spec->binds;
    Str *env = (Str *)spec->env;
    for (size_t i = 0; i < SETTINGS; i++) env[spec->env_count++] = str_of(PIP_SETTINGS[i]);
    if (has_pip("pip")) add_file(arena, spec, PIP_PROGRAM, "/usr/local/bin/pip");
    if (has_pip("pip3")) add_file(arena, spec, PIP_PROGRAM, "/usr/local/bin/pip3");
    if (prepared->wheels.at) {
        binds[spec->bind_count++] = (SandboxBind){prepared->wheels, prepared->wheels};
        env[spec->env_count++] = str_cat(arena, STR("PIP_FIND_LINKS="), prepared->wheels);
    }
    if (prepared->venv.at || prepared->led_aws) add_file(arena, spec, AWS_PROGRAM, USERS_AWS);
    if (prepared->venv.at) {
        binds[spec->bind_count++] = (SandboxBind){prepared->venv, prepared->venv};
        env[spec->env_count++] = str_cat(arena, STR("REHEARSE_VENV="), prepared->venv);
    }
}
