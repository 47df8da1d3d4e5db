// Log: one line an event to standard error, for whoever runs the server. Errors that travel are not logged here (see base/error.h).
#pragma once

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

void log_set_level(LogLevel least); // default LOG_INFO
void log_line(LogLevel level, const char *format, ...) __attribute__((format(printf, 2, 3))); // thread-safe, one write(2)

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
