// Timestamps: points in time as text. Inside, a time is milliseconds since 1970 (UTC); leap seconds do not exist.
//
// Readers take the whole string or refuse it; `*ms` stays untouched then. They accept what AWS clients send, which is more than the
// standards say: fractions of any length (cut to milliseconds), offsets, a missing zone (UTC), a blank in place of the "T".
#pragma once

#include "base/str.h"

// A moment taken apart, UTC.
typedef struct TimeParts {
    int64_t year;
    int month, day; // from 1
    int hour, minute, second, ms;
    int weekday; // 0 is Sunday; ignored by time_join
} TimeParts;

TimeParts time_split(int64_t ms);
int64_t time_join(const TimeParts *parts);

// 2026-01-02T03:04:05.678Z · 2026-01-02T03:04:05+01:00 · 2026-01-02 03:04 · 2026-01-02 · 20260102T030405Z
bool time_parse_iso8601(Str text, int64_t *ms);
// RFC 1123, RFC 822 (two-digit years, "+0100", "UT", "EST" …), RFC 850 and asctime; the weekday is optional and not checked.
bool time_parse_http(Str text, int64_t *ms);
// 1767323045 · 1767323045.678 · 1.767323045E9
bool time_parse_epoch(Str text, int64_t *ms);
bool time_parse_any(Str text, int64_t *ms); // any of the three

Str time_iso8601(Arena *arena, int64_t ms); // 2026-01-02T03:04:05.678Z; without the fraction when it is 0
Str time_iso8601_basic(Arena *arena, int64_t ms); // 20260102T030405Z, as SigV4 writes it
Str time_iso8601_ms(Arena *arena, int64_t ms); // 2026-01-02T03:04:05.000Z: always three decimals, as S3's listings
Str time_http(Arena *arena, int64_t ms); // Fri, 02 Jan 2026 03:04:05 GMT
Str time_rfc822(Arena *arena, int64_t ms); // the same text: the "rfc822" format of AWS's models
