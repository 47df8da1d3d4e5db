// AWS keeps policies with accounts as the ARNs of their roots: "AWS": "123456789012" is read back as "AWS": "arn:aws:iam::123456789012:root". Only a principal has a
// member "AWS", so the text around it need not be understood, and stays as it was written.
#include "identity/policy.h"

#include "base/buf.h"

static size_t blanks(Str rest) {
    size_t count = 0;
    while (count < rest.len && strchr(" \t\r\n", rest.at[count])) count++;
    return count;
}

// Copies what stands before the next string and that string; false where no other comes in this value.
static bool copy_string(Buf *buf, Str *rest, bool in_list) {
    size_t at = blanks(*rest);
    if (in_list && at < rest->len && rest->at[at] == ',') at += 1 + blanks(str_from(*rest, at + 1));
    if (at >= rest->len || rest->at[at] != '"') return false;
    ptrdiff_t end = str_find_char(str_from(*rest, at + 1), '"');
    if (end < 0) return false;
    Str text = str_sub(*rest, at + 1, at + 1 + (size_t)end);
    buf_add(buf, str_sub(*rest, 0, at));
    if (is_account_number(text))
        buf_addf(buf, "\"arn:aws:iam::%.*s:root\"", STR_ARG(text));
    else
        buf_addf(buf, "\"%.*s\"", STR_ARG(text));
    *rest = str_from(*rest, at + 2 + (size_t)end);
    return true;
}

static void copy_value(Buf *buf, Str *rest) {
    size_t at = blanks(*rest);
    if (at >= rest->len || rest->at[at] != ':') return;
    at += 1 + blanks(str_from(*rest, at + 1));
    bool list = at < rest->len && rest->at[at] == '[';
    if (list) at++;
    buf_add(buf, str_sub(*rest, 0, at));
    *rest = str_from(*rest, at);
    if (!list) copy_string(buf, rest, false);
    while (list && copy_string(buf, rest, true)) {}
}

Str policy_with_roots(Arena *arena, Str text) {
    static const Str MEMBER = STR_INIT("\"AWS\"");
    AUTO_BUF buf;
    buf_init(&buf, text.len * 4 + 1); // a number in quotes grows from 14 bytes to 33
    for (ptrdiff_t at; (at = str_find(text, MEMBER)) >= 0;) {
        buf_add(&buf, str_sub(text, 0, (size_t)at + MEMBER.len));
        text = str_from(text, (size_t)at + MEMBER.len);
        copy_value(&buf, &text);
    }
    buf_add(&buf, text);
    return str_copy(arena, buf_str(&buf));
}
