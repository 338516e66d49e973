/*
 * schema.c - draft-07, which yaml-language-server reads, out of the key tables.
 *
 * An editor gives YAML 1.2's values: 1 is a number, true a boolean, and yes a
 * string.  Kheya takes the text of any single value, so the schema does too.
 */
#include "cli/schema.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "menu/keys.h"

static const char schema_usage[] = "usage: kheya schema\n"
                                   "Prints the menu language as a JSON Schema (draft-07), for editors.\n"
                                   "Exit status: 0 printed, 2 used wrongly.\n";

/* jansson fails only without memory or with a mistake of ours. */
static json_t *schema_made(json_t *made)
{
    if (made == NULL)
        abort();
    return made;
}

#define schema_pack(...) schema_made(json_pack(__VA_ARGS__))

static json_t *schema_ref(const char *name)
{
    return schema_pack("{s:s++}", "$ref", "#/definitions/", name, "");
}

/* "entry of goto" to "entry-of-goto": a reference is a URI. */
static const char *schema_name(enum keys_map map, char name[64])
{
    snprintf(name, 64, "%s", keys_title(map));
    for (char *c = name; *c != '\0'; c++)
        if (*c == ' ')
            *c = '-';
    return name;
}

static json_t *schema_of(enum keys_map map)
{
    char name[64];

    return schema_ref(schema_name(map, name));
}

static json_t *schema_array(json_t *items)
{
    return schema_pack("{s:s, s:o}", "type", "array", "items", items);
}

static json_t *schema_map(json_t *values)
{
    return schema_pack("{s:s, s:o}", "type", "object", "additionalProperties", values);
}

static json_t *schema_either(json_t *one, json_t *other)
{
    return schema_pack("{s:[o, o]}", "anyOf", one, other);
}

static json_t *schema_whole(const struct keys_row *row)
{
    json_t *number = schema_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)row->min, "maximum",
                                 (json_int_t)row->max);

    return schema_either(number, schema_pack("{s:s, s:s}", "type", "string", "pattern", "^-?[0-9]+$"));
}

/* Of the words of a KEYS_CHOICE. */
static json_t *schema_enum(const char *words)
{
    json_t *list = schema_made(json_array());
    size_t n;

    for (const char *w = words; *w != '\0'; w += n + (w[n] == ' ')) {
        n = strcspn(w, " ");
        json_array_append_new(list, json_stringn(w, n));
    }
    return schema_pack("{s:o}", "enum", list);
}

static json_t *schema_bool(void)
{
    return schema_either(schema_pack("{s:s}", "type", "boolean"), schema_enum("yes no true false on off"));
}

static json_t *schema_decimal(const struct keys_row *row)
{
    json_t *number = schema_pack("{s:s, s:I, s:I}", "type", "number", "minimum", (json_int_t)(row->min / 100), "maximum",
                                 (json_int_t)(row->max / 100));

    return schema_either(number, schema_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]+([.][0-9]{1,2})?$"));
}

static json_t *schema_named(enum keys_map of)
{
    json_t *map;

    if (of == KEYS_MAPS)                /* records: field to type */
        return schema_map(schema_map(schema_ref("value")));
    if (of == KEYS_TYPE)                /* or the name of a builtin: word(2) */
        return schema_map(schema_either(schema_ref("value"), schema_of(of)));
    map = schema_map(schema_of(of));
    if (of == KEYS_OPTION)
        json_object_set_new(map, "propertyNames", schema_pack("{s:s}", "pattern", "^[1-9][0-9]{0,2}$"));
    return map;
}

static json_t *schema_moves(const struct keys_row *row)
{
    return schema_array(schema_either(schema_ref("value"), schema_of(row->of)));
}

static json_t *schema_replies(void)
{
    json_t *map = schema_map(schema_ref("text"));

    json_object_set_new(map, "propertyNames", schema_pack("{s:s}", "pattern", "^[1-9][0-9]?$"));
    return map;
}

/* NULL: a key that this version does not take. */
static json_t *schema_value(const struct keys_row *row)
{
    switch (row->value) {
    case KEYS_STRING:
    case KEYS_EXPRESSION:
    case KEYS_TYPE_NAME:
    case KEYS_SCREEN_NAME:
        return schema_ref("value");
    case KEYS_MAYBE:
        return schema_either(schema_ref("letters"), schema_pack("{s:s}", "type", "null"));
    case KEYS_STRINGS:
        return schema_either(schema_ref("value"), schema_array(schema_ref("value")));
    case KEYS_TEXT:
        return schema_ref("text");
    case KEYS_WHOLE:
        return schema_whole(row);
    case KEYS_BOOL:
        return schema_bool();
    case KEYS_DURATION:
        return schema_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]+(ms|s|m|h|d)$");
    case KEYS_CHOICE:
        return schema_enum(row->words);
    case KEYS_DECIMAL:
        return schema_decimal(row);
    case KEYS_SOME:
        return schema_either(schema_enum(row->words), schema_array(schema_enum(row->words)));
    case KEYS_CHOICE_OR_MAP:
        return schema_either(schema_enum(row->words), schema_of(row->of));
    case KEYS_EXPRESSIONS:
        return schema_array(schema_ref("value"));
    case KEYS_BRANCHES:
        return schema_either(schema_ref("value"), schema_array(schema_of(KEYS_BRANCH)));
    case KEYS_ONE_MAP:
        return schema_of(row->of);
    case KEYS_NAMED_MAPS:
        return schema_named(row->of);
    case KEYS_LIST_OF_MAPS:
        return schema_array(schema_of(row->of));
    case KEYS_FREE_MAP:
        return schema_map(schema_ref("value"));
    case KEYS_TEXT_MAP:
        return schema_map(schema_ref("text"));
    case KEYS_TEXT_LISTS:
        return schema_map(schema_replies());
    case KEYS_MOVES:
        return schema_either(schema_ref("value"), schema_moves(row));
    case KEYS_LISTS:
        return schema_map(schema_either(schema_moves(row), schema_of(row->of)));
    case KEYS_VALUES:
        break;
    }
    return NULL;
}

static json_t *schema_table(enum keys_map map)
{
    json_t *properties = schema_made(json_object());
    json_t *required = schema_made(json_array());
    json_t *table;

    for (const struct keys_row *row = keys_table(map); row->name != NULL; row++) {
        json_t *value = schema_value(row);

        if (value == NULL)
            continue;
        if (row->help != NULL && json_object_get(value, "$ref") != NULL)    /* draft-07: nothing counts beside a $ref */
            value = schema_pack("{s:[o]}", "allOf", value);
        if (row->help != NULL)
            json_object_set_new(value, "description", json_string(row->help));
        json_object_set_new(properties, row->name, value);
        if (row->required)
            json_array_append_new(required, json_string(row->name));
    }
    table = schema_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties, "additionalProperties", 0);
    if (json_array_size(required) > 0)
        json_object_set(table, "required", required);
    json_decref(required);
    return table;
}

static json_t *schema_definitions(void)
{
    json_t *all = schema_made(json_object());
    json_t *value = schema_pack("{s:[s, s, s], s:i}", "type", "string", "number", "boolean", "minLength", 1);
    json_t *words = schema_pack("{s:[s, s, s]}", "type", "string", "number", "boolean");
    json_t *by_language = schema_map(schema_ref("letters"));
    char name[64];

    json_object_set_new(by_language, "minProperties", json_integer(1));
    json_object_set_new(all, "value", value);
    json_object_set_new(all, "letters", words);   /* may be empty */
    json_object_set_new(all, "text", schema_either(schema_ref("letters"), by_language));
    for (int map = 0; map < KEYS_MAPS; map++)
        json_object_set_new(all, schema_name((enum keys_map)map, name), schema_table((enum keys_map)map));
    return all;
}

/* The root file is the one with the version of the language. */
static json_t *schema_new(void)
{
    return schema_pack("{s:s, s:s, s:s, s:{s:[s]}, s:o, s:o, s:o}", "$schema",
                       "http://json-schema.org/draft-07/schema#", "title", "Kheya menus", "description",
                       "One file of a folder of menus, menus(5).  Written by: kheya schema", "if", "required",
                       "language", "then", schema_of(KEYS_ROOT), "else", schema_of(KEYS_FILE), "definitions",
                       schema_definitions());
}

int schema_main(int argc, char **argv)
{
    bool help = argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    json_t *schema;

    if (argc > 1) {
        fputs(schema_usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    schema = schema_new();
    json_dumpf(schema, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(schema);
    return 0;
}
