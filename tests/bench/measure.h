/*
 * measure.h - what the load generators share: the dialogue they play, a
 * histogram of times, the processor time of other processes.
 *
 * A header alone, because each program of this folder is one file with a
 * main().  Times are microseconds of clock_mono_us().
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEASURE_NUMBER_BASE 700000000L      /* "8801" and nine digits: 880 1700 000000 and up */
#define MEASURE_NUMBERS_MAX 90000000L
#define MEASURE_PATIENCE_US INT64_C(5000000)    /* no answer for so long is an error */

__attribute__((noreturn, format(printf, 1, 2)))
static inline void measure_die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(2);
}

static inline long measure_long(const char *name, const char *text, long min, long max)
{
    char *end;
    long v;

    errno = 0;
    v = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || v < min || v > max)
        measure_die("%s: '%s' is not a whole number from %ld to %ld", name, text, min, max);
    return v;
}

/* As many sockets as the system allows. */
static inline void measure_raise_files(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &r);
    }
}

/* --- the dialogue ------------------------------------------------------------- */

#define SCRIPT_STEPS_MAX 16
#define SCRIPT_SEES_MAX 4

struct script_step {
    char input[64];                 /* dialled (the first) or typed */
    char see[SCRIPT_SEES_MAX][128]; /* each stands in the page */
    int sees;
};

/* The page of the last step ends the dialogue, all others ask on. */
struct script {
    struct script_step steps[SCRIPT_STEPS_MAX];
    int count;
};

static inline void script_line(struct script *s, const char *path, int line, const char *text)
{
    static const char *const verbs[] = { "dial ", "type ", "see ~ " };
    struct script_step *step = s->count > 0 ? &s->steps[s->count - 1] : NULL;
    const char *rest = NULL;
    int verb;

    for (verb = 0; verb < 3; verb++)
        if (strncmp(text, verbs[verb], strlen(verbs[verb])) == 0) {
            rest = text + strlen(verbs[verb]);
            break;
        }
    if (rest == NULL || (verb == 0) != (s->count == 0) || strlen(rest) >= sizeof s->steps[0].input)
        measure_die("%s:%d: expected 'dial CODE' first, then 'type TEXT' and 'see ~ TEXT'", path, line);
    if (verb < 2) {
        if (s->count == SCRIPT_STEPS_MAX)
            measure_die("%s:%d: more than %d steps", path, line, SCRIPT_STEPS_MAX);
        snprintf(s->steps[s->count++].input, sizeof s->steps[0].input, "%s", rest);
        return;
    }
    if (step == NULL || step->sees == SCRIPT_SEES_MAX)
        measure_die("%s:%d: more than %d things to see", path, line, SCRIPT_SEES_MAX);
    snprintf(step->see[step->sees++], sizeof step->see[0], "%s", rest);
}

/* A dialogue file as `kheya play` reads them, of the words dial, type and see ~ alone. */
static inline void script_read(struct script *s, const char *path)
{
    FILE *f = fopen(path, "r");
    char text[256];

    memset(s, 0, sizeof *s);
    if (f == NULL)
        measure_die("%s: %s", path, strerror(errno));
    for (int line = 1; fgets(text, sizeof text, f) != NULL; line++) {
        text[strcspn(text, "\n")] = '\0';
        if (text[0] != '\0' && text[0] != '#')
            script_line(s, path, line, text);
    }
    fclose(f);
    if (s->count < 2)
        measure_die("%s: a dialogue has two steps at least", path);
}

static inline bool script_sees(const struct script *s, int step, const char *page, size_t n)
{
    for (int i = 0; i < s->steps[step].sees; i++)
        if (memmem(page, n, s->steps[step].see[i], strlen(s->steps[step].see[i])) == NULL)
            return false;
    return true;
}

/* --- times ---------------------------------------------------------------------- */

#define HIST_SUB 64                 /* parts of each power of two: 1.6 % wide at most */
#define HIST_SIZE (HIST_SUB * 32)

struct hist {
    uint64_t bins[HIST_SIZE];
    uint64_t count;
    int64_t max;
};

static inline unsigned hist_bin(uint64_t us)
{
    unsigned shift = 0;

    while (us >> shift >= 2 * HIST_SUB && shift < 30)
        shift++;
    /* below 2 * HIST_SUB each microsecond has its own */
    return shift * HIST_SUB + (unsigned)(us >> shift);
}

static inline void hist_add(struct hist *h, int64_t us)
{
    unsigned bin = hist_bin(us > 0 ? (uint64_t)us : 0);

    h->bins[bin < HIST_SIZE ? bin : HIST_SIZE - 1]++;
    h->count++;
    if (us > h->max)
        h->max = us;
}

/* The upper edge of the bin where the given share of all times ends. */
static inline uint64_t hist_quantile(const struct hist *h, double share)
{
    uint64_t want = (uint64_t)(share * (double)h->count);
    uint64_t sum = 0;

    for (unsigned i = 0; i < HIST_SIZE; i++) {
        sum += h->bins[i];
        if (sum > want) {
            unsigned shift = i < 2 * HIST_SUB ? 0 : i / HIST_SUB - 1;

            return ((uint64_t)(i - shift * HIST_SUB) + 1) << shift;
        }
    }
    return (uint64_t)h->max;
}

/* --- processor time --------------------------------------------------------------- */

#define WATCH_MAX 4

struct watch {
    char name[32];
    long pid;
    bool tree;                      /* its children too, also those that ended */
    int64_t before;                 /* us */
};

struct watches {
    struct watch list[WATCH_MAX];
    int count;
};

/* "NAME=PID" */
static inline void watch_add(struct watches *w, const char *text, bool tree)
{
    const char *at = strchr(text, '=');
    struct watch *new = &w->list[w->count];

    if (at == NULL || (size_t)(at - text) >= sizeof new->name || w->count == WATCH_MAX)
        measure_die("'%s': expected NAME=PID, at most %d times", text, WATCH_MAX);
    snprintf(new->name, sizeof new->name, "%.*s", (int)(at - text), text);
    new->pid = measure_long(new->name, at + 1, 1, INT32_MAX);
    new->tree = tree;
    w->count++;
}

/* proc(5): fields 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime of PID/stat; the second may hold blanks. */
static inline bool watch_stat(long pid, long *parent, int64_t *own, int64_t *waited)
{
    char path[64];
    char text[1024];
    long t[4];
    FILE *f;
    size_t n;
    const char *p;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    f = fopen(path, "r");
    if (f == NULL)
        return false;
    n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    p = strrchr(text, ')');
    if (p == NULL || sscanf(p + 1, " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld", parent, &t[0], &t[1],
                            &t[2], &t[3]) != 5)
        return false;
    *own = (int64_t)(t[0] + t[1]) * 1000000 / sysconf(_SC_CLK_TCK);
    *waited = (int64_t)(t[2] + t[3]) * 1000000 / sysconf(_SC_CLK_TCK);
    return true;
}

/* children(5) of the main thread: PostgreSQL's postmaster forks from it. */
static inline int64_t watch_children(long pid)
{
    char path[64];
    FILE *f;
    int64_t sum = 0;
    long child;

    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, pid);
    f = fopen(path, "r");
    if (f == NULL)
        return 0;
    while (fscanf(f, "%ld", &child) == 1) {
        int64_t own = 0, waited = 0;
        long parent;

        if (watch_stat(child, &parent, &own, &waited))
            sum += own + waited;
    }
    fclose(f);
    return sum;
}

static inline int64_t watch_read(const struct watch *w)
{
    int64_t own = 0, waited = 0;
    long parent;

    if (!watch_stat(w->pid, &parent, &own, &waited))
        measure_die("%s: process %ld has gone", w->name, w->pid);
    return w->tree ? own + waited + watch_children(w->pid) : own;
}

static inline void watch_begin(struct watches *w)
{
    for (int i = 0; i < w->count; i++)
        w->list[i].before = watch_read(&w->list[i]);
}

/* ,"cpu":{"NAME":us since watch_begin(), ...} */
static inline void watch_print(const struct watches *w)
{
    printf(",\"cpu_us\":{");
    for (int i = 0; i < w->count; i++)
        printf("%s\"%s\":%" PRId64, i > 0 ? "," : "", w->list[i].name, watch_read(&w->list[i]) - w->list[i].before);
    printf("}");
}

#endif
