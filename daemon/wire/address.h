/*
 * address.h - "127.0.0.1:8333", "[::1]:8333": a numeric address and a port.
 *
 * Names are refused: looking one up could block the loop.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

struct address {
    struct sockaddr_storage sa;
    socklen_t len;
};

bool address_parse(struct address *out, const char *text) __attribute__((warn_unused_result));

/* In host order; 0 = none. */
int address_port(const struct address *a);

#endif
