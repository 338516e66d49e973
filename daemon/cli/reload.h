/*
 * reload.h - kheya reload: the running kheyad reads its menus again.
 */
#ifndef RELOAD_H
#define RELOAD_H

int reload_main(int argc, char **argv);

#endif
