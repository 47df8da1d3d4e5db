// The clock of sandboxes: DATA/clock, mapped, read by the preloaded library (preload/plane_time.c).
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

bool clock_open(SandboxHost *host, Error *e) {
    char path[SANDBOX_PATH_BYTES];
    snprintf(path, sizeof path, "%s/clock", host->data);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return fail_errno(e, errno, "%s", path);
    void *at = ftruncate(fd, sizeof *host->clock) == 0 ? mmap(NULL, sizeof *host->clock, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    int error = errno;
    close(fd);
    if (at == MAP_FAILED) return fail_errno(e, error, "%s", path);
    host->clock = at;
    if (!atomic_load(&host->clock->version)) sandbox_host_set_clock(host, 0, 0, 1); // a new one shows real time
    return true;
}

void clock_close(SandboxHost *host) {
    if (host->clock) munmap(host->clock, sizeof *host->clock);
}

void sandbox_host_set_clock(SandboxHost *host, int64_t real_ms, int64_t plane_ms, double scale) {
    plane_clock_write(host->clock, (PlaneClockCopy){real_ms, plane_ms, scale});
}
