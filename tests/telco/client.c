/*
 * client.c - as much HTTP as the telco's own listener speaks: the answer ends
 * when the connection does.
 */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "now.h"

#define ANSWER_MAX (64u << 20)

static int dial_up(const struct client *c)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)c->port) };
    struct sockaddr sa;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || inet_pton(AF_INET, c->host, &in.sin_addr) != 1) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    memcpy(&sa, &in, sizeof(sa));
    if (connect(fd, &sa, sizeof(sa)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool say(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static int request(const struct client *c, const char *method, const char *path, const char *body)
{
    char head[1024];
    int n = snprintf(head, sizeof(head),
                     "%s %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", method, path,
                     c->host, c->port, strlen(body));
    int fd = n > 0 && (size_t)n < sizeof(head) ? dial_up(c) : -1;

    if (fd >= 0 && say(fd, head, (size_t)n) && say(fd, body, strlen(body)))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

int client_open(const struct client *c, const char *path)
{
    return request(c, "GET", path, "");
}

int client_more(int fd, char **text, size_t *n)
{
    char chunk[16384], *grown;
    ssize_t k = recv(fd, chunk, sizeof(chunk), 0);

    if (k < 0)
        return errno == EINTR || errno == EAGAIN ? 1 : -1;
    if (k == 0)
        return 0;
    if (*n + (size_t)k > ANSWER_MAX)
        return -1;
    grown = realloc(*text, *n + (size_t)k + 1);
    if (!grown)
        abort();
    memcpy(grown + *n, chunk, (size_t)k);
    *n += (size_t)k;
    grown[*n] = '\0';
    *text = grown;
    return 1;
}

json_t *client_json(const char *text, size_t n)
{
    const char *body = text ? strstr(text, "\r\n\r\n") : NULL;

    if (!body)
        return NULL;
    body += 4;
    return json_loadb(body, n - (size_t)(body - text), 0, NULL);
}

static json_t *broken(const struct client *c, const char *why)
{
    char line[160];

    snprintf(line, sizeof(line), "telco at %s:%d: %s", c->host, c->port, why);
    return json_pack("{s:s}", "error", line);
}

json_t *client_call(const struct client *c, const char *path, json_t *body, int timeout_ms)
{
    char *out = body ? json_dumps(body, JSON_COMPACT) : NULL, *text = NULL;
    int fd = request(c, body ? "POST" : "GET", path, out ? out : ""), more = 1;
    int64_t end = now_us() + (int64_t)timeout_ms * 1000;
    json_t *answer;
    size_t n = 0;

    free(out);
    json_decref(body);
    if (fd < 0)
        return broken(c, "cannot connect");
    while (more == 1) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = (end - now_us()) / 1000;

        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            break;
        more = client_more(fd, &text, &n);
    }
    close(fd);
    answer = more == 0 ? client_json(text, n) : NULL;
    free(text);
    return answer ? answer : broken(c, more == 1 ? "no answer in time" : "not its control API");
}

const char *client_error(const json_t *answer)
{
    return json_string_value(json_object_get(answer, "error"));
}
