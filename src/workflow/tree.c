#include "workflow/tree.h"

enum {
    WIDEST = 100,
    NARROW = 64,
    TIME_LEAST = 8,
    TIME_GAP = 2,
    PROVIDER_COLUMNS = 12,
    INDENT = 5,
    NAME_LEAST = 12,
    NAME_MOST = 28,
    LABELLED_ROWS = 4,
    FOLD_STEP = 4,
    BAR_MS = 2000 // what usually takes longer has a bar
};

typedef struct Tree {
    Arena *arena;
    const View *view;
    const TreeStyle *style;
    const Look *look;
    Buf *out;
    int width, name_columns, time_columns;
    bool narrow;
} Tree;

typedef struct Row {
    int indent;
    Str name, provider, detail;
    State state;
    int64_t elapsed_ms, usual_ms;
} Row;

static Colour colour_of(State state) {
    static const Colour COLOURS[] = {COLOUR_DIM, COLOUR_BLUE, COLOUR_YELLOW, COLOUR_GREEN, COLOUR_RED, COLOUR_YELLOW};
    return COLOURS[state];
}

static const char *symbol_of(const Tree *tree, State state) {
    static const Symbol SYMBOLS_OF[] = {SYMBOL_IDLE, SYMBOL_IDLE, SYMBOL_WAITS, SYMBOL_DONE, SYMBOL_FAILED, SYMBOL_STOPPED};
    if (state == STATE_RUNNING && tree->style->live) return look_spinner(tree->look, tree->style->frame);
    return look_symbol(tree->look, SYMBOLS_OF[state]);
}

static void blanks(Buf *out, int count) {
    for (int i = 0; i < count; i++) buf_add_char(out, ' ');
}

// How far it is, when it is known how long it takes.
static Str progress_of(const Tree *tree, const Row *row) {
    Str bar = look_bar(tree->arena, tree->look, row->elapsed_ms, row->usual_ms);
    int64_t left = row->usual_ms - row->elapsed_ms;
    Str time = human_duration(tree->arena, left > 0 ? left : row->usual_ms);
    return str_format(tree->arena, "%.*s %s%.*s%s", STR_ARG(bar), left > 0 ? "~" : "over ", STR_ARG(time), left > 0 ? " left" : "");
}

// What stands where the detail would, when there is none: the symbol alone would not say it.
static Str detail_of(const Tree *tree, const Row *row) {
    Str detail = row->detail;
    if (!detail.len && row->state != STATE_SUCCEEDED) detail = str_of(state_word(row->state));
    bool bar = tree->style->live && row->state == STATE_RUNNING && row->usual_ms >= BAR_MS;
    return bar ? str_format(tree->arena, "%.*s  %.*s", STR_ARG(detail), STR_ARG(progress_of(tree, row))) : detail;
}

static Str time_of(const Tree *tree, const Row *row) { return row->state == STATE_WAITING ? STR("") : human_duration(tree->arena, row->elapsed_ms); }

static void write_time(const Tree *tree, const Row *row) {
    Str time = time_of(tree, row);
    blanks(tree->out, tree->time_columns - text_columns(time));
    look_text(tree->look, COLOUR_DIM, time, tree->out);
    buf_add_char(tree->out, '\n');
}

// On lines of its own.
static void write_folded(const Tree *tree, const Row *row, Str detail) {
    for (Str line; (line = text_fold(&detail, tree->width - INDENT)).len;) {
        blanks(tree->out, INDENT);
        look_text(tree->look, row->state == STATE_FAILED ? COLOUR_RED : COLOUR_DIM, line, tree->out);
        buf_add_char(tree->out, '\n');
    }
}

static void write_beside(const Tree *tree, const Row *row, Str detail, int columns) {
    Colour colour = row->state == STATE_FAILED ? COLOUR_RED : row->state == STATE_WAITING ? COLOUR_DIM : COLOUR_NONE;
    buf_add_char(tree->out, ' ');
    look_begin(tree->look, COLOUR_DIM, tree->out);
    text_cell(tree->arena, tree->look, row->provider, PROVIDER_COLUMNS - 1, tree->out);
    look_end(tree->look, COLOUR_DIM, tree->out);
    buf_add_char(tree->out, ' ');
    look_begin(tree->look, colour, tree->out);
    text_cell(tree->arena, tree->look, detail, columns, tree->out);
    look_end(tree->look, colour, tree->out);
}

static void write_row(const Tree *tree, const Row *row) {
    int name_columns = tree->name_columns - row->indent, left = tree->width - 3 - row->indent - tree->time_columns;
    int columns = left - name_columns - PROVIDER_COLUMNS - 1;
    Str detail = detail_of(tree, row);
    bool folds = tree->narrow || text_columns(detail) > columns;
    blanks(tree->out, 1 + row->indent);
    look_text(tree->look, colour_of(row->state), str_of(symbol_of(tree, row->state)), tree->out);
    buf_add_char(tree->out, ' ');
    look_begin(tree->look, row->state == STATE_WAITING ? COLOUR_DIM : COLOUR_BOLD, tree->out);
    text_cell(tree->arena, tree->look, row->name, tree->narrow ? left : name_columns, tree->out);
    look_end(tree->look, COLOUR_BOLD, tree->out);
    if (!tree->narrow) write_beside(tree, row, folds ? STR("") : detail, columns);
    write_time(tree, row);
    if (folds) write_folded(tree, row, detail);
}

// ---- Under an action ----

static void write_tail(const Tree *tree, const Activity *activity) {
    int64_t from = activity->said > TAIL_LINES ? activity->said - TAIL_LINES : 0;
    for (int64_t i = from; i < activity->said; i++) {
        blanks(tree->out, INDENT);
        look_text(tree->look, COLOUR_DIM, text_cut(tree->arena, tree->look, activity_line(activity, i), tree->width - INDENT), tree->out);
        buf_add_char(tree->out, '\n');
    }
}

static int count_rows(Str text, int columns) {
    int rows = 0;
    while (text_fold(&text, columns).len) rows++;
    return rows;
}

// At most LABELLED_ROWS lines, without the middle of what is longer: how it ends ("Reason: exit status 1") matters most. All of it is in the log.
static void write_labelled(const Tree *tree, const char *label, Str text) {
    int columns = tree->width - INDENT - 10;
    Str rest = text;
    for (int most = columns * LABELLED_ROWS; most > columns && count_rows(rest, columns) > LABELLED_ROWS; most -= FOLD_STEP) {
        rest = text_middle(tree->arena, tree->look, text, most);
    }
    bool first = true;
    for (Str line; (line = text_fold(&rest, columns)).len; first = false) {
        blanks(tree->out, INDENT);
        look_begin(tree->look, COLOUR_DIM, tree->out);
        text_cell(tree->arena, tree->look, first ? str_of(label) : STR(""), 9, tree->out);
        look_end(tree->look, COLOUR_DIM, tree->out);
        buf_add_char(tree->out, ' ');
        buf_add(tree->out, line);
        buf_add_char(tree->out, '\n');
    }
}

// The name on the left, the place on the right; below each other where both do not fit.
static void write_failure_head(const Tree *tree, const Failure *failure) {
    int columns = tree->width - INDENT, place = text_columns(failure->place);
    blanks(tree->out, INDENT);
    bool fits = text_columns(failure->name) + 2 + place <= columns;
    look_begin(tree->look, COLOUR_BOLD, tree->out);
    text_cell(tree->arena, tree->look, failure->name,
              fits                                    ? columns - place
              : text_columns(failure->name) < columns ? text_columns(failure->name)
                                                      : columns,
              tree->out);
    look_end(tree->look, COLOUR_BOLD, tree->out);
    if (!fits && place) {
        buf_add_char(tree->out, '\n');
        blanks(tree->out, INDENT);
    }
    buf_add(tree->out, text_cut(tree->arena, tree->look, failure->place, columns));
    buf_add_char(tree->out, '\n');
}

static void write_failure(const Tree *tree, const Failure *failure, const Failure *before) {
    write_failure_head(tree, failure);
    if (before && !failure->expected.len && str_eq(failure->message, before->message)) return; // the same trouble
    if (failure->expected.len) {
        write_labelled(tree, "expected", failure->expected);
        write_labelled(tree, "got", failure->got);
        return;
    }
    Str rest = failure->message;
    for (Str line; !str_is_none(line = str_next_line(&rest));) write_labelled(tree, "", str_trim(text_printable(tree->arena, line)));
}

static void write_commands(const Tree *tree, const StageView *stage) {
    Str log =
        str_format(tree->arena, "rehearse logs %.*s %.*s%.*s", STR_ARG(tree->view->pipeline), STR_ARG(stage->name), STR_ARG(tree->view->option));
    write_labelled(tree, "log", log);
    write_labelled(tree, "again", str_format(tree->arena, "rehearse run --retry %.*s%.*s", STR_ARG(stage->name), STR_ARG(tree->view->option)));
}

static Str one_line(const Tree *tree, Str text) { return str_trim(text_printable(tree->arena, str_replace(tree->arena, text, STR("\n"), STR(" ")))); }

static void write_why(const Tree *tree, const StageView *stage, const Activity *activity) {
    for (size_t i = 0; i < activity->failures.len; i++) {
        write_failure(tree, vec_at(&activity->failures, i), i ? vec_at(&activity->failures, i - 1) : NULL);
    }
    int64_t more = activity->failure_count - (int64_t)activity->failures.len;
    if (more > 0) write_labelled(tree, "", str_format(tree->arena, "and %lld more", (long long)more));
    if (!activity->failures.len && activity->problem.len) write_labelled(tree, "why", one_line(tree, activity->problem));
    write_commands(tree, stage);
}

static void write_below(const Tree *tree, const StageView *stage, const Activity *activity) {
    for (size_t i = 0; i < activity->notes.len; i++) write_labelled(tree, "note", vec_get(&activity->notes, Str, i));
    if (activity->state == STATE_RUNNING && tree->style->live && tree->style->thrift == THRIFT_NONE) write_tail(tree, activity);
    if (activity->state == STATE_FAILED && !tree->style->live) write_why(tree, stage, activity);
    if (activity->state != STATE_APPROVAL) return;
    if (activity->question.len) write_labelled(tree, "asks", one_line(tree, activity->question));
    Str answer = str_format(tree->arena, "rehearse approve %.*s%.*s", STR_ARG(tree->view->pipeline), STR_ARG(tree->view->option));
    write_labelled(tree, "answer", answer);
}

// ---- Stages ----

static Row row_of(const Activity *activity, Str name, int indent) {
    return (Row){indent, name, activity->provider, activity->detail, activity->state, activity->elapsed_ms, activity->usual_ms};
}

static void write_stage(const Tree *tree, const StageView *stage) {
    const Activity *first = vec_at(&stage->activities, 0);
    if (stage->activities.len == 1) {
        Row row = row_of(first, stage->name, 0);
        if (stage->waits.len) row.detail = stage->waits;
        write_row(tree, &row);
        write_below(tree, stage, first);
        return;
    }
    Row head = {.name = stage->name, .state = stage_state(stage), .elapsed_ms = stage_elapsed(stage), .detail = stage->waits};
    write_row(tree, &head);
    for (size_t i = 0; i < stage->activities.len; i++) {
        const Activity *activity = vec_at(&stage->activities, i);
        Row row = row_of(activity, activity->name, 2);
        write_row(tree, &row);
        write_below(tree, stage, activity);
    }
}

static void widen(int *columns, int wanted) {
    if (wanted > *columns) *columns = wanted;
}

static void measure(Tree *tree) {
    tree->name_columns = NAME_LEAST;
    tree->time_columns = TIME_LEAST;
    for (size_t i = 0; i < tree->view->stages.len; i++) {
        const StageView *stage = vec_at(&tree->view->stages, i);
        widen(&tree->name_columns, text_columns(stage->name) + 2);
        for (size_t j = 0; j < stage->activities.len; j++) {
            Row row = row_of(vec_at(&stage->activities, j), STR(""), 0);
            widen(&tree->time_columns, text_columns(time_of(tree, &row)) + TIME_GAP);
            if (stage->activities.len > 1) widen(&tree->name_columns, text_columns(((const Activity *)vec_at(&stage->activities, j))->name) + 4);
        }
    }
    if (tree->name_columns > NAME_MOST) tree->name_columns = NAME_MOST;
}

static bool is_left_out(const TreeStyle *style, const StageView *stage) {
    return style->live && style->thrift == THRIFT_WAITING && stage_state(stage) == STATE_WAITING && !stage->waits.len;
}

void tree_write(const View *view, const TreeStyle *style, Buf *out) {
    AUTO_ARENA arena = arena_new();
    int width = style->look.width - 1; // the last column of a terminal wraps
    Tree tree = {.arena = arena, .view = view, .style = style, .look = &style->look, .out = out, .narrow = width < NARROW};
    tree.width = width < WIDEST ? width : WIDEST;
    measure(&tree);
    for (size_t i = 0; i < view->stages.len; i++) {
        const StageView *stage = vec_at(&view->stages, i);
        if (!is_left_out(style, stage)) write_stage(&tree, stage);
    }
}

Str tree_failed_stage(const View *view) {
    for (size_t i = 0; i < view->stages.len; i++) {
        const StageView *stage = vec_at(&view->stages, i);
        if (stage_state(stage) == STATE_FAILED) return stage->name;
    }
    return STR_NONE;
}

Str tree_verdict(Arena *arena, const View *view) {
    Str time = human_duration(arena, view->elapsed_ms), stage = tree_failed_stage(view);
    if (view->state == STATE_SUCCEEDED) return str_format(arena, "Succeeded in %.*s.", STR_ARG(time));
    if (view->state == STATE_FAILED && stage.len) return str_format(arena, "Failed at %.*s after %.*s.", STR_ARG(stage), STR_ARG(time));
    Str problem = view->problem.len ? str_format(arena, ": %.*s", STR_ARG(view->problem)) : STR("");
    return str_format(arena, "%s after %.*s%.*s.", view->state == STATE_FAILED ? "Failed" : "Stopped", STR_ARG(time), STR_ARG(problem));
}
