#include "formats/xml.h"

void xml_declaration(Buf *buf) { buf_add(buf, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")); }

void xml_open(Buf *buf, Str name) {
    buf_add_char(buf, '<');
    buf_add(buf, name);
    buf_add_char(buf, '>');
}

void xml_open_ns(Buf *buf, Str name, Str namespace_uri) {
    buf_add_char(buf, '<');
    buf_add(buf, name);
    if (!str_is_empty(namespace_uri)) {
        buf_add(buf, STR(" xmlns=\""));
        xml_escape(buf, namespace_uri);
        buf_add_char(buf, '"');
    }
    buf_add_char(buf, '>');
}

void xml_close(Buf *buf, Str name) {
    buf_add(buf, STR("</"));
    buf_add(buf, name);
    buf_add_char(buf, '>');
}

static bool needs_escape(unsigned char c) { return c < 0x20 ? c != '\n' && c != '\t' : c == '&' || c == '<' || c == '>' || c == '"'; }

static void write_escape(Buf *buf, unsigned char c) {
    switch (c) {
    case '&': buf_add(buf, STR("&amp;")); return;
    case '<': buf_add(buf, STR("&lt;")); return;
    case '>': buf_add(buf, STR("&gt;")); return;
    case '"': buf_add(buf, STR("&quot;")); return;
    default: buf_addf(buf, "&#x%x;", c);
    }
}

void xml_escape(Buf *buf, Str text) {
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (!needs_escape(c)) continue;
        buf_add(buf, str_sub(text, done, i));
        write_escape(buf, c);
        done = i + 1;
    }
    buf_add(buf, str_from(text, done));
}

void xml_element(Buf *buf, Str name, Str text) {
    xml_open(buf, name);
    xml_escape(buf, text);
    xml_close(buf, name);
}
