// GetDifferences: what differs between two commits, everywhere or below a path.
//
// A path limits the comparison to one file or folder. Where beforePath and afterPath name different ones (a folder that was renamed), their contents are compared by the
// paths within them.
#include "services/codecommit/codecommit.h"

enum { DIFFERENCES_PAGE = 1000 };

// One side of the comparison: a commit's tree, cut to a path.
typedef struct Side {
    Str path; // "": the whole tree
    git_tree *tree; // NULL: nothing is there, or a file
    git_tree_entry *file;
} Side;

static void side_done(Side *side) {
    git_tree_free(side->tree);
    git_tree_entry_free(side->file);
}

// `*found` tells whether the path is there at all.
static bool side_open(Side *side, git_repository *git, git_commit *commit, Arena *arena, bool *found, Error *e) {
    git_tree *root = NULL;
    *found = false;
    if (!commit) return true;
    if (git_commit_tree(&root, commit) != 0) return fail(e, "InternalFailure", "The commit's tree cannot be read.");
    if (!side->path.len) {
        side->tree = root;
        *found = true;
        return true;
    }
    *found = git_tree_entry_bypath(&side->file, root, str_c(arena, side->path)) == 0;
    git_tree_free(root);
    if (!*found || git_tree_entry_filemode(side->file) != GIT_FILEMODE_TREE) return true;
    bool read = git_tree_lookup(&side->tree, git, git_tree_entry_id(side->file)) == 0;
    git_tree_entry_free(side->file);
    side->file = NULL;
    return read || fail(e, "InternalFailure", "The folder cannot be read.");
}

static Doc *blob_of(Arena *arena, const git_oid *id, Str path, unsigned mode) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "blobId", git_oid_str(arena, id));
    doc_set_str(arena, doc, "path", path);
    doc_set_str(arena, doc, "mode", str_format(arena, "%06o", mode));
    return doc;
}

static Doc *difference_of(Arena *arena, Doc *before, Doc *after) {
    Doc *doc = doc_map(arena);
    doc_set(doc, "beforeBlob", before);
    doc_set(doc, "afterBlob", after);
    doc_set_str(arena, doc, "changeType", before && after ? STR("M") : before ? STR("D") : STR("A"));
    return doc;
}

static Str below(Arena *arena, Str folder, const char *path) {
    Str rest = str_copy(arena, str_of(path));
    return folder.len ? str_format(arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(rest)) : rest;
}

static bool tree_differences(Arena *arena, git_repository *git, const Side *old, const Side *new, Doc *all, Error *e) {
    git_diff *diff = NULL;
    bool renamed = !str_eq(old->path, new->path); // AWS then shows the paths within the folders
    Str before_folder = renamed ? STR("") : old->path, after_folder = renamed ? STR("") : new->path;
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    options.flags = GIT_DIFF_INCLUDE_TYPECHANGE;
    if (git_diff_tree_to_tree(&diff, git, old->tree, new->tree, &options) != 0) return fail(e, "InternalFailure", "The commits cannot be compared.");
    for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        const git_diff_file *from = &delta->old_file, *to = &delta->new_file;
        Doc *before = delta->status == GIT_DELTA_ADDED ? NULL : blob_of(arena, &from->id, below(arena, before_folder, from->path), from->mode);
        Doc *after = delta->status == GIT_DELTA_DELETED ? NULL : blob_of(arena, &to->id, below(arena, after_folder, to->path), to->mode);
        doc_push(all, difference_of(arena, before, after));
    }
    git_diff_free(diff);
    return true;
}

static Doc *file_of(Arena *arena, const Side *side) {
    if (!side->file) return NULL;
    return blob_of(arena, git_tree_entry_id(side->file), side->path, (unsigned)git_tree_entry_filemode(side->file));
}

static void file_differences(Arena *arena, const Side *old, const Side *new, Doc *all) {
    bool same = old->file && new->file &&git_oid_equal(git_tree_entry_id(old->file), git_tree_entry_id(new->file)) &&
                git_tree_entry_filemode(old->file) == git_tree_entry_filemode(new->file);
    if ((old->file || new->file) && !same) doc_push(all, difference_of(arena, file_of(arena, old), file_of(arena, new)));
}

static Str clean(Str path) { return str_strip_suffix(str_strip_prefix(path.at ? path : STR(""), STR("/")), STR("/")); }

static bool compare(const Call *call, git_repository *git, git_commit *from, git_commit *to, Doc *all, Error *e) {
    __attribute__((cleanup(side_done))) Side old = {.path = clean(doc_text(call->input, "beforePath"))};
    __attribute__((cleanup(side_done))) Side new = {.path = clean(doc_text(call->input, "afterPath"))};
    bool was, is;
    TRY(codecommit_check_path(old.path, e));
    TRY(codecommit_check_path(new.path, e));
    if (!old.path.len) old.path = new.path;
    if (!new.path.len) new.path = old.path;
    TRY(side_open(&old, git, from, call->arena, &was, e));
    TRY(side_open(&new, git, to, call->arena, &is, e));
    if (!was && !is) return fail(e, "PathDoesNotExistException", "The path %.*s does not exist in the commits.", STR_ARG(new.path));
    TRY(tree_differences(call->arena, git, &old, &new, all, e));
    file_differences(call->arena, &old, &new, all);
    return true;
}

Outcome codecommit_get_differences(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str before = doc_text(call->input, "beforeCommitSpecifier"), after = doc_text(call->input, "afterCommitSpecifier");
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *to = NULL, *from = NULL;
    Doc *all = doc_list(call->arena);
    CommitPage page = {.size = "MaxResults", .token = "NextToken", .most = DIFFERENCES_PAGE};
    if (!after.len) return call_fail(e, "CommitRequiredException", "A commit was not specified.");
    CALL_TRY(codecommit_page_read(call, &page, e));
    CALL_TRY(git_open_commit(turn, call, after, &git, &to, e));
    if (before.len) CALL_TRY(git_commit_of(git, before, &from, e));
    CALL_TRY(compare(call, git, from, to, all, e));
    *out = doc_map(call->arena);
    codecommit_page_show(call->arena, &page, all, "differences", *out);
    return OUTCOME_DONE;
}
