#include "formats/bundles/bundles.h"
#include "formats/cbor.h"
#include "formats/globs.h"
#include "formats/json.h"
#include "formats/junit.h"
#include "formats/paths.h"
#include "formats/patterns.h"
#include "formats/timestamps.h"
#include "formats/xml.h"
#include "formats/yaml.h"
#include "store/pack.h"
#include "targets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_json(Arena *arena, Str input) {
    Doc *doc, *again;
    if (!json_parse(arena, input, &doc, NULL)) return;
    bool read = json_parse(arena, json_write(arena, doc), &again, NULL);
    assert(read && doc_equal(doc, again));
    read = json_parse(arena, json_write_pretty(arena, doc), &again, NULL);
    assert(read && doc_equal(doc, again));
}

void fuzz_yaml(Arena *arena, Str input) {
    Doc *doc;
    if (yaml_parse(arena, input, &doc, NULL)) json_write(arena, doc);
    if (yaml_parse_texts(arena, input, &doc, NULL)) json_write(arena, doc);
}

static void write_element(Buf *buf, const XmlNode *node) {
    xml_open(buf, node->full);
    xml_escape(buf, node->text);
    for (const XmlNode *child = node->first; child; child = child->next) write_element(buf, child);
    xml_close(buf, node->full);
}

void fuzz_xml(Arena *arena, Str input) {
    XmlNode *root, *again;
    if (!xml_parse(arena, input, &root, NULL)) return;
    AUTO_BUF buf;
    buf_init(&buf, 1 << 24);
    write_element(&buf, root);
    if (buf.overflow) return;
    bool read = xml_parse(arena, buf_str(&buf), &again, NULL);
    assert(read && str_eq(root->full, again->full));
}

void fuzz_cbor(Arena *arena, Str input) {
    Doc *doc, *again;
    if (!cbor_parse(arena, input, &doc, NULL)) return;
    bool read = cbor_parse(arena, cbor_write(arena, doc), &again, NULL);
    assert(read);
    json_write(arena, doc);
}

// PATTERN\nTEXT
void fuzz_globs(Arena *arena, Str input) {
    Str path = input, pattern = str_cut(&path, '\n');
    glob_match(pattern, path);
    assert(!glob_is_literal(pattern) || str_find_char(pattern, '\\') >= 0 || glob_match(pattern, pattern));
}

void fuzz_patterns(Arena *arena, Str input) {
    PatternMatch match;
    Str text = input, pattern = str_cut(&text, '\n');
    for (unsigned flags = 0; flags < 8; flags++) {
        if (!pattern_find(pattern, flags, text, &match, NULL)) continue;
        for (size_t i = 0; i < match.count && i < PATTERN_GROUPS; i++) assert(match.groups[i].len <= text.len);
    }
    pattern_cache_clear();
}

void fuzz_junit(Arena *arena, Str input) {
    JunitReport report;
    if (!junit_parse(arena, input, &report, NULL)) return;
    size_t sum = 0;
    for (int i = 0; i < TEST_STATUSES; i++) sum += report.by_status[i];
    assert(sum == report.count);
}

void fuzz_timestamps(Arena *arena, Str input) {
    int64_t ms, again;
    if (!time_parse_any(input, &ms)) return;
    TimeParts parts = time_split(ms);
    assert(time_join(&parts) == ms);
    bool in_four_digits = parts.year >= 1000 && parts.year <= 9999;
    bool read = time_parse_iso8601(time_iso8601(arena, ms), &again);
    assert(!in_four_digits || (read && again == ms));
    time_http(arena, ms);
    time_iso8601_basic(arena, ms);
}

void fuzz_paths(Arena *arena, Str input) {
    Str path = path_normalise(arena, input);
    assert(str_eq(path, path_normalise(arena, path)));
    path_base(input), path_dir(input), path_extension(input);
    if (path_is_contained(input)) assert(path_is_inside(arena, STR("/a"), path_resolve(arena, STR("/a"), input)));
}

void fuzz_encodings(Arena *arena, Str input) {
    Str out, again;
    double real;
    int64_t integer;
    if (str_unbase64(arena, input, &out)) assert(str_unbase64(arena, str_base64(arena, out), &again) && str_eq(out, again));
    if (str_unhex(arena, input, &out)) assert(str_eq_nocase(str_hex(arena, out), input));
    assert(str_uri_decode(arena, str_uri_encode(arena, input, false), false, &again) && str_eq(again, input));
    str_uri_decode(arena, input, true, &out);
    str_to_double(input, &real);
    if (str_to_int(input, &integer)) assert(str_format(arena, "%lld", (long long)integer).len <= input.len);
    str_is_utf8(input);
}

void fuzz_pack(Arena *arena, Str input) {
    Doc *doc, *again;
    if (!unpack_doc(arena, input, &doc)) return;
    bool read = unpack_doc(arena, pack_doc(arena, doc), &again);
    assert(read && str_eq(pack_doc(arena, doc), pack_doc(arena, again))); // not doc_equal: a name may stand twice in what nobody wrote
}

// An archive, as rehearse-helper is given them.
void fuzz_bundles(Arena *arena, Str input) {
    static const BundleLimits limits = {.bytes = 1 << 20, .entries = 100, .ratio = 50, .time_ms = 5000};
    int fd = memfd_create("bundle", MFD_CLOEXEC);
    if (fd < 0 || write(fd, input.at, input.len) != (ssize_t)input.len) abort();
    Str path = str_format(arena, "/proc/self/fd/%d", fd), text;
    Doc *list;
    bundle_list(arena, path, &limits, &list, NULL);
    bundle_read(arena, path, STR("appspec.yml"), &limits, &text, NULL);
    close(fd);
}
