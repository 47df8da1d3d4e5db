// The rules of security groups. One rule is one source or destination; the API also shows those of one protocol and port range together, as IpPermissions.
//
// A group keeps them in $rules: SecurityGroupRule of the model. Incoming TCP that anybody may use is what an instance shows on the host (groups.c), which
// also refuses instances what they could not follow. The others are kept and shown: instances reach each other whatever their groups say.
#include "services/ec2/ec2.h"

#include <arpa/inet.h>

enum { MOST_RULES = 60, MOST_DESCRIPTION_BYTES = 255, IPV4_BITS = 32, IPV6_BITS = 128 };

static const struct { const char *number, *name; } PROTOCOLS[] = {{"6", "tcp"}, {"17", "udp"}, {"1", "icmp"}, {"58", "icmpv6"}, {"all", "-1"}};

static Str protocol_of(Str given) {
    for (size_t i = 0; i < sizeof PROTOCOLS / sizeof *PROTOCOLS; i++) {
        if (str_is(given, PROTOCOLS[i].number)) return str_of(PROTOCOLS[i].name);
    }
    return given;
}

static Doc *rule_of(Arena *arena, Str id, bool egress, Str protocol) {
    Doc *rule = doc_map(arena);
    doc_set_str(arena, rule, "SecurityGroupRuleId", id);
    doc_set_bool(arena, rule, "IsEgress", egress);
    doc_set_str(arena, rule, "IpProtocol", protocol);
    doc_set_int(arena, rule, "FromPort", -1);
    doc_set_int(arena, rule, "ToPort", -1);
    return rule;
}

static Str derived(Arena *arena, Str group_id, const char *what) {
    return str_format(arena, "sgr-0%016llx", (unsigned long long)str_hash(str_cat(arena, group_id, str_of(what))));
}

Doc *rule_to_everywhere(Arena *arena, Str group_id) {
    Doc *rule = rule_of(arena, derived(arena, group_id, "egress"), true, STR("-1"));
    doc_set_str(arena, rule, "CidrIpv4", STR("0.0.0.0/0"));
    return rule;
}

static Doc *reference_of(Arena *arena, Str group_id, Str account) {
    Doc *info = doc_map(arena);
    doc_set_str(arena, info, "GroupId", group_id);
    doc_set_str(arena, info, "UserId", account);
    return info;
}

Doc *rule_from_itself(Arena *arena, Str group_id, Str account) {
    Doc *rule = rule_of(arena, derived(arena, group_id, "ingress"), false, STR("-1"));
    doc_set(rule, "ReferencedGroupInfo", reference_of(arena, group_id, account));
    return rule;
}

// ---- Views ----

Doc *rule_view(Arena *arena, const Doc *group, const Doc *rule) {
    Doc *view = doc_copy(arena, rule);
    Str owner = doc_text(group, "OwnerId"), region = doc_text(group, "SecurityGroupArn");
    for (int i = 0; i < 3; i++) str_cut(&region, ':');
    region = str_cut(&region, ':');
    doc_set_str(arena, view, "GroupId", doc_text(group, "GroupId"));
    doc_set_str(arena, view, "GroupOwnerId", owner);
    doc_set_str(arena, view, "SecurityGroupRuleArn",
                str_format(arena, "arn:aws:ec2:%.*s:%.*s:security-group-rule/%.*s", STR_ARG(region), STR_ARG(owner),
                           STR_ARG(doc_text(rule, "SecurityGroupRuleId"))));
    if (!doc_count(doc_get(view, "Tags"))) doc_set(view, "Tags", NULL);
    return view;
}

static bool same_ports(const Doc *a, const Doc *b) {
    return str_eq(doc_text(a, "IpProtocol"), doc_text(b, "IpProtocol")) && doc_number(a, "FromPort", -1) == doc_number(b, "FromPort", -1) &&
           doc_number(a, "ToPort", -1) == doc_number(b, "ToPort", -1);
}

static Doc *permission_in(Arena *arena, Doc *permissions, const Doc *rule) {
    static const char *const LISTS[] = {"IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"};
    for (Doc *one = doc_first(permissions); one; one = one->next) {
        if (same_ports(one, rule)) return one;
    }
    Doc *permission = doc_map(arena);
    doc_set_str(arena, permission, "IpProtocol", doc_text(rule, "IpProtocol"));
    if (!str_is(doc_text(rule, "IpProtocol"), "-1")) {
        doc_set_int(arena, permission, "FromPort", doc_number(rule, "FromPort", -1));
        doc_set_int(arena, permission, "ToPort", doc_number(rule, "ToPort", -1));
    }
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) doc_set(permission, LISTS[i], doc_list(arena));
    doc_push(permissions, permission);
    return permission;
}

static void show_in(Arena *arena, Doc *permissions, const Doc *rule) {
    Doc *permission = permission_in(arena, permissions, rule), *peer = doc_map(arena);
    const Doc *group = doc_get(rule, "ReferencedGroupInfo");
    doc_set_str(arena, peer, "Description", doc_text(rule, "Description"));
    doc_set_str(arena, peer, "CidrIp", doc_text(rule, "CidrIpv4"));
    doc_set_str(arena, peer, "CidrIpv6", doc_text(rule, "CidrIpv6"));
    doc_set_str(arena, peer, "GroupId", doc_text(group, "GroupId"));
    doc_set_str(arena, peer, "UserId", doc_text(group, "UserId"));
    doc_push(doc_get(permission, group ? "UserIdGroupPairs" : doc_get(rule, "CidrIpv6") ? "Ipv6Ranges" : "IpRanges"), peer);
}

Doc *group_view(Arena *arena, const Doc *group) {
    Doc *view = doc_copy(arena, group), *ingress = doc_list(arena), *egress = doc_list(arena);
    if (!doc_count(doc_get(view, "Tags"))) doc_set(view, "Tags", NULL);
    for (const Doc *rule = doc_first(doc_get(group, "$rules")); rule; rule = rule->next) {
        show_in(arena, doc_flag(rule, "IsEgress", false) ? egress : ingress, rule);
    }
    doc_set(view, "IpPermissions", ingress);
    doc_set(view, "IpPermissionsEgress", egress);
    return view;
}

// ---- Reading what a request asks for ----

// The address with its host bits cleared: 10.1.2.3/8 → 10.0.0.0/8.
static bool clean_cidr(Arena *arena, int family, Str cidr, Str *out, Error *e) {
    Str rest = cidr, address = str_cut(&rest, '/');
    unsigned char bytes[sizeof(struct in6_addr)] = {0};
    char text[INET6_ADDRSTRLEN];
    int64_t bits, most = family == AF_INET ? IPV4_BITS : IPV6_BITS;
    bool ok = str_to_int(rest, &bits) && bits >= 0 && bits <= most && inet_pton(family, str_c(arena, address), bytes) == 1;
    if (!ok) return fail(e, "InvalidParameterValue", "CIDR block %.*s is malformed", STR_ARG(cidr));
    for (int64_t bit = bits; bit < most; bit++) bytes[bit / 8] &= (unsigned char)~(0x80U >> (bit % 8));
    inet_ntop(family, bytes, text, sizeof text);
    *out = str_format(arena, "%s/%lld", text, (long long)bits);
    return true;
}

static bool check_ports(Str protocol, const Doc *permission, Error *e) {
    bool ports = str_is(protocol, "tcp") || str_is(protocol, "udp");
    int64_t from = doc_number(permission, "FromPort", -1), to = doc_number(permission, "ToPort", -1), number;
    if (!protocol.len) return fail(e, "MissingParameter", "The request must contain the parameter ipProtocol");
    if (ports && (!doc_get(permission, "FromPort") || !doc_get(permission, "ToPort")))
        return fail(e, "InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
    if (ports && (from < 0 || to > 65535 || from > to))
        return fail(e, "InvalidParameterValue", "Invalid TCP/UDP port range (%lld:%lld)", (long long)from, (long long)to);
    bool known = ports || str_is(protocol, "icmp") || str_is(protocol, "icmpv6") || str_is(protocol, "-1");
    known = known || (str_to_int(protocol, &number) && number >= 0 && number <= 255);
    return known || fail(e, "InvalidPermission.Malformed", "Unsupported IP protocol \"%.*s\"  - supported: [tcp, udp, icmp]", STR_ARG(protocol));
}

bool check_descriptions(const Doc *peers, Error *e) {
    for (const Doc *peer = doc_first(peers); peer; peer = peer->next) {
        Str text = doc_text(peer, "Description");
        bool ok = text.len <= MOST_DESCRIPTION_BYTES;
        for (size_t i = 0; i < text.len; i++) {
            char c = text.at[i];
            bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            ok = ok && (plain || (c && strchr(". _-:/()#,@[]+=&;{}!$*", c)));
        }
        if (ok) continue;
        return fail(e, "InvalidParameterValue",
                    "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  "
                    "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*");
    }
    return true;
}

// What all rules of one permission have in common.
typedef struct Reading {
    Turn *turn;
    bool egress;
    const Doc *permission;
    Str protocol;
    Doc *rules; // read so far
} Reading;

static Doc *read_one(Reading *reading, const Doc *peer) {
    Arena *arena = turn_arena(reading->turn);
    Str id = str_cat(arena, STR("sgr-0"), id_hex(turn_ids(reading->turn), arena, 16));
    Doc *rule = rule_of(arena, id, reading->egress, reading->protocol);
    if (!str_is(reading->protocol, "-1")) {
        doc_set_int(arena, rule, "FromPort", doc_number(reading->permission, "FromPort", -1));
        doc_set_int(arena, rule, "ToPort", doc_number(reading->permission, "ToPort", -1));
    }
    doc_set_str(arena, rule, "Description", doc_text(peer, "Description"));
    doc_push(reading->rules, rule);
    return rule;
}

static bool read_ranges(Reading *reading, const char *list, const char *member, const char *to, int family, Error *e) {
    Arena *arena = turn_arena(reading->turn);
    for (const Doc *peer = doc_first(doc_get(reading->permission, list)); peer; peer = peer->next) {
        Str cidr;
        TRY(clean_cidr(arena, family, doc_str(doc_get(peer, member), STR("")), &cidr, e));
        doc_set_str(arena, read_one(reading, peer), to, cidr);
    }
    return true;
}

static bool read_groups(Reading *reading, Error *e) {
    Turn *turn = reading->turn;
    for (const Doc *peer = doc_first(doc_get(reading->permission, "UserIdGroupPairs")); peer; peer = peer->next) {
        Str id = doc_text(peer, "GroupId"), name = doc_text(peer, "GroupName"), owner = doc_text(peer, "UserId");
        Doc *group = NULL;
        if (id.at) TRY(check_id(id, "sg-", "InvalidGroupId.Malformed", e));
        bool foreign = owner.at && !str_eq(owner, turn_where(turn).account);
        if (foreign || (id.at && !group_get(turn, id, &group))) return no_such(e, "InvalidGroup.NotFound", "security group", id.at ? id : name);
        if (!id.at) TRY(group_named(turn, name, &group, e));
        Doc *info = reference_of(turn_arena(turn), doc_text(group, "GroupId"), turn_where(turn).account);
        doc_set(read_one(reading, peer), "ReferencedGroupInfo", info);
    }
    return true;
}

bool read_permission(Turn *turn, bool egress, const Doc *permission, Doc *rules, Error *e) {
    Reading reading = {turn, egress, permission, protocol_of(doc_text(permission, "IpProtocol")), rules};
    size_t before = doc_count(rules);
    static const char *const PEERS[] = {"IpRanges", "Ipv6Ranges", "UserIdGroupPairs"};
    TRY(check_ports(reading.protocol, permission, e));
    for (size_t i = 0; i < sizeof PEERS / sizeof *PEERS; i++) TRY(check_descriptions(doc_get(permission, PEERS[i]), e));
    if (doc_count(doc_get(permission, "PrefixListIds"))) return fail(e, "UnsupportedOperation", "Rules with PrefixListIds are not built.");
    TRY(read_ranges(&reading, "IpRanges", "CidrIp", "CidrIpv4", AF_INET, e));
    TRY(read_ranges(&reading, "Ipv6Ranges", "CidrIpv6", "CidrIpv6", AF_INET6, e));
    TRY(read_groups(&reading, e));
    return doc_count(rules) > before || fail(e, "MissingParameter", "Source group ID missing.");
}

// The single rule that a request may spell in members of its own.
static Doc *single_permission(Arena *arena, const Doc *input) {
    Doc *permission = doc_map(arena), *list = doc_list(arena), *peer = doc_map(arena);
    doc_set_str(arena, permission, "IpProtocol", doc_text(input, "IpProtocol"));
    if (doc_get(input, "FromPort")) doc_set_int(arena, permission, "FromPort", doc_number(input, "FromPort", -1));
    if (doc_get(input, "ToPort")) doc_set_int(arena, permission, "ToPort", doc_number(input, "ToPort", -1));
    Str source = doc_text(input, "SourceSecurityGroupName");
    if (source.at) doc_set_str(arena, peer, "UserId", doc_text(input, "SourceSecurityGroupOwnerId"));
    doc_set_str(arena, peer, source.at ? "GroupName" : "CidrIp", source.at ? source : doc_text(input, "CidrIp"));
    if (source.at || doc_get(input, "CidrIp")) doc_push(list, peer);
    doc_set(permission, source.at ? "UserIdGroupPairs" : "IpRanges", list);
    return permission;
}

bool read_rules(Turn *turn, const Call *call, bool egress, Doc **rules, Error *e) {
    const Doc *given = doc_get(call->input, "IpPermissions");
    *rules = doc_list(call->arena);
    for (const Doc *permission = doc_first(given); permission; permission = permission->next)
        TRY(read_permission(turn, egress, permission, *rules, e));
    if (doc_count(given)) return true;
    Str protocol = doc_text(call->input, "IpProtocol");
    if (!protocol.at && !doc_text(call->input, "SourceSecurityGroupName").at)
        return fail(e, "MissingParameter", "The request must contain the parameter ipPermissions");
    Doc *single = single_permission(call->arena, call->input);
    if (!protocol.at) doc_set_str(call->arena, single, "IpProtocol", STR("-1")); // a group alone: all its traffic
    return read_permission(turn, egress, single, *rules, e);
}

// ---- Authorize, revoke ----

static bool same_peer(const Doc *a, const Doc *b) {
    return str_eq(doc_text(a, "CidrIpv4"), doc_text(b, "CidrIpv4")) && str_eq(doc_text(a, "CidrIpv6"), doc_text(b, "CidrIpv6")) &&
           str_eq(doc_text(doc_get(a, "ReferencedGroupInfo"), "GroupId"), doc_text(doc_get(b, "ReferencedGroupInfo"), "GroupId"));
}

const Doc *find_rule(const Doc *rules, const Doc *like) {
    for (const Doc *rule = doc_first(rules); rule; rule = rule->next) {
        bool same_way = doc_flag(rule, "IsEgress", false) == doc_flag(like, "IsEgress", false);
        if (same_way && same_ports(rule, like) && same_peer(rule, like)) return rule;
    }
    return NULL;
}

bool rule_is_among(const Doc *rule, const Doc *ids) {
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        if (str_eq(doc_str(id, STR_NONE), doc_text(rule, "SecurityGroupRuleId"))) return true;
    }
    return false;
}

// What EC2 says of a rule's protocol and ports: "TCP, from port: 80, to port: 80", "ICMP, type: 8, code: ALL", "protocol: 50", "ALL".
static Str traffic_words(Arena *arena, const Doc *rule) {
    Str protocol = doc_text(rule, "IpProtocol");
    long long from = (long long)doc_number(rule, "FromPort", -1), to = (long long)doc_number(rule, "ToPort", -1);
    if (str_is(protocol, "-1")) return STR("ALL");
    if (str_starts(protocol, STR("icmp"))) {
        Str type = from < 0 ? STR("ALL") : str_format(arena, "%lld", from), code = to < 0 ? STR("ALL") : str_format(arena, "%lld", to);
        const char *name = str_is(protocol, "icmp") ? "ICMP" : "ICMPv6";
        return str_format(arena, "%s, type: %.*s, code: %.*s", name, STR_ARG(type), STR_ARG(code));
    }
    bool named = str_is(protocol, "tcp") || str_is(protocol, "udp");
    if (!named) return str_format(arena, "protocol: %.*s", STR_ARG(protocol));
    return str_format(arena, "%s, from port: %lld, to port: %lld", str_is(protocol, "tcp") ? "TCP" : "UDP", from, to);
}

bool tell_duplicate(Arena *arena, const Doc *rule, Error *e) {
    Str group = doc_text(doc_get(rule, "ReferencedGroupInfo"), "GroupId"), traffic = traffic_words(arena, rule);
    Str cidr = doc_text(rule, doc_get(rule, "CidrIpv6") ? "CidrIpv6" : "CidrIpv4"), peer = group.at ? group : cidr;
    return fail(e, "InvalidPermission.Duplicate", "the specified rule \"peer: %.*s, %.*s, ALLOW\" already exists", STR_ARG(peer), STR_ARG(traffic));
}

// One request names each rule once.
static bool check_twice(const Doc *asked, Error *e) {
    for (const Doc *rule = doc_first(asked); rule; rule = rule->next) {
        for (const Doc *other = rule->next; other; other = other->next) {
            if (same_ports(rule, other) && same_peer(rule, other))
                return fail(e, "InvalidParameterValue", "The same permission must not appear multiple times");
        }
    }
    return true;
}

static Outcome authorize_rules(Turn *turn, const Call *call, bool egress, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *group, *asked, *views = doc_list(arena), *reply = doc_map(arena);
    Doc *tags;
    CALL_TRY(specified_tags(arena, call->input, "security-group-rule", &tags, e));
    CALL_TRY(group_asked(turn, call->input, &group, e));
    CALL_TRY(read_rules(turn, call, egress, &asked, e));
    CALL_TRY(check_twice(asked, e));
    Doc *rules = doc_get(group, "$rules");
    for (const Doc *rule = doc_first(asked); rule; rule = rule->next) {
        if (find_rule(rules, rule)) return tell_duplicate(arena, rule, e), OUTCOME_ERROR;
        Doc *kept = doc_copy(arena, rule);
        doc_set(kept, "Tags", doc_copy(arena, tags));
        doc_push(rules, kept);
        doc_push(views, rule_view(arena, group, kept));
    }
    if (doc_count(rules) > MOST_RULES)
        return call_fail(e, "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.");
    turn_put(turn, &EC2_SECURITY_GROUP, doc_text(group, "GroupId"), group);
    CALL_TRY(group_tell_instances(turn, doc_text(group, "GroupId"), e));
    doc_set_bool(arena, reply, "Return", true);
    doc_set(reply, "SecurityGroupRules", views);
    *out = reply;
    return OUTCOME_DONE;
}

static bool all_there(const Doc *rules, const Doc *asked, const Doc *ids, Error *e) {
    size_t named = 0;
    for (const Doc *rule = doc_first(rules); rule; rule = rule->next) named += rule_is_among(rule, ids);
    bool all = named == doc_count(ids);
    for (const Doc *rule = doc_first(asked); rule; rule = rule->next) all = all && find_rule(rules, rule);
    if (all) return true;
    const char *code = doc_count(ids) ? "InvalidSecurityGroupRuleId.NotFound" : "InvalidPermission.NotFound";
    return fail(e, code, "The specified rule does not exist in this security group.");
}

static Doc *revoked_view(Arena *arena, const Doc *group, const Doc *rule) {
    Doc *view = rule_view(arena, group, rule);
    doc_set_str(arena, view, "ReferencedGroupId", doc_text(doc_get(rule, "ReferencedGroupInfo"), "GroupId"));
    return view;
}

static Outcome revoke_rules(Turn *turn, const Call *call, bool egress, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *group, *asked = doc_list(arena), *left = doc_list(arena), *gone = doc_list(arena), *reply = doc_map(arena);
    const Doc *ids = doc_get(call->input, "SecurityGroupRuleIds");
    CALL_TRY(group_asked(turn, call->input, &group, e));
    if (!doc_count(ids)) CALL_TRY(read_rules(turn, call, egress, &asked, e));
    const Doc *rules = doc_get(group, "$rules");
    CALL_TRY(all_there(rules, asked, ids, e));
    for (const Doc *rule = doc_first(rules); rule; rule = rule->next) {
        bool goes = rule_is_among(rule, ids) || find_rule(asked, rule);
        doc_push(goes ? gone : left, goes ? revoked_view(arena, group, rule) : doc_copy(arena, rule));
    }
    doc_set(group, "$rules", left);
    turn_put(turn, &EC2_SECURITY_GROUP, doc_text(group, "GroupId"), group);
    CALL_TRY(group_tell_instances(turn, doc_text(group, "GroupId"), e));
    doc_set_bool(arena, reply, "Return", true);
    doc_set(reply, "RevokedSecurityGroupRules", gone);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome authorize_security_group_ingress(Turn *turn, const Call *call, Doc **out, Error *e) { return authorize_rules(turn, call, false, out, e); }
Outcome authorize_security_group_egress(Turn *turn, const Call *call, Doc **out, Error *e) { return authorize_rules(turn, call, true, out, e); }
Outcome revoke_security_group_ingress(Turn *turn, const Call *call, Doc **out, Error *e) { return revoke_rules(turn, call, false, out, e); }
Outcome revoke_security_group_egress(Turn *turn, const Call *call, Doc **out, Error *e) { return revoke_rules(turn, call, true, out, e); }
