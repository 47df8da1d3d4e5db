#include "services/codebuild/agent/agent.h"

#include "base/map.h"
#include "formats/bundles/bundles.h"
#include "formats/globs.h"
#include "formats/paths.h"
#include "os/files.h"

#include <stdlib.h>
#include <sys/stat.h>

typedef struct Search {
    Agent *agent;
    const FindFiles *wanted;
    Vec *found; // of Found
    Map *by_name; // name → index in `found`, plus one: a later file of the same name takes its place
    Error *e;
} Search;

static Str without_dot(Str pattern) {
    while (str_starts(pattern, STR("./"))) pattern = str_from(pattern, 2);
    return pattern;
}

// Patterns are relative to the base directory; one that names it absolutely is understood too.
static bool expand_pattern(Search *s, Str pattern, Str base, Str *out) {
    TRY(shell_expand(s->agent->shell, s->agent->arena, pattern, out, s->e));
    Str prefix = str_cat(s->agent->arena, base, STR("/"));
    *out = without_dot(str_strip_prefix(*out, prefix));
    return true;
}

static bool is_excluded(Search *s, const StrList *exclude, Str path) {
    for (size_t i = 0; i < exclude->count; i++) {
        if (glob_match(exclude->at[i], path)) return true;
    }
    return false;
}

static void keep(Search *s, Str base, Str path) {
    Arena *arena = s->agent->arena;
    Found file = {.path = path_resolve(arena, base, path), .name = s->wanted->discard_paths ? path_base(path) : path};
    uintptr_t index = (uintptr_t)map_get(s->by_name, file.name);
    if (index) {
        vec_get(s->found, Found, index - 1) = file;
        return;
    }
    vec_add(s->found, Found, file);
    map_put(s->by_name, file.name, (void *)s->found->len);
}

static bool is_folder(Arena *arena, Str path) {
    struct stat about;
    return lstat(str_c(arena, path), &about) == 0 && S_ISDIR(about.st_mode);
}

static size_t match_pattern(Search *s, Str pattern, Str base, const Vec *items, const StrList *exclude) {
    size_t count = 0;
    for (size_t i = 0; i < items->len; i++) {
        Str path = vec_get(items, BundleItem, i).path;
        if (!glob_match(pattern, path) || is_excluded(s, exclude, path)) continue;
        if (is_folder(s->agent->arena, path_resolve(s->agent->arena, base, path))) continue; // an empty one
        keep(s, base, path);
        count++;
    }
    return count;
}

static bool expand_excludes(Search *s, Str base, StrList *out) {
    const StrList *written = &s->wanted->exclude;
    Str *patterns = arena_array(s->agent->arena, Str, written->count + 1);
    for (size_t i = 0; i < written->count; i++) TRY(expand_pattern(s, written->at[i], base, &patterns[i]));
    *out = (StrList){patterns, written->count};
    return true;
}

static bool search_folder(Search *s, Str base, Str shown) {
    Journal *journal = &s->agent->journal;
    Vec items = vec_of(s->agent->arena, BundleItem);
    StrList exclude;
    journal_log(journal, "Expanding file paths for base directory %.*s", STR_ARG(shown));
    journal_log(journal, "Assembling file list");
    TRY(bundle_scan(s->agent->arena, base, &items, s->e));
    TRY(expand_excludes(s, base, &exclude));
    for (size_t i = 0; i < s->wanted->files.count; i++) {
        Str pattern;
        TRY(expand_pattern(s, s->wanted->files.at[i], base, &pattern));
        journal_log(journal, "Expanding %.*s", STR_ARG(s->wanted->files.at[i]));
        size_t count = match_pattern(s, pattern, base, &items, &exclude);
        if (count) journal_log(journal, "Found %zu file(s)", count);
        if (!count) journal_log(journal, "Skipping invalid file path %.*s", STR_ARG(s->wanted->files.at[i]));
    }
    return true;
}

// The folders below the source that a base directory with wildcards means: those on the way to any file.
static bool folders_matching(Search *s, Str pattern, Vec *folders) {
    Vec items = vec_of(s->agent->arena, BundleItem);
    Str source = s->agent->job.source_folder;
    TRY(bundle_scan(s->agent->arena, source, &items, s->e));
    Map *seen = map_new();
    for (size_t i = 0; i < items.len; i++) {
        Str path = vec_get(&items, BundleItem, i).path;
        Str folder = is_folder(s->agent->arena, path_resolve(s->agent->arena, source, path)) ? path : path_dir(path);
        for (; !str_is(folder, "."); folder = path_dir(folder)) {
            if (!glob_match(pattern, folder) || map_put(seen, folder, s)) continue;
            vec_add(folders, Str, folder);
        }
    }
    map_free(seen);
    return true;
}

static bool base_folders(Search *s, Str written, Vec *folders) {
    Str base, source = s->agent->job.source_folder;
    TRY(shell_expand(s->agent->shell, s->agent->arena, written, &base, s->e));
    base = path_normalise(s->agent->arena, base);
    if (!glob_is_literal(base)) return folders_matching(s, base, folders);
    if (folder_exists(path_resolve(s->agent->arena, source, base))) vec_add(folders, Str, base);
    return true;
}

static bool search(Search *s, bool *base_is_missing) {
    Arena *arena = s->agent->arena;
    Str written = str_is_empty(s->wanted->base_directory) ? STR(".") : s->wanted->base_directory;
    Vec folders = vec_of(arena, Str);
    journal_log(&s->agent->journal, "Expanding base directory path: %.*s", STR_ARG(written));
    journal_log(&s->agent->journal, "Assembling file list");
    journal_log(&s->agent->journal, "Expanding %.*s", STR_ARG(written));
    TRY(base_folders(s, written, &folders));
    *base_is_missing = folders.len == 0;
    for (size_t i = 0; i < folders.len; i++) {
        Str folder = vec_get(&folders, Str, i);
        TRY(search_folder(s, path_normalise(arena, path_resolve(arena, s->agent->job.source_folder, folder)), folder));
    }
    return true;
}

static int by_name(const void *a, const void *b) { return str_cmp(((const Found *)a)->name, ((const Found *)b)->name); }

bool find_files(Agent *agent, const FindFiles *wanted, Vec *found, bool *base_is_missing, Error *e) {
    Search s = {agent, wanted, found, map_new(), e};
    bool ok = search(&s, base_is_missing);
    map_free(s.by_name);
    if (found->len) qsort(found->at, found->len, found->item_bytes, by_name);
    return ok;
}
