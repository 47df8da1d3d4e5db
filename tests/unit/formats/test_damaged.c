// Every parser is given damaged versions of good texts: it may accept or refuse them, but neither crash nor hang. The same damage in each
// run; what a fuzzer finds is added to the texts.
#include "base/ids.h"
#include "formats/cbor.h"
#include "formats/globs.h"
#include "formats/json.h"
#include "formats/junit.h"
#include "formats/paths.h"
#include "formats/patterns.h"
#include "formats/timestamps.h"
#include "formats/yaml.h"
#include "services/codebuild/buildspec.h"
#include "services/codedeploy/appspec.h"
#include "unit.h"

typedef void Reader(Arena *arena, Str text);

enum { ROUNDS = 3000, MOST_CHANGES = 6 };

static const char *const pieces[] = {"{",  "}",      "[",      "]",           ":",
                                     "- ", "\n",     "\n  ",   "\"",          "'",
                                     "\\", "&a ",    "*a",     "<<",          "!!int ",
                                     "|",  ">",      "#",      "%",           "<",
                                     "</", "&#x41;", "<!--",   "]]>",         "99999999999999999999",
                                     "-",  ".",      "e9",     "\xff",        "\xc3",
                                     "\0", "null",   "~",      "**",          "?",
                                     "T",  "Z",      "+01:00", "\xe2\x80\xa8"};

static Str damaged(Arena *arena, IdSource *random, Str text) {
    AUTO_BUF buf;
    buf_init(&buf, 1 << 20);
    buf_add(&buf, text);
    for (uint64_t changes = 1 + id_u64(random) % MOST_CHANGES; changes > 0; changes--) {
        size_t at = buf.len ? id_u64(random) % buf.len : 0, len = id_u64(random) % 8;
        Str whole = str_copy(arena, buf_str(&buf)), piece = str_of(pieces[id_u64(random) % (sizeof pieces / sizeof pieces[0])]);
        buf_clear(&buf);
        buf_add(&buf, str_sub(whole, 0, at));
        if (id_u64(random) % 2) buf_add(&buf, piece);
        if (id_u64(random) % 4 == 0) buf_add(&buf, str_sub(whole, id_u64(random) % (whole.len + 1), id_u64(random) % (whole.len + 1)));
        if (id_u64(random) % 4 == 0) buf_add_char(&buf, (char)id_u64(random));
        buf_add(&buf, str_from(whole, at + (id_u64(random) % 2 ? len : 0)));
    }
    return str_copy(arena, buf_str(&buf));
}

static void torment(Reader *read, const char *const *texts) {
    IdSource random;
    id_source_seed(&random, 1, 2);
    for (; *texts; texts++) {
        for (int round = 0; round < ROUNDS; round++) {
            AUTO_ARENA arena = arena_new();
            read(arena, damaged(arena, &random, str_of(*texts)));
        }
    }
}

static void read_json(Arena *arena, Str text) {
    Doc *doc, *again;
    Error e;
    if (!json_parse(arena, text, &doc, &e)) return;
    assert_true(json_parse(arena, json_write(arena, doc), &again, &e));
    assert_true(doc_equal(doc, again));
}

static void read_yaml(Arena *arena, Str text) {
    Doc *doc;
    Error e;
    if (yaml_parse(arena, text, &doc, &e)) json_write(arena, doc);
    if (yaml_parse_texts(arena, text, &doc, &e)) json_write(arena, doc);
}

static void read_cbor(Arena *arena, Str text) {
    Doc *doc, *again;
    Error e;
    if (!cbor_parse(arena, text, &doc, &e)) return;
    assert_true(cbor_parse(arena, cbor_write(arena, doc), &again, &e));
}

static void read_junit(Arena *arena, Str text) {
    JunitReport report;
    Error e;
    junit_parse(arena, text, &report, &e);
}

static void read_specs(Arena *arena, Str text) {
    Buildspec buildspec;
    AppSpec appspec;
    Error e;
    buildspec_parse(arena, STR("buildspec.yml"), text, &buildspec, &e);
    appspec_parse(arena, STR("appspec.yml"), text, &appspec, &e);
}

static void read_small(Arena *arena, Str text) {
    int64_t ms;
    Error e;
    PatternMatch match;
    time_parse_any(text, &ms);
    glob_match(text, STR("a/b/c.txt"));
    glob_match(STR("**/*.t[x-z]t"), text);
    path_normalise(arena, text);
    path_is_inside(arena, STR("a/b"), text);
    pattern_find(text, 0, STR("aaaaaaaaaaaaaaab"), &match, &e);
}

static void json_survives(void **state) {
    torment(read_json, (const char *const[]){"{\"a\":[1,-2.5e3,true,null,\"x\\u00e9\\n\"],\"b\":{\"c\":{}},\"a\":\"twice\"}", "[[[[[[]]]]]]", NULL});
}

static void yaml_survives(void **state) {
    torment(read_yaml, (const char *const[]){"a: &x {p: 1, q: [2, 0x1f]}\nb:\n  <<: *x\n  c: |\n    text\n  d: >-\n    folded\n- ? x\n", "1:30:20.5",
                                             "'quoted': \"\\x41\\u00e9\"\n", NULL});
}

static void cbor_survives(void **state) {
    torment(read_cbor, (const char *const[]){"\xa2\x61\x61\x01\x61\x62\x82\x02\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a",
                                             "\xbf\x61\x61\x7f\x62xy\xff\x61\x62\x9f\xc1\x1a\x51\x4b\x67\xb1\xff\xff", NULL});
}

static void junit_survives(void **state) {
    torment(read_junit, (const char *const[]){"<testsuites><testsuite name=\"s\"><testcase name=\"a\" classname=\"c\" time=\"1,000.5\"><failure "
                                              "message=\"m\"><![CDATA[t]]></failure></testcase></testsuite></testsuites>",
                                              NULL});
}

static void specifications_survive(void **state) {
    torment(read_specs, (const char *const[]){
                            "version: 0.2\nenv:\n  shell: bash\n  variables: {A: b}\nphases:\n  install:\n    runtime-versions: {python: 3.12}\n  "
                            "build:\n    on-failure: ABORT\n    commands:\n      - x\nartifacts:\n  files: ['**/*']\nreports:\n  r: {files: [a]}\n",
                            "version: 0.0\nos: linux\nfiles:\n  - source: /\n    destination: /a\npermissions:\n  - object: /a\n    mode: 755\n    "
                            "type: [file]\nhooks:\n  AfterInstall:\n    - location: a.sh\n      timeout: 3\n",
                            NULL});
}

static void small_readers_survive(void **state) {
    torment(read_small, (const char *const[]){"2026-01-02T03:04:05.678+01:00", "Fri, 02 Jan 2026 03:04:05 GMT", "a/**/[b-d]?*.txt", "../a/./b//c/..",
                                              "(a+)+[b-c]{1,3}$", NULL});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_survives),  cmocka_unit_test(yaml_survives),          cmocka_unit_test(cbor_survives),
        cmocka_unit_test(junit_survives), cmocka_unit_test(specifications_survive), cmocka_unit_test(small_readers_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
