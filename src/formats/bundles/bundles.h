// Bundles: archives as CodeBuild, CodePipeline and CodeDeploy exchange them: zip, tar and tgz (libarchive).
//
// Whoever calls this handles files of users: the server does so only through rehearse-helper (formats/helper), the build agent inside its
// sandbox. Paths in bundles use '/', are relative and stay below the bundle's root; whatever says otherwise is refused by name.
//
// Error codes: "bad-bundle" (not an archive, truncated, damaged), "unsafe-bundle" (traversal, absolute path, link that leads out, a kind of
// file that has no place in a bundle), "bundle-too-large" (more bytes, entries or expansion than allowed), "timeout", "no-entry", "system".
// A message names the entry. Single-threaded programs only: unpacking changes the working folder while it lasts.
#pragma once

#include "base/doc.h"
#include "base/error.h"
#include "base/vec.h"

typedef struct BundleLimits {
    int64_t bytes; // of all entries, unpacked
    int64_t entries;
    int64_t ratio; // unpacked bytes to the bundle's own; counts only above BUNDLE_RATIO_FLOOR_BYTES
    int64_t time_ms;
} BundleLimits;

extern const BundleLimits bundle_default_limits;

typedef struct BundleTotals {
    int64_t entries, bytes; // unpacked bytes
} BundleTotals;

typedef struct BundleItem {
    Str path; // relative to the folder that is packed
    Str name; // in the bundle; STR_NONE: the same
} BundleItem;

typedef struct BundlePack {
    Str folder;
    Vec *items; // of BundleItem; sorted in place by name
    bool keep_links; // symbolic links stay links; else what they lead to is packed (a link to a folder always stays one)
    Str to; // the zip; there only when it is complete
} BundlePack;

// Everything below the folder: files, links, and folders that are empty.
bool bundle_scan(Arena *arena, Str folder, Vec *items, Error *e);
// A zip with entries in byte order of their names and one fixed time, so that equal trees give equal bytes. Unix modes are kept.
bool bundle_pack(Arena *arena, const BundlePack *job, BundleTotals *out, Error *e);

// Into `folder`, which must be absent or empty; it changes only when all is unpacked. Modes are kept (without setuid), times are not.
bool bundle_unpack(Arena *arena, Str bundle, Str folder, const BundleLimits *limits, BundleTotals *out, Error *e);
// {"format": "zip"|"tar"|"tgz", "entries": [{"path", "type": "file"|"folder"|"link", "size", "mode", "target"}]}
bool bundle_list(Arena *arena, Str bundle, const BundleLimits *limits, Doc **out, Error *e);
// The bytes of one file of the bundle ("appspec.yml"); code "no-entry" when it is not there.
bool bundle_read(Arena *arena, Str bundle, Str name, const BundleLimits *limits, Str *out, Error *e);
