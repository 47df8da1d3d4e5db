// Launch: a control plane to talk to: the one that answers, or a new one in the background.
#pragma once

#include "workflow/client.h"

// `data` is the folder for a new one (--data). `*health` is what GET /_rehearse/health says; `*started`: it is new. A new one runs in a session of its own, lets
// its clock jump, and writes to DATA/server.log.
bool launch_plane(const Client *client, Arena *arena, Str data, Doc **health, bool *started, Error *e);
