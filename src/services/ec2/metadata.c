// The metadata service at 169.254.169.254: a token first (unless the instance's HttpTokens are optional), then identity, tags and the credentials of its role. The
// caller is known by the private address that its connection comes from.
#include "services/ec2/ec2.h"

#include "formats/digest.h"
#include "formats/json.h"
#include "formats/timestamps.h"

#include <time.h>

enum { MOST_TOKEN_SECONDS = 21600, SECRET_BYTES = 32 };

// Tokens are signed, not kept: they die with the server, and clients then ask for a new one.
static unsigned char secret[SECRET_BYTES];
static bool has_secret;

static Str token_signature(Arena *arena, Str peer, int64_t until_s) {
    if (!has_secret) random_bytes(secret, sizeof secret);
    has_secret = true;
    Str text = str_format(arena, "%.*s/%lld", STR_ARG(peer), (long long)until_s);
    return hmac_sha256_hex(arena, (Str){(const char *)secret, sizeof secret}, text);
}

static bool token_ok(const HttpRequest *request) {
    Str rest = http_header(request, "x-aws-ec2-metadata-token"), until = str_cut(&rest, '-');
    int64_t until_s;
    if (!str_to_int(until, &until_s) || until_s < time(NULL)) return false;
    return bytes_equal_in_constant_time(rest, token_signature(request->arena, request->peer, until_s));
}

static void serve_token(HttpExchange *exchange) {
    const HttpRequest *request = &exchange->request;
    int64_t seconds;
    bool asked = str_to_int(http_header(request, "x-aws-ec2-metadata-token-ttl-seconds"), &seconds);
    if (!asked || seconds < 1 || seconds > MOST_TOKEN_SECONDS) {
        endpoint_reply(exchange, 400, "text/plain", STR("Bad Request"));
        return;
    }
    int64_t until_s = time(NULL) + seconds;
    Str signature = token_signature(request->arena, request->peer, until_s);
    HttpHeader *header = arena_new_of(request->arena, HttpHeader);
    *header = (HttpHeader){STR("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"), str_format(request->arena, "%lld", (long long)seconds)};
    Str token = str_format(request->arena, "%lld-%.*s", (long long)until_s, STR_ARG(signature));
    http_reply(exchange, &(HttpReply){.status = 200, .headers = header, .header_count = 1, .body = body_of(token)});
}

typedef struct Question {
    HttpExchange *exchange;
    Arena *arena;
    Str path; // behind /latest/
    Partition where;
    Doc *instance; // NULL: nobody has this address
    Str answer; // STR_NONE: not found
    Error error;
    bool wants_credentials;
} Question;

// ---- What there is to read ----

static Str tag_value(const Doc *instance, Str key) {
    for (const Doc *tag = doc_first(doc_get(instance, "Tags")); tag; tag = tag->next) {
        if (str_eq(doc_text(tag, "Key"), key)) return doc_text(tag, "Value");
    }
    return STR_NONE;
}

static Str tag_names(Arena *arena, const Doc *instance) {
    Str names = STR("");
    for (const Doc *tag = doc_first(doc_get(instance, "Tags")); tag; tag = tag->next) {
        names = str_format(arena, "%.*s%s%.*s", STR_ARG(names), names.len ? "\n" : "", STR_ARG(doc_text(tag, "Key")));
    }
    return names;
}

static Str role_name(const Doc *instance) {
    Str arn = doc_text(instance, "$role");
    return arn.at ? str_from(arn, (size_t)str_rfind_char(arn, '/') + 1) : STR_NONE;
}

static Str group_names(Arena *arena, const Doc *instance) {
    Str names = STR("");
    for (const Doc *group = doc_first(doc_get(instance, "SecurityGroups")); group; group = group->next) {
        names = str_format(arena, "%.*s%s%.*s", STR_ARG(names), names.len ? "\n" : "", STR_ARG(doc_text(group, "GroupName")));
    }
    return names;
}

static Str identity_document(Arena *arena, const Question *question) {
    const Doc *instance = question->instance;
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "accountId", question->where.account);
    doc_set_str(arena, doc, "architecture", STR("x86_64"));
    doc_set_str(arena, doc, "availabilityZone", doc_text(doc_get(instance, "Placement"), "AvailabilityZone"));
    doc_set_str(arena, doc, "imageId", doc_text(instance, "ImageId"));
    doc_set_str(arena, doc, "instanceId", doc_text(instance, "InstanceId"));
    doc_set_str(arena, doc, "instanceType", doc_text(instance, "InstanceType"));
    doc_set_str(arena, doc, "privateIp", doc_text(instance, "PrivateIpAddress"));
    doc_set_str(arena, doc, "region", question->where.region);
    doc_set_str(arena, doc, "version", STR("2017-09-30"));
    return json_write_pretty(arena, doc);
}

static Str profile_info(Arena *arena, const Doc *instance) {
    const Doc *profile = doc_get(instance, "IamInstanceProfile");
    if (!profile) return STR_NONE;
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "Code", STR("Success"));
    doc_set_str(arena, doc, "InstanceProfileArn", doc_text(profile, "Arn"));
    doc_set_str(arena, doc, "InstanceProfileId", doc_text(profile, "Id"));
    return json_write_pretty(arena, doc);
}

static const struct {
    const char *path, *member;
} PLAIN[] = {
    {"meta-data/instance-id", "InstanceId"},      {"meta-data/ami-id", "ImageId"},
    {"meta-data/instance-type", "InstanceType"},  {"meta-data/local-ipv4", "PrivateIpAddress"},
    {"meta-data/public-ipv4", "PublicIpAddress"}, {"meta-data/local-hostname", "PrivateDnsName"},
    {"meta-data/hostname", "PrivateDnsName"},     {"meta-data/public-hostname", "PublicDnsName"},
    {"meta-data/reservation-id", "$reservation"}, {"user-data", "$userData"},
};

static const char LISTING[] =
    "ami-id\nhostname\niam/\ninstance-id\ninstance-type\nlocal-hostname\nlocal-ipv4\nplacement/\npublic-hostname\npublic-ipv4\nreservation-id\n"
    "security-groups\ntags/";

static Str answer_of(Question *question) {
    Arena *arena = question->arena;
    const Doc *instance = question->instance;
    Str path = str_strip_suffix(question->path, STR("/"));
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++) {
        if (str_is(path, PLAIN[i].path)) return doc_text(instance, PLAIN[i].member);
    }
    bool tags = str_is(doc_text(doc_get(instance, "MetadataOptions"), "InstanceMetadataTags"), "enabled");
    if (str_is(path, "meta-data")) return tags ? str_of(LISTING) : str_strip_suffix(str_of(LISTING), STR("\ntags/"));
    if (!tags && str_starts(path, STR("meta-data/tags"))) return STR_NONE;
    if (str_is(path, "meta-data/placement/region")) return question->where.region;
    if (str_is(path, "meta-data/placement/availability-zone")) return doc_text(doc_get(instance, "Placement"), "AvailabilityZone");
    if (str_is(path, "meta-data/security-groups")) return group_names(arena, instance);
    if (str_is(path, "meta-data/tags/instance")) return tag_names(arena, instance);
    if (str_starts(path, STR("meta-data/tags/instance/"))) return tag_value(instance, str_from(path, sizeof "meta-data/tags/instance/" - 1));
    if (str_is(path, "meta-data/iam/info")) return profile_info(arena, instance);
    if (str_is(path, "meta-data/iam/security-credentials")) return role_name(instance);
    if (str_is(path, "dynamic/instance-identity/document")) return identity_document(arena, question);
    return STR_NONE;
}

// ---- Credentials: a session of the role, named after the instance ----

static Str credentials_text(Arena *arena, const Doc *credentials, int64_t now_ms) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "Code", STR("Success"));
    doc_set_str(arena, doc, "LastUpdated", time_iso8601(arena, now_ms / 1000 * 1000));
    doc_set_str(arena, doc, "Type", STR("AWS-HMAC"));
    doc_set_str(arena, doc, "AccessKeyId", doc_text(credentials, "AccessKeyId"));
    doc_set_str(arena, doc, "SecretAccessKey", doc_text(credentials, "SecretAccessKey"));
    doc_set_str(arena, doc, "Token", doc_text(credentials, "SessionToken"));
    doc_set_str(arena, doc, "Expiration", time_iso8601(arena, doc_number(credentials, "Expiration", now_ms) / 1000 * 1000));
    return json_write_pretty(arena, doc);
}

static Str failure_text(Arena *arena, const Error *e) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "Code", STR("AssumeRoleUnauthorizedAccess"));
    doc_set_str(arena, doc, "Message", str_copy(arena, str_of(e->message)));
    return json_write_pretty(arena, doc);
}

static bool assume_role(Turn *turn, void *context) {
    Question *question = context;
    Arena *arena = question->arena;
    Doc *input = doc_map(arena), *output = NULL;
    doc_set_str(arena, input, "RoleArn", doc_text(question->instance, "$role"));
    doc_set_str(arena, input, "RoleSessionName", doc_text(question->instance, "InstanceId"));
    bool assumed = turn_call(turn, principal_service(STR("ec2.amazonaws.com")), "sts", "AssumeRole", input, &output, &question->error);
    question->answer = assumed ? credentials_text(arena, doc_get(output, "Credentials"), turn_now(turn)) : failure_text(arena, &question->error);
    return assumed;
}

static void reply(Question *question) {
    bool found = question->answer.at != NULL;
    bool json = found && question->answer.len && question->answer.at[0] == '{';
    endpoint_reply(question->exchange, found ? 200 : 404, json ? "application/json" : "text/plain", found ? question->answer : STR("Not Found"));
}

static void credentials_done(Plane *plane, void *context, const Error *failed) {
    Question *question = context;
    if (failed) question->answer = failure_text(question->arena, failed);
    reply(question);
}

// ---- The request ----

static void look_up(Turn *turn, void *context) {
    Question *question = context;
    Str id, peer = question->exchange->request.peer;
    int64_t number;
    if (!str_to_int(str_from(peer, (size_t)str_rfind_char(peer, '.') + 1), &number)) return;
    if (!address_owner(turn, number, &question->where, &id)) return;
    if (!document_get(turn_store(turn), question->where, &EC2_INSTANCE, id, question->arena, &question->instance)) return;
    Str role = role_name(question->instance);
    Str wanted = str_strip_prefix(question->path, STR("meta-data/iam/security-credentials/"));
    question->wants_credentials = role.at && wanted.len != question->path.len && str_eq(wanted, role);
    if (!question->wants_credentials) question->answer = answer_of(question);
}

// What the instance's MetadataOptions refuse. Without HttpTokens "required", a request may come without a token, but not with a wrong one.
static bool is_refused(const Question *question) {
    const HttpRequest *request = &question->exchange->request;
    const Doc *options = doc_get(question->instance, "MetadataOptions");
    bool wants_token = str_is(request->method, "PUT") && str_is(request->path, "/latest/api/token");
    bool optional = str_is(doc_text(options, "HttpTokens"), "optional") && !http_header(request, "x-aws-ec2-metadata-token").at;
    int status = str_is(doc_text(options, "HttpEndpoint"), "disabled") ? 403 : wants_token || optional || token_ok(request) ? 0 : 401;
    if (status) endpoint_reply(question->exchange, status, "text/plain", status == 403 ? STR("Forbidden") : STR("Unauthorized"));
    return status != 0;
}

static void serve(Plane *plane, HttpExchange *exchange) {
    const HttpRequest *request = &exchange->request;
    Question *question = arena_new_of(request->arena, Question);
    *question = (Question){.exchange = exchange, .arena = request->arena, .path = str_strip_prefix(request->path, STR("/latest/"))};
    Error e = {0};
    if (!plane_read(plane, (Partition){STR(""), GLOBAL_REGION}, request->arena, look_up, question, &e)) {
        endpoint_reply(exchange, 500, "text/plain", str_copy(request->arena, str_of(e.message)));
        return;
    }
    if (is_refused(question)) return;
    if (str_is(request->method, "PUT") && str_is(request->path, "/latest/api/token")) {
        serve_token(exchange);
    } else if (question->wants_credentials) {
        plane_in_turn(plane, question->where, assume_role, credentials_done, question);
    } else {
        reply(question);
    }
}

const EndpointType EC2_METADATA = {.on_request = serve};
