// Reading specification files of users (buildspec, appspec): what their parsers share. Every complaint names file and line.
//
// A SpecFile goes through the whole reading of one file. Complaints are Errors with `code` and a message "FILE:LINE: what is wrong".
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "base/vec.h"

typedef struct SpecFile {
    Arena *arena;
    Str name; // as the user knows it: "buildspec.yml"
    const char *code; // of complaints
    Error *e;
} SpecFile;

typedef struct StrList {
    const Str *at;
    size_t count;
} StrList;

// `at` is the node whose line is told; NULL: no line. Returns false.
bool spec_fail(const SpecFile *file, const Doc *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define spec_fail(...) fail_returned(spec_fail(__VA_ARGS__))

// Each reads a member that may be absent (NULL or null: `*out` stays as it is). `what` names it in complaints ("artifacts/files").
bool spec_text(const SpecFile *file, const Doc *node, const char *what, Str *out); // any scalar, as text; reals in their shortest form
bool spec_flag(const SpecFile *file, const Doc *node, const char *what, bool *out); // yes, no, true, false
bool spec_texts(const SpecFile *file, const Doc *node, const char *what, StrList *out); // a list of scalars; one scalar stands for a list of one
bool spec_is_map(const SpecFile *file, const Doc *node, const char *what); // true for an absent one too
bool spec_is_list(const SpecFile *file, const Doc *node, const char *what);

bool spec_is_absent(const Doc *node); // NULL or null
bool spec_knows(const char *const *words, Str word); // words end with NULL
// ` (did you mean "x"?)` when one of the words is near, else empty.
Str spec_suggestion(Arena *arena, const char *const *words, Str word);
