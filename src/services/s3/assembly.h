// Assembly: the parts of an upload copied into one file, off both threads, by a durable machine and an effect.
//
//     start ──► RUNNING ──(effect "s3.assemble" ends)──► DONE | FAILED      each end wakes the call that waits
//
// The machine's id is the upload's. It is made by assembly_run, which is asked again by each run of the call; the file's name is reserved with it, so that
// a restart writes the same file again. `Of` says which parts it was made of (their etags): other parts begin anew.
#pragma once

#include "plane/effects.h"
#include "services/s3/s3.h"

typedef enum AssemblyState { ASSEMBLY_RUNNING, ASSEMBLY_DONE } AssemblyState;

typedef struct Assembled {
    AssemblyState state;
    BodyRef body;
    Str md5; // 16 bytes
    Str checksum; // base64, over the whole
} Assembled;

extern const DocumentType S3_ASSEMBLY;
extern const EffectType S3_ASSEMBLE;

// Begins it, or tells how far it is. Fails when copying failed (and forgets it, so that another try begins anew).
bool assembly_run(Turn *turn, Str upload, const Vec *parts, ChecksumKind kind, Assembled *out, Error *e);
Outcome assembly_park(Turn *turn, const Call *call, Str upload, Error *e);
