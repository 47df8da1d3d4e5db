#include "services/dynamodb/decimal.h"

#include "base/buf.h"

enum {
    EXPONENT_MOST = 126,
    EXPONENT_LEAST = -129,
    PLACES = EXPONENT_MOST - EXPONENT_LEAST + DECIMAL_DIGITS + 2,
    TEXT_BYTES = 512,
    EXPONENT_CHARACTERS = 18
};

static bool fail_number(Error *e, Str text) {
    return fail(e, "ValidationException", "The parameter cannot be converted to a numeric value: %.*s", STR_ARG(text));
}

static bool fail_digits(Error *e) { return fail(e, "ValidationException", "Attempting to store more than 38 significant digits in a Number"); }

// Drops zeros at both ends and checks the bounds. `digits` may have any number of them.
static bool settle(const uint8_t *digits, int count, int64_t exponent, bool negative, Decimal *out, Error *e) {
    while (count > 0 && digits[count - 1] == 0) count--;
    while (count > 0 && digits[0] == 0) {
        digits++;
        count--;
        exponent--;
    }
    Decimal number = {.count = count};
    if (count > DECIMAL_DIGITS) return fail_digits(e);
    if (count > 0) {
        if (exponent > EXPONENT_MOST)
            return fail(e, "ValidationException", "Number overflow. Attempting to store a number with magnitude larger than supported range");
        if (exponent < EXPONENT_LEAST)
            return fail(e, "ValidationException", "Number underflow. Attempting to store a number with magnitude smaller than supported range");
        number.negative = negative;
        number.exponent = (int)exponent;
        memcpy(number.digits, digits, (size_t)count);
    }
    *out = number;
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits on both sides of the point; leading zeros are not kept. False: none at all, or more than fit.
typedef struct Digits {
    uint8_t at[TEXT_BYTES];
    int count;
    int64_t exponent; // 0.AT × 10^exponent
    bool any;
} Digits;

static bool read_digits(Str *rest, Digits *out) {
    bool point = false;
    for (; rest->len && (is_digit(rest->at[0]) || (rest->at[0] == '.' && !point)); *rest = str_from(*rest, 1)) {
        if (rest->at[0] == '.') {
            point = true;
            continue;
        }
        uint8_t digit = (uint8_t)(rest->at[0] - '0');
        out->any = true;
        bool leading = digit == 0 && out->count == 0;
        if (!point && !leading) out->exponent++;
        if (point && leading) out->exponent--;
        if (leading) continue;
        if (out->count == TEXT_BYTES) return false;
        out->at[out->count++] = digit;
    }
    return out->any;
}

bool decimal_parse(Str text, Decimal *out, Error *e) {
    Str rest = text;
    Digits digits = {0};
    int64_t shift = 0;
    bool negative = rest.len && rest.at[0] == '-';
    if (rest.len && (rest.at[0] == '-' || rest.at[0] == '+')) rest = str_from(rest, 1);
    if (!read_digits(&rest, &digits)) return fail_number(e, text);
    if (rest.len && (rest.at[0] == 'e' || rest.at[0] == 'E')) {
        rest = str_from(rest, 1);
        if (rest.len > 1 && rest.at[0] == '+' && is_digit(rest.at[1])) rest = str_from(rest, 1);
        if (rest.len > EXPONENT_CHARACTERS || !str_to_int(rest, &shift)) return fail_number(e, text);
        rest = STR_NONE;
    }
    if (rest.len) return fail_number(e, text);
    return settle(digits.at, digits.count, digits.exponent + shift, negative, out, e);
}

Str decimal_text(Arena *arena, const Decimal *number) {
    char text[TEXT_BYTES];
    size_t at = 0;
    if (number->count == 0) return STR("0");
    if (number->negative) text[at++] = '-';
    if (number->exponent <= 0) {
        text[at++] = '0';
        text[at++] = '.';
        for (int i = number->exponent; i < 0; i++) text[at++] = '0';
    }
    for (int i = 0; i < number->count; i++) {
        if (i == number->exponent && i > 0) text[at++] = '.';
        text[at++] = (char)('0' + number->digits[i]);
    }
    for (int i = number->count; i < number->exponent; i++) text[at++] = '0';
    return str_copy(arena, (Str){text, at});
}

static int compare_magnitude(const Decimal *a, const Decimal *b) {
    if (!a->count || !b->count) return a->count - b->count;
    if (a->exponent != b->exponent) return a->exponent < b->exponent ? -1 : 1;
    int common = a->count < b->count ? a->count : b->count;
    int order = memcmp(a->digits, b->digits, (size_t)common);
    return order ? order : a->count - b->count;
}

int decimal_cmp(const Decimal *a, const Decimal *b) {
    if (a->negative != b->negative) return a->negative ? -1 : 1;
    int order = compare_magnitude(a, b);
    return a->negative ? -order : order;
}

Decimal decimal_negate(const Decimal *number) {
    Decimal negated = *number;
    if (number->count) negated.negative = !number->negative;
    return negated;
}

// Written over fixed places: place 0 is 10^EXPONENT_MOST, so that both operands stand one below the other.
static void spread(const Decimal *number, uint8_t places[PLACES]) {
    memset(places, 0, PLACES);
    for (int i = 0; i < number->count; i++) places[EXPONENT_MOST + 1 - number->exponent + i] = number->digits[i];
}

static void add_places(const uint8_t *a, const uint8_t *b, uint8_t *sum) {
    int carry = 0;
    for (int i = PLACES - 1; i >= 0; i--) {
        int digit = a[i] + b[i] + carry;
        sum[i] = (uint8_t)(digit % 10);
        carry = digit / 10;
    }
}

static void subtract_places(const uint8_t *larger, const uint8_t *smaller, uint8_t *difference) {
    int borrow = 0;
    for (int i = PLACES - 1; i >= 0; i--) {
        int digit = larger[i] - smaller[i] - borrow;
        borrow = digit < 0;
        difference[i] = (uint8_t)(digit + (borrow ? 10 : 0));
    }
}

bool decimal_add(const Decimal *a, const Decimal *b, Decimal *out, Error *e) {
    uint8_t left[PLACES], right[PLACES], result[PLACES];
    bool a_larger = compare_magnitude(a, b) >= 0;
    spread(a_larger ? a : b, left);
    spread(a_larger ? b : a, right);
    if (a->negative == b->negative)
        add_places(left, right, result);
    else
        subtract_places(left, right, result);
    return settle(result, PLACES, EXPONENT_MOST + 1, a_larger ? a->negative : b->negative, out, e);
}

// sign (1: negative, 2: zero, 3: positive), exponent, digits; all turned over when negative, with an end mark so that -1.2 stands above -1.23.
Str decimal_key(Arena *arena, const Decimal *number) {
    uint8_t key[DECIMAL_DIGITS + 4];
    size_t at = 0;
    int exponent = number->exponent - EXPONENT_LEAST + 1; // 1 to 256
    key[at++] = number->count == 0 ? 2 : number->negative ? 1 : 3;
    if (number->count == 0) return str_copy(arena, (Str){(const char *)key, at});
    key[at++] = (uint8_t)(1 + exponent / 128);
    key[at++] = (uint8_t)(1 + exponent % 128);
    for (int i = 0; i < number->count; i++) key[at++] = (uint8_t)(number->digits[i] + 1);
    for (size_t i = 1; i < at && number->negative; i++) key[i] = (uint8_t)(0xFF - key[i]);
    if (number->negative) key[at++] = 0xFF;
    return str_copy(arena, (Str){(const char *)key, at});
}
