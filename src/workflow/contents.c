#include "workflow/contents.h"

#include "base/buf.h"
#include "os/files.h"

enum { LIST_BYTES = 128 * 1024 * 1024 };

// A list that git writes with -z.
static Str next_name(Str *rest) { return str_cut(rest, '\0'); }

// ---- What is ignored ----

static void exclude_folder(const Git *git, Str data, Buf *lines) {
    if (!str_starts(data, str_cat(git->arena, git->folder, STR("/")))) return; // it may lie in the application's
    buf_addf(lines, "%.*s/\n", STR_ARG(str_from(data, git->folder.len)));
}

// A line of .gitignore that means this file and no other.
static void exclude_name(Str name, Buf *lines) {
    if (str_find_char(name, '\n') >= 0) return; // no line can say it
    buf_add_char(lines, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (strchr("\\*?[ ", name.at[i])) buf_add_char(lines, '\\');
        buf_add_char(lines, name.at[i]);
    }
    buf_add_char(lines, '\n');
}

// The repository that the folder is part of may ignore more than the folder's own .gitignore says. One that ignores the folder itself does not keep it.
static bool write_excludes(const Git *git, Str data) {
    Str names = STR(""), itself;
    bool kept = !GIT_OWN(git, &itself, "check-ignore", "--quiet", ".");
    if (kept) GIT_OWN(git, &names, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory");
    AUTO_BUF lines;
    buf_init(&lines, LIST_BYTES);
    exclude_folder(git, data, &lines);
    for (Str name; (name = next_name(&names)).len;) exclude_name(name, &lines);
    return file_write(path_join(git->arena, git->repository, STR("info/exclude")), buf_str(&lines), 0600, git->e);
}

// ---- The index ----

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

// Runs a command of git on files that are named one by one.
static bool on_files(const Git *git, Str names, const char *verb, const char *how) {
    if (!names.len) return true;
    Str path = path_join(git->arena, git->repository, STR("names"));
    TRY(file_write(path, names, 0600, git->e));
    const char *from = str_c(git->arena, str_cat(git->arena, STR("--pathspec-from-file="), path));
    return GIT(git, NULL, NULL, verb, "--force", how, from, "--pathspec-file-nul");
}

// What is ignored since the last run; our repository has it, but nobody has put it there on purpose.
static bool drop_ignored(const Git *git) {
    Str names;
    TRY(GIT(git, &names, NULL, "ls-files", "-z", "--cached", "--ignored", "--exclude-standard"));
    return on_files(git, names, "rm", "--cached");
}

// What the developer keeps although .gitignore names it.
static bool add_forced(const Git *git) {
    Str names;
    if (!GIT_OWN(git, &names, "ls-files", "-z", "--cached", "--ignored", "--exclude-standard")) return true;
    AUTO_BUF there;
    buf_init(&there, names.len + 1);
    for (Str name; (name = next_name(&names)).len;) {
        if (!file_exists(path_join(git->arena, git->folder, name))) continue;
        buf_add(&there, name);
        buf_add_char(&there, '\0');
    }
    return on_files(git, str_copy(git->arena, buf_str(&there)), "add", "--no-ignore-removal");
}

// Lines of `git ls-files --stage`: "160000 COMMIT 0\tPATH".
static bool find_nested(const Git *git, Vec *nested) {
    Str lines;
    TRY(GIT(git, &lines, NULL, "ls-files", "--stage"));
    for (Str line; !str_is_none(line = str_next_line(&lines));) {
        if (!str_starts(line, STR("160000 "))) continue;
        str_cut(&line, '\t');
        vec_add(nested, Str, line);
    }
    return true;
}

bool contents_take(const Git *git, Str data, Vec *nested) {
    TRY(write_excludes(git, data));
    TRY(add_all(git));
    TRY(drop_ignored(git));
    TRY(add_forced(git));
    return find_nested(git, nested);
}

bool contents_changed(const Git *git, Str from, Vec *changed) {
    static const char EMPTY_TREE[] = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    Str names;
    TRY(GIT(git, &names, NULL, "diff", "-z", "--cached", "--name-only", "--no-renames", from.len ? str_c(git->arena, from) : EMPTY_TREE));
    for (Str name; (name = next_name(&names)).len;) vec_add(changed, Str, name);
    return true;
}
