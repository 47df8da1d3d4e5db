#include "workflow/reader.h"

#include "services/common/spec.h"

#include <ctype.h>
#include <inttypes.h>

enum { KEYS_MAX = 16 };

bool(reader_fail)(const Reader *reader, const Doc *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Str message = str_vformat(reader->arena, format, args);
    va_end(args);
    if (!at || at->line == 0) return fail(reader->e, "bad-application", "%s: %.*s", reader->file, STR_ARG(message));
    return fail(reader->e, "bad-application", "%s:%u:%u: %.*s", reader->file, at->line, at->column, STR_ARG(message));
}

static const char *kind_of(const Doc *node) {
    switch (node->kind) {
    case DOC_LIST: return "a list";
    case DOC_MAP: return "a map";
    case DOC_NULL: return "nothing";
    default: return "text";
    }
}

static bool unknown_key(const Reader *reader, const Doc *member, const char *what, const ReaderKey *keys) {
    const char *names[KEYS_MAX + 1] = {0};
    Str all = STR("");
    for (size_t i = 0; keys[i].name && i < KEYS_MAX; i++) {
        names[i] = keys[i].name;
        all = str_format(reader->arena, "%.*s%s%s", STR_ARG(all), i == 0 ? "" : ", ", keys[i].name);
    }
    Str near = spec_suggestion(reader->arena, names, member->key);
    if (near.len) return reader_fail(reader, member, "unknown key \"%.*s\" in %s%.*s", STR_ARG(member->key), what, STR_ARG(near));
    return reader_fail(reader, member, "unknown key \"%.*s\" in %s; keys are %.*s", STR_ARG(member->key), what, STR_ARG(all));
}

bool reader_map(const Reader *reader, const Doc *node, const char *what, const ReaderKey *keys, void *into) {
    if (node->kind != DOC_MAP) return reader_fail(reader, node, "%s must be a map of names and values, not %s", what, kind_of(node));
    for (const Doc *member = doc_first(node); member; member = member->next) {
        const ReaderKey *key = keys;
        while (key->name && !str_is(member->key, key->name)) key++;
        if (!key->name) return unknown_key(reader, member, what, keys);
        TRY(key->read(reader, member, into));
    }
    return true;
}

bool reader_list(const Reader *reader, const Doc *node, const char *what, bool (*read)(const Reader *, const Doc *, void *), Vec *into) {
    if (node->kind != DOC_LIST) return reader_fail(reader, node, "%s must be a list, not %s", what, kind_of(node));
    for (const Doc *item = doc_first(node); item; item = item->next) TRY(read(reader, item, vec_push(into)));
    return true;
}

bool reader_text(const Reader *reader, const Doc *node, const char *what, Str *out) {
    if (node->kind == DOC_LIST || node->kind == DOC_MAP) return reader_fail(reader, node, "%s must be text, not %s", what, kind_of(node));
    Str text = doc_str(node, STR(""));
    if (!text.len) return reader_fail(reader, node, "%s is empty", what);
    *out = text;
    return true;
}

bool reader_int(const Reader *reader, const Doc *node, const char *what, int64_t least, int64_t most, int64_t *out) {
    int64_t value = 0;
    if (!str_to_int(doc_str(node, STR("")), &value) || value < least || value > most) {
        return reader_fail(reader, node, "%s must be a whole number from %" PRId64 " to %" PRId64, what, least, most);
    }
    *out = value;
    return true;
}

bool reader_texts(const Reader *reader, const Doc *node, const char *what, Vec *out) {
    if (node->kind != DOC_LIST) return reader_text(reader, node, what, vec_push(out));
    for (const Doc *item = doc_first(node); item; item = item->next) TRY(reader_text(reader, item, what, vec_push(out)));
    return true;
}

bool reader_name(const Reader *reader, const Doc *node, const char *what, const char *others, size_t most, Str *out) {
    Str name = STR_NONE;
    TRY(reader_text(reader, node, what, &name));
    bool good = name.len <= most;
    for (size_t i = 0; i < name.len; i++) good = good && (isalnum((unsigned char)name.at[i]) || strchr(others, name.at[i]));
    if (!good) { return reader_fail(reader, node, "%s \"%.*s\" is not allowed; 1 to %zu letters, digits and %s", what, STR_ARG(name), most, others); }
    *out = name;
    return true;
}
