#include "workflow/revision.h"

#include "identity/git_credentials.h"
#include "os/files.h"
#include "os/process.h"

#include <time.h>

enum { GIT_OUTPUT_BYTES = 64 * 1024 * 1024, GIT_MS = 120000, WORDS_MAX = 72 };

typedef struct Git {
    Arena *arena;
    Str repository, folder; // where it keeps, what it looks at
    Error *e;
} Git;

// What git is told by whoever calls us is not meant for it: in a hook these name the repository and the index that are being worked on.
static const char *const NOT_OURS[] = {"GIT_DIR",
                                       "GIT_WORK_TREE",
                                       "GIT_INDEX_FILE",
                                       "GIT_PREFIX",
                                       "GIT_OBJECT_DIRECTORY",
                                       "GIT_COMMON_DIR",
                                       "GIT_NAMESPACE",
                                       "GIT_AUTHOR_NAME",
                                       "GIT_AUTHOR_EMAIL",
                                       "GIT_AUTHOR_DATE",
                                       "GIT_QUARANTINE_PATH",
                                       "GIT_COMMITTER_NAME",
                                       "GIT_COMMITTER_EMAIL",
                                       "GIT_COMMITTER_DATE"};

// The words before git's own; how many. It speaks English.
static size_t put_git(const char **argv) {
    size_t count = 0;
    argv[count++] = "env";
    for (size_t i = 0; i < sizeof NOT_OURS / sizeof *NOT_OURS; i++) {
        argv[count++] = "-u";
        argv[count++] = NOT_OURS[i];
    }
    argv[count++] = "LC_ALL=C";
    argv[count++] = "git";
    return count;
}

// Runs git with `words` (ends with NULL).
static bool git_capture(const Git *git, const char *const *words, ProcessResult *result) {
    static const char *const SETTINGS[] = {"-c", "core.autocrlf=false", "-c", "gc.auto=0", "-c", "core.safecrlf=false"};
    const char *argv[WORDS_MAX] = {0};
    size_t count = put_git(argv);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) argv[count++] = SETTINGS[i];
    argv[count++] = str_c(git->arena, str_cat(git->arena, STR("--git-dir="), git->repository));
    argv[count++] = str_c(git->arena, str_cat(git->arena, STR("--work-tree="), git->folder));
    while (*words && count < WORDS_MAX - 1) argv[count++] = *words++;
    return process_capture(git->arena, argv, str_c(git->arena, git->folder), GIT_OUTPUT_BYTES, GIT_MS, result, git->e);
}

// A status other than 0 is a failure with git's own words, unless `status` wants it.
static bool git_run(const Git *git, const char *const *words, Str *output, int *status) {
    ProcessResult result;
    TRY(git_capture(git, words, &result));
    if (status) *status = result.status;
    if (result.status != 0 && !status) {
        Str said = str_trim(result.errors);
        return fail(git->e, "git", "git: %.*s", STR_ARG(said));
    }
    if (output) *output = str_trim(result.output);
    return true;
}

#define GIT(git, output, status, ...) git_run((git), (const char *const[]){__VA_ARGS__, NULL}, (output), (status))

static bool open_repository(const Git *git, Str data) {
    if (folder_exists(git->repository)) return true;
    TRY(folder_make(path_parent(git->repository), 0700, git->e));
    TRY(GIT(git, NULL, NULL, "init", "--quiet", "--initial-branch=main"));
    TRY(GIT(git, NULL, NULL, "config", "user.name", "Rehearse"));
    TRY(GIT(git, NULL, NULL, "config", "user.email", "rehearse@localhost"));
    TRY(GIT(git, NULL, NULL, "config", "commit.gpgsign", "false"));
    // The data folder may lie in the application's.
    if (!str_starts(data, str_cat(git->arena, git->folder, STR("/")))) return true;
    Str line = str_format(git->arena, "%.*s/\n", STR_ARG(str_from(data, git->folder.len)));
    return file_write(path_join(git->arena, git->repository, STR("info/exclude")), line, 0600, git->e);
}

// Files of the index that differ from a commit; STR_NONE: from the empty tree.
static bool count_changes(const Git *git, Str from, int64_t *count) {
    static const char EMPTY_TREE[] = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    Str names;
    TRY(GIT(git, &names, NULL, "diff", "--cached", "--name-only", "--no-renames", from.len ? str_c(git->arena, from) : EMPTY_TREE));
    *count = 0;
    while (str_next_line(&names).len) ++*count;
    return true;
}

// The developer's own repository, if there is one.
static bool ask_own(const Git *git, const char *const *words, Str *output) {
    const char *argv[WORDS_MAX] = {0};
    size_t count = put_git(argv);
    while (*words) argv[count++] = *words++;
    ProcessResult result;
    if (!process_capture(git->arena, argv, str_c(git->arena, git->folder), GIT_OUTPUT_BYTES, GIT_MS, &result, NULL) || result.status != 0)
        return false;
    *output = str_trim(result.output);
    return true;
}

// What the developer calls this state of the folder: their last commit's subject when they keep it under git.
static Str subject_of(const Git *git) {
    Str subject, changes;
    bool known = ask_own(git, (const char *const[]){"log", "-1", "--format=%s", "--", ".", NULL}, &subject) && subject.len;
    if (!known) return STR("The folder as it is");
    bool clean = ask_own(git, (const char *const[]){"status", "--porcelain", "--", ".", NULL}, &changes) && !changes.len;
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

// git keeps a folder that is a repository as the commit it stands at; one without a commit cannot be kept at all, and its message does not say what to do.
static bool add_all(const Git *git) {
    static const char END[] = "does not have a commit checked out";
    ProcessResult result;
    TRY(git_capture(git, (const char *const[]){"add", "--all", ".", NULL}, &result));
    if (result.status == 0) return true;
    Str said = str_trim(result.errors);
    ptrdiff_t end = str_find(said, str_of(END));
    Str path = end > 0 ? str_sub(said, 0, (size_t)end) : STR("");
    ptrdiff_t quote = str_find(path, STR("'"));
    if (quote < 0) return fail(git->e, "git", "git: %.*s", STR_ARG(said));
    str_cut(&path, '\'');
    path = str_strip_suffix(str_cut(&path, '\''), STR("/"));
    return fail(
        git->e, "git",
        "%.*s/%.*s is a git repository of its own without a commit, so it can be in no revision. Remove its .git, commit in it, or name it in "
        ".gitignore",
        STR_ARG(git->folder), STR_ARG(path));
}

// Lines of `git ls-files --stage`: "160000 COMMIT 0\tPATH".
static bool find_nested(const Git *git, Vec *nested) {
    Str lines;
    TRY(GIT(git, &lines, NULL, "-c", "core.quotePath=false", "ls-files", "--stage"));
    for (Str line; !str_is_none(line = str_next_line(&lines));) {
        if (!str_starts(line, STR("160000 "))) continue;
        str_cut(&line, '\t');
        vec_add(nested, Str, line);
    }
    return true;
}

static bool commit(const Git *git, Str last, Str foreign, Revision *revision) {
    Str parent = foreign.len ? foreign : last;
    int64_t changed = 0, differing = 0;
    TRY(add_all(git));
    TRY(find_nested(git, &revision->nested));
    TRY(count_changes(git, last, &changed));
    TRY(count_changes(git, parent, &differing));
    revision->changed = last.len ? changed : -1;
    if (!parent.len || differing)
        TRY(GIT(git, NULL, NULL, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", str_c(git->arena, subject_of(git))));
    if (foreign.len && differing) {
        revision->foreign = foreign;
        TRY(GIT(git, &revision->foreign_subject, NULL, "log", "-1", "--format=%s", str_c(git->arena, foreign)));
    }
    TRY(GIT(git, &revision->commit, NULL, "rev-parse", "HEAD"));
    return GIT(git, &revision->subject, NULL, "log", "-1", "--format=%s");
}

bool revision_push(const Client *client, Arena *arena, Str data, Str folder, Str name, Str branch, Revision *out, Error *e) {
    Str repository = str_format(arena, "%.*s/applications/%.*s.git", STR_ARG(data), STR_ARG(name));
    Git git = {arena, repository, folder, e};
    Remote remote = remote_of(client, arena, name, branch);
    Revision revision = {.changed = -1, .nested = vec_of(arena, Str)};
    Str last, head;
    bool foreign = false;
    TRY(open_repository(&git, data));
    TRY(read_last(&git, &last));
    TRY(read_head(&git, &remote, &head));
    TRY(is_foreign(&git, head, last, &foreign));
    if (foreign) TRY(build_on(&git, &remote, head));
    TRY(commit(&git, last, foreign ? head : STR_NONE, &revision));
    revision.pushed = !str_eq(revision.commit, head);
    // Without force: what arrives in between stays too, and git says so.
    Str target = str_cat(arena, STR("HEAD:"), str_of(remote.ref));
    if (revision.pushed) TRY(REMOTE_GIT(&git, &remote, NULL, "push", "--quiet", remote.url, str_c(arena, target)));
    *out = revision;
    return true;
}
