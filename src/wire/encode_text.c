// Scalars as text for XML and headers, and the time formats.
#include "wire/writer.h"

#include "formats/timestamps.h"
#include "wire/codec.h"

#include <inttypes.h>
#include <math.h>

int64_t time_of(const Doc *doc) { return doc->kind == DOC_TIME ? doc->as.integer : (int64_t)llround(doc_real(doc, 0) * 1000); }

static Str seconds_text(Arena *arena, int64_t ms) {
    if (ms % 1000 == 0) return str_format(arena, "%" PRId64, ms / 1000);
    int64_t second = ms < 0 ? -(-ms / 1000) : ms / 1000, rest = ms < 0 ? -ms % 1000 : ms % 1000;
    return str_format(arena, "%s%" PRId64 ".%03d", ms < 0 && second == 0 ? "-" : "", second, (int)rest);
}

Str time_to_text(Arena *arena, WireTimeFormat format, int64_t ms) {
    switch (format) {
    case WIRE_TIME_UNIX: return seconds_text(arena, ms);
    case WIRE_TIME_RFC822: return time_http(arena, ms);
    case WIRE_TIME_DEFAULT:
    case WIRE_TIME_ISO8601: break;
    }
    return time_iso8601(arena, ms);
}

// The shortest form that reads back as the same number.
static Str real_text(Arena *arena, double value) {
    if (isnan(value)) return STR("NaN");
    if (isinf(value)) return value < 0 ? STR("-Infinity") : STR("Infinity");
    if (fabs(value) < 1e15 && trunc(value) == value) return str_format(arena, "%.1f", value);
    for (int digits = 15;; digits++) {
        Str text = str_format(arena, "%.*g", digits, value);
        double back;
        if (digits == 17 || (str_to_double(text, &back) && back >= value && back <= value)) return text;
    }
}

static Str plain_text(Arena *arena, const Doc *doc) {
    switch (doc->kind) {
    case DOC_STR:
    case DOC_BLOB: return doc->as.text;
    case DOC_BOOL: return doc->as.boolean ? STR("true") : STR("false");
    case DOC_INT: return str_of_int(arena, doc->as.integer);
    case DOC_REAL: return real_text(arena, doc->as.real);
    case DOC_TIME: return time_iso8601(arena, doc->as.integer);
    case DOC_NULL:
    case DOC_LIST:
    case DOC_MAP: break;
    }
    return STR("");
}

// S3 and EC2 always write milliseconds.
static Str time_text(const Writer *writer, WireTimeFormat format, const Doc *doc) {
    WireProtocol protocol = writer->context->route->protocol;
    bool with_ms = format == WIRE_TIME_ISO8601 && (protocol == WIRE_REST_XML || protocol == WIRE_EC2);
    return with_ms ? time_iso8601_ms(writer->arena, time_of(doc)) : time_to_text(writer->arena, format, time_of(doc));
}

Str scalar_to_text(const Writer *writer, const WireMember *member, const Doc *doc, WireTimeFormat time_format) {
    switch ((WireKind)wire_shape_of(member)->kind) {
    case WIRE_BLOB: return str_base64(writer->arena, doc_str(doc, STR("")));
    case WIRE_TIMESTAMP: return doc->kind == DOC_STR ? doc->as.text : time_text(writer, member_time_format(member, time_format), doc);
    case WIRE_INTEGER: return doc->kind == DOC_REAL ? str_of_int(writer->arena, (int64_t)doc->as.real) : plain_text(writer->arena, doc);
    case WIRE_REAL: return doc->kind == DOC_STR ? doc->as.text : real_text(writer->arena, doc_real(doc, 0));
    default: return plain_text(writer->arena, doc);
    }
}
