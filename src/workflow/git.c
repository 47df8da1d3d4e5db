#include "workflow/git.h"

enum { OUTPUT_BYTES = 64 * 1024 * 1024, GIT_MS = 120000, WORDS_MAX = 72, NOT_FOUND = 127 };

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

// The words before git's own; how many. It speaks English, and names of files are no patterns.
static size_t put_git(const char **argv) {
    static const char *const SETTINGS[] = {"LC_ALL=C", "git", "--literal-pathspecs", "-c", "core.quotePath=false"};
    size_t count = 0;
    argv[count++] = "env";
    for (size_t i = 0; i < sizeof NOT_OURS / sizeof *NOT_OURS; i++) {
        argv[count++] = "-u";
        argv[count++] = NOT_OURS[i];
    }
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) argv[count++] = SETTINGS[i];
    return count;
}

static bool capture(const Git *git, const char **argv, size_t count, const char *const *words, ProcessResult *result, Error *e) {
    while (*words && count < WORDS_MAX - 1) argv[count++] = *words++;
    return process_capture(git->arena, argv, str_c(git->arena, git->folder), OUTPUT_BYTES, GIT_MS, result, e);
}

bool git_capture(const Git *git, const char *const *words, ProcessResult *result) {
    static const char *const SETTINGS[] = {"-c", "core.autocrlf=false", "-c", "core.safecrlf=false",           "-c", "gc.auto=0",
                                           "-c", "user.name=Rehearse",  "-c", "user.email=rehearse@localhost", "-c", "commit.gpgsign=false"};
    const char *argv[WORDS_MAX] = {0};
    size_t count = put_git(argv);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) argv[count++] = SETTINGS[i];
    argv[count++] = str_c(git->arena, str_cat(git->arena, STR("--git-dir="), git->repository));
    argv[count++] = str_c(git->arena, str_cat(git->arena, STR("--work-tree="), git->folder));
    TRY(capture(git, argv, count, words, result, git->e));
    if (result->status != NOT_FOUND) return true;
    return fail(git->e, "git", "git is missing: a revision is made and pushed with it. Mend: sudo apt-get install git");
}

bool git_run(const Git *git, const char *const *words, Str *output, int *status) {
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

// Without leave from the developer's settings, git does not read what another user may have set up to run programs.
static void note_unasked(const Git *git, Str said) {
    static const char BEFORE[] = "detected dubious ownership in repository at '";
    ptrdiff_t at = str_find(said, str_of(BEFORE));
    if (at < 0) return;
    said = str_from(said, (size_t)at + sizeof BEFORE - 1);
    *git->unasked = str_strip_suffix(str_next_line(&said), STR("'"));
}

bool git_ask_own(const Git *git, const char *const *words, Str *output) {
    const char *argv[WORDS_MAX] = {0};
    size_t count = put_git(argv);
    ProcessResult result;
    if (!capture(git, argv, count, words, &result, NULL)) return false;
    if (result.status != 0) {
        note_unasked(git, result.errors);
        return false;
    }
    *output = str_trim(result.output);
    return true;
}
