#include "formats/timestamps.h"

#include "base/error.h"

#include <ctype.h>
#include <math.h>

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

enum { MS_PER_SECOND = 1000, MS_PER_MINUTE = 60000 };
static const int64_t ms_per_day = 86400000;

// Days since 1970 of a civil date and back: era arithmetic of the proleptic Gregorian calendar, years beginning in March.
static int64_t days_of(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

TimeParts time_split(int64_t ms) {
    int64_t days = ms / ms_per_day - (ms % ms_per_day < 0), rest = ms - days * ms_per_day;
    int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    TimeParts parts = {.day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1), .month = (int)(shifted_month + (shifted_month < 10 ? 3 : -9))};
    parts.year = year_of_era + era * 400 + (parts.month <= 2);
    parts.weekday = (int)(((days + 4) % 7 + 7) % 7);
    parts.ms = (int)(rest % 1000);
    parts.second = (int)(rest / 1000 % 60);
    parts.minute = (int)(rest / MS_PER_MINUTE % 60);
    parts.hour = (int)(rest / (60 * MS_PER_MINUTE));
    return parts;
}

int64_t time_join(const TimeParts *parts) {
    int64_t seconds = parts->hour * 3600L + parts->minute * 60L + parts->second;
    return days_of(parts->year, parts->month, parts->day) * ms_per_day + seconds * MS_PER_SECOND + parts->ms;
}

// ---- reading: each `take_` removes what it read from the front of the text

static bool take_char(Str *text, char c) {
    if (text->len == 0 || text->at[0] != c) return false;
    *text = str_from(*text, 1);
    return true;
}

static bool take_digits(Str *text, size_t least, size_t most, int *out) {
    int value = 0;
    size_t count = 0;
    while (count < most && count < text->len && isdigit((unsigned char)text->at[count])) value = value * 10 + (text->at[count++] - '0');
    if (count < least) return false;
    *text = str_from(*text, count);
    *out = value;
    return true;
}

static int days_in_month(int64_t year, int month) {
    return (int)(days_of(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - days_of(year, month, 1));
}

static bool parts_are_valid(const TimeParts *p) {
    bool date = p->month >= 1 && p->month <= 12 && p->day >= 1 && p->day <= days_in_month(p->year, p->month);
    bool midnight = p->hour == 24 && p->minute == 0 && p->second == 0;
    return date && (p->hour <= 23 || midnight) && p->minute <= 59 && p->second <= 60; // 60: a leap second, counted as the next minute's first
}

static void take_fraction(Str *text, TimeParts *parts) {
    if (text->len < 2 || (text->at[0] != '.' && text->at[0] != ',') || !isdigit((unsigned char)text->at[1])) return;
    *text = str_from(*text, 1);
    for (int unit = 100; text->len && isdigit((unsigned char)text->at[0]); unit /= 10, *text = str_from(*text, 1))
        parts->ms += (text->at[0] - '0') * unit;
}

// "+01:00", "-0130", "+01"; adds to `*offset_ms`.
static bool take_offset(Str *text, int64_t *offset_ms) {
    int sign = text->at[0] == '-' ? -1 : 1, hours, minutes = 0;
    *text = str_from(*text, 1);
    TRY(take_digits(text, 2, 2, &hours));
    bool colon = take_char(text, ':');
    if (!take_digits(text, 2, 2, &minutes) && colon) return false;
    *offset_ms = sign * (hours * 60L + minutes) * MS_PER_MINUTE;
    return hours <= 23 && minutes <= 59;
}

static bool take_zone(Str *text, int64_t *offset_ms) {
    if (text->len == 0 || take_char(text, 'Z') || take_char(text, 'z')) return true;
    return (text->at[0] == '+' || text->at[0] == '-') && take_offset(text, offset_ms);
}

static bool take_date(Str *text, TimeParts *parts) {
    int year;
    TRY(take_digits(text, 4, 4, &year));
    parts->year = year;
    bool dashes = take_char(text, '-');
    TRY(take_digits(text, 2, 2, &parts->month));
    if (dashes && !take_char(text, '-')) return false;
    return take_digits(text, 2, 2, &parts->day);
}

static bool take_clock(Str *text, TimeParts *parts) {
    TRY(take_digits(text, 2, 2, &parts->hour));
    bool colons = take_char(text, ':');
    TRY(take_digits(text, 2, 2, &parts->minute));
    bool seconds = colons ? take_char(text, ':') : text->len && isdigit((unsigned char)text->at[0]);
    if (!seconds) return true;
    TRY(take_digits(text, 2, 2, &parts->second));
    take_fraction(text, parts);
    return true;
}

bool time_parse_iso8601(Str text, int64_t *ms) {
    TimeParts parts = {0};
    int64_t offset_ms = 0;
    TRY(take_date(&text, &parts));
    bool has_clock = text.len && (take_char(&text, 'T') || take_char(&text, 't') || take_char(&text, ' '));
    if (has_clock && !(take_clock(&text, &parts) && take_zone(&text, &offset_ms))) return false;
    if (text.len || !parts_are_valid(&parts)) return false;
    *ms = time_join(&parts) - offset_ms;
    return true;
}

static void skip_blanks(Str *text) {
    while (take_char(text, ' ')) {}
}

static Str take_word(Str *text) {
    size_t len = 0;
    while (len < text->len && isalpha((unsigned char)text->at[len])) len++;
    Str word = str_sub(*text, 0, len);
    *text = str_from(*text, len);
    return word;
}

static bool take_month(Str *text, int *month) {
    Str word = take_word(text);
    for (int i = 0; i < 12; i++) {
        if (!str_eq_nocase(word, str_of(months[i]))) continue;
        *month = i + 1;
        return true;
    }
    return false;
}

static bool take_year(Str *text, int64_t *year) {
    size_t before = text->len;
    int value;
    TRY(take_digits(text, 2, 4, &value));
    bool two_digits = before - text->len == 2; // RFC 822 and RFC 850; the window is that of RFC 2822
    *year = two_digits ? value + (value < 50 ? 2000 : 1900) : value;
    return true;
}

// Zones by name, RFC 822 section 5.1; hours from UTC.
static const struct {
    Str name;
    int hours;
} zones[] = {
    {STR_INIT("GMT"), 0},  {STR_INIT("UTC"), 0},  {STR_INIT("UT"), 0},   {STR_INIT("Z"), 0},    {STR_INIT("EST"), -5}, {STR_INIT("EDT"), -4},
    {STR_INIT("CST"), -6}, {STR_INIT("CDT"), -5}, {STR_INIT("MST"), -7}, {STR_INIT("MDT"), -6}, {STR_INIT("PST"), -8}, {STR_INIT("PDT"), -7},
};

static bool take_named_zone(Str *text, int64_t *offset_ms) {
    skip_blanks(text);
    if (text->len == 0) return true;
    if (text->at[0] == '+' || text->at[0] == '-') return take_offset(text, offset_ms);
    Str word = take_word(text);
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        if (!str_eq_nocase(word, zones[i].name)) continue;
        *offset_ms = zones[i].hours * 60L * MS_PER_MINUTE;
        return true;
    }
    return false;
}

// "02 Jan 2026 03:04:05 GMT", "02-Jan-26 03:04:05 GMT"
static bool take_day_first(Str *text, TimeParts *parts) {
    TRY(take_digits(text, 1, 2, &parts->day));
    char separator = take_char(text, '-') ? '-' : ' ';
    if (separator == ' ') skip_blanks(text);
    TRY(take_month(text, &parts->month));
    if (separator == '-' && !take_char(text, '-')) return false;
    skip_blanks(text);
    TRY(take_year(text, &parts->year));
    skip_blanks(text);
    return take_clock(text, parts);
}

// asctime: "Jan  2 03:04:05 2026"
static bool take_month_first(Str *text, TimeParts *parts) {
    TRY(take_month(text, &parts->month));
    skip_blanks(text);
    TRY(take_digits(text, 1, 2, &parts->day));
    skip_blanks(text);
    TRY(take_clock(text, parts));
    skip_blanks(text);
    return take_year(text, &parts->year);
}

static bool is_weekday(Str word) {
    for (int i = 0; i < 7; i++) {
        if (word.len >= 3 && str_eq_nocase(str_sub(word, 0, 3), str_of(weekdays[i]))) return true;
    }
    return false;
}

bool time_parse_http(Str text, int64_t *ms) {
    TimeParts parts = {0};
    int64_t offset_ms = 0;
    text = str_trim(text);
    Str after = text;
    if (is_weekday(take_word(&after))) {
        text = after;
        take_char(&text, ',');
        skip_blanks(&text);
    }
    bool day_first = text.len && isdigit((unsigned char)text.at[0]);
    TRY(day_first ? take_day_first(&text, &parts) : take_month_first(&text, &parts));
    TRY(take_named_zone(&text, &offset_ms));
    if (text.len || !parts_are_valid(&parts)) return false;
    *ms = time_join(&parts) - offset_ms;
    return true;
}

bool time_parse_epoch(Str text, int64_t *ms) {
    int64_t whole;
    double seconds;
    if (str_to_int(text, &whole) && whole < INT64_MAX / 1000 && whole > INT64_MIN / 1000) {
        *ms = whole * 1000;
        return true;
    }
    if (!str_to_double(text, &seconds) || !(fabs(seconds) < 9e12)) return false;
    *ms = (int64_t)llround(seconds * 1000);
    return true;
}

bool time_parse_any(Str text, int64_t *ms) { return time_parse_iso8601(text, ms) || time_parse_http(text, ms) || time_parse_epoch(text, ms); }

// ---- writing

static Str iso8601(Arena *arena, int64_t ms, bool fraction) {
    TimeParts p = time_split(ms);
    Str seconds = str_format(arena, "%04d-%02d-%02dT%02d:%02d:%02d", (int)p.year, p.month, p.day, p.hour, p.minute, p.second);
    return fraction ? str_format(arena, "%.*s.%03dZ", STR_ARG(seconds), p.ms) : str_cat(arena, seconds, STR("Z"));
}

Str time_iso8601(Arena *arena, int64_t ms) { return iso8601(arena, ms, ms % 1000 != 0); }
Str time_iso8601_ms(Arena *arena, int64_t ms) { return iso8601(arena, ms, true); }

Str time_iso8601_basic(Arena *arena, int64_t ms) {
    TimeParts p = time_split(ms);
    return str_format(arena, "%04d%02d%02dT%02d%02d%02dZ", (int)p.year, p.month, p.day, p.hour, p.minute, p.second);
}

static void put_digits(char *to, int count, int64_t number) {
    for (; count; number /= 10) to[--count] = (char)('0' + number % 10);
}

// In every reply: hence without a format.
Str time_http(Arena *arena, int64_t ms) {
    static const char form[] = "Www, DD Mmm YYYY hh:mm:ss GMT";
    TimeParts p = time_split(ms);
    char *text = arena_copy(arena, form, sizeof form);
    memcpy(text, weekdays[p.weekday], 3);
    put_digits(text + 5, 2, p.day);
    memcpy(text + 8, months[p.month - 1], 3);
    put_digits(text + 12, 4, p.year);
    put_digits(text + 17, 2, p.hour);
    put_digits(text + 20, 2, p.minute);
    put_digits(text + 23, 2, p.second);
    return (Str){text, sizeof form - 1};
}

Str time_rfc822(Arena *arena, int64_t ms) { return time_http(arena, ms); }
