// Look: how something is shown: colours or none, symbols or ASCII, how wide; and numbers in words that people use.
//
// Whoever writes for a person uses this, so that NO_COLOR, pipes and old locales are honoured everywhere. A symbol always has a word beside it.
#pragma once

#include "base/buf.h"

typedef enum Symbol {
    SYMBOL_DONE,
    SYMBOL_FAILED,
    SYMBOL_WAITS,
    SYMBOL_STOPPED,
    SYMBOL_IDLE,
    SYMBOL_NOTE,
    SYMBOL_DOT,
    SYMBOL_ELLIPSIS,
    SYMBOLS
} Symbol;
typedef enum Colour { COLOUR_NONE, COLOUR_GREEN, COLOUR_RED, COLOUR_YELLOW, COLOUR_BLUE, COLOUR_DIM, COLOUR_BOLD } Colour;

typedef struct Look {
    bool colour, unicode, terminal;
    int width; // columns; of a pipe: 100
} Look;

enum { LOOK_PIPE_WIDTH = 100, LOOK_LEAST_WIDTH = 24 };

Look look_of(int fd, bool no_colour);
const char *look_symbol(const Look *look, Symbol symbol);
const char *look_spinner(const Look *look, unsigned frame);

void look_begin(const Look *look, Colour colour, Buf *buf);
void look_end(const Look *look, Colour colour, Buf *buf);
void look_text(const Look *look, Colour colour, Str text, Buf *buf);

void look_fold(const Look *look, Colour colour, Str text, Buf *buf); // a line, or several where a terminal is narrower
Str look_bar(Arena *arena, const Look *look, int64_t done, int64_t all); // "███░░░░░"

// Columns of UTF-8 text, as wide as a terminal shows each character. Cutting leaves whole characters and ends with an ellipsis.
int text_columns(Str text);
Str text_cut(Arena *arena, const Look *look, Str text, int columns);
// The beginning and the end, with an ellipsis between them.
Str text_middle(Arena *arena, const Look *look, Str text, int columns);
// Adds text, cut to `columns` and padded to them.
void text_cell(Arena *arena, const Look *look, Str text, int columns, Buf *buf);
// The first part of `*rest` that fits, broken between words where it can be; STR_NONE when nothing is left.
Str text_fold(Str *rest, int columns);
Str text_printable(Arena *arena, Str line); // without escape sequences and control characters; a tab is four spaces

Str human_duration(Arena *arena, int64_t ms); // "0.1 s", "3.9 s", "2 min 5 s", "3 h 12 min", "6 d 4 h"
Str human_ago(Arena *arena, int64_t ms); // "just now", "2 min ago"
Str human_bytes(Arena *arena, int64_t bytes); // "41 MB"
Str human_count(Arena *arena, int64_t count, const char *one, const char *many); // "1 file", "3 files"
