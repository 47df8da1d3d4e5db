// aws-chunked: the framing that S3 clients put around a body to sign it piece by piece or to send a checksum behind it.
//
//     1000;chunk-signature=<64 hex>\r\n <4096 bytes>\r\n  …  0;chunk-signature=<64 hex>\r\n  x-amz-checksum-crc32:…\r\n  x-amz-trailer-signature:…\r\n  \r\n
//
// An incremental parser: give it bytes as they come, take payload out. A chunk's signature is checked at its end, so payload handed out before is not to be
// trusted until AWS_CHUNKED_DONE. Without a key (secret unknown) signatures are read and not checked. Kinds without signatures have none.
// Source: S3 API reference, "Signature calculations … chunked upload" and "… trailing headers".
#pragma once

#include "base/buf.h"
#include "formats/digest.h"
#include "identity/sigv4.h"

typedef enum AwsChunkedResult {
    AWS_CHUNKED_MORE, // all input is taken
    AWS_CHUNKED_DATA, // `*payload` has bytes; ask again with the rest of the input
    AWS_CHUNKED_DONE, // the body is complete and right; what is left of the input is not ours
    AWS_CHUNKED_BAD_FRAMING,
    AWS_CHUNKED_BAD_TRAILER, // a line behind the last chunk is no header
    AWS_CHUNKED_BAD_SIGNATURE
} AwsChunkedResult;

enum { AWS_CHUNKED_TRAILERS_MAX = 16, AWS_CHUNKED_LINE_MAX = 8192 };

typedef struct AwsChunked {
    Arena *arena;
    const Signature *signature;
    SigningKey key;
    bool checks; // the key is known
    enum { CHUNKED_SIZE_LINE, CHUNKED_BYTES, CHUNKED_BYTES_END, CHUNKED_TRAILERS, CHUNKED_OVER, CHUNKED_BROKEN } state;
    AwsChunkedResult verdict; // in CHUNKED_OVER and CHUNKED_BROKEN
    Buf line; // what has come of a line so far
    uint64_t left; // bytes of the chunk still to come
    bool last; // the chunk of size 0
    char previous[SIGNATURE_HEX]; // signature
    char claimed[SIGNATURE_HEX]; // of the current chunk
    Digest digest; // of the current chunk
    int64_t payload_bytes; // handed out so far: to be compared with x-amz-decoded-content-length
    HttpHeader trailers[AWS_CHUNKED_TRAILERS_MAX]; // in the arena, names in lower case
    size_t trailer_count;
    Buf trailer_text; // what the trailer's signature covers
} AwsChunked;

// `signature` must outlive the parser; `key` NULL: not known. The kind is signature->payload: one of PAYLOAD_CHUNKS_….
void aws_chunked_init(AwsChunked *parser, Arena *arena, const Signature *signature, const SigningKey *key);
void aws_chunked_done(AwsChunked *parser); // accepts a zeroed one
// Takes from the front of `*input`. `*payload` is a slice of it.
AwsChunkedResult aws_chunked_next(AwsChunked *parser, Str *input, Str *payload);
// The same for an HttpFilter: leaves the payload of `bytes` in place and makes `*len` fewer. Never AWS_CHUNKED_DATA.
AwsChunkedResult aws_chunked_in_place(AwsChunked *parser, char *bytes, size_t *len);
