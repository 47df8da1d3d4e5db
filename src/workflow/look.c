#include "workflow/look.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

static bool is_unicode(void) {
    setlocale(LC_CTYPE, "");
    return str_eq_nocase(str_of(nl_langinfo(CODESET)), STR("UTF-8"));
}

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && *value;
}

static int width_of(int fd) {
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int64_t width = LOOK_PIPE_WIDTH;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        width = size.ws_col;
    } else if (columns) {
        str_to_int(str_of(columns), &width);
    }
    if (width < LOOK_LEAST_WIDTH) return LOOK_LEAST_WIDTH;
    return width > 1000 ? 1000 : (int)width;
}

Look look_of(int fd, bool no_colour) {
    const char *kind = getenv("TERM");
    bool terminal = isatty(fd) && !(kind && strcmp(kind, "dumb") == 0);
    return (Look){
        .colour = terminal && !no_colour && !is_set("NO_COLOR"),
        .unicode = is_unicode(),
        .terminal = terminal,
        .width = width_of(fd),
    };
}

const char *look_symbol(const Look *look, Symbol symbol) {
    static const char *const UNICODE[SYMBOLS] = {"✔", "✖", "⏸", "■", "·", "!", "·", "…"};
    static const char *const ASCII[SYMBOLS] = {"+", "x", "=", "#", ".", "!", "-", "..."};
    return (look->unicode ? UNICODE : ASCII)[symbol];
}

const char *look_spinner(const Look *look, unsigned frame) {
    static const char *const UNICODE[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    static const char *const ASCII[] = {"|", "/", "-", "\\"};
    return look->unicode ? UNICODE[frame % 10] : ASCII[frame % 4];
}

void look_begin(const Look *look, Colour colour, Buf *buf) {
    static const char *const CODES[] = {"", "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[2m", "\x1b[1m"};
    if (look->colour) buf_add(buf, str_of(CODES[colour]));
}

void look_end(const Look *look, Colour colour, Buf *buf) {
    if (look->colour && colour != COLOUR_NONE) buf_add(buf, STR("\x1b[0m"));
}

void look_text(const Look *look, Colour colour, Str text, Buf *buf) {
    look_begin(look, colour, buf);
    buf_add(buf, text);
    look_end(look, colour, buf);
}

// The first character of `text`: how many bytes it has, and in `*columns` how wide a terminal shows it: 2 for Chinese and most emoji, 0 for accents on their own.
static size_t measure(Str text, int *columns) {
    size_t bytes = 1;
    while (bytes < text.len && ((unsigned char)text.at[bytes] & 0xC0) == 0x80) bytes++;
    wchar_t character = 0;
    mbstate_t state = {0};
    bool known = mbrtowc(&character, text.at, bytes, &state) == bytes;
    int width = known ? wcwidth(character) : 1;
    *columns = width < 0 ? 1 : width;
    return bytes;
}

int text_columns(Str text) {
    int all = 0;
    for (int columns; text.len; all += columns) text = str_from(text, measure(text, &columns));
    return all;
}

// How many bytes the characters have that fit into `columns`.
static size_t bytes_of_columns(Str text, int columns) {
    size_t at = 0;
    for (int width; at < text.len; columns -= width) {
        size_t bytes = measure(str_from(text, at), &width);
        if (width > columns) break;
        at += bytes;
    }
    return at;
}

Str text_cut(Arena *arena, const Look *look, Str text, int columns) {
    if (text_columns(text) <= columns) return text;
    const char *ellipsis = look_symbol(look, SYMBOL_ELLIPSIS);
    int room = columns - text_columns(str_of(ellipsis));
    return str_cat(arena, str_sub(text, 0, bytes_of_columns(text, room > 0 ? room : 0)), str_of(ellipsis));
}

Str text_middle(Arena *arena, const Look *look, Str text, int columns) {
    int all = text_columns(text);
    if (all <= columns) return text;
    Str between = str_format(arena, " %s ", look_symbol(look, SYMBOL_ELLIPSIS));
    int room = columns - text_columns(between), head = room / 2;
    if (head < 1) return text_cut(arena, look, text, columns);
    Str begins = str_trim(str_sub(text, 0, bytes_of_columns(text, head)));
    Str ends = str_trim(str_from(text, bytes_of_columns(text, all - (room - head))));
    return str_cat(arena, str_cat(arena, begins, between), ends);
}

void text_cell(Arena *arena, const Look *look, Str text, int columns, Buf *buf) {
    Str cut = text_cut(arena, look, text, columns);
    buf_add(buf, cut);
    for (int i = text_columns(cut); i < columns; i++) buf_add_char(buf, ' ');
}

Str text_fold(Str *rest, int columns) {
    if (rest->len == 0) return STR_NONE;
    size_t end = bytes_of_columns(*rest, columns);
    if (end < rest->len && rest->at[end] != ' ') {
        ptrdiff_t blank = str_rfind_char(str_sub(*rest, 0, end), ' ');
        if (blank > 0) end = (size_t)blank;
    }
    Str line = str_sub(*rest, 0, end);
    *rest = str_from(*rest, end);
    while (rest->len && rest->at[0] == ' ') *rest = str_from(*rest, 1);
    return line;
}

void look_fold(const Look *look, Colour colour, Str text, Buf *buf) {
    if (!look->terminal || text_columns(text) < look->width) {
        look_text(look, colour, text, buf);
        buf_add_char(buf, '\n');
        return;
    }
    for (Str line; (line = text_fold(&text, look->width - 1)).len;) {
        look_text(look, colour, line, buf);
        buf_add_char(buf, '\n');
    }
}

Str look_bar(Arena *arena, const Look *look, int64_t done, int64_t all) {
    enum { CELLS = 8 };
    const char *full = look->unicode ? "█" : "#", *rest = look->unicode ? "░" : "-";
    Str bar = STR("");
    for (int64_t i = 0; i < CELLS; i++) bar = str_cat(arena, bar, str_of((i + 1) * all <= done * CELLS ? full : rest));
    return bar;
}

// An escape sequence at the start of `text`: how many bytes it has. CSI ends with a letter or '@'…'~', all others are two bytes.
static size_t escape_bytes(Str text) {
    if (text.len < 2 || text.at[1] != '[') return text.len < 2 ? text.len : 2;
    size_t at = 2;
    while (at < text.len && (text.at[at] < '@' || text.at[at] > '~')) at++;
    return at < text.len ? at + 1 : at;
}

Str text_printable(Arena *arena, Str line) {
    AUTO_BUF buf;
    buf_init(&buf, line.len * 4 + 1);
    for (size_t i = 0; i < line.len; i++) {
        unsigned char byte = (unsigned char)line.at[i];
        if (byte == 0x1B) {
            i += escape_bytes(str_from(line, i)) - 1;
        } else if (byte == '\t') {
            buf_add(&buf, STR("    "));
        } else if (byte == 0xC2 && i + 1 < line.len && (unsigned char)line.at[i + 1] < 0xA0) {
            i++; // a control character of the upper half: U+0080 to U+009F
        } else if (byte >= 0x20 && byte != 0x7F) {
            buf_add_char(&buf, (char)byte);
        }
    }
    return str_copy(arena, buf_str(&buf));
}

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

Str human_duration(Arena *arena, int64_t ms) {
    if (ms < 0) ms = 0;
    if (ms < 100 * SECOND) return str_format(arena, "%" PRId64 ".%d s", ms / SECOND, (int)(ms % SECOND / 100));
    if (ms < HOUR) return str_format(arena, "%d min %d s", (int)(ms / MINUTE), (int)(ms % MINUTE / SECOND));
    if (ms < DAY) return str_format(arena, "%d h %d min", (int)(ms / HOUR), (int)(ms % HOUR / MINUTE));
    return str_format(arena, "%" PRId64 " d %d h", ms / DAY, (int)(ms % DAY / HOUR));
}

Str human_ago(Arena *arena, int64_t ms) {
    if (ms < 2 * SECOND) return STR("just now");
    if (ms < MINUTE) return str_format(arena, "%d s ago", (int)(ms / SECOND));
    if (ms < HOUR) return str_format(arena, "%d min ago", (int)(ms / MINUTE));
    if (ms < DAY) return str_format(arena, "%d h ago", (int)(ms / HOUR));
    return str_format(arena, "%" PRId64 " d ago", ms / DAY);
}

Str human_bytes(Arena *arena, int64_t bytes) {
    static const char *const UNITS[] = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000) return str_format(arena, "%" PRId64 " B", bytes);
    double value = (double)bytes;
    size_t unit = 0;
    for (value /= 1000; value >= 999.5 && unit < 3; value /= 1000) unit++;
    return str_format(arena, "%.*f %s", value < 9.95 ? 1 : 0, value, UNITS[unit]);
}

Str human_count(Arena *arena, int64_t count, const char *one, const char *many) {
    return str_format(arena, "%" PRId64 " %s", count, count == 1 ? one : many);
}
