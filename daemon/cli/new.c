/*
 * new.c - the files are texts with $places in them: $:name is a text in every
 * language of the tree, as YAML; $.name the same in the first language alone.
 */
#include "cli/new.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "menu/model.h"

#define NEW_FILE_MAX 65536
#define NEW_LANG_OCTETS 16

static const char new_usage[] =
    "usage: kheya new DIR [--lang L,...] [--code C]\n"
    "Writes a small tree of menus into the new or empty folder DIR, to begin with: a\n"
    "root, a service with a question, and a dialogue.  kheya check DIR and kheya play\n"
    "DIR/dialogs/*.dlg are content with it.\n"
    "  --lang L,...  its languages, the first is the default (default en)\n"
    "  --code C      what is dialled (default *444#)\n"
    "Texts are there in en, bn and bn-Latn; those of other languages are English.\n"
    "Exit status: 0 written, 1 not, 2 used wrongly.\n";

static const struct new_text {
    const char *name, *en, *bn, *latn;
} new_texts[] = {
    { "name", "Ideas", "বুদ্ধি", "Buddhi" },
    { "back", "Back", "পিছে", "Piche" },
    { "exit", "Exit", "শেষ", "Shesh" },
    { "more", "More", "আরও", "Aro" },
    { "tries", "{n} tries left", "আর {n} বার পারবেন", "Ar {n} bar parben" },
    { "wrong", "Not right. Write it again.", "ঠিক হয়নি। আবার লিখুন", "Thik hoyni. Abar likhun" },
    { "choose", "Write one number from the list.", "তালিকার একটি নম্বর দিন", "Talikar ekti number din" },
    { "copied", "That is only our example.", "ওটা শুধু নমুনা", "Ota shudhu nomuna" },
    { "too_many", "Let us stop here. Call {helpline}.", "আজ এখানেই থাক। {helpline} এ কল দিন",
      "Aj ekhanei thak. {helpline} e call din" },
    { "busy", "The line is busy. Dial again later.", "লাইন ব্যস্ত। পরে আবার চাপুন", "Line byasto. Pore abar chapun" },
    { "continue", "Not finished. Continue?", "কাজ বাকি। চালাবেন?", "Kaj baki. Chalaben?" },
    { "yes", "Yes", "হ্যাঁ", "Ha" },
    { "fresh", "Start new", "নতুন শুরু", "Notun shuru" },
    { "bye", "Thank you.", "ধন্যবাদ।", "Dhonnobad." },
    { "no_code", "No service has that number.", "ওই নম্বরে সেবা নেই", "Oi number-e sheba nei" },
    { "months", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
      "জানু ফেব্রু মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টে অক্টো নভে ডিসে",
      "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec" },
    { "give", "Give an idea", "বুদ্ধি দিন", "Buddhi din" },
    { "about", "What is this?", "এটা কী?", "Eta ki?" },
    { "told", "Tell us your idea. We read each one.", "আপনার বুদ্ধি বলুন। আমরা সব পড়ি", "Apnar buddhi bolun. Amra shob pori" },
    { "what", "What is it about?", "কী নিয়ে?", "Ki niye?" },
    { "road", "Road", "রাস্তা", "Rasta" },
    { "water", "Water", "পানি", "Pani" },
    { "closed", "Is a road closed? Call 333 now.", "রাস্তা বন্ধ? এখন 333 এ কল দিন", "Rasta bondho? Ekhon 333 e call din" },
    { "write", "Write your idea in a few words.", "অল্প কথায় বুদ্ধি লিখুন", "Olpo kothay buddhi likhun" },
    { "done", "Thank you. Your number:\\n{case.no}", "ধন্যবাদ। আপনার নম্বর\\n{case.no}", "Dhonnobad. Apnar number\\n{case.no}" },
    { "thanks", "Your number:", "আপনার নম্বর", "Apnar number" },
    { "sms", "We have your idea, number {case.no}.", "আপনার বুদ্ধি পেয়েছি, নম্বর {case.no}।", NULL },
};

static const char new_root[] =
    "# The root of these menus; menus(5) tells what can stand here.\n"
    "language: 1\n"
    "code: [\"$code\"]\n"
    "name: $:name\n"
    "languages:                              # the first is the default"
    "$languages\n"
    "start: main\n"
    "helpline: \"333\"                         # set your own\n"
    "\n"
    "words:                                  # the program's own sentences\n"
    "  back: $:back\n"
    "  exit: $:exit\n"
    "  more: $:more\n"
    "  tries: $:tries\n"
    "  wrong: $:wrong\n"
    "  choose: $:choose\n"
    "  copied: $:copied\n"
    "  too_many: $:too_many\n"
    "  busy: $:busy\n"
    "  continue: $:continue\n"
    "  \"yes\": $:yes\n"
    "  new: $:fresh\n"
    "  bye: $:bye\n"
    "  no_code: $:no_code\n"
    "  months: $:months\n"
    "\n"
    "screens:\n"
    "  main:\n"
    "    text: $:name\n"
    "    options:                            # a number never changes its meaning\n"
    "      1: {text: $:give, goto: idea.start}\n"
    "      2: {text: $:about, goto: about}\n"
    "\n"
    "  about:\n"
    "    text: $:told\n";

static const char new_service[] =
    "# 1 Give an idea: what about, the idea, send.\n"
    "\n"
    "types:\n"
    "  topic:\n"
    "    choice:\n"
    "      road: $:road\n"
    "      water: $:water\n"
    "\n"
    "services:\n"
    "  idea:\n"
    "    number: 1                           # case numbers begin with it\n"
    "    title: $:name\n"
    "    fields: {topic: topic, words: text(60)}\n"
    "    notify: {submitted: idea_received}\n"
    "\n"
    "sms:\n"
    "  idea_received:\n"
    "    class: transactional\n"
    "    text: $:sms\n"
    "\n"
    "screens:\n"
    "  start:\n"
    "    text: $:what\n"
    "    options:\n"
    "      1: {text: $:road, set: {topic: road}, goto: sort}\n"
    "      2: {text: $:water, set: {topic: water}, goto: sort}\n"
    "\n"
    "  sort:                                 # shows nothing and branches\n"
    "    goto:\n"
    "      - {when: topic == road, to: closed}\n"
    "      - {to: write}\n"
    "\n"
    "  closed:\n"
    "    text: $:closed\n"
    "    options:\n"
    "      1: {text: $:give, goto: write}\n"
    "\n"
    "  write:\n"
    "    text: $:write\n"
    "    input: {into: idea, type: text(60)}\n"
    "    goto: send\n"
    "\n"
    "  send:\n"
    "    submit: idea\n"
    "    with: {topic: topic, words: idea}\n"
    "    into: case\n"
    "    goto: done\n"
    "\n"
    "  done:\n"
    "    text: $:done\n"
    "    end: yes\n";

static const char new_dialogue[] =
    "# An idea from the first page to its number.\n"
    "language $first\n"
    "dial $code\n"
    "see ~ 1 $.give\n"
    "type 2\n"
    "see ~ $.told\n"
    "type 0\n"
    "type 1\n"
    "see ~ $.what\n"
    "type 1\n"
    "see ~ $.closed\n"
    "type 0\n"
    "type 2\n"
    "see ~ $.write\n"
    "type More trees\n"
    "see ~ $.thanks\n"
    "ends\n"
    "case idea topic=water words=\"More trees\"\n";

struct new {
    const char *dir, *code;
    const char *langs[MENU_LANGS_MAX];
    char names[MENU_LANGS_MAX][NEW_LANG_OCTETS];
    int lang_count;
};

/* --- places ----------------------------------------------------------------------------------- */

static const char *new_words(const struct new_text *t, const char *lang)
{
    if (strcmp(lang, "bn") == 0)
        return t->bn;
    return strcmp(lang, "bn-Latn") == 0 ? t->latn : t->en;
}

static void new_add_map(const struct new *n, const struct new_text *t, struct buf *out)
{
    const char *before = "{";

    for (int i = 0; i < n->lang_count; i++) {
        const char *words = new_words(t, n->langs[i]);

        if (words == NULL)
            continue;                   /* bn-Latn in an SMS */
        buf_addf(out, "%s%s: \"%s\"", before, n->langs[i], words);
        before = ", ";
    }
    buf_addc(out, '}');
}

static void new_add_languages(const struct new *n, struct buf *out)
{
    for (int i = 0; i < n->lang_count; i++) {
        const char *lang = n->langs[i];

        if (strcmp(lang, "bn-Latn") == 0)
            buf_addf(out, "\n  %s: {name: Bangla, sms: no, shows: bn}", lang);
        else
            buf_addf(out, "\n  %s: {name: %s}", lang,
                     strcmp(lang, "en") == 0 ? "English" : strcmp(lang, "bn") == 0 ? "বাংলা" : lang);
    }
}

/* Fill in the place at s, behind its $; what follows it. */
static const char *new_add_place(const struct new *n, const char *s, struct buf *out)
{
    bool text = *s == ':' || *s == '.';
    const char *name = s + text;
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz_");

    for (size_t i = 0; text && i < sizeof new_texts / sizeof new_texts[0]; i++) {
        const struct new_text *t = &new_texts[i];

        if (strlen(t->name) != len || memcmp(t->name, name, len) != 0)
            continue;
        if (*s == ':')
            new_add_map(n, t, out);
        else
            buf_adds(out, new_words(t, n->langs[0]));
    }
    if (!text && len == strlen("code") && memcmp(name, "code", len) == 0)
        buf_adds(out, n->code);
    else if (!text && len == strlen("first") && memcmp(name, "first", len) == 0)
        buf_adds(out, n->langs[0]);
    else if (!text)
        new_add_languages(n, out);
    return name + len;
}

/* --- files --------------------------------------------------------------------------------------- */

static bool new_fail(const char *path)
{
    fprintf(stderr, "kheya new: %s: %s\n", path, strerror(errno));
    return false;
}

static bool new_write(const struct new *n, const char *name, const char *text)
{
    struct buf path, out;
    FILE *f;
    bool ok;

    buf_init(&path, 4096);
    buf_init(&out, NEW_FILE_MAX);
    buf_addf(&path, "%s/%s", n->dir, name);
    while (*text != '\0') {
        if (*text == '$')
            text = new_add_place(n, text + 1, &out);
        else
            buf_addc(&out, *text++);
    }
    f = fopen(buf_str(&path), "wxe");
    ok = f != NULL && fwrite(out.data, 1, out.len, f) == out.len;
    ok = (f == NULL || fclose(f) == 0) && ok;
    if (!ok)
        (void)new_fail(buf_str(&path));
    buf_fini(&path);
    buf_fini(&out);
    return ok;
}

/* A folder of ours: made, or empty. */
static bool new_folder(const char *dir)
{
    struct dirent *e;
    bool empty = true;
    DIR *d;

    if (mkdir(dir, 0777) == 0)
        return true;
    if (errno != EEXIST || (d = opendir(dir)) == NULL)
        return new_fail(dir);
    while ((e = readdir(d)) != NULL)
        empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
    closedir(d);
    if (!empty)
        fprintf(stderr, "kheya new: %s is not empty; name a new folder\n", dir);
    return empty;
}

static bool new_tree(const struct new *n)
{
    struct buf dialogs;
    bool ok;

    buf_init(&dialogs, 4096);
    buf_addf(&dialogs, "%s/dialogs", n->dir);
    ok = new_folder(n->dir) && (mkdir(buf_str(&dialogs), 0777) == 0 || new_fail(buf_str(&dialogs))) &&
         new_write(n, "kheya.yaml", new_root) && new_write(n, "idea.yaml", new_service) &&
         new_write(n, "dialogs/idea.dlg", new_dialogue);
    if (ok)
        printf("%s: kheya.yaml, idea.yaml and dialogs/idea.dlg are there; kheya check %s\n", n->dir, n->dir);
    buf_fini(&dialogs);
    return ok;
}

/* --- the command ----------------------------------------------------------------------------------- */

static bool new_has(const struct new *n, const char *lang)
{
    for (int i = 0; i < n->lang_count; i++)
        if (strcmp(n->langs[i], lang) == 0)
            return true;
    return false;
}

static bool new_wrong(const char *what, const char *given)
{
    fprintf(stderr, "kheya new: '%s': %s\n", given, what);
    return false;
}

/* "en,bn" */
static bool new_languages(struct new *n, const char *list)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";
    const char *s = list;

    for (;;) {
        size_t len = strspn(s, letters);

        if (len < 2 || len >= NEW_LANG_OCTETS || (s[len] != ',' && s[len] != '\0') || s[0] == '-' ||
            n->lang_count == MENU_LANGS_MAX)
            return new_wrong("languages are codes with commas between them, like en,bn; at most 8", list);
        snprintf(n->names[n->lang_count], NEW_LANG_OCTETS, "%.*s", (int)len, s);
        if (new_has(n, n->names[n->lang_count]))
            return new_wrong("a language stands twice", list);
        n->langs[n->lang_count] = n->names[n->lang_count];
        n->lang_count++;
        if (s[len] == '\0')
            break;
        s += len + 1;
    }
    if (new_has(n, "bn-Latn") && !new_has(n, "bn"))
        return new_wrong("bn-Latn is for screens only, and its readers' SMS are in bn: name both", list);
    return true;
}

static bool new_is_code(const char *code)
{
    size_t n = strlen(code);

    if (n < 3 || n > 20 || code[0] != '*' || code[n - 1] != '#' || code[1] == '*' || code[n - 2] == '*')
        return new_wrong("a code is a star, digits, a hash, like *444#", code);
    return strspn(code, "*0123456789") == n - 1 || new_wrong("a code is a star, digits, a hash, like *444#", code);
}

int new_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "lang", required_argument, NULL, 'l' },
        { "code", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct new n = { .code = "*444#" };
    const char *langs = "en";
    int c;

    optind = 0;                         /* GNU: begin anew */
    while ((c = getopt_long(argc, argv, "l:c:h", options, NULL)) != -1) {
        if (c == 'l') {
            langs = optarg;
        } else if (c == 'c') {
            n.code = optarg;
        } else {
            fputs(new_usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind + 1 != argc) {
        fputs(new_usage, stderr);
        return 2;
    }
    n.dir = argv[optind];
    if (!new_languages(&n, langs) || !new_is_code(n.code))
        return 2;
    return new_tree(&n) ? 0 : 1;
}
