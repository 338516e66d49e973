/*
 * selfcheck.c - every command both ways, every truncation refused, seeded
 * garbage survived; the GSM table against the standard's own rows.
 */
#include "selfcheck.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "hist.h"
#include "script.h"
#include "smpp.h"
#include "text.h"

static unsigned checks, failures;

static void check(bool ok, const char *what, long detail)
{
    checks++;
    if (ok)
        return;
    failures++;
    printf("FAILED %s (%ld)\n", what, detail);
}

static uint32_t random_state;

static uint32_t random_next(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static const uint32_t commands[] = {
    SMPP_BIND_RECEIVER, SMPP_BIND_TRANSMITTER, SMPP_BIND_TRANSCEIVER, SMPP_SUBMIT_SM, SMPP_DELIVER_SM, SMPP_DATA_SM,
    SMPP_UNBIND, SMPP_ENQUIRE_LINK, SMPP_BIND_RECEIVER | SMPP_RESP, SMPP_BIND_TRANSMITTER | SMPP_RESP,
    SMPP_BIND_TRANSCEIVER | SMPP_RESP, SMPP_SUBMIT_SM | SMPP_RESP, SMPP_DELIVER_SM | SMPP_RESP,
    SMPP_DATA_SM | SMPP_RESP, SMPP_UNBIND | SMPP_RESP, SMPP_ENQUIRE_LINK | SMPP_RESP, SMPP_GENERIC_NACK,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* All fields filled; those that the command does not have are not written. */
static struct smpp_pdu sample(uint32_t command, const uint8_t *text, size_t n)
{
    static const uint8_t op[] = { 2 }, its[] = { 0x1a, 0x02 };
    struct smpp_pdu p = {
        .command = command, .sequence = 77, .system_id = "ussd", .password = "secret", .system_type = "USSD",
        .address_range = "^333", .interface_version = 0x34, .addr_ton = 1, .addr_npi = 1, .service_type = "USSD",
        .source = { 1, 1, "8801711000001" }, .dest = { 0, 1, "*333#" }, .esm_class = 0x40, .protocol_id = 3,
        .priority = 2, .registered = 1, .replace = 1, .data_coding = 0x0f, .default_msg = 9,
        .schedule = "000000000500000R", .validity = "000000000100000R", .text = text, .text_len = n,
        .message_id = "4711",
    };

    smpp_tlv_add(&p, SMPP_TAG_USSD_SERVICE_OP, op, sizeof(op));
    smpp_tlv_add(&p, SMPP_TAG_ITS_SESSION_INFO, its, sizeof(its));
    return p;
}

static void check_round_trip(uint32_t command)
{
    static const uint8_t text[] = "Huduma\n1. Salio\n2. Taarifa";
    struct smpp_pdu in = sample(command, text, sizeof(text) - 1), out;
    uint8_t a[1024], b[1024];
    uint32_t status;
    size_t n = smpp_encode(&in, a, sizeof(a)), len;

    check(n >= SMPP_HEADER, "encode", (long)command);
    check(smpp_decode(a, n, &out, &status) == SMPP_OK, "decode", (long)command);
    check(out.command == command && out.sequence == 77 && out.tlv_count == 2, "header and TLVs", (long)command);
    check(smpp_encode(&out, b, sizeof(b)) == n && memcmp(a, b, n) == 0, "encode(decode(x)) == x", (long)command);
    for (size_t k = 0; k < n; k++)
        check(smpp_frame(a, k, &len) == SMPP_MORE, "a prefix is MORE", (long)k);
    for (size_t k = 1; k < n; k++)
        check(smpp_encode(&in, b, n - k) == 0, "too small a buffer is refused", (long)k);
    /* cut short with an honest length: fields or TLVs are missing, but for the
     * ends of whole TLVs, which are PDUs too */
    for (size_t k = SMPP_HEADER; k < n; k++) {
        bool whole = k == n - 6 || k == n - 11;

        memcpy(b, a, k);
        b[0] = b[1] = 0;
        b[2] = (uint8_t)(k >> 8);
        b[3] = (uint8_t)k;
        check((smpp_decode(b, k, &out, &status) == SMPP_OK) == whole, "a truncation is refused", (long)k);
    }
}

static void check_frames(void)
{
    static const struct {
        uint8_t head[16];
        enum smpp_result want;
    } rows[] = {
        { { 0, 0, 0, 15 }, SMPP_BAD_LENGTH },
        { { 0, 0, 0, 0 }, SMPP_BAD_LENGTH },
        { { 0xff, 0xff, 0xff, 0xff }, SMPP_BAD_LENGTH },
        { { 0, 1, 0x10, 1 }, SMPP_BAD_LENGTH },         /* SMPP_PDU_MAX + 1 */
        { { 0, 1, 0x10, 0 }, SMPP_MORE },
        { { 0, 0, 0, 17 }, SMPP_MORE },
        { { 0, 0, 0, 16 }, SMPP_OK },
    };
    struct smpp_pdu pdu;
    uint32_t status;
    size_t len;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(smpp_frame(rows[i].head, 16, &len) == rows[i].want, "frame", (long)i);
    check(smpp_decode((const uint8_t[]){ 0, 0, 0, 16, 0, 0, 9, 9, 0, 0, 0, 0, 0, 0, 0, 5 }, 16, &pdu, &status) ==
              SMPP_UNKNOWN && pdu.sequence == 5 && status == SMPP_RINVCMDID, "unknown command", 0);
    check(smpp_decode((const uint8_t[]){ 0x00, 0, 0, 16, 0x80, 0, 0, 4, 0, 0, 0, 0x0b, 0, 0, 0, 5 }, 16, &pdu, &status) ==
              SMPP_OK, "an error response needs no body", 0);
    check(smpp_decode((const uint8_t[]){ 0x00, 0, 0, 16, 0x80, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5 }, 16, &pdu, &status) ==
              SMPP_BAD_BODY, "a good one does", 0);
}

/* One PDU octet by octet, as bearerbox writes it: not made by our own encoder. */
static void check_octets(void)
{
    static const uint8_t submit[] =
        "\x00\x00\x00\x6b\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x02" "USSD\0" "\x00\x01*333#\0" "\x01\x01" "255700000001\0"
        "\x00\x00\x00\0" "261030101010000+\0" "\x00\x00\x0f\x00\x1a" "Huduma\n1. Salio\n2. Taarifa" "\x05\x01\x00\x01\x02\x13\x83\x00\x02\x1a\x02";
    struct smpp_pdu pdu;
    uint32_t status, op, its;

    check(sizeof(submit) - 1 == 0x6b, "known length", (long)sizeof(submit));
    check(smpp_decode(submit, sizeof(submit) - 1, &pdu, &status) == SMPP_OK, "known submit_sm", 0);
    check(strcmp(pdu.service_type, "USSD") == 0 && strcmp(pdu.source.addr, "*333#") == 0 &&
              strcmp(pdu.dest.addr, "255700000001") == 0 && pdu.dest.ton == 1 && pdu.data_coding == 0x0f &&
              pdu.text_len == 26, "known fields", 0);
    check(smpp_tlv_uint(&pdu, SMPP_TAG_USSD_SERVICE_OP, 1, &op) && op == 2 &&
              smpp_tlv_uint(&pdu, SMPP_TAG_ITS_SESSION_INFO, 2, &its) && its == 0x1a02, "known TLVs", 0);
}

static void check_limits(void)
{
    static uint8_t big[70000], out[SMPP_PDU_MAX];
    struct smpp_pdu p = sample(SMPP_SUBMIT_SM, big, 254), back;
    uint32_t status;
    size_t n;

    n = smpp_encode(&p, out, sizeof(out));
    check(n > 0 && smpp_decode(out, n, &back, &status) == SMPP_OK && back.text_len == 254, "254 octets", (long)n);
    p.text_len = 255;
    check(smpp_encode(&p, out, sizeof(out)) == 0, "255 octets are refused", 0);
    p.text_len = 0;
    p.tlv_count = 0;
    check(smpp_tlv_add(&p, SMPP_TAG_MESSAGE_PAYLOAD, big, 65535), "a full message_payload", 0);
    n = smpp_encode(&p, out, sizeof(out));
    check(n > 65535 && smpp_decode(out, n, &back, &status) == SMPP_OK && back.tlv[0].len == 65535, "65,535 octets", (long)n);
    check(!smpp_tlv_add(&p, SMPP_TAG_MESSAGE_PAYLOAD, big, 65536), "65,536 octets are refused", 0);
    while (smpp_tlv_add(&p, 0x1501, big, 1))
        continue;
    check(p.tlv_count == SMPP_TLV_MAX, "TLVs are bounded", (long)p.tlv_count);
    memset(p.source.addr, '7', sizeof(p.source.addr) - 1);
    check(smpp_encode(&p, out, sizeof(out)) == 0, "a long address is refused", 0);
}

/* Seeded: flip octets of good PDUs, and feed pure noise. */
static void check_noise(void)
{
    static const uint8_t text[] = "1";
    struct smpp_pdu pdu;
    uint8_t b[512], again[512];
    uint32_t status;

    random_state = 333;
    for (int i = 0; i < 200000; i++) {
        struct smpp_pdu in = sample(commands[random_next() % COMMANDS], text, 1);
        size_t n = smpp_encode(&in, b, sizeof(b)), len;

        for (uint32_t flips = random_next() % 6; flips > 0; flips--)
            b[4 + random_next() % (n - 4)] = (uint8_t)random_next();
        if (smpp_decode(b, n, &pdu, &status) != SMPP_OK)
            continue;
        len = smpp_encode(&pdu, again, sizeof(again));
        if ((pdu.command & SMPP_RESP) && pdu.status != SMPP_ROK)
            continue;                   /* its body is not written */
        check(len == n && memcmp(b, again, n) == 0, "what decodes encodes to the same octets", i);
    }
}

static void check_alphabet(void)
{
    static const struct {
        uint8_t code;
        const char *utf8;
    } rows[] = {                        /* 3GPP TS 23.038 6.2.1, corners of the table */
        { 0x00, "@" }, { 0x02, "$" }, { 0x05, "é" }, { 0x09, "Ç" }, { 0x0a, "\n" }, { 0x10, "Δ" }, { 0x11, "_" },
        { 0x1a, "Ξ" }, { 0x1c, "Æ" }, { 0x1f, "É" }, { 0x24, "¤" }, { 0x40, "¡" }, { 0x5b, "Ä" }, { 0x5f, "§" },
        { 0x60, "¿" }, { 0x7b, "ä" }, { 0x7f, "à" }, { 0x41, "A" }, { 0x7a, "z" }, { 0x30, "0" },
    };
    static const struct {
        const char *text;
        int septets, units;
    } costs[] = {
        { "", 0, 0 }, { "abc", 3, 3 }, { "[x]", 5, 3 }, { "€", 2, 1 }, { "^{}\\[~]|€", 18, 9 }, { "ভাতা", -1, 4 },
        { "`", -1, 1 }, { "😀", -1, 2 }, { "ক্ষ", -1, 3 }, { "@", 1, 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *s = text_decode(TEXT_GSM7, &rows[i].code, 1);
        uint8_t out[4];

        check(s && strcmp(s, rows[i].utf8) == 0, "GSM to UTF-8", rows[i].code);
        check(text_encode(TEXT_GSM7, rows[i].utf8, out, sizeof(out)) == 1 && out[0] == rows[i].code, "UTF-8 to GSM",
              rows[i].code);
        free(s);
    }
    for (unsigned i = 0; i < 128; i++) {
        uint8_t code = (uint8_t)i, out[4];
        char *s = text_decode(TEXT_GSM7, &code, 1);

        check(i == 0x1b || (s && text_encode(TEXT_GSM7, s, out, sizeof(out)) == 1 && out[0] == code), "GSM both ways", (long)i);
        free(s);
    }
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        struct text_cost c = text_cost(costs[i].text);

        check(c.septets == costs[i].septets && c.units == costs[i].units, "cost", (long)i);
    }
}

static void check_texts(void)
{
    static const struct {
        enum text_coding coding;
        const char *octets;
        size_t n;
        const char *want;               /* NULL: refused */
    } rows[] = {
        { TEXT_GSM7, "\x1b\x65", 2, "€" },     { TEXT_GSM7, "\x1b", 1, " " },
        { TEXT_GSM7, "\x1b\x41", 2, "A" },     { TEXT_GSM7, "\x80", 1, NULL },
        { TEXT_GSM7, "\x1b\x80", 2, NULL },    { TEXT_UCS2, "\x09\x95", 2, "ক" },
        { TEXT_UCS2, "\x09", 1, NULL },        { TEXT_UCS2, "\xd8\x3d\xde\x00", 4, "😀" },
        { TEXT_UCS2, "\xd8\x3d", 2, NULL },    { TEXT_UCS2, "\xde\x00", 2, NULL },
        { TEXT_UCS2, "\xd8\x3d\x00\x41", 4, NULL }, { TEXT_UCS2, "\x00\x00", 2, NULL },
        { TEXT_LATIN1, "\xe9", 1, "é" },       { TEXT_LATIN1, "\x00", 1, NULL },
        { TEXT_BINARY, "x", 1, NULL },         { TEXT_GSM7, "", 0, "" },
    };
    static const char *const bad[] = { "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\xa6", "\xff", "a\x80" };
    static const struct {
        uint8_t dcs;
        enum text_coding want;
    } codings[] = {
        { 0, TEXT_GSM7 }, { 1, TEXT_GSM7 }, { 15, TEXT_GSM7 }, { 0x40, TEXT_GSM7 }, { 0xf0, TEXT_GSM7 }, { 8, TEXT_UCS2 },
        { 0x48, TEXT_UCS2 }, { 3, TEXT_LATIN1 }, { 4, TEXT_BINARY }, { 0x44, TEXT_BINARY }, { 0xf4, TEXT_BINARY },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *s = text_decode(rows[i].coding, (const uint8_t *)rows[i].octets, rows[i].n);

        check(rows[i].want ? s && strcmp(s, rows[i].want) == 0 : !s, "text", (long)i);
        free(s);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check(!text_valid(bad[i]), "ill-formed UTF-8", (long)i);
    for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++)
        check(text_coding_of(codings[i].dcs) == codings[i].want, "data_coding", codings[i].dcs);
    check(text_packed(182) == 160 && text_packed(183) == 161 && text_packed(1) == 1 && text_packed(0) == 0, "packed", 0);
    check(text_cut(TEXT_GSM7, (const uint8_t *)"ab\x1b\x65", 4, 3) == 2, "an escape stays with its letter", 0);
    check(text_cut(TEXT_UCS2, (const uint8_t *)"\x00\x41\xd8\x3d\xde\x00", 6, 5) == 2, "surrogates stay together", 0);
}

static void check_rest(void)
{
    static struct hist h;
    struct script s;
    char error[200];
    int ms;

    for (int i = 1; i <= 1000; i++)
        hist_add(&h, i * 100);
    check(hist_quantile(&h, 0.5) > 47000 && hist_quantile(&h, 0.5) < 54000, "median", (long)hist_quantile(&h, 0.5));
    check(hist_quantile(&h, 0.99) > 93000 && hist_quantile(&h, 0.99) <= 100000, "p99", (long)hist_quantile(&h, 0.99));
    check(conf_duration("2s", &ms) && ms == 2000 && conf_duration("150ms", &ms) && ms == 150 && !conf_duration("2x", &ms) &&
              !conf_duration("-1s", &ms) && !conf_duration("2h", &ms), "durations", 0);
    check(script_parse(&s, "dial *333#  # comment\nsee A\n    B\n\n# x\ntype\nsee ~ C\nsend 333 a b\n", error, sizeof(error)) &&
              s.count == 5 && strcmp(s.steps[1].text, "A\nB") == 0 && strcmp(s.steps[0].text, "*333#") == 0 &&
              s.steps[3].kind == STEP_LIKE && strcmp(s.steps[4].text, "a b") == 0, "script", 0);
    script_free(&s);
    check(!script_parse(&s, "dial *333#\nlook A\n", error, sizeof(error)) && strncmp(error, "line 2:", 7) == 0, "bad script", 0);
    check(script_sees("A\nB\nC", "A\nB") && !script_sees("A\nBB", "A\nB") && script_sees("A\nBB", "A\n..."), "see", 0);
}

int selfcheck_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < COMMANDS; i++)
        check_round_trip(commands[i]);
    check_frames();
    check_octets();
    check_limits();
    check_noise();
    check_alphabet();
    check_texts();
    check_rest();
    printf("%u passed, %u failed\n", checks - failures, failures);
    return failures == 0 ? 0 : 1;
}
