// Handlers about instances. What they do to an instance, they send to its machine.
#include "services/ec2/ec2.h"

// ---- Describe ----

// All that are missing are told at once.
bool all_instances_exist(Turn *turn, const Doc *ids, Error *e) {
    Arena *arena = turn_arena(turn);
    Str missing = STR("");
    size_t count = 0;
    for (const Doc *id = doc_first(ids); id; id = id->next) TRY(check_id(doc_str(id, STR("")), "i-", "InvalidInstanceID.Malformed", e));
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        Str text = doc_str(id, STR(""));
        if (document_exists(turn_store(turn), turn_where(turn), &EC2_INSTANCE, text)) continue;
        missing = str_format(arena, "%.*s%s%.*s", STR_ARG(missing), count++ ? ", " : "", STR_ARG(text));
    }
    if (count == 0) return true;
    return count == 1 ? fail(e, "InvalidInstanceID.NotFound", "The instance ID '%.*s' does not exist", STR_ARG(missing))
                      : fail(e, "InvalidInstanceID.NotFound", "The instance IDs '%.*s' do not exist", STR_ARG(missing));
}

// Those that the call names, or all, each as `shape` shows it (NULL: not at all) and where that matches the filters.
static bool matching(Turn *turn, const Call *call, const Filterable *known, Doc *(*shape)(const Call *call, const Doc *instance), Doc **out,
                     Error *e) {
    const Doc *ids = doc_get(call->input, "InstanceIds"), *filters = doc_get(call->input, "Filters");
    *out = doc_list(call->arena);
    TRY(all_instances_exist(turn, ids, e));
    TRY(filters_known(filters, known, e));
    Doc *all = turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")});
    for (const Doc *instance = doc_first(all); instance; instance = instance->next) {
        Doc *view = is_asked(ids, doc_text(instance, "InstanceId")) ? shape(call, instance) : NULL;
        bool matches = view != NULL;
        if (view) TRY(filters_match(turn, filters, known, view, &matches, e));
        if (matches) doc_push(*out, view);
    }
    return true;
}

static Doc *whole_instance(const Call *call, const Doc *instance) { return instance_view(call->arena, instance); }

Doc *reservation_doc(Arena *arena, Str owner, Str id, Doc *instances) {
    Doc *reservation = doc_map(arena);
    doc_set_str(arena, reservation, "ReservationId", id);
    doc_set_str(arena, reservation, "OwnerId", owner);
    doc_set(reservation, "Groups", doc_list(arena));
    doc_set(reservation, "Instances", instances);
    return reservation;
}

static Doc *reservation_in(Arena *arena, Doc *reservations, const Doc *instance) {
    Str id = doc_text(instance, "$reservation");
    for (Doc *one = doc_first(reservations); one; one = one->next) {
        if (str_eq(doc_text(one, "ReservationId"), id)) return one;
    }
    Doc *one = reservation_doc(arena, doc_text(instance, "$owner"), id, doc_list(arena));
    doc_push(reservations, one);
    return one;
}

static PageRule page_rule(const Call *call) {
    return (PageRule){5, 1000, "InstanceId", doc_count(doc_get(call->input, "InstanceIds")) ? "instancesSet" : NULL};
}

Outcome describe_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *instances, *page, *reply = doc_map(arena), *reservations = doc_list(arena);
    CALL_TRY(matching(turn, call, INSTANCE_FILTERS, whole_instance, &instances, e));
    CALL_TRY(page_reply(call, instances, "Instances", page_rule(call), &page, e));
    for (const Doc *instance = doc_first(doc_get(page, "Instances")); instance; instance = instance->next) {
        doc_push(doc_get(reservation_in(arena, reservations, instance), "Instances"), doc_copy(arena, instance));
    }
    doc_set(reply, "Reservations", reservations);
    doc_set_str(arena, reply, "NextToken", doc_text(page, "NextToken"));
    *out = reply;
    return OUTCOME_DONE;
}

static Doc *status_summary(Arena *arena, bool running) {
    Doc *summary = doc_map(arena), *details = doc_list(arena), *detail = doc_map(arena);
    doc_set_str(arena, summary, "Status", running ? STR("ok") : STR("not-applicable"));
    doc_set_str(arena, detail, "Name", STR("reachability"));
    doc_set_str(arena, detail, "Status", STR("passed"));
    doc_push(details, detail);
    if (running) doc_set(summary, "Details", details);
    return summary;
}

static Doc *instance_status(const Call *call, const Doc *instance) {
    Arena *arena = call->arena;
    bool running = str_is(doc_text(doc_get(instance, "State"), "Name"), "running");
    if (!running && !doc_flag(call->input, "IncludeAllInstances", false)) return NULL;
    Doc *status = doc_map(arena), *view = instance_view(arena, instance);
    doc_set_str(arena, status, "InstanceId", doc_text(instance, "InstanceId"));
    doc_set_str(arena, status, "AvailabilityZone", zone_of(arena, call->where));
    doc_set_str(arena, status, "AvailabilityZoneId", zone_id_of(arena, call->where));
    doc_set(status, "InstanceState", doc_copy(arena, doc_get(view, "State")));
    doc_set(status, "InstanceStatus", status_summary(arena, running));
    doc_set(status, "SystemStatus", status_summary(arena, running));
    doc_set(status, "Operator", doc_copy(arena, doc_get(view, "Operator")));
    doc_set(status, "Tags", doc_copy(arena, doc_get(view, "Tags"))); // for the filters
    if (running && instance_type_is_nitro(doc_text(instance, "InstanceType"))) doc_set(status, "AttachedEbsStatus", status_summary(arena, true));
    return status;
}

Outcome describe_instance_status(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *statuses;
    CALL_TRY(matching(turn, call, STATUS_FILTERS, instance_status, &statuses, e));
    CALL_TRY(page_reply(call, statuses, "InstanceStatuses", page_rule(call), out, e));
    return OUTCOME_DONE;
}

// ---- Stop, start, terminate ----

typedef struct Change {
    const char *event, *list, *done; // "stop", "StoppingInstances", "stopped"
    const char *from[4]; // states in which something is to be done
    const char *already[4]; // states in which nothing is
} Change;

static bool is_one_of(const char *const *states, Str state) {
    for (size_t i = 0; i < 4 && states[i]; i++) {
        if (str_is(state, states[i])) return true;
    }
    return false;
}

// As EC2 words it, for each of them in its own way.
static bool wrong_state(const Change *change, Str id, Str state, Error *e) {
    bool stop = strcmp(change->event, "stop") == 0;
    if (stop && str_is(state, "pending"))
        return fail(e, "IncorrectInstanceState", "Instance '%.*s' cannot be stopped as it has never reached the 'running' state.", STR_ARG(id));
    return fail(e, "IncorrectInstanceState", "%s instance '%.*s' is not in a state from which it can be %s.", stop ? "This" : "The", STR_ARG(id),
                change->done);
}

static bool change_one(Turn *turn, const Change *change, Str id, Doc *list, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *before, *after, *view = doc_map(arena);
    if (!turn_get(turn, &EC2_INSTANCE, id, &before)) return false;
    Str state = doc_text(doc_get(before, "State"), "Name");
    bool applies = is_one_of(change->from, state);
    if (!applies && !is_one_of(change->already, state)) return wrong_state(change, id, state, e);
    if (applies) turn_send(turn, &EC2_INSTANCE, id, str_of(change->event), NULL);
    if (!turn_get(turn, &EC2_INSTANCE, id, &after)) after = before;
    doc_set_str(arena, view, "InstanceId", id);
    doc_set(view, "PreviousState", doc_copy(arena, doc_get(before, "State")));
    doc_set(view, "CurrentState", doc_copy(arena, doc_get(after, "State")));
    doc_push(list, view);
    return true;
}

static Outcome change_all(Turn *turn, const Call *call, const Change *change, Doc **out, Error *e) {
    Doc *reply = doc_map(call->arena), *list = doc_list(call->arena);
    const Doc *ids = doc_get(call->input, "InstanceIds");
    if (doc_flag(call->input, "Hibernate", false)) return call_fail(e, "UnsupportedOperation", "StopInstances with Hibernate is not built.");
    if (doc_flag(call->input, "SkipOsShutdown", false)) return call_fail(e, "UnsupportedOperation", "SkipOsShutdown is not built.");
    if (doc_flag(call->input, "Force", false)) return call_fail(e, "UnsupportedOperation", "Force is not built: instances end within 20 seconds.");
    CALL_TRY(all_instances_exist(turn, ids, e));
    for (const Doc *id = doc_first(ids); id; id = id->next) CALL_TRY(change_one(turn, change, doc_str(id, STR("")), list, e));
    if (change->list) doc_set(reply, change->list, list);
    *out = reply;
    return OUTCOME_DONE;
}

static bool check_protection(Turn *turn, const Doc *ids, const char *member, const char *done, const char *attribute, Error *e) {
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        Doc *instance;
        if (!turn_get(turn, &EC2_INSTANCE, doc_str(id, STR("")), &instance) || !doc_flag(instance, member, false)) continue;
        return fail(e, "OperationNotPermitted", "The instance '%.*s' may not be %s. Modify its '%s' instance attribute and try again.",
                    STR_ARG(doc_str(id, STR(""))), done, attribute);
    }
    return true;
}

Outcome stop_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Change STOP = {"stop", "StoppingInstances", "stopped", {"running"}, {"stopping", "stopped"}};
    CALL_TRY(check_protection(turn, doc_get(call->input, "InstanceIds"), "$stopProtected", "stopped", "disableApiStop", e));
    return change_all(turn, call, &STOP, out, e);
}

// A stopped instance gets its public address back when it starts.
Outcome start_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Change START = {"start", "StartingInstances", "started", {"stopped"}, {"pending", "running"}};
    CALL_TRY(all_instances_exist(turn, doc_get(call->input, "InstanceIds"), e));
    for (const Doc *id = doc_first(doc_get(call->input, "InstanceIds")); id; id = id->next) {
        Doc *instance;
        if (!turn_get(turn, &EC2_INSTANCE, doc_str(id, STR("")), &instance) || !str_is(doc_text(doc_get(instance, "State"), "Name"), "stopped"))
            continue;
        doc_set_str(call->arena, instance, "PublicIpAddress", doc_text(instance, "$publicAddress"));
        doc_set_str(call->arena, instance, "PublicDnsName", doc_text(instance, "$publicAddress"));
        turn_put(turn, &EC2_INSTANCE, doc_str(id, STR("")), instance);
    }
    return change_all(turn, call, &START, out, e);
}

Outcome reboot_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Change REBOOT = {"reboot", NULL, "rebooted", {"running"}, {"pending"}};
    return change_all(turn, call, &REBOOT, out, e);
}

Outcome terminate_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Change TERMINATE = {
        "terminate", "TerminatingInstances", "terminated", {"pending", "running", "stopping", "stopped"}, {"shutting-down", "terminated"}};
    CALL_TRY(check_protection(turn, doc_get(call->input, "InstanceIds"), "$protected", "terminated", "disableApiTermination", e));
    return change_all(turn, call, &TERMINATE, out, e);
}

// ---- Attributes ----

bool instance_asked(Turn *turn, const Doc *input, Doc **out, Error *e) {
    Str id = doc_text(input, "InstanceId");
    TRY(check_id(id, "i-", "InvalidInstanceID.Malformed", e));
    return turn_get(turn, &EC2_INSTANCE, id, out) || fail(e, "InvalidInstanceID.NotFound", "The instance ID '%.*s' does not exist", STR_ARG(id));
}

// Who may end the instance, and what becomes of it when it ends itself.
static bool modify_switches(const Call *call, Doc *instance, Error *e) {
    const Doc *protect = doc_get(call->input, "DisableApiTermination"), *keep = doc_get(call->input, "DisableApiStop");
    Str shutdown = doc_text(doc_get(call->input, "InstanceInitiatedShutdownBehavior"), "Value");
    if (shutdown.at && !str_is(shutdown, "stop") && !str_is(shutdown, "terminate"))
        return fail(e, "InvalidParameterValue", "Value (%.*s) for parameter instanceInitiatedShutdownBehavior is invalid.", STR_ARG(shutdown));
    if (protect) doc_set_bool(call->arena, instance, "$protected", doc_flag(protect, "Value", false));
    if (keep) doc_set_bool(call->arena, instance, "$stopProtected", doc_flag(keep, "Value", false));
    doc_set_str(call->arena, instance, "$shutdown", shutdown.at ? shutdown : doc_text(instance, "$shutdown"));
    return true;
}

// Another type is had from the next start on; what was chosen of the old one's processors and credits goes.
static bool modify_type(const Call *call, Doc *instance, Error *e) {
    Str type = doc_text(doc_get(call->input, "InstanceType"), "Value"), id = doc_text(instance, "InstanceId");
    if (!type.at) return true;
    if (!instance_type_known(type)) return fail(e, "InvalidParameterValue", "Invalid value '%.*s' for InstanceType.", STR_ARG(type));
    if (!instance_is(instance, "stopped"))
        return fail(e, "IncorrectInstanceState", "The instance '%.*s' is not in the 'stopped' state.", STR_ARG(id));
    instance_set_type(call->arena, instance, type);
    doc_set(instance, "$processors", NULL);
    doc_set(instance, "$credits", NULL);
    return true;
}

Outcome modify_instance_metadata_options(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const TEXTS[] = {"HttpTokens", "HttpEndpoint", "HttpProtocolIpv6", "InstanceMetadataTags"};
    Arena *arena = call->arena;
    Doc *instance, *reply = doc_map(arena);
    CALL_TRY(instance_asked(turn, call->input, &instance, e));
    CALL_TRY(check_metadata_options(call->input, e));
    Doc *options = doc_get(instance, "MetadataOptions");
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        Str text = doc_text(call->input, TEXTS[i]);
        if (text.at) doc_set_str(arena, options, TEXTS[i], text);
    }
    doc_set_int(arena, options, "HttpPutResponseHopLimit",
                doc_number(call->input, "HttpPutResponseHopLimit", doc_number(options, "HttpPutResponseHopLimit", 1)));
    turn_put(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), instance);
    doc_set_str(arena, reply, "InstanceId", doc_text(instance, "InstanceId"));
    Doc *shown = doc_copy(arena, options);
    doc_set_str(arena, shown, "State", STR("pending"));
    doc_set(reply, "InstanceMetadataOptions", shown);
    *out = reply;
    return OUTCOME_DONE;
}

// No ids: the groups stay.
static bool modify_groups(Turn *turn, Doc *instance, const Doc *ids, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *wanted = doc_map(arena), *data = doc_map(arena), *groups;
    if (!doc_count(ids)) return true;
    doc_set(wanted, "SecurityGroupIds", doc_copy(arena, ids));
    TRY(wanted_groups(turn, wanted, &groups, e));
    doc_set(instance, "SecurityGroups", groups);
    doc_set(instance, "$groups", doc_copy(arena, ids));
    Doc *ports = group_ports(turn, ids, e);
    if (!ports) return false;
    doc_set(data, "ports", ports);
    turn_put(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), instance);
    turn_send(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), STR("ports"), data);
    return true;
}

Outcome modify_instance_attribute(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const REFUSED[] = {"SourceDestCheck", "EnclaveOptions",  "BlockDeviceMappings", "Kernel",    "Ramdisk", "UserData",
                                          "EbsOptimized",    "SriovNetSupport", "EnaSupport",          "Attribute", NULL};
    Doc *instance;
    CALL_TRY(instance_asked(turn, call->input, &instance, e));
    CALL_TRY(refuse_members(call->input, REFUSED, "ModifyInstanceAttribute", e));
    CALL_TRY(modify_switches(call, instance, e));
    CALL_TRY(modify_type(call, instance, e));
    turn_put(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), instance);
    CALL_TRY(modify_groups(turn, instance, doc_get(call->input, "Groups"), e));
    return OUTCOME_DONE;
}

// The interface's groups are those of its instance.
Outcome modify_network_interface_attribute(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const REFUSED[] = {"EnaSrdSpecification",      "EnablePrimaryIpv6",   "ConnectionTrackingSpecification",
                                          "AssociatePublicIpAddress", "AssociatedSubnetIds", "Description",
                                          "SourceDestCheck",          "Attachment",          NULL};
    Str id = doc_text(call->input, "NetworkInterfaceId");
    Doc *instance;
    CALL_TRY(check_id(id, "eni-", "InvalidNetworkInterfaceId.Malformed", e));
    if (!part_owner(turn, interface_of, id, &instance))
        return no_such(e, "InvalidNetworkInterfaceID.NotFound", "networkInterface ID", id), OUTCOME_ERROR;
    CALL_TRY(refuse_members(call->input, REFUSED, "ModifyNetworkInterfaceAttribute", e));
    CALL_TRY(modify_groups(turn, instance, doc_get(call->input, "Groups"), e));
    return OUTCOME_DONE;
}

// Attributes that are a boolean or a text, the same for each instance where `member` is NULL.
static const struct {
    const char *name, *reply, *member, *text; // "true" and "false" are booleans
} ATTRIBUTES[] = {
    {"instanceType", "InstanceType", "InstanceType", NULL},
    {"rootDeviceName", "RootDeviceName", "RootDeviceName", NULL},
    {"disableApiTermination", "DisableApiTermination", "$protected", "false"},
    {"disableApiStop", "DisableApiStop", "$stopProtected", "false"},
    {"instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior", "$shutdown", "stop"},
    {"sourceDestCheck", "SourceDestCheck", "SourceDestCheck", "true"},
    {"ebsOptimized", "EbsOptimized", "EbsOptimized", "false"},
    {"enaSupport", "EnaSupport", "EnaSupport", "true"},
    {"kernel", "KernelId", NULL, NULL},
    {"ramdisk", "RamdiskId", NULL, NULL},
    {"sriovNetSupport", "SriovNetSupport", NULL, NULL},
};

static bool show_attribute(Arena *arena, const Doc *instance, Str name, Doc *reply) {
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof *ATTRIBUTES; i++) {
        if (!str_is(name, ATTRIBUTES[i].name)) continue;
        Doc *value = doc_map(arena);
        const Doc *member = ATTRIBUTES[i].member ? doc_get(instance, ATTRIBUTES[i].member) : NULL;
        Str text = str_of(ATTRIBUTES[i].text);
        bool flag = doc_is(member, DOC_BOOL) || str_is(text, "true") || str_is(text, "false");
        if (flag) doc_set_bool(arena, value, "Value", doc_bool(member, str_is(text, "true")));
        if (!flag) doc_set_str(arena, value, "Value", doc_str(member, text));
        doc_set(reply, ATTRIBUTES[i].reply, value);
        return true;
    }
    return false;
}

Outcome describe_instance_attribute(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *instance, *reply = doc_map(arena), *value = doc_map(arena);
    Str attribute = doc_text(call->input, "Attribute");
    CALL_TRY(instance_asked(turn, call->input, &instance, e));
    doc_set_str(arena, reply, "InstanceId", doc_text(instance, "InstanceId"));
    *out = reply;
    if (show_attribute(arena, instance, attribute, reply)) return OUTCOME_DONE;
    if (str_is(attribute, "userData")) {
        Str text = doc_text(instance, "$userData");
        if (text.at) doc_set_str(arena, value, "Value", str_base64(arena, text));
        doc_set(reply, "UserData", value);
    } else if (str_is(attribute, "groupSet")) {
        doc_set(reply, "Groups", doc_copy(arena, doc_get(instance, "SecurityGroups")));
    } else if (str_is(attribute, "blockDeviceMapping")) {
        doc_set(reply, "BlockDeviceMappings", doc_copy(arena, doc_get(instance_view(arena, instance), "BlockDeviceMappings")));
    } else if (str_is(attribute, "productCodes")) {
        doc_set(reply, "ProductCodes", doc_list(arena));
    } else if (str_is(attribute, "enclaveOptions")) {
        doc_set_bool(arena, value, "Enabled", false);
        doc_set(reply, "EnclaveOptions", value);
    } else {
        return call_fail(e, "InvalidParameterValue", "Value (%.*s) for parameter attribute is invalid. Unknown attribute.", STR_ARG(attribute));
    }
    return OUTCOME_DONE;
}

// What user data printed at first boot; that is all of a console an instance has here.
Outcome get_console_output(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *instance, *reply = doc_map(call->arena);
    CALL_TRY(instance_asked(turn, call->input, &instance, e));
    doc_set_str(call->arena, reply, "InstanceId", doc_text(instance, "InstanceId"));
    doc_set_time(call->arena, reply, "Timestamp", call->now_ms / 1000 * 1000);
    Str text = doc_text(instance, "$console");
    if (text.at) doc_set_str(call->arena, reply, "Output", str_base64(call->arena, text));
    *out = reply;
    return OUTCOME_DONE;
}
