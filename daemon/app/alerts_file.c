#include "app/alerts_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/files.h"
#include "app/worker.h"
#include "base/alloc.h"
#include "base/log.h"

#define ALERTS_FILE_NAME "alerts.json"

/* A text's row: [id, ends, place, signal, free, lang, text] */
#define ALERTS_FILE_PACK "[I, I, s, i, b, s, s]"
#define ALERTS_FILE_UNPACK "[I, I, s, i, b, s, s!]"

struct alerts_file {
    struct worker *worker;
    char *folder;
};

struct alerts_file_job {
    struct worker_job job;
    const char *folder;                 /* of the alerts_file, which outlives it */
    char *text;                         /* owned */
    char err[FILES_ERR];                /* "" done */
};

struct alerts_file *alerts_file_new(struct event_base *base, const char *folder, char *err, size_t err_size)
{
    struct worker *w = worker_new(base, err, err_size);
    struct alerts_file *f;

    if (w == NULL)
        return NULL;
    f = xcalloc(1, sizeof *f);
    f->worker = w;
    f->folder = xstrdup(folder);
    return f;
}

void alerts_file_free(struct alerts_file *f)
{
    if (f == NULL)
        return;
    worker_free(f->worker);
    free(f->folder);
    free(f);
}

/* --- reading ------------------------------------------------------------------------------- */

static bool alerts_file_row(json_t *row, struct store_alert_text *t)
{
    json_int_t id, ends;
    int free_there;

    if (json_unpack(row, ALERTS_FILE_UNPACK, &id, &ends, &t->place, &t->signal, &free_there, &t->lang, &t->text) != 0)
        return false;
    t->id = id;
    t->ends = ends;
    t->free = free_there != 0;
    return true;
}

static bool alerts_file_all(json_t *all, struct alerts *a)
{
    size_t n = json_array_size(all);
    struct store_alert_text *texts = xcalloc(n + 1, sizeof *texts);
    bool good = json_is_array(all);

    for (size_t i = 0; good && i < n; i++)
        good = alerts_file_row(json_array_get(all, i), &texts[i]);
    if (good)
        alerts_take(a, texts, (int)n);
    free(texts);
    return good;
}

void alerts_file_read(const struct alerts_file *f, struct alerts *a)
{
    char path[FILES_PATH_MAX], *text;
    size_t size;
    json_t *all;

    if (snprintf(path, sizeof path, "%s/" ALERTS_FILE_NAME, f->folder) >= (int)sizeof path || !files_slurp(path, &text, &size))
        return;                         /* the first start */
    all = json_loadb(text, size, 0, NULL);
    if (!alerts_file_all(all, a))
        log_warn("file=%s event=not_ours hint=\"it is written anew when a warning changes\"", path);
    json_decref(all);
    free(text);
}

/* --- writing ------------------------------------------------------------------------------- */

static void alerts_file_work(struct worker_job *job)
{
    struct alerts_file_job *j = (struct alerts_file_job *)job;
    const struct files_content c = { j->folder, "", ALERTS_FILE_NAME, j->text, strlen(j->text) };

    if (files_write(&c, j->err))
        j->err[0] = '\0';
}

static void alerts_file_drop(struct worker_job *job)
{
    struct alerts_file_job *j = (struct alerts_file_job *)job;

    free(j->text);
    free(j);
}

static void alerts_file_done(struct worker_job *job)
{
    const struct alerts_file_job *j = (const struct alerts_file_job *)job;

    if (j->err[0] != '\0')
        log_err("event=alerts_not_kept hint=\"setting state\" error=\"%s\"", j->err);
    alerts_file_drop(job);
}

void alerts_file_write(struct alerts_file *f, const struct store_alert_text *texts, int count)
{
    struct alerts_file_job *j = xcalloc(1, sizeof *j);
    json_t *all = json_array();

    for (int i = 0; i < count; i++)
        json_array_append_new(all, json_pack(ALERTS_FILE_PACK, (json_int_t)texts[i].id, (json_int_t)texts[i].ends, texts[i].place,
                                             texts[i].signal, (int)texts[i].free, texts[i].lang, texts[i].text));
    j->job = (struct worker_job){ .work = alerts_file_work, .done = alerts_file_done, .drop = alerts_file_drop };
    j->folder = f->folder;
    j->text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    if (j->text == NULL)                /* no memory */
        abort();
    worker_push(f->worker, &j->job);
}
