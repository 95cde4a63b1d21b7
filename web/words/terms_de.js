/** The terms of the field in German, what is said of them, and the sentences of the core. */

export const TERMS = {
  "annotation.premature ventricular complexes": "ventrikuläre Extrasystolen",
  "annotation.atrial fibrillation": "Vorhofflimmern",
  "annotation.left bundle branch block, first-degree AV block": "Linksschenkelblock, AV-Block I. Grades",
  "annotation.inferior infarction": "inferiorer Infarkt",
  "annotation.inferior infarction (an error of the network)": "inferiorer Infarkt (ein Fehler des Netzes)",
  "annotation.normal ECG": "normales EKG",
  "save.share": "Bild teilen…",
  "ribbon.label": "Alle Ableitungen klein",
  "ribbon.lead": "{lead} vergrößern",
  "teaching.editor-english":
    "Der Falleditor ist nur auf Englisch da; Texte der Fälle schreiben Sie, in welcher Sprache Sie wollen.",
  "paper.name": "Papier",
  "paper.system": "wie das System",
  "paper.red": "rot",
  "paper.grey": "grau",
  "paper.green": "grün",
  "paper.dark": "dunkel",
  "finding.afib": "Vorhofflimmern",
  "finding.aflu": "Vorhofflattern",
  "finding.afifl": "Vorhofflimmern oder -flattern",
  "finding.rbbb": "Rechtsschenkelblock",
  "finding.lbbb": "Linksschenkelblock",
  "finding.lafb": "linksanteriorer Hemiblock",
  "finding.lpfb": "linksposteriorer Hemiblock",
  "finding.pvc": "ventrikuläre Extrasystolen (VES)",
  "finding.pac": "supraventrikuläre Extrasystolen (SVES)",
  "finding.ami": "Vorderwandinfarkt, Alter unbestimmt",
  "finding.imi": "inferiorer Infarkt, Alter unbestimmt",
  "finding.smi": "Septuminfarkt, Alter unbestimmt",
  "finding.lmi": "Lateralinfarkt, Alter unbestimmt",
  "finding.avb1": "AV-Block I. Grades",
  "finding.bradsr": "Sinusbradykardie",
  "finding.svt": "supraventrikuläre Arrhythmie (einschl. Tachykardie)",
  "finding.tachsr": "Sinustachykardie",
  "finding.pace": "Schrittmacherrhythmus",
  "finding.lqt": "verlängerte QT-Zeit",
  "finding.wpw": "Wolff-Parkinson-White",
  "measured.heart_rate": "Herzfrequenz",
  "measured.pr_interval": "PQ-Zeit (PR)",
  "measured.qrs_duration": "QRS-Dauer",
  "measured.qt_interval": "QT-Zeit",
  "measured.qtc_fridericia": "QTc (Fridericia)",
  "measured.qtc_bazett": "QTc (Bazett)",
  "measured.qtc_framingham": "QTc (Framingham)",
  "measured.qtc_hodges": "QTc (Hodges)",
  "measured.p_axis": "P-Achse",
  "measured.qrs_axis": "QRS-Achse",
  "measured.t_axis": "T-Achse",
  "measured.p_duration": "P-Dauer",
  "measured.rr_interval": "RR-Abstand",
  "numbers.axis": "Achse P/QRS/T",
  "reliability.high": "hoch",
  "reliability.moderate": "mäßig",
  "reliability.low": "gering",
  "reason.NO_BEATS": "keine Schläge gefunden",
  "reason.FEW_BEATS": "weniger als drei Schläge",
  "reason.NO_P_WAVE": "keine P-Welle gefunden",
  "reason.T_NOT_FOUND": "keine T-Welle gefunden",
  "reason.NOISE": "zu viel Rauschen",
  "reason.FLAT": "die Ableitungen sind flach",
  "reason.LEADS_MISSING": "die nötigen Ableitungen fehlen",
  "reason.INCONSISTENT": "die Werte widersprechen sich",
  "reason.PACED": "stimulierte Schläge",
  "reason.UNCALIBRATED": "die Aufzeichnung hat keine Eichung",
  "reason.OUT_OF_RANGE": "außerhalb des messbaren Bereichs",
  "rhythm.irregular": "gelegentlich unregelmäßig",
  "rhythm.irregularly_irregular": "durchgehend unregelmäßig",
  "rhythm.is.regular": "Rhythmus regelmäßig",
  "rhythm.is.irregular": "Rhythmus gelegentlich unregelmäßig",
  "rhythm.is.irregularly_irregular": "Rhythmus durchgehend unregelmäßig",
  "rhythm.ectopic": "{s} supraventrikuläre und {v} ventrikuläre Extraschläge",
  "rhythm.fusion": "Fusionsschläge: {n}",
  "rhythm.paced": "stimuliert",
  "p-waves.present": "P-Wellen vorhanden",
  "p-waves.absent": "P-Wellen fehlen",
  "grade.good": "gut",
  "grade.limited": "eingeschränkt",
  "grade.unusable": "unbrauchbar",
  "grade.is.good": "gut",
  "grade.is.limited": "eingeschränkt",
  "grade.is.unusable": "unbrauchbar: bitte neu aufzeichnen",
  "fault.flat": "flach",
  "fault.at the amplifier's limit": "an der Grenze des Verstärkers",
  "fault.no samples": "keine Abtastwerte",
  "fault.mains 50 Hz": "Netzbrummen 50 Hz",
  "fault.mains 60 Hz": "Netzbrummen 60 Hz",
  "fault.baseline wander": "Nulllinienschwankung",
  "fault.muscle noise": "Muskelzittern",
  "fault.step": "Sprung",
  "fault.does not add up": "geht nicht auf",
  "fault.electrodes swapped": "Elektroden vertauscht",
  "findings.title": "Befunde (neuronales Netz)",
  "findings.name": "Befunde",
  "findings.peek": "Befunde",
  "findings.untrained":
    "**Untrainiertes Modell.** Seine Gewichte sind Zufall: diese Zahlen zeigen, dass gerechnet wird. Über diese Aufzeichnung sagen sie nichts.",
  "findings.scores":
    "Die Ausgaben dieses Modells sind Punktwerte, keine Wahrscheinlichkeiten: beliebige Zahlen, und je höher, desto mehr spricht für den Befund.",
  "findings.assumed":
    "Über seine Eingabe angenommen, da seine Datei es nicht sagt: {what}; wo das falsch ist, sind es auch die Ergebnisse.",
  "findings.above": "an oder über der Schwelle",
  "findings.below": "unter der Schwelle",
  "findings.threshold": "Schwelle {value}",
  "findings.no-threshold": "keine Schwelle angegeben",
  "findings.cases": { one: "{n} Fall im Testsatz", other: "{n} Fälle im Testsatz" },
  "findings.counts":
    "von {positives} mit diesem Befund {found} genannt; von {negatives} ohne ihn {wrong} fälschlich genannt",
  "findings.no-figures": "keine Kennzahlen angegeben",
  "findings.no-results": "Die Datei dieses Netzes nennt weder Schwellen noch Testergebnisse.",
  "findings.looked-for": {
    one: "Gesucht wird {n} Befund und sonst nichts.",
    other: "Gesucht werden {n} Befunde und sonst nichts.",
  },
  "findings.looked-for-at": {
    one: "Gesucht wird {n} Befund und sonst nichts. Schwelle: {source}.",
    other: "Gesucht werden {n} Befunde und sonst nichts. Schwellen: {source}.",
  },
  "findings.none": "Kein Befund an oder über seiner Schwelle",
  "findings.not-normal": {
    one: "Kein Befund an oder über seiner Schwelle. Das ist kein Normalbefund: nur {n} Befund wird gesucht.",
    other: "Kein Befund an oder über seiner Schwelle. Das ist kein Normalbefund: nur {n} Befunde werden gesucht.",
  },
  "findings.n-below": "{n} unter der Schwelle (höchster {highest})",
  "findings.n-without": "{n} ohne Schwelle",
  "value.probability": "Wahrscheinlichkeit",
  "value.score": "Punktwert",
  "evidence.title": "Evidenzkarte",
  "evidence.which": "Befund, dessen Karte gezeigt wird",
  "evidence.choose": "Befund wählen",
  "evidence.none-chosen": "Keine Karte, bis ein Befund gewählt ist.",
  "evidence.no-layer": "Dieses Modell hat keine Schicht, von der sich eine Karte machen lässt.",
  "evidence.strongest": "Stärkste Zeiten für „{finding}“:",
  "evidence.nothing": "Nichts an dieser Schicht hat den Wert von „{finding}“ erhöht.",
  "evidence.time": "{from}–{to} s (Spitze {peak})",
  "evidence.time-padding": "{from}–{to} s (Spitze {peak}, im Füllbereich)",
  "evidence.in-segment": "In diesem 10-Sekunden-Abschnitt: {value}; alle Abschnitte zusammen: {whole}.",
  "evidence.few-checks": "Zu wenige Testaufzeichnungen, um die Karten dieses Befunds zu prüfen.",
  "evidence.checks":
    "Karten dieses Befunds auf {records} Testaufzeichnungen: Rangkorrelation mit Karten gemischter Gewichte {shuffled} (0 ist am besten), Löschen nach der Karte gegen zufällige Reihenfolge {deletion} (über 0 ist gut), Beständigkeit bei 10 ms Verschiebung {shift} (1 ist am besten).",
  "evidence.lead": "{lead}: {sum}, am stärksten {from}–{to} s",
  "evidence.sums": "{steps} Punkte; alle Teile zusammen {sum}, Differenz des Werts {difference}.",
  "evidence.sums-rough":
    "{steps} Punkte; alle Teile zusammen {sum}, Differenz des Werts {difference} (nicht auf 1 % genau: nur grob zu nehmen).",
  "method.occlusion": "Ableitungsverdeckung",
  "method.occlusion.computing": "Ableitungsverdeckung wird berechnet …",
  "method.occlusion.done": "Ableitungsverdeckung auf diesem Gerät berechnet.",
  "method.occlusion.of": "Ableitungsverdeckung: Beitrag zum Wert (Logit) von „{finding}“:",
  "method.occlusion.drawn": "Ableitungsverdeckung",
  "method.occlusion.explained":
    "Wie weit der Wert (Logit) des Befunds fällt, wenn eine halbe Sekunde einer Ableitung durch 0 mV ersetzt wird. Ableitungen, die Summen anderer sind, bleiben, wie sie waren.",
  "method.ig": "Integrierte Gradienten",
  "method.ig.computing": "Integrierte Gradienten werden berechnet …",
  "method.ig.done": "Integrierte Gradienten auf diesem Gerät berechnet.",
  "method.ig.of": "Integrierte Gradienten: Beitrag zum Wert (Logit) von „{finding}“:",
  "method.ig.drawn": "integrierte Gradienten (Quadratwurzel)",
  "method.ig.explained":
    "Der Wert (Logit) des Befunds, auf alle Abtastwerte verteilt (ausgehend von 0 mV). Die Teile ergeben zusammen das Ganze.",
  "method.progress": "{method}: {done} von {total}",
  "measured.title": "Messwerte",
  "measured.save": "Messwerte speichern",
  "measured.json": "Messwerte als JSON",
  "measured.csv": "Als CSV",
  "measured.measuring": "Wird gemessen …",
  "measured.not": "Nicht gemessen",
  "measured.nothing": "Nichts ist gemessen.",
  "measured.unmeasurable": "Nicht messbar",
  "measured.unmeasurable-why": "Nicht messbar: {why}",
  "measured.not-because": "nicht messbar: {reason}",
  "measured.intervals": "Intervalle und Achsen",
  "measured.measurement": "Messwert",
  "measured.value": "Wert",
  "measured.range": "Bereich",
  "measured.beats": "Schläge",
  "measured.reliability": "Güte",
  "measured.from-to": "{from} bis {to}",
  "measured.by-lead": "Nach Ableitung",
  "measured.lead": "Ableitung",
  "measured.amplitudes": "Amplituden nach Ableitung, mV gegen das Niveau vor QRS",
  "measured.durations": "Dauern nach Ableitung, ms",
  "measured.how":
    "Nach Regeln an der Aufzeichnung ohne jeden Filter gemessen, nicht vom Netz. Werte sind die des Medianschlags der häufigsten Art, Bereiche die der einzelnen Schläge.",
  "quality.name": "Qualität",
  "quality.note": "Hinweis",
  "quality.is": "Qualität der Aufzeichnung: {grade}.",
  "quality.nothing": "Nichts gefunden, was sie einschränkt.",
};

/** @type {import("./core_sentences.js").CoreTable} */
export const CORE = {
  whole: "Die Aufzeichnung",
  flat: "{lead} ist von {from} bis {to} s flach: Elektrode und Kabel prüfen und neu aufzeichnen",
  saturated:
    "{lead} ist von {from} bis {to} s an der Grenze des Verstärkers: Elektrode und Kabel prüfen und neu aufzeichnen",
  gap: "{lead} hat von {from} bis {to} s keine Abtastwerte: Verbindung zum Gerät prüfen und neu aufzeichnen",
  mains:
    "{lead} hat von {from} bis {to} s Netzbrummen von {hz} Hz ({uv} µV): Kabel von Netzleitungen fernhalten, Hautkontakt und Erdung prüfen",
  wander:
    "{lead} hat von {from} bis {to} s eine schwankende Nulllinie ({mv} mV): ruhig liegen lassen, Haut reinigen, Elektrode befestigen",
  muscle:
    "{lead} hat von {from} bis {to} s Muskelzittern ({uv} µV): entspannt und warm liegen lassen, Arme und Beine stützen",
  step: "{lead} springt von {from} bis {to} s um {mv} mV: Elektrode befestigen, ruhig liegen lassen",
  einthoven:
    "Von {from} bis {to} s gehen die Extremitätenableitungen nicht auf (I + III = II): sie wurden nicht zusammen aufgezeichnet oder verändert; Achsen nicht trauen, neu aufzeichnen",
  einthovenLead:
    "{lead} passt von {from} bis {to} s nicht zu den anderen Extremitätenableitungen (I + III = II gilt nicht): nachträglich verändert, oder der Kanal ist defekt; darin nicht messen",
  swapPossible:
    "Eine Vertauschung der Elektroden {electrodes} ist möglich: an der Person nachsehen, richtigstellen und neu aufzeichnen",
  swapLikely:
    "Eine Vertauschung der Elektroden {electrodes} ist wahrscheinlich: an der Person nachsehen, richtigstellen und neu aufzeichnen",
  bazett: "bei dieser Frequenz führt Bazetts Formel in die Irre",
  youden: "Youden-Index, Spezifität {times}-fach gewichtet, auf Validierungsdaten ({records} Aufzeichnungen)",
  specificity: "Spezifität {value} auf Validierungsdaten ({records} Aufzeichnungen)",
  derived: "{lead}: nicht aufgezeichnet, aus {first} und {second} berechnet",
  derivedThin: "{lead}: {percent} % der Abtastwerte fehlen, aus {first} und {second} berechnet",
  repeated: "{lead}: {times}-mal in der Aufzeichnung, die erste wird verwendet",
  noInput: "keine Eingänge dieses Modells: {signals}",
  absent:
    "{lead}: nicht aufgezeichnet und wie angenommen als 0 mV gesetzt; was sich dort zeigt, kann nicht gefunden werden",
  missingLong: "{lead}: {missing} von {samples} Abtastwerten fehlen und sind 0; länger als 40 ms: {gaps}",
  missing: "{lead}: {missing} von {samples} Abtastwerten fehlen und sind 0",
  leadFlat: "{lead}: flach, alle Abtastwerte sind gleich",
  leadAmplitude:
    "{lead}: Amplitude nicht glaubwürdig, typisch {amplitude} mV von Spitze zu Spitze; Verstärkung und Einheit im Kopf der Datei und die Elektrode prüfen",
  resampled: "von {from} auf {to} Hz umgerechnet ({ratio})",
  bandpass: "Bandpass {low} bis {high} Hz (Butterworth, vorwärts und rückwärts)",
  notch: "Kerbfilter {frequency} Hz (vorwärts und rückwärts)",
  short:
    "die Aufzeichnung dauert {seconds} s, kürzer als die {window} s, mit denen das Modell trainiert wurde: der Rest ist mit Nullen gefüllt, das Ergebnis weniger verlässlich",
  windowsLast:
    "die Aufzeichnung dauert {seconds} s: in {windows} Abschnitten von {window} s analysiert; der letzte überlappt den davor",
  windows: "die Aufzeichnung dauert {seconds} s: in {windows} Abschnitten von {window} s analysiert",
  refused:
    "{lead}: gibt keine Messwerte ({why}); das Netz hat sie wie jede andere gesehen, und seiner Antwort ist nicht zu trauen, wo sie darauf beruht",
  nothingThere:
    "{lead}: von {start_s} bis {end_s} s {why}; das Netz hat das wie alles andere gesehen, und seiner Antwort ist nicht zu trauen, wo sie darauf beruht",
  derivedRefused:
    "{lead}: aus {from} berechnet, dem nicht zu trauen ist ({why}); auch nicht dem, was das Netz daraus gemacht hat",
  rateAssumed: "{file} Zeile {line}: keine Abtastrate: {rate} Hz angenommen",
  uncalibrated:
    "{lead} {file}: ungeeicht: {gain} adu/{units} angenommen, da der Kopf der Datei dazu nichts angibt ({absent})",
  channelUncalibrated:
    "{lead} {signal}: ungeeicht: {gain} Stufen/mV angenommen, da die Datei keine Empfindlichkeit oder keine Einheit angibt",
  checksum:
    "{file}: Prüfsummen stimmen nicht mit dem Kopf der Datei überein ({lead} {signal}): die Abtastwerte können beschädigt sein",
  fileChecksum: "{file}: die Prüfsumme stimmt nicht: die Abtastwerte können beschädigt sein",
  filesDiffer:
    "{file} nennt keine Länge, und die Dateien sind verschieden lang: {used} von bis zu {most} Abtastwerten verwendet",
  groupShort: "die Datei enthält {held} Abtastwerte je Ableitung und gibt {stated} an",
  markedOne:
    "{lead}: Abtastwerte, die die Datei als fehlend kennzeichnet ({samples}), passen zu ihren Nachbarn, da das Kennzeichen ein gewöhnlicher Wert ist: sie werden als Abtastwerte gelesen",
  markedSeveral:
    "{lead}: Abtastwerte, die die Datei als fehlend kennzeichnet (insgesamt {total}), passen zu ihren Nachbarn, da das Kennzeichen ein gewöhnlicher Wert ist: sie werden als Abtastwerte gelesen",
  countDiffers: "{file}: der Kopf nennt {stated} Abtastwerte, die Datei enthält {samples} je Ableitung",
  leadsAssumed:
    "{file}: die 12 Spalten haben keine Namen und gelten als I, II, III, aVR, aVL, aVF, V1 bis V6: benennen Sie sie, wo das falsch ist (--columns)",
  otherBlocks:
    "die Datei enthält {blocks} Aufzeichnungen des Rhythmus: die längste wird verwendet, {seconds} s mit {rate} Hz",
  stripUsed: "die Datei enthält auch {seconds} s Langzeitaufzeichnung: der Streifen wird verwendet",
  calibration: "die letzte Sekunde ist ein Eichimpuls von 1 mV und wurde weggelassen",
  drawnExact: "{lead}: exakt (Stufen von {step} µV, {rate} Hz): jeder Abtastwert liegt auf dem Raster des Herstellers",
  drawnHeld:
    "{lead}: auf dem Raster des Herstellers (Stufen von {step} µV, {rate} Hz), steht aber am höchsten oder tiefsten Punkt waagrecht, wie eine an einer Linie abgeschnittene Kurve: vielleicht exakt, aber nicht bescheinigt",
  drawnCutOff: "{lead}: von der Zeichnung an einer Grenze abgeschnitten: die Spitzen sind größer, als sie aussehen",
  drawnStep: "{lead}: mit {rate} Punkten je Sekunde gezeichnet, auf {step} µV genau",
  drawnRate: "{lead}: mit {rate} Punkten je Sekunde gezeichnet: feinere Einzelheiten enthält die Datei nicht",
  drawnPart: "{lead}: {seconds} von {all} s gezeichnet, an ihrem Platz in der Zeit; der Rest ist nicht in der Datei",
  drawnUnnamed: "{curves} Kurven der Zeichnung haben keinen Namen einer Ableitung und wurden weggelassen",
  "file unknownKind": "Diese Art von Datei ist hier nicht bekannt. {help}",
  "file twice":
    "{file} ist zweimal da, und nichts sagt, welche gemeint ist. Legen Sie die Ordner ab, in denen die Dateien sind, oder wählen Sie eine Aufzeichnung nach der anderen.",
  "file times":
    "{file} ist {times}-mal da, und nichts sagt, welche gemeint ist. Legen Sie die Ordner ab, in denen die Dateien sind, oder wählen Sie eine Aufzeichnung nach der anderen.",
  "file missing":
    "{file} Zeile {line}: {missing} fehlt: wählen Sie sie zusammen mit den anderen Dateien der Aufzeichnung",
  "file otherCase":
    "{file} Zeile {line}: {missing} fehlt, aber {there} ist da: Groß- und Kleinschreibung müssen übereinstimmen; benennen Sie die Datei um",
  "file noSamples":
    "{file} enthält keine Abtastwerte (ein Kopf ohne Signale oder eine leere Signaldatei): öffnen Sie die Aufzeichnung, zu der sie gehört",
  "file short":
    "{file} Zeile {line}: {signals} enthält {held} Abtastwerte je Signal, der Kopf nennt {stated}: die Kopie ist unvollständig; kopieren Sie sie noch einmal, oder setzen Sie die Länge im Kopf auf {set}",
  "file flacShort":
    "{file} Zeile {line}: {signals} endet nach {held} von {stated} Abtastwerten: die Kopie ist unvollständig; kopieren Sie sie noch einmal",
  "file empty": "{file} ist leer",
  "file headerEmpty": "{file} Zeile {line}: der Kopf ist leer: kopieren Sie die Datei noch einmal",
  "file endsInHeader":
    "{file} Byte {byte}: die Datei endet in ihrem Kopf, der {bytes} Byte hat: kopieren Sie sie noch einmal",
  "file endsInRecords":
    "{file} Byte {byte}: die Datei endet nach {held} von {stated} Datenblöcken: kopieren Sie sie noch einmal, oder setzen Sie deren Zahl (Byte 236) auf das, was da ist",
  "file endsEarly":
    "{file} Byte {byte}: hier endet die Datei, die nach eigener Angabe {bytes} Byte hat: kopieren Sie sie noch einmal",
  "file dicomCut":
    "{file}: Byte {byte}: hier beginnt ein Element, in dem die Daten enden: die Datei ist abgeschnitten, kopieren Sie sie noch einmal",
  "file dicomEmpty":
    "{file}: Byte {byte}: die Datei endet, wo ihre Daten beginnen: sie ist abgeschnitten, kopieren Sie sie noch einmal",
  "file xmlCut":
    "{file} Zeile {line}: kein vollständiges XML ({error}): die Datei endet zu früh; kopieren oder exportieren Sie sie noch einmal",
  "file xmlDamaged":
    "{file} Zeile {line}: kein gültiges XML ({error}): die Datei ist beschädigt; exportieren Sie sie noch einmal",
  "file pdfStream": "{file}: der Datenstrom bei Byte {byte} ist beschädigt: exportieren Sie das PDF noch einmal",
  "file pdfDamaged":
    "{file}: in {bytes} Byte findet sich kein Verzeichnis der Seiten: die Datei ist abgeschnitten oder beschädigt; exportieren Sie das PDF noch einmal",
  "file pdfPicture":
    "{file}: diese Seite ist ein Bild eines EKGs, nicht seine Kurven (ein Scan oder ein Bildschirmfoto): exportieren Sie die Aufzeichnung selbst, oder ein PDF, wie das EKG-System es schreibt",
  "file pdfOther":
    "{file}: auf den Seiten ({pages}) findet sich keine Kurve eines EKGs ({lines} Linien, {words} Wörter): es ist ein anderes Dokument, oder seine Kurven sind so gezeichnet, dass sie hier nicht gelesen werden",
  "file pdfUnnamed": "{file}: neben den {curves} Kurven steht kein Name einer Ableitung (I, aVR, V1 …)",
  "file pdfPassword":
    "{file} ist verschlüsselt und verlangt ein Passwort: speichern Sie es ohne Schutz (drucken Sie es in ein PDF), und öffnen Sie dieses",
  "file pdfEncrypted":
    "{file} ist auf eine Art verschlüsselt, die hier nicht gelesen wird: speichern Sie es ohne Schutz (drucken Sie es in ein PDF), und öffnen Sie dieses",
  "file dicomImage":
    "{file}: ein DICOM-Bild, also ohne Abtastwerte: wählen Sie die Datei des EKGs selbst (Modalität ECG), die im Archiv daneben liegt",
  "file dicomFolder": "{file}: ein DICOMDIR, ein Inhaltsverzeichnis: wählen Sie die Dateien, die darin stehen",
  "file dicomReport":
    "{file}: ein DICOM-Bericht, ein Text ohne Abtastwerte: wählen Sie die Datei des EKGs selbst (Modalität ECG)",
  "file dicomOther":
    "{file}: enthält keine Kurven (keine Waveform Sequence (5400,0100); SOP-Klasse „{uid}“): wählen Sie ein EKG-Objekt, Modalität ECG",
  "file dicomBeat":
    "{file}: enthält einen Medianschlag und keinen Rhythmus: lassen Sie sich aus dem Archiv die Aufzeichnung geben, aus der er gemacht ist",
  "file annotationsAlone":
    "{file} Byte {byte}: die Datei enthält nur Annotationen und kein Signal: öffnen Sie die Aufzeichnung, zu der sie gehören",
  "file scpOther":
    "{file} Byte {byte}: die Verweise auf Abschnitte, die SCP-ECG hat, fehlen. Manche Geräte (Healforce) schreiben unter diesem Namen eigene Dateien: exportieren Sie die Aufzeichnung mit dem Programm des Geräts in einem anderen Format",
  "file noRows":
    "{file}: keine Zeilen mit Zahlen darin: erwartet wird je Abtastwert eine Zeile und je Ableitung eine Spalte, getrennt durch Kommas, Semikolons, Tabulatoren, senkrechte Striche oder Leerzeichen",
  "file noNumber":
    "{file} Zeile {line}, Spalte {column}: „{text}“ ist keine Zahl: berichtigen oder löschen Sie die Zeile",
  "file fewer":
    "{file} Zeile {line} hat weniger als die {numbers} Zahlen von Zeile {first}: ist die Datei abgeschnitten?",
  "file more": "{file} Zeile {line} hat mehr als die {numbers} Zahlen von Zeile {first}: ist die Datei abgeschnitten?",
  "file noLead":
    "{file}: keines der {count} Signale ({signals}) ist eine Ableitung mit Namen, in Volt: geben Sie den Ableitungen im Kopf ihre Namen",
  "file leadAbsent":
    "das Modell braucht Ableitung {lead}, die in der Aufzeichnung nicht ist (vorhanden: {there}): nehmen Sie eine Aufzeichnung mit dieser Ableitung, oder nennen Sie sie im Kopf der Datei I, II, III, aVR, aVL, aVF, V1 bis V6",
  "file leadThin":
    "das Modell braucht Ableitung {lead}, von der mindestens die Hälfte der Abtastwerte fehlt ({percent} %) und die sich aus anderen nicht berechnen lässt; nehmen Sie eine Aufzeichnung mit dieser Ableitung",
  "file tooShort":
    "die Aufzeichnung dauert {seconds} s ({samples} Abtastwerte mit {rate} Hz): mindestens {least} s, in denen ein Herzschlag Platz hat, sind nötig; prüfen Sie die Abtastrate im Kopf, oder nehmen Sie eine längere",
  "file rateWrong":
    "die Abtastrate von {rate} Hz ist nicht glaubwürdig: ein Elektrokardiogramm hat {low} bis {high} Hz, die meisten 100 bis 1000; berichtigen Sie sie im Kopf der Datei",
  "file checksums":
    "keine der Prüfsummen im Kopf ist die der Abtastwerte: Kopf oder Signaldatei sind beschädigt, oder sie gehören nicht zu einer Aufzeichnung; kopieren Sie beide noch einmal, oder bestätigen Sie, dass sie so analysiert werden soll",
  "file noSignal":
    "die Aufzeichnung enthält kein Signal: jede Ableitung ist flach oder fehlt; prüfen Sie Elektroden und Export, oder bestätigen Sie, dass sie so analysiert werden soll",
  "file tooSmall":
    "die Amplitude ist nicht glaubwürdig: typisch {amplitude} mV von Spitze zu Spitze, wo ein EKG {low} bis {high} mV hat; Verstärkung oder Einheit im Kopf der Datei scheinen falsch (Verstärkung zu groß, oder Volt als Millivolt gelesen): berichtigen Sie sie, oder bestätigen Sie, dass die Aufzeichnung so analysiert werden soll",
  "file tooLarge":
    "die Amplitude ist nicht glaubwürdig: typisch {amplitude} mV von Spitze zu Spitze, wo ein EKG {low} bis {high} mV hat; Verstärkung oder Einheit im Kopf der Datei scheinen falsch (Verstärkung zu klein, oder Mikrovolt als Millivolt gelesen): berichtigen Sie sie, oder bestätigen Sie, dass die Aufzeichnung so analysiert werden soll",
  "kind a WFDB signal file":
    "Das ist eine WFDB-Signaldatei: wählen Sie ihren Kopf (die .hea-Datei derselben Aufzeichnung) zusammen mit ihr.",
  "kind a file of WFDB annotations":
    "Das ist eine Datei mit WFDB-Annotationen: Annotationen allein haben keine Abtastwerte; wählen Sie die .hea- und die .dat- oder .mat-Datei der Aufzeichnung.",
  "kind a file of ISHNE annotations":
    "Das ist eine Datei mit ISHNE-Annotationen: Annotationen allein haben keine Abtastwerte; wählen Sie die Aufzeichnung (.ecg).",
  "kind an MFER file":
    "Das ist eine MFER-Datei: exportieren oder wandeln Sie die Aufzeichnung zuerst in WFDB um (einen .hea-Kopf und eine Signaldatei).",
  "kind a GDF file":
    "Das ist eine GDF-Datei: exportieren oder wandeln Sie die Aufzeichnung zuerst in WFDB um (einen .hea-Kopf und eine Signaldatei).",
  "kind an XML file":
    "Das ist eine XML-Datei, aber keines der gelesenen EKG-Formate: exportieren oder wandeln Sie die Aufzeichnung zuerst in WFDB um (einen .hea-Kopf und eine Signaldatei).",
  "kind a table, but not of samples":
    "Das ist eine Tabelle, aber nicht von Abtastwerten: eine Aufzeichnung hat je Abtastwert eine Zeile und je Ableitung eine Spalte mit Zahlen.",
  "kind a spreadsheet": "Das ist eine Rechentabelle: speichern Sie ihr Blatt als CSV, und nehmen Sie dieses.",
  "kind an HDF5 file":
    "Das ist eine HDF5-Datei: Aufzeichnungen liegen darin auf keine vereinbarte Art; nehmen Sie die Aufzeichnung selbst als WFDB (einen .hea-Kopf und eine Signaldatei).",
  "kind a NumPy array":
    "Das ist ein NumPy-Feld: ein Feld hat keine Einheiten und keine Namen von Ableitungen; nehmen Sie die Aufzeichnung selbst als WFDB (einen .hea-Kopf und eine Signaldatei).",
  "kind a NumPy archive":
    "Das ist ein NumPy-Archiv: ein Feld hat keine Einheiten und keine Namen von Ableitungen; nehmen Sie die Aufzeichnung selbst als WFDB (einen .hea-Kopf und eine Signaldatei).",
  "kind a trained network": "Das ist ein trainiertes Netz: öffnen Sie es als Modell.",
  "kind a network":
    "Das ist ein Netz: machen Sie mit `xplaim import` ein .safetensors-Modell daraus, und öffnen Sie dieses.",
  "kind a part of a network":
    "Das ist ein Teil eines Netzes, die Tensoren eines ONNX-Modells: `xplaim import` liest sie, wo sie neben der .onnx-Datei liegen.",
  "kind a document":
    "Das ist ein Dokument: ein gedrucktes EKG hat keine Abtastwerte; nehmen Sie die Aufzeichnung selbst als WFDB (einen .hea-Kopf und eine Signaldatei).",
  "kind a picture":
    "Das ist ein Bild: ein Bild hat keine Abtastwerte; nehmen Sie die Aufzeichnung selbst als WFDB (einen .hea-Kopf und eine Signaldatei).",
  "kind a video":
    "Das ist ein Video: ein Video hat keine Abtastwerte; nehmen Sie die Aufzeichnung selbst als WFDB (einen .hea-Kopf und eine Signaldatei).",
  "kind not the gzip file that its name says":
    "Das ist nicht die Gzip-Datei, die ihr Name verspricht: eine Gzip-Datei beginnt mit den Bytes 1F 8B, diese nicht. Laden oder kopieren Sie sie noch einmal, oder geben Sie ihr die Endung dessen, was sie ist.",
  "kind an archive": "Das ist ein Archiv: entpacken Sie es, und nehmen Sie die Dateien darin.",
  "kind a JSON text":
    "Das ist ein JSON-Text: exportieren oder wandeln Sie die Aufzeichnung zuerst in WFDB um (einen .hea-Kopf und eine Signaldatei).",
  "kind a text":
    "Das ist ein Text: nehmen Sie die Aufzeichnung selbst als WFDB (einen .hea-Kopf und eine Signaldatei).",
  "format WFDB": "Eine WFDB-Aufzeichnung ist ein Kopf (.hea) und seine Signaldatei (.dat oder .mat), zusammen gewählt.",
  "format DICOM": "Eine DICOM-Datei (.dcm) mit einer Kurve ist eine Aufzeichnung.",
  "format MUSE XML": "Eine GE-MUSE-Aufzeichnung ist eine .xml-Datei.",
  "format Philips XML": "Eine Philips-Sierra-Aufzeichnung ist eine .xml-Datei.",
  "format HL7 aECG": "Ein annotiertes EKG nach HL7 ist eine .xml-Datei.",
  "format CardioSoft XML": "Eine CardioSoft-Aufzeichnung ist eine .xml-Datei.",
  "format SCP-ECG": "Eine SCP-ECG-Datei (.scp) ist eine Aufzeichnung.",
  "format EDF": "Eine EDF- oder EDF+-Datei (.edf) ist eine Aufzeichnung.",
  "format BDF": "Eine BDF-Datei (.bdf) ist eine Aufzeichnung.",
  "format ISHNE": "Eine ISHNE-Holter-Datei (.ecg) ist eine Aufzeichnung.",
  "format PDF": "Ein PDF ist eine Aufzeichnung, wo die Kurven eines EKGs darin gezeichnet sind, nicht ein Bild davon.",
  "format NumPy array": "Ein NumPy-Feld (.npy) hat eine Zeile je Abtastwert und eine Spalte je Ableitung.",
  "format MATLAB": "Eine MATLAB-Datei (.mat) ohne Kopf daneben enthält ein Feld aus Abtastwerten und Ableitungen.",
  "format CSV": "Eine Texttabelle (.csv, .tsv, .txt) hat eine Zeile je Abtastwert und eine Spalte je Ableitung.",
};
