#include "app/spool.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cells.h"
#include "app/desk.h"
#include "app/files.h"
#include "app/generations.h"
#include "app/handover.h"
#include "app/letter.h"
#include "app/spool_in.h"
#include "app/worker.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"

#define SPOOL_ROWS 1000                 /* of one file */
#define SPOOL_FILE_MAX (64u << 20)      /* octets */
#define SPOOL_LEASE_MS 60000            /* of a file that is being written */
#define SPOOL_AGAIN_MS 10000            /* after a file that could not be written */
#define SPOOL_COLUMNS_MAX 512           /* of the services of one back end together */

/* IDLE until it is time; ASKING the queue; WRITING: the thread; TELLING the desk. */
enum spool_state { SPOOL_IDLE = 0, SPOOL_ASKING, SPOOL_WRITING, SPOOL_TELLING, SPOOL_STATES };

struct spool_place {                    /* one for each name and folder that menus ever had */
    struct spool_place *next;
    struct spool *spool;
    char *backend, *folder;
    enum spool_state state;
    int64_t due;                        /* clock_mono() ms */
    int64_t file;
    int rows;
    int64_t *numbers;                   /* of the file's cases, and their events */
    int32_t *seqs;
    int waiting;                        /* orders at the desk */
    bool away;                          /* one of them is to be given again */
    struct spool_in *in;
};

struct spool {
    struct spool_args args;
    struct worker *worker;
    struct spool_place *places;
};

struct spool_job {
    struct worker_job job;
    struct spool_place *place;
    char name[FILES_NAME_MAX];
    struct buf text;
    bool good;
    char err[FILES_ERR];
};

/* --- the file ------------------------------------------------------------------------- */

static const char *const spool_heads[] = { "case", "event", "service", "state", "at", "phone", "lang", "by", "note" };
#define SPOOL_HEADS (int)(sizeof spool_heads / sizeof spool_heads[0])

struct spool_columns {
    const char *names[SPOOL_COLUMNS_MAX];
    int count;
};

static bool spool_know_column(struct spool_columns *c, const char *name)
{
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return true;
    if (c->count == SPOOL_COLUMNS_MAX)
        return false;
    c->names[c->count++] = name;
    return true;
}

/* The fields of all rows, in the order in which they come. */
static bool spool_know(struct spool_columns *c, json_t *letter)
{
    json_t *fields = json_object_get(letter, "fields"), *value;
    const char *name;
    bool good = true;

    json_object_foreach(fields, name, value)
        good = spool_know_column(c, name) && good;
    return good;
}

static const char *spool_text(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));

    return text != NULL ? text : "";
}

static void spool_row(const struct spool_columns *c, const json_t *letter, struct buf *out)
{
    const json_t *fields = json_object_get(letter, "fields");

    for (int i = 0; i < SPOOL_HEADS; i++)
        (i == 0 ? cells_first : cells_add)(out, spool_text(letter, spool_heads[i]));
    for (int i = 0; i < c->count; i++)
        cells_add(out, spool_text(fields, c->names[i]));
    cells_end(out);
}

/* A field that is called as one of ours: "fields.note". */
static void spool_add_name(const char *name, struct buf *out)
{
    bool ours = false;

    for (int i = 0; i < SPOOL_HEADS; i++)
        ours = ours || strcmp(spool_heads[i], name) == 0;
    buf_addc(out, ',');
    if (ours)
        buf_adds(out, "fields.");
    buf_adds(out, name);                /* letters, digits and _ */
}

static void spool_head(const struct spool_columns *c, struct buf *out)
{
    for (int i = 0; i < SPOOL_HEADS; i++)
        (i == 0 ? cells_first : cells_add)(out, spool_heads[i]);
    for (int i = 0; i < c->count; i++)
        spool_add_name(c->names[i], out);
    cells_end(out);
}

/* False: one of the letters cannot be opened now. */
static bool spool_letters(struct spool *s, const struct store_handover *list, int count, json_t **letters)
{
    struct buf text;
    bool good = true;

    buf_init(&text, LETTER_MAX);
    for (int i = 0; i < count && good; i++) {
        buf_clear(&text);
        good = handover_open(s->args.handover, &list[i], &text);
        letters[i] = good ? json_loadb(buf_str(&text), text.len, 0, NULL) : NULL;
        good = letters[i] != NULL;
    }
    buf_fini(&text);
    return good;
}

static bool spool_fill(struct spool *s, const struct store_handover *list, int count, struct buf *out)
{
    json_t **letters = xcalloc((size_t)count, sizeof(json_t *));
    struct spool_columns columns = { .count = 0 };
    bool good = spool_letters(s, list, count, letters);

    for (int i = 0; i < count && good; i++)
        good = spool_know(&columns, letters[i]);
    if (good)
        spool_head(&columns, out);
    for (int i = 0; i < count && good; i++)
        spool_row(&columns, letters[i], out);
    for (int i = 0; i < count; i++)
        json_decref(letters[i]);
    free(letters);
    return good && !out->full;
}

/* up-20261125-180411-17.csv: the same each time it is written. */
static void spool_name(const struct spool *s, const struct store_handover_file *file, char out[FILES_NAME_MAX])
{
    int offset = generations_current(s->args.generations)->utc_offset_min;
    int64_t there = file->created + offset * INT64_C(60000);
    struct clock_date d = clock_date_of(clock_day(file->created, offset));
    int second = (int)(there / 1000 % 86400);

    (void)snprintf(out, FILES_NAME_MAX, "%.60s-%04d%02d%02d-%02d%02d%02d-%" PRId64 ".csv", file->backend, d.year, d.month,
                   d.day, second / 3600, second / 60 % 60, second % 60, file->id);
}

/* --- a place --------------------------------------------------------------------------------- */

static void spool_rest(struct spool_place *p, int64_t ms)
{
    p->state = SPOOL_IDLE;
    p->due = clock_mono() + ms;
    free(p->numbers);
    free(p->seqs);
    p->numbers = NULL;
    p->seqs = NULL;
}

static const struct menu_backend *spool_backend(const struct spool *s, const char *name)
{
    const struct menu *m = generations_current(s->args.generations);

    for (int i = 0; i < m->backend_count; i++)
        if (strcmp(m->backends[i].name, name) == 0)
            return &m->backends[i];
    return NULL;
}

static void spool_done(struct spool_place *p)
{
    const struct menu_backend *of = spool_backend(p->spool, p->backend);

    store_handover_mark_file(p->spool->args.store, p->file);
    stats_add(handovers, p->rows);
    log_info("backend=%s event=spool_written file=%" PRId64 " rows=%d", p->backend, p->file, p->rows);
    /* a full one: there may be more */
    spool_rest(p, p->rows < SPOOL_ROWS && of != NULL ? of->every_ms : 0);
}

static void spool_tell(struct spool_place *p);

static void spool_on_desk(void *arg, uint64_t ticket, const struct desk_answer *a)
{
    struct spool_place *p = arg;

    (void)ticket;
    p->waiting--;
    p->away = p->away || a->outcome == DESK_AWAY;
    if (p->waiting > 0)
        return;
    if (p->away)
        spool_rest(p, SPOOL_AGAIN_MS);  /* the file is written once more, and they are told once more */
    else
        spool_done(p);
}

/* Its cases have been taken: what the menus say of that. */
static void spool_tell(struct spool_place *p)
{
    const struct menu_backend *of = spool_backend(p->spool, p->backend);
    char key[CASEFILE_KEY_MAX];

    p->state = SPOOL_TELLING;
    p->waiting = 0;
    p->away = false;
    for (int i = 0; i < p->rows && of != NULL && of->taken != NULL; i++) {
        (void)snprintf(key, sizeof key, "backend/%.100s/%" PRId64 "/%" PRId32, p->backend, p->numbers[i], p->seqs[i]);
        p->waiting++;
        desk_order(p->spool->args.desk, &(struct desk_order){
            .number = p->numbers[i], .key = key, .kind = DESK_AGENCY, .actor = p->backend, .to = of->taken,
            .at = clock_now() }, &(struct desk_done){ spool_on_desk, p, (uint64_t)i });
    }
    if (p->waiting == 0)
        spool_done(p);
}

/* --- the thread -------------------------------------------------------------------------------- */

static void spool_work(struct worker_job *job)
{
    struct spool_job *j = (struct spool_job *)job;

    j->good = files_write(&(struct files_content){ j->place->folder, "out", j->name, buf_str(&j->text), j->text.len }, j->err);
}

static void spool_drop(struct worker_job *job)
{
    struct spool_job *j = (struct spool_job *)job;

    buf_fini(&j->text);
    free(j);
}

static void spool_on_written(struct worker_job *job)
{
    struct spool_job *j = (struct spool_job *)job;
    struct spool_place *p = j->place;

    if (j->good) {
        spool_tell(p);
    } else {
        log_err("backend=%s event=spool_failed reason=\"%s\" retry_in=%dms", p->backend, j->err, SPOOL_LEASE_MS);
        stats_inc(handovers_failed);
        spool_rest(p, SPOOL_AGAIN_MS);
    }
    spool_drop(job);
}

static void spool_write(struct spool_place *p, const struct store_handover_file *file, const struct store_handover *list,
                        int count)
{
    struct spool_job *j = xcalloc(1, sizeof *j);

    j->job.work = spool_work;
    j->job.done = spool_on_written;
    j->job.drop = spool_drop;
    j->place = p;
    buf_init(&j->text, SPOOL_FILE_MAX);
    spool_name(p->spool, file, j->name);
    if (!spool_fill(p->spool, list, count, &j->text)) {
        log_err("backend=%s event=spool_failed reason=\"a case cannot be written\" retry_in=%dms", p->backend, SPOOL_LEASE_MS);
        stats_inc(handovers_failed);
        spool_drop(&j->job);
        spool_rest(p, SPOOL_AGAIN_MS);
        return;
    }
    p->state = SPOOL_WRITING;
    worker_push(p->spool->worker, &j->job);
}

void spool_taken(struct spool *s, const struct store_handover_file *file, const struct store_handover *list, int count,
                 bool failed)
{
    struct spool_place *p = s->places;
    const struct menu_backend *of = spool_backend(s, file->backend);

    while (p != NULL && (p->state != SPOOL_ASKING || strcmp(p->backend, file->backend) != 0))
        p = p->next;
    if (p == NULL)
        return;
    if (failed || count == 0) {
        spool_rest(p, failed || of == NULL ? SPOOL_AGAIN_MS : of->every_ms);
        return;
    }
    p->file = file->id;
    p->rows = count;
    p->numbers = xcalloc((size_t)count, sizeof *p->numbers);
    p->seqs = xcalloc((size_t)count, sizeof *p->seqs);
    for (int i = 0; i < count; i++) {
        p->numbers[i] = list[i].number;
        p->seqs[i] = list[i].seq;
    }
    spool_write(p, file, list, count);
}

/* --- life ------------------------------------------------------------------------------------------ */

struct spool *spool_new(const struct spool_args *args, char *err, size_t err_size)
{
    struct spool *s = xcalloc(1, sizeof *s);

    s->args = *args;
    s->worker = worker_new(args->base, err, err_size);
    if (s->worker != NULL)
        return s;
    free(s);
    return NULL;
}

void spool_free(struct spool *s)
{
    struct spool_place *next;

    if (s == NULL)
        return;
    worker_free(s->worker);
    for (struct spool_place *p = s->places; p != NULL; p = next) {
        next = p->next;
        spool_in_free(p->in);
        free(p->backend);
        free(p->folder);
        free(p->numbers);
        free(p->seqs);
        free(p);
    }
    free(s);
}

static struct spool_place *spool_place(struct spool *s, const struct menu_backend *of)
{
    char folder[FILES_PATH_MAX];
    struct spool_place *p = s->places;
    int n = snprintf(folder, sizeof folder, "%s/%s", s->args.folder, of->folder);

    if (n <= 0 || (size_t)n >= sizeof folder)
        return NULL;
    while (p != NULL && (strcmp(p->backend, of->name) != 0 || strcmp(p->folder, folder) != 0))
        p = p->next;
    if (p != NULL)
        return p;
    p = xcalloc(1, sizeof *p);
    p->spool = s;
    p->backend = xstrdup(of->name);
    p->folder = xstrdup(folder);
    p->in = spool_in_new(&(struct spool_in_args){ s->worker, s->args.desk, s->args.generations, of->name, folder });
    p->next = s->places;
    s->places = p;
    return p;
}

static void spool_look(struct spool *s, struct spool_place *p)
{
    if (p->state != SPOOL_IDLE || clock_mono() < p->due)
        return;
    p->state = SPOOL_ASKING;
    store_handover_take_file(s->args.store, &(struct store_wanted){ p->backend, SPOOL_ROWS, SPOOL_LEASE_MS });
}

void spool_tick(struct spool *s)
{
    const struct menu *m = generations_current(s->args.generations);

    for (int i = 0; i < m->backend_count && store_is_up(s->args.store); i++) {
        struct spool_place *p = m->backends[i].kind == MENU_BACKEND_CSV ? spool_place(s, &m->backends[i]) : NULL;

        if (p == NULL)
            continue;
        spool_look(s, p);
        spool_in_tick(p->in);
    }
}

bool spool_is_idle(const struct spool *s)
{
    for (const struct spool_place *p = s->places; p != NULL; p = p->next)
        if (p->state > SPOOL_ASKING || !spool_in_is_idle(p->in))
            return false;
    return true;
}
