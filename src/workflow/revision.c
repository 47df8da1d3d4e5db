#include "workflow/revision.h"

#include "identity/git_credentials.h"
#include "os/files.h"
#include "os/process.h"

#include <time.h>

enum { GIT_OUTPUT_BYTES = 4 * 1024 * 1024, GIT_MS = 120000, WORDS_MAX = 24 };

typedef struct Git {
    Arena *arena;
    Str repository, folder; // where it keeps, what it looks at
    Error *e;
} Git;

// Runs git with `words` (ends with NULL). A status other than 0 is a failure with git's own words, unless `status` wants it.
static bool git_run(const Git *git, const char *const *words, Str *output, int *status) {
    const char *argv[WORDS_MAX] = {"git", "-c", "core.autocrlf=false", "-c", "gc.auto=0", "-c", "core.safecrlf=false"};
    size_t count = 7;
    argv[count++] = str_c(git->arena, str_cat(git->arena, STR("--git-dir="), git->repository));
    argv[count++] = str_c(git->arena, str_cat(git->arena, STR("--work-tree="), git->folder));
    while (*words && count < WORDS_MAX - 1) argv[count++] = *words++;
    ProcessResult result;
    TRY(process_capture(git->arena, argv, str_c(git->arena, git->folder), GIT_OUTPUT_BYTES, GIT_MS, &result, git->e));
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

static bool count_changes(const Git *git, int64_t *count) {
    Str names;
    TRY(GIT(git, &names, NULL, "diff", "--cached", "--name-only", "--no-renames"));
    *count = 0;
    while (str_next_line(&names).len) ++*count;
    return true;
}

// What the developer calls this state of the folder: their last commit's subject when they keep it under git.
static Str subject_of(const Git *git) {
    ProcessResult log, changes;
    const char *cwd = str_c(git->arena, git->folder);
    const char *const last[] = {"git", "log", "-1", "--format=%s", "--", ".", NULL}, *const dirty[] = {"git", "status", "--porcelain",
                                                                                                       "--",  ".",      NULL};
    bool known = process_capture(git->arena, last, cwd, GIT_OUTPUT_BYTES, GIT_MS, &log, NULL) && log.status == 0 && str_trim(log.output).len;
    if (!known) return STR("The folder as it is");
    Str subject = str_trim(log.output);
    bool clean = process_capture(git->arena, dirty, cwd, GIT_OUTPUT_BYTES, GIT_MS, &changes, NULL) && str_trim(changes.output).len == 0;
    return clean ? subject : str_cat(git->arena, subject, STR(" + uncommitted changes"));
}

static bool has_commit(const Git *git) {
    int status = 1;
    return GIT(git, NULL, &status, "rev-parse", "--quiet", "--verify", "HEAD") && status == 0;
}

static bool commit(const Git *git, Revision *revision) {
    bool first = !has_commit(git);
    int64_t changed = 0;
    TRY(GIT(git, NULL, NULL, "add", "--all", "."));
    TRY(count_changes(git, &changed));
    revision->changed = first ? -1 : changed;
    if (first || changed) TRY(GIT(git, NULL, NULL, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", str_c(git->arena, subject_of(git))));
    TRY(GIT(git, &revision->commit, NULL, "rev-parse", "HEAD"));
    return GIT(git, &revision->subject, NULL, "log", "-1", "--format=%s");
}

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

static bool push(const Client *client, const Git *git, Str name, Str branch) {
    Arena *arena = git->arena;
    Str path = str_cat(arena, STR("/v1/repos/"), name);
    Str url = str_cat(arena, client->url, path);
    Str target = str_format(arena, "HEAD:refs/heads/%.*s", STR_ARG(branch));
    return GIT(git, NULL, NULL, "-c", str_c(arena, authorization(client, arena, path)), "-c", "credential.helper=", "-c", "http.postBuffer=104857600",
               "push", "--quiet", "--force", str_c(arena, url), str_c(arena, target));
}

bool revision_push(const Client *client, Arena *arena, Str data, Str folder, Str name, Str branch, Revision *out, Error *e) {
    Str repository = str_format(arena, "%.*s/applications/%.*s.git", STR_ARG(data), STR_ARG(name));
    Git git = {arena, repository, folder, e};
    Revision revision = {.changed = -1};
    TRY(open_repository(&git, data));
    TRY(commit(&git, &revision));
    TRY(push(client, &git, name, branch));
    *out = revision;
    return true;
}
