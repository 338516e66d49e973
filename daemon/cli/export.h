/*
 * export.h - kheya export: a list out of the database, as kheya import reads it.
 */
#ifndef CLI_EXPORT_H
#define CLI_EXPORT_H

int export_main(int argc, char **argv);

#endif
