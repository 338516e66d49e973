#include "engine/officer_words.h"

#include <inttypes.h>
#include <string.h>

#define OFFICER_DAY_MS INT64_C(86400000)

/* Words that she types stay in Latin letters and digits, as she types them. */
static const struct officer_sentence {
    const char *bn, *en;
} officer_sentences[OFFICER_WORDS] = {
    [OFFICER_WORD_DONE] = { "{no}: হয়েছে। এখন: {s}", "{no}: done. Now: {s}" },
    [OFFICER_WORD_BEFORE] = { "{no}: আগেই হয়েছে: {s}", "{no}: was done before: {s}" },
    [OFFICER_WORD_FORWARDED] = { "{no}: {n} নং ডেস্কে পাঠানো হয়েছে ({s})", "{no}: forwarded to desk {n} ({s})" },
    [OFFICER_WORD_YOURS] = { "333: কেস {no} আপনাকে পাঠিয়েছেন {s}। দেখতে লিখুন {no}",
                             "333: case {no} was forwarded to you by {s}. To see it write {no}" },
    [OFFICER_WORD_SHOWN] = { "{no}: {s}", "{no}: {s}" },
    [OFFICER_WORD_CONFIRM_LIST] = { "{s}? নিশ্চিত করতে কাগজের {n} নং কোড পাঠান", "{s}? To confirm, send code no {n} of your paper" },
    [OFFICER_WORD_CONFIRM_SMS] = { "{s}? নিশ্চিত করতে পাঠান: {code}", "{s}? To confirm, send: {code}" },
    [OFFICER_WORD_CONFIRM_TIME] = { "{s}? নিশ্চিত করতে অ্যাপের কোড পাঠান", "{s}? To confirm, send the code that your app shows" },
    [OFFICER_WORD_NEXT_LIST] = { "পরের কোড: কাগজের {n} নং", "Next code: no {n} of your paper" },
    [OFFICER_WORD_NEXT_SMS] = { "পরের কোড: {code}", "Next code: {code}" },
    [OFFICER_WORD_NEXT_TIME] = { "কোড অ্যাপে দেখুন", "Your app shows the code" },
    [OFFICER_WORD_WRONG] = { "কোড ঠিক নয়, কিছু করা হয়নি। আর {n} বার পারবেন", "Wrong code, nothing was done. {n} tries left" },
    [OFFICER_WORD_LOCKED] = { "অনেক বার ভুল কোড: ২৪ ঘণ্টা বন্ধ। কিছু করা হয়নি। আপনি না পাঠালে অফিসে জানান",
                              "Too many wrong codes: locked for 24 hours. Nothing was done. If it was not you, tell your office" },
    [OFFICER_WORD_USED] = { "এই কোড আগে ব্যবহার হয়েছে, কিছু করা হয়নি।", "This code was used before, nothing was done." },
    [OFFICER_WORD_NO_CASE] = { "{no}: আপনার অফিসে এই নম্বরের কেস নেই", "{no}: your office has no case of this number" },
    [OFFICER_WORD_BAD_NUMBER] = { "কেস নম্বর ঠিক নয়। ১০টি সংখ্যা দেখে আবার লিখুন", "The case number is not right. Look at its 10 digits and write again" },
    [OFFICER_WORD_BAD_VALUE] = { "বোঝা যায়নি। লিখুন: কেস নম্বর, OK বা NEED 2 বা NO 3 বা FWD 5, তারপর ৬ সংখ্যার কোড",
                                 "Not understood. Write: case number, OK or NEED 2 or NO 3 or FWD 5, then the code of 6 digits" },
    [OFFICER_WORD_BAD_NOTE] = { "কথা বেশি লম্বা: {n} অক্ষরের মধ্যে লিখুন", "Your note is too long: at most {n} characters" },
    [OFFICER_WORD_NOTE_SCRIPT] = { "নাগরিক এটি পড়বেন: বাংলা অক্ষরে লিখুন। কিছু করা হয়নি",
                                   "The citizen will read it: write it in Bengali letters. Nothing was done" },
    [OFFICER_WORD_REPLIES] = { "{no}: কিছু করা হয়নি। কোনটি? লিখুন:", "{no}: nothing was done. Which one? Write:" },
    [OFFICER_WORD_NOT_NOW] = { "{no}: এখন এটি করা যায় না। আছে: {s}", "{no}: this cannot be done now. It stands at: {s}" },
    [OFFICER_WORD_NO_MENUS] = { "{no}: এই সেবা এখন চালু নেই। kheya case দিয়ে করুন", "{no}: its service is not served now. Use kheya case" },
    [OFFICER_WORD_NO_DESK] = { "{n} নং ডেস্ক আপনার অফিসে নেই। কিছু করা হয়নি", "Your office has no desk {n}. Nothing was done" },
    [OFFICER_WORD_WHICH_DESK] = { "কোন ডেস্কে? লিখুন যেমন FWD 5", "To which desk? Write like FWD 5" },
    [OFFICER_WORD_QUEUE] = { "333: {n}টি কেস বাকি, {m}টির সময় পার", "333: {n} cases wait, {m} overdue" },
    [OFFICER_WORD_QUEUE_LATE] = { "{no}: {n} দিন পার", "{no}: {n} days late" },
    [OFFICER_WORD_QUEUE_DUE] = { "{no}: {n} দিন বাকি", "{no}: {n} days left" },
    [OFFICER_WORD_QUEUE_OPEN] = { "{no}", "{no}" },
    [OFFICER_WORD_EMPTY] = { "333: কোনো কেস বাকি নেই", "333: no case waits for you" },
};

static void officer_add_value(struct buf *out, const char *name, size_t n, const struct officer_values *v)
{
    if (n == 2 && memcmp(name, "no", 2) == 0)
        buf_addf(out, "%" PRId64, v->no);
    else if (n == 4)
        buf_adds(out, v->code != NULL ? v->code : "");
    else if (name[0] == 's')
        buf_adds(out, v->s != NULL ? v->s : "");
    else
        buf_addf(out, "%d", name[0] == 'm' ? v->m : v->n);
}

void officer_say(struct buf *out, const char *lang, enum officer_word word, const struct officer_values *v)
{
    const struct officer_sentence *sentence = &officer_sentences[word];
    const char *s = strcmp(lang, "en") == 0 ? sentence->en : sentence->bn;

    for (const char *open; (open = strchr(s, '{')) != NULL;) {
        size_t n = strcspn(open + 1, "}");

        buf_add(out, s, (size_t)(open - s));
        officer_add_value(out, open + 1, n, v);
        s = open + n + 2;
    }
    buf_adds(out, s);
}

/* Due is the last ms of the promised day: yesterday's is one day late, today's has none left. */
static int officer_days(int64_t due, int64_t now)
{
    int64_t days = due < now ? (now - due + OFFICER_DAY_MS - 1) / OFFICER_DAY_MS : (due - now) / OFFICER_DAY_MS;

    return days > 999 ? 999 : (int)days;
}

void officer_say_waiting(struct buf *out, const char *lang, int64_t number, int64_t due, int64_t now)
{
    struct officer_values v = { .no = number };

    buf_addc(out, '\n');
    if (due == 0) {
        officer_say(out, lang, OFFICER_WORD_QUEUE_OPEN, &v);
        return;
    }
    v.n = officer_days(due, now);
    officer_say(out, lang, due < now ? OFFICER_WORD_QUEUE_LATE : OFFICER_WORD_QUEUE_DUE, &v);
}
