// Limits: every bound on what input controls, in one place, each with its reason.
#pragma once

// HTTP
#define LIMIT_HTTP_HEAD_BYTES (64 * 1024) // AWS allows 8 KiB of metadata and long presigned queries; nothing honest is larger
#define LIMIT_HTTP_HEADERS 200
#define LIMIT_HTTP_BODY_IN_MEMORY_BYTES (16L * 1024 * 1024) // largest non-streaming body of a modelled operation (DynamoDB BatchWriteItem: 16 MB)
#define LIMIT_HTTP_INLINE_BODY_BYTES (64 * 1024) // a streamed body above this goes to a spool file; also what objects may weigh in the database
#define LIMIT_OBJECT_BYTES (5L * 1024 * 1024 * 1024) // S3's largest single PUT
#define LIMIT_HTTP_CONNECTIONS 4096
#define LIMIT_HTTP_IDLE_MS 120000 // as nginx and ALB: keep-alive without a request
#define LIMIT_HTTP_HEAD_MS 20000 // a head that takes longer is an attack or a dead peer
#define LIMIT_HTTP_TARGET_BYTES (32 * 1024) // presigned URLs carry policies and session tokens of some KiB
#define LIMIT_HTTP_STALL_MS 30000 // a body or reply that does not move by LIMIT_HTTP_STALL_BYTES in this time: as S3's RequestTimeout
#define LIMIT_HTTP_STALL_BYTES 1024 // a byte now and then is no progress
#define LIMIT_HTTP_LINGER_MS 2000 // after the last reply, for the client to read it before a reset could destroy it
#define LIMIT_HTTP_WAITING_BYTES (256 * 1024) // of a streamed reply that the client has not taken: the producer has to wait
#define LIMIT_HTTP_CHUNK_LINE_BYTES (16 * 1024) // chunk sizes, extensions and trailers between two pieces of a body
#define LIMIT_HTTP_CALL_MS 30000 // of a request of ours, unless it says otherwise
#define LIMIT_TLS_NAMES 512 // certificates made on the fly for names that clients ask for; then the local one is shown

// Documents
#define LIMIT_DOC_DEPTH 128 // parsers recurse; botocore's deepest honest shape is below 40
#define LIMIT_JSON_BYTES (16L * 1024 * 1024)
#define LIMIT_YAML_BYTES (1024 * 1024) // AWS's template limit
#define LIMIT_YAML_NODES 200000 // alias bombs
#define LIMIT_XML_BYTES (16 * 1024 * 1024) // reports of tests; requests are bounded lower by HTTP
#define LIMIT_XML_NODES 400000
#define LIMIT_CBOR_BYTES (16L * 1024 * 1024)
#define LIMIT_BUNDLE_BYTES (8L * 1024 * 1024 * 1024) // unpacked; CodePipeline's largest artifact is 7 GB
#define LIMIT_BUNDLE_ENTRIES 200000 // a node_modules of an honest application has some 60,000 files
#define LIMIT_BUNDLE_RATIO 200 // deflate reaches 1,030; text that people write stays below 50
#define LIMIT_BUNDLE_RATIO_FLOOR_BYTES (256L * 1024 * 1024) // below it the ratio does no harm
#define LIMIT_BUNDLE_MS 600000
#define LIMIT_BUNDLE_READ_BYTES (1024 * 1024) // one file read out of a bundle: an appspec, a buildspec
#define LIMIT_HELPER_MEMORY_BYTES (512L * 1024 * 1024) // of rehearse-helper: lists of many entries included
#define LIMIT_FOLDER_DEPTH 100 // walks of folders recurse
#define LIMIT_PATTERN_STEPS 100000 // PCRE2's match limit: a hostile pattern ends within milliseconds
#define LIMIT_PATTERN_DEPTH 5000 // PCRE2's depth limit, bounds its heap
#define LIMIT_PATTERN_CACHE 256 // compiled patterns kept by a thread

// Engine
#define LIMIT_LISTED_TIMERS 1000 // what `rehearse clock` shows at most
#define LIMIT_CRASHES_OF_AN_EVENT 2 // an event that crashed the server so often is set aside

// Plane
#define LIMIT_AUDIT_RECORDS 20000 // a day of busy deployments, about 20 MB
#define LIMIT_WIRE_REPLY_BYTES (64L * 1024 * 1024) // a reply that is built in memory; the largest honest one is a page of 16 MB
#define LIMIT_CALL_DEPTH 4 // turn_call within turn_call
#define LIMIT_HOPS 32 // machine → call → event → machine …: ends loops such as S3 → Lambda → S3

// Sandboxes
#define LIMIT_INSTANCE_PROCESSES 1024 // a web server with its workers and deployments; a fork bomb stops here
#define LIMIT_BUILD_PROCESSES 2048 // compilers with many jobs
#define LIMIT_JOB_OUTPUT_BYTES (64L * 1024 * 1024) // of one job: what comes after is dropped, and said so
#define LIMIT_BUILDS_AT_ONCE 4 // of an account and region: the machine has few cores; further ones wait in the queue
