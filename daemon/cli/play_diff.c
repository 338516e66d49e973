#include "cli/play_diff.h"

#include <stdio.h>
#include <string.h>

#define DIFF_LINES 64
#define DIFF_INDENT "    "

struct diff_line {
    const char *p;
    size_t n;
};

/* A page has fewer lines; what is beyond is one line with the last. */
static int diff_split(const char *s, struct diff_line lines[DIFF_LINES])
{
    int count = 0;

    for (;;) {
        const char *end = count < DIFF_LINES - 1 ? strchr(s, '\n') : NULL;

        lines[count].p = s;
        lines[count].n = end != NULL ? (size_t)(end - s) : strlen(s);
        count++;
        if (end == NULL)
            return count;
        s = end + 1;
    }
}

static bool diff_equal(const struct diff_line *a, const struct diff_line *b)
{
    return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static bool diff_is_any(const struct diff_line *l)
{
    return l->n == 3 && memcmp(l->p, "...", 3) == 0;
}

/* Expected lines from i match shown lines from j: ok[i][j], from the end. */
bool play_diff_same(const char *expected, const char *shown)
{
    struct diff_line a[DIFF_LINES], b[DIFF_LINES];
    bool ok[DIFF_LINES + 1][DIFF_LINES + 1] = { { false } };
    int n = diff_split(expected, a);
    int m = diff_split(shown, b);

    ok[n][m] = true;
    for (int i = n - 1; i >= 0; i--)
        for (int j = m; j >= 0; j--)
            ok[i][j] = diff_is_any(&a[i]) ? ok[i + 1][j] || (j < m && ok[i][j + 1])
                                          : j < m && diff_equal(&a[i], &b[j]) && ok[i + 1][j + 1];
    return ok[0][0];
}

static void diff_put(char mark, const struct diff_line *l)
{
    printf(DIFF_INDENT "%c %.*s\n", mark, (int)l->n, l->p);
}

/* The longest common subsequence of lines. */
void play_diff_print(const char *expected, const char *shown)
{
    struct diff_line a[DIFF_LINES], b[DIFF_LINES];
    int same[DIFF_LINES + 1][DIFF_LINES + 1] = { { 0 } };
    int n = diff_split(expected, a);
    int m = diff_split(shown, b);
    int i = 0;
    int j = 0;

    for (int k = n - 1; k >= 0; k--)
        for (int l = m - 1; l >= 0; l--)
            same[k][l] = diff_equal(&a[k], &b[l])           ? same[k + 1][l + 1] + 1
                         : same[k + 1][l] > same[k][l + 1] ? same[k + 1][l]
                                                           : same[k][l + 1];
    while (i < n || j < m) {
        if (i < n && j < m && diff_equal(&a[i], &b[j])) {
            diff_put(' ', &a[i]);
            i++;
            j++;
        } else if (i < n && (j == m || same[i + 1][j] >= same[i][j + 1])) {
            diff_put('-', &a[i++]);
        } else {
            diff_put('+', &b[j++]);
        }
    }
}

void play_diff_print_page(const char *shown)
{
    struct diff_line lines[DIFF_LINES];
    int n = diff_split(shown, lines);

    for (int i = 0; i < n; i++)
        diff_put(' ', &lines[i]);
}
