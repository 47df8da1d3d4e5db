// Identity and Access Management: users, access keys, groups, roles, managed and inline policies, instance profiles, tags, simulation.
//
// Documents are identity/directory.h's; they live in the partition (account, GLOBAL_REGION), whatever region the request names. Whatever is written here is
// told to the directory, so that the next call is decided by it. Messages follow the "IAM API reference" and what AWS answers.
//
// A stored document has the members of the API's shape (dates as milliseconds), and: "inline" {policy name: text}, "attached" [ARN],
// "PermissionsBoundary" ARN; of a user "groups" [id]; of an instance profile "role" id; of a policy "versions" [{VersionId, Document, CreateDate}].
#pragma once

#include "identity/sessions.h"
#include "plane/turn.h"

// What users, roles, groups and instance profiles have in common.
typedef struct Kind {
    const DocumentType *type;
    const char *name; // member: "RoleName"
    const char *id; // member: "RoleId"
    const char *id_prefix; // "AROA"
    const char *segment; // of the ARN: "role"
    const char *title; // in messages: "Role"
    const char *shape; // of replies: "Role"
    const char *list; // of listings: "Roles"
    size_t inline_max_bytes; // of all inline policies together
} Kind;

extern const Kind IAM_KIND_USER, IAM_KIND_ROLE, IAM_KIND_GROUP, IAM_KIND_PROFILE;
const Kind *iam_kind_of(const Call *call); // by which name the input has; a user when it has none

// kinds.c
Partition iam_where(Turn *turn);
Str iam_id(Arena *arena, Str name); // of the document
Str iam_name(Turn *turn, const Call *call, const Kind *kind); // of the input, or the calling user's own
bool iam_find(Turn *turn, const Kind *kind, Str name, Doc **out, Error *e); // NoSuchEntity
bool iam_find_called(Turn *turn, const Call *call, const Kind **kind, Doc **out, Error *e); // kind and name as the input has them
bool iam_check_own(const Doc *role, Error *e); // not a service's; UnmodifiableEntity
void iam_save(Turn *turn, const Kind *kind, const Doc *doc);
void iam_remove(Turn *turn, const Kind *kind, const Doc *doc);
// A new document with name, path, id, ARN, date and tags; fails with EntityAlreadyExists.
bool iam_create(Turn *turn, const Call *call, const Kind *kind, Doc **out, Error *e);
Str iam_arn(Arena *arena, Str account, const char *segment, Str path, Str name);
Str iam_path(const Call *call); // of the input, "/" when absent
// As the API shows it: whole, as Get does; as what has just been made, or a role within a profile, is shown; as listings show it.
typedef enum View { VIEW_WHOLE, VIEW_MADE, VIEW_LISTED } View;

Doc *iam_view(Turn *turn, const Kind *kind, const Doc *doc, View how);
void iam_show_date(Arena *arena, Doc *view, const char *member, const Doc *doc); // in whole seconds, as IAM tells all dates
Doc *iam_boundary_view(Arena *arena, const Doc *doc); // NULL: none
bool iam_set_boundary(Turn *turn, const Call *call, Doc *doc, Error *e); // PermissionsBoundary of the input, checked
Str iam_linked_arn(Turn *turn, Str host); // of the role that is linked to the service; STR_NONE: it has none
void iam_requirements(Turn *turn, const Call *call, Requirements *all);
void iam_touch(Turn *turn, const DocumentType *type, Str id);

// paging.c: cuts a list to the page that Marker and MaxItems ask for and puts it, IsTruncated and Marker into the reply. Items are known by a member (NULL:
// they are texts).
bool iam_page(const Call *call, const Doc *items, const char *key, const char *member, Doc **out, Error *e);
bool iam_has_path_prefix(const Call *call, Str path);

// policies.c
bool iam_policy_find(Turn *turn, Str arn, Doc **out, Error *e); // customer or AWS's (as a document made up for it); NoSuchEntity
bool iam_policy_find_own(Turn *turn, const Call *call, Doc **out, Error *e); // PolicyArn of the input: the customer's own, which can be changed
bool iam_policy_exists(Turn *turn, Str arn);
Str iam_policy_text(Turn *turn, Str arn); // of the default version; STR_NONE: there is no such policy
bool iam_check_arn(Str arn, Error *e); // that it may be one at all
Doc *iam_bounded_by(Turn *turn, const Kind *kind, Str arn); // the users or roles whose boundary the policy is
bool iam_check_document(Turn *turn, Str text, size_t max_bytes, const char *too_long, Error *e);
bool iam_check_trust(Turn *turn, Str text, Error *e);
size_t iam_policy_bytes(Str text); // blanks do not count
Doc *iam_tags(Arena *arena, const Doc *tags); // sorted out: later ones replace earlier ones
bool iam_check_tags(const Call *call, Error *e); // no key twice

CallHandler iam_create_user, iam_get_user, iam_update_user, iam_delete_user, iam_list_users;
CallHandler iam_create_access_key, iam_list_access_keys, iam_update_access_key, iam_delete_access_key, iam_get_access_key_last_used;
CallHandler iam_list_never_made, iam_find_no_login_profile, iam_find_never_made;
CallHandler iam_get_summary, iam_get_password_policy, iam_update_password_policy, iam_delete_password_policy; // account.c
CallHandler iam_create_role, iam_get_role, iam_list_roles, iam_update_role, iam_update_role_description, iam_update_trust, iam_delete_role;
CallHandler iam_create_linked_role, iam_delete_linked_role, iam_linked_role_deletion;
CallHandler iam_create_group, iam_get_group, iam_list_groups, iam_update_group, iam_delete_group, iam_add_user, iam_remove_user,
    iam_list_groups_of_user;
CallHandler iam_put_inline, iam_get_inline, iam_list_inline, iam_delete_inline;
CallHandler iam_attach, iam_detach, iam_list_attached, iam_put_boundary, iam_delete_boundary, iam_list_entities;
CallHandler iam_create_policy, iam_get_policy, iam_list_policies, iam_delete_policy;
CallHandler iam_create_version, iam_get_version, iam_list_versions, iam_set_default_version, iam_delete_version;
CallHandler iam_tag, iam_untag, iam_list_tags;
CallHandler iam_create_profile, iam_get_profile, iam_list_profiles, iam_delete_profile, iam_add_role, iam_remove_role, iam_list_profiles_of_role;
CallHandler iam_simulate_principal, iam_simulate_custom;
CallHandler iam_create_alias, iam_delete_alias, iam_list_aliases;
