/*
 * audit.h - kheya audit: is the audit as it was written?  And the hash that a day
 * ended with, to be kept elsewhere.
 */
#ifndef AUDIT_H
#define AUDIT_H

int audit_main(int argc, char **argv);

#endif
