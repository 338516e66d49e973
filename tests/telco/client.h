/*
 * client.h - the control API from the other side, for the terminal handset,
 * scripts and the load command.  Blocking, one connection a call.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

struct client {
    char host[64];
    int port;
};

/* Call with GET (body NULL) or POST (body is taken).  The answer, a new
 * reference, with "error" in it when the telco refused or could not be had;
 * never NULL. */
struct json_t *client_call(const struct client *c, const char *path, struct json_t *body, int timeout_ms);

/* A GET that is answered some time later: a descriptor to poll for reading, -1
 * when the telco cannot be reached. */
int client_open(const struct client *c, const char *path);
/* Read what is there into *text (grown, *n octets): 1 more comes, 0 all is here, -1 it broke. */
int client_more(int fd, char **text, size_t *n);
/* The JSON behind the headers; NULL when it is none. */
struct json_t *client_json(const char *text, size_t n);

/* "error" of an answer, or NULL. */
const char *client_error(const struct json_t *answer);

#endif
