/*-------------------------------------------------------------------------
 *
 * src/core/safe_path.h
 *	  Names in our SQL mean ours, whatever the caller's search_path is.
 *
 * The doors of the decision path carry no SET search_path, which costs a setting
 * switched back and forth for every call. Nothing on that path resolves a name by
 * the search_path; whatever else might, a plan or a stranger's trigger, runs
 * between these two. An error in between restores the path like any setting.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SAFE_PATH_H
#define ARB_SAFE_PATH_H

/* arb_safe_path_enter returns what arb_safe_path_leave wants. */
extern int	arb_safe_path_enter(void);
extern void arb_safe_path_leave(int level);

#endif							/* ARB_SAFE_PATH_H */
