/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/client.h
 *	  Requests to the venue's REST services, with the headers they want.
 *
 * Joins the pure halves (build, parse) with the HTTP client.  Answers come
 * back raw: the caller knows which parser they are for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_POLYMARKET_CLIENT_H
#define ARBEES_POLYMARKET_CLIENT_H

#include "net/http.h"
#include "net/ratelimit.h"
#include "venue/polymarket/build.h"
#include "venue/polymarket/endpoints.h"

#define PM_CURSOR_FIRST "MA=="
#define PM_REQUEST_TIMEOUT_MS 5000
/* How many orders or cancels, as the request was, the venue would still take now. */
#define PM_REMAINING_HEADER "Poly-RateLimit-Remaining"

typedef enum PmService
{
	PM_SERVICE_CLOB = 1,
	PM_SERVICE_GAMMA,
	PM_SERVICE_GEOBLOCK
} PmService;

typedef struct PmClient
{
	Http	   *http;
	const PmEndpoints *endpoints;
	const EthKey *key;			/* NULL: public requests only */
	uint64_t	chain_id;
	char		address_text[ETH_ADDRESS_TEXT_SIZE];
	PmCredentials *credentials; /* NULL until derived */
	RateLimit  *requests;		/* counts every request of the CLOB; NULL: nobody counts */
} PmClient;

/* Public reads; path begins with '/', or is "" for the service's own address. */
extern bool arb_pm_get(PmClient *client, PmService service, const char *path, HttpDone done, void *arg);

/* Private requests of the CLOB; body NULL for none. */
extern bool arb_pm_private(PmClient *client, const char *method, const char *path, const char *body,
						   size_t body_len, HttpDone done, void *arg);

/* arb_pm_post_order posts a prepared body once, never a dry run's; may_write is asked at the last instant. */
extern bool arb_pm_post_order(PmClient *client, const PreparedOrder *order, int timeout_ms,
							  HttpMayWrite may_write, HttpDone done, void *arg);

/* arb_pm_prove_key makes a request that proves control of the key (create or derive credentials). */
extern bool arb_pm_prove_key(PmClient *client, const char *method, const char *path, HttpDone done,
							 void *arg);

#endif							/* ARBEES_POLYMARKET_CLIENT_H */
