#include "formats/xml.h"

#include "base/limits.h"

#include <expat.h>

typedef struct Reader {
    XML_Parser parser;
    Arena *arena;
    XmlNode *root, *current;
    Buf *texts; // of the open elements, from the outermost
    int depth;
    size_t nodes;
    Error *e;
    bool failed;
} Reader;

static void fail_at(Reader *r, const char *problem) {
    if (r->failed) return;
    r->failed = true;
    fail(r->e, "bad-xml", "%lu:%lu: %s", XML_GetCurrentLineNumber(r->parser), XML_GetCurrentColumnNumber(r->parser) + 1, problem);
    XML_StopParser(r->parser, XML_FALSE);
}

static Str local_name(Str full) {
    ptrdiff_t colon = str_find_char(full, ':');
    return colon < 0 ? full : str_from(full, (size_t)colon + 1);
}

static void add_attributes(Reader *r, XmlNode *node, const char **attributes) {
    XmlAttribute **end = &node->attributes;
    for (; *attributes; attributes += 2) {
        XmlAttribute *attribute = arena_new_of(r->arena, XmlAttribute);
        attribute->full = str_copy(r->arena, str_of(attributes[0]));
        attribute->name = local_name(attribute->full);
        attribute->value = str_copy(r->arena, str_of(attributes[1]));
        *end = attribute;
        end = &attribute->next;
    }
}

static void link_node(Reader *r, XmlNode *node) {
    XmlNode *parent = node->parent = r->current;
    if (!parent) {
        r->root = node;
    } else if (parent->last) {
        parent->last->next = node;
        parent->last = node;
    } else {
        parent->first = parent->last = node;
    }
    r->current = node;
}

static void on_start(void *data, const char *name, const char **attributes) {
    Reader *r = data;
    const char *excess = r->depth >= LIMIT_DOC_DEPTH ? "elements are nested too deep" : ++r->nodes > LIMIT_XML_NODES ? "too many elements" : NULL;
    if (excess) {
        fail_at(r, excess);
        return;
    }
    XmlNode *node = arena_new_of(r->arena, XmlNode);
    node->full = str_copy(r->arena, str_of(name));
    node->name = local_name(node->full);
    node->text = STR("");
    node->line = (uint32_t)XML_GetCurrentLineNumber(r->parser);
    node->column = (uint32_t)XML_GetCurrentColumnNumber(r->parser) + 1;
    add_attributes(r, node, attributes);
    link_node(r, node);
    buf_clear(&r->texts[r->depth++]);
}

static void on_end(void *data, const char *name) {
    (void)name;
    Reader *r = data;
    Str text = buf_str(&r->texts[--r->depth]);
    if (text.len) r->current->text = str_copy(r->arena, text);
    r->current = r->current->parent;
}

static void on_text(void *data, const char *at, int len) {
    Reader *r = data;
    if (r->depth) buf_add(&r->texts[r->depth - 1], (Str){at, (size_t)len});
}

static void on_doctype(void *data, const char *name, const char *system, const char *public, int internal) {
    (void)name, (void)system, (void)public, (void)internal;
    fail_at(data, "a document type declaration is not accepted");
}

static bool run(Reader *r, Str text) {
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    enum XML_Status status = XML_Parse(r->parser, text.at ? text.at : "", (int)text.len, XML_TRUE);
    if (status != XML_STATUS_OK) fail_at(r, XML_ErrorString(XML_GetErrorCode(r->parser)));
    return !r->failed;
}

bool xml_parse(Arena *arena, Str text, XmlNode **out, Error *e) {
    if (text.len > LIMIT_XML_BYTES) return fail(e, "bad-xml", "the text is larger than %d bytes", LIMIT_XML_BYTES);
    Buf texts[LIMIT_DOC_DEPTH];
    for (int i = 0; i < LIMIT_DOC_DEPTH; i++) buf_init(&texts[i], LIMIT_XML_BYTES);
    Reader r = {.parser = XML_ParserCreate(NULL), .arena = arena, .texts = texts, .e = e};
    if (!r.parser) abort();
    bool ok = run(&r, text);
    XML_ParserFree(r.parser);
    for (int i = 0; i < LIMIT_DOC_DEPTH; i++) buf_done(&texts[i]);
    if (ok) *out = r.root;
    return ok;
}

XmlNode *xml_child(const XmlNode *node, const char *name) {
    XmlNode *child = node ? node->first : NULL;
    return child && !str_is(child->name, name) ? xml_next(child, name) : child;
}

XmlNode *xml_next(const XmlNode *node, const char *name) {
    XmlNode *next = node ? node->next : NULL;
    while (next && !str_is(next->name, name)) next = next->next;
    return next;
}

Str xml_attribute(const XmlNode *node, const char *name) {
    for (const XmlAttribute *a = node ? node->attributes : NULL; a; a = a->next) {
        if (str_is(a->name, name)) return a->value;
    }
    return STR_NONE;
}

Str xml_text_of(const XmlNode *node, const char *child) {
    const XmlNode *found = xml_child(node, child);
    return found ? found->text : STR_NONE;
}
