// The service's own effects, on files outside the database.
//
// bundle.unpack  {body: {bytes | path, offset, size}}  → final {ok, folder, count, reason}: absolute; the files of the artifact lie in its "files"
// bundle.files   {folder, from, most}                  → final {ok, files: [{path, size}], reason}: some of the plain files, in their order
// spool.remove   {path}                                → final; a file or folder below the data folder's spool, absolute
#pragma once

#include "plane/effects.h"

extern const EffectType BUNDLE_UNPACK, BUNDLE_FILES, SPOOL_REMOVE;
