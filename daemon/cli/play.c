#include "cli/play.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/load.h"
#include "cli/play_run.h"
#include "cli/play_script.h"
#include "menu/model.h"

static const char play_usage[] =
    "usage: kheya play [--menu DIR] [--twice] FILE.dlg...\n"
    "Plays each dialogue on the engine, with a clock and a database of its own, and\n"
    "compares the pages.  A dialogue ends at its first mistake.\n"
    "  --menu DIR   the menus; else the folder that holds the file's folder\n"
    "  --twice      every event comes twice, and every step is lost once\n"
    "Steps, one a line; an indented line goes on with the one before it:\n"
    "  language en            she has chosen it before\n"
    "  msisdn 8801711000001   another citizen\n"
    "  link ussd 160/70       the pages' limits: septets/units\n"
    "  today 2026-10-20\n"
    "  agent \"NAME\" \"CENTRE\"  she is an agent; or: agent none\n"
    "  alert TEXT             a warning for all; or: alert none\n"
    "  answer QUERY {field: value, ...}    or a list of rows, none, fail\n"
    "  answer hook BACKEND/path {field: value, ...}    or: none, fail\n"
    "  dial *333#             type 1        hangup        wait 200s\n"
    "  see TEXT               the whole page; a line ... is any lines\n"
    "  see ~ PART             a part of it\n"
    "  ends                   open\n"
    "  case SERVICE field=value ...         or: case none\n"
    "  sms TEXT               sms ~ PART    or: sms none\n"
    "  audit EVENT field=value ...          or: audit none\n"
    "Exit status: 0 all passed, 1 not, 2 used wrongly.\n";

/* The menus of the last dialogue: the next one mostly has the same. */
struct play_menus {
    char *dir;
    struct menu *menu;
};

static void play_menus_free(struct play_menus *menus)
{
    free(menus->dir);
    menu_free(menus->menu);
    *menus = (struct play_menus){ NULL, NULL };
}

/* NULL and said when the folder has an error. */
static const struct menu *play_menus_load(struct play_menus *menus, const char *dir)
{
    if (menus->dir != NULL && strcmp(menus->dir, dir) == 0)
        return menus->menu;
    play_menus_free(menus);
    menus->dir = xstrdup(dir);
    menus->menu = load_menus(dir, stdout);
    return menus->menu;
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
static int play_file(struct play_menus *menus, const char *dir, const char *file, bool twice,
                     struct play_tally *tally)
{
    struct play_script script;
    enum play_read read = play_script_read(&script, file);
    char *own = play_folder_of(file);
    const struct menu *m;
    int status = read == PLAY_READ ? 0 : read == PLAY_BAD_FILE ? 1 : 2;

    if (status == 0) {
        m = play_menus_load(menus, dir != NULL ? dir : own);
        status = m != NULL && play_run(m, &script, twice, tally) ? 0 : 1;
    }
    free(own);
    play_script_free(&script);
    return status;
}

static int play_files(int count, char **files, const char *dir, bool twice)
{
    struct play_menus menus = { NULL, NULL };
    struct play_tally tally = { 0, 0, 0 };
    int worst = 0;

    for (int i = 0; i < count; i++) {
        int status = play_file(&menus, dir, files[i], twice, &tally);

        worst = status > worst ? status : worst;
    }
    play_menus_free(&menus);
    printf("%d dialogues, %d steps passed", tally.dialogues, tally.steps);
    if (tally.failed > 0)
        printf(", %d failed", tally.failed);
    putchar('\n');
    return worst;
}

int play_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "menu", required_argument, NULL, 'm' },
        { "twice", no_argument, NULL, 't' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *dir = NULL;
    bool twice = false;
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, "m:th", options, NULL)) != -1) {
        switch (c) {
        case 'm':
            dir = optarg;
            break;
        case 't':
            twice = true;
            break;
        default:
            fputs(play_usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind == argc) {
        fputs(play_usage, stderr);
        return 2;
    }
    return play_files(argc - optind, argv + optind, dir, twice);
}
