// Where branches and tags point: git's refs against what the document last told (see codecommit.h).
#include "services/codecommit/codecommit.h"

#include "base/limits.h"
#include "base/log.h"
#include "os/files.h"

// ---- Reading them ----

// Adds what the ref points to; the ref is freed. What is no commit (a tag of a file) is left out.
static bool add_ref(Arena *arena, git_reference *ref, Doc *refs, Error *e) {
    Str name = str_copy(arena, str_of(git_reference_name(ref)));
    git_object *object = NULL;
    int status = git_reference_peel(&object, ref, GIT_OBJECT_COMMIT);
    if (status == 0) doc_add(refs, name, doc_of_str(arena, git_oid_str(arena, git_object_id(object))));
    git_object_free(object);
    git_reference_free(ref);
    return status == 0 || status == GIT_EPEEL || git_failed(e, "A reference cannot be read");
}

static bool is_told(const char *name) { return strncmp(name, "refs/heads/", 11) == 0 || strncmp(name, "refs/tags/", 10) == 0; }

static bool read_listed(Arena *arena, git_repository *git, Doc *refs, Error *e) {
    git_reference_iterator *all = NULL;
    git_reference *ref = NULL;
    int status = git_reference_iterator_new(&all, git);
    bool good = true;
    while (status == 0 && good && (status = git_reference_next(&ref, all)) == 0) {
        if (is_told(git_reference_name(ref)))
            good = add_ref(arena, ref, refs, e);
        else
            git_reference_free(ref);
    }
    git_reference_iterator_free(all);
    return good && (status == GIT_ITEROVER || git_failed(e, "The references cannot be listed"));
}

// Of a name that the list did not have: what it is, or that it is not there.
static bool add_named(Arena *arena, git_repository *git, Str name, Doc *refs, Error *e) {
    git_reference *ref = NULL;
    if (doc_get_str_key(refs, name)) return true;
    int status = git_reference_lookup(&ref, git, str_c(arena, name));
    if (status == 0) return add_ref(arena, ref, refs, e);
    return status == GIT_ENOTFOUND || status == GIT_EINVALIDSPEC || git_failed(e, "A reference cannot be read");
}

// The files of refs. libgit2's list passes over those that it cannot read just then, which would look as if somebody had deleted them.
static bool read_files(Arena *arena, git_repository *git, Str git_folder, Str name, int depth, Doc *refs, Error *e) {
    Str path = path_join(arena, git_folder, name), *names;
    size_t count;
    if (!folder_exists(path)) return str_ends(name, STR(".lock")) || add_named(arena, git, name, refs, e);
    if (depth == LIMIT_FOLDER_DEPTH) return true;
    TRY(folder_list(arena, path, &names, &count, e));
    for (size_t i = 0; i < count; i++) {
        Str below = str_format(arena, "%.*s/%.*s", STR_ARG(name), STR_ARG(names[i]));
        TRY(read_files(arena, git, git_folder, below, depth + 1, refs, e));
    }
    return true;
}

static bool read_refs(Arena *arena, git_repository *git, Str git_folder, const Doc *before, Doc *refs, Error *e) {
    TRY(read_listed(arena, git, refs, e));
    TRY(read_files(arena, git, git_folder, STR("refs/heads"), 0, refs, e));
    TRY(read_files(arena, git, git_folder, STR("refs/tags"), 0, refs, e));
    for (const Doc *ref = doc_first(before); ref; ref = ref->next) TRY(add_named(arena, git, ref->key, refs, e));
    return true;
}

// ---- Telling ----

static void publish(Turn *turn, const Doc *repository, Str ref, Str old, Str new, Str caller) {
    Arena *arena = turn_arena(turn);
    Doc *detail = doc_map(arena), *resources = doc_list(arena);
    bool branch = str_starts(ref, STR("refs/heads/"));
    Str event = !old.at ? STR("referenceCreated") : !new.at ? STR("referenceDeleted") : STR("referenceUpdated");
    doc_set_str(arena, detail, "event", event);
    doc_set_str(arena, detail, "repositoryName", doc_text(repository, "repositoryName"));
    doc_set_str(arena, detail, "repositoryId", doc_text(repository, "repositoryId"));
    doc_set_str(arena, detail, "referenceType", branch ? STR("branch") : STR("tag"));
    doc_set_str(arena, detail, "referenceName", str_strip_prefix(str_strip_prefix(ref, STR("refs/heads/")), STR("refs/tags/")));
    doc_set_str(arena, detail, "referenceFullName", ref);
    doc_set_str(arena, detail, "commitId", new);
    doc_set_str(arena, detail, "oldCommitId", old);
    doc_set_str(arena, detail, "callerUserArn", caller);
    doc_push_str(arena, resources, doc_text(repository, "Arn"));
    turn_publish(turn, "aws.codecommit", "CodeCommit Repository State Change", detail, resources);
}

static bool publish_changes(Turn *turn, const Doc *repository, const Doc *before, const Doc *now, Str caller) {
    bool any = false;
    for (const Doc *ref = doc_first(now); ref; ref = ref->next) {
        Str old = doc_str(doc_get_str_key(before, ref->key), STR_NONE);
        if (str_eq(old, ref->as.text)) continue;
        publish(turn, repository, ref->key, old, ref->as.text, caller);
        any = true;
    }
    for (const Doc *ref = doc_first(before); ref; ref = ref->next) {
        if (doc_get_str_key(now, ref->key)) continue;
        publish(turn, repository, ref->key, doc_str(ref, STR("")), STR_NONE, caller);
        any = true;
    }
    return any;
}

// The first branch there is becomes the default one, and what a clone checks out; of several that come at once, "main".
static void choose_default(Arena *arena, git_repository *git, Doc *repository, const Doc *refs) {
    Str chosen = doc_text(repository, "defaultBranch");
    if (chosen.len && doc_get_str_key(refs, str_cat(arena, STR("refs/heads/"), chosen))) return;
    const Doc *first = doc_get(refs, "refs/heads/main");
    for (const Doc *ref = doc_first(refs); ref && !first; ref = ref->next) {
        if (str_starts(ref->key, STR("refs/heads/"))) first = ref;
    }
    doc_set(repository, "defaultBranch", NULL);
    if (!first) return;
    doc_set_str(arena, repository, "defaultBranch", str_from(first->key, sizeof "refs/heads/" - 1));
    git_repository_set_head(git, str_c(arena, first->key));
}

bool refs_follow(Turn *turn, Str repository_name, Str caller_arn, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *repository, *now = doc_map(arena);
    AUTO_GIT *git = NULL;
    if (!turn_get(turn, &CODECOMMIT_REPOSITORY, repository_name, &repository)) return true;
    const Doc *before = doc_get(repository, "$refs");
    TRY(git_open(turn, repository, &git, e));
    TRY(read_refs(arena, git, repository_folder(arena, turn_data_folder(turn), repository), before, now, e));
    if (!publish_changes(turn, repository, before, now, caller_arn)) return true;
    choose_default(arena, git, repository, now);
    doc_set(repository, "$refs", now);
    doc_set_time(arena, repository, "lastModifiedDate", turn_now(turn));
    turn_put(turn, &CODECOMMIT_REPOSITORY, repository_name, repository);
    return true;
}

static bool follow_one(void *context, Partition where, Str id, const Doc *repository) {
    Turn *turn = context;
    turn_enter(turn, where);
    Error e = {0};
    Str root = str_format(turn_arena(turn), "arn:aws:iam::%.*s:root", STR_ARG(where.account));
    if (!refs_follow(turn, id, root, &e)) log_error("repository %.*s: %s", STR_ARG(id), e.message);
    return true;
}

void refs_follow_all(Turn *turn) {
    Partition own = turn_where(turn);
    document_each(turn_store(turn), &CODECOMMIT_REPOSITORY, turn_arena(turn), follow_one, turn);
    turn_enter(turn, own);
}

bool refs_move(Turn *turn, const Call *call, const Doc *repository, Str branch, const git_oid *old, const git_oid *new, Error *e) {
    const char *name = str_c(call->arena, str_cat(call->arena, STR("refs/heads/"), branch));
    git_reference *ref = NULL;
    AUTO_GIT *git = NULL;
    TRY(git_open(turn, repository, &git, e));
    int status = -1;
    if (new &&old) status = git_reference_create_matching(&ref, git, name, new, 1, old, NULL);
    if (new && !old) status = git_reference_create(&ref, git, name, new, 0, NULL);
    if (!new &&git_reference_lookup(&ref, git, name) == 0) status = git_reference_delete(ref);
    git_reference_free(ref);
    if (status != 0 && status != GIT_ELOCKED && status != GIT_EMODIFIED && status != GIT_EEXISTS && status != GIT_ENOTFOUND)
        return git_failed(e, "The branch cannot be moved");
    if (status != 0) {
        return fail(e, "ConcurrentReferenceUpdateException", "The branch %.*s cannot be updated because the reference is locked by another user.",
                    STR_ARG(branch));
    }
    return refs_follow(turn, doc_text(repository, "repositoryName"), call->principal.arn, e);
}
