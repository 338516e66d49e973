#include "cli/load.h"

struct menu *load_menus(const char *dir, FILE *to)
{
    struct menu_issues issues;
    struct menu *m = menu_load(dir, &issues);

    for (int i = 0; i < issues.count && m == NULL; i++) {
        const struct menu_issue *issue = &issues.list[i];

        if (issue->severity == MENU_ERROR)
            fprintf(to, "%s:%d:%d: error: %s [%s]\n", issue->pos.file, issue->pos.line, issue->pos.column,
                    issue->text, issue->code);
    }
    menu_issues_free(&issues);
    return m;
}
