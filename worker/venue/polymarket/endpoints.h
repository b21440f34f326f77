/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/endpoints.h
 *	  Where the venue's services are and which series it lists.
 *
 * Pure: reads the endpoints column of the venue's row, so that the simulator,
 * a proxy and the real venue are the same code.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_POLYMARKET_ENDPOINTS_H
#define ARBEES_POLYMARKET_ENDPOINTS_H

#include "feed/slug.h"
#include "json.h"
#include "venue/venue.h"

#define ENDPOINT_SIZE 200
#define SERIES_MAX 32

typedef struct PmEndpoints
{
	char		clob[ENDPOINT_SIZE];
	char		gamma[ENDPOINT_SIZE];
	char		ws_market[ENDPOINT_SIZE];
	char		ws_user[ENDPOINT_SIZE];
	char		rtds[ENDPOINT_SIZE];
	char		geoblock[ENDPOINT_SIZE];
	bool		heartbeats;		/* false: the venue takes none, or is not to be given any */
	SlugSeries	series[SERIES_MAX];
	size_t		series_count;
	bool		has_limits;
	VenueLimits limits;			/* optional: of this account's tier, or of a simulator */
} PmEndpoints;

/*
 * arb_pm_endpoints_parse refuses plain http and ws unless the venue is a
 * simulator: keys and orders never cross a network in the clear.
 */
extern bool arb_pm_endpoints_parse(const char *text, size_t len, bool is_simulator,
								   PmEndpoints *endpoints, ParseError *error);

#endif							/* ARBEES_POLYMARKET_ENDPOINTS_H */
