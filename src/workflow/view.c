#include "workflow/view.h"

#include "workflow/look.h"

bool state_is_over(State state) { return state >= STATE_SUCCEEDED; }

const char *state_word(State state) {
    static const char *const WORDS[] = {"waiting", "running", "waits for approval", "succeeded", "failed", "stopped"};
    return WORDS[state];
}

// The worst of its actions that are over, if one is bad; else what is still going on.
State stage_state(const StageView *stage) {
    size_t counts[STATE_STOPPED + 1] = {0};
    for (size_t i = 0; i < stage->activities.len; i++) counts[((Activity *)vec_at(&stage->activities, i))->state]++;
    if (counts[STATE_RUNNING]) return STATE_RUNNING;
    if (counts[STATE_FAILED]) return STATE_FAILED;
    if (counts[STATE_STOPPED]) return STATE_STOPPED;
    if (counts[STATE_APPROVAL]) return STATE_APPROVAL;
    if (counts[STATE_WAITING] == 0) return STATE_SUCCEEDED;
    return counts[STATE_SUCCEEDED] ? STATE_RUNNING : STATE_WAITING;
}

int64_t stage_elapsed(const StageView *stage) {
    int64_t longest = 0;
    for (size_t i = 0; i < stage->activities.len; i++) {
        int64_t elapsed = ((Activity *)vec_at(&stage->activities, i))->elapsed_ms;
        if (elapsed > longest) longest = elapsed;
    }
    return longest;
}

void view_keep(Arena *arena, Str *field, Str value) {
    if (!str_eq(*field, value)) *field = str_copy(arena, value);
}

// CodeBuild's own lines begin with "[Container] 2026/01/02 03:04:05.678 ": the tree has no room for that.
static Str without_stamp(Str line) {
    Str rest = str_strip_prefix(line, STR("[Container] "));
    if (rest.len == line.len) return line;
    str_cut(&rest, ' ');
    str_cut(&rest, ' ');
    return rest.len ? rest : line;
}

// A line that is written over and over (a percentage, a bar) is what it was at last.
static Str at_last(Str line) {
    line = str_trim(line);
    ptrdiff_t back = str_rfind_char(line, '\r');
    return back < 0 ? line : str_from(line, (size_t)back + 1);
}

Str log_text(Arena *arena, Str line) { return without_stamp(str_trim(text_printable(arena, at_last(line)))); }

static bool is_noted(const View *view, Str note) {
    for (size_t i = 0; i < view->stages.len; i++) {
        const StageView *stage = vec_at(&view->stages, i);
        for (size_t j = 0; j < stage->activities.len; j++) {
            const Activity *activity = vec_at(&stage->activities, j);
            for (size_t k = 0; k < activity->notes.len; k++) {
                if (str_eq(vec_get(&activity->notes, Str, k), note)) return true;
            }
        }
    }
    return false;
}

void activity_note(const View *view, Activity *activity, Str note) {
    if (!is_noted(view, note)) vec_add(&activity->notes, Str, str_copy(view->arena, note));
}

void activity_say(Activity *activity, Arena *arena, Str line) {
    Str text = log_text(arena, line);
    if (!text.len) return;
    size_t kept = text.len < TAIL_BYTES ? text.len : TAIL_BYTES - 1;
    char *slot = activity->tail[activity->said++ % TAIL_KEPT];
    memcpy(slot, text.at, kept);
    slot[kept] = '\0';
}

Str activity_line(const Activity *activity, int64_t number) { return str_of(activity->tail[number % TAIL_KEPT]); }

Activity *view_find(const View *view, Str stage_name, Str action) {
    for (size_t i = 0; i < view->stages.len; i++) {
        const StageView *stage = vec_at(&view->stages, i);
        if (!str_eq(stage->name, stage_name)) continue;
        for (size_t j = 0; j < stage->activities.len; j++) {
            Activity *activity = vec_at(&stage->activities, j);
            if (str_eq(activity->name, action)) return activity;
        }
    }
    return NULL;
}
