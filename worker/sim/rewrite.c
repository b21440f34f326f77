/*-------------------------------------------------------------------------
 *
 * worker/sim/rewrite.c
 *	  Changes one field of a JSON text and leaves every other byte as it is.
 *
 * The text is the simulator's own, so it is well formed; what is not is copied
 * as it stands.
 *
 *-------------------------------------------------------------------------
 */
#include "rewrite.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"

typedef struct Walk
{
	const Rewrite *rewrite;
	const char *at;
	const char *end;
	Buf		   *out;
	int			places;
} Walk;

static void copy_value(Walk *walk, const char *path);

/* A string's end, behind its closing quote. */
static const char *
string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
	{
		if (*at == '\\')
			at++;
	}
	return at < end ? at + 1 : end;
}

/* A value's end, whatever it is. */
static const char *
value_end(const char *at, const char *end)
{
	int			depth = 0;

	while (at < end)
	{
		char		c = *at;

		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			break;
		if (c == '"')
		{
			at = string_end(at, end);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']')
			depth--;
		at++;
	}
	return at;
}

/* The path below a name, "" when the name is its last part, NULL when it does not lead there. */
static const char *
path_below(const char *path, const char *name, size_t len)
{
	size_t		head;

	if (path == NULL || path[0] == '\0')
		return NULL;
	head = strcspn(path, ".");
	if (!(head == 1 && path[0] == '*') && (head != len || memcmp(path, name, len) != 0))
		return NULL;
	return path[head] == '.' ? path + head + 1 : path + head;
}

static void
take(Walk *walk, const char *until)
{
	sim_buf_bytes(walk->out, walk->at, (size_t) (until - walk->at));
	walk->at = until;
}

static void
put_shifted(Walk *walk, const char *until)
{
	bool		quoted = *walk->at == '"';
	size_t		len = (size_t) (until - walk->at) - (quoted ? 2 : 0);
	char		text[DECIMAL_TEXT_SIZE];

	if (!arb_decimal_shift(walk->at + (quoted ? 1 : 0), len, walk->rewrite->shift, text))
	{
		take(walk, until);
		return;
	}
	sim_buf_printf(walk->out, quoted ? "\"%s\"" : "%s", text);
	walk->at = until;
	walk->places++;
}

static void
put_changed(Walk *walk)
{
	const char *until = value_end(walk->at, walk->end);

	if (walk->rewrite->kind == REWRITE_SHIFT)
	{
		put_shifted(walk, until);
		return;
	}
	sim_buf_text(walk->out, walk->rewrite->to);
	walk->at = until;
	walk->places++;
}

/* One member of an object, from its name on. */
static void
copy_member(Walk *walk, const char *path, bool *first)
{
	const char *name = walk->at;
	const char *name_end = string_end(name, walk->end);
	const char *below = path_below(path, name + 1, (size_t) (name_end - name) - 2);
	bool		is_it = below != NULL && below[0] == '\0';
	const char *value = name_end < walk->end ? name_end + 1 : name_end;

	if (is_it && walk->rewrite->kind == REWRITE_REMOVE)
	{
		walk->at = value_end(value, walk->end);
		walk->places++;
		return;
	}
	if (!*first)
		sim_buf_text(walk->out, ",");
	*first = false;
	if (is_it && walk->rewrite->kind == REWRITE_REPEAT)
	{
		const char *until = value_end(value, walk->end);

		sim_buf_bytes(walk->out, name, (size_t) (until - name));
		sim_buf_text(walk->out, ",");
		take(walk, until);
		walk->places++;
		return;
	}
	take(walk, value);
	copy_value(walk, below);
}

static void
copy_object(Walk *walk, const char *path)
{
	bool		first = true;

	take(walk, walk->at + 1);
	while (walk->at < walk->end && *walk->at != '}')
	{
		if (*walk->at == '"')
			copy_member(walk, path, &first);
		else
			walk->at++;			/* the comma, which copy_member writes */
	}
	if (walk->at < walk->end)
		take(walk, walk->at + 1);
}

static void
copy_array(Walk *walk, const char *path)
{
	char		place[16];
	int			i;

	take(walk, walk->at + 1);
	for (i = 0; walk->at < walk->end && *walk->at != ']'; i++)
	{
		if (*walk->at == ',')
			take(walk, walk->at + 1);
		snprintf(place, sizeof(place), "%d", i);
		copy_value(walk, path_below(path, place, strlen(place)));
	}
	if (walk->at < walk->end)
		take(walk, walk->at + 1);
}

static void
copy_value(Walk *walk, const char *path)
{
	if (walk->at >= walk->end)
		return;
	if (path != NULL && path[0] == '\0')
		put_changed(walk);
	else if (path != NULL && *walk->at == '{')
		copy_object(walk, path);
	else if (path != NULL && *walk->at == '[')
		copy_array(walk, path);
	else
		take(walk, value_end(walk->at, walk->end));
}

int
sim_rewrite(const Rewrite *rewrite, Buf *buf)
{
	Buf			out = {0};
	Walk		walk = {rewrite, buf->data, buf->data + buf->len, &out, 0};

	if (buf->len == 0)
		return 0;
	copy_value(&walk, rewrite->field);
	if (walk.at < walk.end)
		take(&walk, walk.end);
	sim_buf_reset(buf);
	sim_buf_bytes(buf, out.data, out.len);
	sim_buf_free(&out);
	return walk.places;
}
