// Which resources a call of EC2 is about, with their tags as condition keys. Follows the Service Authorization Reference; operations that only describe are about "*".
#include "services/ec2/ec2.h"

static Str action_of(const Call *call) { return str_format(call->arena, "ec2:%.*s", STR_ARG(wire_str(call->operation->name))); }

static Str arn_of(const Call *call, const char *kind, Str id) {
    return str_format(call->arena, "arn:aws:ec2:%.*s:%.*s:%s/%.*s", STR_ARG(call->where.region), STR_ARG(call->where.account), kind, STR_ARG(id));
}

// Images are nobody's here: their ARN names no account.
static Str image_arn(const Call *call, Str id) {
    return str_format(call->arena, "arn:aws:ec2:%.*s::image/%.*s", STR_ARG(call->where.region), STR_ARG(id));
}

static Str tagged_arn(const Call *call, Str id) {
    const char *kind = tagged_kind(id);
    return str_is(str_of(kind), "image") ? image_arn(call, id) : arn_of(call, kind, id);
}

static void require_instance(Turn *turn, const Call *call, Str id, Requirements *all) {
    Doc *instance, *context = doc_map(call->arena);
    if (turn_get(turn, &EC2_INSTANCE, id, &instance)) context_add_resource_tags(call->arena, context, "ec2", doc_get(instance, "Tags"));
    require(all, action_of(call), arn_of(call, "instance", id), context);
}

void require_instances(Turn *turn, const Call *call, Requirements *all) {
    Str one = doc_text(call->input, "InstanceId");
    if (one.at) require_instance(turn, call, one, all);
    for (const Doc *id = doc_first(doc_get(call->input, "InstanceIds")); id; id = id->next) require_instance(turn, call, doc_str(id, STR("")), all);
}

void require_security_group(Turn *turn, const Call *call, Requirements *all) {
    Str id = doc_text(call->input, "GroupId"), name = doc_text(call->input, "GroupName");
    Doc *group = NULL, *context = doc_map(call->arena);
    bool found = id.at ? group_get(turn, id, &group) : name.at && group_by_name(turn, name, &group);
    if (found) context_add_resource_tags(call->arena, context, "ec2", doc_get(group, "Tags"));
    require(all, action_of(call), arn_of(call, "security-group", found ? doc_text(group, "GroupId") : id.at ? id : STR("*")), context);
}

void require_interface(Turn *turn, const Call *call, Requirements *all) {
    Str id = doc_text(call->input, "NetworkInterfaceId");
    Doc *context = doc_map(call->arena);
    context_add_resource_tags(call->arena, context, "ec2", tags_of(turn, id));
    require(all, action_of(call), arn_of(call, "network-interface", id), context);
}

// Tags that are given with a new resource need ec2:CreateTags on it.
static void require_new_tags(const Call *call, Requirements *all) {
    Arena *arena = call->arena;
    for (const Doc *one = doc_first(doc_get(call->input, "TagSpecifications")); one; one = one->next) {
        Str type = doc_text(one, "ResourceType");
        Doc *context = doc_map(arena);
        if (!type.at || !doc_count(doc_get(one, "Tags"))) continue;
        doc_set_str(arena, context, "ec2:CreateAction", wire_str(call->operation->name));
        context_add_request_tags(arena, context, doc_get(one, "Tags"));
        require(all, STR("ec2:CreateTags"), arn_of(call, str_c(arena, type), STR("*")), context);
    }
}

void require_new_group(Turn *turn, const Call *call, Requirements *all) {
    Str vpc = doc_text(call->input, "VpcId");
    require(all, action_of(call), arn_of(call, "security-group", STR("*")), NULL);
    require(all, action_of(call), arn_of(call, "vpc", vpc.at ? vpc : vpc_id(call->arena, call->where)), NULL);
    require_new_tags(call, all);
}

void require_tagged(Turn *turn, const Call *call, Requirements *all) {
    for (const Doc *id = doc_first(doc_get(call->input, "Resources")); id; id = id->next) {
        Doc *context = doc_map(call->arena);
        context_add_resource_tags(call->arena, context, "ec2", tags_of(turn, doc_str(id, STR(""))));
        context_add_request_tags(call->arena, context, doc_get(call->input, "Tags"));
        require(all, action_of(call), tagged_arn(call, doc_str(id, STR(""))), context);
    }
}

static void require_profile(Turn *turn, const Call *call, Requirements *all) {
    Doc *profile = NULL;
    const Doc *wanted = doc_get(call->input, "IamInstanceProfile");
    if (wanted && instance_profile(turn, wanted, &profile, NULL))
        require_pass_role(all, doc_text(doc_first(doc_get(profile, "Roles")), "Arn"), "ec2.amazonaws.com");
}

void require_association(Turn *turn, const Call *call, Requirements *all) {
    require_instances(turn, call, all);
    require_profile(turn, call, all);
}

void require_associated(Turn *turn, const Call *call, Requirements *all) {
    Doc *instance;
    bool found = associated_instance(turn, doc_text(call->input, "AssociationId"), &instance);
    require_instance(turn, call, found ? doc_text(instance, "InstanceId") : STR("*"), all);
    require_profile(turn, call, all);
}

// What a launch makes, and what it makes that of.
void require_launch(Turn *turn, const Call *call, Requirements *all) {
    Arena *arena = call->arena;
    Str action = action_of(call), image = doc_text(call->input, "ImageId"), subnet = doc_text(call->input, "SubnetId");
    Doc *groups = NULL;
    require(all, action, arn_of(call, "instance", STR("*")), NULL);
    if (image.at) require(all, action, image_arn(call, image), NULL);
    require(all, action, arn_of(call, "network-interface", STR("*")), NULL);
    if (!wanted_groups(turn, call->input, &groups, NULL)) groups = NULL;
    for (const Doc *group = doc_first(groups); group; group = group->next)
        require(all, action, arn_of(call, "security-group", doc_text(group, "GroupId")), NULL);
    require(all, action, arn_of(call, "subnet", subnet.at ? subnet : subnet_id(arena, call->where)), NULL);
    require(all, action, arn_of(call, "volume", STR("*")), NULL);
    require_new_tags(call, all);
    require_profile(turn, call, all);
}
