/* render: the drafts of DOMAIN.md 3 word for word, and that pages always fit
 * and lose nothing. */
#include <stdlib.h>

#include "base/clock.h"
#include "render_fixture.h"

#define PAGE_MAX 4000

static struct fixture f;
static const struct event_limits limits = { .septets = 160, .units = 70 };

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_fini(&f);
    return 0;
}

static struct menu_option *options(int count)
{
    return arena_alloc(f.arena, (size_t)count * sizeof(struct menu_option));
}

/* The drafts were counted in NFC, which takes these letters apart. */
static int split_by_nfc(const char *s)
{
    int n = 0;

    for (; (s = strstr(s, "\xe0")) != NULL; s++)
        n += memcmp(s, "\xe0\xa7\x9c", 3) == 0 || memcmp(s, "\xe0\xa7\x9d", 3) == 0 ||
             memcmp(s, "\xe0\xa7\x9f", 3) == 0;
    return n;
}

/* One page of a screen against what a draft says; its units or septets likewise. */
static void check_page(const struct render_args *base, int lang, int number, bool more, int cost, const char *want)
{
    struct render_args args = *base;
    struct render_page page;
    struct buf b;

    buf_init(&b, PAGE_MAX);
    f.scope.lang = lang;
    args.scope = &f.scope;
    args.page = number;
    render_page(&args, &b, &page);
    if (strcmp(buf_str(&b), want) != 0)
        fail_msg("page %d is\n%s\n--- not\n%s", number, buf_str(&b), want);
    assert_int_equal(page.septets, gsm_cost(want, strlen(want)).septets);
    assert_int_equal(page.units, gsm_cost(want, strlen(want)).units);
    assert_int_equal((page.septets >= 0 ? page.septets : page.units) + split_by_nfc(want), cost);
    assert_int_equal(page.page, number);
    assert_int_equal(page.more, more);
    assert_true(page.fits);
    buf_fini(&b);
}

static struct render_args args_of(const struct menu_screen *screen)
{
    return (struct render_args){ .scope = &f.scope, .screen = screen, .limits = &limits };
}

/* --- DOMAIN.md 3.1 -------------------------------------------------------------------- */

static void test_main_menu(void **state)
{
    static const struct {
        int number;
        const char *en, *bn, *latn;
    } rows[] = {
        { 1, "Allowance & money", "ভাতা ও টাকা", "Bhata o taka" },
        { 2, "Land", "জমি", "Jomi" },
        { 3, "Passport", "পাসপোর্ট", "Passport" },
        { 4, "Birth certificate", "জন্ম সনদ", "Jonmo shonod" },
        { 5, "School", "স্কুল", "School" },
        { 6, "Storm & relief", "ঝড় ও ত্রাণ", "Jhor o tran" },
        { 7, "Digital Centre", "ডিজিটাল সেন্টার", "Digital Center" },
        { 8, "Complaint", "অভিযোগ", "Obhijog" },
        { 11, "Pay bill or fee", "বিল ও ফি", "Bill o fee" },
        { 12, "Health line", "স্বাস্থ্য", "Shastho" },
        { 13, "Farming", "কৃষি", "Krishi" },
        { 14, "Buy & sell (ekShop)", "কেনাবেচা", "Kena becha (ekShop)" },
        { 15, "Give idea, vote", "বুদ্ধি", "Buddhi din, vote" },
        { 16, "My page", "আমার পাতা", "Amar pata" },
        { 17, "Language", "ভাষা/Language", "Bhasha" },
    };
    enum { COUNT = sizeof rows / sizeof rows[0] };
    struct menu_option *o = options(COUNT);
    struct menu_screen s = {
        .text = fixture_text(&f, "333 Govt services", "333 সেবা", "333 Sorkari sheba"),
        .continued = fixture_text(&f, "333 more", "", "333 aro"),
        .options = o, .option_count = COUNT, .list = { .query = MENU_NONE },
    };
    struct render_args args = args_of(&s);

    (void)state;
    for (int i = 0; i < COUNT; i++)
        o[i] = (struct menu_option){ .number = rows[i].number, .new_page = rows[i].number == 11,
                                     .text = fixture_text(&f, rows[i].en, rows[i].bn, rows[i].latn) };
    args.at_start = true;
    check_page(&args, EN, 0, true, 144,
               "333 Govt services\n1 Allowance & money\n2 Land\n3 Passport\n4 Birth certificate\n5 School\n"
               "6 Storm & relief\n7 Digital Centre\n8 Complaint\n9 More 0 Exit");
    check_page(&args, EN, 1, false, 125,
               "333 more\n11 Pay bill or fee\n12 Health line\n13 Farming\n14 Buy & sell (ekShop)\n15 Give idea, vote\n"
               "16 My page\n17 Language\n0 Back");
    check_page(&args, BN, 0, true, 70,
               "333 সেবা\n1 ভাতা ও টাকা\n2 জমি\n3 পাসপোর্ট\n4 জন্ম সনদ\n5 স্কুল\n9 আরও 0 শেষ");
    check_page(&args, BN, 1, true, 53, "6 ঝ\xe0\xa7\x9c ও ত্রাণ\n7 ডিজিটাল সেন্টার\n8 অভিযোগ\n9 আরও 0 পিছে");
    check_page(&args, BN, 2, true, 67,
               "11 বিল ও ফি\n12 স্বাস্থ্য\n13 কৃষি\n14 কেনাবেচা\n15 বুদ্ধি\n9 আরও 0 পিছে");
    check_page(&args, BN, 3, false, 36, "16 আমার পাতা\n17 ভাষা/Language\n0 পিছে");
    check_page(&args, LATN, 0, true, 129,
               "333 Sorkari sheba\n1 Bhata o taka\n2 Jomi\n3 Passport\n4 Jonmo shonod\n5 School\n6 Jhor o tran\n"
               "7 Digital Center\n8 Obhijog\n9 Aro 0 Shesh");
    check_page(&args, LATN, 1, false, 116,
               "333 aro\n11 Bill o fee\n12 Shastho\n13 Krishi\n14 Kena becha (ekShop)\n15 Buddhi din, vote\n"
               "16 Amar pata\n17 Bhasha\n0 Piche");
}

/* --- DOMAIN.md 3.2 -------------------------------------------------------------------- */

struct draft {
    const char *title[2];                   /* en, bn */
    const char *options[8][2];
    bool end, hide_back;
    struct {
        const char *text;
        int cost;
    } want[2][2];                           /* per language its pages */
};

static const struct draft drafts[] = {
    { /* A1 */
        { "Allowance & money", "ভাতা" },
        { { "Has my money come?", "টাকা এসেছে?" }, { "Money not received", "টাকা পাইনি" }, { "Apply", "আবেদন" },
          { "My application", "আবেদনের খবর" }, { "Can I get it?", "আমি কি পাব?" },
          { "Change number/bank", "নম্বর/ব্যাংক বদল" } },
        false, false,
        { { { "Allowance & money\n1 Has my money come?\n2 Money not received\n3 Apply\n4 My application\n"
              "5 Can I get it?\n6 Change number/bank\n0 Back", 128 } },
          { { "ভাতা\n1 টাকা এসেছে?\n2 টাকা পাইনি\n3 আবেদন\n4 আবেদনের খবর\n9 আরও 0 পিছে", 66 },
            { "5 আমি কি পাব?\n6 নম্বর/ব্যাংক বদল\n0 পিছে", 39 } } },
    },
    { /* A2 */
        { "Which one?", "কোন ভাতা?" },
        { { "Old age", "বয়স্ক" }, { "Widow", "বিধবা" }, { "Disability", "প্রতিবন্ধী" },
          { "School stipend", "উপবৃত্তি" },
          { "Mother & child", "মা ও শিশু" } },
        false, false,
        { { { "Which one?\n1 Old age\n2 Widow\n3 Disability\n4 School stipend\n5 Mother & child\n0 Back", 82 } },
          { { "কোন ভাতা?\n1 ব\xe0\xa7\x9fস্ক\n2 বিধবা\n3 প্রতিবন্ধী\n4 উপবৃত্তি\n5 মা ও শিশু\n0 পিছে", 69 } } },
    },
    { /* A3 */
        { "Whose allowance? Write the last 4 numbers of the NID card.\nLike 4821",
          "যার ভাতা, তার এনআইডির শেষ 4 সংখ্যা লিখুন\nযেমন 4821" },
        { { NULL, NULL } }, false, false,
        { { { "Whose allowance? Write the last 4 numbers of the NID card.\nLike 4821\n0 Back", 75 } },
          { { "যার ভাতা, তার এনআইডির শেষ 4 সংখ্যা লিখুন\nযেমন 4821\n0 পিছে", 57 } } },
    },
    { /* A4, the English title from values */
        { "{allowance|name}, Jul-Sep\nTk {pay.taka} sent {pay.sent|day}\nNagad {pay.wallet|mask}\nCash out is free",
          "{allowance|name} {pay.taka} টাকা\n{pay.sent|day}, নগদ {pay.wallet|mask}" },
        { { "I got it", "পেয়েছি" }, { "I did not get it", "পাইনি" } }, false, false,
        { { { "Widow allowance, Jul-Sep\nTk 1950 sent 12 Oct\nNagad 017**678\nCash out is free\n1 I got it\n"
              "2 I did not get it\n0 Back", 113 } },
          { { "বিধবা ভাতা 1950 টাকা\n12 অক্টো, নগদ 017**678\n1 পে\xe0\xa7\x9fেছি\n2 পাইনি\n0 পিছে", 68 } } },
    },
    { /* A4n */
        { "Your Jul-Sep money is not sent yet. We will send an SMS when it goes.",
          "এবারের টাকা এখনো যায়নি। গেলে এসএমএস পাবেন" },
        { { "Complain", "অভিযোগ" } }, false, false,
        { { { "Your Jul-Sep money is not sent yet. We will send an SMS when it goes.\n1 Complain\n0 Back", 87 } },
          { { "এবারের টাকা এখনো যা\xe0\xa7\x9fনি। গেলে এসএমএস পাবেন\n1 অভিযোগ\n0 পিছে", 58 } } },
    },
    { /* A4f */
        { "Your money came back. Reason: the SIM is not in your own name (NID).",
          "টাকা ফেরত গেছে। সিম আপনার নামে নেই" },
        { { "What should I do?", "কী করব?" }, { "Complain", "অভিযোগ" } }, false, false,
        { { { "Your money came back. Reason: the SIM is not in your own name (NID).\n1 What should I do?\n2 Complain\n"
              "0 Back", 106 } },
          { { "টাকা ফেরত গেছে। সিম আপনার নামে নেই\n1 কী করব?\n2 অভিযোগ\n0 পিছে", 60 } } },
    },
    { /* A4h: exactly 70 units without the hint */
        { "Take your NID to your SIM shop and put the SIM in your name. Then go to Social Services office with NID.",
          "এনআইডি নিয়ে সিমের দোকানে যান, সিম নিজের নামে করুন। পরে সমাজসেবায় যান" },
        { { NULL, NULL } }, false, false,
        { { { "Take your NID to your SIM shop and put the SIM in your name. Then go to Social Services office with "
              "NID.\n0 Back", 111 } },
          { { "এনআইডি নি\xe0\xa7\x9fে সিমের দোকানে যান, সিম নিজের নামে করুন। পরে সমাজসেবা\xe0\xa7\x9f যান", 70 } } },
    },
    { /* A5 */
        { "What happened?", "কী হয়েছে?" },
        { { "SMS came, no money", "টাকা নেই" }, { "Someone took it", "কেউ নিয়েছে" }, { "SIM lost", "সিম নেই" },
          { "Got less", "কম টাকা" }, { "PIN forgotten", "পিন ভুলেছি" },
          { "Asked for PIN by phone", "ফোনে পিন চেয়েছে" } },
        false, false,
        { { { "What happened?\n1 SMS came, no money\n2 Someone took it\n3 SIM lost\n4 Got less\n5 PIN forgotten\n"
              "6 Asked for PIN by phone\n0 Back", 123 } },
          { { "কী হ\xe0\xa7\x9fেছে?\n1 টাকা নেই\n2 কেউ নি\xe0\xa7\x9fেছে\n3 সিম নেই\n4 কম টাকা\n9 আরও 0 পিছে", 68 },
            { "5 পিন ভুলেছি\n6 ফোনে পিন চে\xe0\xa7\x9fেছে\n0 পিছে", 38 } } },
    },
    { /* A6: back: hidden */
        { "Send this complaint to Social Services office, Char Fasson?", "চরফ্যাশন সমাজসেবা অফিসে অভিযোগ পাঠাব?" },
        { { "Yes", "হ্যাঁ" }, { "No", "না" } }, false, true,
        { { { "Send this complaint to Social Services office, Char Fasson?\n1 Yes\n2 No", 70 } },
          { { "চরফ্যাশন সমাজসেবা অফিসে অভিযোগ পাঠাব?\n1 হ্যাঁ\n2 না", 50 } } },
    },
    { /* A7: the end */
        { "Done. Your number:\n{case.no|spell}\nAnswer within 30 working days.\nNever tell anyone your PIN.",
          "হয়েছে। নম্বর\n{case.no}\n30 কার্যদিবসে উত্তর পাবেন\nপিন কাউকে বলবেন না" },
        { { NULL, NULL } }, true, false,
        { { { "Done. Your number:\n8123 0567 83\nAnswer within 30 working days.\nNever tell anyone your PIN.", 90 } },
          { { "হ\xe0\xa7\x9fেছে। নম্বর\n8123056783\n30 কার্যদিবসে উত্তর পাবেন\nপিন কাউকে বলবেন না", 69 } } },
    },
    { /* B3: the hint gives way */
        { "Code sent to the citizen. Ask her or him for the 4 numbers:",
          "নাগরিকের ফোনে কোড গেছে। 4 সংখ্যা শুনে লিখুন" },
        { { "Send again", "আবার পাঠান" } }, false, false,
        { { { "Code sent to the citizen. Ask her or him for the 4 numbers:\n1 Send again\n0 Back", 79 } },
          { { "নাগরিকের ফোনে কোড গেছে। 4 সংখ্যা শুনে লিখুন\n1 আবার পাঠান\n0 পিছে", 63 } } },
    },
    { /* C7: the hint gives way */
        { "Damage?", "কী ক্ষতি হয়েছে?" },
        { { "House gone", "ঘর শেষ" }, { "House part", "ঘর কিছু" }, { "Crop or fish", "ফসল/মাছ" },
          { "Cattle/boat", "গরু/নৌকা" }, { "No food", "খাবার নেই" } },
        false, false,
        { { { "Damage?\n1 House gone\n2 House part\n3 Crop or fish\n4 Cattle/boat\n5 No food\n0 Back", 79 } },
          { { "কী ক্ষতি হ\xe0\xa7\x9fেছে?\n1 ঘর শেষ\n2 ঘর কিছু\n3 ফসল/মাছ\n4 গরু/নৌকা\n5 খাবার নেই", 68 } } },
    },
};

static void test_drafts(void **state)
{
    (void)state;
    f.values[V_ALLOWANCE] = "WDA";
    f.values[V_TAKA] = "1950";
    f.values[V_SENT] = "2026-10-12";
    f.values[V_WALLET] = "01712345678";
    f.values[V_CASE] = "8123056783";
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++) {
        const struct draft *d = &drafts[i];
        struct menu_option *o = options(8);
        struct menu_screen s = { .options = o, .list = { .query = MENU_NONE }, .end = d->end,
                                 .hide_back = d->hide_back };
        struct render_args args = args_of(&s);

        s.text = fixture_text(&f, d->title[0], d->title[1], NULL);
        for (; d->options[s.option_count][0] != NULL; s.option_count++)
            o[s.option_count] = (struct menu_option){ .number = s.option_count + 1,
                                                      .text = fixture_text(&f, d->options[s.option_count][0],
                                                                           d->options[s.option_count][1], NULL) };
        for (int lang = EN; lang <= BN; lang++)
            for (int page = 0; page < 2 && d->want[lang][page].text != NULL; page++)
                check_page(&args, lang, page, page == 0 && d->want[lang][1].text != NULL, d->want[lang][page].cost,
                           d->want[lang][page].text);
    }
}

/* A3e: a wrong answer takes the place of the question. */
static void test_error_and_notice(void **state)
{
    struct menu_screen s = { .text = fixture_text(&f, "Whose?", "যার", NULL), .list = { .query = MENU_NONE } };
    struct render_args args = args_of(&s);

    (void)state;
    args.error = "Not right. Write only 4 numbers, like 4821.\n2 tries left";
    check_page(&args, EN, 0, false, 63, "Not right. Write only 4 numbers, like 4821.\n2 tries left\n0 Back");
    args.error = NULL;
    args.notice = "No such code.";
    check_page(&args, EN, 0, false, 27, "No such code.\nWhose?\n0 Back");
    args.error = "Wrong";
    check_page(&args, EN, 0, false, 26, "No such code.\nWrong\n0 Back");
}

/* --- pages ---------------------------------------------------------------------------- */

static void test_hints(void **state)
{
    struct menu_option *o = options(40);
    struct menu_screen s = { .text = fixture_text(&f, "Title", "নাম", NULL), .options = o,
                             .list = { .query = MENU_NONE } };
    struct render_args args = args_of(&s);
    const struct event_limits small = { .septets = 30, .units = 15 };
    const struct event_limits none = { 0 };

    (void)state;
    check_page(&args, EN, 0, false, 12, "Title\n0 Back");
    for (; s.option_count < 6; s.option_count++)
        o[s.option_count] = (struct menu_option){ .number = s.option_count + 1,
                                                  .text = fixture_text(&f, "option", "পথ", NULL) };
    args.limits = &small;
    check_page(&args, EN, 0, true, 28, "Title\n1 option\n9 More 0 Back");
    check_page(&args, EN, 1, true, 22, "2 option\n9 More 0 Back");
    check_page(&args, EN, 4, false, 24, "5 option\n6 option\n0 Back");
    /* with back hidden there is room for more */
    s.hide_back = true;
    check_page(&args, EN, 0, true, 30, "Title\n1 option\n2 option\n9 More");
    check_page(&args, EN, 1, true, 24, "3 option\n4 option\n9 More");
    check_page(&args, EN, 2, false, 17, "5 option\n6 option");
    /* an end screen says more until its last page */
    s.hide_back = false;
    s.end = true;
    check_page(&args, EN, 0, true, 30, "Title\n1 option\n2 option\n9 More");
    check_page(&args, EN, 2, false, 17, "5 option\n6 option");
    s.end = false;
    /* no limit: an SMS */
    args.limits = &none;
    o[3].new_page = true;
    check_page(&args, EN, 0, false, 66, "Title\n1 option\n2 option\n3 option\n4 option\n5 option\n6 option\n0 Back");
}

/* A page that is asked for beyond the last is the last. */
static void test_last_page(void **state)
{
    struct menu_screen s = { .text = fixture_text(&f, "one two three four five six", "ক", NULL),
                             .list = { .query = MENU_NONE } };
    struct render_args args = args_of(&s);
    const struct event_limits small = { .septets = 24, .units = 12 };
    struct render_page page;
    struct buf b;

    (void)state;
    buf_init(&b, PAGE_MAX);
    buf_adds(&b, "kept:");
    args.limits = &small;
    check_page(&args, EN, 0, true, 21, "one two\n9 More 0 Back");
    check_page(&args, EN, 1, true, 24, "three four\n9 More 0 Back");
    check_page(&args, EN, 2, false, 15, "five six\n0 Back");
    f.scope.lang = EN;
    args.page = 77;
    render_page(&args, &b, &page);
    assert_string_equal(buf_str(&b), "kept:five six\n0 Back");
    assert_int_equal(page.page, 2);
    assert_false(page.more);
    buf_fini(&b);
}

/* One curly quote makes a page UCS-2, and only that page. */
static void test_coding_per_page(void **state)
{
    struct menu_option *o = options(3);
    struct menu_screen s = { .text = fixture_text(&f, "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ক", NULL),
                             .options = o, .option_count = 3, .list = { .query = MENU_NONE } };
    struct render_args args = args_of(&s);

    (void)state;
    o[0] = (struct menu_option){ .number = 1, .text = fixture_text(&f, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "খ", NULL) };
    o[1] = (struct menu_option){ .number = 2, .text = fixture_text(&f, "it’s", "খ", NULL) };
    o[2] = (struct menu_option){ .number = 3, .text = fixture_text(&f, "last", "খ", NULL) };
    check_page(&args, EN, 0, true, 86,
               "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n1 bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n9 More 0 Back");
    check_page(&args, EN, 1, false, 20, "2 it’s\n3 last\n0 Back");
}

static void test_when(void **state)
{
    struct menu_option *o = options(3);
    struct menu_screen s = { .text = fixture_text(&f, "T", "ত", NULL), .options = o, .option_count = 3,
                             .list = { .query = MENU_NONE } };
    struct render_args args = args_of(&s);
    struct expr_error err;

    (void)state;
    for (int i = 0; i < 3; i++)
        o[i] = (struct menu_option){ .number = 2 * i + 1, .text = fixture_text(&f, "x", "য", NULL) };
    o[1].when = expr_parse(f.arena, &f.names, "ok", 2, EXPR_BOOL, NULL, &err);
    assert_non_null(o[1].when);
    check_page(&args, EN, 0, false, 16, "T\n1 x\n5 x\n0 Back");
    assert_ptr_equal(render_option(&args, 1), &o[0]);
    assert_null(render_option(&args, 3));
    assert_null(render_option(&args, 2));
    f.values[V_OK] = "yes";
    check_page(&args, EN, 0, false, 20, "T\n1 x\n3 x\n5 x\n0 Back");
    assert_ptr_equal(render_option(&args, 3), &o[1]);
}

/* --- what is too long ------------------------------------------------------------------- */

static void check_pages(const struct render_args *base, int lang, const char *const *want, const bool *fits)
{
    struct render_args args = *base;

    f.scope.lang = lang;
    args.scope = &f.scope;
    for (int i = 0; want[i] != NULL; i++) {
        struct render_page page;
        struct buf b;

        buf_init(&b, PAGE_MAX);
        args.page = i;
        render_page(&args, &b, &page);
        if (strcmp(buf_str(&b), want[i]) != 0)
            fail_msg("page %d is\n%s\n--- not\n%s", i, buf_str(&b), want[i]);
        assert_int_equal(page.fits, fits[i]);
        assert_int_equal(page.more, want[i + 1] != NULL);
        buf_fini(&b);
    }
}

static void test_too_long(void **state)
{
    struct event_limits narrow = { .septets = 24, .units = 17 };
    struct menu_option *o = options(2);
    struct menu_screen s = { .text = fixture_text(&f, "abcdefghijklmnopqrstuvw xy", "ক্ষতিক্ষতিক্ষতিক্ষতি", NULL),
                             .list = { .query = MENU_NONE } };
    struct render_args args = args_of(&s);

    (void)state;
    args.limits = &narrow;
    /* a word: cut, and said so on both of its pages */
    check_pages(&args, EN, (const char *const[]){ "abcdefghij\n9 More 0 Back", "klmnopqrstuvw xy\n0 Back", NULL },
                (const bool[]){ false, false });
    /* never inside a conjunct: 4 units are left, three letters with a hasanta and two with a sign */
    check_pages(&args, BN, (const char *const[]){ "ক্ষ\n9 আরও 0 পিছে", "তিক্ষতিক্ষতিক্ষতি", NULL },
                (const bool[]){ false, false });
    /* 2 units are left: the back hint gives way */
    narrow.units = 15;
    check_pages(&args, BN, (const char *const[]){ "ক্ষতিক্ষ\n9 আরও", "তিক্ষতিক্ষতি", NULL },
                (const bool[]){ false, false });
    /* an option: at its spaces, its number once */
    s.text = NULL;
    s.options = o;
    s.option_count = 2;
    o[0] = (struct menu_option){ .number = 11, .text = fixture_text(&f, "go on and on and on", "ক", NULL) };
    o[1] = (struct menu_option){ .number = 12, .text = fixture_text(&f, "no", "খ", NULL) };
    check_pages(&args, EN, (const char *const[]){ "11 go on\n9 More 0 Back", "and on and on\n12 no", NULL },
                (const bool[]){ false, false });
}

/* A head or a back hint that leaves no room gives way. */
static void test_no_room_for_heads(void **state)
{
    const struct event_limits small = { .septets = 24, .units = 12 };
    struct menu_option *o = options(3);
    struct menu_screen s = { .text = fixture_text(&f, "Title", "ত", NULL),
                             .continued = fixture_text(&f, "A long head of pages", "", NULL),
                             .options = o, .option_count = 3, .list = { .query = MENU_NONE } };
    struct render_args args = args_of(&s);

    (void)state;
    args.limits = &small;
    o[0] = (struct menu_option){ .number = 1, .text = fixture_text(&f, "first", "প", NULL) };
    o[1] = (struct menu_option){ .number = 2, .text = fixture_text(&f, "second one..", "দ", NULL) };
    o[2] = (struct menu_option){ .number = 3, .text = fixture_text(&f, "the third", "ত", NULL) };
    check_pages(&args, EN, (const char *const[]){ "Title\n9 More 0 Back", "1 first\n9 More 0 Back",
                                                  "2 second one..\n9 More", "3 the third\n0 Back", NULL },
                (const bool[]){ true, true, true, true });
    /* on the last page as well */
    o[2].text = fixture_text(&f, "third", "ত", NULL);
    check_pages(&args, EN, (const char *const[]){ "Title\n9 More 0 Back", "1 first\n9 More 0 Back",
                                                  "2 second one..\n3 third", NULL },
                (const bool[]){ true, true, true });
}

/* Limits below any text: still an end, still nothing lost. */
static void test_absurd_limits(void **state)
{
    struct menu_screen s = { .text = fixture_text(&f, "abc", "ক্ষতি", NULL), .list = { .query = MENU_NONE } };
    struct menu_option *o = options(2);
    struct render_args args = args_of(&s);
    const struct event_limits one = { .septets = 1, .units = 1 };

    (void)state;
    args.limits = &one;
    check_pages(&args, EN, (const char *const[]){ "a\n9 More", "b\n9 More", "c", NULL },
                (const bool[]){ false, false, false });
    check_pages(&args, BN, (const char *const[]){ "ক্ষ\n9 আরও", "তি", NULL }, (const bool[]){ false, false });
    /* an option without a text still has its number */
    s.text = NULL;
    s.options = o;
    s.option_count = 2;
    o[0] = (struct menu_option){ .number = 10, .text = fixture_text(&f, "", "", NULL) };
    o[1] = (struct menu_option){ .number = 11, .text = fixture_text(&f, "x", "", NULL) };
    check_pages(&args, EN, (const char *const[]){ "10 \n9 More", "11 x", NULL }, (const bool[]){ false, false });
    /* and a screen that shows nothing is an empty page */
    s.option_count = 0;
    s.hide_back = true;
    check_page(&args, EN, 0, false, 0, "");
}

/* --- lists ------------------------------------------------------------------------------ */

static const struct menu_field row_fields[] = { { "no", &fixture_types[12] }, { "state", &fixture_types[7] } };
static const struct menu_record row_record = { .name = "case", .fields = row_fields, .field_count = 2 };
static const struct menu_query row_query = { .name = "my_cases", .returns = &row_record, .list = true };
static const int row_into[] = { V_ROW_NO, V_ROW_STATE };

static void test_rows(void **state)
{
    struct menu_screen s = { .text = fixture_text(&f, "Your cases", "আবেদন", NULL),
                             .list = { .query = 0, .into = row_into } };
    struct render_args args = args_of(&s);
    struct buf rows;
    size_t len = 0;

    (void)state;
    f.menu.queries = &row_query;
    f.menu.query_count = 1;
    f.values[V_STATE] = "of the session";
    f.values[V_ROW_STATE] = "not of the row";
    s.list.option = fixture_text(&f, "{c.no|last4} {c.state}{pay.wallet}", "{c.no}", NULL);
    check_page(&args, EN, 0, false, 17, "Your cases\n0 Back");
    buf_init(&rows, 1000);
    render_rows_begin(&rows, 2);
    assert_int_equal(render_rows_count(buf_str(&rows), rows.len), 0);
    for (int i = 0; i < 10; i++) {
        char no[16];

        snprintf(no, sizeof no, "81230567%02d", i);
        render_rows_add(&rows, (const char *const[]){ no, i == 1 ? NULL : i == 2 ? "" : "sent" }, 2);
    }
    assert_false(rows.full);
    assert_int_equal(render_rows_count(buf_str(&rows), rows.len), 10);
    assert_memory_equal(render_rows_cell(buf_str(&rows), rows.len, 7, 0, &len), "8123056707", 10);
    assert_int_equal(len, 10);
    assert_null(render_rows_cell(buf_str(&rows), rows.len, 1, 1, &len));
    assert_non_null(render_rows_cell(buf_str(&rows), rows.len, 2, 1, &len));
    assert_int_equal(len, 0);
    assert_null(render_rows_cell(buf_str(&rows), rows.len, 10, 0, &len));
    assert_null(render_rows_cell(buf_str(&rows), rows.len, 0, 2, &len));
    assert_null(render_rows_cell(buf_str(&rows), rows.len, -1, 0, &len));
    args.list_rows = buf_str(&rows);
    args.list_rows_len = rows.len;
    check_page(&args, EN, 0, false, 151,
               "Your cases\n1 **6700 sent\n2 **6701 \n3 **6702 \n4 **6703 sent\n5 **6704 sent\n6 **6705 sent\n"
               "7 **6706 sent\n8 **6707 sent\n10 **6708 sent\n11 **6709 sent\n0 Back");
    /* other variables are the session's */
    f.values[V_WALLET] = "!!";
    check_page(&args, EN, 1, false, 40, "10 **6708 sent!!\n11 **6709 sent!!\n0 Back");
    buf_fini(&rows);
}

static void test_row_numbers(void **state)
{
    (void)state;
    assert_int_equal(render_row_number(&f.menu, 0), 1);
    assert_int_equal(render_row_number(&f.menu, 7), 8);
    assert_int_equal(render_row_number(&f.menu, 8), 10);
    assert_int_equal(render_row_number(&f.menu, 9), 11);
    for (int row = 0; row < RENDER_OPTIONS_MAX; row++)
        assert_int_equal(render_row_of(&f.menu, render_row_number(&f.menu, row)), row);
    assert_int_equal(render_row_of(&f.menu, 9), MENU_NONE);
    assert_int_equal(render_row_of(&f.menu, 0), MENU_NONE);
    assert_int_equal(render_row_of(&f.menu, -3), MENU_NONE);
    assert_int_equal(render_row_of(&f.menu, INT32_MAX), MENU_NONE);
}

/* Rows as a damaged session may hold them: no crash, and nothing beyond them. */
static void test_damaged_rows(void **state)
{
    struct menu_screen s = { .text = fixture_text(&f, "T", "ত", NULL), .list = { .query = 0, .into = row_into } };
    struct render_args args = args_of(&s);
    struct buf rows;
    uint32_t seed = 5;

    (void)state;
    f.menu.queries = &row_query;
    s.list.option = fixture_text(&f, "{c.no} {c.state}", "{c.no}", NULL);
    buf_init(&rows, 1000);
    render_rows_begin(&rows, 2);
    for (int i = 0; i < 3; i++)
        render_rows_add(&rows, (const char *const[]){ "8123056783", "sent" }, 2);
    for (int round = 0; round < 3000; round++) {
        char *copy = malloc(rows.len);
        size_t n = round < (int)rows.len ? (size_t)round : rows.len;
        struct render_page page;
        struct buf b;
        size_t len;

        memcpy(copy, rows.data, rows.len);
        seed = seed * 1664525u + 1013904223u;
        if (round >= (int)rows.len)
            copy[(seed >> 8) % rows.len] = (char)(seed >> 24);
        copy = realloc(copy, n > 0 ? n : 1);
        args.list_rows = copy;
        args.list_rows_len = n;
        buf_init(&b, PAGE_MAX);
        render_page(&args, &b, &page);
        assert_true(render_rows_count(copy, n) <= 30);
        (void)render_rows_cell(copy, n, 2, 1, &len);
        buf_fini(&b);
        free(copy);
    }
    /* a full buffer keeps whole rows */
    for (size_t max = 1; max < rows.len; max++) {
        struct buf b;

        buf_init(&b, max);
        render_rows_begin(&b, 2);
        for (int i = 0; i < 3; i++)
            render_rows_add(&b, (const char *const[]){ "8123056783", "sent" }, 2);
        assert_true(b.full);
        assert_int_equal(render_rows_count(buf_str(&b), b.len), ((int)max - 1) / 18);
        buf_fini(&b);
    }
    buf_fini(&rows);
}

static void test_words(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    render_word(&f.scope, MENU_WORD_TRIES, "2", &b);
    assert_string_equal(buf_str(&b), "2 tries left");
    buf_clear(&b);
    f.scope.lang = BN;
    render_word(&f.scope, MENU_WORD_BUSY, "333", &b);
    assert_string_equal(buf_str(&b), "ব্যস্ত। 333");
    buf_clear(&b);
    render_word(&f.scope, MENU_WORD_NEW, NULL, &b);         /* the fixture has none */
    assert_string_equal(buf_str(&b), "");
    buf_fini(&b);
}

/* --- properties ------------------------------------------------------------------------- */

static uint32_t seed = 333;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void random_text(struct buf *b, int max_words, int max_letters)
{
    static const char *const letters[] = { "a", "b", "Q", "7", "[", "€", "ক", "ত্র", "ক্ষ", "তি", "ভা", "😀", "é" };
    bool latin = random_below(2) == 0;

    for (uint32_t w = 1 + random_below((uint32_t)max_words); w > 0; w--) {
        for (uint32_t k = 1 + random_below((uint32_t)max_letters); k > 0; k--)
            buf_adds(b, letters[latin ? random_below(5) : random_below(sizeof letters / sizeof letters[0])]);
        if (w > 1)
            buf_adds(b, random_below(5) == 0 ? "\n" : " ");
    }
}

/* Drop blanks: where a page ends there may be one less. */
static void squeeze(struct buf *b, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != ' ' && s[i] != '\n')
            buf_addc(b, s[i]);
}

/* A page without its head and its hints, added to all. */
static void add_content(struct buf *all, const struct buf *page, const struct render_page *info, const char *head)
{
    static const char *const hints[] = { "9 More 0 Back", "9 More", "0 Back" };
    size_t start = 0;
    size_t end = page->len;

    if (info->page > 0 && strncmp(page->data, head, strlen(head)) == 0)
        start = strlen(head);
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        size_t n = strlen(hints[i]);

        if (end >= n && memcmp(page->data + end - n, hints[i], n) == 0) {
            end -= n;
            break;
        }
    }
    squeeze(all, page->data + start, end - start);
}

/* One random screen: nothing lost, nothing twice, more exactly when there is
 * more, each page within the limit, and begun anew the same. */
static void check_random(int max_letters, bool breakable)
{
    struct event_limits some = { .septets = 40 + (int)random_below(140), .units = 30 + (int)random_below(60) };
    struct fixture_screen {
        struct menu_screen s;
    } x = { { .list = { .query = MENU_NONE } } };
    static const char head[] = "~~~";
    struct render_args args = args_of(&x.s);
    struct menu_option *o = options(30);
    struct buf text;
    struct buf want;
    struct buf got;
    bool more = true;

    buf_init(&text, 1 << 16);
    buf_init(&want, 1 << 16);
    buf_init(&got, 1 << 16);
    args.limits = &some;
    random_text(&text, !breakable ? 8 : random_below(10) > 0 ? 60 : 600, max_letters);
    x.s.text = fixture_text(&f, buf_str(&text), "ক", NULL);
    squeeze(&want, buf_str(&text), text.len);
    x.s.hide_back = random_below(4) == 0;
    x.s.end = random_below(8) == 0;
    x.s.options = o;
    x.s.option_count = (int)random_below(30);
    if (random_below(2) == 0)
        x.s.continued = fixture_text(&f, head, "", NULL);
    for (int i = 0; i < x.s.option_count; i++) {
        buf_clear(&text);
        random_text(&text, 2, breakable ? 2 : max_letters);
        o[i] = (struct menu_option){ .number = i + 1 + (i >= 8 ? 2 : 0), .new_page = random_below(10) == 0,
                                     .text = fixture_text(&f, buf_str(&text), "ক", NULL) };
        buf_addf(&want, "%d", o[i].number);
        squeeze(&want, buf_str(&text), text.len);
    }
    for (args.page = 0; more; args.page++) {
        struct render_page page;
        struct buf b;

        buf_init(&b, PAGE_MAX);
        render_page(&args, &b, &page);
        assert_true(b.len > 0);
        assert_int_equal(page.page, args.page);
        assert_int_equal(page.septets, gsm_cost(b.data, b.len).septets);
        assert_int_equal(page.units, gsm_cost(b.data, b.len).units);
        assert_int_equal(page.more, strstr(buf_str(&b), "\n9 More") != NULL);
        assert_true(page.fits || !breakable);
        if (page.fits)
            assert_true(page.septets >= 0 ? page.septets <= some.septets : page.units <= some.units);
        add_content(&got, &b, &page, head);
        more = page.more;
        assert_true(args.page < 2000);
        buf_fini(&b);
    }
    assert_string_equal(buf_str(&got), buf_str(&want));
    buf_fini(&text);
    buf_fini(&want);
    buf_fini(&got);
}

static void test_property_breakable(void **state)
{
    (void)state;
    for (int i = 0; i < 400; i++) {
        fixture_fini(&f);
        fixture_init(&f);
        check_random(3, true);
    }
}

/* Words and options longer than a page. */
static void test_property_unbreakable(void **state)
{
    (void)state;
    for (int i = 0; i < 400; i++) {
        fixture_fini(&f);
        fixture_init(&f);
        check_random(120, false);
    }
}

/* More text with values than there is room to print it: said, not crashed. */
static void test_too_much(void **state)
{
    static char note[8001];
    struct menu_option *o = options(RENDER_OPTIONS_MAX + 50);
    struct menu_screen s = { .text = fixture_text(&f, "T", "ত", NULL), .options = o,
                             .option_count = RENDER_OPTIONS_MAX + 50, .list = { .query = MENU_NONE } };
    struct render_args args = args_of(&s);
    const struct menu_text *text = fixture_text(&f, "{note}", "ক", NULL);
    struct render_page page;
    struct buf b;

    (void)state;
    memset(note, 'n', sizeof note - 1);
    f.values[V_NOTE] = note;
    for (int i = 0; i < s.option_count; i++)
        o[i] = (struct menu_option){ .number = i + 1, .text = text };
    buf_init(&b, PAGE_MAX);
    render_page(&args, &b, &page);
    assert_false(page.fits);
    assert_true(page.more);
    buf_fini(&b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_main_menu),     TEST(test_drafts),        TEST(test_error_and_notice),   TEST(test_hints),
        TEST(test_last_page),     TEST(test_coding_per_page), TEST(test_when),             TEST(test_too_long),
        TEST(test_no_room_for_heads), TEST(test_absurd_limits), TEST(test_rows),           TEST(test_row_numbers),
        TEST(test_damaged_rows),  TEST(test_words),         TEST(test_property_breakable),
        TEST(test_property_unbreakable), TEST(test_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
