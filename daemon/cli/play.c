#include "cli/play.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/load.h"
#include "cli/play_cover.h"
#include "cli/play_run.h"
#include "cli/play_script.h"
#include "menu/model.h"

static const char play_usage[] =
    "usage: kheya play [--menu DIR] [--twice] [--cover [--min N]] FILE.dlg...\n"
    "Plays each dialogue on the engine, with a clock and a database of its own, and\n"
    "compares the pages.  A dialogue ends at its first mistake.\n"
    "  --menu DIR   the menus; else the folder that holds the file's folder\n"
    "  --twice      every event comes twice, and every step is lost once\n"
    "  --cover      then say which screens, options and branches no dialogue came by\n"
    "  --min N      with --cover: at least N % of each kind must be come by\n"
    "Steps, one a line; an indented line goes on with the one before it:\n"
    "  language en            she has chosen it before\n"
    "  msisdn 8801711000001   another citizen\n"
    "  link ussd 160/70       the pages' limits: septets/units\n"
    "  today 2026-10-20\n"
    "  agent \"NAME\" \"CENTRE\"  she is an agent; or: agent none\n"
    "  alert TEXT             a warning (free: TEXT, no fees); or: alert none\n"
    "  answer QUERY {field: value, ...}    or a list of rows, none, fail; often (people: yes)\n"
    "  pin DIGITS...                                   or: none; the PIN that she has; several: of persons who share the number\n"
    "  answer hook BACKEND/path {field: value, ...}    or: none, fail, often\n"
    "  dial *333#             type 1        hangup        wait 200s\n"
    "  text VATA WDA 4821     a text message, answered by a page\n"
    "  see TEXT               the whole page; a line ... is any lines\n"
    "  see ~ PART             a part of it\n"
    "  ends                   open\n"
    "  case SERVICE field=value ...         or: case none\n"
    "  sms TEXT               sms ~ PART    or: sms none\n"
    "  audit EVENT field=value ...          or: audit none\n"
    "Exit status: 0 all passed, 1 not, 2 used wrongly.\n";

struct play {
    const char *dir;                    /* --menu; NULL none */
    bool twice, covers;
    int min;                            /* % of each kind; 0 any */

    /* the menus of the last dialogue: the next one mostly has the same */
    char *loaded;
    struct menu *menu;
    struct play_cover *cover;
    struct play_tally tally;
};

static void play_forget(struct play *p)
{
    free(p->loaded);
    play_cover_free(p->cover);
    menu_free(p->menu);
    p->loaded = NULL;
    p->cover = NULL;
    p->menu = NULL;
}

/* 0; 1 and said when the folder has an error; 2 and said when it is not the one
 * whose parts are counted. */
static int play_load(struct play *p, const char *dir)
{
    if (p->loaded != NULL && strcmp(p->loaded, dir) == 0)
        return p->menu != NULL ? 0 : 1;
    if (p->loaded != NULL && p->covers) {
        fprintf(stderr, "kheya play: --cover counts one tree, and these are of %s and %s\n", p->loaded, dir);
        return 2;
    }
    play_forget(p);
    p->loaded = xstrdup(dir);
    p->menu = load_menus(dir, stdout);
    if (p->menu != NULL && p->covers)
        p->cover = play_cover_new(p->menu);
    return p->menu != NULL ? 0 : 1;
}

/* "menus/dialogs/a.dlg" to "menus", "a.dlg" to "..". */
static char *play_folder_of(const char *file)
{
    const char *name = strrchr(file, '/');
    char *folder = name != NULL ? xmemdup0(file, (size_t)(name - file)) : xstrdup(".");
    char *parent = strrchr(folder, '/');
    char *up;

    if (parent != NULL && parent != folder && strcmp(parent, "/..") != 0 && strcmp(parent, "/.") != 0) {
        *parent = '\0';
        return folder;
    }
    up = xcalloc(strlen(folder) + sizeof "/..", 1);
    snprintf(up, strlen(folder) + sizeof "/..", "%s/..", folder);
    free(folder);
    return up;
}

/* 0, 1 or 2, as the command exits. */
static int play_file(struct play *p, const char *file)
{
    struct play_script script;
    enum play_read read = play_script_read(&script, file);
    char *own = play_folder_of(file);
    int status = read == PLAY_READ ? 0 : read == PLAY_BAD_FILE ? 1 : 2;

    if (status == 0)
        status = play_load(p, p->dir != NULL ? p->dir : own);
    if (status == 0 && !play_run(p->menu, &script, p->twice, p->cover, &p->tally))
        status = 1;
    free(own);
    play_script_free(&script);
    return status;
}

static int play_files(struct play *p, int count, char **files)
{
    int worst = 0;

    for (int i = 0; i < count; i++) {
        int status = play_file(p, files[i]);

        worst = status > worst ? status : worst;
    }
    printf("%d dialogues, %d steps passed", p->tally.dialogues, p->tally.steps);
    if (p->tally.failed > 0)
        printf(", %d failed", p->tally.failed);
    putchar('\n');
    if (p->cover != NULL && !play_cover_print(p->cover, p->min) && worst == 0)
        worst = 1;
    play_forget(p);
    return worst;
}

static bool play_percent(const char *s, int *percent)
{
    char *end;
    long v = strtol(s, &end, 10);

    *percent = (int)v;
    return end != s && *end == '\0' && v >= 0 && v <= 100;
}

int play_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "menu", required_argument, NULL, 'm' },
        { "twice", no_argument, NULL, 't' },
        { "cover", no_argument, NULL, 'c' },
        { "min", required_argument, NULL, 'n' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct play p = { .dir = NULL };
    bool good = true;
    bool min = false;
    int c;

    optind = 1;
    while (good && (c = getopt_long(argc, argv, "m:th", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(play_usage, stdout);
            return 0;
        }
        if (c == 'm')
            p.dir = optarg;
        else if (c == 't')
            p.twice = true;
        else if (c == 'c')
            p.covers = true;
        else
            good = min = c == 'n' && play_percent(optarg, &p.min);
    }
    if (!good || optind == argc || (min && !p.covers)) {
        fputs(play_usage, stderr);
        return 2;
    }
    return play_files(&p, argc - optind, argv + optind);
}
