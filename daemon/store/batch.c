#include "store/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/array.h"

#define BATCH_POOL_MAX  (64u << 20)     /* bytes of all texts of a batch, hard */
#define BATCH_POOL_FULL (8u << 20)      /* from here on it counts as full */
#define BATCH_ARRAY_MAX (128u << 20)
#define BATCH_RANGES    40              /* halves of halves: one a level and one more */

struct batch_text {                     /* in the pool, a NUL behind it */
    uint32_t at;
    uint32_t len;
};

struct batch_tape {
    int64_t dialogue;
    int32_t step;
    int16_t kind, how, state;
    struct batch_text link, lang, typed, facts;
};

struct batch_row {
    uint64_t ticket;
    int64_t generation;
    int64_t at;
    struct batch_text msisdn, code, screen, state, lang, link;
    int32_t turn;
    int16_t bucket;
    bool open;
    bool citizen;                       /* lang and link are to be written */
    bool taped;                         /* tape is */
    struct batch_tape tape;
    uint32_t hash;
    uint32_t cases, case_count;         /* first in batch.cases */
    uint32_t messages, message_count;
    uint32_t audits, audit_count;
    uint32_t orders, order_count;
};

struct batch_case {
    int64_t number;
    int64_t due;
    int16_t quiet, person;
    struct batch_text service, agency, fields, state, lang, place, contact, channel, actor, name;
    struct batch_text backend, letter, secret;
};

struct batch_message {
    int64_t due;
    struct batch_text cause, receiver, link, lang, class, text, approval;
    int16_t quiet;
};

struct batch_audit {
    struct batch_text actor, event, fields;
};

struct batch_order {
    int64_t number;
    int32_t seq;
    int16_t bucket;
    bool ends;
    struct batch_text opener, key, kind, actor, state, note, audit, told, backend, letter;
};

struct batch {
    int max;
    int count;
    struct batch_row *rows;             /* in the order they came */
    int *order;                         /* sealed: indices of rows in the order of their keys */
    uint32_t *slots;                    /* open hash of rows by msisdn, index + 1; slot_mask + 1 of them */
    uint32_t slot_mask;
    struct buf pool;
    struct batch_case *cases;
    size_t case_count, case_cap;
    struct batch_message *messages;
    size_t message_count, message_cap;
    struct batch_audit *audits;
    size_t audit_count, audit_cap;
    struct batch_order *orders;
    size_t order_count, order_cap;
    struct batch_range ranges[BATCH_RANGES];
    int range_count;
};

/* --- gathering --------------------------------------------------------------- */

struct batch *batch_new(int max)
{
    struct batch *b = xcalloc(1, sizeof *b);
    uint32_t slots = 16;

    assert(max > 0 && max <= 1 << 20);
    while (slots < (uint32_t)max * 2)
        slots *= 2;
    b->max = max;
    b->rows = xcalloc((size_t)max, sizeof *b->rows);
    b->order = xcalloc((size_t)max, sizeof *b->order);
    b->slots = xcalloc(slots, sizeof *b->slots);
    b->slot_mask = slots - 1;
    buf_init(&b->pool, BATCH_POOL_MAX);
    return b;
}

void batch_free(struct batch *b)
{
    if (b == NULL)
        return;
    buf_fini(&b->pool);
    free(b->rows);
    free(b->order);
    free(b->slots);
    free(b->cases);
    free(b->messages);
    free(b->audits);
    free(b->orders);
    free(b);
}

void batch_clear(struct batch *b)
{
    b->count = 0;
    b->case_count = 0;
    b->message_count = 0;
    b->audit_count = 0;
    b->order_count = 0;
    b->range_count = 0;
    memset(b->slots, 0, (b->slot_mask + 1) * sizeof *b->slots);
    buf_clear(&b->pool);
}

static struct batch_text batch_keep(struct batch *b, const void *p, size_t n)
{
    struct batch_text t = { (uint32_t)b->pool.len, (uint32_t)n };

    buf_add(&b->pool, p, n);
    buf_addc(&b->pool, '\0');
    return t;
}

static struct batch_text batch_keep_text(struct batch *b, const char *s)
{
    return s != NULL ? batch_keep(b, s, strlen(s)) : batch_keep(b, "", 0);
}

static const char *batch_str(const struct batch *b, struct batch_text t)
{
    return buf_str(&b->pool) + t.at;
}

static uint32_t batch_hash(const char *s)
{
    uint32_t h = 2166136261u;           /* FNV-1a */

    for (; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

/* The slot of this subscriber, or the free one where she would stand. */
static uint32_t *batch_slot(const struct batch *b, const char *msisdn, uint32_t hash)
{
    for (uint32_t i = hash;; i++) {
        uint32_t *slot = &b->slots[i & b->slot_mask];
        const struct batch_row *r;

        if (*slot == 0)
            return slot;
        r = &b->rows[*slot - 1];
        if (r->hash == hash && strcmp(batch_str(b, r->msisdn), msisdn) == 0)
            return slot;
    }
}

static void batch_add_cases(struct batch *b, struct batch_row *row, const struct store_step *step)
{
    row->cases = (uint32_t)b->case_count;
    row->case_count = (uint32_t)step->case_count;
    if (b->case_count + step->case_count > b->case_cap) {
        b->case_cap = (b->case_count + step->case_count) * 2;
        b->cases = xrealloc(b->cases, b->case_cap * sizeof *b->cases);
    }
    for (size_t i = 0; i < step->case_count; i++) {
        const struct store_case *c = &step->cases[i];

        b->cases[b->case_count++] = (struct batch_case){
            .number = c->number,
            .service = batch_keep_text(b, c->service),
            .agency = batch_keep_text(b, c->agency),
            .fields = batch_keep_text(b, c->fields),
            .state = batch_keep_text(b, c->state),
            .due = c->due,
            .quiet = c->quiet,
            .person = c->person,
            .lang = batch_keep_text(b, c->lang),
            .place = batch_keep_text(b, c->place),
            .contact = batch_keep_text(b, c->contact),
            .channel = batch_keep_text(b, c->channel != NULL ? c->channel : "ussd"),
            .actor = batch_keep_text(b, c->actor != NULL ? c->actor : "citizen"),
            .name = batch_keep_text(b, c->name),
            .backend = batch_keep_text(b, c->backend),
            .letter = batch_keep_text(b, c->letter),
            .secret = batch_keep(b, c->secret, c->secret_len),
        };
    }
}

static void batch_add_messages(struct batch *b, struct batch_row *row, const struct store_step *step)
{
    row->messages = (uint32_t)b->message_count;
    row->message_count = (uint32_t)step->message_count;
    if (b->message_count + step->message_count > b->message_cap) {
        b->message_cap = (b->message_count + step->message_count) * 2;
        b->messages = xrealloc(b->messages, b->message_cap * sizeof *b->messages);
    }
    for (size_t i = 0; i < step->message_count; i++) {
        const struct store_message *m = &step->messages[i];

        b->messages[b->message_count++] = (struct batch_message){
            .due = m->due,
            .cause = batch_keep_text(b, m->cause),
            .receiver = batch_keep_text(b, m->receiver),
            .link = batch_keep_text(b, m->link),
            .lang = batch_keep_text(b, m->lang),
            .class = batch_keep_text(b, m->class),
            .text = batch_keep_text(b, m->text),
            .approval = batch_keep_text(b, m->approval != NULL ? m->approval : ""),
            .quiet = m->quiet,
        };
    }
}

static void batch_add_tape(struct batch *b, struct batch_row *row, const struct store_tape *t)
{
    row->taped = true;
    row->tape = (struct batch_tape){
        .dialogue = t->dialogue,
        .step = t->step,
        .kind = t->kind,
        .how = t->how,
        .state = t->state,
        .link = batch_keep_text(b, t->link),
        .lang = batch_keep_text(b, t->lang),
        .typed = batch_keep_text(b, t->typed),
        .facts = batch_keep_text(b, t->facts),
    };
}

static void batch_add_audits(struct batch *b, struct batch_row *row, const struct store_step *step)
{
    row->audits = (uint32_t)b->audit_count;
    row->audit_count = (uint32_t)step->audit_count;
    if (b->audit_count + step->audit_count > b->audit_cap) {
        b->audit_cap = (b->audit_count + step->audit_count) * 2;
        b->audits = xrealloc(b->audits, b->audit_cap * sizeof *b->audits);
    }
    for (size_t i = 0; i < step->audit_count; i++) {
        const struct store_audit *a = &step->audits[i];

        b->audits[b->audit_count++] = (struct batch_audit){
            .actor = batch_keep_text(b, a->actor),
            .event = batch_keep_text(b, a->event),
            .fields = batch_keep_text(b, a->fields),
        };
    }
}

static void batch_add_orders(struct batch *b, struct batch_row *row, const struct store_step *step)
{
    row->orders = (uint32_t)b->order_count;
    row->order_count = (uint32_t)step->order_count;
    if (b->order_count + step->order_count > b->order_cap) {
        b->order_cap = (b->order_count + step->order_count) * 2;
        b->orders = xrealloc(b->orders, b->order_cap * sizeof *b->orders);
    }
    for (size_t i = 0; i < step->order_count; i++) {
        const struct store_order *o = &step->orders[i];

        b->orders[b->order_count++] = (struct batch_order){
            .number = o->number,
            .seq = o->seq,
            .bucket = store_bucket(o->msisdn),
            .ends = o->ends,
            .opener = batch_keep_text(b, o->msisdn),
            .key = batch_keep_text(b, o->key),
            .kind = batch_keep_text(b, o->kind),
            .actor = batch_keep_text(b, o->actor),
            .state = batch_keep_text(b, o->state),
            .note = batch_keep_text(b, o->note),
            .audit = batch_keep_text(b, o->audit),
            .told = batch_keep_text(b, o->audit_fields),
            .backend = batch_keep_text(b, o->backend),
            .letter = batch_keep_text(b, o->letter),
        };
    }
}

static size_t batch_len(const char *s)
{
    return s != NULL ? strlen(s) + 1 : 1;
}

size_t batch_step_size(const struct store_step *step)
{
    size_t n = batch_len(step->msisdn) + batch_len(step->code) + batch_len(step->screen) + step->state_len + 1 +
               batch_len(step->lang) + batch_len(step->citizen_link);

    if (step->tape != NULL)
        n += batch_len(step->tape->link) + batch_len(step->tape->lang) + batch_len(step->tape->typed) +
             batch_len(step->tape->facts);
    for (size_t i = 0; i < step->case_count; i++) {
        const struct store_case *c = &step->cases[i];

        n += batch_len(c->service) + batch_len(c->agency) + batch_len(c->fields) + batch_len(c->state) +
             batch_len(c->lang) + batch_len(c->place) + batch_len(c->contact) + batch_len(c->channel) +
             batch_len(c->actor) + batch_len(c->name) + batch_len(c->backend) + batch_len(c->letter) + c->secret_len + 1;
    }
    for (size_t i = 0; i < step->message_count; i++) {
        const struct store_message *m = &step->messages[i];

        n += batch_len(m->cause) + batch_len(m->receiver) + batch_len(m->link) + batch_len(m->lang) +
             batch_len(m->class) + batch_len(m->text) + (m->approval != NULL ? batch_len(m->approval) : 1);
    }
    for (size_t i = 0; i < step->audit_count; i++)
        n += batch_len(step->audits[i].actor) + batch_len(step->audits[i].event) + batch_len(step->audits[i].fields);
    for (size_t i = 0; i < step->order_count; i++) {
        const struct store_order *o = &step->orders[i];

        n += batch_len(o->msisdn) + batch_len(o->key) + batch_len(o->kind) + batch_len(o->actor) + batch_len(o->state) +
             batch_len(o->note) + batch_len(o->audit) + batch_len(o->audit_fields) + batch_len(o->backend) +
             batch_len(o->letter);
    }
    return n;
}

bool batch_add(struct batch *b, uint64_t ticket, const struct store_step *step)
{
    uint32_t hash = batch_hash(step->msisdn);
    struct batch_row *row;
    uint32_t *slot;

    if (b->count == b->max || b->pool.len >= BATCH_POOL_FULL)
        return false;
    slot = batch_slot(b, step->msisdn, hash);
    if (*slot != 0)
        return false;
    row = &b->rows[b->count++];
    *slot = (uint32_t)b->count;
    *row = (struct batch_row){
        .ticket = ticket,
        .generation = step->generation,
        .at = step->at,
        .msisdn = batch_keep_text(b, step->msisdn),
        .code = batch_keep_text(b, step->code),
        .screen = batch_keep_text(b, step->screen),
        .state = batch_keep(b, step->state, step->state_len),
        .lang = batch_keep_text(b, step->lang),
        .link = batch_keep_text(b, step->citizen_link),
        .turn = step->turn,
        .bucket = store_bucket(step->msisdn),
        .open = step->open,
        .citizen = step->lang != NULL && step->citizen_link != NULL,
        .hash = hash,
    };
    if (step->case_count > 0)
        batch_add_cases(b, row, step);
    if (step->message_count > 0)
        batch_add_messages(b, row, step);
    if (step->tape != NULL)
        batch_add_tape(b, row, step->tape);
    if (step->audit_count > 0)
        batch_add_audits(b, row, step);
    if (step->order_count > 0)
        batch_add_orders(b, row, step);
    assert(!b->pool.full);              /* POOL_FULL + STEP_MAX < POOL_MAX */
    return true;
}

int batch_count(const struct batch *b)
{
    return b->count;
}

/* --- order ---------------------------------------------------------------------- */

static int batch_compare(const void *x, const void *y, void *arg)
{
    const struct batch *b = arg;
    const struct batch_row *r = &b->rows[*(const int *)x];
    const struct batch_row *s = &b->rows[*(const int *)y];

    if (r->bucket != s->bucket)
        return r->bucket < s->bucket ? -1 : 1;
    return strcmp(batch_str(b, r->msisdn), batch_str(b, s->msisdn));
}

void batch_seal(struct batch *b)
{
    for (int i = 0; i < b->count; i++)
        b->order[i] = i;
    qsort_r(b->order, (size_t)b->count, sizeof *b->order, batch_compare, b);
    b->range_count = b->count > 0 ? 1 : 0;
    b->ranges[0] = (struct batch_range){ 0, b->count };
}

bool batch_next(const struct batch *b, struct batch_range *r)
{
    if (b->range_count == 0)
        return false;
    *r = b->ranges[b->range_count - 1];
    return true;
}

void batch_settle(struct batch *b)
{
    assert(b->range_count > 0);
    b->range_count--;
}

void batch_halve(struct batch *b)
{
    struct batch_range *top = &b->ranges[b->range_count - 1];
    int middle = top->from + (top->to - top->from) / 2;

    assert(b->range_count > 0 && b->range_count < BATCH_RANGES && top->to - top->from >= 2);
    b->ranges[b->range_count++] = (struct batch_range){ top->from, middle };
    top->from = middle;
}

static const struct batch_row *batch_row(const struct batch *b, int row)
{
    assert(row >= 0 && row < b->count);
    return &b->rows[b->order[row]];
}

uint64_t batch_ticket(const struct batch *b, int row)
{
    return batch_row(b, row)->ticket;
}

const char *batch_msisdn(const struct batch *b, int row)
{
    return batch_str(b, batch_row(b, row)->msisdn);
}

int batch_find(const struct batch *b, const char *msisdn, int hint)
{
    for (int i = 0; i < b->count; i++) {
        int row = (hint + i) % b->count;

        if (strcmp(batch_msisdn(b, row), msisdn) == 0)
            return row;
    }
    return -1;
}

/* --- parameters ----------------------------------------------------------------------- */

/* The parameters in the order of the statements in sessions.c. */
enum batch_column {
    STEP_BUCKET = 0, STEP_MSISDN, STEP_CODE, STEP_TURN, STEP_OPEN, STEP_GENERATION, STEP_AT, STEP_SCREEN, STEP_STATE,
    STEP_COLUMNS,
    CASE_BUCKET = STEP_COLUMNS, CASE_MSISDN, CASE_CODE, CASE_TURN, CASE_AT, CASE_NUMBER, CASE_SERVICE, CASE_AGENCY,
    CASE_FIELDS, CASE_STATE, CASE_GENERATION, CASE_LANG, CASE_PLACE, CASE_CONTACT, CASE_DUE, CASE_QUIET, CASE_CHANNEL,
    CASE_ACTOR, CASE_NAME,
    MESSAGE_BUCKET, MESSAGE_MSISDN, MESSAGE_AT, MESSAGE_CAUSE, MESSAGE_RECEIVER, MESSAGE_LINK, MESSAGE_LANG,
    MESSAGE_CLASS, MESSAGE_TEXT, MESSAGE_DUE,
    CITIZEN_BUCKET, CITIZEN_MSISDN, CITIZEN_LANG, CITIZEN_LINK, CITIZEN_AT,
    TAPE_BUCKET, TAPE_MSISDN, TAPE_DIALOGUE, TAPE_STEP, TAPE_AT, TAPE_GENERATION, TAPE_LINK, TAPE_LANG, TAPE_KIND,
    TAPE_HOW, TAPE_STATE, TAPE_TYPED, TAPE_SCREEN, TAPE_FACTS,
    AUDIT_BUCKET, AUDIT_MSISDN, AUDIT_CODE, AUDIT_TURN, AUDIT_AT, AUDIT_SEQ, AUDIT_ACTOR, AUDIT_EVENT, AUDIT_FIELDS,
    LETTER_BUCKET, LETTER_MSISDN, LETTER_NUMBER, LETTER_AT, LETTER_BACKEND, LETTER_BODY, LETTER_SECRET,
    MESSAGE_APPROVAL, MESSAGE_QUIET, CASE_PERSON,
    FULL_COLUMNS,
    ORDER_BUCKET = FULL_COLUMNS, ORDER_MSISDN, ORDER_AT, ORDER_OPENER, ORDER_NUMBER, ORDER_SEQ, ORDER_KEY, ORDER_KIND,
    ORDER_ACTOR, ORDER_STATE, ORDER_NOTE, ORDER_ENDS, ORDER_AUDIT, ORDER_TOLD,
    ORDER_BACKEND, ORDER_LETTER,
    BATCH_COLUMNS,
};

static const enum array_type batch_types[BATCH_COLUMNS] = {
    [STEP_BUCKET] = ARRAY_INT2, [STEP_MSISDN] = ARRAY_TEXT, [STEP_CODE] = ARRAY_TEXT, [STEP_TURN] = ARRAY_INT4,
    [STEP_OPEN] = ARRAY_BOOL, [STEP_GENERATION] = ARRAY_INT8, [STEP_AT] = ARRAY_INT8, [STEP_SCREEN] = ARRAY_TEXT,
    [STEP_STATE] = ARRAY_BYTEA,
    [CASE_BUCKET] = ARRAY_INT2, [CASE_MSISDN] = ARRAY_TEXT, [CASE_CODE] = ARRAY_TEXT, [CASE_TURN] = ARRAY_INT4,
    [CASE_AT] = ARRAY_INT8, [CASE_NUMBER] = ARRAY_INT8, [CASE_SERVICE] = ARRAY_TEXT, [CASE_AGENCY] = ARRAY_TEXT,
    [CASE_FIELDS] = ARRAY_TEXT, [CASE_STATE] = ARRAY_TEXT,
    [CASE_GENERATION] = ARRAY_INT8, [CASE_LANG] = ARRAY_TEXT, [CASE_PLACE] = ARRAY_TEXT, [CASE_CONTACT] = ARRAY_TEXT,
    [CASE_DUE] = ARRAY_INT8, [CASE_QUIET] = ARRAY_INT2, [CASE_CHANNEL] = ARRAY_TEXT, [CASE_ACTOR] = ARRAY_TEXT,
    [CASE_NAME] = ARRAY_TEXT,
    [MESSAGE_BUCKET] = ARRAY_INT2, [MESSAGE_MSISDN] = ARRAY_TEXT, [MESSAGE_AT] = ARRAY_INT8,
    [MESSAGE_CAUSE] = ARRAY_TEXT, [MESSAGE_RECEIVER] = ARRAY_TEXT, [MESSAGE_LINK] = ARRAY_TEXT,
    [MESSAGE_LANG] = ARRAY_TEXT, [MESSAGE_CLASS] = ARRAY_TEXT, [MESSAGE_TEXT] = ARRAY_TEXT, [MESSAGE_DUE] = ARRAY_INT8,
    [CITIZEN_BUCKET] = ARRAY_INT2, [CITIZEN_MSISDN] = ARRAY_TEXT, [CITIZEN_LANG] = ARRAY_TEXT,
    [CITIZEN_LINK] = ARRAY_TEXT, [CITIZEN_AT] = ARRAY_INT8,
    [TAPE_BUCKET] = ARRAY_INT2, [TAPE_MSISDN] = ARRAY_TEXT, [TAPE_DIALOGUE] = ARRAY_INT8, [TAPE_STEP] = ARRAY_INT4,
    [TAPE_AT] = ARRAY_INT8, [TAPE_GENERATION] = ARRAY_INT8, [TAPE_LINK] = ARRAY_TEXT, [TAPE_LANG] = ARRAY_TEXT,
    [TAPE_KIND] = ARRAY_INT2, [TAPE_HOW] = ARRAY_INT2, [TAPE_STATE] = ARRAY_INT2, [TAPE_TYPED] = ARRAY_TEXT,
    [TAPE_SCREEN] = ARRAY_TEXT, [TAPE_FACTS] = ARRAY_TEXT,
    [AUDIT_BUCKET] = ARRAY_INT2, [AUDIT_MSISDN] = ARRAY_TEXT, [AUDIT_CODE] = ARRAY_TEXT, [AUDIT_TURN] = ARRAY_INT4,
    [AUDIT_AT] = ARRAY_INT8, [AUDIT_SEQ] = ARRAY_INT2, [AUDIT_ACTOR] = ARRAY_TEXT, [AUDIT_EVENT] = ARRAY_TEXT,
    [AUDIT_FIELDS] = ARRAY_TEXT,
    [LETTER_BUCKET] = ARRAY_INT2, [LETTER_MSISDN] = ARRAY_TEXT, [LETTER_NUMBER] = ARRAY_INT8, [LETTER_AT] = ARRAY_INT8,
    [LETTER_BACKEND] = ARRAY_TEXT, [LETTER_BODY] = ARRAY_TEXT, [LETTER_SECRET] = ARRAY_BYTEA,
    [MESSAGE_APPROVAL] = ARRAY_TEXT, [MESSAGE_QUIET] = ARRAY_INT2, [CASE_PERSON] = ARRAY_INT2,
    [ORDER_BUCKET] = ARRAY_INT2, [ORDER_MSISDN] = ARRAY_TEXT, [ORDER_AT] = ARRAY_INT8, [ORDER_OPENER] = ARRAY_TEXT,
    [ORDER_NUMBER] = ARRAY_INT8, [ORDER_SEQ] = ARRAY_INT4, [ORDER_KEY] = ARRAY_TEXT, [ORDER_KIND] = ARRAY_TEXT,
    [ORDER_ACTOR] = ARRAY_TEXT, [ORDER_STATE] = ARRAY_TEXT, [ORDER_NOTE] = ARRAY_TEXT, [ORDER_ENDS] = ARRAY_BOOL,
    [ORDER_AUDIT] = ARRAY_TEXT, [ORDER_TOLD] = ARRAY_TEXT, [ORDER_BACKEND] = ARRAY_TEXT,
    [ORDER_LETTER] = ARRAY_TEXT,
};

/* One set for all batches: libpq copies the parameters as they are sent. */
static struct array batch_columns[BATCH_COLUMNS];

static void batch_put(enum batch_column c, const struct batch *b, struct batch_text t)
{
    array_bytes(&batch_columns[c], batch_str(b, t), t.len);
}

static void batch_put_step(const struct batch *b, const struct batch_row *r)
{
    array_int2(&batch_columns[STEP_BUCKET], r->bucket);
    batch_put(STEP_MSISDN, b, r->msisdn);
    batch_put(STEP_CODE, b, r->code);
    array_int4(&batch_columns[STEP_TURN], r->turn);
    array_bool(&batch_columns[STEP_OPEN], r->open);
    array_int8(&batch_columns[STEP_GENERATION], r->generation);
    array_int8(&batch_columns[STEP_AT], r->at);
    batch_put(STEP_SCREEN, b, r->screen);
    batch_put(STEP_STATE, b, r->state);
}

static void batch_put_case(const struct batch *b, const struct batch_row *r, const struct batch_case *c)
{
    array_int2(&batch_columns[CASE_BUCKET], r->bucket);
    batch_put(CASE_MSISDN, b, r->msisdn);
    batch_put(CASE_CODE, b, r->code);
    array_int4(&batch_columns[CASE_TURN], r->turn);
    array_int8(&batch_columns[CASE_AT], r->at);
    array_int8(&batch_columns[CASE_NUMBER], c->number);
    batch_put(CASE_SERVICE, b, c->service);
    batch_put(CASE_AGENCY, b, c->agency);
    batch_put(CASE_FIELDS, b, c->fields);
    batch_put(CASE_STATE, b, c->state);
    array_int8(&batch_columns[CASE_GENERATION], r->generation);
    batch_put(CASE_LANG, b, c->lang);
    batch_put(CASE_PLACE, b, c->place);
    batch_put(CASE_CONTACT, b, c->contact);
    array_int8(&batch_columns[CASE_DUE], c->due);
    array_int2(&batch_columns[CASE_QUIET], c->quiet);
    batch_put(CASE_CHANNEL, b, c->channel);
    batch_put(CASE_ACTOR, b, c->actor);
    batch_put(CASE_NAME, b, c->name);
    array_int2(&batch_columns[CASE_PERSON], c->person);
}

static void batch_put_letter(const struct batch *b, const struct batch_row *r, const struct batch_case *c)
{
    if (c->backend.len == 0)
        return;
    array_int2(&batch_columns[LETTER_BUCKET], r->bucket);
    batch_put(LETTER_MSISDN, b, r->msisdn);
    array_int8(&batch_columns[LETTER_NUMBER], c->number);
    array_int8(&batch_columns[LETTER_AT], r->at);
    batch_put(LETTER_BACKEND, b, c->backend);
    batch_put(LETTER_BODY, b, c->letter);
    batch_put(LETTER_SECRET, b, c->secret);
}

static void batch_put_message(const struct batch *b, const struct batch_row *r, const struct batch_message *m)
{
    array_int2(&batch_columns[MESSAGE_BUCKET], r->bucket);
    batch_put(MESSAGE_MSISDN, b, r->msisdn);
    array_int8(&batch_columns[MESSAGE_AT], r->at);
    batch_put(MESSAGE_CAUSE, b, m->cause);
    batch_put(MESSAGE_RECEIVER, b, m->receiver);
    batch_put(MESSAGE_LINK, b, m->link);
    batch_put(MESSAGE_LANG, b, m->lang);
    batch_put(MESSAGE_CLASS, b, m->class);
    batch_put(MESSAGE_TEXT, b, m->text);
    array_int8(&batch_columns[MESSAGE_DUE], m->due);
    batch_put(MESSAGE_APPROVAL, b, m->approval);
    array_int2(&batch_columns[MESSAGE_QUIET], m->quiet);
}

static void batch_put_tape(const struct batch *b, const struct batch_row *r)
{
    const struct batch_tape *t = &r->tape;

    array_int2(&batch_columns[TAPE_BUCKET], r->bucket);
    batch_put(TAPE_MSISDN, b, r->msisdn);
    array_int8(&batch_columns[TAPE_DIALOGUE], t->dialogue);
    array_int4(&batch_columns[TAPE_STEP], t->step);
    array_int8(&batch_columns[TAPE_AT], r->at);
    array_int8(&batch_columns[TAPE_GENERATION], r->generation);
    batch_put(TAPE_LINK, b, t->link);
    batch_put(TAPE_LANG, b, t->lang);
    array_int2(&batch_columns[TAPE_KIND], t->kind);
    array_int2(&batch_columns[TAPE_HOW], t->how);
    array_int2(&batch_columns[TAPE_STATE], t->state);
    batch_put(TAPE_TYPED, b, t->typed);
    batch_put(TAPE_SCREEN, b, r->screen);
    batch_put(TAPE_FACTS, b, t->facts);
}

static void batch_put_audit(const struct batch *b, const struct batch_row *r, uint32_t seq)
{
    const struct batch_audit *a = &b->audits[r->audits + seq];

    array_int2(&batch_columns[AUDIT_BUCKET], r->bucket);
    batch_put(AUDIT_MSISDN, b, r->msisdn);
    batch_put(AUDIT_CODE, b, r->code);
    array_int4(&batch_columns[AUDIT_TURN], r->turn);
    array_int8(&batch_columns[AUDIT_AT], r->at);
    array_int2(&batch_columns[AUDIT_SEQ], (int16_t)seq);
    batch_put(AUDIT_ACTOR, b, a->actor);
    batch_put(AUDIT_EVENT, b, a->event);
    batch_put(AUDIT_FIELDS, b, a->fields);
}

static void batch_put_more(const struct batch *b, const struct batch_row *r)
{
    for (uint32_t i = 0; i < r->case_count; i++) {
        batch_put_case(b, r, &b->cases[r->cases + i]);
        batch_put_letter(b, r, &b->cases[r->cases + i]);
    }
    for (uint32_t i = 0; i < r->message_count; i++)
        batch_put_message(b, r, &b->messages[r->messages + i]);
    for (uint32_t i = 0; i < r->audit_count; i++)
        batch_put_audit(b, r, i);
    if (r->citizen) {
        array_int2(&batch_columns[CITIZEN_BUCKET], r->bucket);
        batch_put(CITIZEN_MSISDN, b, r->msisdn);
        batch_put(CITIZEN_LANG, b, r->lang);
        batch_put(CITIZEN_LINK, b, r->link);
        array_int8(&batch_columns[CITIZEN_AT], r->at);
    }
    if (r->taped)
        batch_put_tape(b, r);
}

static void batch_put_order(const struct batch *b, const struct batch_row *r, const struct batch_order *o)
{
    array_int2(&batch_columns[ORDER_BUCKET], o->bucket);
    batch_put(ORDER_MSISDN, b, r->msisdn);
    array_int8(&batch_columns[ORDER_AT], r->at);
    batch_put(ORDER_OPENER, b, o->opener);
    array_int8(&batch_columns[ORDER_NUMBER], o->number);
    array_int4(&batch_columns[ORDER_SEQ], o->seq);
    batch_put(ORDER_KEY, b, o->key);
    batch_put(ORDER_KIND, b, o->kind);
    batch_put(ORDER_ACTOR, b, o->actor);
    batch_put(ORDER_STATE, b, o->state);
    batch_put(ORDER_NOTE, b, o->note);
    array_bool(&batch_columns[ORDER_ENDS], o->ends);
    batch_put(ORDER_AUDIT, b, o->audit);
    batch_put(ORDER_TOLD, b, o->told);
    batch_put(ORDER_BACKEND, b, o->backend);
    batch_put(ORDER_LETTER, b, o->letter);
}

static bool batch_is_more(const struct batch_row *r)
{
    return r->case_count > 0 || r->message_count > 0 || r->audit_count > 0 || r->citizen || r->taped;
}

static enum batch_variant batch_variant_of(const struct batch *b, struct batch_range range)
{
    enum batch_variant v = BATCH_STEPS;

    for (int i = range.from; i < range.to; i++) {
        const struct batch_row *r = batch_row(b, i);

        if (r->order_count > 0)
            return BATCH_ORDERS;
        if (batch_is_more(r))
            v = BATCH_FULL;
    }
    return v;
}

static void batch_put_row(const struct batch *b, const struct batch_row *r, enum batch_variant v)
{
    batch_put_step(b, r);
    if (v != BATCH_STEPS)
        batch_put_more(b, r);
    for (uint32_t i = 0; i < r->order_count; i++)
        batch_put_order(b, r, &b->orders[r->orders + i]);
}

enum batch_variant batch_params(const struct batch *b, struct batch_range range, struct pg_params *p)
{
    static const int counts[BATCH_VARIANTS] = {
        [BATCH_STEPS] = STEP_COLUMNS, [BATCH_FULL] = FULL_COLUMNS, [BATCH_ORDERS] = BATCH_COLUMNS,
    };
    enum batch_variant v = batch_variant_of(b, range);
    int columns = counts[v];

    for (int i = 0; i < columns; i++) {
        if (batch_columns[i].bytes.max == 0)
            array_init(&batch_columns[i], BATCH_ARRAY_MAX);
        array_begin(&batch_columns[i], batch_types[i]);
    }
    for (int i = range.from; i < range.to; i++)
        batch_put_row(b, batch_row(b, i), v);
    p->count = 0;
    for (int i = 0; i < columns; i++) {
        array_end(&batch_columns[i]);
        assert(!batch_columns[i].bytes.full);       /* POOL_MAX and the row heads fit into ARRAY_MAX */
        pg_param_binary(p, batch_columns[i].bytes.data, batch_columns[i].bytes.len);
    }
    return v;
}
