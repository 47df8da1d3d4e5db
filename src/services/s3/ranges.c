// Parts of an object: by Range, by the number of an upload's part, by x-amz-copy-source-range.
//
// Of HTTP's ranges S3 serves one: several at once, other units and nonsense are as if none were given.
#include "services/s3/s3.h"

static bool fail_range(const Call *call, Str header, int64_t size, Error *e) {
    s3_fail(call, e, 416, "InvalidRange", "The requested range is not satisfiable", "RangeRequested", header);
    s3_error_tell(call, e, "ActualObjectSize", str_format(call->arena, "%lld", (long long)size));
    return false;
}

static bool number(Str text, int64_t *out) { return text.len > 0 && text.at[0] != '-' && str_to_int(text, out); }

// "bytes=-100": false when it is no range at all
static bool suffix(Str text, int64_t size, int64_t *first, int64_t *last) {
    int64_t count;
    if (!number(text, &count)) return false;
    *first = count >= size ? 0 : size - count;
    *last = count ? size - 1 : -1;
    return true;
}

static bool parse(Str header, int64_t size, int64_t *first, int64_t *last) {
    if (!str_starts(header, STR("bytes="))) return false;
    Str text = str_from(header, strlen("bytes="));
    if (str_find_char(text, ',') >= 0 || str_find_char(text, '-') < 0) return false;
    Str from = str_trim(str_cut(&text, '-')), to = str_trim(text);
    if (!from.len) return suffix(to, size, first, last);
    if (!number(from, first)) return false;
    *last = size - 1;
    if (to.len && !number(to, last)) return false;
    if (to.len && *last < *first) return false;
    if (*last >= size) *last = size - 1;
    return true;
}

bool range_of_header(const Call *call, Str header, int64_t size, ByteRange *out, Error *e) {
    int64_t first, last;
    if (!header.at || !parse(header, size, &first, &last)) {
        *out = (ByteRange){.size = size};
        return true;
    }
    if (first >= size || last < first) return fail_range(call, header, size, e);
    *out = (ByteRange){.partial = true, .offset = first, .size = last - first + 1};
    return true;
}

bool range_of_copy(const Call *call, Str header, int64_t size, ByteRange *out, Error *e) {
    int64_t first, last;
    if (!header.at) {
        *out = (ByteRange){.size = size};
        return true;
    }
    Str text = str_strip_prefix(header, STR("bytes="));
    Str to = text, from = str_cut(&to, '-');
    bool valid = text.len < header.len && number(from, &first) && number(to, &last) && first <= last;
    if (!valid) {
        const char *message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based "
                              "offsets of the first and last bytes to copy";
        return s3_bad_argument(call, "x-amz-copy-source-range", header, message, e);
    }
    if (first >= size) {
        const char *message = "The specified copy range is invalid for the source object size";
        return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
    }
    if (last >= size) {
        Str message = str_format(call->arena, "Range specified is not valid for source object of size: %lld", (long long)size);
        return s3_bad_argument(call, "x-amz-copy-source-range", header, message.at, e);
    }
    *out = (ByteRange){.partial = true, .offset = first, .size = last - first + 1};
    return true;
}

bool range_of_part(const Call *call, int64_t wanted, const ObjectRow *row, ByteRange *out, Error *e) {
    RowPart part;
    int64_t offset = 0, position = 0;
    TRY(part_number_is_valid(call, wanted, e));
    if (!row->parts.at && wanted == 1) {
        *out = (ByteRange){.partial = row->size > 0, .size = row->size};
        return true;
    }
    for (Str rest = row->parts; parts_next(&rest, &part); offset += part.size) {
        if (++position != wanted) continue;
        *out = (ByteRange){.partial = true, .offset = offset, .size = part.size, .checksum = part.checksum};
        return true;
    }
    Str text = str_format(call->arena, "%lld", (long long)wanted);
    s3_fail(call, e, 416, "InvalidPartNumber", "The requested partnumber is not satisfiable", "PartNumberRequested", text);
    size_t count = row->parts.at ? parts_count(row->parts) : 1;
    s3_error_tell(call, e, "ActualPartCount", str_format(call->arena, "%zu", count));
    return false;
}
