/* Lead names, and the algebra of the limb leads. (xp_lead_parse and xp_lead_name are declared in
 * record.h, which everyone who reads leads includes.)
 *
 * Names. A name is split into words at blanks and underscores; words that only say "this is an ECG
 * lead" (lead, ECG, EKG, MDC, ELEC, POTL, the word for a lead in some languages, a unit in
 * brackets,
 * "(Einthoven)") are passed over on either side (a hyphen or a colon may stand behind one before
 * the lead: "ECG-I", and nothing at all behind lead, ECG and EKG: "LeadII"), and exactly one word
 * must be left that names a lead: I II III aVR aVL aVF V1 to V6 in any case, or DI DII DIII as in
 * Latin American and Spanish recordings. None of the twelve, on purpose: MLII, MCL1, CM5 (modified
 * leads), V (unspecified chest lead), V3R, V4R, V7.. (right and posterior), vx vy vz (Frank), -aVR
 * (inverted), II+, 1, ch1, "ECG 1", C1 (a channel number is a position, and leads are never taken
 * by position).
 *
 * Algebra (Einthoven 1903, Goldberger 1942). The six limb leads are differences of three electrode
 * potentials, so each is an exact combination of any two others:
 *   III = II - I, aVR = -(I + II)/2, aVL = I - II/2, aVF = II - I/2. */
#ifndef XP_ECG_LEADS_H
#define XP_ECG_LEADS_H

#include "ecg/record.h"

typedef struct xp_lead_formula {
    xp_lead_id from[2];
    double weight[2]; /* target = weight[0] * from[0] + weight[1] * from[1] */
} xp_lead_formula;

/* How target follows from leads that are there: have[id] tells which of the twelve are. The pairs
 * are tried in a fixed order (I and II first), so the answer does not depend on the order in the
 * file. False when target is not a limb lead or fewer than two other limb leads are there. */
bool xp_lead_derive(xp_lead_formula *out, xp_lead_id target, const bool have[XP_LEAD_COUNT]);

/* Append the limb leads that are not in rec and follow from two that are, marked as derived: to be
 * drawn. prepare.h passes them over and derives by itself. XP_ERR_MEMORY leaves some out. */
xp_status xp_leads_complete(xp_record *rec, xp_error *err);

#endif
