// What a bucket may be called: the rules of general purpose buckets in S3's user guide.
#include "services/s3/s3.h"

static const Str RESERVED_STARTS[] = {STR_INIT("xn--"), STR_INIT("sthree-")};
static const Str RESERVED_ENDS[] = {STR_INIT("-s3alias"), STR_INIT("--ol-s3"), STR_INIT(".mrap"), STR_INIT("--x-s3"), STR_INIT("--table-s3")};

static bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

static bool is_address(Str name) { // 192.168.5.4
    int dots = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '.')
            dots++;
        else if (name.at[i] < '0' || name.at[i] > '9')
            return false;
    }
    return dots == 3;
}

static bool has_reserved_mark(Str name) {
    for (size_t i = 0; i < sizeof RESERVED_STARTS / sizeof *RESERVED_STARTS; i++)
        if (str_starts(name, RESERVED_STARTS[i])) return true;
    for (size_t i = 0; i < sizeof RESERVED_ENDS / sizeof *RESERVED_ENDS; i++)
        if (str_ends(name, RESERVED_ENDS[i])) return true;
    return false;
}

bool bucket_name_is_valid(Str name) {
    if (name.len < 3 || name.len > 63) return false;
    if (!is_alnum(name.at[0]) || !is_alnum(name.at[name.len - 1])) return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_alnum(name.at[i]) && name.at[i] != '-' && name.at[i] != '.') return false;
    return !str_contains(name, STR("..")) && !is_address(name) && !has_reserved_mark(name);
}
