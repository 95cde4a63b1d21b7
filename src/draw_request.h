/* Where ecg and plot meet for the page: what it wants drawn, as JSON, and a record in; a display
 * list out. */
#ifndef XP_DRAW_REQUEST_H
#define XP_DRAW_REQUEST_H

#include "ecg/record.h"
#include "plot/plot.h"

/* request, all of it optional, with the defaults of xp_plot_options:
 *   {layout, rhythm, speed, gain, halfChest, start, seconds, pixel, pitch, cabrera, bare, narrow,
 * dark, style, colormap, alpha, title, numbers, filter, window: {start, seconds}, map: {start,
 * seconds, perLead, label, layer, probability, below}, beats: [{time, symbol, used, p: [on, off],
 * qrs, t}], faults: [{lead, start, end, word, unread}], beat: {rate, samples, fiducial, beats,
 * leads: [{name, derived}], p, qrs, t}} Waves that were not found are null. beat: in place of the
 * record its median beat is drawn, whose values (leads, samples) are in mV and whose waves are in
 * seconds from its fiducial point. filter: in words; where it is given, filtered[lead] (NULL: as it
 * was read) is drawn. values (n): the map's, as xp_plot_map has them; where n is 0 none is drawn.
 * title: instead of the record's name. Draws into d, which must be zeroed; on error d is untouched:
 * XP_ERR_USAGE for a request that makes no sense, and what xp_plot_ecg says. */
xp_status xp_draw_request(xp_display *d, const xp_record *rec, float *const *filtered,
                          const char *request, const float *values, size_t n, xp_error *err);

#endif
