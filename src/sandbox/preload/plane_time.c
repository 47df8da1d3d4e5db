// Plane time inside sandboxes: preloaded into every dynamic program of a sandbox that asks for it, it adds the plane's offset to
// CLOCK_REALTIME. All other clocks, and so all waiting, stay real.
//
// The clock is a file (PlaneClock, the machine's byte order) that the server keeps mapped and changes in place; each process maps it once. Absolute deadlines on
// the real-time clock, which programs compute from what they read here, are moved back before the kernel sees them; a deadline below FIRST_REALTIME belongs to the
// monotonic clock.
#include "sandbox/preload/plane_clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_REALTIME = 1000000000 }; // 2001: no machine is up for so many seconds

static const PlaneClock *plane_clock;

__attribute__((constructor)) static void map_clock(void) {
    const char *path = getenv("REHEARSE_CLOCK");
    int fd = open(path ? path : "/run/rehearse/clock", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    void *at = mmap(NULL, sizeof *plane_clock, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED) plane_clock = at;
}

static struct timespec moved(struct timespec t, int64_t ms) {
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    if (t.tv_nsec < 0) t.tv_sec--, t.tv_nsec += 1000000000;
    return t;
}

static int64_t to_ms(const struct timespec *t) { return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000; }

static struct timespec plane_of(struct timespec real) {
    if (!plane_clock) return real;
    int64_t ms = to_ms(&real);
    return moved(real, plane_clock_at(plane_clock, ms) - ms);
}

static struct timespec real_deadline(const struct timespec *deadline) {
    if (!plane_clock || deadline->tv_sec < FIRST_REALTIME) return *deadline;
    int64_t ms = to_ms(deadline);
    return moved(*deadline, plane_clock_real(plane_clock, ms) - ms);
}

// The next definition of a function, found once. A function pointer through void *: POSIX allows what ISO C does not name.
#define NEXT(name)                        \
    static __typeof__(name) *next_##name; \
    if (!next_##name) *(void **)&next_##name = dlsym(RTLD_NEXT, #name)

int clock_gettime(clockid_t clock, struct timespec *out) {
    NEXT(clock_gettime);
    int status = next_clock_gettime ? next_clock_gettime(clock, out) : (int)syscall(SYS_clock_gettime, clock, out);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *out = plane_of(*out);
    return status;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    if (zone) *(struct timezone *)zone = (struct timezone){0};
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *out, int base) {
    if (base != TIME_UTC) return 0;
    clock_gettime(CLOCK_REALTIME, out);
    return base;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left) {
    NEXT(clock_nanosleep);
    if (clock != CLOCK_REALTIME || !(flags & TIMER_ABSTIME)) return next_clock_nanosleep(clock, flags, wanted, left);
    struct timespec deadline = real_deadline(wanted);
    return next_clock_nanosleep(clock, flags, &deadline, left);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
    NEXT(pthread_cond_timedwait);
    struct timespec deadline = real_deadline(until);
    return next_pthread_cond_timedwait(condition, mutex, &deadline);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
    NEXT(pthread_mutex_timedlock);
    struct timespec deadline = real_deadline(until);
    return next_pthread_mutex_timedlock(mutex, &deadline);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    NEXT(sem_timedwait);
    struct timespec deadline = real_deadline(until);
    return next_sem_timedwait(semaphore, &deadline);
}

int pthread_cond_clockwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, clockid_t clock,
                           const struct timespec *restrict until) {
    NEXT(pthread_cond_clockwait);
    struct timespec deadline = clock == CLOCK_REALTIME ? real_deadline(until) : *until;
    return next_pthread_cond_clockwait(condition, mutex, clock, &deadline);
}

int sem_clockwait(sem_t *restrict semaphore, clockid_t clock, const struct timespec *restrict until) {
    NEXT(sem_clockwait);
    struct timespec deadline = clock == CLOCK_REALTIME ? real_deadline(until) : *until;
    return next_sem_clockwait(semaphore, clock, &deadline);
}

// Timers say which clock they follow when they are made; by their first deadline one sees as much.
static struct itimerspec real_timer(const struct itimerspec *wanted, bool absolute) {
    struct itimerspec timer = *wanted;
    bool armed = timer.it_value.tv_sec || timer.it_value.tv_nsec;
    if (absolute && armed) timer.it_value = real_deadline(&timer.it_value);
    return timer;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *wanted, struct itimerspec *old) {
    NEXT(timerfd_settime);
    struct itimerspec timer = real_timer(wanted, flags & TFD_TIMER_ABSTIME);
    return next_timerfd_settime(fd, flags, &timer, old);
}

int timer_settime(timer_t id, int flags, const struct itimerspec *restrict wanted, struct itimerspec *restrict old) {
    NEXT(timer_settime);
    struct itimerspec timer = real_timer(wanted, flags & TIMER_ABSTIME);
    return next_timer_settime(id, flags, &timer, old);
}
