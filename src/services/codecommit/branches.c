// Branches and commits.
#include "services/codecommit/codecommit.h"

enum { MOST_COMMITS = 100 };

static bool branch_ref(const Call *call, const Doc *repository, Str branch, Str *commit, Error *e) {
    const Doc *ref = doc_get_str_key(doc_get(repository, "$refs"), str_cat(call->arena, STR("refs/heads/"), branch));
    if (!ref) return fail(e, "BranchDoesNotExistException", "Branch %.*s does not exist", STR_ARG(branch));
    *commit = doc_str(ref, STR(""));
    return true;
}

static Doc *branch_doc(Arena *arena, Str branch, Str commit) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "branchName", branch);
    doc_set_str(arena, doc, "commitId", commit);
    return doc;
}

Outcome codecommit_get_branch(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    Str branch = doc_text(call->input, "branchName"), commit;
    CALL_TRY(codecommit_check_branch_name(call->arena, branch, e));
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    CALL_TRY(branch_ref(call, repository, branch, &commit, e));
    *out = doc_map(call->arena);
    doc_set(*out, "branch", branch_doc(call->arena, branch, commit));
    return OUTCOME_DONE;
}

static const CommitCodes OF_BRANCH = {"InvalidCommitIdException", "CommitDoesNotExistException"};

Outcome codecommit_create_branch(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    Str branch = doc_text(call->input, "branchName"), id = doc_text(call->input, "commitId"), taken;
    if (!id.len) return call_fail(e, "CommitIdRequiredException", "A commit ID is required.");
    CALL_TRY(codecommit_check_branch_name(call->arena, branch, e));
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    if (branch_ref(call, repository, branch, &taken, NULL)) {
        return call_fail(e, "BranchNameExistsException", "Branch %.*s already exists", STR_ARG(branch));
    }
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *commit = NULL;
    CALL_TRY(git_open(turn, repository, &git, e));
    CALL_TRY(codecommit_check_commit_id(git, id, &commit, &OF_BRANCH, e));
    CALL_TRY(refs_move(turn, call, repository, branch, NULL, git_commit_id(commit), e));
    return OUTCOME_DONE;
}

Outcome codecommit_delete_branch(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    Str branch = doc_text(call->input, "branchName"), commit;
    *out = doc_map(call->arena);
    CALL_TRY(codecommit_check_branch_name(call->arena, branch, e));
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    if (str_eq(branch, doc_text(repository, "defaultBranch"))) {
        return call_fail(e, "DefaultBranchCannotBeDeletedException", "The default branch %.*s cannot be deleted", STR_ARG(branch));
    }
    if (!branch_ref(call, repository, branch, &commit, NULL)) return OUTCOME_DONE;
    CALL_TRY(refs_move(turn, call, repository, branch, NULL, NULL, e));
    doc_set(*out, "deletedBranch", branch_doc(call->arena, branch, commit));
    return OUTCOME_DONE;
}

// ---- Commits ----

static Doc *person(Arena *arena, const git_signature *who) {
    Doc *doc = doc_map(arena);
    int minutes = who->when.offset < 0 ? -who->when.offset : who->when.offset;
    doc_set_str(arena, doc, "name", str_copy(arena, str_of(who->name)));
    doc_set_str(arena, doc, "email", str_copy(arena, str_of(who->email)));
    doc_set_str(arena, doc, "date",
                str_format(arena, "%lld %c%02d%02d", (long long)who->when.time, who->when.offset < 0 ? '-' : '+', minutes / 60, minutes % 60));
    return doc;
}

Doc *codecommit_commit_doc(Arena *arena, git_commit *commit) {
    Doc *doc = doc_map(arena), *parents = doc_list(arena);
    doc_set_str(arena, doc, "commitId", git_oid_str(arena, git_commit_id(commit)));
    doc_set_str(arena, doc, "treeId", git_oid_str(arena, git_commit_tree_id(commit)));
    for (unsigned i = 0; i < git_commit_parentcount(commit); i++) doc_push_str(arena, parents, git_oid_str(arena, git_commit_parent_id(commit, i)));
    doc_set(doc, "parents", parents);
    doc_set_str(arena, doc, "message", str_copy(arena, str_of(git_commit_message(commit))));
    doc_set(doc, "author", person(arena, git_commit_author(commit)));
    doc_set(doc, "committer", person(arena, git_commit_committer(commit)));
    doc_set_str(arena, doc, "additionalData", STR(""));
    return doc;
}

static const CommitCodes OF_COMMIT = {"InvalidCommitIdException", "CommitIdDoesNotExistException"};

Outcome codecommit_get_commit(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    Str id = doc_text(call->input, "commitId");
    if (!id.len) return call_fail(e, "CommitIdRequiredException", "A commit ID is required.");
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *commit = NULL;
    CALL_TRY(git_open(turn, repository, &git, e));
    CALL_TRY(codecommit_check_commit_id(git, id, &commit, &OF_COMMIT, e));
    *out = doc_map(call->arena);
    doc_set(*out, "commit", codecommit_commit_doc(call->arena, commit));
    return OUTCOME_DONE;
}

Outcome codecommit_batch_get_commits(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *repository, *reply = doc_map(arena), *found = doc_list(arena), *errors = doc_list(arena);
    const Doc *ids = doc_get(call->input, "commitIds");
    if (!doc_count(ids)) return call_fail(e, "CommitIdsListRequiredException", "A list of commit IDs is required.");
    if (doc_count(ids) > MOST_COMMITS) {
        return call_fail(e, "CommitIdsLimitExceededException", "%zu commit IDs are more than the %d that one request may have.", doc_count(ids),
                         MOST_COMMITS);
    }
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    AUTO_GIT *git = NULL;
    CALL_TRY(git_open(turn, repository, &git, e));
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        git_commit *commit = NULL;
        Doc *problem = doc_map(arena);
        Error why = {0};
        if (codecommit_check_commit_id(git, doc_str(id, STR("")), &commit, &OF_COMMIT, &why)) {
            doc_push(found, codecommit_commit_doc(arena, commit));
            git_commit_free(commit);
            continue;
        }
        doc_set_str(arena, problem, "commitId", doc_str(id, STR("")));
        doc_set_str(arena, problem, "errorCode", str_copy(arena, str_of(why.code)));
        doc_set_str(arena, problem, "errorMessage", str_copy(arena, str_of(why.message)));
        doc_push(errors, problem);
    }
    doc_set(reply, "commits", found);
    doc_set(reply, "errors", errors);
    *out = reply;
    return OUTCOME_DONE;
}
