// ListFileCommitHistory: the commits that changed a file, newest first, as `git log --follow` finds them.
//
// The walk goes from each commit to its parents. Where a parent has the file as it is, nothing changed, and only that parent is followed. Otherwise the commit is a version
// of the file, and what comes before it has it as its "revision child". A file that a parent lacks may have another name there.
#include "services/codecommit/codecommit.h"

enum { VERSIONS_PAGE = 100 };

// A commit that is still to be looked at.
typedef struct Pending Pending;
struct Pending {
    Pending *next;
    git_oid commit;
    Str path; // the file's name there
    Doc *children; // the versions right after it: commit ids
};

typedef struct History {
    Arena *arena;
    git_repository *git;
    Pending *pending;
    Doc *versions;
} History;

// The file as a commit has it.
typedef struct Content {
    bool exists;
    git_oid blob;
    git_filemode_t mode;
} Content;

static bool content_of(History *history, git_commit *commit, Str path, Content *out, Error *e) {
    AUTO_TREE *tree = NULL;
    git_tree_entry *entry = NULL;
    *out = (Content){0};
    int status = git_commit_tree(&tree, commit);
    if (status == 0) status = git_tree_entry_bypath(&entry, tree, str_c(history->arena, path));
    if (status == GIT_ENOTFOUND) return true;
    if (status != 0) return git_failed(e, "The file cannot be read");
    out->mode = git_tree_entry_filemode(entry);
    out->exists = out->mode != GIT_FILEMODE_TREE && out->mode != GIT_FILEMODE_COMMIT;
    out->blob = *git_tree_entry_id(entry);
    git_tree_entry_free(entry);
    return true;
}

static bool same(const Content *a, const Content *b) {
    return a->exists == b->exists && (!a->exists || (a->mode == b->mode && git_oid_equal(&a->blob, &b->blob)));
}

static void visit_later(History *history, const git_oid *commit, Str path, const Doc *children) {
    Pending *found = history->pending;
    while (found && !git_oid_equal(&found->commit, commit)) found = found->next;
    if (!found) {
        found = arena_new_of(history->arena, Pending);
        *found = (Pending){.next = history->pending, .commit = *commit, .path = path, .children = doc_list(history->arena)};
        history->pending = found;
    }
    for (const Doc *one = doc_first(children); one; one = one->next) {
        if (!doc_has_text(found->children, doc_str(one, STR("")))) doc_push_str(history->arena, found->children, doc_str(one, STR("")));
    }
}

static Pending *take(History *history, const git_oid *commit) {
    Pending **at = &history->pending;
    while (*at && !git_oid_equal(&(*at)->commit, commit)) at = &(*at)->next;
    Pending *found = *at;
    if (found) *at = found->next;
    return found;
}

// Trees that cannot be compared have no renamed files.
static Str renamed_from(History *history, git_commit *parent, git_commit *commit, Str path) {
    AUTO_TREE *old = NULL, *new = NULL;
    git_diff *diff = NULL;
    Str found = path;
    if (git_commit_tree(&old, parent) != 0 || git_commit_tree(&new, commit) != 0) return found;
    if (git_diff_tree_to_tree(&diff, history->git, old, new, NULL) != 0) return found;
    size_t count = git_diff_find_similar(diff, NULL) == 0 ? git_diff_num_deltas(diff) : 0;
    for (size_t i = 0; i < count; i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        if (delta->status != GIT_DELTA_RENAMED || !str_eq(str_of(delta->new_file.path), path)) continue;
        found = str_copy(history->arena, str_of(delta->old_file.path));
    }
    git_diff_free(diff);
    return found;
}

static void add_version(History *history, git_commit *commit, const Pending *at, const Content *content) {
    Doc *version = doc_map(history->arena);
    doc_set(version, "commit", codecommit_commit_doc(history->arena, commit));
    doc_set_str(history->arena, version, "blobId", git_oid_str(history->arena, &content->blob));
    doc_set_str(history->arena, version, "path", at->path);
    doc_set(version, "revisionChildren", at->children);
    doc_push(history->versions, version);
}

// `*unchanged`: a parent has the file as it is, and the walk goes on there.
static bool follow_unchanged(History *history, git_commit *commit, const Pending *at, const Content *now, bool *unchanged, Error *e) {
    *unchanged = false;
    for (unsigned i = 0; i < git_commit_parentcount(commit) && !*unchanged; i++) {
        AUTO_COMMIT *parent = NULL;
        Content before;
        if (git_commit_parent(&parent, commit, i) != 0) return git_failed(e, "The commit cannot be read");
        TRY(content_of(history, parent, at->path, &before, e));
        *unchanged = same(now, &before);
        if (*unchanged) visit_later(history, git_commit_id(parent), at->path, at->children);
    }
    return true;
}

static bool follow_all(History *history, git_commit *commit, const Pending *at, const Content *now, const Doc *children, Error *e) {
    for (unsigned i = 0; i < git_commit_parentcount(commit); i++) {
        AUTO_COMMIT *parent = NULL;
        Content before;
        if (git_commit_parent(&parent, commit, i) != 0) return git_failed(e, "The commit cannot be read");
        TRY(content_of(history, parent, at->path, &before, e));
        Str path = now->exists && !before.exists ? renamed_from(history, parent, commit, at->path) : at->path;
        visit_later(history, git_commit_id(parent), path, children);
    }
    return true;
}

static bool visit(History *history, git_commit *commit, const Pending *at, Error *e) {
    Content now;
    bool unchanged;
    TRY(content_of(history, commit, at->path, &now, e));
    TRY(follow_unchanged(history, commit, at, &now, &unchanged, e));
    if (unchanged) return true;
    Doc *children = at->children;
    if (now.exists) {
        add_version(history, commit, at, &now);
        children = doc_list(history->arena);
        doc_push_str(history->arena, children, git_oid_str(history->arena, git_commit_id(commit)));
    }
    return follow_all(history, commit, at, &now, children, e);
}

static bool walk(History *history, git_revwalk *order, Error *e) {
    git_oid id;
    while (history->pending && git_revwalk_next(&id, order) == 0) {
        AUTO_COMMIT *commit = NULL;
        const Pending *at = take(history, &id);
        if (!at) continue;
        if (git_commit_lookup(&commit, history->git, &id) != 0) return git_failed(e, "The commit cannot be read");
        TRY(visit(history, commit, at, e));
    }
    return true;
}

static bool find_versions(History *history, const git_oid *tip, Str path, Error *e) {
    git_revwalk *order = NULL;
    if (git_revwalk_new(&order, history->git) != 0) return git_failed(e, "The commits cannot be read");
    git_revwalk_sorting(order, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
    visit_later(history, tip, path, NULL);
    bool ok = git_revwalk_push(order, tip) == 0 || git_failed(e, "The commits cannot be read");
    ok = ok && walk(history, order, e);
    git_revwalk_free(order);
    return ok;
}

Outcome codecommit_list_file_commit_history(Turn *turn, const Call *call, Doc **out, Error *e) {
    CommitPage page = {.size = "maxResults", .token = "nextToken", .most = VERSIONS_PAGE};
    Str path;
    AUTO_GIT *git = NULL;
    AUTO_COMMIT *tip = NULL;
    CALL_TRY(codecommit_check_file_path(doc_str(doc_get(call->input, "filePath"), STR("")), &path, e));
    CALL_TRY(codecommit_page_read(call, &page, e));
    CALL_TRY(git_open_commit(turn, call, doc_text(call->input, "commitSpecifier"), &git, &tip, e));
    History history = {.arena = call->arena, .git = git, .versions = doc_list(call->arena)};
    CALL_TRY(find_versions(&history, git_commit_id(tip), path, e));
    *out = doc_map(call->arena);
    codecommit_page_show(call->arena, &page, history.versions, "revisionDag", *out);
    return OUTCOME_DONE;
}
