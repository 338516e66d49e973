#include "cli/keyed.h"

#include <getopt.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/secret.h"
#include "base/buf.h"
#include "base/keyed.h"
#include "cli/operator.h"

#define KEYED_CONF "conf/kheya.yaml"
#define KEYED_LINE 256                  /* octets, with its end */

static const char keyed_usage[] =
    "usage: kheya keyed [-c FILE] < NUMBERS\n"
    "Each line's number as cases keep it and queries get it (store: keyed, menus(5)): the key's name,\n"
    "a hash under the setting 'secret', the last four characters.  Numbers are read and never stand\n"
    "in the arguments, where others of the machine could see them.\n"
    "  -c, --config FILE        the daemon's configuration (default " KEYED_CONF "), which names the secret\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

static int keyed_lines(const unsigned char key[SECRET_SIZE])
{
    char line[KEYED_LINE];
    struct buf out;
    int result = 0;

    buf_init(&out, 4 * KEYED_LINE);
    for (int n = 1; result == 0 && fgets(line, sizeof line, stdin) != NULL; n++) {
        size_t len = strcspn(line, "\r\n");

        if (len == 0 || len == sizeof line - 1) {
            fprintf(stderr, "kheya keyed: line %d: %s\n", n, len == 0 ? "no number" : "too long");
            result = 1;
            break;
        }
        buf_clear(&out);
        keyed_make(key, line, len, &out);
        puts(buf_str(&out));
    }
    sodium_memzero(line, sizeof line);
    buf_fini(&out);
    return result;
}

static int keyed_run(void *arg, const char *conninfo, const struct conf *conf)
{
    unsigned char key[SECRET_SIZE];
    char err[256];
    int result;

    (void)arg;
    (void)conninfo;
    if (conf == NULL || conf->secret[0] == '\0') {
        fprintf(stderr, "kheya keyed: the configuration's setting 'secret' must name a file\n");
        return 1;
    }
    if (!secret_read(conf->secret, SECRET_USE_KEYED, key, err, sizeof err)) {
        fprintf(stderr, "kheya keyed: %s\n", err);
        return 1;
    }
    result = keyed_lines(key);
    sodium_memzero(key, sizeof key);
    return result;
}

int keyed_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    const char *conf = KEYED_CONF;
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (o == 'h') {
            fputs(keyed_usage, stdout);
            return 0;
        }
        if (o != 'c')
            break;
        conf = optarg;
    }
    if (o != -1 || optind != argc) {
        fputs(keyed_usage, stderr);
        return 2;
    }
    return operator_run(conf, NULL, keyed_run, NULL);
}
