// Report: what a run leaves on standard output: the tree with the failing test, the verdict, and on the first run what to try next; or JSON.
#pragma once

#include "workflow/look.h"
#include "workflow/view.h"

typedef struct Report {
    const View *view;
    Str commit; // STR_NONE: a retry
    const Vec *changed; // Str: files since the last run
    bool first; // run of this application
    Str again; // what `rehearse run` needs to do the same again: the folder and the options that were given, or ""
} Report;

void report_text(const Report *report, const Look *look, Buf *out);
void report_json(const Report *report, Buf *out);
