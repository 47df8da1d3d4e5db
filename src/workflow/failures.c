#include "workflow/failures.h"

#include "workflow/look.h"

#include <ctype.h>

enum { MESSAGE_LINES = 3 };

static bool is_number(Str text) {
    int64_t value;
    return text.len > 0 && isdigit((unsigned char)text.at[0]) && str_to_int(text, &value);
}

// "tests/test_x.py:50: AssertionError" (pytest), at the start of a line.
static Str pytest_place(Arena *arena, Str line) {
    Str rest = line, file = str_cut(&rest, ':');
    Str number = str_cut(&rest, ':');
    if (!is_number(number) || str_is_none(rest) || !str_contains(file, STR(".")) || str_contains(file, STR(" "))) return STR_NONE;
    return str_format(arena, "%.*s:%.*s", STR_ARG(file), STR_ARG(number));
}

// `File "tests/test_x.py", line 50, in test_y` (a traceback).
static Str traceback_place(Arena *arena, Str line) {
    Str rest = str_strip_prefix(str_trim(line), STR("File \""));
    if (rest.len == str_trim(line).len) return STR_NONE;
    Str file = str_cut(&rest, '"');
    Str number = str_strip_prefix(rest, STR(", line "));
    number = str_cut(&number, ',');
    return is_number(number) ? str_format(arena, "%.*s:%.*s", STR_ARG(file), STR_ARG(number)) : STR_NONE;
}

// "at test_x (/codebuild/output/src/src/test/x.test.js:4:30)" (JavaScript): of the application, as its folder has it; neither Node.js's own nor a package's.
static Str javascript_place(Arena *arena, Str line) {
    Str rest = str_strip_prefix(str_trim(line), STR("at "));
    if (rest.len == str_trim(line).len || str_contains(rest, STR("node:")) || str_contains(rest, STR("node_modules/"))) return STR_NONE;
    ptrdiff_t opens = str_rfind_char(rest, '(');
    if (opens >= 0) rest = str_from(rest, (size_t)opens + 1);
    Str inside = str_strip_prefix(rest, STR("/codebuild/output/"));
    if (inside.len < rest.len) str_cut(&inside, '/'), str_cut(&inside, '/');
    rest = str_strip_prefix(inside, STR("file://"));
    Str file = str_cut(&rest, ':'), number = str_cut(&rest, ':');
    return is_number(number) && str_contains(file, STR(".")) ? str_format(arena, "%.*s:%.*s", STR_ARG(file), STR_ARG(number)) : STR_NONE;
}

// "at shop.CartTest.adds(CartTest.java:9)": the first that is neither the test framework's nor the language's.
static Str java_place(Arena *arena, Str line) {
    static const char *const OTHERS[] = {"org.junit.", "org.opentest4j.", "junit.", "org.hamcrest.", "org.assertj.", "java."};
    Str rest = str_strip_prefix(str_trim(line), STR("at "));
    if (rest.len == str_trim(line).len || !str_ends(rest, STR(")")) || !str_contains(rest, STR(".java:"))) return STR_NONE;
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        if (str_starts(rest, str_of(OTHERS[i]))) return STR_NONE;
    }
    str_cut(&rest, '(');
    Str file = str_cut(&rest, ':'), number = str_strip_suffix(rest, STR(")"));
    return is_number(number) ? str_format(arena, "%.*s:%.*s", STR_ARG(file), STR_ARG(number)) : STR_NONE;
}

// "thread 'tests::adds' panicked at src/cart.rs:10:9:" (Rust).
static Str rust_place(Arena *arena, Str line) {
    ptrdiff_t at = str_find(line, STR(" panicked at "));
    if (at < 0) return STR_NONE;
    Str rest = str_from(line, (size_t)at + sizeof " panicked at " - 1), file = str_cut(&rest, ':'), number = str_cut(&rest, ':');
    return is_number(number) ? str_format(arena, "%.*s:%.*s", STR_ARG(file), STR_ARG(number)) : STR_NONE;
}

// The last place named in the application itself is where the assertion stands: helpers come before it, libraries behind it have absolute paths.
static Str place_of(Arena *arena, Str message) {
    Str place = STR_NONE;
    for (Str rest = message, line; !str_is_none(line = str_next_line(&rest));) {
        static Str (*const PLACES[])(Arena * arena, Str line) = {javascript_place, java_place, rust_place};
        for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
            Str found = PLACES[i](arena, line);
            if (found.len) return found; // the innermost call comes first
        }
    }
    for (Str line; !str_is_none(line = str_next_line(&message));) {
        Str found = pytest_place(arena, str_trim(line));
        if (str_is_none(found)) found = traceback_place(arena, line);
        if (str_is_none(found)) continue;
        bool better = str_is_none(place) || found.at[0] != '/' || place.at[0] == '/';
        if (better) place = found;
    }
    return place;
}

static Str unquoted(Str text) {
    text = str_trim(text);
    bool quoted = text.len >= 2 && (text.at[0] == '\'' || text.at[0] == '"') && text.at[text.len - 1] == text.at[0];
    return quoted ? str_sub(text, 1, text.len - 1) : text;
}

// Where " == " stands outside quotes; -1 when it does not.
static ptrdiff_t find_comparison(Str text) {
    char quote = 0;
    for (size_t i = 0; i + 4 <= text.len; i++) {
        char c = text.at[i];
        if (quote) {
            if (c == '\\') i++;
            if (c == quote) quote = 0;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (memcmp(text.at + i, " == ", 4) == 0) {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

// "AssertionError: assert 'GOT' == 'EXPECTED'" (pytest), or "AssertionError: GOT != EXPECTED" (unittest).
static void compare(Failure *failure, Str line) {
    ptrdiff_t at = str_find(line, STR("assert "));
    if (at >= 0 && (at == 0 || line.at[at - 1] == ' ')) {
        Str compared = str_from(line, (size_t)at + 7);
        ptrdiff_t equals = find_comparison(compared);
        if (equals < 0) return;
        failure->got = unquoted(str_sub(compared, 0, (size_t)equals));
        failure->expected = unquoted(str_from(compared, (size_t)equals + 4));
        return;
    }
    Str rest = str_strip_prefix(line, STR("AssertionError: "));
    at = str_find(rest, STR(" != "));
    if (rest.len == line.len || at < 0) return;
    failure->got = unquoted(str_sub(rest, 0, (size_t)at));
    failure->expected = unquoted(str_from(rest, (size_t)at + 4));
}

// Both in one sentence.
typedef struct Phrase {
    const char *begins, *between, *ends;
    bool got_first;
} Phrase;

static const Phrase PHRASES[] = {
    {"expected: <", "> but was: <", ">", false},
    {"expected:<", "> but was:<", ">", false}, // JUnit 5 and 4
    {"got ", ", want ", "", true},
    {"got: ", ", want: ", "", true},
    {" = ", ", want ", "", true}, // Go
    {"expected ", " to equal ", "", true},
    {"expected ", " to be ", " // ", true}, // Chai, Vitest
};

static bool read_phrase(Failure *failure, const Phrase *phrase, Str line) {
    ptrdiff_t begins = str_find(line, str_of(phrase->begins));
    if (begins < 0) return false;
    Str first = str_from(line, (size_t)begins + strlen(phrase->begins));
    ptrdiff_t between = str_find(first, str_of(phrase->between));
    if (between < 0) return false;
    Str second = str_from(first, (size_t)between + strlen(phrase->between));
    ptrdiff_t ends = *phrase->ends ? str_find(second, str_of(phrase->ends)) : -1;
    if (ends >= 0) second = str_sub(second, 0, (size_t)ends);
    first = str_sub(first, 0, (size_t)between);
    failure->got = unquoted(phrase->got_first ? first : second);
    failure->expected = unquoted(phrase->got_first ? second : first);
    return true;
}

static void read_phrases(Failure *failure, Str message) {
    for (Str line; !failure->expected.len && !str_is_none(line = str_next_line(&message));) {
        bool read = false;
        for (size_t i = 0; !read && i < sizeof PHRASES / sizeof *PHRASES; i++) read = read_phrase(failure, &PHRASES[i], line);
    }
}

static Str value_behind(Str line, const char *name) {
    Str value = str_strip_prefix(line, str_of(name));
    return value.len < line.len ? unquoted(str_strip_suffix(str_trim(value), STR(","))) : STR_NONE;
}

static void take_value(Str line, const char *const *names, Str *value) {
    for (; *names; names++) {
        Str found = value_behind(line, *names);
        if (found.len) *value = found;
    }
}

// Both by their names: of Node.js, Jest, testify, RSpec, Minitest and Rust.
static void read_named(Failure *failure, Str message) {
    static const char *const EXPECTED[] = {"expected: ", "Expected: ", "right: ", NULL};
    static const char *const GOT[] = {"actual: ", "actual  : ", "Actual: ", "Received: ", "got: ", "left: ", NULL};
    Str expected = STR_NONE, got = STR_NONE;
    for (Str line; !str_is_none(line = str_next_line(&message));) {
        take_value(str_trim(line), EXPECTED, &expected);
        take_value(str_trim(line), GOT, &got);
    }
    if (failure->expected.len || !expected.len || !got.len) return;
    failure->expected = expected;
    failure->got = got;
}

// pytest's diff has both in full where the assertion itself is cut: "- expected", "+ got".
static void read_diff(Failure *failure, Str message) {
    Str expected = STR_NONE, got = STR_NONE;
    int minus = 0, plus = 0;
    for (Str line; !str_is_none(line = str_next_line(&message));) {
        Str text = str_trim(line);
        if (str_starts(text, STR("E "))) text = str_trim(str_from(text, 1));
        if (str_starts(text, STR("+  where ")) || str_starts(text, STR("+  and "))) continue; // pytest explains
        if (str_starts(text, STR("- "))) expected = str_trim(str_from(text, 2)), minus++;
        if (str_starts(text, STR("+ "))) got = str_trim(str_from(text, 2)), plus++;
    }
    if (minus != 1 || plus != 1 || !str_contains(failure->expected, STR("..."))) return;
    failure->expected = expected;
    failure->got = got;
}

// The error itself in pytest's long form: the last line that begins with "E   ". STR_NONE in other forms.
static Str pytest_error(Str message) {
    Str found = STR_NONE;
    for (Str line; !str_is_none(line = str_next_line(&message));) {
        if (str_starts(line, STR("E   "))) found = str_trim(str_from(line, 1));
    }
    return found;
}

// Up to the first empty line: behind it pytest shows source code.
static Str first_lines(Arena *arena, Str message) {
    Str text = STR("");
    int count = 0;
    for (Str line; count < MESSAGE_LINES && !str_is_none(line = str_next_line(&message));) {
        Str printable = str_trim(text_printable(arena, line));
        if (!printable.len && count) break;
        if (!printable.len || (!count && str_is(printable, "Failed"))) continue; // go-junit-report says no more in front
        text = count++ ? str_format(arena, "%.*s\n%.*s", STR_ARG(text), STR_ARG(printable)) : printable;
    }
    return text;
}

Failure failure_of_message(Arena *arena, Str name, Str message) {
    message = str_copy(arena, message);
    Failure failure = {.name = str_copy(arena, name), .place = place_of(arena, message), .message = first_lines(arena, message)};
    Str rest = message;
    for (Str line; !failure.expected.len && !str_is_none(line = str_next_line(&rest));) compare(&failure, str_trim(line));
    read_diff(&failure, message);
    read_named(&failure, message);
    read_phrases(&failure, message);
    Str error = pytest_error(message);
    if (error.len && !failure.expected.len) failure.message = text_printable(arena, error);
    return failure;
}
