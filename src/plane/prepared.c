// What set-up prepared for sandboxes, beside the program: packages for pip (deps/wheels) and the AWS CLI (deps/venv), which AWS's images have and many machines have not.
// Inside, the packages are found by `pip` before the network is asked (share/pip), and `aws` leads to the one prepared.
#include "plane/handles.h"

#include "os/files.h"

#include <stdlib.h>
#include <unistd.h>

#define PIP_PROGRAM STR("@program/rehearse-pip")
#define AWS_PROGRAM STR("@program/rehearse-aws")

// AWS's machines let root install packages; Debian's pip must be told to.
static const char *const PIP_SETTINGS[] = {"PIP_BREAK_SYSTEM_PACKAGES=1", "PIP_ROOT_USER_ACTION=ignore", "PIP_DISABLE_PIP_VERSION_CHECK=1"};
enum { SETTINGS = sizeof PIP_SETTINGS / sizeof *PIP_SETTINGS };

// The folder where it really is, or STR_NONE.
static Str prepared_folder(Arena *arena, const char *name) {
    static const char *const PLACES[] = {"deps", "../deps"};
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        Str path = path_join(arena, program_beside(arena, PLACES[i]), str_of(name));
        char *real = realpath(str_c(arena, path), NULL);
        Str found = real ? str_copy(arena, str_of(real)) : STR_NONE;
        free(real);
        if (found.at && folder_exists(found)) return found;
    }
    return STR_NONE;
}

// Where sandboxes see the host's own.
static Str host_aws(void) {
    static const char *const PLACES[] = {"/usr/local/bin/aws", "/usr/bin/aws"};
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
        if (access(PLACES[i], X_OK) == 0) return str_of(PLACES[i]);
    return STR_NONE;
}

void prepared_find(Arena *arena, Prepared *out) {
    const char *chosen = getenv("REHEARSE_WHEELS");
    *out = (Prepared){.wheels = chosen ? str_copy(arena, str_of(chosen)) : prepared_folder(arena, "wheels")};
    if (host_aws().at) return;
    out->venv = prepared_folder(arena, "venv");
    if (out->venv.at && !file_exists(path_join(arena, out->venv, STR("bin/aws")))) out->venv = STR_NONE;
}

Str prepared_aws(Arena *arena) {
    Prepared prepared;
    prepared_find(arena, &prepared);
    return prepared.venv.at ? path_join(arena, prepared.venv, STR("bin/aws")) : host_aws();
}

static void add_file(Arena *arena, SandboxSpec *spec, Str program, const char *inside) {
    ((SandboxFile *)spec->files)[spec->file_count++] = (SandboxFile){program_path(arena, program), str_of(inside), 0755, STR("")};
}

void prepared_add(Arena *arena, const Prepared *prepared, SandboxSpec *spec) {
    SandboxBind *binds = (SandboxBind *)spec->binds;
    Str *env = (Str *)spec->env;
    for (size_t i = 0; i < SETTINGS; i++) env[spec->env_count++] = str_of(PIP_SETTINGS[i]);
    if (prepared->wheels.at) {
        binds[spec->bind_count++] = (SandboxBind){prepared->wheels, prepared->wheels};
        add_file(arena, spec, PIP_PROGRAM, "/usr/local/bin/pip");
        add_file(arena, spec, PIP_PROGRAM, "/usr/local/bin/pip3");
        env[spec->env_count++] = str_cat(arena, STR("PIP_FIND_LINKS="), prepared->wheels);
    }
    if (prepared->venv.at) {
        binds[spec->bind_count++] = (SandboxBind){prepared->venv, prepared->venv};
        add_file(arena, spec, AWS_PROGRAM, "/usr/local/bin/aws");
        env[spec->env_count++] = str_cat(arena, STR("REHEARSE_VENV="), prepared->venv);
    }
}
