#include "workflow/screen.h"

#include "os/files.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { SCREEN_BYTES = 256 * 1024, EVENTS_MOST = 512, PICTURE_MS = 100 };

// What has been told of an action, when there is no terminal.
typedef struct Told {
    const Activity *activity;
    State state;
    int64_t said; // lines of its log
    size_t noted;
} Told;

struct Screen {
    int fd;
    Look look;
    bool quiet, verbose, shown; // shown: there is a tree on the terminal
    int lines; // of the tree on the terminal
    unsigned frame;
    Arena *arena;
    Buf buf;
    Told told[EVENTS_MOST];
    size_t told_count;
    const StageView *waiting; // it has been told why
};

Screen *screen_new(int fd, Look look, bool quiet, bool verbose) {
    Screen *screen = calloc(1, sizeof *screen);
    if (!screen) abort();
    screen->fd = fd;
    screen->look = look;
    screen->quiet = quiet;
    screen->verbose = verbose;
    screen->arena = arena_new();
    buf_init(&screen->buf, SCREEN_BYTES);
    return screen;
}

static void flush(Screen *screen) {
    file_write_fd(screen->fd, buf_str(&screen->buf), NULL);
    buf_clear(&screen->buf);
}

int screen_pause_ms(const Screen *screen) { return PICTURE_MS; }

// ---- A terminal ----

static int ask_rows(Screen *screen) {
    struct winsize size;
    if (ioctl(screen->fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
    screen->look.width = size.ws_col < LOOK_LEAST_WIDTH ? LOOK_LEAST_WIDTH : size.ws_col;
    return size.ws_row;
}

static int count_lines(Str text) {
    int lines = 0;
    while (!str_is_none(str_next_line(&text))) lines++;
    return lines;
}

// As much of the tree as the terminal has rows for, less one for the cursor; how many lines.
static int write_picture(const Screen *screen, const View *view, int rows, Buf *picture) {
    int lines = 0;
    for (Thrift thrift = THRIFT_NONE; thrift <= THRIFT_WAITING; thrift++) {
        buf_clear(picture);
        tree_write(view, &(TreeStyle){.look = screen->look, .frame = screen->frame, .live = true, .thrift = thrift}, picture);
        lines = count_lines(buf_str(picture));
        if (rows == 0 || lines < rows) break;
    }
    return lines;
}

static void go_up(Screen *screen) {
    if (screen->lines > 0) buf_addf(&screen->buf, "\x1b[%dA", screen->lines);
    buf_add(&screen->buf, STR("\r"));
}

// One write: the terminal shows the old picture or the new one. What is shorter than before is wiped at its end, not before it is written. The cursor is hidden
// in between only, so that whoever ends or stops us leaves a terminal that shows it.
static void draw(Screen *screen, const View *view) {
    AUTO_BUF picture;
    buf_init(&picture, SCREEN_BYTES / 2);
    int rows = ask_rows(screen), lines = write_picture(screen, view, rows, &picture);
    Str rest = buf_str(&picture);
    for (; rows > 1 && lines >= rows; lines--) str_next_line(&rest); // the beginning is over
    screen->frame++;
    buf_add(&screen->buf, STR("\x1b[?2026h\x1b[?25l"));
    go_up(screen);
    for (Str line; !str_is_none(line = str_next_line(&rest));) {
        buf_add(&screen->buf, line);
        buf_add(&screen->buf, STR("\x1b[K\n"));
    }
    buf_add(&screen->buf, STR("\x1b[J\x1b[?25h\x1b[?2026l"));
    screen->lines = lines;
    screen->shown = true;
    flush(screen);
}

void screen_clear(Screen *screen) {
    if (!screen->shown) return;
    go_up(screen);
    buf_add(&screen->buf, STR("\x1b[J"));
    screen->lines = 0;
    screen->shown = false;
    flush(screen);
}

// ---- No terminal ----

static void stamp(Screen *screen) {
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &parts);
    buf_addf(&screen->buf, "%02d:%02d:%02d.%01d ", parts.tm_hour, parts.tm_min, parts.tm_sec, (int)(now.tv_nsec / 100000000));
}

static Told *told_of(Screen *screen, const Activity *activity) {
    for (size_t i = 0; i < screen->told_count; i++) {
        if (screen->told[i].activity == activity) return &screen->told[i];
    }
    if (screen->told_count == EVENTS_MOST) return NULL;
    Told *told = &screen->told[screen->told_count++];
    told->activity = activity;
    return told;
}

// What an approval asks, and how it is answered.
static void tell_question(Screen *screen, const View *view, const Activity *activity) {
    Str question = text_printable(screen->arena, str_replace(screen->arena, activity->question, STR("\n"), STR(" ")));
    if (question.len) buf_addf(&screen->buf, ": %.*s", STR_ARG(question));
    buf_addf(&screen->buf, " (answer: rehearse approve %.*s%.*s)", STR_ARG(view->pipeline), STR_ARG(view->option));
}

static void tell_state(Screen *screen, const View *view, const StageView *stage, const Activity *activity) {
    stamp(screen);
    buf_addf(&screen->buf, "%.*s", STR_ARG(stage->name));
    if (stage->activities.len > 1) buf_addf(&screen->buf, "/%.*s", STR_ARG(activity->name));
    buf_addf(&screen->buf, " %s", state_word(activity->state));
    if (activity->state == STATE_APPROVAL) tell_question(screen, view, activity);
    if (state_is_over(activity->state)) {
        Str time = human_duration(screen->arena, activity->elapsed_ms);
        buf_addf(&screen->buf, " after %.*s", STR_ARG(time));
        if (activity->detail.len) buf_addf(&screen->buf, ": %.*s", STR_ARG(activity->detail));
    }
    buf_add_char(&screen->buf, '\n');
}

// The lines of its log that are new since the last look.
static void tell_log(Screen *screen, Told *told, const StageView *stage, const Activity *activity) {
    if (activity->said < told->said) told->said = 0; // tried again
    if (activity->said - told->said > TAIL_KEPT) told->said = activity->said - TAIL_KEPT;
    for (; told->said < activity->said; told->said++) {
        Str line = activity_line(activity, told->said);
        stamp(screen);
        buf_addf(&screen->buf, "%.*s | %.*s\n", STR_ARG(stage->name), STR_ARG(line));
    }
}

static void tell_notes(Screen *screen, Told *told, const StageView *stage, const Activity *activity) {
    if (activity->notes.len < told->noted) told->noted = 0; // tried again
    for (; told->noted < activity->notes.len; told->noted++) {
        Str note = vec_get(&activity->notes, Str, told->noted);
        stamp(screen);
        buf_addf(&screen->buf, "%.*s: %.*s\n", STR_ARG(stage->name), STR_ARG(note));
    }
}

static void tell(Screen *screen, const View *view, const StageView *stage, const Activity *activity) {
    Told *told = told_of(screen, activity);
    if (!told) return;
    if (screen->verbose) tell_log(screen, told, stage, activity);
    bool changed = told->state != activity->state;
    if (changed && !state_is_over(activity->state)) tell_state(screen, view, stage, activity);
    tell_notes(screen, told, stage, activity);
    if (changed && state_is_over(activity->state)) tell_state(screen, view, stage, activity);
    told->state = activity->state;
}

static void tell_waiting(Screen *screen, const StageView *stage) {
    if (screen->waiting == stage) return;
    screen->waiting = stage;
    stamp(screen);
    buf_addf(&screen->buf, "%.*s %.*s\n", STR_ARG(stage->name), STR_ARG(stage->waits));
}

static void tell_all(Screen *screen, const View *view) {
    for (size_t i = 0; i < view->stages.len; i++) {
        const StageView *stage = vec_at(&view->stages, i);
        if (stage->waits.len) tell_waiting(screen, stage);
        for (size_t j = 0; j < stage->activities.len; j++) tell(screen, view, stage, vec_at(&stage->activities, j));
    }
    flush(screen);
    arena_reset(screen->arena);
}

void screen_show(Screen *screen, const View *view) {
    if (screen->quiet) return;
    if (screen->look.terminal) {
        draw(screen, view);
    } else {
        tell_all(screen, view);
    }
}

void screen_busy(Screen *screen, const char *what) {
    if (screen->quiet || !screen->look.terminal) return;
    screen_clear(screen);
    Str text = str_format(screen->arena, "%s %s", what, look_symbol(&screen->look, SYMBOL_ELLIPSIS));
    look_text(&screen->look, COLOUR_DIM, text_cut(screen->arena, &screen->look, text, screen->look.width - 1), &screen->buf);
    buf_add_char(&screen->buf, '\n');
    screen->lines = 1;
    screen->shown = true;
    flush(screen);
}

void screen_note(Screen *screen, Str line) {
    if (screen->quiet) return;
    screen_clear(screen);
    if (!screen->look.terminal) stamp(screen);
    look_fold(&screen->look, COLOUR_NONE, line, &screen->buf);
    flush(screen);
}

void screen_free(Screen *screen) {
    if (!screen) return;
    screen_clear(screen);
    arena_free(screen->arena);
    buf_done(&screen->buf);
    free(screen);
}
