#include "cli/explain.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "menu/issue.h"

static const char explain_usage[] = "usage: kheya explain [CODE...]\n"
                                    "Says what codes like E201 mean, each with a mistake that earns it and the\n"
                                    "cure.  Without a code, lists all.\n"
                                    "Exit status: 0 said, 2 no such code or used wrongly.\n";

static void explain_block(const char *title, const char *lines)
{
    printf("\n%s\n", title);
    while (*lines != '\0') {
        size_t n = strcspn(lines, "\n");

        printf("    %.*s\n", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

static void explain_line(enum issue_code code)
{
    printf("%s: %s\n", issue_name(code), issue_meaning(code));
}

static void explain_code(enum issue_code code)
{
    const struct issue_example *example = issue_example(code);

    explain_line(code);
    explain_block("A mistake:", example->wrong);
    explain_block("The cure:", example->right);
}

int explain_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int status = 0;
    int c;

    optind = 1;
    if ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        fputs(explain_usage, c == 'h' ? stdout : stderr);
        return c == 'h' ? 0 : 2;
    }
    for (int i = 0; i < ISSUE_COUNT && optind == argc; i++)
        explain_line((enum issue_code)i);
    for (int i = optind; i < argc; i++) {
        enum issue_code code = issue_find(argv[i]);

        if (i > optind)
            putchar('\n');
        if (code != ISSUE_COUNT) {
            explain_code(code);
            continue;
        }
        fprintf(stderr, "kheya explain: no code '%s'; without a code it lists all\n", argv[i]);
        status = 2;
    }
    return status;
}
