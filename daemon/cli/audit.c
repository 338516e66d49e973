#include "cli/audit.h"

#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/conf.h"
#include "app/secret.h"
#include "cli/operator.h"
#include "store/evidence.h"

#define AUDIT_CONF "conf/kheya.yaml"
#define AUDIT_LATE_MS (15 * 60 * INT64_C(1000))
#define AUDIT_EXPECT_MIN 16             /* digits */

static const char audit_usage[] =
    "usage: kheya audit [-c FILE | --database CONNINFO] verify [--expect HASH]\n"
    "       kheya audit ... digest [--day DAY]\n"
    "verify reads every row of the audit and its chain of hashes: the first place that is not as\n"
    "it was sealed, and how many; rows that are not sealed yet.\n"
    "digest prints the hash that a day ended with; with a configuration that names a secret also\n"
    "its signature.  Kept where no operator of the database writes, it proves by --expect later\n"
    "that the chain until then is the same.\n"
    "  -c, --config FILE        the daemon's configuration (default " AUDIT_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead; a member of kheya_auditor is enough\n"
    "  -e, --expect HASH        how the hash of a block must begin, 16 digits or more\n"
    "  -y, --day DAY            like 2026-11-26; today\n"
    "Exit status: 0 good, 1 found something wrong, 2 used wrongly.\n";

struct audit_args {
    const char *conf, *conninfo, *expect, *day, *word;
    bool help;
};

static int audit_verify(const struct audit_args *a, const char *conninfo)
{
    struct evidence e;
    char err[512] = "";

    if (!evidence_check(conninfo, a->expect, AUDIT_LATE_MS, &e, err, sizeof err)) {
        fprintf(stderr, "kheya audit: %s\n", err);
        return 1;
    }
    printf("%" PRId64 " rows in %" PRId64 " blocks, %" PRId64 " wait to be sealed\n", e.rows, e.blocks, e.waiting);
    if (e.hash[0] != '\0')
        printf("hash %s\n", e.hash);
    if (e.broken > 0)
        printf("broken: %s\n%" PRId64 " in all\n", e.first, e.broken);
    if (a->expect[0] != '\0' && !e.known)
        printf("broken: no block has the hash %s\n", a->expect);
    return e.broken > 0 || (a->expect[0] != '\0' && !e.known);
}

/* Of all that the line says. */
static bool audit_sign(const char *path, const char *line)
{
    unsigned char key[SECRET_SIZE], mac[crypto_generichash_BYTES];
    char hex[2 * sizeof mac + 1];
    char err[256];

    if (!secret_read(path, "audit", key, err, sizeof err)) {
        fprintf(stderr, "kheya audit: %s\n", err);
        return false;
    }
    (void)crypto_generichash(mac, sizeof mac, (const unsigned char *)line, strlen(line), key, sizeof key);
    sodium_memzero(key, sizeof key);
    printf("signature %s\n", sodium_bin2hex(hex, sizeof hex, mac, sizeof mac));
    return true;
}

static int audit_digest(const struct audit_args *a, const char *conninfo, const struct conf *conf)
{
    struct evidence_day d;
    char line[256];
    char err[512] = "";

    if (!evidence_digest(conninfo, a->day, &d, err, sizeof err)) {
        fprintf(stderr, "kheya audit: %s\n", strstr(err, "date") != NULL ? "a day is like 2026-11-26" : err);
        return 1;
    }
    (void)snprintf(line, sizeof line, "%s blocks %" PRId64 "-%" PRId64 " rows %" PRId64 " hash %s", d.day, d.first, d.last,
                   d.rows, d.hash[0] != '\0' ? d.hash : "none");
    printf("%s\n", line);
    return conf != NULL && conf->secret[0] != '\0' && !audit_sign(conf->secret, line);
}

static int audit_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct audit_args *a = arg;

    return strcmp(a->word, "verify") == 0 ? audit_verify(a, conninfo) : audit_digest(a, conninfo, conf);
}

static bool audit_is_hash(const char *text)
{
    size_t n = strspn(text, "0123456789abcdef");

    return text[n] == '\0' && n >= AUDIT_EXPECT_MIN && n < CHAIN_HEX_SIZE;
}

static bool audit_options(struct audit_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "expect", required_argument, NULL, 'e' }, { "day", required_argument, NULL, 'y' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:e:y:h", options, NULL)) != -1) {
        const char **text = o == 'c' ? &a->conf : o == 'd' ? &a->conninfo : o == 'e' ? &a->expect : o == 'y' ? &a->day : NULL;

        if (o == 'h') {
            a->help = true;
            return true;
        }
        if (text == NULL)
            return false;
        *text = optarg;
    }
    if (argc - optind != 1 || (a->expect[0] != '\0' && !audit_is_hash(a->expect)))
        return false;
    a->word = argv[optind];
    return (strcmp(a->word, "verify") == 0 && a->day == NULL) || (strcmp(a->word, "digest") == 0 && a->expect[0] == '\0');
}

int audit_main(int argc, char **argv)
{
    struct audit_args a = { .conf = AUDIT_CONF, .expect = "" };

    if (!audit_options(&a, argc, argv) || a.help) {
        fputs(audit_usage, a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    return operator_run(a.conf, a.conninfo, audit_run, &a);
}
