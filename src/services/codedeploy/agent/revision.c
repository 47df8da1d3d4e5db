// DownloadBundle, and which revisions an instance keeps: the newest few, and always the last one that was deployed successfully.
#include "services/codedeploy/agent/agent.h"

#include "base/limits.h"
#include "formats/bundles/bundles.h"
#include "formats/paths.h"
#include "os/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT_REVISIONS = 5, PATH_BYTES = 4096 };

typedef struct Kept {
    Str folder;
    int64_t modified;
} Kept;

static Str success_file(Agent *agent) {
    Str name = str_cat(agent->arena, agent->group_id, STR("_last_successful_install"));
    return path_join(agent->arena, agent->instructions, name);
}

Str last_successful_folder(Agent *agent) {
    Str text;
    if (!file_read(agent->arena, success_file(agent), PATH_BYTES, &text, NULL)) return STR_NONE;
    text = str_trim(text);
    return folder_exists(text) ? text : STR_NONE;
}

bool remember_success(Agent *agent, Error *e) { return file_write_atomically(success_file(agent), agent->deployment_folder, 0644, e); }

// ---- Old revisions ----

static int newest_first(const void *a, const void *b) {
    int64_t left = ((const Kept *)a)->modified, right = ((const Kept *)b)->modified;
    return (left < right) - (left > right);
}

static void remove_old(Agent *agent) {
    Str *names, last = last_successful_folder(agent), group = path_join(agent->arena, agent->root, agent->group_id);
    size_t count, left = 0;
    if (!folder_list(agent->arena, group, &names, &count, NULL)) return;
    Kept *all = arena_array(agent->arena, Kept, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct stat about;
        Str folder = path_join(agent->arena, group, names[i]);
        if (stat(folder.at, &about) != 0 || str_eq(folder, agent->deployment_folder) || str_eq(folder, last)) continue;
        all[left++] = (Kept){folder, (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec};
    }
    qsort(all, left, sizeof *all, newest_first);
    for (size_t i = KEPT_REVISIONS - 1; i < left; i++) tree_remove(all[i].folder, NULL);
}

// ---- The bundle ----

// Which program would unpack it is said by its type, not by its bytes; only tar finds out by itself that it is compressed.
static bool check_type(Str bundle, Str type, Error *e) {
    unsigned char head[4] = {0};
    AUTO_FD file = -1;
    TRY(file_open(bundle, O_RDONLY, 0, &file, e));
    ssize_t got = pread(file, head, sizeof head, 0);
    bool is_zip = got == sizeof head && head[0] == 'P' && head[1] == 'K', is_gzip = got >= 2 && head[0] == 0x1f && head[1] == 0x8b;
    const char *is = is_zip ? "a zip" : is_gzip ? "compressed by gzip" : "neither a zip nor compressed by gzip";
    if (str_is(type, "zip") ? is_zip : str_is(type, "tgz") ? is_gzip : !is_zip) return true;
    return fail(e, "UnknownError", "%s (the bundleType of the revision is %.*s, but the bundle is %s)",
                str_is(type, "zip") ? "Zip end of central directory signature not found" : "Error extracting tar archive: 2", STR_ARG(type), is);
}

bool download_bundle(Agent *agent, Error *e) {
    BundleTotals totals;
    Str bundle = path_resolve(agent->arena, agent->job_folder, doc_text(agent->job, "bundle"));
    remove_old(agent);
    TRY(check_type(bundle, doc_text(agent->job, "bundleType"), e));
    TRY(tree_remove(agent->archive, e));
    return bundle_unpack(agent->arena, bundle, agent->archive, &bundle_default_limits, &totals, e);
}

// ---- The AppSpec file ----

bool read_appspec(Agent *agent, Str deployment_folder, AppSpec *out, Error *e) {
    static const char *const NAMES[] = {"appspec.yml", "appspec.yaml"};
    Str archive = path_join(agent->arena, deployment_folder, STR("deployment-archive")), text;
    for (size_t i = 0; i < 2; i++) {
        Str path = path_join(agent->arena, archive, str_of(NAMES[i]));
        if (!file_exists(path)) continue;
        TRY(file_read(agent->arena, path, LIMIT_YAML_BYTES, &text, e));
        return appspec_parse(agent->arena, str_of(NAMES[i]), text, out, e);
    }
    return fail(
        e, "UnknownError",
        "The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory at revision-relative path \"appspec.yml\". "
        "The revision was unpacked to directory \"%.*s\", and the AppSpec file was expected but not found at path \"%.*s/appspec.yml\". Consult "
        "the AWS CodeDeploy Appspec documentation for more information at "
        "http://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html",
        STR_ARG(archive), STR_ARG(archive));
}
