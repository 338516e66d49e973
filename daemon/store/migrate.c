/*
 * migrate.c - store_migrate(): bring a database to this program's version.
 *
 * Blocking, for the command line.  Each file is one transaction with its row in
 * kheya.version; an advisory lock lets one migration run at a time.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "store/store.h"

#define MIGRATE_LOCK     "7381103"      /* pg_advisory_lock: any number, the same in every version */
#define MIGRATE_FILE_MAX (16u << 20)
#define MIGRATE_FILES    1000

struct migrate {
    PGconn *conn;
    const char *dir;
    char *names[MIGRATE_FILES];         /* by version; [0] is not used */
    int last;                           /* greatest version in dir */
    char *err;
    size_t err_size;
};

static bool migrate_fail(struct migrate *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool migrate_fail(struct migrate *m, const char *fmt, ...)
{
    struct buf text;
    va_list ap;
    char line[1024];

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    buf_init(&text, sizeof line);
    buf_adds(&text, line);
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        buf_cut(&text, text.len - 1);
    snprintf(m->err, m->err_size, "%s", buf_str(&text));
    buf_fini(&text);
    return false;
}

/* --- the files ------------------------------------------------------------------- */

/* The version of "0001_engine.sql"; 0 when the name is not of this form. */
static int migrate_version_of(const char *name)
{
    size_t n = strlen(name);

    if (n < strlen("0001_a.sql") || strspn(name, "0123456789") != 4 || name[4] != '_' ||
        strcmp(name + n - 4, ".sql") != 0)
        return 0;
    return (int)strtol(name, NULL, 10);
}

static bool migrate_take_name(struct migrate *m, const char *name)
{
    int v = migrate_version_of(name);

    if (v == 0)
        return true;
    if (v >= MIGRATE_FILES)
        return migrate_fail(m, "%s/%s: versions end at %d", m->dir, name, MIGRATE_FILES - 1);
    if (m->names[v] != NULL)
        return migrate_fail(m, "%s: version %d twice: %s and %s", m->dir, v, m->names[v], name);
    m->names[v] = xstrdup(name);
    if (v > m->last)
        m->last = v;
    return true;
}

static bool migrate_list(struct migrate *m)
{
    DIR *d = opendir(m->dir);
    struct dirent *e;
    bool ok = true;

    if (d == NULL)
        return migrate_fail(m, "%s: %s", m->dir, strerror(errno));
    while (ok && (e = readdir(d)) != NULL)
        ok = migrate_take_name(m, e->d_name);
    closedir(d);
    if (!ok)
        return false;
    for (int v = 1; v <= m->last; v++)
        if (m->names[v] == NULL)
            return migrate_fail(m, "%s: version %d is missing (there is %s)", m->dir, v, m->names[m->last]);
    if (m->last != STORE_SCHEMA_VERSION)
        return migrate_fail(m, "%s: holds versions up to %d, this program is made for %d", m->dir, m->last,
                            STORE_SCHEMA_VERSION);
    return true;
}

static bool migrate_read(struct migrate *m, const char *name, struct buf *path, struct buf *text)
{
    FILE *f;
    char part[8192];
    size_t n;
    bool ok;

    buf_addf(path, "%s/%s", m->dir, name);
    f = fopen(buf_str(path), "re");
    if (f == NULL)
        return migrate_fail(m, "%s: %s", buf_str(path), strerror(errno));
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_add(text, part, n);
    ok = ferror(f) == 0 ? true : migrate_fail(m, "%s: %s", buf_str(path), strerror(errno));
    fclose(f);
    if (ok && (text->full || strlen(buf_str(text)) != text->len))
        ok = migrate_fail(m, "%s: %s", buf_str(path), text->full ? "too large" : "holds a NUL byte");
    return ok;
}

/* --- statements --------------------------------------------------------------------- */

/* Line of a position that PostgreSQL gives, in characters from 1. */
static int migrate_line(const char *text, const char *position)
{
    long at = position != NULL ? strtol(position, NULL, 10) : 0;
    int line = 1;

    for (; *text != '\0' && at > 1; text++) {
        if (*text == '\n')
            line++;
        if (((unsigned char)text[1] & 0xc0) != 0x80)        /* the next byte begins a character */
            at--;
    }
    return line;
}

/* All results of what was sent.  The last one with rows is given to *rows when
 * it is wanted.  name: the file, for the message; NULL none. */
static bool migrate_results(struct migrate *m, bool sent, const char *name, const char *text, PGresult **rows)
{
    bool ok = sent ? true : migrate_fail(m, "%s", PQerrorMessage(m->conn));
    PGresult *r;

    while ((r = PQgetResult(m->conn)) != NULL) {
        ExecStatusType status = PQresultStatus(r);
        const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

        if (ok && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
            if (message == NULL)
                message = PQresultErrorMessage(r);
            if (name != NULL)
                ok = migrate_fail(m, "%s:%d: %s", name,
                                  migrate_line(text, PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION)), message);
            else
                ok = migrate_fail(m, "%s", message);
        }
        if (ok && rows != NULL && status == PGRES_TUPLES_OK) {
            PQclear(*rows);
            *rows = r;
        } else {
            PQclear(r);
        }
    }
    return ok;
}

static bool migrate_run(struct migrate *m, const char *sql)
{
    return migrate_results(m, PQsendQuery(m->conn, sql) == 1, NULL, sql, NULL);
}

static bool migrate_version(struct migrate *m, int *version)
{
    static const char exists[] = "SELECT to_regclass('kheya.version') IS NOT NULL";
    static const char greatest[] = "SELECT coalesce(max(version), 0) FROM kheya.version";
    PGresult *rows = NULL;
    bool ok = migrate_results(m, PQsendQuery(m->conn, exists) == 1, NULL, exists, &rows);

    *version = 0;
    if (ok && rows != NULL && strcmp(PQgetvalue(rows, 0, 0), "t") == 0) {
        PQclear(rows);
        rows = NULL;
        ok = migrate_results(m, PQsendQuery(m->conn, greatest) == 1, NULL, greatest, &rows);
        if (ok && rows != NULL)
            *version = (int)strtol(PQgetvalue(rows, 0, 0), NULL, 10);
    }
    PQclear(rows);
    return ok;
}

static bool migrate_record(struct migrate *m, int version)
{
    static const char sql[] = "INSERT INTO kheya.version (version, name) VALUES ($1::integer, $2)";
    char number[16];
    const char *values[2] = { number, m->names[version] };

    snprintf(number, sizeof number, "%d", version);
    return migrate_results(m, PQsendQueryParams(m->conn, sql, 2, NULL, values, NULL, NULL, 0) == 1, NULL, sql, NULL);
}

/* One file and its row, or nothing. */
static bool migrate_apply(struct migrate *m, int version)
{
    struct buf path;
    struct buf text;
    bool ok;

    buf_init(&path, 4096);
    buf_init(&text, MIGRATE_FILE_MAX);
    ok = migrate_read(m, m->names[version], &path, &text) && migrate_run(m, "BEGIN") &&
         migrate_results(m, PQsendQuery(m->conn, buf_str(&text)) == 1, buf_str(&path), buf_str(&text), NULL);
    if (ok && PQtransactionStatus(m->conn) != PQTRANS_INTRANS)
        ok = migrate_fail(m, "%s: ends its transaction; leave COMMIT to kheya migrate", buf_str(&path));
    ok = ok && migrate_run(m, "RESET ROLE") && migrate_record(m, version) && migrate_run(m, "COMMIT");
    if (!ok && PQtransactionStatus(m->conn) != PQTRANS_IDLE) {
        struct migrate quiet = *m;
        char unused[64];

        quiet.err = unused;             /* the first error is the one to tell */
        quiet.err_size = sizeof unused;
        (void)migrate_run(&quiet, "ROLLBACK");
    }
    buf_fini(&path);
    buf_fini(&text);
    return ok;
}

/* --- the whole ------------------------------------------------------------------------ */

static enum store_migrated migrate_all(struct migrate *m, int *from, int *to)
{
    if (!migrate_list(m) || !migrate_run(m, "SELECT pg_advisory_lock(" MIGRATE_LOCK ")") || !migrate_version(m, from))
        return STORE_MIGRATE_FAILED;
    *to = *from;
    if (*from > STORE_SCHEMA_VERSION) {
        migrate_fail(m, "the database has version %d, newer than this program's %d: upgrade the program", *from,
                     STORE_SCHEMA_VERSION);
        return STORE_MIGRATE_NEWER;
    }
    while (*to < m->last) {
        if (!migrate_apply(m, *to + 1))
            return STORE_MIGRATE_FAILED;
        ++*to;
    }
    return STORE_MIGRATED;
}

static void migrate_on_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;                      /* "relation exists, skipping" */
}

enum store_migrated store_migrate(const char *conninfo, const char *dir, int *from, int *to, char *err, size_t n)
{
    struct migrate m = { .dir = dir, .err = err, .err_size = n };
    enum store_migrated result = STORE_MIGRATE_FAILED;

    *from = *to = 0;
    err[0] = '\0';
    m.conn = PQconnectdb(conninfo);
    if (PQstatus(m.conn) != CONNECTION_OK) {
        migrate_fail(&m, "%s", PQerrorMessage(m.conn));
    } else {
        PQsetNoticeProcessor(m.conn, migrate_on_notice, NULL);
        result = migrate_all(&m, from, to);
    }
    PQfinish(m.conn);
    for (int v = 0; v < MIGRATE_FILES; v++)
        free(m.names[v]);
    return result;
}
