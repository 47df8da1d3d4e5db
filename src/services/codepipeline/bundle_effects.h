// The service's own effects: see bundle_effects.c for their arguments and events.
#pragma once

#include "plane/effects.h"

extern const EffectType BUNDLE_UNPACK, SPOOL_REMOVE;
