/* TensorBoard event files: scalars and histograms that `tensorboard --logdir` shows.
 *
 * File layout (TFRecord), integers little-endian, for each event:
 *
 *   8 bytes   length of the event
 *   4 bytes   masked CRC-32C of those 8 bytes
 *   length    the event, a protocol buffer (events.proto)
 *   4 bytes   masked CRC-32C of the event
 *
 * masked(crc) = (crc rotated right by 15) + 0xa282ead8. An event is in the file when the function
 * that adds it returns, so that a killed run leaves a readable file. */
#ifndef XP_TRAIN_EVENTS_H
#define XP_TRAIN_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* CRC-32C (Castagnoli, RFC 3720), continuing from crc; begin with 0. */
uint32_t xp_crc32c(uint32_t crc, const void *data, size_t n);
uint32_t xp_crc32c_mask(uint32_t crc);

typedef struct xp_events xp_events;

/* Make folder/events.out.tfevents.<seconds>.xplaim<suffix> and write its version event. wall_time
 * is in seconds since 1970; the folder must exist. A file of that name is never overwritten: a
 * number is added. *out is owned by the caller. */
xp_status xp_events_open(xp_events **out, const char *folder, const char *suffix, double wall_time,
                         xp_error *err);
xp_status xp_events_scalar(xp_events *e, double wall_time, int64_t step, const char *tag,
                           double value, xp_error *err);

/* Thirty bins of equal width over the finite values; the others are left out. */
xp_status xp_events_histogram(xp_events *e, double wall_time, int64_t step, const char *tag,
                              const float *values, size_t n, xp_error *err);
const char *xp_events_path(const xp_events *e);
xp_status xp_events_close(xp_events *e, xp_error *err); /* NULL is allowed */

#endif
