// What the files of formats/bundles share: an opened bundle that counts what it gives out.
#pragma once

#include "formats/bundles/bundles.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

typedef struct Opened {
    struct archive *reader;
    Str name; // of the bundle, for messages
    const char *format; // "zip", "tar", "tgz"
    bool cut; // a tar without its end mark
    bool empty; // a zip that holds nothing but its end record, which libarchive does not know
    int64_t packed_bytes, deadline_ms;
    const BundleLimits *limits;
    BundleTotals totals;
} Opened;

typedef enum EntryKind { ENTRY_FILE, ENTRY_FOLDER, ENTRY_LINK, ENTRY_HARD_LINK } EntryKind;

typedef struct Entry {
    struct archive_entry *raw; // valid until the next one
    EntryKind kind;
    Str path; // normalised, checked
    Str target; // of links, checked
    int64_t size;
    mode_t mode; // without setuid, setgid, sticky
} Entry;

bool bundle_open(Arena *arena, Str bundle, const BundleLimits *limits, Opened *out, Error *e);
void bundle_close(Opened *opened); // accepts a zeroed one
// The next entry, safe to make; `*more` is false at the end. The root itself ("./") is left out.
bool bundle_next(Arena *arena, Opened *opened, Entry *out, bool *more, Error *e);
// The next bytes of the current entry; `*len` is 0 at its end.
bool bundle_bytes(Opened *opened, const Entry *entry, const void **at, size_t *len, int64_t *offset, Error *e);

bool bundle_tree_remove(const char *path, Error *e);
