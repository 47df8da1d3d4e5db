#include "formats/xml.h"

#include "unit.h"

static void assert_refused(const char *text, const char *message) {
    AUTO_ARENA arena = arena_new();
    XmlNode *root = NULL;
    Error e = {0};
    assert_false(xml_parse(arena, str_of(text), &root, &e));
    assert_null(root);
    if (!strstr(e.message, message)) fail_msg("\"%s\" is not in \"%s\"", message, e.message);
}

static void elements_attributes_and_text_are_read(void **state) {
    AUTO_ARENA arena = arena_new();
    XmlNode *root = NULL;
    Str text =
        STR("<?xml version='1.0'?><Tags xmlns='urn:x'><Tag xsi:type='T' b='&lt;'>a<!-- c -->b&amp;<![CDATA[<c>]]></Tag><x/>\n<Tag>2</Tag></Tags>");
    assert_true(xml_parse(arena, text, &root, NULL));
    const XmlNode *tag = xml_child(root, "Tag");
    assert_string_equal(str_c(arena, tag->text), "ab&<c>");
    assert_string_equal(str_c(arena, xml_attribute(tag, "type")), "T");
    assert_string_equal(str_c(arena, xml_attribute(tag, "b")), "<");
    assert_string_equal(str_c(arena, xml_next(tag, "Tag")->text), "2");
    assert_int_equal(xml_next(tag, "Tag")->line, 2);
    assert_true(str_is_none(xml_text_of(root, "none")));
    assert_true(str_is(xml_text_of(root, "x"), ""));
}

static void declarations_of_types_are_refused(void **state) {
    assert_refused("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "1:13: a document type declaration is not accepted");
    assert_refused("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "document type");
    assert_refused("<a>&x;</a>", "undefined entity");
}

static void mistakes_are_told_with_line_and_column(void **state) {
    assert_refused("<a>\n<b></a>", "2:6: mismatched tag");
    assert_refused("", "no element found");
    assert_refused("<a/><b/>", "1:5");
}

static void nesting_has_a_limit(void **state) {
    AUTO_ARENA arena = arena_new();
    AUTO_BUF text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 5000; i++) buf_add(&text, STR("<a>"));
    assert_refused(str_c(arena, buf_str(&text)), "nested too deep");
}

static void written_text_is_escaped(void **state) {
    AUTO_BUF buf;
    buf_init(&buf, 1 << 16);
    xml_declaration(&buf);
    xml_open_ns(&buf, STR("R"), STR("http://x/"));
    xml_element(&buf, STR("Key"), STR("a<b>&\"\x01\r\n"));
    xml_close(&buf, STR("R"));
    buf_add_char(&buf, 0);
    assert_string_equal(buf.at,
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R xmlns=\"http://x/\"><Key>a&lt;b&gt;&amp;&quot;&#x1;&#xd;\n</Key></R>");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_attributes_and_text_are_read),
        cmocka_unit_test(declarations_of_types_are_refused),
        cmocka_unit_test(mistakes_are_told_with_line_and_column),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(written_text_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
