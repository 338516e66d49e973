/*
 * reel.c - store_tape_read(): the tape from the database, for the command line.
 *
 * Blocking; one row at a time is in memory.
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

static const char reel_sql[] =
    "SELECT t.dialogue, t.step, t.at, t.generation, t.link, t.lang, t.kind, t.how, t.state, t.typed, t.screen, t.facts"
    " FROM kheya.tape t WHERE t.dialogue >= $1::bigint ORDER BY t.bucket, t.dialogue, t.step";

enum {
    REEL_DIALOGUE = 0, REEL_STEP, REEL_AT, REEL_GENERATION, REEL_LINK, REEL_LANG, REEL_KIND, REEL_HOW, REEL_STATE,
    REEL_TYPED, REEL_SCREEN, REEL_FACTS,
};

static int64_t reel_number(const PGresult *row, int column)
{
    return strtoll(PQgetvalue(row, 0, column), NULL, 10);
}

static void reel_tell(const PGresult *row, store_taped_fn fn, void *arg)
{
    const struct store_taped step = {
        .at = reel_number(row, REEL_AT),
        .generation = reel_number(row, REEL_GENERATION),
        .screen = PQgetvalue(row, 0, REEL_SCREEN),
        .tape = {
            .dialogue = reel_number(row, REEL_DIALOGUE),
            .step = (int32_t)reel_number(row, REEL_STEP),
            .link = PQgetvalue(row, 0, REEL_LINK),
            .lang = PQgetvalue(row, 0, REEL_LANG),
            .kind = (int16_t)reel_number(row, REEL_KIND),
            .how = (int16_t)reel_number(row, REEL_HOW),
            .state = (int16_t)reel_number(row, REEL_STATE),
            .typed = PQgetvalue(row, 0, REEL_TYPED),
            .facts = PQgetvalue(row, 0, REEL_FACTS),
        },
    };

    fn(arg, &step);
}

static void reel_fail(char *err, size_t n, const char *message)
{
    if (err[0] == '\0')
        snprintf(err, n, "%.*s", (int)strcspn(message, "\n"), message);
}

bool store_tape_read(const char *conninfo, int64_t since, store_taped_fn fn, void *arg, char *err, size_t n)
{
    PGconn *conn = PQconnectdb(conninfo);
    char text[24];
    const char *values[1] = { text };
    PGresult *row;

    err[0] = '\0';
    snprintf(text, sizeof text, "%" PRId64, store_tape_name(since, 0));
    if (PQstatus(conn) != CONNECTION_OK || PQsendQueryParams(conn, reel_sql, 1, NULL, values, NULL, NULL, 0) != 1 ||
        PQsetSingleRowMode(conn) != 1)
        reel_fail(err, n, PQerrorMessage(conn));
    while ((row = PQgetResult(conn)) != NULL) {
        ExecStatusType status = PQresultStatus(row);

        if (status == PGRES_SINGLE_TUPLE)
            reel_tell(row, fn, arg);
        else if (status != PGRES_TUPLES_OK)
            reel_fail(err, n, PQerrorMessage(conn));
        PQclear(row);
    }
    PQfinish(conn);
    return err[0] == '\0';
}
