/*
 * pending.h - the MT that wait for bearerbox's acknowledgement: UUID to token.
 *
 * Bounded; all memory is taken at the start.  Oldest first is the order they
 * were added in.
 */
#ifndef PENDING_H
#define PENDING_H

#include <stdbool.h>
#include <stdint.h>

#define PENDING_TOKEN_SIZE 64       /* of a token, NUL included */

struct pending;

struct pending *pending_new(int max);
void pending_free(struct pending *p);
int pending_count(const struct pending *p);

/* False: the table is full, the token too long, or the id is there already. */
bool pending_add(struct pending *p, const uint8_t id[16], const char *token, int64_t now)
    __attribute__((warn_unused_result));

/* Out of the table, its token into token.  False: not there. */
bool pending_take(struct pending *p, const uint8_t id[16], char token[PENDING_TOKEN_SIZE]);
bool pending_take_oldest(struct pending *p, char token[PENDING_TOKEN_SIZE]);

/* The now of the oldest one, INT64_MAX when there is none. */
int64_t pending_oldest(const struct pending *p);

#endif
