#include "menu/render_rows.h"

#include <stdio.h>
#include <string.h>

#include "menu/render.h"

/* u8 fields, then per row and field: u16 length + 1 (0 = unset), octets. */

void render_rows_begin(struct buf *out, int fields)
{
    wr_u8(out, (uint8_t)fields);
}

void render_rows_add(struct buf *out, const char *const *cells, int fields)
{
    size_t start = out->len;

    for (int i = 0; i < fields; i++) {
        size_t len = cells[i] != NULL ? strlen(cells[i]) : 0;

        if (len >= UINT16_MAX) {
            out->full = true;
            break;
        }
        wr_u16(out, cells[i] != NULL ? (uint16_t)(len + 1) : 0);
        buf_add(out, cells[i], len);
    }
    if (out->full)
        buf_cut(out, start);
}

const char *render_cell(struct rd *rd, size_t *len)
{
    size_t n = rd_u16(rd);

    *len = n > 0 ? n - 1 : 0;
    return n > 0 ? (const char *)rd_bytes(rd, n - 1) : NULL;
}

bool render_cells_skip(struct rd *rd, int n)
{
    size_t len;

    for (int i = 0; i < n; i++)
        (void)render_cell(rd, &len);
    return !rd->bad;
}

int render_rows_count(const char *rows, size_t len)
{
    struct rd rd = rd_of(rows, len);
    int fields = rd_u8(&rd);
    int count = 0;

    while (fields > 0 && rd_left(&rd) > 0 && render_cells_skip(&rd, fields))
        count++;
    return count;
}

const char *render_rows_cell(const char *rows, size_t len, int row, int field, size_t *cell_len)
{
    struct rd rd = rd_of(rows, len);
    int fields = rd_u8(&rd);

    *cell_len = 0;
    if (row < 0 || field < 0 || field >= fields)
        return NULL;
    for (int i = 0; i < row; i++)
        if (!render_cells_skip(&rd, fields))
            return NULL;
    return render_cells_skip(&rd, field) ? render_cell(&rd, cell_len) : NULL;
}

static bool render_is_key(const struct menu *m, int number)
{
    char text[16];

    snprintf(text, sizeof text, "%d", number);
    return strcmp(text, m->key_more) == 0 || strcmp(text, m->key_back) == 0 || strcmp(text, m->key_start) == 0 ||
           strcmp(text, m->key_script) == 0;
}

int render_number_after(const struct menu *m, int number)
{
    do
        number++;
    while (render_is_key(m, number));
    return number;
}

int render_row_number(const struct menu *m, int row)
{
    int number = 0;

    for (int i = 0; i <= row; i++)
        number = render_number_after(m, number);
    return number;
}

int render_row_of(const struct menu *m, int number)
{
    int row = 0;

    if (number < 1 || number > 2 * RENDER_OPTIONS_MAX || render_is_key(m, number))
        return MENU_NONE;
    for (int n = render_number_after(m, 0); n < number; n = render_number_after(m, n))
        row++;
    return row;
}
