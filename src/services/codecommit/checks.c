// What names, paths and commit ids may be: CodeCommit's quotas and the errors that tell what breaks them.
#include "services/codecommit/codecommit.h"

enum { NAME_MAX_BYTES = 100, BRANCH_MAX_BYTES = 256, PATH_MAX_BYTES = 4096 };

static bool is_name_char(char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' || c == '_' || c == '-'; }

bool codecommit_check_repository_name(Str name, Error *e) {
    if (!name.len) return fail(e, "RepositoryNameRequiredException", "A repository name is required.");
    bool ok = name.len <= NAME_MAX_BYTES && !str_ends(name, STR(".git"));
    for (size_t i = 0; i < name.len; i++) ok = ok && is_name_char(name.at[i]);
    return ok ||
           fail(e, "InvalidRepositoryNameException",
                "The repository name is not valid. Repository names can be any valid combination of letters, numbers, periods, underscores, and "
                "dashes between 1 and 100 characters in length. Names are case sensitive. For more information, see Limits in the AWS CodeCommit "
                "User Guide. ");
}

static bool is_oid(Str text) {
    bool ok = text.len == GIT_OID_HEXSZ;
    for (size_t i = 0; ok && i < text.len; i++)
        ok = (text.at[i] >= '0' && text.at[i] <= '9') || ((text.at[i] | 32) >= 'a' && (text.at[i] | 32) <= 'f');
    return ok;
}

bool codecommit_check_branch_name(Arena *arena, Str name, Error *e) {
    if (!name.len) return fail(e, "BranchNameRequiredException", "A branch name is required.");
    bool ok = name.len <= BRANCH_MAX_BYTES && !is_oid(name) && !str_is(name, "@") && !memchr(name.at, 0, name.len) &&
              git_reference_is_valid_name(str_c(arena, str_cat(arena, STR("refs/heads/"), name)));
    return ok || fail(e, "InvalidBranchNameException", "The branch name is not valid: %.*s", STR_ARG(name));
}

// Neither empty nor climbing, and nothing that git keeps for itself.
static bool is_segment(Str segment) { return segment.len && !str_is(segment, ".") && !str_is(segment, "..") && !str_eq_nocase(segment, STR(".git")); }

bool codecommit_check_path(Str path, Error *e) {
    bool ok = path.len <= PATH_MAX_BYTES && !memchr(path.at ? path.at : "", 0, path.len);
    for (Str rest = path; rest.at && rest.len && ok;) {
        ok = is_segment(str_cut(&rest, '/'));
        ok = ok && (!rest.at || rest.len);
    }
    return ok || fail(e, "InvalidPathException", "The path is not valid: %.*s", STR_ARG(path));
}

bool codecommit_check_file_path(Str given, Str *path, Error *e) {
    Str clean = str_strip_prefix(given, STR("/"));
    if (!clean.len) return fail(e, "PathRequiredException", "A file path is required.");
    TRY(codecommit_check_path(clean, e));
    *path = clean;
    return true;
}

bool codecommit_check_commit_id(git_repository *git, Str id, git_commit **out, const CommitCodes *codes, Error *e) {
    git_oid oid;
    if (!is_oid(id) || !git_oid_of(id, &oid)) return fail(e, codes->invalid, "The commit ID is not valid: %.*s", STR_ARG(id));
    return git_commit_lookup(out, git, &oid) == 0 || fail(e, codes->missing, "The commit ID does not exist: %.*s", STR_ARG(id));
}
