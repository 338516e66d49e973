/*
 * page.h - handset.html, carried inside the program.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

extern const unsigned char page_handset[];
extern const unsigned char page_handset_end[];

static inline size_t page_handset_size(void)
{
    return (size_t)(page_handset_end - page_handset);
}

#endif
