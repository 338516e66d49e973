/*
 * yaml.h - one YAML file to a tree of nodes, each of which knows its place.
 *
 * Plain YAML 1.1 as libyaml reads it, and stricter: a key stands once, a
 * key is a single value, no tags, no tabs in front of a line, one document.
 * Aliases share the node of their anchor, so a tree is small in memory; how
 * big it would be written out is counted and bounded.  Nothing is typed here:
 * a scalar is its text.
 */
#ifndef YAML_TREE_H
#define YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "menu/issue.h"
#include "menu/model.h"

#define YAML_FILE_MAX (4 * 1024 * 1024)
#define YAML_DEPTH_MAX 64
#define YAML_PARTS_MAX (2 * 1024 * 1024)        /* scalars, lists and maps of all files, aliases written out */

enum yaml_kind { YAML_IS_SCALAR = 0, YAML_IS_LIST, YAML_IS_MAP, YAML_KINDS };

/* How a scalar is written. */
enum yaml_style { YAML_IS_PLAIN = 0, YAML_IS_SINGLE, YAML_IS_DOUBLE, YAML_IS_BLOCK, YAML_STYLES };

struct yaml_node {
    enum yaml_kind kind;
    enum yaml_style style;
    struct menu_pos pos;
    const char *text;                   /* scalar: well-formed UTF-8 with a NUL behind it */
    size_t len;
    const struct yaml_node *const *items;       /* list: count nodes; map: count pairs of key and value */
    int count;
    int parts;                          /* nodes below and including this one, aliases written out */
};

/* One file as read. */
struct yaml_file {
    const char *name;                   /* as positions show it */
    const char *data;
    size_t len;
};

/* Bounds that several files share. */
struct yaml_budget {
    int parts;                          /* left of YAML_PARTS_MAX */
};

/* The file's tree, in the arena.  NULL when the file is empty or broken; what is
 * broken is in issues. */
const struct yaml_node *yaml_read(struct arena *a, const struct yaml_file *file, struct yaml_budget *budget,
                                  struct menu_issues *issues);

/* Key and value of a map's pair i. */
static inline const struct yaml_node *yaml_key(const struct yaml_node *map, int i)
{
    return map->items[2 * i];
}

static inline const struct yaml_node *yaml_value(const struct yaml_node *map, int i)
{
    return map->items[2 * i + 1];
}

bool yaml_is(const struct yaml_node *n, const char *text);

/* Where octet number at of a scalar's text stands in its file. */
struct menu_pos yaml_at(const struct yaml_file *file, const struct yaml_node *scalar, size_t at);

#endif
