// Where branches and tags point: git's refs against what the document last told (see codecommit.h).
#include "services/codecommit/codecommit.h"

#include "base/log.h"

static Doc *read_refs(Arena *arena, git_repository *git) {
    Doc *refs = doc_map(arena);
    git_reference_iterator *all = NULL;
    git_reference *ref = NULL;
    if (git_reference_iterator_new(&all, git) != 0) return refs;
    while (git_reference_next(&ref, all) == 0) {
        Str name = str_copy(arena, str_of(git_reference_name(ref)));
        git_object *object = NULL;
        bool told = str_starts(name, STR("refs/heads/")) || str_starts(name, STR("refs/tags/"));
        if (told && git_reference_peel(&object, ref, GIT_OBJECT_COMMIT) == 0)
            doc_add(refs, name, doc_of_str(arena, git_oid_str(arena, git_object_id(object))));
        git_object_free(object);
        git_reference_free(ref);
    }
    git_reference_iterator_free(all);
    return refs;
}

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

void refs_follow(Turn *turn, Str repository_name, Str caller_arn) {
    Arena *arena = turn_arena(turn);
    Doc *repository;
    Error e = {0};
    AUTO_GIT *git = NULL;
    if (!turn_get(turn, &CODECOMMIT_REPOSITORY, repository_name, &repository)) return;
    if (!git_open(turn, repository, &git, &e)) {
        log_warn("repository %.*s: %s", STR_ARG(repository_name), e.message);
        return;
    }
    Doc *now = read_refs(arena, git);
    if (!publish_changes(turn, repository, doc_get(repository, "$refs"), now, caller_arn)) return;
    choose_default(arena, git, repository, now);
    doc_set(repository, "$refs", now);
    doc_set_time(arena, repository, "lastModifiedDate", turn_now(turn));
    turn_put(turn, &CODECOMMIT_REPOSITORY, repository_name, repository);
}

static bool follow_one(void *context, Partition where, Str id, const Doc *repository) {
    Turn *turn = context;
    turn_enter(turn, where);
    refs_follow(turn, id, str_format(turn_arena(turn), "arn:aws:iam::%.*s:root", STR_ARG(where.account)));
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
    if (status != 0) {
        return fail(e, "ConcurrentReferenceUpdateException", "The branch %.*s cannot be updated because the reference is locked by another user.",
                    STR_ARG(branch));
    }
    refs_follow(turn, doc_text(repository, "repositoryName"), call->principal.arn);
    return true;
}
