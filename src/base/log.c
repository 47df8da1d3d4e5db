#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 4096 };

static const char *const NAMES[] = {"debug", "info", "warn", "error"};
static _Atomic LogLevel least_level = LOG_INFO;

void log_set_level(LogLevel least) { atomic_store(&least_level, least); }

void log_line(LogLevel level, const char *format, ...) {
    if (level < atomic_load_explicit(&least_level, memory_order_relaxed)) return;
    char line[LINE_BYTES];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    len += (size_t)snprintf(line + len, sizeof line - len, ".%03ldZ %-5s ", now.tv_nsec / 1000000, NAMES[level]);
    va_list args;
    va_start(args, format);
    int body = vsnprintf(line + len, sizeof line - len - 1, format, args);
    va_end(args);
    if (body > 0) len += (size_t)body;
    if (len > sizeof line - 1) len = sizeof line - 1;
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0) return; // nowhere to say so
}
