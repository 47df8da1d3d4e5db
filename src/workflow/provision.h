// Provision: performs a plan by ordinary API calls, so that everything it makes is visible through the API. Doing it again changes only what differs.
#pragma once

#include "workflow/client.h"
#include "workflow/plan.h"

bool provision_place(const Client *client, Arena *arena, Place *out, Error *e); // who and where we are
// All that must be there before the first push: roles, bucket, repository, tables, instances, projects, deployment groups. What rehearse.yaml no longer says of
// its instances is taken back: ports that are admitted, surplus instances (the newest first), instances of names that it no longer has; what is stopped is started.
// A line for each goes into `notes` (Str). Code "table": a table that is there has another key; nothing is changed then.
bool provision_world(const Client *client, Arena *arena, const Application *application, Place place, Vec *notes, Error *e);
bool provision_instances(const Client *client, Arena *arena, const Application *application, Vec *notes, Error *e);
bool provision_ports(const Client *client, Arena *arena, const Application *application, const Instance *instance, Vec *notes, Str *group_id,
                     Error *e); // of its security group
void provision_filter(Arena *arena, Doc *list, const char *name, Str value); // one of EC2's
bool provision_check_tables(const Client *client, Arena *arena, const Application *application, Error *e);
// Creates or updates the pipeline. `*created`: it starts by itself then.
bool provision_pipeline(const Client *client, Arena *arena, const Application *application, Place place, bool *created, Error *e);
bool provision_has_pipeline(const Client *client, Arena *arena, Str name);
