// All services that are built. One line each.
#include "plane/service.h"

extern const Service EC2_SERVICE;

const Service *const SERVICES[] = {
    &EC2_SERVICE,
    NULL,
};
