// XML: small documents as a tree (expat), and a writer.
//
// Reading: namespaces are not resolved; a name has its prefix taken off (`xsi:type` has name "type", full "xsi:type"). A document type
// declaration is refused, and with it every entity attack; so are texts above LIMIT_XML_BYTES, more than LIMIT_XML_NODES elements and
// nesting beyond LIMIT_DOC_DEPTH. Errors have code "bad-xml" and a message "LINE:COLUMN: what is wrong".
// `text` is the character data directly inside an element, joined; comments and processing instructions are left out.
#pragma once

#include "base/buf.h"
#include "base/error.h"

typedef struct XmlAttribute {
    struct XmlAttribute *next;
    Str name, full, value;
} XmlAttribute;

typedef struct XmlNode XmlNode;
struct XmlNode {
    XmlNode *next; // sibling
    XmlNode *first, *last; // children
    XmlNode *parent;
    XmlAttribute *attributes;
    Str name, full, text;
    uint32_t line, column;
};

bool xml_parse(Arena *arena, Str text, XmlNode **out, Error *e);
XmlNode *xml_child(const XmlNode *node, const char *name); // the first of that name; NULL when absent or `node` is NULL
XmlNode *xml_next(const XmlNode *node, const char *name); // the next sibling of that name
Str xml_attribute(const XmlNode *node, const char *name); // STR_NONE when absent
Str xml_text_of(const XmlNode *node, const char *child); // text of that child; STR_NONE when absent

// Writing. Names are the caller's and not checked; text is escaped, control characters become references (as S3 writes object keys).
void xml_declaration(Buf *buf); // <?xml version="1.0" encoding="UTF-8"?> and a line end
void xml_open(Buf *buf, Str name);
void xml_open_ns(Buf *buf, Str name, Str namespace_uri); // with xmlns when the uri is not empty
void xml_close(Buf *buf, Str name);
void xml_escape(Buf *buf, Str text); // fit for content and for attribute values
void xml_element(Buf *buf, Str name, Str text); // <name>text</name>
