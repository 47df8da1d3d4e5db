// What the scripts of events that went well have printed. AWS has a log in the diagnostics of failed events only, as its agent sends none of the others (those are in the
// instance's scripts.log); people who rehearse want to read them all the same.
//
//     GET /_rehearse/deployments/ACCOUNT/REGION/ID   →   {"INSTANCE": {"EVENT": "log"}}
#include "services/codedeploy/codedeploy.h"

#include "plane/endpoint.h"

typedef struct Question {
    Arena *arena;
    Str id;
    Doc *logs; // NULL: there is no such deployment
} Question;

static Doc *logs_of(Arena *arena, const Doc *target) {
    Doc *logs = doc_map(arena);
    for (const Doc *event = doc_first(doc_get(target, "lifecycleEvents")); event; event = event->next) {
        Str log = doc_text(event, "$log");
        if (log.len) doc_put(logs, str_copy(arena, doc_text(event, "lifecycleEventName")), doc_of_str(arena, str_copy(arena, log)));
    }
    return logs;
}

static void look_up(Turn *turn, void *context) {
    Question *question = context;
    Doc *deployment;
    if (!turn_get(turn, &CODEDEPLOY_DEPLOYMENT, question->id, &deployment)) return;
    question->logs = doc_map(question->arena);
    for (const Doc *target = doc_first(doc_get(deployment, "$targets")); target; target = target->next) {
        doc_put(question->logs, str_copy(question->arena, doc_text(target, "targetId")), logs_of(question->arena, target));
    }
}

static void serve(Plane *plane, HttpExchange *exchange) {
    const HttpRequest *request = &exchange->request;
    Str path = str_strip_prefix(request->path, STR("/_rehearse/deployments/")), account = str_cut(&path, '/'), region = str_cut(&path, '/');
    Question question = {.arena = request->arena, .id = path};
    Error e = {0};
    bool read = path.at && plane_read(plane, (Partition){account, region}, request->arena, look_up, &question, &e);
    if (read && question.logs) {
        endpoint_reply_json(exchange, 200, question.logs);
        return;
    }
    Doc *refusal = doc_map(request->arena);
    bool failed = path.at && !read;
    doc_set_str(request->arena, refusal, "code", failed ? STR("InternalFailure") : STR("DeploymentDoesNotExistException"));
    doc_set_str(request->arena, refusal, "message", failed ? str_copy(request->arena, str_of(e.message)) : STR("There is no such deployment."));
    endpoint_reply_json(exchange, failed ? 500 : 404, refusal);
}

const EndpointType CODEDEPLOY_LOGS = {.on_request = serve};
