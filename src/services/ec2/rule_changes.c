// Changes of rules that there are: they keep their ids, their tags and their direction.
#include "services/ec2/ec2.h"

static bool rule_by_id(Doc *rules, Str id, Doc **out, Error *e) {
    for (Doc *rule = doc_first(rules); rule; rule = rule->next) {
        if (!str_eq(doc_text(rule, "SecurityGroupRuleId"), id)) continue;
        *out = rule;
        return true;
    }
    return no_such(e, "InvalidSecurityGroupRuleId.NotFound", "security group rule ID", id);
}

static Outcome done(Turn *turn, const Call *call, const Doc *group, Doc **out, Error *e) {
    turn_put(turn, &EC2_SECURITY_GROUP, doc_text(group, "GroupId"), group);
    CALL_TRY(group_tell_instances(turn, doc_text(group, "GroupId"), e));
    *out = doc_map(call->arena);
    doc_set_bool(call->arena, *out, "Return", true);
    return OUTCOME_DONE;
}

// ---- Modify: all of a rule but its kind of peer ----

static const struct {
    const char *asked, *list, *member, *kept; // of SecurityGroupRuleRequest; of IpPermission; of SecurityGroupRule
} PEERS[] = {{"CidrIpv4", "IpRanges", "CidrIp", "CidrIpv4"},
             {"CidrIpv6", "Ipv6Ranges", "CidrIpv6", "CidrIpv6"},
             {"ReferencedGroupId", "UserIdGroupPairs", "GroupId", "ReferencedGroupInfo"}};
enum { PEER_COUNT = sizeof PEERS / sizeof *PEERS };

// The permission that spells the same rule, as Authorize takes it.
static bool permission_of(Arena *arena, const Doc *asked, const Doc *rule, Doc **out, Error *e) {
    Doc *permission = doc_map(arena);
    size_t peers = 0;
    if (doc_get(asked, "PrefixListId")) return fail(e, "UnsupportedOperation", "Rules with PrefixListId are not built.");
    doc_set_str(arena, permission, "IpProtocol", doc_text(asked, "IpProtocol"));
    doc_set(permission, "FromPort", doc_copy(arena, doc_get(asked, "FromPort")));
    doc_set(permission, "ToPort", doc_copy(arena, doc_get(asked, "ToPort")));
    for (size_t i = 0; i < PEER_COUNT; i++) {
        if (!doc_get(asked, PEERS[i].asked)) continue;
        if (!doc_get(rule, PEERS[i].kept)) return fail(e, "InvalidParameterValue", "You may not modify the type of a security group rule.");
        Doc *list = doc_list(arena), *peer = doc_map(arena);
        doc_set_str(arena, peer, PEERS[i].member, doc_text(asked, PEERS[i].asked));
        doc_set_str(arena, peer, "Description", doc_text(asked, "Description"));
        doc_push(list, peer);
        doc_set(permission, PEERS[i].list, list);
        peers++;
    }
    if (peers != 1) {
        return fail(e, "InvalidParameterValue",
                    "You must specify exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId for a security group rule.");
    }
    *out = permission;
    return true;
}

static bool modify_rule(Turn *turn, const Doc *update, Doc *group, Error *e) {
    static const char *const MEMBERS[] = {"IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6", "ReferencedGroupInfo", "Description"};
    Arena *arena = turn_arena(turn);
    Doc *rules = doc_get(group, "$rules"), *rule, *permission, *read = doc_list(arena);
    TRY(rule_by_id(rules, doc_text(update, "SecurityGroupRuleId"), &rule, e));
    TRY(permission_of(arena, doc_get(update, "SecurityGroupRule"), rule, &permission, e));
    TRY(read_permission(turn, doc_flag(rule, "IsEgress", false), permission, read, e));
    const Doc *wanted = doc_first(read), *same = find_rule(rules, wanted);
    if (same && same != rule) return tell_duplicate(arena, wanted, e);
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) doc_set(rule, MEMBERS[i], doc_copy(arena, doc_get(wanted, MEMBERS[i])));
    return true;
}

Outcome modify_security_group_rules(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *group;
    CALL_TRY(group_asked(turn, call->input, &group, e));
    for (const Doc *update = doc_first(doc_get(call->input, "SecurityGroupRules")); update; update = update->next)
        CALL_TRY(modify_rule(turn, update, group, e));
    return done(turn, call, group, out, e);
}

// ---- Descriptions alone ----

static bool describe_rule(Arena *arena, Doc *rules, const Doc *like, Error *e) {
    const Doc *found = find_rule(rules, like);
    if (!found) return fail(e, "InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
    for (Doc *rule = doc_first(rules); rule; rule = rule->next) {
        if (rule == found) doc_set_str(arena, rule, "Description", doc_text(like, "Description"));
    }
    return true;
}

static bool describe_by_ids(Arena *arena, Doc *rules, bool egress, const Doc *given, Error *e) {
    TRY(check_descriptions(given, e));
    for (const Doc *one = doc_first(given); one; one = one->next) {
        Doc *rule = NULL;
        Str id = doc_str(doc_get(one, "SecurityGroupRuleId"), STR(""));
        TRY(rule_by_id(rules, id, &rule, e));
        if (doc_flag(rule, "IsEgress", false) != egress) return no_such(e, "InvalidSecurityGroupRuleId.NotFound", "security group rule ID", id);
        doc_set_str(arena, rule, "Description", doc_text(one, "Description"));
    }
    return true;
}

static Outcome update_descriptions(Turn *turn, const Call *call, bool egress, Doc **out, Error *e) {
    Doc *group, *asked = doc_list(call->arena);
    const Doc *given = doc_get(call->input, "SecurityGroupRuleDescriptions");
    CALL_TRY(group_asked(turn, call->input, &group, e));
    if (!doc_count(given)) CALL_TRY(read_rules(turn, call, egress, &asked, e));
    CALL_TRY(describe_by_ids(call->arena, doc_get(group, "$rules"), egress, given, e));
    for (const Doc *like = doc_first(asked); like; like = like->next) CALL_TRY(describe_rule(call->arena, doc_get(group, "$rules"), like, e));
    return done(turn, call, group, out, e);
}

Outcome update_ingress_descriptions(Turn *turn, const Call *call, Doc **out, Error *e) { return update_descriptions(turn, call, false, out, e); }
Outcome update_egress_descriptions(Turn *turn, const Call *call, Doc **out, Error *e) { return update_descriptions(turn, call, true, out, e); }
