/*-------------------------------------------------------------------------
 *
 * worker/sim/fault.c
 *	  The fault plan.
 *
 *-------------------------------------------------------------------------
 */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "decimal.h"
#include "json.h"

#define PLAN_BYTES_MAX (256 * 1024)
#define PPM 1000000

typedef enum FaultScope
{
	SCOPE_REQUEST = 1,
	SCOPE_ORDER,				/* a request; POST /order unless said otherwise */
	SCOPE_FRAME,
	SCOPE_FILL					/* a frame; trades of the user stream unless said otherwise */
} FaultScope;

typedef enum FaultUnit
{
	UNIT_NONE = 1,
	UNIT_MS,
	UNIT_SECONDS,
	UNIT_FRACTION
} FaultUnit;

/* One row per kind: its name, where it applies and what its number is called. */
static const struct
{
	const char *name;
	FaultKind	kind;
	FaultScope	scope;
	const char *number;
	FaultUnit	unit;
}			FaultTable[] = {
	{"delay", FAULT_DELAY, SCOPE_REQUEST, "ms", UNIT_MS},
	{"drop_answer", FAULT_DROP_ANSWER, SCOPE_REQUEST, NULL, UNIT_NONE},
	{"status", FAULT_STATUS, SCOPE_REQUEST, NULL, UNIT_NONE},
	{"answer", FAULT_ANSWER, SCOPE_REQUEST, NULL, UNIT_NONE},
	{"disconnect", FAULT_DISCONNECT, SCOPE_REQUEST, NULL, UNIT_NONE},
	{"partial_fill", FAULT_PARTIAL_FILL, SCOPE_ORDER, "fraction", UNIT_FRACTION},
	{"fail_fill", FAULT_FAIL_FILL, SCOPE_ORDER, NULL, UNIT_NONE},
	{"fill_before_ack", FAULT_FILL_BEFORE_ACK, SCOPE_ORDER, "ms", UNIT_MS},
	{"wrong_clock", FAULT_WRONG_CLOCK, SCOPE_REQUEST, "seconds", UNIT_SECONDS},
	{"stale_book", FAULT_STALE_BOOK, SCOPE_FRAME, "ms", UNIT_MS},
	{"duplicate_fill", FAULT_DUPLICATE_FILL, SCOPE_FILL, NULL, UNIT_NONE},
	{"drop_fill", FAULT_DROP_FILL, SCOPE_FILL, NULL, UNIT_NONE},
	{"garbage_frame", FAULT_GARBAGE_FRAME, SCOPE_FRAME, NULL, UNIT_NONE},
	{"truncated_frame", FAULT_TRUNCATED_FRAME, SCOPE_FRAME, "fraction", UNIT_FRACTION},
	{"rewrite", FAULT_REWRITE, SCOPE_REQUEST, NULL, UNIT_NONE},
	{"cut_answer", FAULT_CUT_ANSWER, SCOPE_REQUEST, "fraction", UNIT_FRACTION},
	{"stalled_answer", FAULT_STALLED_ANSWER, SCOPE_REQUEST, "fraction", UNIT_FRACTION},
	{NULL, 0, 0, NULL, 0}
};

static const char *const MatchKeys[] = {
	"method", "path", "stream", "event", "nth", "every", "times", "probability", NULL
};
static const char *const RuleKeys[] = {
	"match", "do", "when", "ms", "seconds", "fraction", "status", "retry_after", "body", "field", "to", "shift",
	"remove", "repeat", NULL
};

static bool
complain(char *error, size_t size, const char *format,...) __attribute__((format(printf, 3, 4)));

static bool
complain(char *error, size_t size, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return false;
}

/* A misspelt key would be a fault that never happens: refused. */
static bool
check_keys(const json_t *object, const char *const *known, char *error, size_t size)
{
	const char *key;
	json_t	   *value;

	json_object_foreach((json_t *) object, key, value)
	{
		int			i;

		for (i = 0; known[i] != NULL; i++)
			if (strcmp(known[i], key) == 0)
				break;
		if (known[i] == NULL)
			return complain(error, size, "unknown key \"%.30s\"", key);
	}
	return true;
}

static bool
read_fraction(const json_t *object, const char *name, int *ppm, ParseError *problem)
{
	int64_t		micro = PPM;
	bool		present;

	if (!arb_json_micro_optional(object, name, 0, PPM, &micro, &present, problem))
		return false;
	if (present)
		*ppm = (int) micro;
	return true;
}

static bool
read_match(const json_t *match, FaultRule *rule, char *error, size_t size)
{
	ParseError	problem;
	bool		present;

	rule->probability_ppm = PPM;
	if (!check_keys(match, MatchKeys, error, size))
		return false;
	if (!arb_json_id_optional(match, "method", rule->method, sizeof(rule->method), &problem) ||
		!arb_json_id_optional(match, "path", rule->path, sizeof(rule->path), &problem) ||
		!arb_json_id_optional(match, "stream", rule->stream, sizeof(rule->stream), &problem) ||
		!arb_json_id_optional(match, "event", rule->event, sizeof(rule->event), &problem) ||
		!arb_json_int_optional(match, "nth", 1, INT32_MAX, &rule->nth, &present, &problem) ||
		!arb_json_int_optional(match, "every", 1, INT32_MAX, &rule->every, &present, &problem) ||
		!arb_json_int_optional(match, "times", 1, INT32_MAX, &rule->times, &present, &problem) ||
		!read_fraction(match, "probability", &rule->probability_ppm, &problem))
		return complain(error, size, "match: %s", problem.context);
	if (rule->stream[0] != '\0' && strcmp(rule->stream, "market") != 0 &&
		strcmp(rule->stream, "user") != 0 && strcmp(rule->stream, "prices") != 0)
		return complain(error, size, "stream is market, user or prices");
	return true;
}

static bool
read_number(const json_t *object, int row, FaultRule *rule, char *error, size_t size)
{
	const char *name = FaultTable[row].number;
	ParseError	problem;
	int			ppm = -1;
	bool		ok = true;

	switch (FaultTable[row].unit)
	{
		case UNIT_NONE:
			break;
		case UNIT_MS:
			ok = arb_json_int(object, name, 1, FAULT_DELAY_MAX_MS, &rule->amount, &problem);
			break;
		case UNIT_SECONDS:
			ok = arb_json_int(object, name, -86400 * 365, 86400 * 365, &rule->amount, &problem);
			break;
		case UNIT_FRACTION:
			ok = read_fraction(object, name, &ppm, &problem);
			if (ok && (ppm <= 0 || ppm >= PPM))
				return complain(error, size, "%s must be above 0 and below 1", name);
			rule->amount = ppm;
			break;
	}
	return ok || complain(error, size, "%s", problem.context);
}

static bool
read_answer(const json_t *object, FaultRule *rule, char *error, size_t size)
{
	const json_t *body = json_object_get(object, "body");
	ParseError	problem;
	int64_t		status = rule->kind == FAULT_STATUS ? 500 : 200;
	int64_t		retry_after = 0;
	bool		present;
	char		when[8] = "before";

	if (!arb_json_int_optional(object, "status", 200, 599, &status, &present, &problem) ||
		!arb_json_int_optional(object, "retry_after", 0, 3600, &retry_after, &present, &problem) ||
		!arb_json_id_optional(object, "when", when, sizeof(when), &problem))
		return complain(error, size, "%s", problem.context);
	if (strcmp(when, "") != 0 && strcmp(when, "before") != 0 && strcmp(when, "after") != 0)
		return complain(error, size, "when is before or after");
	rule->after = strcmp(when, "after") == 0;
	rule->status = (int) status;
	rule->retry_after_s = (int) retry_after;
	if (json_is_string(body))
		rule->body = strdup(json_string_value(body));
	else if (body != NULL)
		rule->body = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
	if (body != NULL && rule->body == NULL)
		return complain(error, size, "out of memory");
	if (rule->kind == FAULT_ANSWER && rule->body == NULL)
		return complain(error, size, "answer needs a body");
	return true;
}

/* One of "to", "shift", "remove" and "repeat" says what becomes of the field. */
static bool
read_rewrite(const json_t *object, FaultRule *rule, char *error, size_t size)
{
	Rewrite    *rewrite = &rule->rewrite;
	const json_t *to = json_object_get(object, "to");
	bool		remove = json_is_true(json_object_get(object, "remove"));
	bool		repeat = json_is_true(json_object_get(object, "repeat"));
	ParseError	problem;
	int64_t		shift = 0;
	bool		shifted;

	if (rule->kind != FAULT_REWRITE)
		return true;
	if (!arb_json_id(object, "field", rewrite->field, sizeof(rewrite->field), &problem) ||
		!arb_json_int_optional(object, "shift", -18, 18, &shift, &shifted, &problem))
		return complain(error, size, "%s", problem.context);
	if ((to != NULL) + shifted + remove + repeat != 1)
		return complain(error, size, "rewrite wants one of to, shift, remove and repeat");
	rewrite->shift = (int) shift;
	rewrite->kind = shifted ? REWRITE_SHIFT : remove ? REWRITE_REMOVE : repeat ? REWRITE_REPEAT : REWRITE_TO;
	if (to != NULL)
	{
		/* A text that starts with = stands as it is: what is no JSON is told so. A number keeps its digits. */
		char		mark = json_is_string(to) ? json_string_value(to)[0] : '\0';
		const char *raw = mark == '=' || mark == JSON_NUMBER_MARK ? json_string_value(to) + 1 : NULL;
		size_t		len = raw != NULL ? strlen(raw) :
			json_dumpb(to, rewrite->to, sizeof(rewrite->to) - 1, JSON_COMPACT | JSON_ENCODE_ANY);

		if (len == 0 || len >= sizeof(rewrite->to))
			return complain(error, size, "to is too long");
		if (raw != NULL)
			memcpy(rewrite->to, raw, len);
		rewrite->to[len] = '\0';
	}
	return true;
}

static bool
read_rule(const json_t *object, FaultRule *rule, char *error, size_t size)
{
	const json_t *match = json_object_get(object, "match");
	const char *name = json_string_value(json_object_get(object, "do"));
	FaultScope	scope;
	int			row;

	if (!json_is_object(object) || name == NULL)
		return complain(error, size, "a rule is an object with \"do\"");
	if (!check_keys(object, RuleKeys, error, size))
		return false;
	for (row = 0; FaultTable[row].name != NULL; row++)
		if (strcmp(FaultTable[row].name, name) == 0)
			break;
	if (FaultTable[row].name == NULL)
		return complain(error, size, "unknown fault \"%.30s\"", name);
	rule->kind = FaultTable[row].kind;
	scope = FaultTable[row].scope;
	if (match != NULL && !json_is_object(match))
		return complain(error, size, "match is an object");
	rule->probability_ppm = PPM;
	if (match != NULL && !read_match(match, rule, error, size))
		return false;
	if (scope == SCOPE_ORDER && rule->path[0] == '\0')
	{
		strcpy(rule->method, "POST");
		strcpy(rule->path, "/order");
	}
	if (rule->kind == FAULT_WRONG_CLOCK)
		strcpy(rule->path, "/time");
	if (scope == SCOPE_FILL && rule->event[0] == '\0')
	{
		strcpy(rule->stream, "user");
		strcpy(rule->event, "trade");
	}
	return read_number(object, row, rule, error, size) && read_answer(object, rule, error, size) &&
		read_rewrite(object, rule, error, size);
}

bool
sim_fault_load(FaultPlan *plan, const char *text, size_t len, uint64_t seed, char *error, size_t error_size)
{
	ParseError	problem;
	json_t	   *root = arb_json_load(text, len, PLAN_BYTES_MAX, &problem);
	FaultPlan  *fresh = sim_alloc(sizeof(*fresh));
	size_t		i;
	bool		ok = true;

	if (root == NULL)
		ok = complain(error, error_size, "%s: %s", arb_parse_error_name(problem.kind), problem.context);
	else if (!json_is_array(root) || json_array_size(root) > FAULT_RULES_MAX)
		ok = complain(error, error_size, "a fault plan is an array of at most %d rules", FAULT_RULES_MAX);
	for (i = 0; ok && i < json_array_size(root); i++)
	{
		char		reason[160] = "";

		/* Counted first, so that a half-read rule is freed with the plan. */
		fresh->count = (int) i + 1;
		sim_rng_seed(&fresh->rule[i].rng, seed, 5000 + i);
		ok = read_rule(json_array_get(root, i), &fresh->rule[i], reason, sizeof(reason)) ||
			complain(error, error_size, "rule %zu: %s", i + 1, reason);
	}
	if (ok)
	{
		sim_fault_clear(plan);
		*plan = *fresh;
	}
	else
		sim_fault_clear(fresh);
	free(fresh);
	json_decref(root);
	return ok;
}

void
sim_fault_clear(FaultPlan *plan)
{
	int			i;

	for (i = 0; i < plan->count; i++)
		free(plan->rule[i].body);
	memset(plan, 0, sizeof(*plan));
}

static FaultScope
scope_of(FaultKind kind)
{
	int			row;

	for (row = 0; FaultTable[row].name != NULL; row++)
		if (FaultTable[row].kind == kind)
			return FaultTable[row].scope;
	return 0;
}

/* A disconnect is of a stream when the rule names one. */
static bool
is_frame_rule(const FaultRule *rule)
{
	FaultScope	scope = scope_of(rule->kind);

	return scope == SCOPE_FRAME || scope == SCOPE_FILL || rule->stream[0] != '\0' || rule->event[0] != '\0';
}

static bool
path_matches(const char *pattern, const char *path)
{
	size_t		len = strlen(pattern);

	if (len == 0)
		return true;
	if (pattern[len - 1] == '*')
		return strncmp(pattern, path, len - 1) == 0;
	return strcmp(pattern, path) == 0;
}

/* The rule matches: is this one of the times it fires? */
static bool
fires(FaultRule *rule)
{
	rule->matches++;
	if (rule->times > 0 && rule->fired >= rule->times)
		return false;
	if (rule->nth > 0 && rule->matches != rule->nth)
		return false;
	if (rule->every > 0 && rule->matches % rule->every != 0)
		return false;
	if (rule->probability_ppm < PPM && sim_rng_below(&rule->rng, PPM) >= (uint64_t) rule->probability_ppm)
		return false;
	rule->fired++;
	return true;
}

void
sim_fault_request(FaultPlan *plan, const char *method, const char *path, RequestFault *fault)
{
	int			i;

	memset(fault, 0, sizeof(*fault));
	for (i = 0; i < plan->count; i++)
	{
		FaultRule  *rule = &plan->rule[i];

		if (is_frame_rule(rule) || rule->kind == FAULT_WRONG_CLOCK ||
			(rule->method[0] != '\0' && strcmp(rule->method, method) != 0) ||
			!path_matches(rule->path, path) || !fires(rule))
			continue;
		switch (rule->kind)
		{
			case FAULT_DELAY:
				fault->delay_ms += rule->amount;
				fault->delay_after = rule->after;
				break;
			case FAULT_FILL_BEFORE_ACK:
				fault->delay_ms += rule->amount;
				fault->delay_after = true;
				break;
			case FAULT_PARTIAL_FILL:
				fault->partial_ppm = (int) rule->amount;
				break;
			case FAULT_FAIL_FILL:
				fault->fail_fill = true;
				break;
			case FAULT_REWRITE:
				if (fault->rewrites < FAULT_REWRITES_MAX)
					fault->rewrite[fault->rewrites++] = rule->rewrite;
				break;
			default:
				if (fault->kind != 0)
					break;
				fault->kind = rule->kind;
				/* A part of an answer is part of a true one. */
				fault->after = rule->after || rule->kind == FAULT_CUT_ANSWER || rule->kind == FAULT_STALLED_ANSWER;
				fault->part_ppm = (int) rule->amount;
				fault->status = rule->status;
				fault->retry_after_s = rule->retry_after_s;
				fault->body = rule->body;
				break;
		}
	}
}

void
sim_fault_frame(FaultPlan *plan, const char *stream, const char *event, FrameFault *fault)
{
	int			i;

	memset(fault, 0, sizeof(*fault));
	for (i = 0; i < plan->count; i++)
	{
		FaultRule  *rule = &plan->rule[i];

		if (!is_frame_rule(rule) ||
			(rule->stream[0] != '\0' && strcmp(rule->stream, stream) != 0) ||
			(rule->event[0] != '\0' && strcmp(rule->event, event) != 0) || !fires(rule))
			continue;
		fault->drop = fault->drop || rule->kind == FAULT_DROP_FILL;
		fault->duplicate = fault->duplicate || rule->kind == FAULT_DUPLICATE_FILL;
		fault->disconnect = fault->disconnect || rule->kind == FAULT_DISCONNECT;
		fault->garbage = fault->garbage || rule->kind == FAULT_GARBAGE_FRAME;
		if (rule->kind == FAULT_TRUNCATED_FRAME)
			fault->truncate_ppm = (int) rule->amount;
		if (rule->kind == FAULT_STALE_BOOK)
			fault->stale_ms = rule->amount;
		if (rule->kind == FAULT_REWRITE && fault->rewrites < FAULT_REWRITES_MAX)
			fault->rewrite[fault->rewrites++] = rule->rewrite;
	}
}

void
sim_fault_rewrite(const Rewrite *rewrites, int count, Buf *text)
{
	int			i;

	for (i = 0; i < count; i++)
		(void) sim_rewrite(&rewrites[i], text);
}

int64_t
sim_fault_clock(FaultPlan *plan)
{
	int64_t		offset = 0;
	int			i;

	for (i = 0; i < plan->count; i++)
		if (plan->rule[i].kind == FAULT_WRONG_CLOCK && fires(&plan->rule[i]))
			offset += plan->rule[i].amount;
	return offset;
}
