// The service's own effects, on files outside the database. They lie in DATA/effects, not in the spool, which each start of the server empties: what an event has told of
// must be there until it is discarded.
//
// bundle.unpack  {body: {bytes | path, offset, size}}  → final {ok, folder, count, reason}: absolute; the files of the artifact lie in its "files"
// bundle.files   {folder, from, most}                  → final {ok, files: [{path, size}], reason}: some of the plain files, in their order
// file.discard   {path}                                → final; a file or folder below DATA/effects, absolute
#pragma once

#include "plane/effects.h"

extern const EffectType BUNDLE_UNPACK, BUNDLE_FILES, FILE_DISCARD;
