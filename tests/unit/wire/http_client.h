/* A client in the loop of the test: raw requests out, raw answers in. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

struct client {
    int fd;                         /* -1: closed by the server */
    struct buf in;                  /* all that it sent */
};

static struct event_base *client_base;

static inline void client_open(struct client *c, int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    buf_init(&c->in, 1 << 20);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0)
        abort();
}

static inline void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    buf_fini(&c->in);
}

static inline void client_send(struct client *c, const char *p, size_t n)
{
    if (c->fd >= 0 && send(c->fd, p, n, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
        abort();
}

static inline void client_sends(struct client *c, const char *s)
{
    client_send(c, s, strlen(s));
}

static inline void client_turn(struct client *c)
{
    char octets[4096];
    ssize_t n;

    event_base_loop(client_base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    if (c->fd < 0)
        return;
    n = recv(c->fd, octets, sizeof octets, MSG_DONTWAIT);
    if (n > 0)
        buf_add(&c->in, octets, (size_t)n);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        close(c->fd);
        c->fd = -1;
    }
}

/* Whole answers so far: a head with a Content-Length and its body. */
static inline int client_answers(const struct client *c)
{
    const char *at = buf_str(&c->in);
    int n = 0;

    for (;;) {
        const char *body = strstr(at, "\r\n\r\n");
        const char *length = strstr(at, "Content-Length: ");
        long octets = length != NULL && body != NULL && length < body ? strtol(length + 16, NULL, 10) : 0;

        if (body == NULL || (long)strlen(body + 4) < octets)
            return n;
        at = body + 4 + octets;
        n++;
    }
}

#define CLIENT_UNTIL(c, condition)                                           \
    do {                                                                     \
        int64_t client_turns = 0;                                            \
                                                                             \
        while (!(condition)) {                                               \
            client_turn(c);                                                  \
            if (++client_turns > 20000000)                                   \
                fail_msg("line %d: never: %s; got: %s", __LINE__, #condition, buf_str(&(c)->in)); \
        }                                                                    \
    } while (0)

#endif
