#include "app/spool_in.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/cells.h"
#include "app/desk.h"
#include "app/files.h"
#include "app/generations.h"
#include "app/letter.h"
#include "app/worker.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/damm.h"
#include "base/log.h"
#include "base/stats.h"
#include "menu/model.h"

#define SPOOL_IN_LOOK_MS 2000
#define SPOOL_IN_ONCE 16                /* orders at the desk */
#define SPOOL_IN_REASON 300
#define SPOOL_IN_NUMBER 11

/* IDLE looks for a file at times; LOOKING and FINISHING: the thread has it. */
enum spool_in_state { SPOOL_IN_IDLE = 0, SPOOL_IN_LOOKING, SPOOL_IN_READING, SPOOL_IN_FINISHING, SPOOL_IN_STATES };

enum spool_in_column { COLUMN_CASE = 0, COLUMN_STATE, COLUMN_NOTE, COLUMN_ID, COLUMNS };

static const char *const spool_in_columns[COLUMNS] = {
    [COLUMN_CASE] = "case", [COLUMN_STATE] = "state", [COLUMN_NOTE] = "note", [COLUMN_ID] = "id",
};

struct spool_in_row {                   /* at the desk */
    bool used, again;
    uint64_t ticket;
    int line;
    int64_t number;
    char digits[SPOOL_IN_NUMBER];
    char key[CASEFILE_KEY_MAX];
    char word[LETTER_WORD_MAX];
    char note[CASEFILE_NOTE_MAX + 1];
};

struct spool_in {
    struct spool_in_args args;
    enum spool_in_state state;
    int64_t looked;                     /* clock_mono() ms */
    struct files_in in;
    struct csv csv;
    int columns[COLUMNS];               /* where they stand; -1 nowhere */
    bool headed, ended;                 /* the first row is read; the last */
    bool waits;                         /* the row that was read waits for one of its case, or for room */
    int *known;                         /* lines rejected before we were killed */
    int known_count;
    int rows, rejects;
    uint64_t tickets;
    struct spool_in_row out[SPOOL_IN_ONCE];
    char trouble[FILES_ERR];            /* as last logged */
};

/* What the thread does for us. */
struct spool_in_job {
    struct worker_job job;
    struct spool_in *s;
    struct files_in *in;                /* LOOKING, FINISHING: ours */
    const char *folder;
    char *row;                          /* a reject */
    bool good;
    char err[FILES_ERR];
};

static void spool_in_read(struct spool_in *s);

/* --- the thread ---------------------------------------------------------------------- */

static void spool_in_work_take(struct worker_job *job)
{
    struct spool_in_job *j = (struct spool_in_job *)job;

    j->good = files_take(j->folder, j->in, j->err);
}

static void spool_in_work_reject(struct worker_job *job)
{
    struct spool_in_job *j = (struct spool_in_job *)job;

    j->good = files_reject(j->folder, j->in, j->row, j->err);
}

static void spool_in_work_finish(struct worker_job *job)
{
    struct spool_in_job *j = (struct spool_in_job *)job;

    j->good = files_finish(j->folder, j->in, j->err);
}

static void spool_in_drop(struct worker_job *job)
{
    struct spool_in_job *j = (struct spool_in_job *)job;

    free(j->row);
    free(j);
}

static void spool_in_push(struct spool_in *s, void (*work)(struct worker_job *), void (*done)(struct worker_job *),
                          const char *row)
{
    struct spool_in_job *j = xcalloc(1, sizeof *j);

    j->job.work = work;
    j->job.done = done;
    j->job.drop = spool_in_drop;
    j->s = s;
    j->in = &s->in;
    j->folder = s->args.folder;
    j->row = row != NULL ? xstrdup(row) : NULL;
    worker_push(s->args.worker, &j->job);
}

static void spool_in_complain(struct spool_in *s, const char *err)
{
    if (strcmp(s->trouble, err) != 0)
        log_err("backend=%s event=spool_failed reason=\"%s\"", s->args.backend, err);
    (void)snprintf(s->trouble, sizeof s->trouble, "%s", err);
}

/* --- rejects ------------------------------------------------------------------------------ */

static void spool_in_done_reject(struct worker_job *job)
{
    struct spool_in_job *j = (struct spool_in_job *)job;

    if (!j->good)
        spool_in_complain(j->s, j->err);
    spool_in_drop(job);
}

static bool spool_in_is_known(const struct spool_in *s, int line)
{
    for (int i = 0; i < s->known_count; i++)
        if (s->known[i] == line)
            return true;
    return false;
}

static void spool_in_reject(struct spool_in *s, int line, const char *reason, const char *digits, const char *word)
{
    struct buf row;
    char number[16];

    if (spool_in_is_known(s, line))
        return;
    buf_init(&row, 4096);
    (void)snprintf(number, sizeof number, "%d", line);
    cells_first(&row, number);
    cells_add(&row, reason);
    cells_add(&row, digits);
    cells_add(&row, word);
    cells_end(&row);
    s->rejects++;
    stats_inc(spool_rejects);
    spool_in_push(s, spool_in_work_reject, spool_in_done_reject, buf_str(&row));
    buf_fini(&row);
}

/* Lines that were rejected before: they are not tried again. */
static void spool_in_know(struct spool_in *s)
{
    struct csv c;
    enum csv_read r;

    s->known_count = 0;
    if (s->in.rejects == NULL)
        return;
    csv_init(&c, s->in.rejects, s->in.rejects_size);
    while ((r = csv_next(&c)) != CSV_END) {
        int line = r == CSV_ROW ? (int)strtol(c.fields[0], NULL, 10) : 0;

        if (line <= 0)
            continue;
        s->known = xrealloc(s->known, ((size_t)s->known_count + 1) * sizeof *s->known);
        s->known[s->known_count++] = line;
    }
    s->rejects = s->known_count;
    csv_fini(&c);
}

/* --- rows ------------------------------------------------------------------------------------ */

static const struct menu_backend *spool_in_backend(const struct spool_in *s)
{
    const struct menu *m = generations_current(s->args.generations);

    for (int i = 0; i < m->backend_count; i++)
        if (strcmp(m->backends[i].name, s->args.backend) == 0)
            return &m->backends[i];
    return NULL;
}

/* The agency whose cases it may move: that of the services that hand theirs to it.
 * Several: NULL, and then any of them. */
static const char *spool_in_agency(const struct spool_in *s)
{
    const struct menu *m = generations_current(s->args.generations);
    const char *agency = NULL;

    for (int i = 0; i < m->service_count; i++) {
        const struct menu_service *v = &m->services[i];

        if (v->backend == MENU_NONE || strcmp(m->backends[v->backend].name, s->args.backend) != 0)
            continue;
        if (agency != NULL && strcmp(agency, v->agency) != 0)
            return NULL;
        agency = v->agency;
    }
    return agency;
}

static const char *spool_in_cell(const struct spool_in *s, enum spool_in_column c)
{
    return s->columns[c] >= 0 && s->columns[c] < s->csv.count ? s->csv.fields[s->columns[c]] : "";
}

static bool spool_in_head(struct spool_in *s)
{
    char reason[SPOOL_IN_REASON];

    for (int c = 0; c < COLUMNS; c++) {
        s->columns[c] = -1;
        for (int i = 0; i < s->csv.count; i++)
            if (strcasecmp(s->csv.fields[i], spool_in_columns[c]) == 0)
                s->columns[c] = i;
    }
    for (int c = COLUMN_CASE; c <= COLUMN_STATE; c++) {
        if (s->columns[c] >= 0)
            continue;
        (void)snprintf(reason, sizeof reason, "the first row names the columns, and none is '%s'", spool_in_columns[c]);
        spool_in_reject(s, s->csv.line, reason, "", "");
        return false;
    }
    return true;
}

/* Ten digits, as people write them: with blanks and hyphens between. */
static bool spool_in_number(const char *text, char digits[SPOOL_IN_NUMBER])
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '-')
            continue;
        if (*text < '0' || *text > '9' || n == SPOOL_IN_NUMBER - 1)
            return false;
        digits[n++] = *text;
    }
    digits[n] = '\0';
    return n == SPOOL_IN_NUMBER - 1 && damm_valid(digits, n);
}

static void spool_in_key(const struct spool_in *s, struct spool_in_row *r)
{
    const char *id = spool_in_cell(s, COLUMN_ID);
    char hex[2 * FILES_DIGEST + 1];

    (void)sodium_bin2hex(hex, sizeof hex, s->in.digest, FILES_DIGEST);
    if (id[0] != '\0')
        (void)snprintf(r->key, sizeof r->key, "csv/%.60s/id/%.100s", s->args.backend, id);
    else
        (void)snprintf(r->key, sizeof r->key, "csv/%.60s/%s/%d", s->args.backend, hex, s->csv.line);
}

static void spool_in_on_desk(void *arg, uint64_t ticket, const struct desk_answer *a);

static void spool_in_order(struct spool_in *s, struct spool_in_row *r)
{
    const struct menu_backend *of = spool_in_backend(s);
    const char *state = of != NULL && r->word[0] != '\0' ? menu_backend_state(of, r->word) : NULL;

    r->again = false;
    r->ticket = ++s->tickets;
    desk_order(s->args.desk, &(struct desk_order){
        .number = r->number, .key = r->key, .kind = DESK_AGENCY, .actor = s->args.backend, .agency = spool_in_agency(s),
        .to = state, .note = r->note, .at = clock_now() }, &(struct desk_done){ spool_in_on_desk, s, r->ticket });
}

/* What is wrong with the row that was read; NULL: nothing, and r is it. */
static const char *spool_in_judge(const struct spool_in *s, struct spool_in_row *r, char reason[SPOOL_IN_REASON])
{
    const char *word = spool_in_cell(s, COLUMN_STATE);
    const struct menu_backend *of = spool_in_backend(s);

    memset(r, 0, sizeof *r);
    r->line = s->csv.line;
    if (!spool_in_number(spool_in_cell(s, COLUMN_CASE), r->digits))
        return "not a case number: ten digits, and the last one checks the others";
    r->number = strtoll(r->digits, NULL, 10);
    letter_note(spool_in_cell(s, COLUMN_NOTE), r->note);
    if (word[0] == '\0' && r->note[0] == '\0')
        return "neither a state nor a note";
    if (strlen(word) >= sizeof r->word || of == NULL || (word[0] != '\0' && menu_backend_state(of, word) == NULL)) {
        (void)snprintf(reason, SPOOL_IN_REASON, "the menus do not say what the word '%.60s' means", word);
        return reason;
    }
    if (strlen(spool_in_cell(s, COLUMN_ID)) > 100)
        return "the id has more than 100 octets";
    memcpy(r->word, word, strlen(word) + 1);
    spool_in_key(s, r);
    return NULL;
}

/* Room for another order; NULL: none, or one of the same case is out. */
static struct spool_in_row *spool_in_room(struct spool_in *s, int64_t number)
{
    struct spool_in_row *room = NULL;

    for (int i = 0; i < SPOOL_IN_ONCE; i++) {
        if (!s->out[i].used)
            room = &s->out[i];
        else if (s->out[i].number == number)
            return NULL;
    }
    return room;
}

/* The row that was read.  False: it waits. */
static bool spool_in_take(struct spool_in *s)
{
    struct spool_in_row r, *room;
    char reason[SPOOL_IN_REASON];
    const char *wrong;

    if (spool_in_is_known(s, s->csv.line))
        return true;
    wrong = spool_in_judge(s, &r, reason);
    if (wrong != NULL) {
        spool_in_reject(s, s->csv.line, wrong, spool_in_cell(s, COLUMN_CASE), spool_in_cell(s, COLUMN_STATE));
        return true;
    }
    room = spool_in_room(s, r.number);
    if (room == NULL)
        return false;
    *room = r;
    room->used = true;
    s->rows++;
    spool_in_order(s, room);
    return true;
}

static void spool_in_finish(struct spool_in *s);

static void spool_in_next(struct spool_in *s)
{
    switch (csv_next(&s->csv)) {
    case CSV_ROW:
        if (s->headed)
            s->waits = !spool_in_take(s);
        else
            s->ended = !spool_in_head(s);
        s->headed = true;
        break;
    case CSV_BAD:
        spool_in_reject(s, s->csv.line, s->csv.reason, "", "");
        break;
    case CSV_END:
        s->ended = true;
        break;
    }
}

/* As far as it goes now. */
static void spool_in_read(struct spool_in *s)
{
    int out = 0;

    if (s->waits)
        s->waits = !spool_in_take(s);
    while (!s->waits && !s->ended)
        spool_in_next(s);
    for (int i = 0; i < SPOOL_IN_ONCE; i++)
        out += s->out[i].used;
    if (s->ended && out == 0)
        spool_in_finish(s);
}

/* --- the desk's answers ------------------------------------------------------------------------- */

static const char *const spool_in_reasons[DESK_OUTCOMES] = {
    [DESK_NO_CASE] = "no such case, or not one of this agency",
    [DESK_NO_STATE] = "its service has no such state",
    [DESK_NOT_YOURS] = "an agency may not make this move",
    [DESK_NO_FIELD] = "a field that its service does not have",
    [DESK_NO_REPLY] = "a reply that its state does not have",
    [DESK_BAD_ORDER] = "the row cannot be used",
    [DESK_NO_MENUS] = "the menus do not know its service any more",
};

static void spool_in_not_now(const struct desk_answer *a, char reason[SPOOL_IN_REASON])
{
    int n = snprintf(reason, SPOOL_IN_REASON, "not from where it stands, %.60s; from there:",
                     a->file != NULL ? a->file->state : "?");

    for (int i = 0; i < a->move_count && n > 0 && n < SPOOL_IN_REASON; i++)
        n += snprintf(reason + n, (size_t)(SPOOL_IN_REASON - n), " %s", a->moves[i]);
}

static void spool_in_on_desk(void *arg, uint64_t ticket, const struct desk_answer *a)
{
    struct spool_in *s = arg;
    struct spool_in_row *r = NULL;
    char reason[SPOOL_IN_REASON];

    for (int i = 0; i < SPOOL_IN_ONCE; i++)
        if (s->out[i].used && s->out[i].ticket == ticket)
            r = &s->out[i];
    if (r == NULL)
        return;
    switch (a->outcome) {
    case DESK_DONE:
    case DESK_REPEATED:
        break;
    case DESK_AWAY:
        r->again = true;                /* at the next tick */
        return;
    case DESK_NOT_NOW:
        spool_in_not_now(a, reason);
        spool_in_reject(s, r->line, reason, r->digits, r->word);
        break;
    case DESK_NO_CASE:
    case DESK_NO_STATE:
    case DESK_NOT_YOURS:
    case DESK_NO_FIELD:
    case DESK_NO_REPLY:
    case DESK_BAD_ORDER:
    case DESK_NO_MENUS:
        spool_in_reject(s, r->line, spool_in_reasons[a->outcome], r->digits, r->word);
        break;
    case DESK_OUTCOMES:
        abort();
    }
    r->used = false;
    spool_in_read(s);
}

/* --- a file ---------------------------------------------------------------------------------------- */

static void spool_in_done_finish(struct worker_job *job)
{
    struct spool_in_job *j = (struct spool_in_job *)job;
    struct spool_in *s = j->s;

    if (j->good) {
        s->trouble[0] = '\0';
        log_info("backend=%s event=spool_read rows=%d rejects=%d", s->args.backend, s->rows, s->rejects);
        s->looked = 0;                  /* there may be another one */
    } else {
        spool_in_complain(s, j->err);
    }
    s->state = SPOOL_IN_IDLE;
    spool_in_drop(job);
}

static void spool_in_finish(struct spool_in *s)
{
    csv_fini(&s->csv);
    s->state = SPOOL_IN_FINISHING;
    spool_in_push(s, spool_in_work_finish, spool_in_done_finish, NULL);
}

static void spool_in_begin(struct spool_in *s)
{
    s->state = SPOOL_IN_READING;
    s->headed = s->waits = false;
    s->ended = s->in.text == NULL;
    s->rows = s->rejects = 0;
    spool_in_know(s);
    csv_init(&s->csv, s->in.text != NULL ? s->in.text : "", s->in.text != NULL ? s->in.size : 0);
    if (s->in.text == NULL)
        spool_in_reject(s, 1, "longer than 8 MiB, or it cannot be read", "", "");
    spool_in_read(s);
}

static void spool_in_done_take(struct worker_job *job)
{
    struct spool_in_job *j = (struct spool_in_job *)job;
    struct spool_in *s = j->s;

    s->state = SPOOL_IN_IDLE;
    if (!j->good)
        spool_in_complain(s, j->err);
    else if (s->in.name[0] != '\0')
        spool_in_begin(s);
    spool_in_drop(job);
}

/* --- life ------------------------------------------------------------------------------------------- */

void spool_in_tick(struct spool_in *s)
{
    int64_t now = clock_mono();

    for (int i = 0; i < SPOOL_IN_ONCE; i++)
        if (s->out[i].used && s->out[i].again)
            spool_in_order(s, &s->out[i]);
    if (s->state != SPOOL_IN_IDLE || (s->looked != 0 && now - s->looked < SPOOL_IN_LOOK_MS))
        return;
    s->looked = now;
    s->state = SPOOL_IN_LOOKING;
    spool_in_push(s, spool_in_work_take, spool_in_done_take, NULL);
}

bool spool_in_is_idle(const struct spool_in *s)
{
    return s->state == SPOOL_IN_IDLE || s->state == SPOOL_IN_LOOKING;
}

struct spool_in *spool_in_new(const struct spool_in_args *args)
{
    struct spool_in *s = xcalloc(1, sizeof *s);

    s->args = *args;
    s->args.backend = xstrdup(args->backend);
    s->args.folder = xstrdup(args->folder);
    s->in.fd = -1;
    return s;
}

void spool_in_free(struct spool_in *s)
{
    char *backend, *folder;

    if (s == NULL)
        return;
    if (s->state == SPOOL_IN_READING)
        csv_fini(&s->csv);
    files_release(&s->in);
    free(s->known);
    memcpy(&backend, &s->args.backend, sizeof backend);
    memcpy(&folder, &s->args.folder, sizeof folder);
    free(backend);
    free(folder);
    free(s);
}
