/*
 * officer.h - kheya officer: who may answer cases by text message, and her codes.
 */
#ifndef CLI_OFFICER_H
#define CLI_OFFICER_H

int officer_main(int argc, char **argv);

#endif
