#include "workflow/revision.h"

#include "identity/git_credentials.h"
#include "os/files.h"
#include "workflow/contents.h"

#include <time.h>

static Str repository_of(Arena *arena, Str data, Str name) { return str_format(arena, "%.*s/applications/%.*s.git", STR_ARG(data), STR_ARG(name)); }

// What a run that was killed among git's commands left: whoever has our lock knows that nobody works here.
static void remove_left_locks(Arena *arena, Str repository) {
    static const char *const LEFT[] = {"index.lock", "HEAD.lock", "refs/heads/main.lock"};
    for (size_t i = 0; i < sizeof LEFT / sizeof *LEFT; i++) file_remove(path_join(arena, repository, str_of(LEFT[i])), NULL);
}

bool revision_lock(Arena *arena, Str data, Str name, int *lock, Error *e) {
    Str repository = repository_of(arena, data, name);
    TRY(folder_make(repository, 0700, e));
    TRY(file_lock(path_join(arena, repository, STR("rehearse.lock")), lock, e));
    remove_left_locks(arena, repository);
    return true;
}

// What the developer calls this state of the folder: their last commit's subject when they keep it under git.
static Str subject_of(const Git *git) {
    Str subject, changes;
    bool known = GIT_OWN(git, &subject, "log", "-1", "--format=%s", "--", ".") && subject.len;
    if (!known) return STR("The folder as it is");
    bool clean = GIT_OWN(git, &changes, "status", "--porcelain", "--", ".") && !changes.len;
    return clean ? subject : str_cat(git->arena, subject, STR(" + uncommitted changes"));
}

// What the last run left; STR_NONE: there was none.
static bool read_last(const Git *git, Str *last) {
    int status = 1;
    Str commit;
    TRY(GIT(git, &commit, &status, "rev-parse", "--quiet", "--verify", "HEAD"));
    *last = status == 0 ? commit : STR_NONE;
    return true;
}

// ---- The plane's repository ----

typedef struct Remote {
    const char *url, *authorization, *ref;
} Remote;

// What the AWS CLI's credential helper would answer, as a header: the secret is not in the URL.
static Str authorization(const Client *client, Arena *arena, Str path) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    Str password = git_credentials_make(arena, client->secret, client->region, client->authority, path, (int64_t)now.tv_sec * 1000);
    Str user = client->token.len ? str_format(arena, "%.*s%%%.*s", STR_ARG(client->access_key), STR_ARG(client->token)) : client->access_key;
    Str both = str_format(arena, "%.*s:%.*s", STR_ARG(user), STR_ARG(password));
    Str encoded = str_base64(arena, both);
    return str_format(arena, "http.extraHeader=Authorization: Basic %.*s", STR_ARG(encoded));
}

static Remote remote_of(const Client *client, Arena *arena, Str name, Str branch) {
    Str path = str_cat(arena, STR("/v1/repos/"), name);
    return (Remote){str_c(arena, str_cat(arena, client->url, path)), str_c(arena, authorization(client, arena, path)),
                    str_c(arena, str_cat(arena, STR("refs/heads/"), branch))};
}

#define REMOTE_GIT(git, remote, output, ...) \
    GIT((git), (output), NULL, "-c", (remote)->authorization, "-c", "credential.helper=", "-c", "http.postBuffer=104857600", __VA_ARGS__)

// Where the branch stands; STR_NONE: it is not there yet.
static bool read_head(const Git *git, const Remote *remote, Str *head) {
    Str line;
    TRY(REMOTE_GIT(git, remote, &line, "ls-remote", remote->url, remote->ref));
    Str commit = str_cut(&line, '\t');
    *head = commit.len ? commit : STR_NONE;
    return true;
}

// Is `head` no commit of ours, nor one that ours builds on?
static bool is_foreign(const Git *git, Str head, Str last, bool *foreign) {
    int status = 1;
    *foreign = false;
    if (!head.len || str_eq(head, last)) return true;
    TRY(GIT(git, NULL, &status, "merge-base", "--is-ancestor", str_c(git->arena, head), "HEAD"));
    *foreign = status != 0;
    return true;
}

// The next commit goes on top of what others have pushed, so that nothing falls off the branch.
static bool build_on(const Git *git, const Remote *remote, Str head) {
    TRY(REMOTE_GIT(git, remote, NULL, "fetch", "--quiet", "--no-tags", remote->url, remote->ref));
    return GIT(git, NULL, NULL, "update-ref", "HEAD", str_c(git->arena, head));
}

static bool commit(const Git *git, Str data, Str last, Str foreign, Revision *revision) {
    Str parent = foreign.len ? foreign : last;
    Vec differing = vec_of(git->arena, Str);
    TRY(contents_take(git, data, &revision->nested));
    TRY(contents_changed(git, last, &revision->changed));
    TRY(contents_changed(git, parent, &differing));
    revision->first = !last.len;
    if (!parent.len || differing.len)
        TRY(GIT(git, NULL, NULL, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", str_c(git->arena, subject_of(git))));
    if (foreign.len && differing.len) {
        revision->foreign = foreign;
        TRY(GIT(git, &revision->foreign_subject, NULL, "log", "-1", "--format=%s", str_c(git->arena, foreign)));
    }
    TRY(GIT(git, &revision->commit, NULL, "rev-parse", "HEAD"));
    return GIT(git, &revision->subject, NULL, "log", "-1", "--format=%s");
}

bool revision_push(const Client *client, Arena *arena, Str data, Str folder, Str name, Str branch, Revision *out, Error *e) {
    Revision revision = {.changed = vec_of(arena, Str), .nested = vec_of(arena, Str)};
    Git git = {arena, repository_of(arena, data, name), folder, e, &revision.unasked};
    Remote remote = remote_of(client, arena, name, branch);
    Str last, head;
    bool foreign = false;
    TRY(GIT(&git, NULL, NULL, "init", "--quiet", "--initial-branch=main"));
    TRY(read_last(&git, &last));
    TRY(read_head(&git, &remote, &head));
    TRY(is_foreign(&git, head, last, &foreign));
    if (foreign) TRY(build_on(&git, &remote, head));
    TRY(commit(&git, data, last, foreign ? head : STR_NONE, &revision));
    revision.pushed = !str_eq(revision.commit, head);
    // Without force: what arrives in between stays too, and git says so.
    Str target = str_cat(arena, STR("HEAD:"), str_of(remote.ref));
    if (revision.pushed) TRY(REMOTE_GIT(&git, &remote, NULL, "push", "--quiet", remote.url, str_c(arena, target)));
    *out = revision;
    return true;
}
