// Writing without git: CreateCommit, PutFile, DeleteFile. Objects are written as they come (unreferenced ones harm nobody); the branch moves at the end.
#include "services/codecommit/codecommit.h"

#include "base/vec.h"

#include <stdlib.h>

enum { MOST_FILES = 100, MOST_FILE_BYTES = 6 * 1024 * 1024 };

// A commit in the making.
typedef struct Draft {
    Turn *turn;
    const Call *call;
    Doc *repository;
    git_repository *git;
    git_index *index; // the tree as it will be
    git_commit *parent; // NULL: the first commit
    Str branch;
    Doc *added, *updated, *deleted;
} Draft;

static void draft_done(Draft *draft) {
    git_index_free(draft->index);
    git_commit_free(draft->parent);
    git_repository_free(draft->git);
}

static bool git_failed(Error *e, const char *what) {
    const git_error *why = git_error_last();
    return fail(e, "InternalFailure", "%s: %s", what, why ? why->message : "unknown");
}

static bool check_parent(Draft *draft, Error *e) {
    Str given = doc_text(draft->call->input, "parentCommitId");
    const Doc *tip = doc_get_str_key(doc_get(draft->repository, "$refs"), str_cat(draft->call->arena, STR("refs/heads/"), draft->branch));
    if (!tip) {
        bool empty = doc_count(doc_get(draft->repository, "$refs")) == 0;
        return empty || fail(e, "BranchDoesNotExistException", "Branch %.*s does not exist", STR_ARG(draft->branch));
    }
    Str current = doc_str(tip, STR(""));
    if (!given.len) return fail(e, "ParentCommitIdRequiredException", "A parent commit ID is required.");
    TRY(git_commit_of(draft->git, current, &draft->parent, e));
    if (str_eq(given, current)) return true;
    git_commit *other = NULL;
    bool exists = git_commit_of(draft->git, given, &other, NULL);
    git_commit_free(other);
    if (!exists) return fail(e, "ParentCommitDoesNotExistException", "The parent commit ID %.*s does not exist", STR_ARG(given));
    return fail(e, "ParentCommitIdOutdatedException",
                "The parent commit ID %.*s is outdated: the tip of branch %.*s is %.*s. Use the most recent commit ID.", STR_ARG(given),
                STR_ARG(draft->branch), STR_ARG(current));
}

static bool draft_open(Draft *draft, Turn *turn, const Call *call, Error *e) {
    *draft = (Draft){.turn = turn, .call = call, .branch = doc_text(call->input, "branchName")};
    draft->added = doc_list(call->arena);
    draft->updated = doc_list(call->arena);
    draft->deleted = doc_list(call->arena);
    TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &draft->repository, e));
    if (!draft->branch.len) return fail(e, "BranchNameRequiredException", "A branch name is required.");
    TRY(git_open(turn, draft->repository, &draft->git, e));
    TRY(check_parent(draft, e));
    if (git_index_new(&draft->index) != 0) return git_failed(e, "The tree cannot be read");
    AUTO_TREE *tree = NULL;
    if (!draft->parent) return true;
    bool read = git_commit_tree(&tree, draft->parent) == 0 && git_index_read_tree(draft->index, tree) == 0;
    return read || git_failed(e, "The tree cannot be read");
}

static bool path_ok(Str path, Error *e) {
    if (!path.len) return fail(e, "PathRequiredException", "A file path is required.");
    bool bad = path.at[0] == '/' || str_contains(path, STR("//")) || str_starts(path, STR("../")) || str_contains(path, STR("/../")) ||
               str_starts(path, STR(".git/"));
    return !bad || fail(e, "InvalidPathException", "The specified path is not valid: %.*s", STR_ARG(path));
}

static bool put(Draft *draft, Str path, Str mode, Str content, git_oid *blob, Error *e) {
    Arena *arena = draft->call->arena;
    git_index_entry entry = {.mode = str_is(mode, "EXECUTABLE") ? GIT_FILEMODE_BLOB_EXECUTABLE
                                     : str_is(mode, "SYMLINK")  ? GIT_FILEMODE_LINK
                                                                : GIT_FILEMODE_BLOB};
    TRY(path_ok(path, e));
    if (content.len > MOST_FILE_BYTES) return fail(e, "FileContentSizeLimitExceededException", "The file %.*s exceeds 6 MB.", STR_ARG(path));
    entry.path = str_c(arena, path);
    if (git_blob_create_from_buffer(&entry.id, draft->git, content.at ? content.at : "", content.len) != 0)
        return git_failed(e, "The file cannot be stored");
    const git_index_entry *old = git_index_get_bypath(draft->index, entry.path, 0);
    if (old && git_oid_equal(&old->id, &entry.id) && old->mode == entry.mode) {
        return fail(e, "SameFileContentException", "The content of file %.*s is the same as in the parent commit.", STR_ARG(path));
    }
    Doc *file = doc_map(arena);
    doc_set_str(arena, file, "absolutePath", path);
    doc_set_str(arena, file, "blobId", git_oid_str(arena, &entry.id));
    doc_set_str(arena, file, "fileMode", mode.at ? mode : STR("NORMAL"));
    doc_push(old ? draft->updated : draft->added, file);
    if (blob) *blob = entry.id;
    return git_index_add(draft->index, &entry) == 0 || git_failed(e, "The file cannot be added");
}

static bool remove_path(Draft *draft, Str path, git_oid *blob, Error *e) {
    Arena *arena = draft->call->arena;
    TRY(path_ok(path, e));
    const git_index_entry *old = git_index_get_bypath(draft->index, str_c(arena, path), 0);
    if (!old) return fail(e, "FileDoesNotExistException", "Could not find path %.*s", STR_ARG(path));
    Doc *file = doc_map(arena);
    doc_set_str(arena, file, "absolutePath", path);
    doc_set_str(arena, file, "blobId", git_oid_str(arena, &old->id));
    doc_push(draft->deleted, file);
    if (blob) *blob = old->id;
    return git_index_remove_bypath(draft->index, str_c(arena, path)) == 0 || git_failed(e, "The file cannot be removed");
}

static bool set_mode(Draft *draft, Str path, Str mode, Error *e) {
    const git_index_entry *old = git_index_get_bypath(draft->index, str_c(draft->call->arena, path), 0);
    if (!old) return fail(e, "FileDoesNotExistException", "Could not find path %.*s", STR_ARG(path));
    git_index_entry entry = *old;
    entry.mode = str_is(mode, "EXECUTABLE") ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
    entry.path = str_c(draft->call->arena, path);
    return git_index_add(draft->index, &entry) == 0 || git_failed(e, "The mode cannot be set");
}

// The commit itself; the branch moves to it. `*tree` and `*id` are told to the caller.
static bool draft_commit(Draft *draft, Str author, Str email, Str message, git_oid *id, git_oid *tree_id, Error *e) {
    Arena *arena = draft->call->arena;
    AUTO_TREE *tree = NULL;
    git_signature *who = NULL;
    Str name = author.len ? author : draft->call->principal.name.len ? draft->call->principal.name : STR("root");
    if (!email.len) email = str_format(arena, "%.*s@%.*s", STR_ARG(name), STR_ARG(draft->call->where.account)); // git wants one
    const git_commit *parents[] = {draft->parent};
    bool made = git_index_write_tree_to(tree_id, draft->index, draft->git) == 0 && git_tree_lookup(&tree, draft->git, tree_id) == 0 &&
                git_signature_new(&who, str_c(arena, name), str_c(arena, email), draft->call->now_ms / 1000, 0) == 0;
    if (made && draft->parent && git_oid_equal(tree_id, git_commit_tree_id(draft->parent))) {
        git_signature_free(who);
        return fail(e, "NoChangeException",
                    "The commit cannot be created because no changes will be made to the repository as a result of this commit.");
    }
    const char *text = message.at ? str_c(arena, message) : "";
    made = made && git_commit_create(id, draft->git, NULL, who, who, "UTF-8", text, tree, draft->parent ? 1 : 0, parents) == 0;
    git_signature_free(who);
    if (!made) return git_failed(e, "The commit cannot be made");
    return refs_move(draft->turn, draft->call, draft->repository, draft->branch, draft->parent ? git_commit_id(draft->parent) : NULL, id, e);
}

static bool apply_all(Draft *draft, Error *e) {
    const Doc *input = draft->call->input, *puts = doc_get(input, "putFiles"), *deletes = doc_get(input, "deleteFiles"),
              *modes = doc_get(input, "setFileModes");
    size_t count = doc_count(puts) + doc_count(deletes) + doc_count(modes);
    if (!count)
        return fail(e, "FileEntryRequiredException",
                    "The commit cannot be created because no files have been specified as added, updated, or changed.");
    if (count > MOST_FILES) return fail(e, "MaximumFileEntriesExceededException", "The number of files exceeds %d.", MOST_FILES);
    for (const Doc *file = doc_first(puts); file; file = file->next) {
        if (doc_get(file, "sourceFile")) return fail(e, "NotImplemented", "CreateCommit with sourceFile is not built.");
        TRY(put(draft, doc_text(file, "filePath"), doc_text(file, "fileMode"), doc_text(file, "fileContent"), NULL, e));
    }
    for (const Doc *file = doc_first(deletes); file; file = file->next) TRY(remove_path(draft, doc_text(file, "filePath"), NULL, e));
    for (const Doc *file = doc_first(modes); file; file = file->next) TRY(set_mode(draft, doc_text(file, "filePath"), doc_text(file, "fileMode"), e));
    return true;
}

Outcome codecommit_create_commit(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    const Doc *input = call->input;
    __attribute__((cleanup(draft_done))) Draft draft;
    git_oid id, tree;
    bool done = draft_open(&draft, turn, call, e) && apply_all(&draft, e) &&
                draft_commit(&draft, doc_text(input, "authorName"), doc_text(input, "email"), doc_text(input, "commitMessage"), &id, &tree, e);
    CALL_TRY(done);
    *out = doc_map(arena);
    doc_set_str(arena, *out, "commitId", git_oid_str(arena, &id));
    doc_set_str(arena, *out, "treeId", git_oid_str(arena, &tree));
    doc_set(*out, "filesAdded", draft.added);
    doc_set(*out, "filesUpdated", draft.updated);
    doc_set(*out, "filesDeleted", draft.deleted);
    return OUTCOME_DONE;
}

static Outcome one_file(Turn *turn, const Call *call, bool deletes, Doc **out, Error *e) {
    Arena *arena = call->arena;
    const Doc *input = call->input;
    Str path = doc_text(input, "filePath");
    __attribute__((cleanup(draft_done))) Draft draft;
    git_oid id, tree, blob;
    CALL_TRY(draft_open(&draft, turn, call, e));
    if (deletes) {
        CALL_TRY(remove_path(&draft, path, &blob, e));
    } else {
        CALL_TRY(put(&draft, path, doc_text(input, "fileMode"), doc_text(input, "fileContent"), &blob, e));
    }
    CALL_TRY(draft_commit(&draft, doc_text(input, "name"), doc_text(input, "email"), doc_text(input, "commitMessage"), &id, &tree, e));
    *out = doc_map(arena);
    doc_set_str(arena, *out, "commitId", git_oid_str(arena, &id));
    doc_set_str(arena, *out, "treeId", git_oid_str(arena, &tree));
    doc_set_str(arena, *out, "blobId", git_oid_str(arena, &blob));
    if (deletes) doc_set_str(arena, *out, "filePath", path);
    return OUTCOME_DONE;
}

Outcome codecommit_put_file(Turn *turn, const Call *call, Doc **out, Error *e) { return one_file(turn, call, false, out, e); }
Outcome codecommit_delete_file(Turn *turn, const Call *call, Doc **out, Error *e) { return one_file(turn, call, true, out, e); }
