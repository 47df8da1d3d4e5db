// Reading: files, folders, blobs.
#include "services/codecommit/codecommit.h"

enum { MOST_FILE_BYTES = 6 * 1024 * 1024 };

Str git_mode_name(git_filemode_t mode) {
    return mode == GIT_FILEMODE_BLOB_EXECUTABLE ? STR("EXECUTABLE") : mode == GIT_FILEMODE_LINK ? STR("SYMLINK") : STR("NORMAL");
}

static Doc *blob_content(Arena *arena, const git_blob *blob) {
    return doc_of_blob(arena, str_copy(arena, (Str){git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)}));
}

Outcome codecommit_get_file(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str path;
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *commit = NULL;
    AUTO_TREE *tree = NULL;
    git_tree_entry *entry = NULL;
    git_blob *blob = NULL;
    CALL_TRY(codecommit_check_file_path(doc_str(doc_get(call->input, "filePath"), STR("")), &path, e));
    CALL_TRY(git_open_commit(turn, call, doc_text(call->input, "commitSpecifier"), &git, &commit, e));
    int status = git_commit_tree(&tree, commit);
    if (status == 0) status = git_tree_entry_bypath(&entry, tree, str_c(arena, path));
    if (status == 0) status = git_blob_lookup(&blob, git, git_tree_entry_id(entry));
    bool found = status == 0;
    if (found && git_blob_rawsize(blob) <= MOST_FILE_BYTES) {
        Doc *reply = doc_map(arena);
        doc_set_str(arena, reply, "commitId", git_oid_str(arena, git_commit_id(commit)));
        doc_set_str(arena, reply, "blobId", git_oid_str(arena, git_blob_id(blob)));
        doc_set_str(arena, reply, "filePath", path);
        doc_set_str(arena, reply, "fileMode", git_mode_name(git_tree_entry_filemode(entry)));
        doc_set_int(arena, reply, "fileSize", (int64_t)git_blob_rawsize(blob));
        doc_set(reply, "fileContent", blob_content(arena, blob));
        *out = reply;
    }
    bool too_large = found && !*out;
    git_blob_free(blob);
    git_tree_entry_free(entry);
    if (too_large) return call_fail(e, "FileTooLargeException", "The file %.*s exceeds the limit of 6 MB.", STR_ARG(path));
    CALL_TRY(found || status == GIT_ENOTFOUND || git_failed(e, "The file cannot be read"));
    return found ? OUTCOME_DONE : call_fail(e, "FileDoesNotExistException", "Could not find path %.*s", STR_ARG(path));
}

Outcome codecommit_get_blob(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *repository;
    Str id = doc_text(call->input, "blobId");
    AUTO_GIT *git = NULL;
    git_blob *blob = NULL;
    git_oid oid;
    if (!id.len) return call_fail(e, "BlobIdRequiredException", "A blob ID is required.");
    if (!git_oid_of(id, &oid)) return call_fail(e, "InvalidBlobIdException", "The specified blob is not valid: %.*s", STR_ARG(id));
    CALL_TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &repository, e));
    CALL_TRY(git_open(turn, repository, &git, e));
    int status = git_blob_lookup(&blob, git, &oid);
    CALL_TRY(status == 0 || status == GIT_ENOTFOUND || git_failed(e, "The blob cannot be read"));
    if (status != 0) return call_fail(e, "BlobIdDoesNotExistException", "The specified blob does not exist: %.*s", STR_ARG(id));
    bool fits = git_blob_rawsize(blob) <= MOST_FILE_BYTES;
    *out = doc_map(call->arena);
    if (fits) doc_set(*out, "content", blob_content(call->arena, blob));
    git_blob_free(blob);
    return fits ? OUTCOME_DONE : call_fail(e, "FileTooLargeException", "The blob %.*s exceeds the limit of 6 MB.", STR_ARG(id));
}

// ---- Folders ----

// libgit2's status.
static int folder_tree(git_repository *git, git_commit *commit, Arena *arena, Str path, git_tree **out) {
    git_tree *root = NULL;
    git_tree_entry *entry = NULL;
    int status = git_commit_tree(&root, commit);
    if (status != 0) return status;
    if (!path.len) {
        *out = root;
        return 0;
    }
    status = git_tree_entry_bypath(&entry, root, str_c(arena, path));
    if (status == 0) status = git_tree_lookup(out, git, git_tree_entry_id(entry));
    git_tree_entry_free(entry);
    git_tree_free(root);
    return status;
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
        doc_set_str(arena, doc, "fileMode", git_mode_name(mode));
        doc_push(doc_get(reply, mode == GIT_FILEMODE_LINK ? "symbolicLinks" : "files"), doc);
    }
}

Outcome codecommit_get_folder(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const LISTS[] = {"subFolders", "files", "symbolicLinks", "subModules"};
    Arena *arena = call->arena;
    Str path = str_strip_suffix(str_strip_prefix(doc_str(doc_get(call->input, "folderPath"), STR("")), STR("/")), STR("/"));
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *commit = NULL;
    AUTO_TREE *tree = NULL;
    CALL_TRY(codecommit_check_path(path, e));
    CALL_TRY(git_open_commit(turn, call, doc_text(call->input, "commitSpecifier"), &git, &commit, e));
    int status = folder_tree(git, commit, arena, path, &tree);
    CALL_TRY(status == 0 || status == GIT_ENOTFOUND || git_failed(e, "The folder cannot be read"));
    if (status != 0) return call_fail(e, "FolderDoesNotExistException", "Could not find path %.*s", STR_ARG(path));
    Doc *reply = doc_map(arena);
    doc_set_str(arena, reply, "commitId", git_oid_str(arena, git_commit_id(commit)));
    doc_set_str(arena, reply, "folderPath", path);
    doc_set_str(arena, reply, "treeId", git_oid_str(arena, git_tree_id(tree)));
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) doc_set(reply, LISTS[i], doc_list(arena));
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) add_entry(arena, reply, git_tree_entry_byindex(tree, i), path);
    *out = reply;
    return OUTCOME_DONE;
}
