// Which instance profile an instance has: associated at its launch, or later by these operations.
#include "services/ec2/ec2.h"

static Doc *association_of(Arena *arena, const Doc *instance, const char *state) {
    Doc *association = doc_map(arena);
    doc_set_str(arena, association, "AssociationId", doc_text(instance, "$association"));
    doc_set_str(arena, association, "InstanceId", doc_text(instance, "InstanceId"));
    doc_set_str(arena, association, "State", str_of(state));
    doc_set(association, "IamInstanceProfile", doc_copy(arena, doc_get(instance, "IamInstanceProfile")));
    return association;
}

// The asked profile counts at once, under an association of its own: one that ends leaves its id to nobody.
static Outcome associate(Turn *turn, const Call *call, Doc *instance, Doc **out, Error *e) {
    Doc *profile, *reply = doc_map(call->arena);
    CALL_TRY(instance_profile(turn, doc_get(call->input, "IamInstanceProfile"), &profile, e));
    instance_add_profile(turn, instance, profile);
    turn_put(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), instance);
    doc_set(reply, "IamInstanceProfileAssociation", association_of(call->arena, instance, "associating"));
    *out = reply;
    return OUTCOME_DONE;
}

Outcome associate_iam_instance_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *instance;
    CALL_TRY(instance_asked(turn, call->input, &instance, e));
    if (!instance_is(instance, "running") && !instance_is(instance, "stopped")) {
        return call_fail(e, "IncorrectInstanceState", "The instance '%.*s' is not in the 'running' or 'stopped' states.",
                         STR_ARG(doc_text(instance, "InstanceId")));
    }
    if (doc_get(instance, "IamInstanceProfile")) {
        return call_fail(e, "IncorrectState", "There is an existing association for instance %.*s", STR_ARG(doc_text(instance, "InstanceId")));
    }
    return associate(turn, call, instance, out, e);
}

Outcome describe_iam_instance_profile_associations(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable ASSOCIATIONS[] = {{"instance-id", "InstanceId"}, {"state", "State"}, {NULL, NULL}};
    Doc *list = doc_list(call->arena), *all = turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")});
    const Doc *ids = doc_get(call->input, "AssociationIds");
    for (const Doc *instance = doc_first(all); instance; instance = instance->next) {
        if (!doc_get(instance, "IamInstanceProfile") || instance_is(instance, "terminated")) continue;
        Doc *one = association_of(call->arena, instance, "associated");
        bool matches;
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), ASSOCIATIONS, one, &matches, e));
        if (matches && is_asked(ids, doc_text(one, "AssociationId"))) doc_push(list, one);
    }
    CALL_TRY(page_reply(call, list, "IamInstanceProfileAssociations", (PageRule){5, 1000, "AssociationId", NULL}, out, e));
    return OUTCOME_DONE;
}

bool associated_instance(Turn *turn, Str id, Doc **out) {
    Doc *all = turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")});
    for (const Doc *one = doc_first(all); one; one = one->next) {
        if (!doc_get(one, "IamInstanceProfile") || !str_eq(doc_text(one, "$association"), id) || instance_is(one, "terminated")) continue;
        return turn_get(turn, &EC2_INSTANCE, doc_text(one, "InstanceId"), out);
    }
    return false;
}

static bool association_asked(Turn *turn, const Call *call, Doc **instance, Error *e) {
    Str id = doc_text(call->input, "AssociationId");
    return associated_instance(turn, id, instance) ||
           fail(e, "InvalidAssociationID.NotFound", "An invalid association-id of '%.*s' was given", STR_ARG(id));
}

Outcome replace_iam_instance_profile_association(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *instance;
    CALL_TRY(association_asked(turn, call, &instance, e));
    return associate(turn, call, instance, out, e);
}

Outcome disassociate_iam_instance_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *instance, *reply = doc_map(call->arena);
    CALL_TRY(association_asked(turn, call, &instance, e));
    doc_set(reply, "IamInstanceProfileAssociation", association_of(call->arena, instance, "disassociating"));
    doc_set(instance, "IamInstanceProfile", NULL);
    doc_set(instance, "$role", NULL);
    doc_set(instance, "$association", NULL);
    turn_put(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), instance);
    *out = reply;
    return OUTCOME_DONE;
}
