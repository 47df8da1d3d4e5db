#include "services/codecommit/drafts.h"

#include "os/files.h"

enum { MOST_FILE_BYTES = 6 * 1024 * 1024, MOST_BYTES = 7 * 1024 * 1024, MOST_MESSAGE_BYTES = 256 * 1024, MOST_NAME_BYTES = 1024 };

// ---- Opening ----

void draft_done(Draft *draft) {
    git_index_free(draft->index);
    git_commit_free(draft->parent);
    git_repository_free(draft->git);
}

// What git cannot keep in a signature.
static bool is_signable(Str text) {
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == '<' || text.at[i] == '>') return false;
    }
    return text.len <= MOST_NAME_BYTES;
}

static bool check_author(const Author *author, Error *e) {
    if (author->name.len > MOST_NAME_BYTES)
        return fail(e, "NameLengthExceededException", "The user name has more than %d characters.", MOST_NAME_BYTES);
    if (!is_signable(author->email)) return fail(e, "InvalidEmailException", "The email address is not valid: %.*s", STR_ARG(author->email));
    return author->message.len <= MOST_MESSAGE_BYTES || fail(e, "CommitMessageLengthExceededException", "The commit message exceeds 256 KB.");
}

static const Doc *ref_of(const Draft *draft, const char *prefix) {
    return doc_get_str_key(doc_get(draft->repository, "$refs"), str_cat(draft->call->arena, str_of(prefix), draft->branch));
}

static bool has_branches(const Doc *repository) {
    for (const Doc *ref = doc_first(doc_get(repository, "$refs")); ref; ref = ref->next) {
        if (str_starts(ref->key, STR("refs/heads/"))) return true;
    }
    return false;
}

static const CommitCodes OF_PARENT = {"InvalidParentCommitIdException", "ParentCommitDoesNotExistException"};

// The given parent must be where the branch stands.
static bool check_given(Draft *draft, Str given, Error *e) {
    const git_oid *tip = git_commit_id(draft->parent);
    git_commit *other = NULL;
    if (!given.len) return fail(e, "ParentCommitIdRequiredException", "A parent commit ID is required.");
    TRY(codecommit_check_commit_id(draft->git, given, &other, &OF_PARENT, e));
    git_oid id = *git_commit_id(other);
    git_commit_free(other);
    if (git_oid_equal(&id, tip)) return true;
    if (git_graph_descendant_of(draft->git, tip, &id) != 1) {
        return fail(e, "ParentCommitDoesNotExistException", "The parent commit ID %.*s does not exist in branch %.*s", STR_ARG(given),
                    STR_ARG(draft->branch));
    }
    Str current = git_oid_str(draft->call->arena, tip);
    return fail(e, "ParentCommitIdOutdatedException", "The parent commit ID %.*s is outdated: the tip of branch %.*s is %.*s.", STR_ARG(given),
                STR_ARG(draft->branch), STR_ARG(current));
}

static bool find_parent(Draft *draft, Error *e) {
    Str given = doc_text(draft->call->input, "parentCommitId");
    const Doc *tip = ref_of(draft, "refs/heads/");
    if (tip) {
        TRY(git_commit_of(draft->git, doc_str(tip, STR("")), &draft->parent, e));
        return check_given(draft, given, e);
    }
    if (ref_of(draft, "refs/tags/"))
        return fail(e, "BranchNameIsTagNameException", "%.*s is the name of a tag, not of a branch.", STR_ARG(draft->branch));
    if (has_branches(draft->repository)) return fail(e, "BranchDoesNotExistException", "Branch %.*s does not exist", STR_ARG(draft->branch));
    git_commit *other = NULL;
    if (!given.len) return true;
    TRY(codecommit_check_commit_id(draft->git, given, &other, &OF_PARENT, e));
    git_commit_free(other);
    return fail(e, "ParentCommitDoesNotExistException", "The parent commit ID %.*s does not exist: the repository is empty", STR_ARG(given));
}

bool draft_open(Draft *draft, Turn *turn, const Call *call, const Author *author, Error *e) {
    *draft = (Draft){.turn = turn, .call = call, .branch = doc_text(call->input, "branchName")};
    draft->added = doc_list(call->arena);
    draft->updated = doc_list(call->arena);
    draft->deleted = doc_list(call->arena);
    TRY(codecommit_check_branch_name(call->arena, draft->branch, e));
    TRY(check_author(author, e));
    TRY(repository_find(turn, doc_text(call->input, "repositoryName"), &draft->repository, e));
    TRY(git_open(turn, draft->repository, &draft->git, e));
    TRY(find_parent(draft, e));
    if (git_index_new(&draft->index) != 0) return git_failed(e, "The tree cannot be read");
    AUTO_TREE *tree = NULL;
    if (!draft->parent) return true;
    bool read = git_commit_tree(&tree, draft->parent) == 0 && git_index_read_tree(draft->index, tree) == 0;
    return read || git_failed(e, "The tree cannot be read");
}

// ---- Changing ----

static bool mode_of(Str name, uint32_t otherwise, uint32_t *out, Error *e) {
    if (!name.len) {
        *out = otherwise;
    } else if (str_is(name, "EXECUTABLE")) {
        *out = GIT_FILEMODE_BLOB_EXECUTABLE;
    } else if (str_is(name, "NORMAL")) {
        *out = GIT_FILEMODE_BLOB;
    } else if (str_is(name, "SYMLINK")) {
        *out = GIT_FILEMODE_LINK;
    } else {
        return fail(e, "InvalidFileModeException", "The file mode is not valid: %.*s", STR_ARG(name));
    }
    return true;
}

static void note(Draft *draft, Doc *list, Str path, const git_index_entry *entry) {
    Arena *arena = draft->call->arena;
    Doc *file = doc_map(arena);
    doc_set_str(arena, file, "absolutePath", path);
    doc_set_str(arena, file, "blobId", git_oid_str(arena, &entry->id));
    doc_set_str(arena, file, "fileMode", git_mode_name(entry->mode));
    doc_push(list, file);
}

static const git_index_entry *entry_at(const Draft *draft, Str path) {
    return git_index_get_bypath(draft->index, str_c(draft->call->arena, path), 0);
}

static bool is_folder(const Draft *draft, Str path) {
    size_t at;
    return git_index_find_prefix(&at, draft->index, str_c(draft->call->arena, str_cat(draft->call->arena, path, STR("/")))) == 0;
}

// May a file stand at this path, beside what is there?
static bool check_room(const Draft *draft, Str path, Error *e) {
    if (is_folder(draft, path)) {
        return fail(e, "FileNameConflictsWithDirectoryNameException", "A folder of the repository has the name of the file: %.*s", STR_ARG(path));
    }
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.at[i] != '/') continue;
        const git_index_entry *there = entry_at(draft, str_sub(path, 0, i));
        if (there && there->mode == GIT_FILEMODE_COMMIT)
            return fail(e, "FilePathConflictsWithSubmodulePathException", "The file path points to a submodule: %.*s", STR_ARG(path));
        if (there && i < path.len)
            return fail(e, "DirectoryNameConflictsWithFileNameException", "A file of the repository has the name of a folder in the path: %.*s",
                        STR_ARG(path));
    }
    return true;
}

static bool store_entry(Draft *draft, Str path, const git_oid *blob, uint32_t mode, bool *changed, Error *e) {
    git_index_entry entry = {.mode = mode, .id = *blob, .path = str_c(draft->call->arena, path)};
    const git_index_entry *old = entry_at(draft, path);
    *changed = !old || !git_oid_equal(&old->id, blob) || old->mode != mode;
    if (!*changed) return true;
    note(draft, old ? draft->updated : draft->added, path, &entry);
    return git_index_add(draft->index, &entry) == 0 || git_failed(e, "The file cannot be added");
}

bool draft_put(Draft *draft, Str path, Str mode, Str content, bool *changed, Error *e) {
    uint32_t bits;
    git_oid blob;
    TRY(mode_of(mode, GIT_FILEMODE_BLOB, &bits, e));
    TRY(check_room(draft, path, e));
    draft->bytes += content.len;
    if (content.len > MOST_FILE_BYTES || draft->bytes > MOST_BYTES) {
        return fail(e, "FileContentSizeLimitExceededException", "The content is too large at file %.*s: a file can have 6 MB, all of a commit 7 MB.",
                    STR_ARG(path));
    }
    if (git_blob_create_from_buffer(&blob, draft->git, content.at ? content.at : "", content.len) != 0)
        return git_failed(e, "The file cannot be stored");
    return store_entry(draft, path, &blob, bits, changed, e);
}

static bool missing(Str path, Error *e) { return fail(e, "FileDoesNotExistException", "Could not find path %.*s", STR_ARG(path)); }

bool draft_copy(Draft *draft, Str path, Str mode, Str source, Error *e) {
    AUTO_TREE *tree = NULL;
    git_tree_entry *entry = NULL;
    bool there =
        draft->parent && git_commit_tree(&tree, draft->parent) == 0 && git_tree_entry_bypath(&entry, tree, str_c(draft->call->arena, source)) == 0;
    uint32_t bits = there ? git_tree_entry_filemode(entry) : 0;
    bool is_file = there && bits != GIT_FILEMODE_TREE && bits != GIT_FILEMODE_COMMIT;
    git_oid blob = is_file ? *git_tree_entry_id(entry) : (git_oid){{0}};
    git_tree_entry_free(entry);
    if (!is_file) return missing(source, e);
    bool changed;
    TRY(mode_of(mode, bits, &bits, e));
    TRY(check_room(draft, path, e));
    return store_entry(draft, path, &blob, bits, &changed, e);
}

bool draft_remove(Draft *draft, Str path, Error *e) {
    const git_index_entry *old = entry_at(draft, path);
    if (!old) return missing(path, e);
    note(draft, draft->deleted, path, old);
    return git_index_remove_bypath(draft->index, str_c(draft->call->arena, path)) == 0 || git_failed(e, "The file cannot be removed");
}

bool draft_set_mode(Draft *draft, Str path, Str mode, Error *e) {
    const git_index_entry *old = entry_at(draft, path);
    uint32_t bits;
    bool changed;
    if (!mode.len) return fail(e, "FileModeRequiredException", "A file mode is required: %.*s", STR_ARG(path));
    TRY(mode_of(mode, 0, &bits, e));
    if (!old) return missing(path, e);
    git_oid blob = old->id;
    return store_entry(draft, path, &blob, bits, &changed, e);
}

bool draft_keep_folders(Draft *draft, Error *e) {
    for (const Doc *file = doc_first(draft->deleted); file; file = file->next) {
        Str path = doc_text(file, "absolutePath"), folder = path_parent(path);
        bool changed;
        if (str_is(folder, ".") || is_folder(draft, folder)) continue;
        Str keep = str_format(draft->call->arena, "%.*s/.gitkeep", STR_ARG(folder));
        if (str_eq(keep, path)) return fail(e, "InvalidDeletionParameterException", "%.*s cannot be deleted and kept at once.", STR_ARG(path));
        TRY(draft_put(draft, keep, STR("NORMAL"), STR(""), &changed, e));
    }
    return true;
}

// ---- Committing ----

// As the console words it when nobody said anything.
static Str default_message(const Draft *draft) {
    const Doc *lists[] = {draft->added, draft->updated, draft->deleted};
    static const char *const WORDS[] = {"Added", "Edited", "Deleted"};
    Str message = STR("");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (const Doc *file = doc_first(lists[i]); file; file = file->next) {
            Str path = doc_text(file, "absolutePath");
            message = str_format(draft->call->arena, "%.*s%s%s %.*s", STR_ARG(message), message.len ? "\n" : "", WORDS[i], STR_ARG(path));
        }
    }
    return message;
}

static Str signable(Arena *arena, Str name) {
    char *clean = arena_alloc(arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++) clean[i] = is_signable(str_sub(name, i, i + 1)) ? name.at[i] : ' ';
    return str_trim((Str){clean, name.len});
}

static bool write_commit(Draft *draft, const Author *author, const git_oid *tree_id, git_oid *id) {
    Arena *arena = draft->call->arena;
    const Principal *caller = &draft->call->principal;
    Str name = signable(arena, author->name.len ? author->name : caller->name);
    if (!name.len) name = STR("root");
    git_signature who = {
        .name = (char *)str_c(arena, name),
        .email = (char *)str_c(arena, author->email.at ? author->email : STR("")),
        .when.time = draft->call->now_ms / 1000,
        .when.sign = '+',
    };
    const char *text = str_c(arena, author->message.len ? author->message : default_message(draft));
    const git_commit *parents[] = {draft->parent};
    AUTO_TREE *tree = NULL;
    return git_tree_lookup(&tree, draft->git, tree_id) == 0 &&
           git_commit_create(id, draft->git, NULL, &who, &who, NULL, text, tree, draft->parent ? 1 : 0, parents) == 0;
}

bool draft_commit(Draft *draft, const Author *author, git_oid *id, git_oid *tree_id, Error *e) {
    if (git_index_write_tree_to(tree_id, draft->index, draft->git) != 0) return git_failed(e, "The tree cannot be written");
    if (draft->parent && git_oid_equal(tree_id, git_commit_tree_id(draft->parent))) {
        return fail(e, "NoChangeException", "The commit would change nothing in the repository.");
    }
    if (!write_commit(draft, author, tree_id, id)) return git_failed(e, "The commit cannot be made");
    return refs_move(draft->turn, draft->call, draft->repository, draft->branch, draft->parent ? git_commit_id(draft->parent) : NULL, id, e);
}
