/*-------------------------------------------------------------------------
 *
 * worker/feed/resolution.c
 *	  How a closed window ended, once that is final.
 *
 * Gamma carries the prices but is cached; the CLOB names the winner sooner.
 * Whichever is final first is reported.  A price of 0.9995 is no resolution.
 *
 *-------------------------------------------------------------------------
 */
#include "feed/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "debug_point.h"
#include "log.h"

typedef struct Check
{
	Feed	   *feed;
	Window	   *window;
	char		condition_id[VENUE_MARKET_SIZE];
	bool		listed;			/* Gamma knows the window */
} Check;

/* final: nothing more will be asked about this window. */
static void
end_check(Check *check, bool final)
{
	Feed	   *feed = check->feed;
	Window	   *window = check->window;
	int64_t		now_ms = arb_feed_now_ms(feed);

	window->checking = false;
	window->checks++;
	if (final)
	{
		if (window->stage == WINDOW_CLOSED && !window->past)
			arb_market_unfollow(feed, window);
		window->stage = WINDOW_DONE;
	}
	else
	{
		window->stage = WINDOW_CLOSED;
		window->retry_ms = now_ms + arb_window_resolution_delay_ms(window, now_ms);
	}
	free(check);
	arb_feed_duty_ended(feed);
}

static void
on_reported(void *arg, const DbReply *reply)
{
	Check	   *check = arg;
	const char *result;

	if (reply->status != DB_OK)
	{
		end_check(check, false);
		return;
	}
	result = arb_reply_value(reply);
	if (strcmp(result, "conflict") == 0)
		arb_worker_alert(check->feed->worker, "critical", "resolution_conflict",
						 "window %s was resolved before with another outcome", check->window->slug);
	else if (strcmp(result, "resolved") == 0)
		log_info("feed", "window %s is resolved", check->window->slug);
	end_check(check, true);
}

static void
report(Check *check, const char *outcome, const char *open_price, const char *close_price, int64_t resolved_ms)
{
	Feed	   *feed = check->feed;
	DbParams	params;

	arb_params_init(&params);
	arb_params_int(&params, feed->worker->hello.venue_id);
	arb_params_text(&params, check->window->slug);
	arb_params_text(&params, outcome);
	arb_params_text(&params, open_price != NULL && open_price[0] != '\0' ? open_price : NULL);
	arb_params_text(&params, close_price != NULL && close_price[0] != '\0' ? close_price : NULL);
	arb_params_int(&params, resolved_ms);
	if (!arb_pipe_call(feed->worker->action, DB_REPORT_RESOLUTION, &params, on_reported, check))
		end_check(check, false);
	else
		ARB_DEBUG_POINT("during_settlement");
}

/* The label of the winning outcome; NULL when there is none or its name is strange. */
static const char *
winner_label(PmResolution resolution, const char outcomes[2][PM_STATUS_SIZE])
{
	const char *name;

	if (resolution != PM_RESOLUTION_FIRST && resolution != PM_RESOLUTION_SECOND)
		return NULL;
	name = outcomes[resolution == PM_RESOLUTION_FIRST ? 0 : 1];
	if (strcasecmp(name, "Up") == 0)
		return "UP";
	return strcasecmp(name, "Down") == 0 ? "DOWN" : NULL;
}

static void
split(Check *check)
{
	arb_worker_alert(check->feed->worker, "critical", "split_resolution",
					 "window %s was settled half and half; its positions need an operator",
					 check->window->slug);
	end_check(check, true);
}

static void
on_clob_status(void *arg, const HttpAnswer *answer)
{
	Check	   *check = arg;
	PmMarketStatus status;
	ParseError	error;
	const char *winner;

	if (answer->outcome != HTTP_ANSWERED || answer->status != 200)
	{
		end_check(check, false);
		return;
	}
	if (!arb_pm_parse_market_status(answer->body, answer->len, &status, &error))
	{
		arb_input_unreadable(&check->feed->worker->input_errors, "clob", &error);
		end_check(check, false);
		return;
	}
	winner = winner_label(status.resolution, (const char (*)[PM_STATUS_SIZE]) status.outcomes);
	if (winner != NULL)
		report(check, winner, NULL, NULL, arb_feed_now_ms(check->feed));
	else if (status.resolution == PM_RESOLUTION_SPLIT)
		split(check);
	else
		end_check(check, false);
}

static void
ask_clob(Check *check)
{
	char		path[VENUE_PATH_MAX];

	if (check->condition_id[0] == '\0')
	{
		end_check(check, false);
		return;
	}
	(void) snprintf(path, sizeof(path), "/markets/%s", check->condition_id);
	if (!arb_pm_get(&check->feed->worker->client, PM_SERVICE_CLOB, path, on_clob_status, check))
		end_check(check, false);
}

static void
on_gamma(void *arg, const HttpAnswer *answer)
{
	Check	   *check = arg;
	PmGammaMarket market;
	ParseError	error;
	const char *winner;

	if (answer->outcome == HTTP_ANSWERED && answer->status == 404 && check->window->past)
	{
		/* A window that never was; series begin somewhere. */
		end_check(check, true);
		return;
	}
	if (answer->outcome != HTTP_ANSWERED || answer->status != 200)
	{
		ask_clob(check);
		return;
	}
	if (!arb_pm_parse_gamma(answer->body, answer->len, check->window->slug, &market, &error))
	{
		arb_input_unreadable(&check->feed->worker->input_errors, "gamma", &error);
		ask_clob(check);
		return;
	}
	memcpy(check->condition_id, market.condition_id, sizeof(check->condition_id));
	winner = winner_label(market.resolution, (const char (*)[PM_STATUS_SIZE]) market.outcomes);
	if (winner != NULL)
		report(check, winner, market.price_to_beat, market.final_price,
			   market.closed_ms > 0 ? market.closed_ms : arb_feed_now_ms(check->feed));
	else if (market.resolution == PM_RESOLUTION_SPLIT)
		split(check);
	else
		ask_clob(check);
}

void
arb_resolution_check(Feed *feed, Window *window)
{
	Check	   *check = calloc(1, sizeof(*check));
	char		path[VENUE_PATH_MAX];

	if (check == NULL)
		return;
	check->feed = feed;
	check->window = window;
	memcpy(check->condition_id, window->market.condition_id, sizeof(check->condition_id));
	window->checking = true;
	window->resolution_hinted = false;
	arb_feed_duty_begun(feed);
	(void) snprintf(path, sizeof(path), "/events/slug/%s", window->slug);
	if (!arb_pm_get(&feed->worker->client, PM_SERVICE_GAMMA, path, on_gamma, check))
		end_check(check, false);
}
