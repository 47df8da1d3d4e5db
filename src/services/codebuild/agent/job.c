// job.json is read by the YAML reader, of whose language JSON is a part: so the agent needs no library that sandboxes lack.
#include "services/codebuild/agent/agent.h"

#include "base/limits.h"
#include "formats/paths.h"
#include "formats/yaml.h"
#include "os/files.h"

#include <stdlib.h>

static Str placed(Arena *arena, Str folder, Str path) { return str_is_none(path) ? STR_NONE : path_resolve(arena, folder, path); }

static NamedTexts read_environment(Arena *arena, const Doc *map) {
    NamedText *pairs = arena_array(arena, NamedText, doc_count(map) + 1);
    size_t count = 0;
    for (const Doc *member = doc_first(map); member; member = member->next) pairs[count++] = (NamedText){member->key, doc_str(member, STR("")), 0};
    return (NamedTexts){pairs, count};
}

static StrList folders_among(Arena *arena, const Doc *secondary) {
    Str *names = arena_array(arena, Str, doc_count(secondary) + 1);
    size_t count = 0;
    for (const Doc *one = doc_first(secondary); one; one = one->next) {
        if (str_is(doc_text(one, "packaging"), "NONE")) names[count++] = one->key;
    }
    return (StrList){names, count};
}

static void read_artifacts(Arena *arena, const Doc *artifacts, Job *job) {
    job->secondary_folders = folders_among(arena, doc_get(artifacts, "secondary"));
    job->wants_artifacts = doc_is(artifacts, DOC_MAP);
    job->as_folder = str_is(doc_text(artifacts, "packaging"), "NONE");
    job->artifact_name = doc_text(artifacts, "name");
}

// Where nothing is isolated (rung D) there is no /codebuild: each build has its own home, though.
static void settle_in(Arena *arena, Job *job) {
    const char *exchange = getenv("REHEARSE_EXCHANGE"), *home = getenv("HOME");
    job->plain = exchange && home && strcmp(exchange, "/run/rehearse/exchange") != 0;
    if (job->plain && str_starts(job->source_folder, STR("/codebuild/")))
        job->source_folder = path_join(arena, str_of(home), str_from(job->source_folder, 1));
}

bool job_read(Arena *arena, Str path, Job *out, Error *e) {
    Str text, folder = path_dir(path);
    Doc *doc;
    TRY(file_read(arena, path, LIMIT_YAML_BYTES, &text, e));
    if (!yaml_parse_texts(arena, text, &doc, e)) return fail_within(e, "%.*s", STR_ARG(path));
    const Doc *source = doc_get(doc, "source"), *buildspec = doc_get(doc, "buildspec");
    Job job = {
        .source_folder = doc_text(doc, "sourceFolder"),
        .archive = placed(arena, folder, doc_text(source, "archive")),
        .folder = placed(arena, folder, doc_text(source, "folder")),
        .buildspec_text = doc_text(buildspec, "text"),
        .buildspec_path = doc_text(buildspec, "path"),
        .environment = read_environment(arena, doc_get(doc, "environment")),
        .base = folder,
        .output = doc_str(doc_get(doc, "output"), STR("out")),
    };
    settle_in(arena, &job);
    if (!path_is_absolute(job.source_folder)) return fail(e, "bad-job", "%.*s: sourceFolder must be an absolute path", STR_ARG(path));
    if (!path_is_contained(job.output)) return fail(e, "bad-job", "%.*s: output must lie beside job.json", STR_ARG(path));
    read_artifacts(arena, doc_get(doc, "artifacts"), &job);
    *out = job;
    return true;
}
