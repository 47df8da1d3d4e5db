// XML bodies (requests of rest-xml, that is S3; replies of all XML protocols): a small tree, walked with the model beside it. Namespaces and unknown
// elements are passed over, as S3 does.
#include "wire/codec.h"

#include "base/limits.h"

static bool fail_malformed(const Codec *codec) {
    return fail(codec->e, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema");
}

static bool decode_node(const Codec *codec, const WireMember *member, const XmlNode *node, int depth, Doc **out);

static bool is_flattened(const WireMember *member) { return member->flags & WIRE_MEMBER_FLATTENED || wire_shape_of(member)->flags & WIRE_FLATTENED; }

static bool decode_flattened(const Codec *codec, const WireMember *member, const XmlNode *node, int depth, Doc *into) {
    Doc *list = doc_get_str_key(into, wire_str(member->name)), *item;
    if (!list) doc_add(into, wire_str(member->name), list = doc_list(codec->arena));
    TRY(decode_node(codec, wire_item(wire_shape_of(member)), node, depth + 1, &item));
    doc_push(list, item);
    return true;
}

static bool decode_attributes(const Codec *codec, const WireShape *shape, const XmlNode *node, Doc *into) {
    for (const XmlAttribute *attribute = node->attributes; attribute; attribute = attribute->next) {
        const WireMember *member = wire_member_on_wire(shape, attribute->full);
        if (member && member->flags & WIRE_XML_ATTRIBUTE) doc_put(into, wire_str(member->name), doc_of_str(codec->arena, attribute->value));
    }
    return true;
}

// query_name is the name of a flattened list's items where they have one, and else the name on the wire; except in services of the query protocols.
static const WireMember *member_of(const Codec *codec, const WireShape *shape, Str name) {
    bool rest = codec->route->protocol == WIRE_REST_XML;
    return rest ? wire_member_by_query_name(shape, name) : wire_member_on_wire(shape, name);
}

static bool decode_structure(const Codec *codec, const WireShape *shape, const XmlNode *node, int depth, Doc *into) {
    TRY(decode_attributes(codec, shape, node, into));
    for (const XmlNode *child = node->first; child; child = child->next) {
        const WireMember *member = member_of(codec, shape, child->name);
        if (!member) continue;
        Doc *value = NULL;
        if (wire_shape_of(member)->kind == WIRE_LIST && is_flattened(member)) {
            TRY(decode_flattened(codec, member, child, depth, into));
        } else {
            TRY(decode_node(codec, member, child, depth + 1, &value));
            doc_put(into, wire_str(member->name), value);
        }
    }
    return true;
}

static bool decode_list(const Codec *codec, const WireShape *shape, const XmlNode *node, int depth, Doc *into) {
    for (const XmlNode *child = node->first; child; child = child->next) {
        Doc *item = NULL;
        TRY(decode_node(codec, wire_item(shape), child, depth + 1, &item));
        doc_push(into, item);
    }
    return true;
}

static bool decode_map(const Codec *codec, const WireShape *shape, const XmlNode *node, int depth, Doc *into) {
    for (const XmlNode *entry = node->first; entry; entry = entry->next) {
        const XmlNode *value = xml_child(entry, "value");
        Str key = xml_text_of(entry, "key");
        Doc *item = NULL;
        if (!value || str_is_none(key)) return fail_malformed(codec);
        TRY(decode_node(codec, wire_value(shape), value, depth + 1, &item));
        doc_put(into, key, item);
    }
    return true;
}

static bool decode_node(const Codec *codec, const WireMember *member, const XmlNode *node, int depth, Doc **out) {
    const WireShape *shape = wire_shape_of(member);
    if (depth > LIMIT_DOC_DEPTH) return fail_malformed(codec);
    switch ((WireKind)shape->kind) {
    case WIRE_STRUCTURE: return decode_structure(codec, shape, node, depth, *out = doc_map(codec->arena));
    case WIRE_LIST: return decode_list(codec, shape, node, depth, *out = doc_list(codec->arena));
    case WIRE_MAP: return decode_map(codec, shape, node, depth, *out = doc_map(codec->arena));
    default: break;
    }
    Str text = shape->kind == WIRE_STRING ? node->text : str_trim(node->text);
    return scalar_from_text(codec, member, text.at ? text : STR(""), out, NULL) || fail_malformed(codec);
}

bool xml_decode_node(const Codec *codec, const WireShape *shape, const XmlNode *node, Doc *into) {
    return decode_structure(codec, shape, node, 0, into);
}

bool xml_decode_body(const Codec *codec, const WireShape *shape, Str bytes, Doc *into) {
    XmlNode *root;
    if (!xml_parse(codec->arena, bytes, &root, NULL)) return fail_malformed(codec);
    return decode_structure(codec, shape, root, 0, into);
}
