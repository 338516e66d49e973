#include "wire/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* 0..65535 in decimal digits alone, -1 for anything else. */
static int address_parse_port(const char *text)
{
    int port = 0;

    if (text[0] == '\0' || strlen(text) > 5)
        return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        port = port * 10 + (*text - '0');
    }
    return port <= 65535 ? port : -1;
}

static bool address_fill(struct address *out, const char *host, int port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(&out->sa, &v4, sizeof v4);
        out->len = sizeof v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(&out->sa, &v6, sizeof v6);
        out->len = sizeof v6;
        return true;
    }
    return false;
}

bool address_parse(struct address *out, const char *text)
{
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[';
    size_t n;
    int port;

    if (colon == NULL || (port = address_parse_port(colon + 1)) < 0)
        return false;
    n = (size_t)(colon - text);
    /* RFC 3986 3.2.2: an IPv6 address stands in brackets, and nothing else does */
    if (bracketed) {
        if (n < 2 || text[n - 1] != ']')
            return false;
        text++;
        n -= 2;
    }
    if (n >= sizeof host)
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    return address_fill(out, host, port) && bracketed == (out->sa.ss_family == AF_INET6);
}

int address_port(const struct address *a)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (a->sa.ss_family == AF_INET) {
        memcpy(&v4, &a->sa, sizeof v4);
        return ntohs(v4.sin_port);
    }
    if (a->sa.ss_family == AF_INET6) {
        memcpy(&v6, &a->sa, sizeof v6);
        return ntohs(v6.sin6_port);
    }
    return 0;
}
