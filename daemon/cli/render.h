/*
 * render.h - kheya render: the pages of one screen, with their counts.
 */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

/* Exit status: 0 every page fits, 1 errors in the menus or a page that does not
 * fit, 2 used wrongly. */
int render_main(int argc, char **argv);

#endif
