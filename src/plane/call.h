// Call: one API call, from outside or inside, decoded and validated, on its way to a handler.
#pragma once

#include "base/doc.h"
#include "http/message.h"
#include "identity/principal.h"
#include "store/documents.h"
#include "wire/model.h"

typedef enum Outcome {
    OUTCOME_DONE, // *out (may stay NULL: an empty reply) is the reply
    OUTCOME_ERROR, // the error is set; the call's writes are undone
    OUTCOME_PARK // turn_park was called: the handler runs again from its input when the key is woken or the deadline comes
} Outcome;

// Of a streamed body as it arrived (after aws-chunked framing was taken off): raw bytes; STR_NONE: not computed. MD5 always, of the others what the
// request asks for by header or trailer, CRC64NVME when it asks for none. Internal calls have none.
typedef struct BodyDigests {
    Str md5, sha1, sha256, crc32, crc32c, crc64nvme;
} BodyDigests;

typedef struct Call {
    Arena *arena; // lives until the reply has been encoded
    const WireOperation *operation;
    Principal principal;
    Partition where; // account of the principal and region of the request
    Doc *input; // by the model's member names, validated; a map even when empty
    Body body; // of operations with a streaming payload
    const BodyDigests *digests; // NULL: compute them yourself
    int64_t now_ms; // plane time
    Str request_id;
    Str source_ip, user_agent; // aws:SourceIp, aws:UserAgent; STR_NONE inside
    bool region_told; // `where.region` is what the request was signed for
    Str host; // as the client spelt it, for URLs in replies; the plane's own for internal calls
    const struct Signature *signature; // what the request says of its signing (identity/sigv4.h); NULL: it is not signed, or comes from inside
    bool bucket_in_host; // S3's virtual-hosted style
    bool tls;
    bool internal; // from a machine or turn_call
    bool woken, timed_out; // a parked call runs again: by its key, by its deadline
    int depth, hops;
} Call;
