// What the model cards say that no command measures: where the data come from and what the networks
// were never shown. Used by model-card.mjs.

export const SOURCES = (facts) => `Trained on ${facts.train.records} records of **PTB-XL** 1.0.3 (Wagner P, Strodthoff N, Bousseljot R-D, Samek W, Schaeffter T. PhysioNet, 2022,
doi 10.13026/kfzx-aw45; Scientific Data 7, 154, 2020), licence CC BY 4.0; validated on ${facts.validation.records} (\`strat_fold\` 9), tested on ${facts.test.records} (fold 10). No
patient is in two parts. These are a subset of the 21,799 records, and no random one: most were selected for infarction by an
earlier user of the data, so that infarction is frequent, and the probabilities are calibrated to that. 1,267 of the training records (rhythm and
conduction labels only, the others masked) came band-passed at 0.5-40 Hz and with estimated amplitudes.

Of the 25 labels of ECG-XPLAIM, left out for want of positives: avb2i, avb2ii, vt (none), avb2 (2), avb3 (1), wpw and lqt (10 and 13 to
train on, but 0 and 1 to test on).`;

export const LIMITS = `* bradsr was to reach an AUROC of 0.97 like the other rhythms and does not here, on 9 positives.
* One country, one device maker, 1989-1996, nearly all adults: no children to speak of, and no other makers' filters.
* A label without validation positives (svt) has a probability drawn towards the common scaling, and no threshold.
* Paced rhythm is a label, but what else is found in a paced recording was hardly ever shown to the network: read it with that in mind.
* The labels are what cardiologists wrote about PTB-XL's records, with its errors; "no" often means "not mentioned".
* The map tells when, not where on the body and not why; the checks above say how far it follows the network. It is no proof of a finding.
* Anything that is not among the labels (acute ischaemia, hypertrophy, electrolytes, ...) is not looked for. No finding does not mean normal.`;

export const BASELINES = `The published system's CNN and GRU, trained on the same records with the same labels, augmentation and validation fold, at 125 Hz: the CNN for 24
epochs, the GRU for 4, after which it was still learning (an epoch of it takes longer than a whole training of one of our networks): no
fair comparison for the GRU.`;

export const OTHER_SOURCE = `What the misses have in common: the sinus bradycardias that were not found have 50 to 58 beats a minute, where the records that PTB-XL's
cardiologists called so have a median of 49; and the headers of the E records state a gain that makes the ECG a fifth of its size (the tool warns
of it: "the amplitude is unusual"), which the network takes for infarction. Of atrial flutter and premature atrial beats too few were seen in training.`;
