/*-------------------------------------------------------------------------
 *
 * src/core/debug_point.h
 *	  Named places where a test may stop, break or kill the backend.
 *
 * Only a library built with -DARBEES_DEBUG has them; in any other the macros
 * are nothing, so that no setting can hold up or break a real desk.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_DEBUG_POINT_H
#define ARB_DEBUG_POINT_H

#ifdef ARBEES_DEBUG

extern void arb_debug_init(void);
extern void arb_debug_point(const char *name);

#define ARB_DEBUG_INIT() arb_debug_init()
#define ARB_DEBUG_POINT(name) arb_debug_point(name)

#else

#define ARB_DEBUG_INIT() ((void) 0)
#define ARB_DEBUG_POINT(name) ((void) 0)

#endif

#endif							/* ARB_DEBUG_POINT_H */
