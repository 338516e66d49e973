#include "base/csv.h"

#include <stdbool.h>
#include <string.h>

#include "base/gsm.h"

void csv_init(struct csv *c, const char *text, size_t n)
{
    *c = (struct csv){ .at = text, .end = text + n, .next_line = 1 };
    buf_init(&c->text, CSV_ROW_MAX);
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        c->at += 3;
    c->line_start = c->at;
}

void csv_fini(struct csv *c)
{
    buf_fini(&c->text);
}

static bool csv_is_break(const char *p)
{
    return *p == '\n' || *p == '\r';
}

static bool csv_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Over one line break: CRLF, LF or CR. */
static void csv_break(struct csv *c)
{
    if (c->at == c->end || !csv_is_break(c->at))
        return;
    if (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n')
        c->at++;
    c->at++;
    c->next_line++;
    c->line_start = c->at;
}

static void csv_skip_blanks(struct csv *c)
{
    while (c->at < c->end && csv_is_blank(*c->at))
        c->at++;
}

/* To the next row, after a mistake in this one. */
static enum csv_read csv_bad(struct csv *c, const char *reason)
{
    while (c->at < c->end && !csv_is_break(c->at))
        c->at++;
    csv_break(c);
    c->count = 0;
    c->reason = reason;
    return CSV_BAD;
}

/* Over the empty lines in front of a row. */
static void csv_skip_empty(struct csv *c)
{
    for (;;) {
        const char *line = c->at;

        csv_skip_blanks(c);
        if (c->at < c->end && csv_is_break(c->at)) {
            csv_break(c);
            continue;
        }
        if (c->at < c->end)
            c->at = line;
        return;
    }
}

/* A line ends inside a field, at at. */
static void csv_line(struct csv *c)
{
    c->next_line++;
    c->line_start = c->at + 1;
}

/* "a ""b"" c", with at on the first quote.  NULL, or what is wrong. */
static const char *csv_quoted(struct csv *c)
{
    c->at++;
    for (; c->at < c->end; c->at++) {
        if (*c->at == '"' && (c->at + 1 == c->end || c->at[1] != '"')) {
            c->at++;
            csv_skip_blanks(c);
            if (c->at < c->end && *c->at != ',' && !csv_is_break(c->at))
                return "something stands behind a closing quote: write \"\" for a quote inside";
            return NULL;
        }
        if (*c->at == '"')
            c->at++;
        if (*c->at == '\n' || (*c->at == '\r' && (c->at + 1 == c->end || c->at[1] != '\n')))
            csv_line(c);
        buf_addc(&c->text, *c->at);
    }
    return "a quote is opened and not closed";
}

static const char *csv_plain(struct csv *c)
{
    size_t start = c->text.len;

    for (; c->at < c->end && *c->at != ',' && !csv_is_break(c->at); c->at++) {
        if (*c->at == '"')
            return "a quote inside a field: put the whole field in quotes, and write \"\" for this one";
        buf_addc(&c->text, *c->at);
    }
    while (c->text.len > start && csv_is_blank(c->text.data[c->text.len - 1]))
        buf_cut(&c->text, c->text.len - 1);
    return NULL;
}

static const char *csv_field(struct csv *c)
{
    const char *wrong;
    size_t start = c->text.len;

    csv_skip_blanks(c);
    c->columns[c->count] = (int)(c->at - c->line_start) + 1;
    wrong = c->at < c->end && *c->at == '"' ? csv_quoted(c) : csv_plain(c);
    if (wrong != NULL)
        return wrong;
    if (memchr(buf_str(&c->text) + start, '\0', c->text.len - start) != NULL)
        return "an octet of value 0";
    if (!gsm_utf8_valid(buf_str(&c->text) + start, c->text.len - start))
        return "not UTF-8: save the file as UTF-8";
    c->starts[c->count++] = start;
    buf_addc(&c->text, '\0');
    return c->text.full ? "the row is too long" : NULL;
}

enum csv_read csv_next(struct csv *c)
{
    csv_skip_empty(c);
    c->line = c->next_line;
    c->count = 0;
    buf_clear(&c->text);
    if (c->at == c->end)
        return CSV_END;
    for (;;) {
        const char *wrong = c->count < CSV_FIELDS_MAX ? csv_field(c) : "too many fields";

        if (wrong != NULL)
            return csv_bad(c, wrong);
        if (c->at == c->end || *c->at != ',')
            break;
        c->at++;
    }
    csv_break(c);
    for (int i = 0; i < c->count; i++)
        c->fields[i] = c->text.data + c->starts[i];
    return CSV_ROW;
}
