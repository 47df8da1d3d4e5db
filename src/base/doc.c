#include "base/doc.h"

#include <assert.h>
#include <math.h>

static Doc *node(Arena *arena, DocKind kind) {
    Doc *doc = arena_new_of(arena, Doc);
    doc->kind = kind;
    return doc;
}

Doc *doc_null(Arena *arena) { return node(arena, DOC_NULL); }
Doc *doc_list(Arena *arena) { return node(arena, DOC_LIST); }
Doc *doc_map(Arena *arena) { return node(arena, DOC_MAP); }

Doc *doc_of_bool(Arena *arena, bool value) {
    Doc *doc = node(arena, DOC_BOOL);
    doc->as.boolean = value;
    return doc;
}

static Doc *of_integer(Arena *arena, DocKind kind, int64_t value) {
    Doc *doc = node(arena, kind);
    doc->as.integer = value;
    return doc;
}

Doc *doc_of_int(Arena *arena, int64_t value) { return of_integer(arena, DOC_INT, value); }
Doc *doc_of_time(Arena *arena, int64_t ms) { return of_integer(arena, DOC_TIME, ms); }

Doc *doc_of_real(Arena *arena, double value) {
    Doc *doc = node(arena, DOC_REAL);
    doc->as.real = value;
    return doc;
}

static Doc *of_text(Arena *arena, DocKind kind, Str value) {
    Doc *doc = node(arena, kind);
    doc->as.text = value.at ? value : STR("");
    return doc;
}

Doc *doc_of_str(Arena *arena, Str value) { return of_text(arena, DOC_STR, value); }
Doc *doc_of_blob(Arena *arena, Str value) { return of_text(arena, DOC_BLOB, value); }

static bool is_parent(const Doc *doc) { return doc && (doc->kind == DOC_LIST || doc->kind == DOC_MAP); }

static void append(Doc *parent, Doc *child) {
    assert(is_parent(parent) && child && !child->next && parent->as.children.last != child);
    if (parent->as.children.last) {
        parent->as.children.last->next = child;
    } else {
        parent->as.children.first = child;
    }
    parent->as.children.last = child;
    parent->count++;
}

Doc *doc_copy(Arena *arena, const Doc *from) {
    if (!from) return NULL;
    Doc *copy = arena_copy(arena, from, sizeof *from);
    copy->next = NULL;
    copy->key = str_copy(arena, from->key);
    if (from->kind == DOC_STR || from->kind == DOC_BLOB) copy->as.text = str_copy(arena, from->as.text);
    if (is_parent(from)) {
        copy->count = 0;
        copy->as.children.first = copy->as.children.last = NULL;
        for (const Doc *child = from->as.children.first; child; child = child->next) append(copy, doc_copy(arena, child));
    }
    return copy;
}

void doc_add(Doc *map, Str key, Doc *value) {
    assert(map->kind == DOC_MAP);
    value->key = key;
    append(map, value);
}

void doc_push(Doc *list, Doc *value) {
    assert(list->kind == DOC_LIST);
    append(list, value);
}

static void unlink_child(Doc *map, Doc *before, Doc *child) {
    *(before ? &before->next : &map->as.children.first) = child->next;
    if (map->as.children.last == child) map->as.children.last = before;
    child->next = NULL;
    map->count--;
}

static void replace_child(Doc *map, Doc *before, Doc *child, Doc *value) {
    value->key = child->key;
    value->next = child->next;
    *(before ? &before->next : &map->as.children.first) = value;
    if (map->as.children.last == child) map->as.children.last = value;
    child->next = NULL;
}

void doc_put(Doc *map, Str key, Doc *value) {
    assert(map->kind == DOC_MAP);
    Doc *before = NULL;
    for (Doc *child = map->as.children.first; child; before = child, child = child->next) {
        if (!str_eq(child->key, key)) continue;
        if (value == child) return;
        if (value) {
            replace_child(map, before, child, value);
        } else {
            unlink_child(map, before, child);
        }
        return;
    }
    if (value) doc_add(map, key, value);
}

void doc_set(Doc *map, const char *key, Doc *value) { doc_put(map, str_of(key), value); }

void doc_set_str(Arena *arena, Doc *map, const char *key, Str value) {
    if (value.at) doc_set(map, key, doc_of_str(arena, value));
}

void doc_set_int(Arena *arena, Doc *map, const char *key, int64_t value) { doc_set(map, key, doc_of_int(arena, value)); }
void doc_set_bool(Arena *arena, Doc *map, const char *key, bool value) { doc_set(map, key, doc_of_bool(arena, value)); }
void doc_set_time(Arena *arena, Doc *map, const char *key, int64_t ms) { doc_set(map, key, doc_of_time(arena, ms)); }
void doc_push_str(Arena *arena, Doc *list, Str value) { doc_push(list, doc_of_str(arena, value)); }

Doc *doc_get_str_key(const Doc *map, Str key) {
    if (!doc_is(map, DOC_MAP)) return NULL;
    for (Doc *child = map->as.children.first; child; child = child->next) {
        if (str_eq(child->key, key)) return child;
    }
    return NULL;
}

Doc *doc_at(const Doc *list, size_t index) {
    Doc *child = doc_first(list);
    while (child && index--) child = child->next;
    return child;
}

Doc *doc_first(const Doc *parent) { return is_parent(parent) ? parent->as.children.first : NULL; }
size_t doc_count(const Doc *parent) { return is_parent(parent) ? parent->count : 0; }
bool doc_is(const Doc *doc, DocKind kind) { return doc && doc->kind == kind; }
Str doc_str(const Doc *doc, Str otherwise) { return doc_is(doc, DOC_STR) || doc_is(doc, DOC_BLOB) ? doc->as.text : otherwise; }
bool doc_bool(const Doc *doc, bool otherwise) { return doc_is(doc, DOC_BOOL) ? doc->as.boolean : otherwise; }

static bool has_text(const Doc *list, Str text, bool (*same)(Str, Str)) {
    for (const Doc *one = doc_first(list); one; one = one->next) {
        if (same(doc_str(one, STR("")), text)) return true;
    }
    return false;
}

bool doc_has_text(const Doc *list, Str text) { return has_text(list, text, str_eq); }
bool doc_has_text_nocase(const Doc *list, Str text) { return has_text(list, text, str_eq_nocase); }

int64_t doc_int(const Doc *doc, int64_t otherwise) {
    if (doc_is(doc, DOC_INT) || doc_is(doc, DOC_TIME)) return doc->as.integer;
    bool whole = doc_is(doc, DOC_REAL) && fabs(doc->as.real) < 9e15 && floor(doc->as.real) == doc->as.real;
    return whole ? (int64_t)doc->as.real : otherwise;
}

double doc_real(const Doc *doc, double otherwise) {
    if (doc_is(doc, DOC_REAL)) return doc->as.real;
    return doc_is(doc, DOC_INT) ? (double)doc->as.integer : otherwise;
}

static bool children_equal(const Doc *a, const Doc *b) {
    if (a->count != b->count) return false;
    const Doc *other = doc_first(b);
    for (const Doc *child = doc_first(a); child; child = child->next) {
        const Doc *match = a->kind == DOC_MAP ? doc_get_str_key(b, child->key) : other;
        if (!doc_equal(child, match)) return false;
        other = other->next;
    }
    return true;
}

bool doc_equal(const Doc *a, const Doc *b) {
    if (!a || !b || a->kind != b->kind) return a == b;
    switch (a->kind) {
    case DOC_NULL: return true;
    case DOC_BOOL: return a->as.boolean == b->as.boolean;
    case DOC_INT:
    case DOC_TIME: return a->as.integer == b->as.integer;
    case DOC_REAL: return a->as.real == b->as.real;
    case DOC_STR:
    case DOC_BLOB: return str_eq(a->as.text, b->as.text);
    case DOC_LIST:
    case DOC_MAP: return children_equal(a, b);
    }
    return false;
}
