// Credentials of a build's processes: SDKs ask http://127.0.0.1:PORT/_rehearse/credentials/TOKEN (AWS_CONTAINER_CREDENTIALS_FULL_URI) and get a session of the
// build's service role. The token is a secret of the build and ends with it.
#include "formats/json.h"
#include "formats/timestamps.h"
#include "services/codebuild/codebuild.h"

const DocumentType CODEBUILD_CREDENTIAL = {.name = "codebuild.credential"};
static const Partition EVERYWHERE = {STR_INIT(""), STR_INIT("aws-global")};

enum { TOKEN_BYTES = 24 };

void credential_put(Turn *turn, Doc *build) {
    Arena *arena = turn_arena(turn);
    char secret[TOKEN_BYTES];
    random_bytes(secret, sizeof secret);
    Str token = str_hex(arena, (Str){secret, sizeof secret});
    Doc *credential = doc_map(arena);
    doc_set_str(arena, credential, "account", turn_where(turn).account);
    doc_set_str(arena, credential, "region", turn_where(turn).region);
    doc_set_str(arena, credential, "build", doc_text(build, "id"));
    document_put(turn_store(turn), EVERYWHERE, &CODEBUILD_CREDENTIAL, token, credential);
    doc_set_str(arena, build, "$token", token);
}

typedef struct Question {
    HttpExchange *exchange;
    Arena *arena;
    Str token;
    Partition where;
    Doc *build; // NULL: no such token, or its build is over
    Doc *reply;
    Error error;
} Question;

static void look_up(Turn *turn, void *context) {
    Question *question = context;
    Doc *credential;
    if (!document_get(turn_store(turn), EVERYWHERE, &CODEBUILD_CREDENTIAL, question->token, question->arena, &credential)) return;
    question->where = (Partition){doc_text(credential, "account"), doc_text(credential, "region")};
    Doc *build;
    if (!document_get(turn_store(turn), question->where, &CODEBUILD_BUILD, doc_text(credential, "build"), question->arena, &build)) return;
    if (!doc_flag(build, "buildComplete", false)) question->build = build;
}

static bool assume_role(Turn *turn, void *context) {
    Question *question = context;
    Arena *arena = question->arena;
    Doc *input = doc_map(arena), *output = NULL, *reply = doc_map(arena);
    doc_set_str(arena, input, "RoleArn", doc_text(question->build, "serviceRole"));
    doc_set_str(arena, input, "RoleSessionName", str_cat(arena, STR("AWSCodeBuild-"), doc_text(question->build, "$uuid")));
    TRY(turn_call(turn, principal_service(STR(CODEBUILD_HOST)), "sts", "AssumeRole", input, &output, &question->error));
    const Doc *credentials = doc_get(output, "Credentials");
    doc_set_str(arena, reply, "AccessKeyId", doc_text(credentials, "AccessKeyId"));
    doc_set_str(arena, reply, "SecretAccessKey", doc_text(credentials, "SecretAccessKey"));
    doc_set_str(arena, reply, "Token", doc_text(credentials, "SessionToken"));
    doc_set_str(arena, reply, "Expiration", time_iso8601(arena, doc_number(credentials, "Expiration", 0)));
    doc_set_str(arena, reply, "RoleArn", doc_text(question->build, "serviceRole"));
    question->reply = reply;
    return true;
}

static void refuse(HttpExchange *exchange, int status, const char *code, const char *message) {
    Doc *doc = doc_map(exchange->request.arena);
    doc_set_str(exchange->request.arena, doc, "code", str_of(code));
    doc_set_str(exchange->request.arena, doc, "message", str_of(message));
    endpoint_reply_json(exchange, status, doc);
}

static void answer(Plane *plane, void *context, const Error *failed) {
    Question *question = context;
    if (failed || !question->reply) {
        const Error *why = failed ? failed : &question->error;
        refuse(question->exchange, failed ? 500 : 400, why->code, why->message);
    } else {
        endpoint_reply_json(question->exchange, 200, question->reply);
    }
}

static void serve(Plane *plane, HttpExchange *exchange) {
    const HttpRequest *request = &exchange->request;
    Question *question = arena_new_of(request->arena, Question);
    Str token = str_strip_prefix(request->path, STR("/_rehearse/credentials/"));
    *question = (Question){.exchange = exchange, .arena = request->arena, .token = token};
    Error e = {0};
    if (!plane_read(plane, EVERYWHERE, request->arena, look_up, question, &e)) {
        refuse(exchange, 500, "InternalFailure", str_c(request->arena, str_of(e.message)));
    } else if (question->build) {
        plane_in_turn(plane, question->where, assume_role, answer, question);
    } else {
        refuse(exchange, 404, "InvalidToken", "There is no build under way that this token belongs to.");
    }
}

const EndpointType CODEBUILD_CREDENTIALS = {.on_request = serve};
