// rehearse approve, rehearse reject: the answer that a pipeline waits for.
#include "cli/common.h"

#include <stdio.h>

typedef struct Approval {
    Str stage, action, token;
} Approval;

// "Stage", "Action" or "Stage/Action"; none: any.
static bool is_meant(Str wanted, Str stage, Str action) {
    Str rest = wanted, first = str_cut(&rest, '/');
    if (!wanted.len) return true;
    return rest.len ? str_eq(first, stage) && str_eq(rest, action) : str_eq(wanted, stage) || str_eq(wanted, action);
}

static void take(const Doc *stage, Str wanted, Vec *found) {
    for (const Doc *action = doc_first(doc_get(stage, "actionStates")); action; action = action->next) {
        const Doc *latest = doc_get(action, "latestExecution");
        Str token = doc_text(latest, "token"), name = doc_text(action, "actionName"), stage_name = doc_text(stage, "stageName");
        if (!token.len || !str_is(doc_text(latest, "status"), "InProgress") || !is_meant(wanted, stage_name, name)) continue;
        vec_add(found, Approval, ((Approval){stage_name, name, token}));
    }
}

static bool find(const Client *client, Arena *arena, Str pipeline, Str wanted, Approval *out, Error *e) {
    Doc *input = doc_map(arena), *reply = NULL;
    Vec found = vec_of(arena, Approval);
    doc_set_str(arena, input, "name", pipeline);
    Error why = {0};
    if (!client_call(client, arena, "codepipeline", "GetPipelineState", input, &reply, &why))
        return fail_returned(common_fail_pipeline(client, arena, pipeline, &why, e));
    for (const Doc *stage = doc_first(doc_get(reply, "stageStates")); stage; stage = stage->next) take(stage, wanted, &found);
    if (found.len == 0)
        return fail(e, "no-approval", "%.*s does not wait for %s. Where it is: rehearse status%.*s", STR_ARG(pipeline),
                    wanted.len ? "this approval" : "an approval", STR_ARG(client->option));
    Approval first = vec_get(&found, Approval, 0);
    if (found.len > 1) {
        Approval second = vec_get(&found, Approval, 1);
        return fail(e, "usage", "%.*s waits for %zu approvals, among them %.*s/%.*s and %.*s/%.*s. Which one?", STR_ARG(pipeline), found.len,
                    STR_ARG(first.stage), STR_ARG(first.action), STR_ARG(second.stage), STR_ARG(second.action));
    }
    *out = first;
    return true;
}

static bool answer(const Client *client, Arena *arena, Str pipeline, const Approval *approval, const char *status, Str summary, Error *e) {
    Doc *input = doc_map(arena), *result = doc_map(arena);
    doc_set_str(arena, input, "pipelineName", pipeline);
    doc_set_str(arena, input, "stageName", approval->stage);
    doc_set_str(arena, input, "actionName", approval->action);
    doc_set_str(arena, input, "token", approval->token);
    doc_set_str(arena, result, "status", str_of(status));
    doc_set_str(arena, result, "summary", summary);
    doc_set(input, "result", result);
    return client_call(client, arena, "codepipeline", "PutApprovalResult", input, NULL, e);
}

static int run(int argc, char **argv) {
    Error e = {0};
    Common common = {0};
    const char *message = NULL;
    Client client;
    Approval approval;
    const Option options[] = {COMMON_OPTIONS(common), {"-m", true, &message}};
    AUTO_ARENA arena = arena_new();
    const char *status = strcmp(argv[0], "reject") == 0 ? "Rejected" : "Approved";
    if (!options_take(options, sizeof options / sizeof *options, &argc, argv, &e)) return cannot_run(&e);
    if (!common_operands(argc, argv, 1, 2, "the name of a pipeline", &e)) return cannot_run(&e);
    Str pipeline = str_of(argv[1]), summary = str_of(message ? message : "answered by rehearse");
    bool good = common_open(&common, arena, &client, NULL, &e) && find(&client, arena, pipeline, str_of(argc > 2 ? argv[2] : ""), &approval, &e) &&
                answer(&client, arena, pipeline, &approval, status, summary, &e);
    if (!good) return cannot_run(&e);
    if (common.json) return common_print_json(arena, doc_map(arena));
    printf("%s: %.*s of %.*s\n", status, STR_ARG(approval.action), STR_ARG(pipeline));
    return EXIT_OK;
}

const Verb VERB_APPROVE = {
    .name = "approve",
    .summary = "let a pipeline go on that waits for approval",
    .help = "rehearse approve web-shop -m \"Seen on staging\"\n"
            "rehearse approve web-shop Release         where it waits in several places: STAGE, ACTION or STAGE/ACTION\n"
            "\n"
            "  -m TEXT           what to say with it\n" COMMON_HELP,
    .run = run,
};

const Verb VERB_REJECT = {
    .name = "reject",
    .summary = "fail a pipeline that waits for approval",
    .help = "rehearse reject web-shop -m \"The price is wrong\"\n"
            "rehearse reject web-shop Release          where it waits in several places: STAGE, ACTION or STAGE/ACTION\n"
            "\n"
            "  -m TEXT           why\n" COMMON_HELP,
    .run = run,
};
