#include "app/cells.h"

#include <string.h>

void cells_first(struct buf *out, const char *text)
{
    size_t n = strlen(text);

    if (strpbrk(text, ",\"\r\n") == NULL && (n == 0 || (text[0] != ' ' && text[n - 1] != ' '))) {
        buf_add(out, text, n);
        return;
    }
    buf_addc(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_addc(out, '"');
        buf_addc(out, *text);
    }
    buf_addc(out, '"');
}

void cells_add(struct buf *out, const char *text)
{
    buf_addc(out, ',');
    cells_first(out, text);
}

void cells_end(struct buf *out)
{
    buf_addc(out, '\n');
}
