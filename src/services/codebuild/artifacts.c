// Where artifacts go, and how a build shows them.
#include "services/codebuild/codebuild.h"

static Str without_slashes(Str text) { return str_strip_suffix(str_strip_prefix(text, STR("/")), STR("/")); }

Str artifact_bucket(const Doc *wanted) { return str_strip_prefix(doc_str(doc_get(wanted, "location"), STR("")), STR("arn:aws:s3:::")); }

// path/build-id/name, as the project says; a name of "/" adds nothing.
Str artifact_key(Arena *arena, const Doc *build, const Doc *wanted, Str name) {
    Str id = doc_text(build, "id"), parts[] = {without_slashes(doc_str(doc_get(wanted, "path"), STR(""))), STR(""), without_slashes(name)},
        key = STR("");
    if (str_is(doc_text(wanted, "namespaceType"), "BUILD_ID")) parts[1] = str_from(id, (size_t)str_rfind_char(id, ':') + 1);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].len) key = str_format(arena, "%.*s%s%.*s", STR_ARG(key), key.len ? "/" : "", STR_ARG(parts[i]));
    }
    return key;
}

void artifact_show_place(Arena *arena, Doc *view, const Doc *wanted, Str key) {
    Str bucket = artifact_bucket(wanted);
    doc_set_str(arena, view, "location", str_format(arena, "arn:aws:s3:::%.*s/%.*s", STR_ARG(bucket), STR_ARG(key)));
}

// As long as nothing is uploaded: the place alone.
Doc *artifact_view(Arena *arena, const Doc *build, const Doc *wanted) {
    static const char *const FLAGS[] = {"overrideArtifactName", "encryptionDisabled", "artifactIdentifier", NULL};
    Doc *view = doc_map(arena);
    if (artifact_bucket(wanted).len) {
        artifact_show_place(arena, view, wanted, artifact_key(arena, build, wanted, doc_str(doc_get(wanted, "name"), STR(""))));
    } else {
        doc_set_str(arena, view, "location", STR(""));
    }
    for (const char *const *flag = FLAGS; *flag; flag++) {
        const Doc *member = doc_get(wanted, *flag);
        if (member) doc_set(view, *flag, doc_copy(arena, member));
    }
    return view;
}
