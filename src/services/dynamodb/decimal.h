// Decimal: DynamoDB's numbers: up to 38 significant digits, magnitudes from 1E-130 to 9.99…E+125.
//
// The value is 0.DIGITS × 10^exponent. No zeros at either end of the digits; zero has none, and exponent 0.
#pragma once

#include "base/error.h"

enum { DECIMAL_DIGITS = 38 };

typedef struct Decimal {
    bool negative;
    int count, exponent;
    uint8_t digits[DECIMAL_DIGITS]; // 0 to 9
} Decimal;

bool decimal_parse(Str text, Decimal *out, Error *e); // ValidationException, in DynamoDB's words
Str decimal_text(Arena *arena, const Decimal *number); // without an exponent, as DynamoDB shows numbers
int decimal_cmp(const Decimal *a, const Decimal *b);
bool decimal_add(const Decimal *a, const Decimal *b, Decimal *out, Error *e); // fails when the sum has too many digits or is too large
Decimal decimal_negate(const Decimal *number);
Str decimal_key(Arena *arena, const Decimal *number); // bytes in the order of the numbers; no byte is 0
