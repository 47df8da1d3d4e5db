// Security groups. Of their rules, the TCP ports that any address may reach are what an instance shows on the host. What no instance here can follow (UDP that any
// address may reach, ways out that are restricted) is refused where an instance would have to: when it is launched, and when its groups change.
#include "services/ec2/ec2.h"

enum { MOST_PORTS = 256, MOST_NAME_BYTES = 255 };

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
                                   {"ip-permission.ipv6-cidr", "IpPermissions.Ipv6Ranges.CidrIpv6"},
                                   {"ip-permission.group-id", "IpPermissions.UserIdGroupPairs.GroupId"},
                                   {"ip-permission.group-name", "IpPermissions.UserIdGroupPairs.GroupName"},
                                   {"ip-permission.user-id", "IpPermissions.UserIdGroupPairs.UserId"},
                                   {"ip-permission.prefix-list-id", "IpPermissions.PrefixListIds.PrefixListId"},
                                   {"egress.ip-permission.from-port", "IpPermissionsEgress.FromPort"},
                                   {"egress.ip-permission.to-port", "IpPermissionsEgress.ToPort"},
                                   {"egress.ip-permission.protocol", "IpPermissionsEgress.IpProtocol"},
                                   {"egress.ip-permission.cidr", "IpPermissionsEgress.IpRanges.CidrIp"},
                                   {"egress.ip-permission.group-id", "IpPermissionsEgress.UserIdGroupPairs.GroupId"},
                                   {"egress.ip-permission.group-name", "IpPermissionsEgress.UserIdGroupPairs.GroupName"},
                                   {"egress.ip-permission.user-id", "IpPermissionsEgress.UserIdGroupPairs.UserId"},
                                   {"egress.ip-permission.prefix-list-id", "IpPermissionsEgress.PrefixListIds.PrefixListId"},
                                   {"egress.ip-permission.ipv6-cidr", "IpPermissionsEgress.Ipv6Ranges.CidrIpv6"},
                                   {NULL, NULL}};

static Doc *group_doc(Arena *arena, Partition where, Str id, Str name, Str description) {
    Doc *group = doc_map(arena);
    doc_set_str(arena, group, "GroupId", id);
    doc_set_str(arena, group, "GroupName", name);
    doc_set_str(arena, group, "Description", description);
    doc_set_str(arena, group, "VpcId", vpc_id(arena, where));
    doc_set_str(arena, group, "OwnerId", where.account);
    Str arn = str_format(arena, "arn:aws:ec2:%.*s:%.*s:security-group/%.*s", STR_ARG(where.region), STR_ARG(where.account), STR_ARG(id));
    doc_set_str(arena, group, "SecurityGroupArn", arn);
    doc_set(group, "$rules", doc_list(arena));
    doc_push(doc_get(group, "$rules"), rule_to_everywhere(arena, id));
    return group;
}

// Everybody has one, which admits its own members.
static Doc *default_group(Arena *arena, Partition where) {
    Str id = default_group_id(arena, where);
    Doc *group = group_doc(arena, where, id, STR("default"), STR("default VPC security group"));
    doc_push(doc_get(group, "$rules"), rule_from_itself(arena, id, where.account));
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

bool group_by_name(Turn *turn, Str name, Doc **out) {
    for (Doc *group = doc_first(all_groups(turn)); group; group = group->next) {
        if (!str_eq(doc_text(group, "GroupName"), name)) continue;
        *out = doc_copy(turn_arena(turn), group);
        return true;
    }
    return false;
}

// ---- Ports ----

static bool admits_everybody(const Doc *rule) {
    Str cidr = doc_text(rule, "CidrIpv4");
    return !doc_flag(rule, "IsEgress", false) && (str_is(cidr, "0.0.0.0/0") || str_starts(cidr, STR("127.")));
}

static bool has_port(const Doc *ports, int64_t port) {
    for (const Doc *one = doc_first(ports); one; one = one->next) {
        if (doc_int(one, 0) == port) return true;
    }
    return false;
}

// An instance's address on the host answers TCP alone.
static bool refuse_udp(const Doc *rule, Str group_id, Error *e) {
    return fail(e, "UnsupportedOperation",
                "Security group %.*s admits UDP ports %lld to %lld from everywhere: an instance shows TCP ports on the host, UDP is not built.",
                STR_ARG(group_id), (long long)doc_number(rule, "FromPort", 0), (long long)doc_number(rule, "ToPort", 0));
}

static bool lets_everything_out(const Doc *rule) {
    return doc_flag(rule, "IsEgress", false) && str_is(doc_text(rule, "IpProtocol"), "-1") && str_is(doc_text(rule, "CidrIpv4"), "0.0.0.0/0");
}

static bool add_ports(Arena *arena, Doc *ports, const Doc *rule, Str group_id, Error *e) {
    bool tcp = str_is(doc_text(rule, "IpProtocol"), "tcp");
    bool every = str_is(doc_text(rule, "IpProtocol"), "-1");
    int64_t from = every ? 0 : doc_number(rule, "FromPort", 0), to = every ? 65535 : doc_number(rule, "ToPort", 0);
    if (str_is(doc_text(rule, "IpProtocol"), "udp") && admits_everybody(rule)) return refuse_udp(rule, group_id, e);
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
    bool out = false;
    for (const Doc *id = doc_first(group_ids); id; id = id->next) {
        if (!group_get(turn, doc_str(id, STR("")), &group)) continue;
        for (const Doc *rule = doc_first(doc_get(group, "$rules")); rule; rule = rule->next) {
            out = out || lets_everything_out(rule);
            if (!add_ports(turn_arena(turn), ports, rule, doc_text(group, "GroupId"), e)) return NULL;
        }
    }
    if (out || !doc_count(group_ids)) return ports;
    fail(e, "UnsupportedOperation",
         "Security group %.*s does not let everything out (-1 to 0.0.0.0/0): what an instance may reach cannot be restricted here.",
         STR_ARG(doc_str(doc_first(group_ids), STR(""))));
    return NULL;
}

void groups_of_instance(Turn *turn, const Doc *instance, Doc **ids) {
    *ids = doc_list(turn_arena(turn));
    for (const Doc *group = doc_first(doc_get(instance, "SecurityGroups")); group; group = group->next) {
        doc_push_str(turn_arena(turn), *ids, doc_text(group, "GroupId"));
    }
}

// Instances that have the group show its ports from now on.
bool group_tell_instances(Turn *turn, Str group_id, Error *e) {
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

bool group_named(Turn *turn, Str name, Doc **out, Error *e) {
    return group_by_name(turn, name, out) || fail(e, "InvalidGroup.NotFound", "The security group '%.*s' does not exist in default VPC '%.*s'",
                                                  STR_ARG(name), STR_ARG(vpc_id(turn_arena(turn), turn_where(turn))));
}

bool group_asked(Turn *turn, const Doc *input, Doc **out, Error *e) {
    Str id = doc_text(input, "GroupId"), name = doc_text(input, "GroupName");
    if (id.at) TRY(check_id(id, "sg-", "InvalidGroupId.Malformed", e));
    if (id.at) return group_get(turn, id, out) || no_such(e, "InvalidGroup.NotFound", "security group", id);
    if (!name.at) return fail(e, "MissingParameter", "The request must contain the parameter groupName or groupId");
    return group_named(turn, name, out, e);
}

static bool is_plain(Str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < ' ' || text.at[i] > '~') return false;
    }
    return text.len <= MOST_NAME_BYTES;
}

static bool check_names(const Doc *input, Error *e) {
    Str name = doc_text(input, "GroupName"), description = doc_text(input, "Description");
    if (!name.len) return fail(e, "MissingParameter", "The request must contain the parameter GroupName");
    if (!description.len) return fail(e, "MissingParameter", "The request must contain the parameter GroupDescription");
    if (str_starts(name, STR("sg-")))
        return fail(e, "InvalidParameterValue", "Invalid security group name. Group names may not be in the format sg-*.");
    if (str_is(name, "default")) return fail(e, "InvalidParameterValue", "Cannot use reserved security group name: default");
    const char *bad = !is_plain(name) ? "groupName" : !is_plain(description) ? "GroupDescription" : NULL;
    if (!bad) return true;
    Str value = is_plain(name) ? description : name;
    return fail(e, "InvalidParameterValue", "Value (%.*s) for parameter %s is invalid. %s", STR_ARG(value), bad,
                value.len > MOST_NAME_BYTES ? "The maximum length is 255 characters." : "Character sets beyond ASCII are not supported.");
}

Outcome create_security_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Str name = doc_text(call->input, "GroupName"), vpc = doc_text(call->input, "VpcId");
    Doc *existing, *reply = doc_map(arena);
    if (vpc.at && !str_eq(vpc, vpc_id(arena, call->where))) return no_such(e, "InvalidVpcID.NotFound", "vpc ID", vpc), OUTCOME_ERROR;
    CALL_TRY(check_names(call->input, e));
    if (group_by_name(turn, name, &existing)) {
        return call_fail(e, "InvalidGroup.Duplicate", "The security group '%.*s' already exists for VPC '%.*s'", STR_ARG(name),
                         STR_ARG(vpc_id(arena, call->where)));
    }
    Str id = str_cat(arena, STR("sg-0"), id_hex(turn_ids(turn), arena, 16));
    Doc *group = group_doc(arena, call->where, id, name, doc_text(call->input, "Description"));
    Doc *tags;
    CALL_TRY(specified_tags(arena, call->input, "security-group", &tags, e));
    if (doc_count(tags)) doc_set(group, "Tags", tags);
    turn_put(turn, &EC2_SECURITY_GROUP, id, group);
    doc_set_str(arena, reply, "GroupId", id);
    doc_set_str(arena, reply, "SecurityGroupArn", doc_text(group, "SecurityGroupArn"));
    doc_set(reply, "Tags", doc_copy(arena, doc_get(group, "Tags")));
    *out = reply;
    return OUTCOME_DONE;
}

bool rule_get(Turn *turn, Str id, Doc **group, Doc **rule) {
    for (Doc *one = doc_first(all_groups(turn)); one; one = one->next) {
        for (Doc *kept = doc_first(doc_get(one, "$rules")); kept; kept = kept->next) {
            if (!str_eq(doc_text(kept, "SecurityGroupRuleId"), id)) continue;
            *group = one;
            *rule = kept;
            return true;
        }
    }
    return false;
}

// An instance that is not terminated yet, or another group's rule.
static bool has_dependents(Turn *turn, Str id) {
    for (const Doc *instance = doc_first(turn_find(turn, &EC2_INSTANCE, "group", id)); instance; instance = instance->next) {
        if (!str_is(doc_text(doc_get(instance, "State"), "Name"), "terminated")) return true;
    }
    for (const Doc *group = doc_first(all_groups(turn)); group; group = group->next) {
        for (const Doc *rule = doc_first(doc_get(group, "$rules")); rule; rule = rule->next) {
            bool refers = str_eq(doc_text(doc_get(rule, "ReferencedGroupInfo"), "GroupId"), id);
            if (refers && !str_eq(doc_text(group, "GroupId"), id)) return true;
        }
    }
    return false;
}

Outcome delete_security_group(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(group_asked(turn, call->input, &group, e));
    Str id = doc_text(group, "GroupId");
    if (str_is(doc_text(group, "GroupName"), "default")) {
        return call_fail(e, "CannotDelete", "the specified group: \"%.*s\" name: \"default\" cannot be deleted by a user", STR_ARG(id));
    }
    if (has_dependents(turn, id)) return call_fail(e, "DependencyViolation", "resource %.*s has a dependent object", STR_ARG(id));
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
        TRY(check_id(doc_str(id, STR("")), "sg-", "InvalidGroupId.Malformed", e));
        if (!group_get(turn, doc_str(id, STR("")), &group)) return no_such(e, "InvalidGroup.NotFound", "security group", doc_str(id, STR("")));
    }
    for (const Doc *name = doc_first(doc_get(input, "GroupNames")); name; name = name->next)
        TRY(group_named(turn, doc_str(name, STR("")), &group, e));
    return true;
}

Outcome describe_security_groups(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *groups = doc_list(call->arena);
    bool named = doc_count(doc_get(call->input, "GroupIds")) || doc_count(doc_get(call->input, "GroupNames"));
    CALL_TRY(all_groups_exist(turn, call->input, e));
    for (const Doc *group = doc_first(all_groups(turn)); group; group = group->next) {
        bool matches;
        Doc *view = group_view(call->arena, group);
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, view, &matches, e));
        if (matches && is_wanted(call->input, group)) doc_push(groups, view);
    }
    CALL_TRY(page_reply(call, groups, "SecurityGroups", (PageRule){5, 1000, "GroupId", named ? "groupSet" : NULL}, out, e));
    return OUTCOME_DONE;
}

Outcome describe_security_group_rules(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable RULES[] = {{"group-id", "GroupId"}, {"security-group-rule-id", "SecurityGroupRuleId"}, {NULL, NULL}};
    const Doc *ids = doc_get(call->input, "SecurityGroupRuleIds");
    Doc *views = doc_list(call->arena);
    size_t found = 0;
    for (const Doc *group = doc_first(all_groups(turn)); group; group = group->next) {
        for (const Doc *rule = doc_first(doc_get(group, "$rules")); rule; rule = rule->next) {
            bool matches, asked = !doc_count(ids) || rule_is_among(rule, ids);
            Doc *view = rule_view(call->arena, group, rule);
            if (!doc_get(view, "Tags")) doc_set(view, "Tags", doc_list(call->arena));
            CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), RULES, view, &matches, e));
            found += asked && doc_count(ids);
            if (matches && asked) doc_push(views, view);
        }
    }
    if (found < doc_count(ids))
        return call_fail(e, "InvalidSecurityGroupRuleId.NotFound", "The specified rule does not exist in this security group.");
    CALL_TRY(page_reply(call, views, "SecurityGroupRules", (PageRule){5, 1000, "SecurityGroupRuleId", NULL}, out, e));
    return OUTCOME_DONE;
}
