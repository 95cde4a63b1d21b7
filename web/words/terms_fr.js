/** The terms of the field in French, what is said of them, and the sentences of the core. */

export const TERMS = {
  "annotation.premature ventricular complexes": "extrasystoles ventriculaires",
  "annotation.atrial fibrillation": "fibrillation atriale",
  "annotation.left bundle branch block, first-degree AV block": "bloc de branche gauche, bloc AV du premier degré",
  "annotation.inferior infarction": "infarctus inférieur",
  "annotation.inferior infarction (an error of the network)": "infarctus inférieur (une erreur du réseau)",
  "annotation.normal ECG": "ECG normal",
  "save.share": "Partager l’image…",
  "ribbon.label": "Toutes les dérivations en petit",
  "ribbon.lead": "Agrandir {lead}",
  "teaching.editor-english":
    "L’éditeur de cas n’existe qu’en anglais ; les textes des cas s’écrivent dans la langue de votre choix.",
  "paper.name": "Papier",
  "paper.system": "comme le système",
  "paper.red": "rouge",
  "paper.grey": "gris",
  "paper.green": "vert",
  "paper.dark": "sombre",
  "finding.afib": "fibrillation atriale",
  "finding.aflu": "flutter atrial",
  "finding.afifl": "fibrillation ou flutter atrial",
  "finding.rbbb": "bloc de branche droit",
  "finding.lbbb": "bloc de branche gauche",
  "finding.lafb": "hémibloc antérieur gauche",
  "finding.lpfb": "hémibloc postérieur gauche",
  "finding.pvc": "extrasystoles ventriculaires (ESV)",
  "finding.pac": "extrasystoles atriales (ESA)",
  "finding.ami": "infarctus antérieur, d’âge indéterminé",
  "finding.imi": "infarctus inférieur, d’âge indéterminé",
  "finding.smi": "infarctus septal, d’âge indéterminé",
  "finding.lmi": "infarctus latéral, d’âge indéterminé",
  "finding.avb1": "bloc AV du premier degré",
  "finding.bradsr": "bradycardie sinusale",
  "finding.svt": "arythmie supraventriculaire (y compris tachycardie)",
  "finding.tachsr": "tachycardie sinusale",
  "finding.pace": "rythme électro-entraîné",
  "finding.lqt": "QT long",
  "finding.wpw": "Wolff-Parkinson-White",
  "measured.heart_rate": "Fréquence cardiaque",
  "measured.pr_interval": "Intervalle PR",
  "measured.qrs_duration": "Durée du QRS",
  "measured.qt_interval": "Intervalle QT",
  "measured.qtc_fridericia": "QTc (Fridericia)",
  "measured.qtc_bazett": "QTc (Bazett)",
  "measured.qtc_framingham": "QTc (Framingham)",
  "measured.qtc_hodges": "QTc (Hodges)",
  "measured.p_axis": "Axe de P",
  "measured.qrs_axis": "Axe du QRS",
  "measured.t_axis": "Axe de T",
  "measured.p_duration": "Durée de P",
  "measured.rr_interval": "Intervalle RR",
  "numbers.axis": "Axe P/QRS/T",
  "reliability.high": "élevée",
  "reliability.moderate": "moyenne",
  "reliability.low": "faible",
  "reason.NO_BEATS": "aucun battement trouvé",
  "reason.FEW_BEATS": "moins de trois battements",
  "reason.NO_P_WAVE": "aucune onde P trouvée",
  "reason.T_NOT_FOUND": "aucune onde T trouvée",
  "reason.NOISE": "trop de bruit",
  "reason.FLAT": "les dérivations sont plates",
  "reason.LEADS_MISSING": "les dérivations nécessaires manquent",
  "reason.INCONSISTENT": "les valeurs se contredisent",
  "reason.PACED": "battements stimulés",
  "reason.UNCALIBRATED": "l’enregistrement n’est pas étalonné",
  "reason.OUT_OF_RANGE": "hors du domaine mesurable",
  "rhythm.irregular": "irrégulier par moments",
  "rhythm.irregularly_irregular": "irrégulier tout du long",
  "rhythm.is.regular": "rythme régulier",
  "rhythm.is.irregular": "rythme irrégulier par moments",
  "rhythm.is.irregularly_irregular": "rythme irrégulier tout du long",
  "rhythm.ectopic": "{s} battements ectopiques supraventriculaires et {v} ventriculaires",
  "rhythm.fusion": "complexes de fusion : {n}",
  "rhythm.paced": "stimulé",
  "p-waves.present": "ondes P présentes",
  "p-waves.absent": "ondes P absentes",
  "grade.good": "bonne",
  "grade.limited": "limitée",
  "grade.unusable": "inutilisable",
  "grade.is.good": "bonne",
  "grade.is.limited": "limitée",
  "grade.is.unusable": "inutilisable : à enregistrer de nouveau",
  "fault.flat": "plate",
  "fault.at the amplifier's limit": "à la limite de l’amplificateur",
  "fault.no samples": "sans échantillons",
  "fault.mains 50 Hz": "secteur 50 Hz",
  "fault.mains 60 Hz": "secteur 60 Hz",
  "fault.baseline wander": "ligne de base instable",
  "fault.muscle noise": "bruit musculaire",
  "fault.step": "saut",
  "fault.does not add up": "ne concorde pas",
  "fault.electrodes swapped": "électrodes inversées",

  "findings.title": "Constatations (réseau de neurones)",
  "findings.name": "Constatations",
  "findings.peek": "constatations",
  "findings.untrained":
    "**Modèle non entraîné.** Ses poids sont aléatoires : ces chiffres montrent que le calcul fonctionne. Ils ne disent rien de cet enregistrement.",
  "findings.scores":
    "Les sorties de ce modèle sont des scores, pas des probabilités : des nombres quelconques, et plus ils sont grands, plus ils parlent en faveur de la constatation.",
  "findings.assumed":
    "Supposé sur son entrée, puisque son fichier ne le dit pas : {what} ; là où c’est faux, ses résultats le sont aussi.",
  "findings.above": "au seuil ou au-dessus",
  "findings.below": "sous le seuil",
  "findings.threshold": "seuil {value}",
  "findings.no-threshold": "aucun seuil indiqué",
  "findings.cases": { one: "{n} cas dans le jeu de test", other: "{n} cas dans le jeu de test" },
  "findings.counts":
    "sur {positives} avec ce constat, {found} nommés ; sur {negatives} sans lui, {wrong} nommés à tort",
  "findings.no-figures": "aucun chiffre indiqué",
  "findings.no-results": "Le fichier de ce réseau ne donne ni seuils ni résultats de test.",
  "findings.looked-for": {
    one: "{n} constatation est recherchée, et rien d’autre.",
    other: "{n} constatations sont recherchées, et rien d’autre.",
  },
  "findings.looked-for-at": {
    one: "{n} constatation est recherchée, et rien d’autre. Seuil : {source}.",
    other: "{n} constatations sont recherchées, et rien d’autre. Seuils : {source}.",
  },
  "findings.none": "Aucune constatation au seuil ou au-dessus",
  "findings.not-normal": {
    one: "Aucune constatation au seuil ou au-dessus. Ce n’est pas un compte rendu normal : {n} constatation seulement est recherchée.",
    other:
      "Aucune constatation au seuil ou au-dessus. Ce n’est pas un compte rendu normal : {n} constatations seulement sont recherchées.",
  },
  "findings.n-below": "{n} sous le seuil (maximum {highest})",
  "findings.n-without": "{n} sans seuil",
  "value.probability": "probabilité",
  "value.score": "score",
  "evidence.title": "Carte d’évidence",
  "evidence.which": "Constatation dont la carte est montrée",
  "evidence.choose": "choisir une constatation",
  "evidence.none-chosen": "Aucune carte tant qu’aucune constatation n’est choisie.",
  "evidence.no-layer": "Ce modèle n’a aucune couche dont on puisse faire une carte.",
  "evidence.strongest": "Moments les plus forts pour « {finding} » :",
  "evidence.nothing": "Rien dans cette couche n’a augmenté le score de « {finding} ».",
  "evidence.time": "{from}–{to} s (pic {peak})",
  "evidence.time-padding": "{from}–{to} s (pic {peak}, dans le remplissage)",
  "evidence.in-segment": "Dans ce segment de 10 secondes : {value} ; tous les segments ensemble : {whole}.",
  "evidence.few-checks": "Trop peu d’enregistrements de test pour vérifier les cartes de cette constatation.",
  "evidence.checks":
    "Cartes de cette constatation sur {records} enregistrements de test : corrélation des rangs avec les cartes de poids mélangés {shuffled} (0 est le mieux), suppression dans l’ordre de la carte contre un ordre aléatoire {deletion} (au-dessus de 0 est bon), stabilité sous un décalage de 10 ms {shift} (1 est le mieux).",
  "evidence.lead": "{lead} : {sum}, maximum {from}–{to} s",
  "evidence.sums": "{steps} points ; toutes les parts ensemble {sum}, différence du score {difference}.",
  "evidence.sums-rough":
    "{steps} points ; toutes les parts ensemble {sum}, différence du score {difference} (pas à 1 % près : à prendre comme approximatif).",
  "method.occlusion": "Occultation des dérivations",
  "method.occlusion.computing": "Calcul de l’occultation des dérivations …",
  "method.occlusion.done": "Occultation des dérivations calculée sur cet appareil.",
  "method.occlusion.of": "Occultation des dérivations : contribution au score (logit) de « {finding} » :",
  "method.occlusion.drawn": "occultation des dérivations",
  "method.occlusion.explained":
    "De combien le score (logit) de la constatation baisse quand une demi-seconde d’une dérivation est remplacée par 0 mV. Les dérivations qui sont des sommes d’autres restent telles quelles.",
  "method.ig": "Gradients intégrés",
  "method.ig.computing": "Calcul des gradients intégrés …",
  "method.ig.done": "Gradients intégrés calculés sur cet appareil.",
  "method.ig.of": "Gradients intégrés : contribution au score (logit) de « {finding} » :",
  "method.ig.drawn": "gradients intégrés (racine carrée)",
  "method.ig.explained":
    "Le score (logit) de la constatation, réparti entre tous les échantillons (à partir de 0 mV). Les parts donnent ensemble le tout.",
  "method.progress": "{method} : {done} sur {total}",
  "measured.title": "Mesures",
  "measured.save": "Enregistrer les mesures",
  "measured.json": "Mesures en JSON",
  "measured.csv": "En CSV",
  "measured.measuring": "Mesure en cours …",
  "measured.not": "Non mesuré",
  "measured.nothing": "Rien n’est mesuré.",
  "measured.unmeasurable": "Non mesurable",
  "measured.unmeasurable-why": "Non mesurable : {why}",
  "measured.not-because": "non mesurable : {reason}",
  "measured.intervals": "Intervalles et axes",
  "measured.measurement": "Mesure",
  "measured.value": "Valeur",
  "measured.range": "Étendue",
  "measured.beats": "Battements",
  "measured.reliability": "Fiabilité",
  "measured.from-to": "{from} à {to}",
  "measured.by-lead": "Par dérivation",
  "measured.lead": "Dérivation",
  "measured.amplitudes": "Amplitudes par dérivation, mV par rapport au niveau avant QRS",
  "measured.durations": "Durées par dérivation, ms",
  "measured.how":
    "Mesuré par des règles sur l’enregistrement sans aucun filtre, non par le réseau. Les valeurs sont celles du battement médian du type le plus fréquent ; les étendues, celles des battements pris un à un.",
  "quality.name": "Qualité",
  "quality.note": "Note",
  "quality.is": "Qualité de l’enregistrement : {grade}.",
  "quality.nothing": "Rien n’a été trouvé qui la limite.",
};

/** @type {import("./core_sentences.js").CoreTable} */
export const CORE = {
  whole: "L’enregistrement",
  flat: "{lead} : signal plat de {from} à {to} s : vérifier cette électrode et son câble et enregistrer de nouveau",
  saturated:
    "{lead} : à la limite de l’amplificateur de {from} à {to} s : vérifier cette électrode et son câble et enregistrer de nouveau",
  gap: "{lead} : sans échantillons de {from} à {to} s : vérifier la liaison avec l’appareil et enregistrer de nouveau",
  mains:
    "{lead} : ronflement du secteur à {hz} Hz ({uv} µV) de {from} à {to} s : éloigner les câbles de ceux du secteur, vérifier le contact avec la peau et la terre",
  wander:
    "{lead} : ligne de base instable ({mv} mV) de {from} à {to} s : laisser la personne au repos, nettoyer la peau, fixer l’électrode",
  muscle:
    "{lead} : bruit musculaire ({uv} µV) de {from} à {to} s : que la personne se détende et n’ait pas froid, soutenir bras et jambes",
  step: "{lead} : saut de {mv} mV de {from} à {to} s : fixer l’électrode, laisser la personne au repos",
  einthoven:
    "De {from} à {to} s les dérivations des membres ne concordent pas (I + III = II) : elles n’ont pas été enregistrées ensemble ou ont été modifiées ; ne pas se fier aux axes, enregistrer de nouveau",
  einthovenLead:
    "{lead} ne concorde pas avec les autres dérivations des membres de {from} à {to} s (I + III = II n’est pas vérifié) : modifiée après l’enregistrement, ou son canal est défectueux ; ne pas y mesurer",
  swapPossible:
    "Une inversion des électrodes {electrodes} est possible : vérifier sur la personne, corriger et enregistrer de nouveau",
  swapLikely:
    "Une inversion des électrodes {electrodes} est probable : vérifier sur la personne, corriger et enregistrer de nouveau",
  bazett: "à cette fréquence la formule de Bazett induit en erreur",
  youden:
    "indice de Youden, spécificité comptée {times} fois, sur des données de validation ({records} enregistrements)",
  specificity: "spécificité {value} sur des données de validation ({records} enregistrements)",
  derived: "{lead} : absente de l’enregistrement, calculée à partir de {first} et {second}",
  derivedThin: "{lead} : {percent} % des échantillons manquent, calculée à partir de {first} et {second}",
  repeated: "{lead} : présente {times} fois dans l’enregistrement, la première est utilisée",
  noInput: "n’entrent pas dans ce modèle : {signals}",
  absent:
    "{lead} : absente de l’enregistrement et, comme accepté, prise pour 0 mV ; ce qui s’y montre ne peut être trouvé",
  missingLong: "{lead} : {missing} échantillons sur {samples} manquent et valent 0 ; plus de 40 ms : {gaps}",
  missing: "{lead} : {missing} échantillons sur {samples} manquent et valent 0",
  leadFlat: "{lead} : plate, tous ses échantillons sont égaux",
  leadAmplitude:
    "{lead} : amplitude peu crédible, typiquement {amplitude} mV de crête à crête ; vérifier son gain et ses unités dans l’en-tête, et son électrode",
  resampled: "rééchantillonné de {from} à {to} Hz ({ratio})",
  bandpass: "passe-bande de {low} à {high} Hz (Butterworth, en avant et en arrière)",
  notch: "filtre coupe-bande à {frequency} Hz (en avant et en arrière)",
  short:
    "l’enregistrement dure {seconds} s, moins que les {window} s avec lesquelles le modèle a été entraîné : le reste est rempli de zéros et le résultat moins fiable",
  windowsLast:
    "l’enregistrement dure {seconds} s : analysé en {windows} segments de {window} s ; le dernier chevauche le précédent",
  windows: "l’enregistrement dure {seconds} s : analysé en {windows} segments de {window} s",
  refused:
    "{lead} : ne donne pas de mesure ({why}) ; le réseau l’a vue comme toute autre, et il ne faut pas croire sa réponse là où elle s’appuie dessus",
  nothingThere:
    "{lead} : {why} de {start_s} à {end_s} s ; le réseau l’a vu comme toute autre chose, et il ne faut pas croire sa réponse là où elle s’appuie dessus",
  derivedRefused:
    "{lead} : calculée à partir de {from}, qu’il ne faut pas croire ({why}) ; ni ce que le réseau en a fait",
  rateAssumed: "{file} ligne {line} : pas de fréquence d’échantillonnage : {rate} Hz supposés",
  uncalibrated: "{lead} {file} : non étalonné : {gain} adu/{units} supposés, l’en-tête ne le disant pas ({absent})",
  channelUncalibrated:
    "{lead} {signal} : non étalonné : {gain} pas/mV supposés, le fichier ne donnant pas de sensibilité ou d’unité",
  checksum:
    "{file} : les sommes de contrôle ne sont pas celles de l’en-tête ({lead} {signal}) : les échantillons peuvent être endommagés",
  fileChecksum: "{file} : la somme de contrôle ne correspond pas : les échantillons peuvent être endommagés",
  filesDiffer:
    "{file} ne donne pas la longueur et ses fichiers diffèrent : {used} échantillons utilisés sur {most} au plus",
  groupShort: "le fichier contient {held} échantillons de chaque dérivation et dit en avoir {stated}",
  markedOne:
    "{lead} : les échantillons que le fichier marque comme manquants ({samples}) concordent avec leurs voisins, car la marque est une valeur ordinaire : ils sont lus comme des échantillons",
  markedSeveral:
    "{lead} : les échantillons que le fichier marque comme manquants ({total} en tout) concordent avec leurs voisins, car la marque est une valeur ordinaire : ils sont lus comme des échantillons",
  countDiffers: "{file} : l’en-tête dit {stated} échantillons, le fichier en contient {samples} de chaque dérivation",
  leadsAssumed:
    "{file} : ses 12 colonnes n’ont pas de nom et sont prises pour I, II, III, aVR, aVL, aVF, V1 à V6 : nommez-les si c’est faux (--columns)",
  otherBlocks:
    "le fichier contient {blocks} enregistrements du rythme : le plus long est utilisé, {seconds} s à {rate} Hz",
  stripUsed: "le fichier contient aussi {seconds} s d’enregistrement complet : sa bande est utilisée",
  calibration: "la dernière seconde est une impulsion d’étalonnage de 1 mV et a été laissée de côté",
  drawnExact: "{lead} : exacte (pas de {step} µV, {rate} Hz) : chaque échantillon est sur la grille du fabricant",
  drawnHeld:
    "{lead} : sur la grille du fabricant (pas de {step} µV, {rate} Hz), mais à plat à son point le plus haut ou le plus bas, comme une courbe coupée le long d’une ligne : peut-être exacte, mais sans certificat",
  drawnCutOff: "{lead} : coupée par le dessin à une limite : ses pics sont plus grands qu’ils ne paraissent",
  drawnStep: "{lead} : dessinée avec {rate} points par seconde, à {step} µV près",
  drawnRate: "{lead} : dessinée avec {rate} points par seconde : ce fichier ne contient pas de détail plus fin",
  drawnPart:
    "{lead} : dessinée pendant {seconds} s sur {all}, à sa place dans le temps ; le reste n’est pas dans ce fichier",
  drawnUnnamed: "{curves} courbes du dessin n’ont pas de nom de dérivation et ont été laissées de côté",
  "file unknownKind": "Ce type de fichier n’est pas connu ici. {help}",
  "file twice":
    "{file} s’y trouve deux fois et rien ne dit lequel est le bon. Déposez les dossiers qui contiennent les fichiers, ou choisissez un enregistrement à la fois.",
  "file times":
    "{file} s’y trouve {times} fois et rien ne dit lequel est le bon. Déposez les dossiers qui contiennent les fichiers, ou choisissez un enregistrement à la fois.",
  "file missing": "{file} ligne {line} : {missing} manque : donnez-le avec les autres fichiers de l’enregistrement",
  "file otherCase":
    "{file} ligne {line} : {missing} manque, mais {there} est là : majuscules et minuscules doivent concorder ; renommez le fichier",
  "file noSamples":
    "{file} ne contient aucun échantillon (un en-tête sans signaux, ou un fichier de signaux vide) : ouvrez l’enregistrement auquel il appartient",
  "file short":
    "{file} ligne {line} : {signals} contient {held} échantillons par signal, l’en-tête en indique {stated} : la copie est incomplète ; copiez-la de nouveau, ou mettez la longueur {set} dans l’en-tête",
  "file flacShort":
    "{file} ligne {line} : {signals} se termine après {held} des {stated} échantillons : la copie est incomplète ; copiez-la de nouveau",
  "file empty": "{file} est vide",
  "file headerEmpty": "{file} ligne {line} : l’en-tête est vide : copiez le fichier de nouveau",
  "file endsInHeader":
    "{file} octet {byte} : le fichier se termine dans son en-tête, qui a {bytes} octets : copiez-le de nouveau",
  "file endsInRecords":
    "{file} octet {byte} : le fichier se termine après {held} des {stated} blocs de données : copiez-le de nouveau, ou mettez leur nombre (octet 236) à ce qui est là",
  "file endsEarly":
    "{file} octet {byte} : le fichier se termine ici, mais il indique {bytes} octets : copiez-le de nouveau",
  "file dicomCut":
    "{file} : octet {byte} : un élément commence ici et les données s’y terminent : le fichier est tronqué, copiez-le de nouveau",
  "file dicomEmpty":
    "{file} : octet {byte} : le fichier se termine là où commencent ses données : il est tronqué, copiez-le de nouveau",
  "file xmlCut":
    "{file} ligne {line} : XML incomplet ({error}) : le fichier se termine trop tôt ; copiez-le ou exportez-le de nouveau",
  "file xmlDamaged":
    "{file} ligne {line} : XML non valable ({error}) : le fichier est endommagé ; exportez-le de nouveau",
  "file pdfStream": "{file} : le flux de données à l’octet {byte} est endommagé : exportez le PDF de nouveau",
  "file pdfDamaged":
    "{file} : dans ses {bytes} octets, il n’y a pas de liste de pages : le fichier est tronqué ou endommagé ; exportez le PDF de nouveau",
  "file pdfPicture":
    "{file} : cette page est une image d’un ECG, non ses courbes (une numérisation ou une capture d’écran) : exportez l’enregistrement lui-même, ou un PDF écrit par le système d’ECG",
  "file pdfOther":
    "{file} : aucune courbe d’ECG n’a été trouvée sur ses pages ({pages} ; {lines} lignes, {words} mots) : c’est un autre document, ou ses courbes sont dessinées d’une façon qui n’est pas lue ici",
  "file pdfUnnamed": "{file} : à côté de ses {curves} courbes, il n’y a aucun nom de dérivation (I, aVR, V1…)",
  "file pdfPassword":
    "{file} est chiffré et demande un mot de passe : enregistrez-le sans protection (imprimez-le dans un PDF), et ouvrez celui-ci",
  "file pdfEncrypted":
    "{file} est chiffré d’une façon qui n’est pas lue ici : enregistrez-le sans protection (imprimez-le dans un PDF), et ouvrez celui-ci",
  "file dicomImage":
    "{file} : c’est une image DICOM, sans échantillons : choisissez le fichier de l’ECG lui-même (modalité ECG), que l’archive garde à côté",
  "file dicomFolder": "{file} : c’est un DICOMDIR, une table des matières : choisissez les fichiers qu’il énumère",
  "file dicomReport":
    "{file} : c’est un compte rendu DICOM, un texte sans échantillons : choisissez le fichier de l’ECG lui-même (modalité ECG)",
  "file dicomOther":
    "{file} : il ne contient pas de courbes (pas de Waveform Sequence (5400,0100) ; classe SOP « {uid} ») : choisissez un objet ECG, modalité ECG",
  "file dicomBeat":
    "{file} : il contient un battement médian et aucun rythme : demandez à l’archive l’enregistrement dont il est fait",
  "file annotationsAlone":
    "{file} octet {byte} : le fichier ne contient que des annotations et aucun signal : ouvrez l’enregistrement auquel elles appartiennent",
  "file scpOther":
    "{file} octet {byte} : les pointeurs vers des sections qu’a SCP-ECG manquent. Certains appareils (Healforce) écrivent sous ce nom des fichiers à eux : exportez l’enregistrement dans un autre format avec le programme de l’appareil",
  "file noRows":
    "{file} : il ne contient aucune ligne de nombres : une ligne par échantillon et une colonne par dérivation sont attendues, séparées par des virgules, points-virgules, tabulations, barres ou espaces",
  "file noNumber":
    "{file} ligne {line}, colonne {column} : « {text} » n’est pas un nombre : corrigez ou supprimez la ligne",
  "file fewer":
    "{file} ligne {line} a moins que les {numbers} nombres de la ligne {first} : le fichier est-il tronqué ?",
  "file more": "{file} ligne {line} a plus que les {numbers} nombres de la ligne {first} : le fichier est-il tronqué ?",
  "file noLead":
    "{file} : aucun de ses {count} signaux ({signals}) n’est une dérivation avec un nom, en volts : nommez les dérivations dans l’en-tête",
  "file leadAbsent":
    "le modèle a besoin de la dérivation {lead}, que l’enregistrement n’a pas (il a : {there}) : prenez un enregistrement avec cette dérivation, ou nommez-la dans l’en-tête I, II, III, aVR, aVL, aVF, V1 à V6",
  "file leadThin":
    "le modèle a besoin de la dérivation {lead}, dont au moins la moitié des échantillons manque ({percent} %) et qui ne peut pas être calculée à partir d’autres ; prenez un enregistrement avec cette dérivation",
  "file tooShort":
    "l’enregistrement dure {seconds} s ({samples} échantillons à {rate} Hz) : il faut au moins {least} s, la place d’un battement ; vérifiez la fréquence d’échantillonnage dans l’en-tête, ou prenez-en un plus long",
  "file rateWrong":
    "la fréquence d’échantillonnage de {rate} Hz n’est pas crédible : un électrocardiogramme a de {low} à {high} Hz, la plupart de 100 à 1000 ; corrigez-la dans l’en-tête",
  "file checksums":
    "aucune des sommes de contrôle de l’en-tête n’est celle de ses échantillons : l’en-tête ou le fichier de signaux est endommagé, ou ils ne sont pas du même enregistrement ; copiez-les tous deux de nouveau, ou confirmez qu’il doit être analysé tel quel",
  "file noSignal":
    "l’enregistrement ne contient aucun signal : toutes les dérivations sont plates ou manquent ; vérifiez les électrodes et l’exportation, ou confirmez qu’il doit être analysé ainsi",
  "file tooSmall":
    "l’amplitude n’est pas crédible : typiquement {amplitude} mV de crête à crête, alors qu’un ECG a de {low} à {high} mV ; le gain ou l’unité de l’en-tête semblent faux (gain trop grand, ou volts lus comme millivolts) : corrigez-les, ou confirmez que l’enregistrement doit être analysé tel quel",
  "file tooLarge":
    "l’amplitude n’est pas crédible : typiquement {amplitude} mV de crête à crête, alors qu’un ECG a de {low} à {high} mV ; le gain ou l’unité de l’en-tête semblent faux (gain trop petit, ou microvolts lus comme millivolts) : corrigez-les, ou confirmez que l’enregistrement doit être analysé tel quel",
  "kind a WFDB signal file":
    "C’est un fichier de signaux WFDB : choisissez avec lui son en-tête (le fichier .hea du même enregistrement).",
  "kind a file of WFDB annotations":
    "C’est un fichier d’annotations WFDB : des annotations seules n’ont pas d’échantillons ; choisissez les fichiers .hea et .dat ou .mat de l’enregistrement.",
  "kind a file of ISHNE annotations":
    "C’est un fichier d’annotations ISHNE : des annotations seules n’ont pas d’échantillons ; choisissez l’enregistrement (.ecg).",
  "kind an MFER file":
    "C’est un fichier MFER : exportez ou convertissez d’abord l’enregistrement en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind a GDF file":
    "C’est un fichier GDF : exportez ou convertissez d’abord l’enregistrement en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind an XML file":
    "C’est un fichier XML, mais d’aucun des formats d’ECG qui sont lus : exportez ou convertissez d’abord l’enregistrement en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind a table, but not of samples":
    "C’est un tableau, mais pas d’échantillons : un enregistrement a une ligne par échantillon et une colonne de nombres par dérivation.",
  "kind a spreadsheet": "C’est une feuille de calcul : enregistrez sa feuille en CSV, et prenez ce fichier.",
  "kind an HDF5 file":
    "C’est un fichier HDF5 : les enregistrements n’y sont pas rangés d’une façon convenue ; prenez l’enregistrement lui-même en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind a NumPy array":
    "C’est un tableau NumPy : un tableau n’a ni unités ni noms de dérivations ; prenez l’enregistrement lui-même en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind a NumPy archive":
    "C’est une archive NumPy : un tableau n’a ni unités ni noms de dérivations ; prenez l’enregistrement lui-même en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind a trained network": "C’est un réseau entraîné : ouvrez-le comme modèle.",
  "kind a network": "C’est un réseau : faites-en un modèle .safetensors avec `xplaim import`, et ouvrez celui-ci.",
  "kind a part of a network":
    "C’est une partie d’un réseau, les tenseurs d’un modèle ONNX : `xplaim import` les lit là où ils sont, à côté du fichier .onnx.",
  "kind a document":
    "C’est un document : un ECG imprimé n’a pas d’échantillons ; prenez l’enregistrement lui-même en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind a picture":
    "C’est une image : une image n’a pas d’échantillons ; prenez l’enregistrement lui-même en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind a video":
    "C’est une vidéo : une vidéo n’a pas d’échantillons ; prenez l’enregistrement lui-même en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind not the gzip file that its name says":
    "Ce n’est pas le fichier gzip que son nom annonce : un fichier gzip commence par les octets 1F 8B, celui-ci non. Téléchargez-le ou copiez-le à nouveau, ou donnez-lui l’extension de ce qu’il est.",
  "kind an archive": "C’est une archive : décompressez-la, et prenez les fichiers qu’elle contient.",
  "kind a JSON text":
    "C’est un texte JSON : exportez ou convertissez d’abord l’enregistrement en WFDB (un en-tête .hea et un fichier de signaux).",
  "kind a text":
    "C’est un texte : prenez l’enregistrement lui-même en WFDB (un en-tête .hea et un fichier de signaux).",
  "format WFDB":
    "Un enregistrement WFDB est un en-tête (.hea) et son fichier de signaux (.dat ou .mat), choisis ensemble.",
  "format DICOM": "Un fichier DICOM (.dcm) avec une forme d’onde est un enregistrement.",
  "format MUSE XML": "Un enregistrement GE MUSE est un fichier .xml.",
  "format Philips XML": "Un enregistrement Philips Sierra est un fichier .xml.",
  "format HL7 aECG": "Un ECG annoté HL7 est un fichier .xml.",
  "format CardioSoft XML": "Un enregistrement CardioSoft est un fichier .xml.",
  "format SCP-ECG": "Un fichier SCP-ECG (.scp) est un enregistrement.",
  "format EDF": "Un fichier EDF ou EDF+ (.edf) est un enregistrement.",
  "format BDF": "Un fichier BDF (.bdf) est un enregistrement.",
  "format ISHNE": "Un fichier Holter ISHNE (.ecg) est un enregistrement.",
  "format PDF": "Un PDF est un enregistrement si les courbes d’un ECG y sont dessinées, et non une image de celles-ci.",
  "format NumPy array": "Un tableau NumPy (.npy) a une ligne par échantillon et une colonne par dérivation.",
  "format MATLAB": "Un fichier MATLAB (.mat) sans en-tête à côté contient un tableau d’échantillons et de dérivations.",
  "format CSV": "Un tableau de texte (.csv, .tsv, .txt) a une ligne par échantillon et une colonne par dérivation.",
};
