// Codec: what the decoders share. Internal to wire/; the doors are wire/decode.h and wire/encode.h.
#pragma once

#include "base/doc.h"
#include "formats/xml.h"
#include "wire/route.h"

typedef struct Codec {
    Arena *arena;
    const WireRoute *route;
    WireTimeFormat time_format; // where the model says nothing
    Error *e;
} Codec;

// Bodies, each by a structure's shape; members outside the body are left alone. The Doc is added to: `into` is a DOC_MAP.
bool json_decode_body(const Codec *codec, const WireShape *shape, Str bytes, Doc *into);
bool xml_decode_body(const Codec *codec, const WireShape *shape, Str bytes, Doc *into);
bool xml_decode_node(const Codec *codec, const WireShape *shape, const XmlNode *node, Doc *into); // what stands in an element
bool cbor_decode_body(const Codec *codec, const WireShape *shape, Str bytes, Doc *into);
bool query_decode(const Codec *codec, const WireShape *shape, Str form, Doc *into);
// Labels, query, headers, and the body or payload of the REST protocols.
bool rest_decode(const Codec *codec, const WireShape *shape, const HttpRequest *request, Doc *into);

// A scalar from text (form, XML, header, query, label); fails with a message that does not name the member, and with code "bad-scalar".
bool scalar_from_text(const Codec *codec, const WireMember *member, Str text, Doc **out, Error *e);
bool time_from_text(WireTimeFormat format, Str text, int64_t *ms);
WireTimeFormat member_time_format(const WireMember *member, WireTimeFormat otherwise);
