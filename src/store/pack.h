// Pack: a Doc as bytes and back, exactly (points in time and bytes stay what they are), for values of the store.
//
// One byte of kind, then: numbers as variable-length integers (signed ones zigzag), reals as eight bytes (little endian), texts and bytes as length and bytes,
// lists as count and items, maps as count and (key, item). Only this program reads it; bytes that are no such thing are refused, not trusted.
#pragma once

#include "base/doc.h"

Str pack_doc(Arena *arena, const Doc *doc);
bool unpack_doc(Arena *arena, Str bytes, Doc **out); // the texts of the Doc lie in `bytes`
