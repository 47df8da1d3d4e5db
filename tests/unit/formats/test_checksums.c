#include "formats/checksums.h"

#include "unit.h"

static const Str nine = STR_INIT("123456789");

static void check_values_of_the_catalogue_hold(void **state) {
    assert_int_equal(crc32_update(0, nine), 0xcbf43926);
    assert_int_equal(crc32c_update(0, nine), 0xe3069283);
    assert_true(crc64nvme_update(0, nine) == 0xae8b14860a799888);
}

static void parts_give_what_the_whole_gives(void **state) {
    char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 31 >> 2);
    Str whole = {bytes, sizeof bytes};
    for (size_t cut = 0; cut < sizeof bytes; cut += 37) {
        Str head = str_sub(whole, 0, cut), tail = str_from(whole, cut);
        assert_int_equal(crc32_update(crc32_update(0, head), tail), crc32_update(0, whole));
        assert_int_equal(crc32c_update(crc32c_update(0, head), tail), crc32c_update(0, whole));
        assert_true(crc64nvme_update(crc64nvme_update(0, head), tail) == crc64nvme_update(0, whole));
    }
}

// One byte at a time passes by the fast ways; so both must agree.
static void fast_and_slow_ways_agree(void **state) {
    static char bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * i >> 3);
    for (size_t len = 0; len < sizeof bytes; len += 61) {
        uint32_t crc = 0, crc_c = 0;
        uint64_t crc_64 = 0;
        for (size_t i = 0; i < len; i++) {
            crc = crc32_update(crc, (Str){bytes + i, 1});
            crc_c = crc32c_update(crc_c, (Str){bytes + i, 1});
            crc_64 = crc64nvme_update(crc_64, (Str){bytes + i, 1});
        }
        assert_int_equal(crc, crc32_update(0, (Str){bytes, len}));
        assert_int_equal(crc_c, crc32c_update(0, (Str){bytes, len}));
        assert_true(crc_64 == crc64nvme_update(0, (Str){bytes, len}));
    }
}

static void results_read_as_s3_shows_them(void **state) {
    static const char *const expected[CHECKSUM_KINDS] = {
        "y/Q5Jg==", "4waSgw==", "rosUhgp5mIg=", "98O8HYCOBHMqCzZZZFdhkj5qyZE=", "FeKw08M4kejWYW8vCz6R7+jx5S0GVFFMPd4i3VEVbfc="};
    AUTO_ARENA arena = arena_new();
    for (int kind = 0; kind < CHECKSUM_KINDS; kind++) {
        Checksum sum;
        checksum_init(&sum, (ChecksumKind)kind);
        checksum_update(&sum, STR("1234"));
        checksum_update(&sum, STR("56789"));
        if (kind != CHECKSUM_SHA1 && kind != CHECKSUM_SHA256) {
            assert_string_equal(str_c(arena, checksum_final_base64(&sum, arena)), expected[kind]);
        } else {
            assert_string_equal(str_c(arena, checksum_final_base64(&sum, arena)),
                                str_c(arena, digest_base64(arena, kind == CHECKSUM_SHA1 ? DIGEST_SHA1 : DIGEST_SHA256, nine)));
        }
        checksum_done(&sum);
    }
}

static void names_are_those_of_s3(void **state) {
    ChecksumKind kind;
    assert_true(checksum_by_name(STR("crc64nvme"), &kind));
    assert_int_equal(kind, CHECKSUM_CRC64NVME);
    assert_false(checksum_by_name(STR("MD5"), &kind));
}

static void digests_match_their_standards(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_string_equal(str_c(arena, digest_hex(arena, DIGEST_MD5, STR(""))), "d41d8cd98f00b204e9800998ecf8427e");
    assert_string_equal(str_c(arena, digest_hex(arena, DIGEST_MD5, STR("abc"))), "900150983cd24fb0d6963f7d28e17f72");
    assert_string_equal(str_c(arena, digest_hex(arena, DIGEST_SHA1, STR("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_string_equal(str_c(arena, digest_hex(arena, DIGEST_SHA256, STR("abc"))),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void hmac_matches_rfc_4231(void **state) {
    AUTO_ARENA arena = arena_new();
    Str hex = hmac_sha256_hex(arena, STR("Jefe"), STR("what do ya want for nothing?"));
    assert_string_equal(str_c(arena, hex), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    char key[131];
    memset(key, 0xaa, sizeof key);
    hex = hmac_sha256_hex(arena, (Str){key, sizeof key}, STR("Test Using Larger Than Block-Size Key - Hash Key First"));
    assert_string_equal(str_c(arena, hex), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void a_digest_can_be_used_again(void **state) {
    uint8_t first[SHA256_BYTES], second[SHA256_BYTES];
    Digest digest;
    digest_init(&digest, DIGEST_SHA256);
    digest_update(&digest, STR("abc"));
    digest_final(&digest, first);
    digest_update(&digest, STR("abc"));
    digest_final(&digest, second);
    digest_done(&digest);
    assert_memory_equal(first, second, sizeof first);
    assert_true(bytes_equal_in_constant_time(digest_str(first, sizeof first), digest_str(second, sizeof second)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_of_the_catalogue_hold),
        cmocka_unit_test(parts_give_what_the_whole_gives),
        cmocka_unit_test(fast_and_slow_ways_agree),
        cmocka_unit_test(results_read_as_s3_shows_them),
        cmocka_unit_test(names_are_those_of_s3),
        cmocka_unit_test(digests_match_their_standards),
        cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(a_digest_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
