#include "services/codebuild/agent/agent.h"

#include "formats/bundles/bundles.h"
#include "formats/digest.h"
#include "formats/paths.h"
#include "os/files.h"

#include <fcntl.h>
#include <unistd.h>

typedef struct Collection {
    Agent *agent;
    const BuildArtifacts *set;
    Vec found; // of Found
    Str relative; // where it goes, below the folder of job.json
    Str target; // the same, absolute
    Error *e;
} Collection;

enum { PIECE_BYTES = 64 * 1024 };

static Str final_hex(Arena *arena, Digest *digest) {
    uint8_t sum[DIGEST_MAX_BYTES];
    digest_final(digest, sum);
    digest_done(digest);
    return str_hex(arena, digest_str(sum, digest_bytes(digest->kind)));
}

static bool digest_file(Arena *arena, Str path, Doc *record, Error *e) {
    AUTO_FD fd = -1;
    TRY(file_open(path, O_RDONLY, 0, &fd, e));
    Digest sha256, md5;
    char piece[PIECE_BYTES];
    digest_init(&sha256, DIGEST_SHA256);
    digest_init(&md5, DIGEST_MD5);
    for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0;) {
        digest_update(&sha256, (Str){piece, (size_t)got});
        digest_update(&md5, (Str){piece, (size_t)got});
    }
    doc_set_str(arena, record, "sha256", final_hex(arena, &sha256));
    doc_set_str(arena, record, "md5", final_hex(arena, &md5));
    return true;
}

static bool pack(Collection *c, Doc *record) {
    Arena *arena = c->agent->arena;
    Vec items = vec_of(arena, BundleItem);
    for (size_t i = 0; i < c->found.len; i++) {
        const Found *file = vec_at(&c->found, i);
        vec_add(&items, BundleItem, ((BundleItem){.path = file->path, .name = file->name}));
    }
    BundlePack job = {.folder = STR("/"), .items = &items, .keep_links = c->set->enable_symlinks, .to = c->target};
    BundleTotals totals;
    int64_t size;
    TRY(bundle_pack(arena, &job, &totals, c->e));
    TRY(file_size(c->target, &size, c->e));
    TRY(digest_file(arena, c->target, record, c->e));
    doc_set_int(arena, record, "size", size);
    doc_set_int(arena, record, "fileCount", totals.entries);
    return true;
}

static bool copy_tree(Collection *c, Doc *record) {
    Arena *arena = c->agent->arena;
    Doc *files = doc_list(arena);
    for (size_t i = 0; i < c->found.len; i++) {
        const Found *file = vec_at(&c->found, i);
        Str to = path_resolve(arena, c->target, file->name);
        int64_t size;
        TRY(folder_make(path_dir(to), 0755, c->e));
        TRY(file_copy(file->path, to, c->e));
        TRY(file_size(to, &size, c->e));
        Doc *entry = doc_map(arena);
        doc_set_str(arena, entry, "name", file->name);
        doc_set_int(arena, entry, "size", size);
        doc_push(files, entry);
    }
    doc_set(record, "files", files);
    return true;
}

static bool name_of(Collection *c, Str *out) {
    const Job *job = &c->agent->job;
    bool given = !str_is_none(job->artifact_name) && str_is_none(c->set->identifier);
    if (given) {
        *out = job->artifact_name;
        return true;
    }
    return str_is_none(c->set->name) || shell_expand(c->agent->shell, c->agent->arena, c->set->name, out, c->e);
}

static bool is_folder(const Collection *c) {
    const Job *job = &c->agent->job;
    if (str_is_none(c->set->identifier)) return job->as_folder;
    for (size_t i = 0; i < job->secondary_folders.count; i++) {
        if (str_eq(job->secondary_folders.at[i], c->set->identifier)) return true;
    }
    return false;
}

static bool deliver(Collection *c) {
    Arena *arena = c->agent->arena;
    const Job *job = &c->agent->job;
    bool as_folder = is_folder(c);
    Str name = STR_NONE, file = str_is_none(c->set->identifier) ? STR("main") : c->set->identifier;
    TRY(name_of(c, &name));
    c->relative = str_format(arena, "%.*s/artifacts/%.*s%s", STR_ARG(job->output), STR_ARG(file), as_folder ? "" : ".zip");
    c->target = path_resolve(arena, job->base, c->relative);
    TRY(folder_make(path_dir(c->target), 0755, c->e));
    Doc *record = doc_map(arena);
    doc_set_str(arena, record, "identifier", c->set->identifier);
    doc_set_str(arena, record, "name", name);
    doc_set_str(arena, record, "packaging", as_folder ? STR("NONE") : STR("ZIP"));
    doc_set_str(arena, record, "path", c->relative);
    TRY(as_folder ? copy_tree(c, record) : pack(c, record));
    Doc *numbered = journal_new(&c->agent->journal, "artifact");
    for (const Doc *member = doc_first(record); member; member = member->next) doc_put(numbered, member->key, doc_copy(arena, member));
    journal_record(&c->agent->journal, numbered);
    return true;
}

static bool collect_set(Agent *agent, const BuildArtifacts *set, Error *e) {
    Collection c = {.agent = agent, .set = set, .found = vec_of(agent->arena, Found), .e = e};
    FindFiles wanted = {set->base_directory, set->files, set->exclude, set->discard_paths};
    bool missing;
    TRY(find_files(agent, &wanted, &c.found, &missing, e));
    if (missing) return fail(e, "CLIENT_ERROR", "no matching base directory path found for %.*s", STR_ARG(set->base_directory));
    if (c.found.len == 0) return fail(e, "CLIENT_ERROR", "no matching artifact paths found");
    return deliver(&c);
}

static bool collect_all(Agent *agent, Error *e) {
    const Buildspec *spec = &agent->spec;
    if (spec->has_artifacts) TRY(collect_set(agent, &spec->artifacts, e));
    for (size_t i = 0; i < spec->secondary_count; i++) {
        if (!path_is_contained(spec->secondary[i].identifier) || str_find_char(spec->secondary[i].identifier, '/') >= 0) {
            return fail(e, "CLIENT_ERROR", "secondary artifact \"%.*s\" has no proper identifier", STR_ARG(spec->secondary[i].identifier));
        }
        TRY(collect_set(agent, &spec->secondary[i], e));
    }
    return true;
}

bool collect_artifacts(Agent *agent, Error *e) {
    if (!agent->job.wants_artifacts) return true;
    Error problem = {0};
    if (collect_all(agent, &problem)) return true;
    return fail(e, "CLIENT_ERROR", "%s", problem.message);
}
