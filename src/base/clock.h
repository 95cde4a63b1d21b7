/* A clock that never goes back. */
#ifndef XP_BASE_CLOCK_H
#define XP_BASE_CLOCK_H

/* Seconds since some moment of the past. */
double xp_seconds_now(void);

#endif
