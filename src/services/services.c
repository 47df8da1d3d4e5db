// All services that are built. One line each.
#include "plane/service.h"

const Service *const SERVICES[] = {
    NULL,
};
