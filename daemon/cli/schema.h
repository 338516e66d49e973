/*
 * schema.h - kheya schema: the menu language as a JSON Schema, for editors.
 */
#ifndef CLI_SCHEMA_H
#define CLI_SCHEMA_H

/* argv[0] is "schema".  Exit status: 0 printed, 2 used wrongly. */
int schema_main(int argc, char **argv);

#endif
