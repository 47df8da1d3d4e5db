#include "services/common/spec.h"

#include "formats/json.h"

bool(spec_fail)(const SpecFile *file, const Doc *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Str message = str_vformat(file->arena, format, args);
    va_end(args);
    if (!at || at->line == 0) return fail(file->e, file->code, "%.*s: %.*s", STR_ARG(file->name), STR_ARG(message));
    return fail(file->e, file->code, "%.*s:%u: %.*s", STR_ARG(file->name), at->line, STR_ARG(message));
}

bool spec_is_absent(const Doc *node) { return !node || node->kind == DOC_NULL; }

static bool is_parent(const Doc *node) { return node->kind == DOC_LIST || node->kind == DOC_MAP; }

static Str text_of(Arena *arena, const Doc *node) {
    switch (node->kind) {
    case DOC_STR:
    case DOC_BLOB: return node->as.text;
    case DOC_BOOL: return node->as.boolean ? STR("true") : STR("false");
    case DOC_NULL: return STR("");
    default: return json_write(arena, node);
    }
}

bool spec_text(const SpecFile *file, const Doc *node, const char *what, Str *out) {
    if (spec_is_absent(node)) return true;
    if (is_parent(node)) return spec_fail(file, node, "%s must be text, not a %s", what, node->kind == DOC_LIST ? "list" : "map");
    *out = text_of(file->arena, node);
    return true;
}

bool spec_flag(const SpecFile *file, const Doc *node, const char *what, bool *out) {
    static const char *const yes[] = {"yes", "true", "Yes", "True", "YES", "TRUE", "on", NULL};
    static const char *const no[] = {"no", "false", "No", "False", "NO", "FALSE", "off", NULL};
    Str text = STR_NONE;
    TRY(spec_text(file, node, what, &text));
    if (str_is_none(text)) return true;
    bool value = spec_knows(yes, text);
    if (!value && !spec_knows(no, text)) return spec_fail(file, node, "%s must be yes or no, not \"%.*s\"", what, STR_ARG(text));
    *out = value;
    return true;
}

bool spec_texts(const SpecFile *file, const Doc *node, const char *what, StrList *out) {
    if (spec_is_absent(node)) return true;
    if (node->kind == DOC_MAP) return spec_fail(file, node, "%s must be a list of texts, not a map", what);
    size_t count = node->kind == DOC_LIST ? doc_count(node) : 1, i = 0;
    Str *texts = arena_array(file->arena, Str, count + 1);
    if (node->kind != DOC_LIST) texts[0] = text_of(file->arena, node);
    for (const Doc *item = doc_first(node); item; item = item->next, i++) {
        if (is_parent(item)) return spec_fail(file, item, "%s[%zu] must be text, not a %s", what, i, item->kind == DOC_LIST ? "list" : "map");
        texts[i] = text_of(file->arena, item);
    }
    *out = (StrList){texts, count};
    return true;
}

bool spec_is_map(const SpecFile *file, const Doc *node, const char *what) {
    return spec_is_absent(node) || node->kind == DOC_MAP || spec_fail(file, node, "%s must be a map of names and values", what);
}

bool spec_is_list(const SpecFile *file, const Doc *node, const char *what) {
    return spec_is_absent(node) || node->kind == DOC_LIST || spec_fail(file, node, "%s must be a list", what);
}

bool spec_knows(const char *const *words, Str word) {
    for (; *words; words++) {
        if (str_is(word, *words)) return true;
    }
    return false;
}

enum { LONGEST_WORD = 40, NEAR = 2 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

// Levenshtein's distance, one row at a time; a change of case or of '-' to '_' costs nothing.
static size_t distance(Str a, Str b) {
    size_t row[LONGEST_WORD + 1];
    for (size_t j = 0; j <= b.len; j++) row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = a.at[i - 1] == '-' ? '_' : (char)(a.at[i - 1] | 0x20), y = b.at[j - 1] == '-' ? '_' : (char)(b.at[j - 1] | 0x20);
            size_t change = diagonal + (x != y);
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.len];
}

Str spec_suggestion(Arena *arena, const char *const *words, Str word) {
    const char *best = NULL;
    size_t best_distance = NEAR + 1;
    for (; *words && word.len <= LONGEST_WORD; words++) {
        size_t d = distance(word, str_of(*words));
        if (d >= best_distance || d >= word.len) continue;
        best_distance = d;
        best = *words;
    }
    return best ? str_format(arena, " (did you mean \"%s\"?)", best) : STR("");
}
