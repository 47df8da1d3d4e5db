// libgit2 in our words: opening, naming, errors.
#include "services/codecommit/codecommit.h"

#undef git_failed
bool git_failed(Error *e, const char *what) {
    const git_error *why = git_error_last();
    fail(e, "InternalFailure", "%s: %s", what, why ? why->message : "unknown");
    if (e) e->http_status = 500;
    return false;
}
#define git_failed(...) fail_returned(git_failed(__VA_ARGS__))

bool git_open(Turn *turn, const Doc *repository, git_repository **out, Error *e) {
    Str folder = repository_folder(turn_arena(turn), turn_data_folder(turn), repository);
    if (git_repository_open_bare(out, str_c(turn_arena(turn), folder)) == 0) return true;
    return git_failed(e, "The repository's files cannot be read");
}

Str git_oid_str(Arena *arena, const git_oid *oid) {
    char *text = arena_alloc(arena, GIT_OID_HEXSZ + 1);
    git_oid_tostr(text, GIT_OID_HEXSZ + 1, oid);
    return (Str){text, GIT_OID_HEXSZ};
}

bool git_oid_of(Str text, git_oid *out) { return text.len == GIT_OID_HEXSZ && git_oid_fromstrn(out, text.at, text.len) == 0; }

static bool commit_by_id(git_repository *git, Str id, git_commit **out, Error *e) {
    git_oid oid;
    int status = git_oid_of(id, &oid) ? git_commit_lookup(out, git, &oid) : GIT_ENOTFOUND;
    if (status == 0) return true;
    if (status != GIT_ENOTFOUND) return git_failed(e, "The commit cannot be read");
    return fail(e, "CommitDoesNotExistException", "The specified commit does not exist: %.*s", STR_ARG(id));
}

bool git_commit_of(git_repository *git, Str specifier, git_commit **out, Error *e) {
    static const char *const PREFIXES[] = {"", "refs/heads/", "refs/tags/"};
    AUTO_ARENA arena = arena_new();
    if (memchr(specifier.at, 0, specifier.len) || !git_reference_is_valid_name(str_c(arena, str_cat(arena, STR("refs/heads/"), specifier))))
        return fail(e, "InvalidCommitException", "The commit specifier is not valid: %.*s", STR_ARG(specifier));
    for (size_t i = 0; i < sizeof PREFIXES / sizeof *PREFIXES; i++) {
        git_reference *ref = NULL;
        git_object *object = NULL;
        Str name = str_format(arena, "%s%.*s", PREFIXES[i], STR_ARG(specifier));
        int status = git_reference_lookup(&ref, git, str_c(arena, name));
        if (status == GIT_ENOTFOUND || status == GIT_EINVALIDSPEC) continue;
        if (status == 0) status = git_reference_peel(&object, ref, GIT_OBJECT_COMMIT);
        git_reference_free(ref);
        if (status == GIT_EPEEL) continue;
        if (status != 0) return git_failed(e, "The reference cannot be read");
        *out = (git_commit *)object;
        return true;
    }
    return commit_by_id(git, specifier, out, e);
}

bool git_open_commit(Turn *turn, const Call *call, Str specifier, git_repository **git, git_commit **commit, Error *e) {
    Doc *repository;
    TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    TRY(git_open(turn, repository, git, e));
    if (!specifier.len) specifier = doc_text(repository, "defaultBranch");
    if (!specifier.len) return fail(e, "CommitDoesNotExistException", "No commit was specified, and the repository has no default branch.");
    return git_commit_of(*git, specifier, commit, e);
}
