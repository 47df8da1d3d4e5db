// Which actions and condition keys the policy of a bucket can name, after the service authorization reference. Names are compared without regard to case.
#pragma once

#include "base/str.h"

// Does an action, or one that a pattern ("s3:Get*") stands for, apply to buckets or to objects, as far as they are asked for?
bool policy_action_applies(Arena *arena, Str action, bool buckets, bool objects);
bool policy_key_is_known(Str key); // keys of all services ("aws:…") are
// Does S3 tell this key of requests for the action? A pattern is not asked.
bool policy_key_applies(Str key, Str action);
