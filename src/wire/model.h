// Model: AWS's published service models as read-only tables: what operations exist, what goes in, what comes out, how it is spelt on the wire.
//
// Every room from wire upward may use it, from any thread: nothing here ever changes. The tables are made at build time by codegen/ from botocore's
// service-2.json files; the services taken are listed in codegen/services.txt. All of it is shared .rodata without relocations: what would be a pointer is an
// index or an offset, and the accessors below turn these into Str and const pointers.
//
// A value that a shape describes is a Doc (base/doc.h):
//     structure, map → DOC_MAP     list → DOC_LIST        string → DOC_STR     boolean → DOC_BOOL
//     integer, long → DOC_INT      float, double → DOC_REAL  blob → DOC_BLOB   timestamp → DOC_TIME   document → whatever JSON it is
// Members are named as the model names them (`name`), never as the wire spells them (`wire_name`).
#pragma once

#include "base/str.h"

typedef enum WireKind {
    WIRE_STRUCTURE,
    WIRE_LIST,
    WIRE_MAP,
    WIRE_STRING,
    WIRE_INTEGER, // long too
    WIRE_REAL, // float and double
    WIRE_BOOLEAN,
    WIRE_BLOB,
    WIRE_TIMESTAMP,
    WIRE_DOCUMENT // any JSON
} WireKind;

typedef enum WireProtocol {
    WIRE_JSON_1_0,
    WIRE_JSON_1_1,
    WIRE_QUERY,
    WIRE_EC2,
    WIRE_REST_JSON,
    WIRE_REST_XML,
    WIRE_RPC_V2_CBOR,
    WIRE_PROTOCOL_COUNT
} WireProtocol;

// Where a member of an operation's input or output travels.
typedef enum WireLocation {
    WIRE_IN_BODY,
    WIRE_IN_URI, // a label of the template
    WIRE_IN_QUERY, // ?wire_name=…; a map: every parameter that no other member takes
    WIRE_IN_HEADER,
    WIRE_IN_HEADERS, // a map: every header that begins with wire_name
    WIRE_IN_STATUS // the HTTP status itself
} WireLocation;

typedef enum WireTimeFormat { WIRE_TIME_DEFAULT, WIRE_TIME_ISO8601, WIRE_TIME_RFC822, WIRE_TIME_UNIX } WireTimeFormat;

// Flags of shapes
enum {
    WIRE_FLATTENED = 1, // list, map: items stand in the parent element or key without one of their own
    WIRE_SENSITIVE = 2, // not to be logged
    WIRE_EXCEPTION = 4, // structure: an error shape
    WIRE_SENDER_FAULT = 8, // of an error: the caller's
    WIRE_UNION = 16, // structure: exactly one member is set
    WIRE_EVENT_STREAM = 32, // structure: members are the events
    WIRE_LONG = 64, // integer: of 64 bits rather than 32
    WIRE_FLOAT = 128, // real: of 32 bits
    WIRE_SERVER_FAULT = 256 // of an error: ours
};

// Flags of members
enum {
    WIRE_REQUIRED = 1,
    WIRE_STREAMING = 2, // the body of the message, not a value of the Doc
    WIRE_XML_ATTRIBUTE = 4,
    WIRE_IDEMPOTENCY_TOKEN = 8, // SDKs fill it in
    WIRE_JSON_VALUE = 16, // a string that holds JSON; in a header it is base64 besides
    WIRE_HOST_LABEL = 32,
    WIRE_EVENT_PAYLOAD = 64,
    WIRE_DEPRECATED = 128,
    WIRE_MEMBER_FLATTENED = 256 // as WIRE_FLATTENED, said of the member
};

// Flags of operations
enum {
    WIRE_UNSIGNED = 1, // may be called without a signature (AssumeRoleWithWebIdentity)
    WIRE_STREAM_IN = 2, // the request's body is a streaming payload: stays in HttpRequest.body
    WIRE_STREAM_OUT = 4, // the reply's body is one
    WIRE_EVENTS_IN = 8, // event streams
    WIRE_EVENTS_OUT = 16,
    WIRE_CHECKSUM_REQUIRED = 32, // of the request: Content-MD5 or x-amz-checksum-*
    WIRE_COMPRESSIBLE = 64, // SDKs may send the body gzipped
    WIRE_DEPRECATED_OPERATION = 128,
    WIRE_UNSIGNED_PAYLOAD = 256
};

typedef struct WireShape {
    uint32_t name;
    uint32_t first_member; // structure: its first; list: the item; map: the key, then the value
    uint32_t limits; // 0: none
    uint32_t error_code; // of an exception: what the wire says where that is not the shape's name; 0: the name
    uint32_t xml_namespace; // uri; 0: none
    uint32_t wire_name; // the element's name where the shape sets one; 0: it does not
    uint16_t member_count; // structure
    uint16_t body_count; // of these, how many have WIRE_IN_BODY
    uint16_t payload; // structure: 1 + position of the member that is the whole body; 0: none
    uint16_t status; // of an exception; 0: the model does not say
    uint16_t flags;
    uint8_t kind; // WireKind
    uint8_t time_format; // WireTimeFormat
} WireShape;

// A member of a structure, or the item of a list, or the key or value of a map.
typedef struct WireMember {
    uint32_t name; // 0 in lists and maps
    uint32_t wire_name; // in bodies, headers, labels; 0 in lists and maps that set none
    uint32_t query_name; // in requests of the query and ec2 protocols
    uint32_t shape;
    uint32_t xml_namespace, xml_prefix; // 0: none
    uint16_t flags;
    uint8_t location; // WireLocation
    uint8_t time_format; // WireTimeFormat: overrides the shape's
} WireMember;

// Bounds of a value: of its length (string: characters; blob: bytes; list, map: items) or its number.
typedef struct WireLimits {
    double min, max;
    uint32_t pattern; // a regular expression as the model writes it, in Java's syntax; 0: none
    uint32_t pcre; // the same for PCRE2
    uint32_t first_value; // enum: index for wire_enum_value
    uint16_t value_count;
    bool has_min, has_max;
} WireLimits;

typedef struct WireOperation {
    uint32_t name; // "StartBuild"
    uint32_t method; // "POST"
    uint32_t uri; // template without its query literals: "/{Bucket}/{Key+}"
    uint32_t input, output; // shapes; 0: none
    uint32_t result_wrapper; // query: element around the result
    uint32_t input_name; // rest-xml: root element of the body where the operation names it; 0: the shape's name
    uint32_t input_namespace;
    uint32_t checksum_member; // of the input: which algorithm the request is checked by; 0: none
    uint32_t first_error; // index for wire_error_at
    uint16_t error_count;
    uint16_t service;
    uint16_t status; // of a success
    uint16_t flags;
} WireOperation;

typedef struct WireService {
    uint32_t name; // botocore's folder: "stepfunctions"
    uint32_t service_id; // "SFN"
    uint32_t endpoint_prefix; // "states"; also the first label of the host
    uint32_t signing_name; // "states"
    uint32_t target_prefix; // "AWSStepFunctions"; 0: none
    uint32_t api_version; // "2016-11-23"
    uint32_t xml_namespace; // 0: none
    uint32_t first_operation, first_rule, first_shape; // into the tables
    uint16_t shape_count, operation_count, rule_count;
    uint8_t protocol; // WireProtocol that today's SDKs speak
    uint8_t protocols; // all that are accepted: bits 1 << WireProtocol
    bool query_compatible; // errors also in the codes of the query protocol it had before (sqs, cloudwatch)
} WireService;

// Looking up. By names as the model spells them; NULL when there is none.
const WireService *wire_service(Str name);
const WireOperation *wire_operation(const WireService *service, Str name);
const WireShape *wire_shape_named(const WireService *service, Str name);
const WireMember *wire_member(const WireShape *structure, Str name);
// A member in the body, by the name it has there; the second for requests of the query and ec2 protocols.
const WireMember *wire_member_on_wire(const WireShape *structure, Str wire_name);
const WireMember *wire_member_by_query_name(const WireShape *structure, Str query_name);
// A member outside the body, by its label, query parameter or header; headers without regard to case.
const WireMember *wire_member_outside(const WireShape *structure, WireLocation location, Str wire_name);
// The error shape an operation's service has under this name or this wire code.
const WireShape *wire_error_shape(const WireService *service, Str name_or_code);

// Walking: for (size_t i = 0; i < wire_service_count(); i++) … wire_service_at(i)
size_t wire_service_count(void);
const WireService *wire_service_at(size_t index);
const WireOperation *wire_operation_at(const WireService *service, size_t index); // index < operation_count, in order of names
const WireShape *wire_error_at(const WireOperation *operation, size_t index); // index < error_count

// From indexes to things.
extern const char WIRE_STRINGS[]; // each: length in two bytes (little endian), text, NUL; offsets point at the text

// STR_NONE for 0; has a NUL behind it.
static inline Str wire_str(uint32_t offset) {
    if (offset == 0) return STR_NONE;
    const char *text = WIRE_STRINGS + offset;
    return (Str){text, (size_t)(unsigned char)text[-2] | (size_t)(unsigned char)text[-1] << 8};
}
const WireShape *wire_shape(uint32_t index);
const WireMember *wire_member_at(const WireShape *structure, size_t index); // index < member_count, in the model's order
const WireMember *wire_item(const WireShape *list);
const WireMember *wire_key(const WireShape *map);
const WireMember *wire_value(const WireShape *map);
const WireLimits *wire_limits(const WireShape *shape); // NULL: none
Str wire_enum_value(const WireLimits *limits, size_t index); // index < value_count

static inline const WireShape *wire_shape_of(const WireMember *member) { return wire_shape(member->shape); }
static inline const WireShape *wire_input(const WireOperation *operation) { return operation->input ? wire_shape(operation->input) : NULL; }
static inline const WireShape *wire_output(const WireOperation *operation) { return operation->output ? wire_shape(operation->output) : NULL; }
static inline const WireService *wire_service_of(const WireOperation *operation) { return wire_service_at(operation->service); }
static inline bool wire_accepts(const WireService *service, WireProtocol protocol) { return service->protocols >> protocol & 1; }
