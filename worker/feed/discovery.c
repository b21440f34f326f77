/*-------------------------------------------------------------------------
 *
 * worker/feed/discovery.c
 *	  From a slug to a window the database knows.
 *
 * Gamma names the market, the CLOB confirms tick, minimum size and fees (Gamma
 * is cached for minutes), the database gives the instruments their numbers.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* Smallest marketable order, dollars; the venue states it only in its refusals. */
#define MIN_NOTIONAL "1"

typedef struct LookUp
{
	Feed	   *feed;
	Window	   *window;
	PmGammaMarket market;
} LookUp;

static void
end_lookup(LookUp *lookup, bool found)
{
	Feed	   *feed = lookup->feed;
	Window	   *window = lookup->window;
	int64_t		now_ms = arb_feed_now_ms(feed);

	if (!found)
	{
		window->attempts++;
		window->stage = now_ms >= window->closes_ms ? WINDOW_DONE : WINDOW_WANTED;
		window->retry_ms = now_ms + arb_window_lookup_delay_ms(window, now_ms);
	}
	free(lookup);
	arb_feed_duty_ended(feed);
}

static void
bad_answer(LookUp *lookup, const char *channel, const ParseError *error)
{
	char		context[200];

	(void) snprintf(context, sizeof(context), "%.70s: %s", lookup->window->slug, error->context);
	arb_input_error(&lookup->feed->worker->input_errors, channel, arb_parse_error_name(error->kind), context);
}

static void
on_reported(void *arg, const DbReply *reply)
{
	LookUp	   *lookup = arg;
	Window	   *window = lookup->window;

	if (reply->status != DB_OK || arb_reply_rows(reply) != 1)
	{
		end_lookup(lookup, false);
		return;
	}
	arb_window_identify(window, &lookup->market);
	window->instruments[0] = (int) arb_reply_int(reply, 0, "up_instrument", 0);
	window->instruments[1] = (int) arb_reply_int(reply, 0, "down_instrument", 0);
	window->stage = WINDOW_FOLLOWED;
	log_info("feed", "window %s is followed", window->slug);
	arb_market_follow(lookup->feed, window);
	end_lookup(lookup, true);
}

static void
report(LookUp *lookup)
{
	Feed	   *feed = lookup->feed;
	Window	   *window = lookup->window;
	PmGammaMarket *market = &lookup->market;
	DbParams	params;

	arb_params_init(&params);
	arb_params_int(&params, feed->worker->hello.venue_id);
	arb_params_text(&params, window->slug);
	arb_params_text(&params, window->series->underlying);
	arb_params_text(&params, market->condition_id);
	arb_params_int(&params, window->opens_ms);
	arb_params_int(&params, window->closes_ms);
	arb_params_text(&params, arb_window_rule(market, window->series->seconds));
	arb_params_text(&params, market->token_ids[0]);
	arb_params_text(&params, market->token_ids[1]);
	arb_params_micro(&params, market->tick_size);
	arb_params_micro(&params, market->min_order_size);
	arb_params_text(&params, MIN_NOTIONAL);
	arb_params_micro(&params, market->fee_rate);
	arb_params_int(&params, market->fee_exponent);
	arb_params_bool(&params, market->neg_risk);
	if (!arb_pipe_call(feed->worker->action, DB_REPORT_WINDOW, &params, on_reported, lookup))
		end_lookup(lookup, false);
}

/* Index 0 is Up everywhere in this program, whatever order the venue lists. */
static void
put_up_first(PmGammaMarket *market)
{
	PmGammaMarket listed = *market;

	if (arb_window_up_index(market) != 1)
		return;
	memcpy(market->outcomes[0], listed.outcomes[1], sizeof(market->outcomes[0]));
	memcpy(market->outcomes[1], listed.outcomes[0], sizeof(market->outcomes[1]));
	memcpy(market->token_ids[0], listed.token_ids[1], sizeof(market->token_ids[0]));
	memcpy(market->token_ids[1], listed.token_ids[0], sizeof(market->token_ids[1]));
}

static void
on_clob_market(void *arg, const HttpAnswer *answer)
{
	LookUp	   *lookup = arg;
	PmClobMarket clob;
	ParseError	error;

	if (answer->outcome == HTTP_ANSWERED && answer->status == 200)
	{
		if (!arb_pm_parse_clob_market(answer->body, answer->len, &clob, &error))
			bad_answer(lookup, "clob", &error);
		else if (strcmp(clob.condition_id, lookup->market.condition_id) == 0)
		{
			lookup->market.tick_size = clob.tick_size;
			lookup->market.min_order_size = clob.min_order_size;
			lookup->market.fee_rate = clob.fee_rate;
			lookup->market.fee_exponent = clob.fee_exponent;
			lookup->market.neg_risk = clob.neg_risk;
		}
	}
	/* Without a tick no order could be built; the book may not exist yet. */
	if (lookup->market.tick_size <= 0)
	{
		end_lookup(lookup, false);
		return;
	}
	put_up_first(&lookup->market);
	report(lookup);
}

static void
on_gamma(void *arg, const HttpAnswer *answer)
{
	LookUp	   *lookup = arg;
	char		path[VENUE_PATH_MAX];
	ParseError	error;

	if (answer->outcome != HTTP_ANSWERED)
	{
		log_warning("feed", "Gamma: %s", answer->error);
		end_lookup(lookup, false);
		return;
	}
	if (answer->status != 200)
	{
		if (answer->status != 404)
			log_warning("feed", "Gamma answered %d for %s", answer->status, lookup->window->slug);
		end_lookup(lookup, false);
		return;
	}
	if (!arb_pm_parse_gamma(answer->body, answer->len, lookup->window->slug, &lookup->market, &error))
	{
		bad_answer(lookup, "gamma", &error);
		end_lookup(lookup, false);
		return;
	}
	if (lookup->market.token_ids[0][0] == '\0' || lookup->market.token_ids[1][0] == '\0' ||
		lookup->market.condition_id[0] == '\0' || arb_window_up_index(&lookup->market) < 0)
	{
		/* Listed but not ready: a few minutes of every market's life. */
		end_lookup(lookup, false);
		return;
	}
	(void) snprintf(path, sizeof(path), "/clob-markets/%s", lookup->market.condition_id);
	if (!arb_pm_get(&lookup->feed->worker->client, PM_SERVICE_CLOB, path, on_clob_market, lookup))
		end_lookup(lookup, false);
}

void
arb_discovery_look_up(Feed *feed, Window *window)
{
	LookUp	   *lookup = calloc(1, sizeof(*lookup));
	char		path[VENUE_PATH_MAX];

	if (lookup == NULL)
		return;
	lookup->feed = feed;
	lookup->window = window;
	window->stage = WINDOW_LOOKING;
	arb_feed_duty_begun(feed);
	(void) snprintf(path, sizeof(path), "/events/slug/%s", window->slug);
	if (!arb_pm_get(&feed->worker->client, PM_SERVICE_GAMMA, path, on_gamma, lookup))
		end_lookup(lookup, false);
}
