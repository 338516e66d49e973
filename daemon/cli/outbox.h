/*
 * outbox.h - kheya outbox: what waits to be sent, and what became of it.
 */
#ifndef CLI_OUTBOX_H
#define CLI_OUTBOX_H

int outbox_main(int argc, char **argv);

#endif
