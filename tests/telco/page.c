/*
 * page.c - handset.html as it stands in the tree, put into the object file by
 * the assembler, so that the program needs no files where it runs.
 */
#include "page.h"

__asm__(".section .rodata\n"
        ".global page_handset\n"
        ".global page_handset_end\n"
        "page_handset:\n"
        ".incbin \"tests/telco/handset.html\"\n"
        "page_handset_end:\n"
        ".byte 0\n"
        ".previous\n");
