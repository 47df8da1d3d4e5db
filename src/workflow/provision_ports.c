// The security group of instances of one name: it admits the ports that rehearse.yaml says, and no others.
#include "workflow/provision.h"

static bool find_group(const Client *client, Arena *arena, Str name, const Doc **group, Error *e) {
    Doc *input = doc_map(arena), *list = doc_list(arena), *out = NULL;
    provision_filter(arena, list, "group-name", name);
    doc_set(input, "Filters", list);
    TRY(client_call(client, arena, "ec2", "DescribeSecurityGroups", input, &out, e));
    *group = doc_first(doc_get(out, "SecurityGroups"));
    return true;
}

static bool make_group(const Client *client, Arena *arena, Str name, Str *id, Error *e) {
    Doc *input = doc_map(arena), *out = NULL;
    doc_set_str(arena, input, "GroupName", name);
    doc_set_str(arena, input, "Description", STR("What the rehearsal admits"));
    TRY(client_call(client, arena, "ec2", "CreateSecurityGroup", input, &out, e));
    *id = doc_text(out, "GroupId");
    return true;
}

static Doc *ingress(Arena *arena, Str group_id, Doc *permission) {
    Doc *input = doc_map(arena), *one = doc_list(arena);
    doc_push(one, permission);
    doc_set_str(arena, input, "GroupId", group_id);
    doc_set(input, "IpPermissions", one);
    return input;
}

// One call a port: a port that is admitted already must not keep the others out.
static bool admit_ports(const Client *client, Arena *arena, const Instance *instance, Str group_id, Error *e) {
    for (const Doc *port = doc_first(plan_ports(arena, &instance->ports)); port; port = port->next) {
        Doc *input = ingress(arena, group_id, doc_copy(arena, port));
        Error why = {0};
        if (client_call(client, arena, "ec2", "AuthorizeSecurityGroupIngress", input, NULL, &why)) continue;
        if (error_is(&why, "InvalidPermission.Duplicate")) continue;
        if (e) *e = why;
        return fail_within(e, "ec2:AuthorizeSecurityGroupIngress");
    }
    return true;
}

static bool is_wanted(const Instance *instance, int64_t port) {
    for (size_t i = 0; i < instance->ports.len; i++) {
        if (vec_get(&instance->ports, int64_t, i) == port) return true;
    }
    return false;
}

// A rule as admit_ports makes it: one TCP port, from everywhere.
static bool is_open_port(const Doc *rule) {
    if (!str_is(doc_text(rule, "IpProtocol"), "tcp") || doc_number(rule, "FromPort", -1) != doc_number(rule, "ToPort", -2)) return false;
    for (const Doc *range = doc_first(doc_get(rule, "IpRanges")); range; range = range->next) {
        if (str_is(doc_text(range, "CidrIp"), "0.0.0.0/0")) return true;
    }
    return false;
}

static bool close_ports(const Client *client, Arena *arena, const Instance *instance, const Doc *group, Vec *notes, Error *e) {
    for (const Doc *rule = doc_first(doc_get(group, "IpPermissions")); rule; rule = rule->next) {
        int64_t port = doc_number(rule, "FromPort", -1);
        if (!is_open_port(rule) || is_wanted(instance, port)) continue;
        Vec one = vec_of(arena, int64_t);
        vec_add(&one, int64_t, port);
        Doc *input = ingress(arena, doc_text(group, "GroupId"), doc_copy(arena, doc_first(plan_ports(arena, &one))));
        if (!client_call(client, arena, "ec2", "RevokeSecurityGroupIngress", input, NULL, e)) return fail_within(e, "ec2:RevokeSecurityGroupIngress");
        vec_add(notes, Str,
                str_format(arena, "%.*s no longer admits port %lld: rehearse.yaml does not say it", STR_ARG(instance->name), (long long)port));
    }
    return true;
}

bool provision_ports(const Client *client, Arena *arena, const Application *application, const Instance *instance, Vec *notes, Str *group_id,
                     Error *e) {
    Str name = plan_group_name(arena, application, instance);
    const Doc *group = NULL;
    TRY(find_group(client, arena, name, &group, e));
    if (group) *group_id = doc_text(group, "GroupId");
    if (!group) TRY(make_group(client, arena, name, group_id, e));
    TRY(admit_ports(client, arena, instance, *group_id, e));
    return close_ports(client, arena, instance, group, notes, e);
}
