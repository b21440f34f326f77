/*-------------------------------------------------------------------------
 *
 * worker/debug_point.h
 *	  Named places where a test may kill or stop the worker.
 *
 * Only a worker built with -DARBEES_DEBUG has them; in any other the macro is
 * nothing, so that no variable of the environment can hold up a real desk.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DEBUG_POINT_H
#define ARBEES_DEBUG_POINT_H

#ifdef ARBEES_DEBUG

extern void arb_debug_point(const char *name);

#define ARB_DEBUG_POINT(name) arb_debug_point(name)

#else

#define ARB_DEBUG_POINT(name) ((void) 0)

#endif

#endif							/* ARBEES_DEBUG_POINT_H */
