// Writing without git: CreateCommit, PutFile, DeleteFile.
#include "services/codecommit/drafts.h"

#include "os/files.h"

enum { MOST_FILES = 100 };

#define AUTO_DRAFT __attribute__((cleanup(draft_done))) Draft

static void tell_commit(const Call *call, const git_oid *id, const git_oid *tree, Doc **out) {
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "commitId", git_oid_str(call->arena, id));
    doc_set_str(call->arena, *out, "treeId", git_oid_str(call->arena, tree));
}

// ---- CreateCommit: every path is checked, cleaned and met once before anything is done ----

typedef struct Paths {
    Arena *arena;
    Doc *changed, *put; // of those, the paths that will be files
} Paths;

static bool meet(Paths *paths, Str path, Error *e) {
    if (doc_get_str_key(paths->changed, path)) return fail(e, "SamePathRequestException", "The commit names the path %.*s twice.", STR_ARG(path));
    doc_add(paths->changed, path, doc_of_bool(paths->arena, true));
    return true;
}

static bool check_source(Paths *paths, Doc *file, Error *e) {
    Doc *source = doc_get(file, "sourceFile");
    bool content = doc_get(file, "fileContent") != NULL;
    Str path = doc_text(file, "filePath"), from;
    if (source && content)
        return fail(e, "FileContentAndSourceFileSpecifiedException", "Both a source file and content are given for %.*s.", STR_ARG(path));
    if (!source && !content)
        return fail(e, "SourceFileOrContentRequiredException", "Neither a source file nor content is given for %.*s.", STR_ARG(path));
    if (!source) return true;
    TRY(codecommit_check_file_path(doc_text(source, "filePath"), &from, e));
    if (str_is(path_name(from), ".gitkeep"))
        return fail(e, "RestrictedSourceFileException", "A .gitkeep file can be neither copied nor moved: %.*s", STR_ARG(from));
    doc_set_str(paths->arena, source, "filePath", from);
    return !doc_flag(source, "isMove", false) || meet(paths, from, e);
}

// A path that is to be a file must not be a folder of another one.
static bool check_nesting(const Paths *paths, Error *e) {
    for (const Doc *file = doc_first(paths->put); file; file = file->next) {
        for (size_t i = 0; i < file->key.len; i++) {
            if (file->key.at[i] == '/' && doc_get_str_key(paths->put, str_sub(file->key, 0, i)))
                return fail(e, "PutFileEntryConflictException", "%.*s would be both a file and a folder.", STR_ARG(str_sub(file->key, 0, i)));
        }
    }
    return true;
}

static bool clean_list(Paths *paths, Doc *list, Error *e) {
    for (Doc *file = doc_first(list); file; file = file->next) {
        Str path;
        TRY(codecommit_check_file_path(doc_text(file, "filePath"), &path, e));
        doc_set_str(paths->arena, file, "filePath", path);
        TRY(meet(paths, path, e));
    }
    return true;
}

static bool check_changes(Arena *arena, Doc *puts, Doc *deletes, Doc *modes, Error *e) {
    Paths paths = {arena, doc_map(arena), doc_map(arena)};
    size_t count = doc_count(puts) + doc_count(deletes) + doc_count(modes);
    if (!count) return fail(e, "FileEntryRequiredException", "The commit names no file that is added, updated or deleted.");
    if (count > MOST_FILES)
        return fail(e, "MaximumFileEntriesExceededException", "The commit names %zu files; at most %d can change.", count, MOST_FILES);
    TRY(clean_list(&paths, puts, e));
    TRY(clean_list(&paths, deletes, e));
    TRY(clean_list(&paths, modes, e));
    for (Doc *file = doc_first(puts); file; file = file->next) {
        TRY(check_source(&paths, file, e));
        doc_add(paths.put, doc_text(file, "filePath"), doc_of_bool(arena, true));
    }
    return check_nesting(&paths, e);
}

static bool apply_put(Draft *draft, const Doc *file, Error *e) {
    Str path = doc_text(file, "filePath"), mode = doc_text(file, "fileMode");
    const Doc *source = doc_get(file, "sourceFile");
    bool changed;
    if (source) return draft_copy(draft, path, mode, doc_text(source, "filePath"), e);
    return draft_put(draft, path, mode, doc_text(file, "fileContent"), &changed, e);
}

static bool apply_all(Draft *draft, const Doc *puts, const Doc *deletes, const Doc *modes, Error *e) {
    for (const Doc *file = doc_first(deletes); file; file = file->next) TRY(draft_remove(draft, doc_text(file, "filePath"), e));
    for (const Doc *file = doc_first(puts); file; file = file->next) {
        const Doc *source = doc_get(file, "sourceFile");
        if (doc_flag(source, "isMove", false)) TRY(draft_remove(draft, doc_text(source, "filePath"), e));
    }
    for (const Doc *file = doc_first(modes); file; file = file->next)
        TRY(draft_set_mode(draft, doc_text(file, "filePath"), doc_text(file, "fileMode"), e));
    for (const Doc *file = doc_first(puts); file; file = file->next) TRY(apply_put(draft, file, e));
    return !doc_flag(draft->call->input, "keepEmptyFolders", false) || draft_keep_folders(draft, e);
}

Outcome codecommit_create_commit(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *input = call->input;
    Arena *arena = call->arena;
    Doc *puts = doc_copy(arena, doc_get(input, "putFiles")), *deletes = doc_copy(arena, doc_get(input, "deleteFiles")),
        *modes = doc_copy(arena, doc_get(input, "setFileModes"));
    Author author = {doc_text(input, "authorName"), doc_text(input, "email"), doc_text(input, "commitMessage")};
    AUTO_DRAFT draft = {0};
    git_oid id, tree;
    CALL_TRY(check_changes(arena, puts, deletes, modes, e));
    CALL_TRY(draft_open(&draft, turn, call, &author, e));
    CALL_TRY(apply_all(&draft, puts, deletes, modes, e));
    CALL_TRY(draft_commit(&draft, &author, &id, &tree, e));
    tell_commit(call, &id, &tree, out);
    doc_set(*out, "filesAdded", draft.added);
    doc_set(*out, "filesUpdated", draft.updated);
    doc_set(*out, "filesDeleted", draft.deleted);
    return OUTCOME_DONE;
}

// ---- One file ----

static Author author_of(const Doc *input) { return (Author){doc_text(input, "name"), doc_text(input, "email"), doc_text(input, "commitMessage")}; }

static bool put_one(Draft *draft, Str path, Error *e) {
    const Doc *input = draft->call->input;
    bool changed;
    TRY(draft_put(draft, path, doc_text(input, "fileMode"), doc_text(input, "fileContent"), &changed, e));
    return changed || fail(e, "SameFileContentException", "The file %.*s has this content already.", STR_ARG(path));
}

Outcome codecommit_put_file(Turn *turn, const Call *call, Doc **out, Error *e) {
    Author author = author_of(call->input);
    AUTO_DRAFT draft = {0};
    git_oid id, tree;
    Str path;
    if (!doc_text(call->input, "fileContent").len)
        return call_fail(e, "FileContentRequiredException", "The file is empty: empty files cannot be added.");
    CALL_TRY(codecommit_check_file_path(doc_text(call->input, "filePath"), &path, e));
    CALL_TRY(draft_open(&draft, turn, call, &author, e));
    CALL_TRY(put_one(&draft, path, e));
    const Doc *file = doc_first(doc_count(draft.added) ? draft.added : draft.updated);
    Str blob = doc_text(file, "blobId");
    CALL_TRY(draft_commit(&draft, &author, &id, &tree, e));
    tell_commit(call, &id, &tree, out);
    doc_set_str(call->arena, *out, "blobId", blob);
    return OUTCOME_DONE;
}

Outcome codecommit_delete_file(Turn *turn, const Call *call, Doc **out, Error *e) {
    Author author = author_of(call->input);
    AUTO_DRAFT draft = {0};
    git_oid id, tree;
    Str path;
    CALL_TRY(codecommit_check_file_path(doc_text(call->input, "filePath"), &path, e));
    CALL_TRY(draft_open(&draft, turn, call, &author, e));
    CALL_TRY(draft_remove(&draft, path, e));
    Str blob = doc_text(doc_first(draft.deleted), "blobId");
    if (doc_flag(call->input, "keepEmptyFolders", false)) CALL_TRY(draft_keep_folders(&draft, e));
    CALL_TRY(draft_commit(&draft, &author, &id, &tree, e));
    tell_commit(call, &id, &tree, out);
    doc_set_str(call->arena, *out, "blobId", blob);
    doc_set_str(call->arena, *out, "filePath", path);
    return OUTCOME_DONE;
}
