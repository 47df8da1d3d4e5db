// A sandbox's specification as its keeper reads it (keeper/spec.h): records "key=value\0".
#include "sandbox/internal.h"

#include <stdio.h>

static void write_lists(const SandboxSpec *spec, Buf *buf) {
    for (size_t i = 0; i < spec->env_count; i++) record_add(buf, "env", spec->env[i]);
    for (size_t i = 0; i < spec->host_count; i++) record_add(buf, "host", spec->hosts[i]);
    for (size_t i = 0; i < spec->bind_count; i++) {
        record_add(buf, "bind", spec->binds[i].host);
        record_add(buf, "to", spec->binds[i].inside);
    }
    for (size_t i = 0; i < spec->file_count; i++) {
        char mode[16];
        snprintf(mode, sizeof mode, "%o", spec->files[i].mode);
        record_add(buf, "file", spec->files[i].host);
        record_add(buf, "to", spec->files[i].inside);
        record_add(buf, "mode", str_of(mode));
        record_add(buf, "user", spec->files[i].user);
    }
}

static void write_clock(const SandboxHost *host, Buf *buf) {
    char path[SANDBOX_PATH_BYTES];
    snprintf(path, sizeof path, "%s/clock", host->data);
    record_add(buf, "clock", str_of(path));
    const char *slash = strrchr(host->program, '/');
    snprintf(path, sizeof path, "%.*srehearse-preload.so", slash ? (int)(slash - host->program) + 1 : 0, host->program);
    record_add(buf, "preload", str_of(path));
}

void spec_write(SandboxHost *host, const SandboxSpec *spec, Buf *buf) {
    char rung[2] = {(char)host->rung, 0}, path[SANDBOX_PATH_BYTES];
    record_add(buf, "version", STR("1"));
    record_add(buf, "rung", str_of(rung));
    record_add(buf, "kind", spec->kind == SANDBOX_INSTANCE ? STR("instance") : STR("build"));
    record_add(buf, "name", spec->name);
    record_add(buf, "hostname", spec->hostname.len ? spec->hostname : spec->name);
    record_add(buf, "address", spec->address);
    record_add(buf, "public", spec->public_address);
    record_add(buf, "hide", str_of(host->data));
    skeleton_specify(host, buf);
    snprintf(path, sizeof path, "%s/network", host->data);
    if (host->network) record_add(buf, "network", str_of(path));
    if (spec->plane_time) write_clock(host, buf);
    record_add_number(buf, "memory", spec->limits.memory_bytes);
    record_add_number(buf, "processes", spec->limits.processes);
    record_add_number(buf, "file_bytes", spec->limits.file_bytes);
    record_add_number(buf, "open_files", spec->limits.open_files);
    record_add_number(buf, "output_bytes", spec->limits.output_bytes);
    write_lists(spec, buf);
}
