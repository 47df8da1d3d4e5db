// Which service checks what, under which code. Sources: each API reference's "Common Errors" and the errors of its operations.
#include "wire/validating.h"

#include <stdio.h>

static const Style STYLES[] = {
    {STR_INIT("apigateway"), "BadRequestException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("apigatewayv2"), "BadRequestException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("autoscaling"), "ValidationError", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("cloudformation"), "ValidationError", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("cloudwatch"), "MissingParameter", CHECK_REQUIRED, WORDING_CLOUDWATCH},
    {STR_INIT("codebuild"), "InvalidInputException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("codecommit"), "ValidationException", CHECK_REQUIRED, WORDING_OWN_CODES},
    {STR_INIT("codedeploy"), "ValidationException", CHECK_REQUIRED, WORDING_OWN_CODES},
    {STR_INIT("codepipeline"), "ValidationException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("devicefarm"), "ArgumentException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("dynamodb"), "ValidationException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("ec2"), "MissingParameter", CHECK_REQUIRED, WORDING_EC2},
    {STR_INIT("ecr"), "InvalidParameterException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("ecs"), "InvalidParameterException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("elbv2"), "ValidationError", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("iam"), "ValidationError", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("logs"), "InvalidParameterException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("rds"), "ValidationError", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("s3"), "InvalidArgument", CHECK_REQUIRED, WORDING_S3},
    {STR_INIT("schemas"), "BadRequestException", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("sns"), "InvalidParameter", CHECK_REQUIRED, WORDING_SNS},
    {STR_INIT("sqs"), "MissingParameter", CHECK_REQUIRED, WORDING_SQS},
    {STR_INIT("sts"), "ValidationError", CHECK_ALL, WORDING_VIOLATIONS},
    {STR_INIT("xray"), "InvalidRequestException", CHECK_ALL, WORDING_VIOLATIONS},
};

const Style *style_of(const WireService *service) {
    static const Style JSON = {STR_INIT(""), "ValidationException", CHECK_ALL, WORDING_VIOLATIONS};
    for (size_t i = 0; i < sizeof STYLES / sizeof *STYLES; i++) {
        if (str_eq(wire_str(service->name), STYLES[i].service)) return &STYLES[i];
    }
    return &JSON;
}

static void put_name(Buf *buf, Str name, bool verbatim) {
    bool lower = !verbatim && name.len && name.at[0] >= 'A' && name.at[0] <= 'Z';
    if (lower) buf_add_char(buf, (char)(name.at[0] | 0x20));
    buf_add(buf, lower ? str_from(name, 1) : name);
}

// pipeline.stages.1.member.name: names begin small, items of lists are counted from 1.
static void put_place(Buf *buf, const Place *place, bool verbatim) {
    if (place->parent) {
        put_place(buf, place->parent, verbatim);
        buf_add_char(buf, '.');
    }
    if (str_is_none(place->name)) {
        buf_addf(buf, "%zu.member", place->index);
    } else {
        put_name(buf, place->name, verbatim || place->key);
        if (place->key) buf_add(buf, STR(".member"));
    }
}

static void put_value(Buf *buf, const Doc *value) {
    switch (value->kind) {
    case DOC_NULL: buf_add(buf, STR("null")); break;
    case DOC_BOOL: buf_add(buf, value->as.boolean ? STR("true") : STR("false")); break;
    case DOC_INT:
    case DOC_TIME: buf_addf(buf, "%lld", (long long)value->as.integer); break;
    case DOC_REAL: buf_addf(buf, "%g", value->as.real); break;
    case DOC_STR: buf_add(buf, value->as.text); break;
    case DOC_BLOB: buf_addf(buf, "java.nio.HeapByteBuffer[pos=0 lim=%zu cap=%zu]", value->as.text.len, value->as.text.len); break;
    case DOC_LIST:
    case DOC_MAP:
        buf_add_char(buf, value->kind == DOC_LIST ? '[' : '{');
        for (const Doc *child = doc_first(value); child; child = child->next) {
            if (value->kind == DOC_MAP) buf_addf(buf, "%.*s=", STR_ARG(child->key));
            put_value(buf, child);
            if (child->next) buf_add(buf, STR(", "));
        }
        buf_add_char(buf, value->kind == DOC_LIST ? ']' : '}');
        break;
    }
}

enum { ECHO_BYTES = 1024 };

// A value as the caller gave it; of one too long for a message only that it was there, as AWS does for large requests.
static void put_echo(Buf *buf, const Doc *value) {
    AUTO_BUF text;
    buf_init(&text, ECHO_BYTES);
    put_value(&text, value);
    buf_add(buf, STR("Value"));
    if (!text.overflow) buf_addf(buf, " '%.*s'", STR_ARG(buf_str(&text)));
}

// BatchGetItem checks as DynamoDB's other operations do not yet: it repeats nothing and spells names as the model does.
static bool is_batch_get(const Check *check) { return str_is(wire_str(check->operation->name), "BatchGetItem"); }

// Of what a pipeline declares CodePipeline repeats nothing: configurations hold secrets.
static bool is_untold(const Check *check, const Place *place) {
    while (place->parent) place = place->parent;
    if (is_batch_get(check)) return true;
    return str_is(check->style->service, "codepipeline") && str_is(place->name, "pipeline");
}

void add_violation(Check *check, const Place *place, const WireShape *shape, const Doc *value, Str constraint) {
    Buf *buf = check->violations;
    if (check->count++) buf_add(buf, STR("; "));
    if (!value || value->kind == DOC_NULL) {
        buf_add(buf, STR("Value null"));
    } else if (shape->flags & WIRE_SENSITIVE || is_untold(check, place)) {
        buf_add(buf, STR("Value"));
    } else {
        put_echo(buf, value);
    }
    buf_add(buf, STR(" at '"));
    put_place(buf, place, is_batch_get(check));
    buf_add(buf, STR("' failed to satisfy constraint: "));
    buf_add(buf, constraint);
}

bool fail_with_violations(Check *check) {
    Str all = buf_str(check->violations);
    return fail(check->e, check->style->code, "%zu validation error%s detected: %.*s", check->count, check->count == 1 ? "" : "s", STR_ARG(all));
}

Str words_for_pattern(const Check *check, Str member, Str pattern) {
#define PREFIX_WORDS "It must begin with the / character and contain only alphanumeric characters and/or / characters."
#define PATH_WORDS "It must begin and end with / and contain only alphanumeric characters and/or / characters."
    static const struct {
        const char *service, *member, *pattern, *words; // member NULL: any
    } known[] = {
        {"iam", NULL, "[\\w+=,.@-]+", "It must contain only alphanumeric characters and/or the following: +=,.@_-"},
        {"iam", NULL, "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", PATH_WORDS},
        {"iam", NULL, "\\u002F[\\u0021-\\u007F]*", PREFIX_WORDS},
        {"iam", "PathPrefix", "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/", PREFIX_WORDS},
        {"iam", "Path", "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/", PATH_WORDS},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        bool named = !known[i].member || str_is(member, known[i].member);
        if (str_is(check->style->service, known[i].service) && named && str_is(pattern, known[i].pattern)) return str_of(known[i].words);
    }
    return STR_NONE;
}

// DynamoDB tells some of its enums in an order of its own.
Str order_of_enum(const Check *check, const WireShape *shape) {
    static const struct {
        const char *shape, *values;
    } known[] = {
        {"ScalarAttributeType", "B, N, S"},
        {"ReturnValue", "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW"},
        {"ProjectionType", "ALL, INCLUDE, KEYS_ONLY"},
        {"Select", "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES"},
        {"ConditionalOperator", "OR, AND"},
        {"AttributeAction", "ADD, DELETE, PUT"},
        {"ComparisonOperator", "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is(check->style->service, "dynamodb") && str_is(wire_str(shape->name), known[i].shape)) return str_of(known[i].values);
    return STR_NONE;
}

// Filters.1.Name, as the request spelt it.
static Str request_name(Arena *arena, const Place *place) {
    Str name = str_is_none(place->name) ? str_format(arena, "%zu", place->index) : place->name;
    return place->parent ? str_format(arena, "%.*s.%.*s", STR_ARG(request_name(arena, place->parent)), STR_ARG(name)) : name;
}

// Some operations have a word of their own for a document that is not there at all.
static bool tells_empty_body(const WireOperation *operation) {
    static const char *const names[] = {"PutObjectTagging", "PutBucketTagging", "PutBucketNotificationConfiguration", "PutBucketVersioning",
                                        "PutBucketPolicy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(wire_str(operation->name), names[i])) return true;
    return false;
}

static bool tell_s3(Check *check, const Place *place, const WireMember *member) {
    if (member->location == WIRE_IN_BODY) {
        if (!place->parent && tells_empty_body(check->operation)) return fail(check->e, "MissingRequestBodyError", "Request Body is empty");
        return fail(check->e, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema");
    }
    if (str_is(wire_str(member->wire_name), "x-amz-object-attributes")) {
        const char *message = "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty";
        return fail(check->e, "InvalidRequest", "%s", message);
    }
    return fail(check->e, "InvalidArgument", "The request lacks %.*s", STR_ARG(wire_str(member->wire_name)));
}

// repositoryName → RepositoryNameRequiredException, if the operation has such an error; nothing is checked otherwise.
static bool tell_own_code(Check *check, const Place *place) {
    if (place->parent || str_is_none(place->name)) return true;
    char code[ERROR_CODE_BYTES];
    snprintf(code, sizeof code, "%c%.*sRequiredException", place->name.at[0] & ~0x20, STR_ARG(str_from(place->name, 1)));
    for (size_t i = 0; i < check->operation->error_count; i++) {
        if (str_is(wire_str(wire_error_at(check->operation, i)->name), code)) return fail(check->e, code, "%.*s is required.", STR_ARG(place->name));
    }
    return true;
}

// What a service checks itself, and words itself, although its model has it too.
static const char *own_words(const Check *check, const WireShape *shape, Str constraint) {
    static const struct {
        const char *service, *shape, *constraint, *words;
    } known[] = {
        {"codebuild", "ProjectName", "Member must have length less", "Project name length cannot be greater than 150 characters"},
        {"codebuild", "ProjectName", "Member must satisfy regular", "Only alphanumeric characters, dash, and underscore are supported"},
        {"codebuild", "SourceType", "Member must satisfy enum", "Invalid type provided: Project source type"},
        {"codebuild", "ArtifactsType", "Member must satisfy enum", "Invalid type provided: Artifact type"},
        {"codebuild", "ProjectDescription", "Member must have length less", "Max description length is 255"},
        {"codebuild", "ProjectSources", "Member must have length less", "Invalid input: the maximum number of secondary sources is 12"},
        {"codebuild", "ProjectArtifactsList", "Member must have length less",
         "Invalid input: the maximum number of artifact definitions in secondaryArtifacts is 12"},
        {"codebuild", "ComputeType", "Member must satisfy enum", "Invalid compute type provided"},
        {"dynamodb", "BatchWriteItemRequestMap", "Member must have length greater", "The requestItems parameter is required for BatchWriteItem"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        bool same = str_is(check->style->service, known[i].service);
        if (same && str_is(wire_str(shape->name), known[i].shape) && str_starts(constraint, str_of(known[i].constraint))) return known[i].words;
    }
    return NULL;
}

bool tell(Check *check, const Place *place, const WireMember *member, const Doc *value, Str constraint) {
    const char *code = check->style->code;
    Str name = request_name(check->arena, place);
    switch (check->style->wording) {
    case WORDING_EC2:
        return fail(check->e, code, "The request must contain the parameter %.*s", STR_ARG(place->parent ? name : wire_str(member->wire_name)));
    case WORDING_SQS: return fail(check->e, code, "The request must contain the parameter %.*s.", STR_ARG(name));
    case WORDING_SNS: return fail(check->e, code, "Invalid parameter: %.*s Reason: no value for required parameter", STR_ARG(name));
    case WORDING_CLOUDWATCH: return fail(check->e, code, "The parameter %.*s is required.", STR_ARG(name));
    case WORDING_S3: return tell_s3(check, place, member);
    case WORDING_OWN_CODES: return tell_own_code(check, place);
    case WORDING_VIOLATIONS: break;
    }
    const char *words = own_words(check, wire_shape_of(member), constraint);
    if (words) return fail(check->e, code, "%s", words);
    add_violation(check, place, wire_shape_of(member), value, constraint);
    return true;
}
