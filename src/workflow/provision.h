// Provision: performs a plan by ordinary API calls, so that everything it makes is visible through the API. Doing it again changes only what differs.
#pragma once

#include "workflow/client.h"
#include "workflow/plan.h"

bool provision_place(const Client *client, Arena *arena, Place *out, Error *e); // who and where we are
// All that must be there before the first push: roles, bucket, repository, tables, instances, projects, deployment groups.
bool provision_world(const Client *client, Arena *arena, const Application *application, Place place, Error *e);
// Creates or updates the pipeline. `*created`: it starts by itself then.
bool provision_pipeline(const Client *client, Arena *arena, const Application *application, Place place, bool *created, Error *e);
bool provision_has_pipeline(const Client *client, Arena *arena, Str name);
