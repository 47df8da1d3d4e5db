// Reading: files, folders, blobs, differences between commits.
#include "services/codecommit/codecommit.h"

#include <stdlib.h>

enum { MOST_FILE_BYTES = 6 * 1024 * 1024, MOST_DIFFERENCES = 100 };

static Str mode_name(git_filemode_t mode) {
    return mode == GIT_FILEMODE_BLOB_EXECUTABLE ? STR("EXECUTABLE") : mode == GIT_FILEMODE_LINK ? STR("SYMLINK") : STR("NORMAL");
}

static bool open_commit(Turn *turn, const Call *call, Str specifier, git_repository **git, git_commit **commit, Error *e) {
    Doc *repository;
    TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    TRY(git_open(turn, repository, git, e));
    if (!specifier.len) specifier = doc_text(repository, "defaultBranch");
    if (!specifier.len) return fail(e, "CommitDoesNotExistException", "The repository is empty.");
    return git_commit_of(*git, specifier, commit, e);
}

static Str clean_path(Str path) { return str_strip_suffix(str_strip_prefix(path, STR("/")), STR("/")); }

Outcome codecommit_get_file(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str path = clean_path(doc_str(doc_get(call->input, "filePath"), STR("")));
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *commit = NULL;
    AUTO_TREE *tree = NULL;
    git_tree_entry *entry = NULL;
    git_blob *blob = NULL;
    if (!path.len) return call_fail(e, "PathRequiredException", "A file path is required.");
    CALL_TRY(open_commit(turn, call, doc_text(call->input, "commitSpecifier"), &git, &commit, e));
    bool found = git_commit_tree(&tree, commit) == 0 && git_tree_entry_bypath(&entry, tree, str_c(arena, path)) == 0 &&
                 git_blob_lookup(&blob, git, git_tree_entry_id(entry)) == 0;
    if (found && git_blob_rawsize(blob) <= MOST_FILE_BYTES) {
        Doc *reply = doc_map(arena);
        doc_set_str(arena, reply, "commitId", git_oid_str(arena, git_commit_id(commit)));
        doc_set_str(arena, reply, "blobId", git_oid_str(arena, git_blob_id(blob)));
        doc_set_str(arena, reply, "filePath", path);
        doc_set_str(arena, reply, "fileMode", mode_name(git_tree_entry_filemode(entry)));
        doc_set_int(arena, reply, "fileSize", (int64_t)git_blob_rawsize(blob));
        doc_set(reply, "fileContent", doc_of_blob(arena, str_copy(arena, (Str){git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)})));
        *out = reply;
    }
    bool too_large = found && !*out;
    git_blob_free(blob);
    git_tree_entry_free(entry);
    if (too_large) return call_fail(e, "FileTooLargeException", "The file %.*s exceeds 6 MB, which is the limit of GetFile.", STR_ARG(path));
    return found ? OUTCOME_DONE : call_fail(e, "FileDoesNotExistException", "Could not find path %.*s", STR_ARG(path));
}

Outcome codecommit_get_blob(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    Str id = doc_text(call->input, "blobId");
    AUTO_GIT *git = NULL;
    git_blob *blob = NULL;
    git_oid oid;
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    CALL_TRY(git_open(turn, repository, &git, e));
    if (!id.len) return call_fail(e, "BlobIdRequiredException", "A blob ID is required.");
    if (!git_oid_of(id, &oid)) return call_fail(e, "InvalidBlobIdException", "The specified blob is not valid: %.*s", STR_ARG(id));
    if (git_blob_lookup(&blob, git, &oid) != 0)
        return call_fail(e, "BlobIdDoesNotExistException", "The specified blob does not exist: %.*s", STR_ARG(id));
    *out = doc_map(call->arena);
    doc_set(*out, "content", doc_of_blob(call->arena, str_copy(call->arena, (Str){git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)})));
    git_blob_free(blob);
    return OUTCOME_DONE;
}

// ---- Folders ----

static bool folder_tree(git_repository *git, git_commit *commit, Arena *arena, Str path, git_tree **out) {
    git_tree *root = NULL;
    git_tree_entry *entry = NULL;
    if (git_commit_tree(&root, commit) != 0) return false;
    if (!path.len) {
        *out = root;
        return true;
    }
    bool found = git_tree_entry_bypath(&entry, root, str_c(arena, path)) == 0 && git_tree_lookup(out, git, git_tree_entry_id(entry)) == 0;
    git_tree_entry_free(entry);
    git_tree_free(root);
    return found;
}

static void add_entry(Arena *arena, Doc *reply, const git_tree_entry *entry, Str folder) {
    Doc *doc = doc_map(arena);
    Str name = str_copy(arena, str_of(git_tree_entry_name(entry))), id = git_oid_str(arena, git_tree_entry_id(entry));
    git_filemode_t mode = git_tree_entry_filemode(entry);
    doc_set_str(arena, doc, "absolutePath", folder.len ? str_format(arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name)) : name);
    doc_set_str(arena, doc, "relativePath", name);
    if (mode == GIT_FILEMODE_TREE) {
        doc_set_str(arena, doc, "treeId", id);
        doc_push(doc_get(reply, "subFolders"), doc);
    } else if (mode == GIT_FILEMODE_COMMIT) {
        doc_set_str(arena, doc, "commitId", id);
        doc_push(doc_get(reply, "subModules"), doc);
    } else {
        doc_set_str(arena, doc, "blobId", id);
        doc_set_str(arena, doc, "fileMode", mode_name(mode));
        doc_push(doc_get(reply, mode == GIT_FILEMODE_LINK ? "symbolicLinks" : "files"), doc);
    }
}

Outcome codecommit_get_folder(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const LISTS[] = {"subFolders", "files", "symbolicLinks", "subModules"};
    Arena *arena = call->arena;
    Str path = clean_path(doc_str(doc_get(call->input, "folderPath"), STR("")));
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *commit = NULL;
    AUTO_TREE *tree = NULL;
    CALL_TRY(open_commit(turn, call, doc_text(call->input, "commitSpecifier"), &git, &commit, e));
    if (!folder_tree(git, commit, arena, path, &tree)) return call_fail(e, "FolderDoesNotExistException", "Could not find path %.*s", STR_ARG(path));
    Doc *reply = doc_map(arena);
    doc_set_str(arena, reply, "commitId", git_oid_str(arena, git_commit_id(commit)));
    doc_set_str(arena, reply, "folderPath", path);
    doc_set_str(arena, reply, "treeId", git_oid_str(arena, git_tree_id(tree)));
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) doc_set(reply, LISTS[i], doc_list(arena));
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) add_entry(arena, reply, git_tree_entry_byindex(tree, i), path);
    *out = reply;
    return OUTCOME_DONE;
}

// ---- Differences ----

static Doc *side(Arena *arena, const git_diff_file *file) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "blobId", git_oid_str(arena, &file->id));
    doc_set_str(arena, doc, "path", str_copy(arena, str_of(file->path)));
    doc_set_str(arena, doc, "mode", str_format(arena, "%o", (unsigned)file->mode));
    return doc;
}

static bool is_below(const git_diff_delta *delta, Str before, Str after) {
    bool old = !before.len || str_starts(str_of(delta->old_file.path), before);
    return old && (!after.len || str_starts(str_of(delta->new_file.path), after));
}

static Doc *difference(Arena *arena, const git_diff_delta *delta) {
    Doc *doc = doc_map(arena);
    bool added = delta->status == GIT_DELTA_ADDED, deleted = delta->status == GIT_DELTA_DELETED;
    if (!added) doc_set(doc, "beforeBlob", side(arena, &delta->old_file));
    if (!deleted) doc_set(doc, "afterBlob", side(arena, &delta->new_file));
    doc_set_str(arena, doc, "changeType", added ? STR("A") : deleted ? STR("D") : STR("M"));
    return doc;
}

static Outcome list_differences(const Call *call, git_diff *diff, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *list = doc_list(arena);
    int64_t from = 0, most = doc_number(call->input, "MaxResults", MOST_DIFFERENCES);
    Str token = doc_text(call->input, "NextToken");
    if (token.len && (!str_to_int(token, &from) || from < 0)) {
        return call_fail(e, "InvalidContinuationTokenException", "The specified continuation token is not valid.");
    }
    size_t at = (size_t)from;
    for (; at < git_diff_num_deltas(diff) && list->count < most; at++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, at);
        if (is_below(delta, doc_text(call->input, "beforePath"), doc_text(call->input, "afterPath"))) doc_push(list, difference(arena, delta));
    }
    doc_set(reply, "differences", list);
    if (at < git_diff_num_deltas(diff)) doc_set_str(arena, reply, "NextToken", str_format(arena, "%zu", at));
    *out = reply;
    return OUTCOME_DONE;
}

Outcome codecommit_get_differences(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str before = doc_text(call->input, "beforeCommitSpecifier"), after = doc_text(call->input, "afterCommitSpecifier");
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *to = NULL, *from = NULL;
    AUTO_TREE *old_tree = NULL, *new_tree = NULL;
    git_diff *diff = NULL;
    if (!after.len) return call_fail(e, "CommitRequiredException", "A commit was not specified.");
    CALL_TRY(open_commit(turn, call, after, &git, &to, e));
    if (before.len) CALL_TRY(git_commit_of(git, before, &from, e));
    if (from) git_commit_tree(&old_tree, from);
    git_commit_tree(&new_tree, to);
    if (git_diff_tree_to_tree(&diff, git, old_tree, new_tree, NULL) != 0) return call_fail(e, "InternalFailure", "The commits cannot be compared.");
    Outcome outcome = list_differences(call, diff, out, e);
    git_diff_free(diff);
    return outcome;
}
