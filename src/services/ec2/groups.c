// Security groups. Of their rules, the TCP ports that any address may reach are what an instance shows on the host.
#include "services/ec2/ec2.h"

enum { MOST_PORTS = 256 };

const DocumentType EC2_SECURITY_GROUP = {.name = "ec2.security-group"};

static const Filterable KNOWN[] = {{"group-id", "GroupId"},
                                   {"group-name", "GroupName"},
                                   {"vpc-id", "VpcId"},
                                   {"description", "Description"},
                                   {"owner-id", "OwnerId"},
                                   {"ip-permission.from-port", "IpPermissions.FromPort"},
                                   {"ip-permission.to-port", "IpPermissions.ToPort"},
                                   {"ip-permission.protocol", "IpPermissions.IpProtocol"},
                                   {"ip-permission.cidr", "IpPermissions.IpRanges.CidrIp"},
                                   {NULL, NULL}};

static Doc *permission(Arena *arena, Str protocol, const char *cidr) {
    Doc *rule = doc_map(arena), *ranges = doc_list(arena);
    doc_set_str(arena, rule, "IpProtocol", protocol);
    if (cidr) {
        Doc *range = doc_map(arena);
        doc_set_str(arena, range, "CidrIp", str_of(cidr));
        doc_push(ranges, range);
    }
    doc_set(rule, "IpRanges", ranges);
    doc_set(rule, "Ipv6Ranges", doc_list(arena));
    doc_set(rule, "PrefixListIds", doc_list(arena));
    doc_set(rule, "UserIdGroupPairs", doc_list(arena));
    return rule;
}

static Doc *group_doc(Arena *arena, Partition where, Str id, Str name, Str description) {
    Doc *group = doc_map(arena), *egress = doc_list(arena);
    doc_set_str(arena, group, "GroupId", id);
    doc_set_str(arena, group, "GroupName", name);
    doc_set_str(arena, group, "Description", description);
    doc_set_str(arena, group, "VpcId", vpc_id(arena, where));
    doc_set_str(arena, group, "OwnerId", where.account);
    Str arn = str_format(arena, "arn:aws:ec2:%.*s:%.*s:security-group/%.*s", STR_ARG(where.region), STR_ARG(where.account), STR_ARG(id));
    doc_set_str(arena, group, "SecurityGroupArn", arn);
    doc_set(group, "IpPermissions", doc_list(arena));
    doc_push(egress, permission(arena, STR("-1"), "0.0.0.0/0"));
    doc_set(group, "IpPermissionsEgress", egress);
    doc_set(group, "Tags", doc_list(arena));
    return group;
}

// Everybody has one, which admits its own members.
static Doc *default_group(Arena *arena, Partition where) {
    Str id = default_group_id(arena, where);
    Doc *group = group_doc(arena, where, id, STR("default"), STR("default VPC security group"));
    Doc *rule = permission(arena, STR("-1"), NULL), *pair = doc_map(arena);
    doc_set_str(arena, pair, "GroupId", id);
    doc_set_str(arena, pair, "UserId", where.account);
    doc_push(doc_get(rule, "UserIdGroupPairs"), pair);
    doc_push(doc_get(group, "IpPermissions"), rule);
    return group;
}

bool group_get(Turn *turn, Str id, Doc **out) {
    if (turn_get(turn, &EC2_SECURITY_GROUP, id, out)) return true;
    Arena *arena = turn_arena(turn);
    if (!str_eq(id, default_group_id(arena, turn_where(turn)))) return false;
    *out = default_group(arena, turn_where(turn));
    return true;
}

static Doc *all_groups(Turn *turn) {
    Arena *arena = turn_arena(turn);
    Doc *groups = turn_scan(turn, &EC2_SECURITY_GROUP, (DocumentScan){.prefix = STR("")});
    Str id = default_group_id(arena, turn_where(turn));
    bool stored = false;
    for (const Doc *group = doc_first(groups); group; group = group->next) stored = stored || str_eq(doc_text(group, "GroupId"), id);
    if (!stored) doc_push(groups, default_group(arena, turn_where(turn)));
    return groups;
}

static bool find_by_name(Turn *turn, Str name, Doc **out) {
    for (Doc *group = doc_first(all_groups(turn)); group; group = group->next) {
        if (!str_eq(doc_text(group, "GroupName"), name)) continue;
        *out = doc_copy(turn_arena(turn), group);
        return true;
    }
    return false;
}

// ---- Ports ----

static bool admits_everybody(const Doc *rule) {
    for (const Doc *range = doc_first(doc_get(rule, "IpRanges")); range; range = range->next) {
        Str cidr = doc_text(range, "CidrIp");
        if (str_is(cidr, "0.0.0.0/0") || str_starts(cidr, STR("127."))) return true;
    }
    return false;
}

static bool has_port(const Doc *ports, int64_t port) {
    for (const Doc *one = doc_first(ports); one; one = one->next) {
        if (doc_int(one, 0) == port) return true;
    }
    return false;
}

static bool add_ports(Arena *arena, Doc *ports, const Doc *rule, Str group_id, Error *e) {
    bool tcp = str_is(doc_text(rule, "IpProtocol"), "tcp") || str_is(doc_text(rule, "IpProtocol"), "6");
    bool every = str_is(doc_text(rule, "IpProtocol"), "-1");
    int64_t from = every ? 0 : doc_number(rule, "FromPort", 0), to = every ? 65535 : doc_number(rule, "ToPort", 0);
    if ((!tcp && !every) || !admits_everybody(rule)) return true;
    if (to - from >= MOST_PORTS) {
        return fail(e, "UnsupportedOperation",
                    "Security group %.*s admits ports %lld to %lld: an instance can show %d ports on the host; name the ports.", STR_ARG(group_id),
                    (long long)from, (long long)to, MOST_PORTS);
    }
    for (int64_t port = from; port <= to; port++) {
        if (port > 0 && !has_port(ports, port)) doc_push(ports, doc_of_int(arena, port));
    }
    return true;
}

Doc *group_ports(Turn *turn, const Doc *group_ids, Error *e) {
    Doc *ports = doc_list(turn_arena(turn)), *group;
    for (const Doc *id = doc_first(group_ids); id; id = id->next) {
        if (!group_get(turn, doc_str(id, STR("")), &group)) continue;
        for (const Doc *rule = doc_first(doc_get(group, "IpPermissions")); rule; rule = rule->next) {
            if (!add_ports(turn_arena(turn), ports, rule, doc_text(group, "GroupId"), e)) return NULL;
        }
    }
    return ports;
}

void groups_of_instance(Turn *turn, const Doc *instance, Doc **ids) {
    *ids = doc_list(turn_arena(turn));
    for (const Doc *group = doc_first(doc_get(instance, "SecurityGroups")); group; group = group->next) {
        doc_push_str(turn_arena(turn), *ids, doc_text(group, "GroupId"));
    }
}

// Instances that have the group show its ports from now on.
static bool tell_instances(Turn *turn, Str group_id, Error *e) {
    Doc *instances = turn_find(turn, &EC2_INSTANCE, "group", group_id), *ids;
    for (const Doc *instance = doc_first(instances); instance; instance = instance->next) {
        groups_of_instance(turn, instance, &ids);
        Doc *ports = group_ports(turn, ids, e), *data = doc_map(turn_arena(turn));
        if (!ports) return false;
        doc_set(data, "ports", ports);
        turn_send(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), STR("ports"), data);
    }
    return true;
}

// ---- Handlers ----

static bool named_group(Turn *turn, const Doc *input, Doc **out, Error *e) {
    Str id = doc_text(input, "GroupId"), name = doc_text(input, "GroupName");
    if (id.at) return group_get(turn, id, out) || no_such(e, "InvalidGroup.NotFound", "security group", id);
    if (!name.at) return fail(e, "MissingParameter", "The request must contain the parameter groupName or groupId");
    return find_by_name(turn, name, out) || fail(e, "InvalidGroup.NotFound", "The security group '%.*s' does not exist in default VPC '%.*s'",
                                                 STR_ARG(name), STR_ARG(vpc_id(turn_arena(turn), turn_where(turn))));
}

Outcome create_security_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "GroupName"), vpc = doc_text(call->input, "VpcId");
    Doc *existing, *reply = doc_map(arena);
    if (vpc.at && !str_eq(vpc, vpc_id(arena, call->where))) return no_such(e, "InvalidVpcID.NotFound", "vpc ID", vpc), OUTCOME_ERROR;
    if (str_starts(name, STR("sg-")))
        return call_fail(e, "InvalidParameterValue", "Invalid security group name. Group names may not be in the format sg-*.");
    if (find_by_name(turn, name, &existing)) {
        return call_fail(e, "InvalidGroup.Duplicate", "The security group '%.*s' already exists for VPC '%.*s'", STR_ARG(name),
                         STR_ARG(vpc_id(arena, call->where)));
    }
    Str id = str_cat(arena, STR("sg-0"), id_hex(turn_ids(turn), arena, 16));
    Doc *group = group_doc(arena, call->where, id, name, doc_text(call->input, "Description"));
    Doc *tags = tag_list(arena, doc_get(call->input, "TagSpecifications"), "security-group");
    if (tags) doc_set(group, "Tags", tags);
    turn_put(turn, &EC2_SECURITY_GROUP, id, group);
    doc_set_str(arena, reply, "GroupId", id);
    doc_set_str(arena, reply, "SecurityGroupArn", doc_text(group, "SecurityGroupArn"));
    doc_set(reply, "Tags", doc_copy(arena, doc_get(group, "Tags")));
    *out = reply;
    return OUTCOME_DONE;
}

Outcome delete_security_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(named_group(turn, call->input, &group, e));
    Str id = doc_text(group, "GroupId");
    if (str_is(doc_text(group, "GroupName"), "default")) {
        return call_fail(e, "CannotDelete", "the specified group: \"%.*s\" name: \"default\" cannot be deleted by a user", STR_ARG(id));
    }
    if (doc_count(turn_find(turn, &EC2_INSTANCE, "group", id)))
        return call_fail(e, "DependencyViolation", "resource %.*s has a dependent object", STR_ARG(id));
    turn_delete(turn, &EC2_SECURITY_GROUP, id);
    Doc *reply = doc_map(call->arena);
    doc_set_bool(call->arena, reply, "Return", true);
    doc_set_str(call->arena, reply, "GroupId", id);
    *out = reply;
    return OUTCOME_DONE;
}

static bool is_wanted(const Doc *input, const Doc *group) {
    const Doc *ids = doc_get(input, "GroupIds"), *names = doc_get(input, "GroupNames");
    if (!doc_count(ids) && !doc_count(names)) return true;
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        if (str_eq(doc_str(id, STR_NONE), doc_text(group, "GroupId"))) return true;
    }
    for (const Doc *name = doc_first(names); name; name = name->next) {
        if (str_eq(doc_str(name, STR_NONE), doc_text(group, "GroupName"))) return true;
    }
    return false;
}

static bool all_groups_exist(Turn *turn, const Doc *input, Error *e) {
    Doc *group;
    for (const Doc *id = doc_first(doc_get(input, "GroupIds")); id; id = id->next) {
        if (!group_get(turn, doc_str(id, STR("")), &group)) return no_such(e, "InvalidGroup.NotFound", "security group", doc_str(id, STR("")));
    }
    for (const Doc *name = doc_first(doc_get(input, "GroupNames")); name; name = name->next) {
        if (!find_by_name(turn, doc_str(name, STR("")), &group)) return no_such(e, "InvalidGroup.NotFound", "security group", doc_str(name, STR("")));
    }
    return true;
}

Outcome describe_security_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *reply = doc_map(call->arena), *groups = doc_list(call->arena);
    CALL_TRY(all_groups_exist(turn, call->input, e));
    for (const Doc *group = doc_first(all_groups(turn)); group; group = group->next) {
        bool matches;
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, group, &matches, e));
        if (matches && is_wanted(call->input, group)) doc_push(groups, doc_copy(call->arena, group));
    }
    doc_set(reply, "SecurityGroups", groups);
    *out = reply;
    return OUTCOME_DONE;
}

// The rules that a request names: IpPermissions, or the older single rule.
static Doc *asked_permissions(Arena *arena, const Doc *input) {
    const Doc *given = doc_get(input, "IpPermissions");
    if (doc_count(given)) return doc_copy(arena, given);
    Doc *list = doc_list(arena);
    if (!doc_get(input, "IpProtocol")) return list;
    Str cidr = doc_text(input, "CidrIp");
    Doc *rule = permission(arena, doc_text(input, "IpProtocol"), cidr.at ? str_c(arena, cidr) : NULL);
    doc_set_int(arena, rule, "FromPort", doc_number(input, "FromPort", -1));
    doc_set_int(arena, rule, "ToPort", doc_number(input, "ToPort", -1));
    doc_push(list, rule);
    return list;
}

static bool same_rule(const Doc *a, const Doc *b) {
    return str_eq(doc_text(a, "IpProtocol"), doc_text(b, "IpProtocol")) && doc_number(a, "FromPort", -1) == doc_number(b, "FromPort", -1) &&
           doc_number(a, "ToPort", -1) == doc_number(b, "ToPort", -1);
}

static Str first_source(const Doc *rule) {
    const Doc *range = doc_first(doc_get(rule, "IpRanges")), *pair = doc_first(doc_get(rule, "UserIdGroupPairs"));
    return range ? doc_text(range, "CidrIp") : pair ? doc_text(pair, "GroupId") : STR("");
}

static Doc *find_rule(const Doc *rules, const Doc *like) {
    for (Doc *rule = doc_first(rules); rule; rule = rule->next) {
        if (same_rule(rule, like) && str_eq(first_source(rule), first_source(like))) return rule;
    }
    return NULL;
}

static bool check_rule(const Doc *rule, Error *e) {
    Str protocol = doc_text(rule, "IpProtocol");
    if (!protocol.at) return fail(e, "MissingParameter", "The request must contain the parameter ipProtocol");
    bool ports = str_is(protocol, "tcp") || str_is(protocol, "udp");
    int64_t from = doc_number(rule, "FromPort", -2), to = doc_number(rule, "ToPort", -2);
    if (ports && (from < 0 || to > 65535 || from > to)) {
        return fail(e, "InvalidParameterValue", "Invalid value '%lld' for port range. Must specify both from and to ports with %.*s.",
                    (long long)(from < 0 ? from : to), STR_ARG(protocol));
    }
    return ports || str_is(protocol, "icmp") || str_is(protocol, "icmpv6") || str_is(protocol, "-1") || str_to_int(protocol, &from) ||
           fail(e, "InvalidPermission.Malformed", "Unsupported IP protocol \"%.*s\" - supported: [tcp, udp, icmp]", STR_ARG(protocol));
}

static Doc *rule_view(Turn *turn, const Doc *group, const Doc *rule) {
    Arena *arena = turn_arena(turn);
    Doc *view = doc_map(arena);
    Str text = str_format(arena, "%.*s/%.*s/%lld/%lld/%.*s", STR_ARG(doc_text(group, "GroupId")), STR_ARG(doc_text(rule, "IpProtocol")),
                          (long long)doc_number(rule, "FromPort", -1), (long long)doc_number(rule, "ToPort", -1), STR_ARG(first_source(rule)));
    doc_set_str(arena, view, "SecurityGroupRuleId", str_format(arena, "sgr-0%016llx", (unsigned long long)str_hash(text)));
    doc_set_str(arena, view, "GroupId", doc_text(group, "GroupId"));
    doc_set_str(arena, view, "GroupOwnerId", doc_text(group, "OwnerId"));
    doc_set_bool(arena, view, "IsEgress", false);
    doc_set_str(arena, view, "IpProtocol", doc_text(rule, "IpProtocol"));
    doc_set_int(arena, view, "FromPort", doc_number(rule, "FromPort", -1));
    doc_set_int(arena, view, "ToPort", doc_number(rule, "ToPort", -1));
    if (doc_first(doc_get(rule, "IpRanges"))) doc_set_str(arena, view, "CidrIpv4", first_source(rule));
    return view;
}

Outcome authorize_security_group_ingress(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *group, *views = doc_list(arena), *reply = doc_map(arena);
    CALL_TRY(named_group(turn, call->input, &group, e));
    Doc *asked = asked_permissions(arena, call->input), *rules = doc_get(group, "IpPermissions");
    if (!doc_count(asked)) return call_fail(e, "MissingParameter", "The request must contain the parameter ipPermissions");
    for (const Doc *rule = doc_first(asked); rule; rule = rule->next) {
        CALL_TRY(check_rule(rule, e));
        if (find_rule(rules, rule)) {
            return call_fail(e, "InvalidPermission.Duplicate",
                             "the specified rule \"peer: %.*s, %.*s, from port: %lld, to port: %lld, ALLOW\" already exists",
                             STR_ARG(first_source(rule)), STR_ARG(doc_text(rule, "IpProtocol")), (long long)doc_number(rule, "FromPort", -1),
                             (long long)doc_number(rule, "ToPort", -1));
        }
        doc_push(rules, doc_copy(arena, rule));
        doc_push(views, rule_view(turn, group, rule));
    }
    turn_put(turn, &EC2_SECURITY_GROUP, doc_text(group, "GroupId"), group);
    CALL_TRY(tell_instances(turn, doc_text(group, "GroupId"), e));
    doc_set_bool(arena, reply, "Return", true);
    doc_set(reply, "SecurityGroupRules", views);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome revoke_security_group_ingress(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *group, *left = doc_list(arena), *reply = doc_map(arena);
    CALL_TRY(named_group(turn, call->input, &group, e));
    Doc *asked = asked_permissions(arena, call->input), *rules = doc_get(group, "IpPermissions");
    for (const Doc *rule = doc_first(asked); rule; rule = rule->next) {
        if (!find_rule(rules, rule)) return call_fail(e, "InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
    }
    for (const Doc *rule = doc_first(rules); rule; rule = rule->next) {
        if (!find_rule(asked, rule)) doc_push(left, doc_copy(arena, rule));
    }
    doc_set(group, "IpPermissions", left);
    turn_put(turn, &EC2_SECURITY_GROUP, doc_text(group, "GroupId"), group);
    CALL_TRY(tell_instances(turn, doc_text(group, "GroupId"), e));
    doc_set_bool(arena, reply, "Return", true);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome describe_security_group_rules(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable RULES[] = {{"group-id", "GroupId"}, {"security-group-rule-id", "SecurityGroupRuleId"}, {NULL, NULL}};
    Doc *reply = doc_map(call->arena), *views = doc_list(call->arena);
    for (const Doc *group = doc_first(all_groups(turn)); group; group = group->next) {
        for (const Doc *rule = doc_first(doc_get(group, "IpPermissions")); rule; rule = rule->next) {
            bool matches;
            Doc *view = rule_view(turn, group, rule);
            CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), RULES, view, &matches, e));
            if (matches) doc_push(views, view);
        }
    }
    doc_set(reply, "SecurityGroupRules", views);
    *out = reply;
    return OUTCOME_DONE;
}
