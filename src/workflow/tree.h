// Tree: a View as text for a person: one line a stage (or an action, where a stage has several), the tail of the log under what runs, and under what failed
// the failing test with the commands that show more. Pure: the same view gives the same text.
#pragma once

#include "workflow/look.h"
#include "workflow/view.h"

typedef enum Thrift { THRIFT_NONE, THRIFT_TAILS, THRIFT_WAITING } Thrift; // what is left out where rows are few: nothing; tails; what waits, too

typedef struct TreeStyle {
    Look look;
    unsigned frame; // of the spinner
    bool live; // log tails, spinner; else the end state with failures
    Thrift thrift;
} TreeStyle;

// Every line ends with \n and is at most look.width wide.
void tree_write(const View *view, const TreeStyle *style, Buf *out);
// What is said last: "Failed at IntegrationTest after 7.6 s." or "Succeeded in 7.6 s."
Str tree_verdict(Arena *arena, const View *view);
// Name of the stage that failed, or STR_NONE.
Str tree_failed_stage(const View *view);
