// Fail points: places where a crash is most telling, numbered as they are passed. `rehearse up --crash-at N` ends the process, as kill -9 would, at the
// N-th, which makes every crash reproducible; a test walks all N of a scenario.
#pragma once

#include <stdint.h>

void failpoint_arm(int64_t crash_at); // 0: never
void failpoint(const char *name); // on the turn thread only
int64_t failpoints_passed(void); // on any thread; GET /_rehearse/health shows it, so that a test knows how many there are
