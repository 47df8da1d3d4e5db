// Events in, nodes out, by recursive descent: each build_ function has been given the event that begins its node and consumes up to the
// one that ends it. Anchors map to finished nodes (an alias inside the node that it names is therefore unknown, and no cycle can arise).
#include "formats/yaml.h"

#include "base/limits.h"
#include "base/map.h"
#include "formats/yaml_scalars.h"

#include <assert.h>
#include <stdlib.h>
#include <yaml.h>

typedef struct Reader {
    yaml_parser_t parser;
    Arena *arena;
    Map *anchors; // name → Doc
    size_t nodes;
    bool texts_only;
    enum { AS_OURS, AS_GO, AS_RUBY } words; // of a mistake of syntax
    Error *e;
} Reader;

static bool fail_at(Reader *r, yaml_mark_t mark, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool fail_at(Reader *r, yaml_mark_t mark, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Str message = str_vformat(r->arena, format, args);
    va_end(args);
    return fail(r->e, "bad-yaml", "%zu:%zu: %.*s", mark.line + 1, mark.column + 1, STR_ARG(message));
}

#define fail_at(...) fail_returned(fail_at(__VA_ARGS__))

// go-yaml counts the parser's lines from 0 and the scanner's from 1, and of the first line it tells none.
static size_t line_as_go(const yaml_parser_t *p) {
    size_t line = p->problem_mark.line;
    return line && p->error == YAML_SCANNER_ERROR ? line + 1 : line;
}

// Ruby's Psych tells where that began which the parser was reading, and not where it stumbled.
static bool fail_as_ruby(const Reader *r, const char *problem) {
    const yaml_parser_t *p = &r->parser;
    const char *context = p->context ? p->context : "", *gap = p->context ? " " : "";
    return fail(r->e, YAML_SYNTAX, "(<unknown>): %s%s%s at line %zu column %zu", problem, gap, context, p->context_mark.line + 1,
                p->context_mark.column + 1);
}

static bool next_event(Reader *r, yaml_event_t *event) {
    if (yaml_parser_parse(&r->parser, event)) return true;
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "unreadable";
    if (p->error == YAML_READER_ERROR) return fail(r->e, "bad-yaml", "byte %zu: %s", p->problem_offset, problem);
    if (r->words == AS_GO) return fail(r->e, YAML_SYNTAX, "%s at line %zu", problem, line_as_go(p));
    if (r->words == AS_RUBY) return fail_as_ruby(r, problem);
    if (p->context) return fail_at(r, p->problem_mark, "%s, %s (which began on line %zu)", problem, p->context, p->context_mark.line + 1);
    return fail_at(r, p->problem_mark, "%s", problem);
}

static bool count_nodes(Reader *r, yaml_mark_t mark, size_t more) {
    r->nodes += more;
    return r->nodes <= LIMIT_YAML_NODES || fail_at(r, mark, "more than %d nodes after aliases are copied out", LIMIT_YAML_NODES);
}

static Doc *placed(Doc *doc, yaml_mark_t mark) {
    assert(doc);
    doc->line = (uint32_t)mark.line + 1;
    doc->column = (uint32_t)mark.column + 1;
    return doc;
}

static void keep_anchor(Reader *r, const yaml_char_t *anchor, Doc *doc) {
    if (anchor) map_put(r->anchors, str_of((const char *)anchor), doc);
}

#define TAG_PREFIX "tag:yaml.org,2002:"

static bool is_tag(Str tag, const char *name) { return str_is(str_strip_prefix(tag, STR(TAG_PREFIX)), name); }

static bool unknown_tag(Reader *r, yaml_mark_t mark, Str tag) {
    bool standard = str_starts(tag, STR(TAG_PREFIX));
    tag = str_strip_prefix(tag, STR(TAG_PREFIX));
    return fail_at(r, mark, "the tag %s%.*s is not supported", standard ? "!!" : "", STR_ARG(tag));
}

static bool of_binary(Reader *r, Str text, Doc **out) {
    Str packed = str_replace(r->arena, str_replace(r->arena, text, STR("\n"), STR("")), STR(" "), STR("")), bytes;
    TRY(str_unbase64(r->arena, packed, &bytes));
    *out = doc_of_blob(r->arena, bytes);
    return true;
}

static bool of_bool(Reader *r, Str text, Doc **out) {
    bool value;
    TRY(yaml_to_bool(text, &value));
    *out = doc_of_bool(r->arena, value);
    return true;
}

static bool of_real(Reader *r, Str text, Doc **out) {
    Doc *number;
    TRY(yaml_to_number(r->arena, text, &number));
    *out = doc_of_real(r->arena, doc_real(number, 0));
    return true;
}

static bool tagged_scalar(Reader *r, yaml_mark_t mark, Str tag, Str text, Doc **out) {
    bool ok;
    *out = is_tag(tag, "null") ? doc_null(r->arena) : doc_of_str(r->arena, text);
    if (is_tag(tag, "null") || is_tag(tag, "str") || str_is(tag, "!")) {
        ok = true;
    } else if (is_tag(tag, "bool")) {
        ok = of_bool(r, text, out);
    } else if (is_tag(tag, "int")) {
        ok = yaml_to_number(r->arena, text, out);
    } else if (is_tag(tag, "float")) {
        ok = of_real(r, text, out);
    } else if (is_tag(tag, "binary")) {
        ok = of_binary(r, text, out);
    } else {
        return unknown_tag(r, mark, tag);
    }
    return ok || fail_at(r, mark, "\"%.*s\" is no !!%.*s", STR_ARG(text), STR_ARG(str_strip_prefix(tag, STR(TAG_PREFIX))));
}

static bool build_scalar(Reader *r, const yaml_event_t *event, Doc **out) {
    Str text = str_copy(r->arena, (Str){(const char *)event->data.scalar.value, event->data.scalar.length});
    const char *tag = (const char *)event->data.scalar.tag;
    if (tag) {
        TRY(tagged_scalar(r, event->start_mark, str_of(tag), text, out));
    } else if (!event->data.scalar.plain_implicit) {
        *out = doc_of_str(r->arena, text);
    } else if (r->texts_only) {
        *out = yaml_is_null(text) ? doc_null(r->arena) : doc_of_str(r->arena, text);
    } else {
        *out = yaml_resolve_plain(r->arena, text);
    }
    keep_anchor(r, event->data.scalar.anchor, placed(*out, event->start_mark));
    return count_nodes(r, event->start_mark, 1);
}

static size_t nodes_below(const Doc *doc) {
    size_t count = 1;
    for (const Doc *child = doc_first(doc); child; child = child->next) count += nodes_below(child);
    return count;
}

static bool build_alias(Reader *r, const yaml_event_t *event, Doc **out) {
    Str name = str_of((const char *)event->data.alias.anchor);
    const Doc *target = map_get(r->anchors, name);
    if (!target) return fail_at(r, event->start_mark, "the alias *%.*s names no anchor that stands before it", STR_ARG(name));
    TRY(count_nodes(r, event->start_mark, nodes_below(target)));
    *out = placed(doc_copy(r->arena, target), event->start_mark);
    return true;
}

static bool build_node(Reader *r, const yaml_event_t *event, int depth, Doc **out);

static bool collection_tag_is_known(Reader *r, const yaml_event_t *event, const yaml_char_t *tag, const char *name) {
    Str text = str_of((const char *)tag);
    return str_is_none(text) || str_is(text, "!") || is_tag(text, name) || unknown_tag(r, event->start_mark, text);
}

// The next node, or `*out` NULL at the end of the collection.
static bool next_node(Reader *r, int depth, Doc **out) {
    yaml_event_t event;
    TRY(next_event(r, &event));
    bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    *out = NULL;
    bool ok = end || build_node(r, &event, depth, out);
    yaml_event_delete(&event);
    return ok;
}

static bool build_list(Reader *r, const yaml_event_t *event, int depth, Doc **out) {
    TRY(collection_tag_is_known(r, event, event->data.sequence_start.tag, "seq"));
    Doc *list = placed(doc_list(r->arena), event->start_mark);
    Doc *item;
    for (;;) {
        TRY(next_node(r, depth + 1, &item));
        if (!item) break;
        doc_push(list, item);
    }
    keep_anchor(r, event->data.sequence_start.anchor, list);
    *out = list;
    return true;
}

typedef struct MapKey {
    Str text;
    yaml_mark_t mark;
    bool merge; // a plain "<<"
} MapKey;

// The next key, or `key->text` absent at the end of the map.
static bool next_key(Reader *r, MapKey *key) {
    yaml_event_t event;
    TRY(next_event(r, &event));
    bool ok = true;
    *key = (MapKey){.mark = event.start_mark};
    if (event.type == YAML_SCALAR_EVENT) {
        key->text = str_copy(r->arena, (Str){(const char *)event.data.scalar.value, event.data.scalar.length});
        key->merge = event.data.scalar.plain_implicit && str_is(key->text, "<<");
        if (event.data.scalar.anchor) keep_anchor(r, event.data.scalar.anchor, placed(doc_of_str(r->arena, key->text), event.start_mark));
    } else if (event.type == YAML_ALIAS_EVENT) {
        const Doc *target = map_get(r->anchors, str_of((const char *)event.data.alias.anchor));
        key->text = doc_str(target, STR_NONE);
        ok = !str_is_none(key->text) || fail_at(r, event.start_mark, "an alias as a key must name text");
    } else if (event.type != YAML_MAPPING_END_EVENT) {
        ok = fail_at(r, event.start_mark, "a list or a map cannot be a key");
    }
    yaml_event_delete(&event);
    return ok;
}

static bool is_merge_source(const Doc *doc) {
    if (doc_is(doc, DOC_MAP)) return true;
    bool list = doc_is(doc, DOC_LIST);
    for (const Doc *item = doc_first(doc); item; item = item->next) list = list && doc_is(item, DOC_MAP);
    return list;
}

static void merge_members(Reader *r, Doc *map, const Doc *source) {
    if (doc_is(source, DOC_LIST)) {
        for (const Doc *item = doc_first(source); item; item = item->next) merge_members(r, map, item);
        return;
    }
    for (const Doc *member = doc_first(source); member; member = member->next) {
        if (!doc_get_str_key(map, member->key)) doc_add(map, member->key, doc_copy(r->arena, member));
    }
}

static bool add_member(Reader *r, Doc *map, Map *seen, const MapKey *key, Doc *value) {
    const Doc *earlier = map_put(seen, key->text, value);
    if (earlier) return fail_at(r, key->mark, "\"%.*s\" stands twice in this map (first on line %u)", STR_ARG(key->text), earlier->line);
    doc_add(map, key->text, value);
    return true;
}

static bool fill_map(Reader *r, int depth, Doc *map, Map *seen) {
    Doc *merges = doc_list(r->arena), *value;
    MapKey key;
    for (;;) {
        TRY(next_key(r, &key));
        if (str_is_none(key.text)) break;
        TRY(next_node(r, depth + 1, &value));
        placed(value, key.mark);
        if (!key.merge) {
            TRY(add_member(r, map, seen, &key, value));
        } else if (is_merge_source(value)) {
            doc_push(merges, value);
        } else {
            return fail_at(r, key.mark, "<< wants a map or a list of maps");
        }
    }
    for (const Doc *source = doc_first(merges); source; source = source->next) merge_members(r, map, source);
    return true;
}

static bool build_map(Reader *r, const yaml_event_t *event, int depth, Doc **out) {
    TRY(collection_tag_is_known(r, event, event->data.mapping_start.tag, "map"));
    Doc *map = placed(doc_map(r->arena), event->start_mark);
    Map *seen = map_new();
    bool ok = fill_map(r, depth, map, seen);
    map_free(seen);
    if (!ok) return false;
    keep_anchor(r, event->data.mapping_start.anchor, map);
    *out = map;
    return true;
}

static bool build_node(Reader *r, const yaml_event_t *event, int depth, Doc **out) {
    if (depth > LIMIT_DOC_DEPTH) return fail_at(r, event->start_mark, "lists and maps are nested deeper than %d", LIMIT_DOC_DEPTH);
    if (event->type == YAML_ALIAS_EVENT) return build_alias(r, event, out);
    if (event->type == YAML_SCALAR_EVENT) return build_scalar(r, event, out);
    TRY(count_nodes(r, event->start_mark, 1));
    return event->type == YAML_SEQUENCE_START_EVENT ? build_list(r, event, depth, out) : build_map(r, event, depth, out);
}

static bool expect(Reader *r, yaml_event_type_t type, const char *otherwise) {
    yaml_event_t event;
    TRY(next_event(r, &event));
    bool ok = event.type == type || fail_at(r, event.start_mark, "%s", otherwise);
    yaml_event_delete(&event);
    return ok;
}

static bool build_root(Reader *r, Doc **out) {
    yaml_event_t event;
    TRY(next_event(r, &event));
    bool ok = build_node(r, &event, 0, out);
    yaml_event_delete(&event);
    TRY(ok);
    TRY(expect(r, YAML_DOCUMENT_END_EVENT, "a document end was expected"));
    return expect(r, YAML_STREAM_END_EVENT, "a second document begins here; one is expected");
}

static bool build_stream(Reader *r, Doc **out) {
    yaml_event_t event;
    TRY(expect(r, YAML_STREAM_START_EVENT, "unreadable"));
    TRY(next_event(r, &event));
    bool empty = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    if (!empty) return build_root(r, out);
    *out = doc_null(r->arena);
    return true;
}

static bool parse(Arena *arena, Str text, const Reader *how, Doc **out, Error *e) {
    if (text.len > LIMIT_YAML_BYTES) return fail(e, "bad-yaml", "the text is larger than %d bytes", LIMIT_YAML_BYTES);
    Reader r = {.arena = arena, .anchors = map_new(), .texts_only = how->texts_only, .words = how->words, .e = e};
    if (!yaml_parser_initialize(&r.parser)) abort();
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.at ? text.at : ""), text.len);
    Doc *root;
    bool ok = build_stream(&r, &root);
    yaml_parser_delete(&r.parser);
    map_free(r.anchors);
    if (ok) *out = root;
    return ok;
}

bool yaml_parse(Arena *arena, Str text, Doc **out, Error *e) { return parse(arena, text, &(Reader){.texts_only = false}, out, e); }
bool yaml_parse_texts(Arena *arena, Str text, Doc **out, Error *e) { return parse(arena, text, &(Reader){.texts_only = true}, out, e); }

bool yaml_parse_texts_as_go(Arena *arena, Str text, Doc **out, Error *e) {
    return parse(arena, text, &(Reader){.texts_only = true, .words = AS_GO}, out, e);
}

bool yaml_parse_as_ruby(Arena *arena, Str text, Doc **out, Error *e) { return parse(arena, text, &(Reader){.words = AS_RUBY}, out, e); }
