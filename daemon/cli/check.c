#include "cli/check.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "app/conf.h"
#include "base/buf.h"
#include "base/gsm.h"
#include "cli/check_database.h"
#include "menu/check_sms.h"
#include "menu/model.h"

static const char check_usage[] = "usage: kheya check [--json | --sms] [-c FILE] [--database CONNINFO] MENUDIR\n"
                                  "Reads the menus in MENUDIR and prints every error and warning.\n"
                                  "  --json    as a JSON array of objects\n"
                                  "  --sms     then what each message costs in each language, its values at their widest\n"
                                  "  -c FILE   pages must fit all links of this configuration; without it 160\n"
                                  "            septets and 70 units\n"
                                  "  --database CONNINFO   what a database makes of the queries: do they prepare,\n"
                                  "            may the menus ask them, do their columns fit the records?  The\n"
                                  "            role must be a member of kheya_menu, as kheya_daemon is\n"
                                  "kheya explain CODE says what a code like E201 means.\n"
                                  "Exit status: 0 no error (warnings may be), 1 errors, 2 used wrongly.\n";

static const char *check_severity(const struct menu_issue *i)
{
    return i->severity == MENU_ERROR ? "error" : "warning";
}

/* RFC 8259 7.  A file's name may be any bytes: JSON is UTF-8, so what is not
 * becomes U+FFFD. */
static void check_json_string(const char *s)
{
    size_t n = strlen(s);
    uint32_t cp;

    putchar('"');
    for (int len; n > 0; s += len, n -= (size_t)len) {
        len = gsm_utf8_next(s, n, &cp);
        if (len <= 0) {
            fputs("\xef\xbf\xbd", stdout);
            len = 1;
        } else if (*s == '"' || *s == '\\') {
            printf("\\%c", *s);
        } else if ((unsigned char)*s < 0x20) {
            printf("\\u%04x", (unsigned char)*s);
        } else {
            fwrite(s, 1, (size_t)len, stdout);
        }
    }
    putchar('"');
}

static void check_print_json_issue(const struct menu_issue *issue, const char *before)
{
    printf("%s\n  {\"file\": ", before);
    check_json_string(issue->pos.file);
    printf(", \"line\": %d, \"column\": %d, \"severity\": \"%s\", \"code\": \"%s\", \"text\": ", issue->pos.line,
           issue->pos.column, check_severity(issue), issue->code);
    check_json_string(issue->text);
    printf("}");
}

static void check_print_json(const struct menu_issues *issues, const char *dir)
{
    printf("[");
    for (int i = 0; i < issues->count; i++)
        check_print_json_issue(&issues->list[i], i > 0 ? "," : "");
    if (issues->dropped > 0) {
        char text[64];
        const struct menu_issue more = { { dir, 1, 1 }, issues->list[issues->count - 1].severity, "", text };

        snprintf(text, sizeof text, "%d more are not shown", issues->dropped);
        check_print_json_issue(&more, ",");
    }
    printf("%s]\n", issues->count > 0 ? "\n" : "");
}

static void check_print(const struct menu_issues *issues)
{
    for (int i = 0; i < issues->count; i++) {
        const struct menu_issue *issue = &issues->list[i];

        printf("%s:%d:%d: %s: %s [%s]\n", issue->pos.file, issue->pos.line, issue->pos.column, check_severity(issue),
               issue->text, issue->code);
    }
    if (issues->dropped > 0)
        printf("%d more are not shown\n", issues->dropped);
}

struct check {
    const char *dir, *conf, *database;  /* conf, database: NULL none */
    bool json, sms;
};

/* --- what messages cost ---------------------------------------------------------------- */

static void check_print_message(const struct menu *m, const char *of, const char *name, const char *class,
                                const struct menu_text *text)
{
    char what[80], length[32];

    (void)snprintf(what, sizeof what, "%s%s", of, name);
    for (int k = 0; k < m->lang_count; k++) {
        const struct check_sms_cost cost = check_sms_cost(m, text, k);

        if (cost.segments == 0 || !m->langs[k].sms)
            continue;
        (void)snprintf(length, sizeof length, "%d %s", cost.length, cost.ucs2 ? "units" : "septets");
        printf("%-28s  %-13s  %-8s  %-13s  %d\n", what, class, m->langs[k].id, length, cost.segments);
    }
}

/* Templates, receipts, and what is answered to a message that does not fit its keyword. */
static void check_print_messages(const struct menu *m)
{
    static const char *const receipts[MENU_RECEIPTS] = {
        [MENU_RECEIPT_CONFIRMED] = "confirmed", [MENU_RECEIPT_BILLED] = "billed", [MENU_RECEIPT_FAILED] = "failed",
        [MENU_RECEIPT_REFUNDED] = "refunded", [MENU_RECEIPT_PART] = "part",
    };

    printf("%-28s  %-13s  %-8s  %-13s  %s\n", "message", "class", "language", "at its widest", "segments");
    for (int i = 0; i < m->sms_count; i++)
        check_print_message(m, "", m->sms[i].name, m->sms[i].class, m->sms[i].text);
    for (int i = 0; i < MENU_RECEIPTS; i++)
        check_print_message(m, "receipts.", receipts[i], MENU_RECEIPT_CLASS, m->receipts[i]);
    for (int i = 0; i < m->keyword_count; i++)
        check_print_message(m, "help of ", m->keywords[i].word, "service_info", m->keywords[i].help);
}

static int check_folder(const struct check *c, const struct menu_links *links)
{
    struct menu_issues issues;
    struct menu *m = links != NULL ? menu_load_for(c->dir, links, &issues) : menu_load(c->dir, &issues);
    bool asked = m == NULL || c->database == NULL || check_database(m, c->database, &issues);
    bool good = m != NULL && issues.errors == 0;

    if (c->json)
        check_print_json(&issues, c->dir);
    else
        check_print(&issues);
    good = good && asked;
    if (good && !c->json && links != NULL)
        printf("%s: %d screens, %d languages, %d links: ok\n", c->dir, m->screen_count, m->lang_count, links->count);
    else if (good && !c->json)
        printf("%s: %d screens, %d languages: ok\n", c->dir, m->screen_count, m->lang_count);
    if (good && c->sms)
        check_print_messages(m);
    menu_free(m);
    menu_issues_free(&issues);
    return good ? 0 : 1;
}

/* For the links of a configuration. */
static int check_configured(const struct check *c)
{
    struct conf_menu_links links;
    struct conf conf;
    struct buf errors;
    int status = 2;

    memset(&conf, 0, sizeof conf);
    buf_init(&errors, 256 * 1024);
    if (conf_load(&conf, c->conf, &errors)) {
        conf_menu_links(&conf, &links);
        status = check_folder(c, &links.links);
    }
    fputs(buf_str(&errors), stderr);
    buf_fini(&errors);
    conf_free(&conf);
    return status;
}

int check_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "sms", no_argument, NULL, 's' },
        { "config", required_argument, NULL, 'c' },
        { "database", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct check check = { .json = false };
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, "c:d:jsh", options, NULL)) != -1) {
        switch (c) {
        case 'j':
            check.json = true;
            break;
        case 's':
            check.sms = true;
            break;
        case 'c':
            check.conf = optarg;
            break;
        case 'd':
            check.database = optarg;
            break;
        default:
            fputs(check_usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind + 1 != argc || (check.sms && check.json)) {
        fputs(check_usage, stderr);
        return 2;
    }
    check.dir = argv[optind];
    return check.conf != NULL ? check_configured(&check) : check_folder(&check, NULL);
}
