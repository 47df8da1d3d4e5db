// Screen: the progress of a run: on a terminal a tree that is rewritten in place, elsewhere one plain line an event, with a timestamp.
#pragma once

#include "workflow/tree.h"

typedef struct Screen Screen;

// `fd` is where progress goes (standard error). Quiet: nothing is shown. Verbose: without a terminal, every line of the logs is an event.
Screen *screen_new(int fd, Look look, bool quiet, bool verbose);
void screen_free(Screen *screen); // accepts NULL; gives the cursor back
void screen_show(Screen *screen, const View *view);
void screen_clear(Screen *screen); // takes the tree away, for what is printed for good
void screen_busy(Screen *screen, const char *what); // in a terminal: a line that stands until something else is shown
void screen_note(Screen *screen, Str line); // one line that stays
int screen_pause_ms(const Screen *screen); // until the next picture
