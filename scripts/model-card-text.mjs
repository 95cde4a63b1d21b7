// What the model cards say that no command measures: where the data come from and what the networks
// were never shown. Used by model-card.mjs.

export const SOURCES = (
  facts,
) => `Trained on ${facts.train.records} records, validated on ${facts.validation.records} (\`strat_fold\` 9 of each set), tested on ${facts.test.records} (fold 10 of the first). No patient is in two parts.

* **PTB-XL** 1.0.3 (Wagner P, Strodthoff N, Bousseljot R-D, Samek W, Schaeffter T. PhysioNet, 2022, doi 10.13026/kfzx-aw45; Scientific Data 7, 154,
  2020), licence CC BY 4.0: 2,992 records at 500 Hz, no random sample of its 21,799 (most were selected for infarction by an earlier user of the
  data, so that infarction is frequent, and the probabilities are calibrated to that); 1,183 further ones at 100 Hz; 1,176 more, for training alone,
  that came band-passed at 0.5-40 Hz and with estimated amplitudes, infarct labels masked. Labels: any statement counts.
* **Chapman-Shaoxing** (Zheng J et al., Scientific Data 2020, figshare 4560497), licence CC BY 4.0, as the Resting ECG Segmentation Dataset
  (figshare 28892186) has it: 739 rhythm records of another hospital and device; rhythm labels alone, the others masked.

Of the 25 labels of ECG-XPLAIM, left out for want of positives: avb2i, avb2ii, vt (none), avb2, avb3 (a few), wpw and lqt (too few to test on).`;

export const RULES = `A statement of PTB-XL has a likelihood; "any" takes every one, and is what published figures on PTB-XL mean. "Certain" asks for the likelihood that the
data set's authors give for certainty, which makes the task easier: compare it with nothing else.`;

export const POINTS = `Two operating points are in the file: "balanced" gives sensitivity and specificity the same weight; "high specificity" names little wrongly, and misses
more. Page and tool use the balanced one; \`--operating-point high-specificity\` the other. Under ten test positives a label counts as not tested.`;

export const EXTERNAL = `Records of CPSC 2018, CPSC-Extra, Chapman-Ningbo, Georgia and PTB (PhysioNet/CinC challenges 2020-21, CC BY 4.0), looked at while developing and never
trained on; labels where the source annotated them. Probabilities and thresholds are as in the file.`;

export const HOSPITAL = (
  counts,
) => `A logistic regression tells Chapman-Shaoxing from PTB-XL, cross-validated by patient on fold 9 of both, of which the network learnt no weight
(\`tests/bench/run-frozen MODEL DIR WORK source\`; recordings of PTB-XL + Chapman-Shaoxing: ${Object.entries(counts)
  .map(([rhythm, [here, there]]) => `${rhythm} ${here} + ${there}`)
  .join(", ")}). Within a rhythm 0.5 would say that
what the network keeps of a recording does not tell the hospital; more says that it does. 95 % intervals from drawings of the recordings.`;

export const LIMITS = `* Nearly all adults; two countries and two makers of devices, of which the second taught rhythm labels alone.
* Infarction, bundle branch and fascicular block, ectopic beats and pacing were learnt in one country, on one maker's devices of 1989-1996.
* Paced rhythm is a label, but what else is found in a paced recording was hardly ever shown to the network: read it with that in mind.
* The labels are what cardiologists wrote about PTB-XL's records, with its errors; "no" often means "not mentioned".
* The map tells when, not where on the body and not why; the checks above say how far it follows the network. It is no proof of a finding.
* Anything that is not among the labels (acute ischaemia, hypertrophy, electrolytes, ...) is not looked for. No finding does not mean normal.`;

export const BASELINES = `The published system's CNN and GRU, trained on the same records with the same labels, augmentation and validation fold, the CNN at 125 Hz, the GRU at 50 Hz until six epochs were not better, as
\`scripts/train-weights\` has them.`;
