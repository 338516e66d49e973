#include "menu/parse.h"

#include <string.h>

#define PARSE_TIMEOUT 2000              /* ms, of a query that says nothing */

/* --- records ---------------------------------------------------------------------------- */

int parse_fields(struct parse *p, const struct yaml_node *map, const struct menu_field **out)
{
    struct menu_field *fields = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *fields);
    int count = 0;

    if (map->count > PARSE_FIELDS_MAX) {
        issue_add(p->issues, ISSUE_SIZE, map->pos, "%d fields; at most %d", map->count, PARSE_FIELDS_MAX);
        return 0;
    }
    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);

        if (!keys_is_name(key->text, key->len)) {
            issue_add(p->issues, ISSUE_BAD_NAME, key->pos, "field '%s': letters, digits and _, first a letter",
                      key->text);
            continue;
        }
        fields[count].name = key->text;
        fields[count++].type = value != NULL ? parse_type(p, value) : NULL;
    }
    *out = fields;
    return count;
}

void parse_records(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_RECORDS];
    struct menu_record *records = arena_alloc(p->arena, ((size_t)defs->count + 1) * sizeof *records);

    for (int i = 0; i < defs->count; i++) {
        const struct parse_def *def = &defs->list[i];

        records[i].name = def->name;
        records[i].pos = def->key->pos;
        if (def->value->kind != YAML_IS_MAP)
            issue_add(p->issues, ISSUE_SHAPE, def->value->pos, "a record is a map from field to type");
        else
            records[i].field_count = parse_fields(p, def->value, &records[i].fields);
        if (def->value->kind == YAML_IS_MAP && def->value->count == 0)
            issue_add(p->issues, ISSUE_SHAPE, def->value->pos, "record '%s' has no field", def->name);
    }
    p->menu->records = records;
    p->menu->record_count = defs->count;
}

/* --- queries ---------------------------------------------------------------------------- */

/* Greatest $n of a statement, outside of 'strings'. */
static int parse_sql_args(const char *sql)
{
    int most = 0;

    for (const char *s = sql; *s != '\0'; s++) {
        if (*s == '\'') {
            const char *end = strchr(s + 1, '\'');

            if (end == NULL)
                break;
            s = end;
        } else if (*s == '$' && s[1] >= '1' && s[1] <= '9') {
            int n = 0;

            while (s[1] >= '0' && s[1] <= '9' && n < 1000)
                n = n * 10 + (*++s - '0');
            if (n > most)
                most = n;
        }
    }
    return most;
}

static void parse_args(struct parse *p, const struct keys_got *got, struct menu_query *q)
{
    const struct yaml_node *list = got->at[QUERY_ARGS];
    int count = list != NULL ? list->count : 0;
    const struct expr **args = arena_alloc(p->arena, ((size_t)count + 1) * sizeof *args);

    for (int i = 0; i < count; i++)
        (void)parse_expr(p, list->items[i], &args[i]);
    q->args = args;
    q->arg_count = count;
    if (count > PARSE_ARGS_MAX)
        issue_add(p->issues, ISSUE_ARGUMENTS, list->pos, "%d args; a query takes at most %d", count, PARSE_ARGS_MAX);
    if (q->sql != NULL && parse_sql_args(q->sql) != count && (list != NULL || got->key[QUERY_ARGS] == NULL))
        issue_add(p->issues, ISSUE_ARGUMENTS, list != NULL ? list->pos : got->at[QUERY_SQL]->pos,
                  "the SQL of '%s' uses $1 to $%d, but args has %d", q->name, parse_sql_args(q->sql), count);
}

/* "payment" or "list of payment". */
static void parse_returns(struct parse *p, const struct yaml_node *returns, struct menu_query *q)
{
    static const char list_of[] = "list of ";
    struct yaml_node name = *returns;
    int record;

    q->list = strncmp(returns->text, list_of, sizeof list_of - 1) == 0;
    if (q->list) {
        name.text += sizeof list_of - 1;
        name.len -= sizeof list_of - 1;
    }
    record = parse_find(p, FILE_RECORDS, &name);
    if (record != MENU_NONE)
        q->returns = &p->menu->records[record];
}

void parse_queries(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_QUERIES];
    struct menu_query *queries = arena_alloc(p->arena, ((size_t)defs->count + 1) * sizeof *queries);

    p->query_cap = defs->count + 1;
    for (int i = 0; i < defs->count; i++) {
        struct menu_query *q = &queries[i];
        struct keys_got got;

        q->name = defs->list[i].name;
        q->pos = defs->list[i].key->pos;
        q->timeout_ms = PARSE_TIMEOUT;
        if (!keys_read(defs->list[i].value, KEYS_QUERY, &got, p->issues))
            continue;
        q->sql = got.at[QUERY_SQL] != NULL ? got.at[QUERY_SQL]->text : NULL;
        if (got.at[QUERY_TIMEOUT] != NULL)
            q->timeout_ms = (int)keys_duration(got.at[QUERY_TIMEOUT]);
        if (got.at[QUERY_CACHE] != NULL)
            q->cache_ms = (int)keys_duration(got.at[QUERY_CACHE]);
        q->people = got.at[QUERY_PEOPLE] != NULL && keys_bool(got.at[QUERY_PEOPLE]);
        q->behind_pin = got.at[QUERY_BEHIND] != NULL;
        if (got.at[QUERY_RETURNS] != NULL)
            parse_returns(p, got.at[QUERY_RETURNS], q);
        parse_args(p, &got, q);
    }
    p->queries = queries;
    p->menu->queries = queries;
    p->menu->query_count = defs->count;
}

int parse_query_add(struct parse *p, const struct menu_query *q)
{
    int count = p->menu->query_count;

    if (count == p->query_cap) {
        struct menu_query *more = arena_alloc(p->arena, (size_t)p->query_cap * 2 * sizeof *more);

        memcpy(more, p->queries, (size_t)count * sizeof *more);
        p->query_cap *= 2;
        p->queries = more;
    }
    p->queries[count] = *q;
    p->menu->queries = p->queries;
    p->menu->query_count++;
    return count;
}

/* --- messages ------------------------------------------------------------------------------- */

void parse_messages(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_SMS];
    struct menu_sms *sms = arena_alloc(p->arena, ((size_t)defs->count + 1) * sizeof *sms);

    for (int i = 0; i < defs->count; i++) {
        struct keys_got got;

        sms[i].name = defs->list[i].name;
        sms[i].pos = defs->list[i].key->pos;
        sms[i].approval = "";
        if (!keys_read(defs->list[i].value, KEYS_SMS, &got, p->issues))
            continue;
        sms[i].class = got.at[SMS_CLASS] != NULL ? got.at[SMS_CLASS]->text : "";
        sms[i].text = parse_text(p, got.at[SMS_TEXT], &(struct parse_text_args){ .sms = true,
                                                                                      .tells = parse_tells_of(p, i) });
        sms[i].approval = got.at[SMS_APPROVAL] != NULL ? got.at[SMS_APPROVAL]->text : "";
        sms[i].due = got.at[SMS_DUE] != NULL ? got.at[SMS_DUE]->text : NULL;
    }
    p->menu->sms = sms;
    p->menu->sms_count = defs->count;
}
