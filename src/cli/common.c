#include "cli/common.h"

#include "formats/json.h"
#include "formats/timestamps.h"
#include "os/files.h"
#include "services/common/spec.h"

#include <unistd.h>

enum { FOLDED_BYTES = 4 * 1024 * 1024, FOLDED_INDENT = 16, NARROW = 60 };

bool common_open(const Common *common, Arena *arena, Client *client, Doc **health, Error *e) {
    Doc *told = NULL;
    TRY(client_init(arena, common->port, client, e));
    TRY(client_health(client, arena, &told, e));
    client_keeps(client, arena, doc_text(told, "data"));
    if (health) *health = told;
    return true;
}

Look common_look(const Common *common) { return look_of(STDOUT_FILENO, common->no_colour != NULL); }

void common_print(const Buf *out) { file_write_fd(STDOUT_FILENO, buf_str(out), NULL); }

// How many bytes at `at` take one column, or none: an escape sequence of colours ends with 'm'.
static size_t step(Str line, size_t at, int *columns) {
    size_t end = at + 1;
    if (line.at[at] == '\x1b') {
        while (end < line.len && line.at[end - 1] != 'm') end++;
        return end - at;
    }
    while (end < line.len && ((unsigned char)line.at[end] & 0xC0) == 0x80) end++;
    ++*columns;
    return end - at;
}

// The bytes of the first row of `line` that has `width` columns, up to a blank between words; a longer word stays whole.
static size_t row_bytes(Str line, int width) {
    size_t blank = 0;
    int columns = 0;
    bool word = false;
    for (size_t at = 0, bytes; at < line.len; at += bytes) {
        bytes = step(line, at, &columns);
        bool is_blank = line.at[at] == ' ';
        if (is_blank && word) blank = at;
        if (columns > width && blank) return blank;
        word = word || (!is_blank && line.at[at] != '\x1b');
    }
    return line.len;
}

static void fold_line(const Look *look, Str line, Buf *out) {
    int indent = look->width < NARROW ? 4 : FOLDED_INDENT;
    for (int margin = 0;; margin = indent) {
        size_t bytes = row_bytes(line, look->width - margin);
        buf_addf(out, "%*s%.*s\n", margin, "", (int)bytes, line.at);
        line = str_from(line, bytes);
        while (line.len && line.at[0] == ' ') line = str_from(line, 1);
        if (!line.len) return;
    }
}

void common_print_folded(const Look *look, const Buf *out) {
    if (!look->terminal) {
        common_print(out);
        return;
    }
    AUTO_BUF folded;
    buf_init(&folded, FOLDED_BYTES);
    Str rest = buf_str(out);
    for (Str line; !str_is_none(line = str_next_line(&rest));) fold_line(look, line, &folded);
    common_print(&folded);
}

// Points in time as the plane's pages and AWS's replies name them, and as they are printed: spans, in milliseconds, keep the unit in their names.
static const struct {
    const char *name, *printed;
} TIMES[] = {
    {"nowMs", "now"},           {"startedMs", "started"},   {"dueMs", "due"},
    {"changedMs", "changed"},   {"timestamp", "timestamp"}, {"ingestionTime", "ingestionTime"},
    {"startTime", "startTime"}, {"endTime", "endTime"},     {"lastUpdatedAt", "lastUpdatedAt"},
};

static void print_time(Arena *arena, Doc *member) {
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        if (!str_is(member->key, TIMES[i].name)) continue;
        member->as.text = time_iso8601(arena, doc_int(member, 0));
        member->kind = DOC_STR;
        member->key = str_of(TIMES[i].printed);
        return;
    }
}

static void print_times(Arena *arena, Doc *doc) {
    for (Doc *member = doc_first(doc); member; member = member->next) {
        if (member->kind == DOC_INT || member->kind == DOC_TIME) print_time(arena, member);
        print_times(arena, member);
    }
}

int common_print_json(Arena *arena, const Doc *doc) {
    Doc *printed = doc_copy(arena, doc);
    print_times(arena, printed);
    Str text = str_cat(arena, json_write_pretty(arena, printed), STR("\n"));
    file_write_fd(STDOUT_FILENO, text, NULL);
    return EXIT_OK;
}

bool common_fail_pipeline(const Client *client, Arena *arena, Str name, const Error *why, Error *e) {
    Doc *reply = NULL;
    if (!error_is(why, "PipelineNotFoundException") || !client_call(client, arena, "codepipeline", "ListPipelines", NULL, &reply, NULL)) {
        *e = *why;
        return false;
    }
    const Doc *pipelines = doc_get(reply, "pipelines");
    const char **names = (const char **)arena_array(arena, const char *, doc_count(pipelines) + 1);
    Str all = STR("");
    size_t count = 0;
    for (const Doc *each = doc_first(pipelines); each; each = each->next) {
        names[count++] = str_c(arena, doc_text(each, "name"));
        all = str_format(arena, "%.*s%s%s", STR_ARG(all), all.len ? ", " : "", names[count - 1]);
    }
    names[count] = NULL;
    Str near = spec_suggestion(arena, names, name);
    if (!all.len) return fail(e, "usage", "there is no pipeline \"%.*s\", nor any other. To make one: rehearse run", STR_ARG(name));
    return fail(e, "usage", "there is no pipeline \"%.*s\"%.*s; there is: %.*s", STR_ARG(name), STR_ARG(near), STR_ARG(all));
}

bool common_operands(int argc, char **argv, int least, int most, const char *what, Error *e) {
    if (argc - 1 < least) return fail(e, "usage", "%s needs %s. How: rehearse help %s", argv[0], what, argv[0]);
    return argc - 1 <= most || fail(e, "usage", "%s takes %s, but got \"%s\"%s", argv[0], what, argv[most + 1], most ? " too" : "");
}
