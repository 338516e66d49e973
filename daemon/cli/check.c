#include "cli/check.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/conf.h"
#include "base/buf.h"
#include "menu/model.h"

static const char check_usage[] = "usage: kheya check [--json] [-c FILE] MENUDIR\n"
                                  "Reads the menus in MENUDIR and prints every error and warning.\n"
                                  "  --json    as a JSON array of objects\n"
                                  "  -c FILE   pages must fit all links of this configuration; without it 160\n"
                                  "            septets and 70 units\n"
                                  "kheya explain CODE says what a code like E201 means.\n"
                                  "Exit status: 0 no error (warnings may be), 1 errors, 2 used wrongly.\n";

static const char *check_severity(const struct menu_issue *i)
{
    return i->severity == MENU_ERROR ? "error" : "warning";
}

/* RFC 8259 7 */
static void check_json_string(const char *s)
{
    putchar('"');
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            printf("\\u%04x", (unsigned char)*s);
        else
            putchar(*s);
    }
    putchar('"');
}

static void check_print_json(const struct menu_issues *issues)
{
    printf("[");
    for (int i = 0; i < issues->count; i++) {
        const struct menu_issue *issue = &issues->list[i];

        printf("%s\n  {\"file\": ", i > 0 ? "," : "");
        check_json_string(issue->pos.file);
        printf(", \"line\": %d, \"column\": %d, \"severity\": \"%s\", \"code\": \"%s\", \"text\": ", issue->pos.line,
               issue->pos.column, check_severity(issue), issue->code);
        check_json_string(issue->text);
        printf("}");
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

static int check_folder(const char *dir, const struct menu_links *links, bool json)
{
    struct menu_issues issues;
    struct menu *m = links != NULL ? menu_load_for(dir, links, &issues) : menu_load(dir, &issues);
    bool good = m != NULL;

    if (json)
        check_print_json(&issues);
    else
        check_print(&issues);
    if (good && !json && links != NULL)
        printf("%s: %d screens, %d languages, %d links: ok\n", dir, m->screen_count, m->lang_count, links->count);
    else if (good && !json)
        printf("%s: %d screens, %d languages: ok\n", dir, m->screen_count, m->lang_count);
    menu_free(m);
    menu_issues_free(&issues);
    return good ? 0 : 1;
}

/* For the links of a configuration. */
static int check_configured(const char *dir, const char *path, bool json)
{
    struct conf_menu_links links;
    struct conf conf;
    struct buf errors;
    int status = 2;

    memset(&conf, 0, sizeof conf);
    buf_init(&errors, 256 * 1024);
    if (conf_load(&conf, path, &errors)) {
        conf_menu_links(&conf, &links);
        status = check_folder(dir, &links.links, json);
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
        { "config", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *conf = NULL;
    bool json = false;
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, "c:jh", options, NULL)) != -1) {
        if (c == 'j') {
            json = true;
        } else if (c == 'c') {
            conf = optarg;
        } else {
            fputs(check_usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind + 1 != argc) {
        fputs(check_usage, stderr);
        return 2;
    }
    return conf != NULL ? check_configured(argv[optind], conf, json) : check_folder(argv[optind], NULL, json);
}
