/** The terms of the field in Spanish, what is said of them, and the sentences of the core. */

export const TERMS = {
  "annotation.premature ventricular complexes": "extrasístoles ventriculares",
  "annotation.atrial fibrillation": "fibrilación auricular",
  "annotation.left bundle branch block, first-degree AV block": "bloqueo de rama izquierda, bloqueo AV de primer grado",
  "annotation.inferior infarction": "infarto inferior",
  "annotation.inferior infarction (an error of the network)": "infarto inferior (un error de la red)",
  "annotation.normal ECG": "ECG normal",
  "save.share": "Compartir imagen…",
  "ribbon.label": "Todas las derivaciones en pequeño",
  "ribbon.lead": "Ampliar {lead}",
  "teaching.editor-english":
    "El editor de casos está solo en inglés; los textos de los casos se escriben en el idioma que quiera.",
  "paper.name": "Papel",
  "paper.system": "como el sistema",
  "paper.red": "rojo",
  "paper.grey": "gris",
  "paper.green": "verde",
  "paper.dark": "oscuro",
  "finding.afib": "fibrilación auricular",
  "finding.aflu": "flúter auricular",
  "finding.afifl": "fibrilación o flúter auricular",
  "finding.rbbb": "bloqueo de rama derecha",
  "finding.lbbb": "bloqueo de rama izquierda",
  "finding.lafb": "hemibloqueo anterior izquierdo",
  "finding.lpfb": "hemibloqueo posterior izquierdo",
  "finding.pvc": "extrasístoles ventriculares (EV)",
  "finding.pac": "extrasístoles auriculares (EA)",
  "finding.ami": "infarto anterior, edad indeterminada",
  "finding.imi": "infarto inferior, edad indeterminada",
  "finding.smi": "infarto septal, edad indeterminada",
  "finding.lmi": "infarto lateral, edad indeterminada",
  "finding.avb1": "bloqueo AV de primer grado",
  "finding.bradsr": "bradicardia sinusal",
  "finding.svt": "arritmia supraventricular (incl. taquicardia)",
  "finding.tachsr": "taquicardia sinusal",
  "finding.pace": "ritmo de marcapasos",
  "finding.lqt": "QT largo",
  "finding.wpw": "Wolff-Parkinson-White",
  "measured.heart_rate": "Frecuencia cardíaca",
  "measured.pr_interval": "Intervalo PR",
  "measured.qrs_duration": "Duración del QRS",
  "measured.qt_interval": "Intervalo QT",
  "measured.qtc_fridericia": "QTc (Fridericia)",
  "measured.qtc_bazett": "QTc (Bazett)",
  "measured.qtc_framingham": "QTc (Framingham)",
  "measured.qtc_hodges": "QTc (Hodges)",
  "measured.p_axis": "Eje de P",
  "measured.qrs_axis": "Eje del QRS",
  "measured.t_axis": "Eje de T",
  "measured.p_duration": "Duración de P",
  "measured.rr_interval": "Intervalo RR",
  "numbers.axis": "Eje P/QRS/T",
  "reliability.high": "alta",
  "reliability.moderate": "moderada",
  "reliability.low": "baja",
  "reason.NO_BEATS": "no se encontraron latidos",
  "reason.FEW_BEATS": "menos de tres latidos",
  "reason.NO_P_WAVE": "no se encontró onda P",
  "reason.T_NOT_FOUND": "no se encontró onda T",
  "reason.NOISE": "demasiado ruido",
  "reason.FLAT": "las derivaciones están planas",
  "reason.LEADS_MISSING": "faltan las derivaciones necesarias",
  "reason.INCONSISTENT": "los valores no concuerdan",
  "reason.PACED": "latidos estimulados",
  "reason.UNCALIBRATED": "el registro no está calibrado",
  "reason.OUT_OF_RANGE": "fuera del intervalo medible",
  "rhythm.irregular": "irregular a veces",
  "rhythm.irregularly_irregular": "irregular todo el tiempo",
  "rhythm.is.regular": "ritmo regular",
  "rhythm.is.irregular": "ritmo irregular a veces",
  "rhythm.is.irregularly_irregular": "ritmo irregular todo el tiempo",
  "rhythm.ectopic": "{s} ectópicos supraventriculares y {v} ventriculares",
  "rhythm.fusion": "latidos de fusión: {n}",
  "rhythm.paced": "estimulado",
  "p-waves.present": "ondas P presentes",
  "p-waves.absent": "ondas P ausentes",
  "grade.good": "buena",
  "grade.limited": "limitada",
  "grade.unusable": "no utilizable",
  "grade.is.good": "buena",
  "grade.is.limited": "limitada",
  "grade.is.unusable": "no utilizable: conviene registrar de nuevo",
  "fault.flat": "plana",
  "fault.at the amplifier's limit": "en el límite del amplificador",
  "fault.no samples": "sin muestras",
  "fault.mains 50 Hz": "red eléctrica 50 Hz",
  "fault.mains 60 Hz": "red eléctrica 60 Hz",
  "fault.baseline wander": "línea de base inestable",
  "fault.muscle noise": "ruido muscular",
  "fault.step": "salto",
  "fault.does not add up": "no concuerda",
  "fault.electrodes swapped": "electrodos intercambiados",

  "findings.title": "Hallazgos (red neuronal)",
  "findings.name": "Hallazgos",
  "findings.peek": "hallazgos",
  "findings.untrained":
    "**Modelo sin entrenar.** Sus pesos son aleatorios: estas cifras muestran que el cálculo funciona. No dicen nada de este registro.",
  "findings.scores":
    "Las salidas de este modelo son puntuaciones, no probabilidades: cualquier número, y cuanto mayor, más a favor del hallazgo.",
  "findings.assumed":
    "Supuesto sobre su entrada, ya que su archivo no lo dice: {what}; donde eso sea erróneo, lo son también sus resultados.",
  "findings.above": "igual o superior al umbral",
  "findings.below": "por debajo del umbral",
  "findings.threshold": "umbral {value}",
  "findings.no-threshold": "sin umbral indicado",
  "findings.cases": { one: "{n} caso en el conjunto de prueba", other: "{n} casos en el conjunto de prueba" },
  "findings.counts": "de {positives} con él, {found} nombrados; de {negatives} sin él, {wrong} nombrados por error",
  "findings.no-figures": "sin cifras indicadas",
  "findings.no-results": "El archivo de esta red no da umbrales ni resultados de prueba.",
  "findings.looked-for": { one: "Se busca {n} hallazgo y nada más.", other: "Se buscan {n} hallazgos y nada más." },
  "findings.looked-for-at": {
    one: "Se busca {n} hallazgo y nada más. Umbral: {source}.",
    other: "Se buscan {n} hallazgos y nada más. Umbrales: {source}.",
  },
  "findings.none": "Ningún hallazgo igual o superior a su umbral",
  "findings.not-normal": {
    one: "Ningún hallazgo igual o superior a su umbral. Esto no es un informe normal: solo se busca {n} hallazgo.",
    other: "Ningún hallazgo igual o superior a su umbral. Esto no es un informe normal: solo se buscan {n} hallazgos.",
  },
  "findings.n-below": "{n} por debajo del umbral (máximo {highest})",
  "findings.n-without": "{n} sin umbral",
  "value.probability": "probabilidad",
  "value.score": "puntuación",
  "evidence.title": "Mapa de evidencia",
  "evidence.which": "Hallazgo cuyo mapa se muestra",
  "evidence.choose": "elija un hallazgo",
  "evidence.none-chosen": "No se muestra ningún mapa hasta que se elige un hallazgo.",
  "evidence.no-layer": "Este modelo no tiene ninguna capa de la que se pueda hacer un mapa.",
  "evidence.strongest": "Momentos más fuertes para «{finding}»:",
  "evidence.nothing": "Nada en esta capa aumentó la puntuación de «{finding}».",
  "evidence.time": "{from}–{to} s (pico {peak})",
  "evidence.time-padding": "{from}–{to} s (pico {peak}, en el relleno)",
  "evidence.in-segment": "En este segmento de 10 segundos: {value}; todos los segmentos juntos: {whole}.",
  "evidence.few-checks": "Muy pocos registros de prueba para comprobar los mapas de este hallazgo.",
  "evidence.checks":
    "Mapas de este hallazgo en {records} registros de prueba: correlación de rangos con mapas de pesos barajados {shuffled} (0 es lo mejor), borrado en el orden del mapa frente a orden aleatorio {deletion} (por encima de 0 es bueno), estabilidad con un desplazamiento de 10 ms {shift} (1 es lo mejor).",
  "evidence.lead": "{lead}: {sum}, máximo {from}–{to} s",
  "evidence.sums": "{steps} puntos; todas las partes juntas {sum}, diferencia de la puntuación {difference}.",
  "evidence.sums-rough":
    "{steps} puntos; todas las partes juntas {sum}, diferencia de la puntuación {difference} (no dentro del 1 %: tómese como aproximado).",
  "method.occlusion": "Oclusión de derivaciones",
  "method.occlusion.computing": "Calculando la oclusión de derivaciones …",
  "method.occlusion.done": "Oclusión de derivaciones calculada en este dispositivo.",
  "method.occlusion.of": "Oclusión de derivaciones: contribución a la puntuación (logit) de «{finding}»:",
  "method.occlusion.drawn": "oclusión de derivaciones",
  "method.occlusion.explained":
    "Cuánto baja la puntuación (logit) del hallazgo cuando medio segundo de una derivación se sustituye por 0 mV. Las derivaciones que son sumas de otras quedan como estaban.",
  "method.ig": "Gradientes integrados",
  "method.ig.computing": "Calculando los gradientes integrados …",
  "method.ig.done": "Gradientes integrados calculados en este dispositivo.",
  "method.ig.of": "Gradientes integrados: contribución a la puntuación (logit) de «{finding}»:",
  "method.ig.drawn": "gradientes integrados (raíz cuadrada)",
  "method.ig.explained":
    "La puntuación (logit) del hallazgo, repartida entre todas las muestras (desde un registro de 0 mV). Las partes suman el total.",
  "method.progress": "{method}: {done} de {total}",
  "measured.title": "Mediciones",
  "measured.save": "Guardar las mediciones",
  "measured.json": "Mediciones como JSON",
  "measured.csv": "Como CSV",
  "measured.measuring": "Midiendo …",
  "measured.not": "No medido",
  "measured.nothing": "No hay nada medido.",
  "measured.unmeasurable": "No medible",
  "measured.unmeasurable-why": "No medible: {why}",
  "measured.not-because": "no medible: {reason}",
  "measured.intervals": "Intervalos y ejes",
  "measured.measurement": "Medición",
  "measured.value": "Valor",
  "measured.range": "Rango",
  "measured.beats": "Latidos",
  "measured.reliability": "Fiabilidad",
  "measured.from-to": "{from} a {to}",
  "measured.by-lead": "Por derivación",
  "measured.lead": "Derivación",
  "measured.amplitudes": "Amplitudes por derivación, mV respecto al nivel antes del QRS",
  "measured.durations": "Duraciones por derivación, ms",
  "measured.how":
    "Medido por reglas en el registro sin ningún filtro, no por la red. Los valores son del latido mediano del tipo más frecuente; los rangos, de los latidos individuales.",
  "quality.name": "Calidad",
  "quality.note": "Nota",
  "quality.is": "Calidad del registro: {grade}.",
  "quality.nothing": "No se encontró nada que la limite.",
};

/** @type {import("./core_sentences.js").CoreTable} */
export const CORE = {
  whole: "El registro",
  flat: "{lead}: señal plana de {from} a {to} s: compruebe este electrodo y su cable y registre de nuevo",
  saturated:
    "{lead}: en el límite del amplificador de {from} a {to} s: compruebe este electrodo y su cable y registre de nuevo",
  gap: "{lead}: sin muestras de {from} a {to} s: compruebe la conexión con el aparato y registre de nuevo",
  mains:
    "{lead}: zumbido de red de {hz} Hz ({uv} µV) de {from} a {to} s: aleje los cables de los de la red, compruebe el contacto con la piel y la toma de tierra",
  wander:
    "{lead}: línea de base inestable ({mv} mV) de {from} a {to} s: que la persona esté quieta, limpie la piel, fije el electrodo",
  muscle:
    "{lead}: ruido muscular ({uv} µV) de {from} a {to} s: que la persona se relaje y no pase frío, apoye brazos y piernas",
  step: "{lead}: salto de {mv} mV de {from} a {to} s: fije el electrodo, que la persona esté quieta",
  einthoven:
    "De {from} a {to} s las derivaciones de los miembros no concuerdan (I + III = II): no se registraron juntas o fueron modificadas; no confíe en los ejes, registre de nuevo",
  einthovenLead:
    "{lead} no concuerda con las otras derivaciones de los miembros de {from} a {to} s (no se cumple I + III = II): fue modificada después del registro o su canal está averiado; no mida en ella",
  swapPossible:
    "Es posible un intercambio de los electrodos {electrodes}: compruébelo en la persona, corríjalos y registre de nuevo",
  swapLikely:
    "Es probable un intercambio de los electrodos {electrodes}: compruébelo en la persona, corríjalos y registre de nuevo",
  bazett: "a esta frecuencia la fórmula de Bazett engaña",
  youden: "índice de Youden, con la especificidad contada {times} veces, en datos de validación ({records} registros)",
  specificity: "especificidad {value} en datos de validación ({records} registros)",
  derived: "{lead}: no está en el registro, calculada a partir de {first} y {second}",
  derivedThin: "{lead}: falta el {percent} % de las muestras, calculada a partir de {first} y {second}",
  repeated: "{lead}: está {times} veces en el registro, se usa la primera",
  noInput: "no son entrada de este modelo: {signals}",
  absent:
    "{lead}: no está en el registro y, como se aceptó, se toma como 0 mV; lo que se ve en ella no puede encontrarse",
  missingLong: "{lead}: faltan {missing} de {samples} muestras, tomadas como 0; más largo de 40 ms: {gaps}",
  missing: "{lead}: faltan {missing} de {samples} muestras, tomadas como 0",
  leadFlat: "{lead}: plana, todas sus muestras son iguales",
  leadAmplitude:
    "{lead}: amplitud no creíble, típicamente {amplitude} mV de pico a pico; compruebe su ganancia y sus unidades en la cabecera, y su electrodo",
  resampled: "remuestreado de {from} a {to} Hz ({ratio})",
  bandpass: "paso banda de {low} a {high} Hz (Butterworth, hacia delante y hacia atrás)",
  notch: "filtro de muesca a {frequency} Hz (hacia delante y hacia atrás)",
  short:
    "el registro dura {seconds} s, menos que los {window} s con los que se entrenó el modelo: el resto se rellena con ceros y el resultado es menos fiable",
  windowsLast:
    "el registro dura {seconds} s: analizado en {windows} segmentos de {window} s; el último se solapa con el anterior",
  windows: "el registro dura {seconds} s: analizado en {windows} segmentos de {window} s",
  refused:
    "{lead}: no da mediciones ({why}); la red la vio como cualquier otra, y no debe creerse su respuesta donde se apoye en ella",
  nothingThere:
    "{lead}: {why} de {start_s} a {end_s} s; la red lo vio como cualquier otra cosa, y no debe creerse su respuesta donde se apoye en ello",
  derivedRefused:
    "{lead}: calculada a partir de {from}, que no es creíble ({why}); tampoco lo es lo que la red hizo de ella",
  rateAssumed: "{file} línea {line}: sin frecuencia de muestreo: se suponen {rate} Hz",
  uncalibrated: "{lead} {file}: sin calibrar: se supone {gain} adu/{units}, porque la cabecera no lo dice ({absent})",
  channelUncalibrated:
    "{lead} {signal}: sin calibrar: se suponen {gain} pasos/mV, porque el archivo no da sensibilidad o unidad",
  checksum:
    "{file}: las sumas de comprobación no son las de la cabecera ({lead} {signal}): las muestras pueden estar dañadas",
  fileChecksum: "{file}: su suma de comprobación no coincide: las muestras pueden estar dañadas",
  filesDiffer: "{file} no da la longitud y sus archivos difieren: se usan {used} de hasta {most} muestras",
  groupShort: "el archivo contiene {held} muestras de cada derivación y dice tener {stated}",
  markedOne:
    "{lead}: las muestras que el archivo marca como ausentes ({samples}) concuerdan con sus vecinas, ya que la marca es un valor corriente: se leen como muestras",
  markedSeveral:
    "{lead}: las muestras que el archivo marca como ausentes ({total} en total) concuerdan con sus vecinas, ya que la marca es un valor corriente: se leen como muestras",
  countDiffers: "{file}: la cabecera dice {stated} muestras, el archivo contiene {samples} de cada derivación",
  leadsAssumed:
    "{file}: sus 12 columnas no tienen nombre y se toman como I, II, III, aVR, aVL, aVF, V1 a V6: nómbrelas donde no sea así (--columns)",
  otherBlocks: "el archivo contiene {blocks} registros del ritmo: se usa el más largo, {seconds} s a {rate} Hz",
  stripUsed: "el archivo contiene además {seconds} s de registro completo: se usa su tira",
  calibration: "el último segundo es un pulso de calibración de 1 mV y se omitió",
  drawnExact: "{lead}: exacta (pasos de {step} µV, {rate} Hz): cada muestra está en la cuadrícula del fabricante",
  drawnHeld:
    "{lead}: en la cuadrícula del fabricante (pasos de {step} µV, {rate} Hz), pero plana en su punto más alto o más bajo, como una curva cortada a lo largo de una línea: quizá exacta, pero sin certificado",
  drawnCutOff: "{lead}: el dibujo la corta en un límite: sus picos son mayores de lo que parecen",
  drawnStep: "{lead}: dibujada con {rate} puntos por segundo, con precisión de {step} µV",
  drawnRate: "{lead}: dibujada con {rate} puntos por segundo: no hay detalle más fino en este archivo",
  drawnPart:
    "{lead}: dibujada durante {seconds} de {all} s, en su lugar en el tiempo; el resto no está en este archivo",
  drawnUnnamed: "{curves} curvas del dibujo no tienen nombre de derivación y se omitieron",
  "file unknownKind": "Este tipo de archivo no se conoce aquí. {help}",
  "file twice":
    "{file} está dos veces y nada indica cuál es el bueno. Suelte las carpetas que contienen los archivos, o elija los registros de uno en uno.",
  "file times":
    "{file} está {times} veces y nada indica cuál es el bueno. Suelte las carpetas que contienen los archivos, o elija los registros de uno en uno.",
  "file missing": "{file} línea {line}: falta {missing}: entréguelo junto con los demás archivos del registro",
  "file otherCase":
    "{file} línea {line}: falta {missing}, pero está {there}: mayúsculas y minúsculas deben coincidir; cambie el nombre del archivo",
  "file noSamples":
    "{file} no contiene muestras (una cabecera sin señales o un archivo de señales vacío): abra el registro al que pertenece",
  "file short":
    "{file} línea {line}: {signals} contiene {held} muestras por señal y la cabecera dice {stated}: la copia está incompleta; cópielo de nuevo o ponga en la cabecera la longitud {set}",
  "file flacShort":
    "{file} línea {line}: {signals} termina tras {held} de {stated} muestras: la copia está incompleta; cópielo de nuevo",
  "file empty": "{file} está vacío",
  "file headerEmpty": "{file} línea {line}: la cabecera está vacía: copie el archivo de nuevo",
  "file endsInHeader":
    "{file} byte {byte}: el archivo termina dentro de su cabecera, que tiene {bytes} bytes: cópielo de nuevo",
  "file endsInRecords":
    "{file} byte {byte}: el archivo termina tras {held} de {stated} bloques de datos: cópielo de nuevo, o ponga en su número (byte 236) lo que hay",
  "file endsEarly": "{file} byte {byte}: el archivo termina aquí, pero dice tener {bytes} bytes: cópielo de nuevo",
  "file dicomCut":
    "{file}: byte {byte}: aquí empieza un elemento y dentro de él terminan los datos: el archivo está cortado, cópielo de nuevo",
  "file dicomEmpty": "{file}: byte {byte}: el archivo termina donde empiezan sus datos: está cortado, cópielo de nuevo",
  "file xmlCut":
    "{file} línea {line}: XML incompleto ({error}): el archivo termina demasiado pronto; cópielo o expórtelo de nuevo",
  "file xmlDamaged": "{file} línea {line}: XML no válido ({error}): el archivo está dañado; expórtelo de nuevo",
  "file pdfStream": "{file}: el flujo de datos en el byte {byte} está dañado: exporte el PDF de nuevo",
  "file pdfDamaged":
    "{file}: en sus {bytes} bytes no hay lista de páginas: el archivo está cortado o dañado; exporte el PDF de nuevo",
  "file pdfPicture":
    "{file}: esta página es una imagen de un ECG, no sus curvas (un escaneo o una captura de pantalla): exporte el propio registro, o un PDF escrito por el sistema de ECG",
  "file pdfOther":
    "{file}: no se encontró ninguna curva de un ECG en sus páginas ({pages}; {lines} líneas, {words} palabras): es otro documento, o sus curvas están dibujadas de un modo que aquí no se lee",
  "file pdfUnnamed": "{file}: junto a sus {curves} curvas no hay ningún nombre de derivación (I, aVR, V1…)",
  "file pdfPassword":
    "{file} está cifrado y pide una contraseña: guárdelo sin protección (imprímalo en un PDF) y abra ese",
  "file pdfEncrypted":
    "{file} está cifrado de un modo que aquí no se lee: guárdelo sin protección (imprímalo en un PDF) y abra ese",
  "file dicomImage":
    "{file}: es una imagen DICOM, sin muestras: elija el archivo del propio ECG (modalidad ECG), que el archivo clínico guarda a su lado",
  "file dicomFolder": "{file}: es un DICOMDIR, un índice: elija los archivos que enumera",
  "file dicomReport":
    "{file}: es un informe DICOM, un texto sin muestras: elija el archivo del propio ECG (modalidad ECG)",
  "file dicomOther":
    "{file}: no contiene curvas (sin Waveform Sequence (5400,0100); clase SOP «{uid}»): elija un objeto de ECG, modalidad ECG",
  "file dicomBeat":
    "{file}: contiene un latido mediano y ningún ritmo: pida al archivo clínico el registro del que se hizo",
  "file annotationsAlone":
    "{file} byte {byte}: el archivo solo contiene anotaciones y ninguna señal: abra el registro al que pertenecen",
  "file scpOther":
    "{file} byte {byte}: faltan los punteros a secciones que tiene SCP-ECG. Algunos aparatos (Healforce) escriben archivos propios con este nombre: exporte el registro en otro formato con el programa del aparato",
  "file noRows":
    "{file}: no contiene filas de números: se espera una fila por muestra y una columna por derivación, separadas por comas, puntos y comas, tabuladores, barras o espacios",
  "file noNumber": "{file} línea {line}, columna {column}: «{text}» no es un número: corrija o borre la línea",
  "file fewer":
    "{file} línea {line} tiene menos de los {numbers} números de la línea {first}: ¿está cortado el archivo?",
  "file more": "{file} línea {line} tiene más de los {numbers} números de la línea {first}: ¿está cortado el archivo?",
  "file noLead":
    "{file}: ninguna de sus {count} señales ({signals}) es una derivación con nombre, en voltios: dé nombre a las derivaciones en la cabecera",
  "file leadAbsent":
    "el modelo necesita la derivación {lead}, que el registro no tiene (hay: {there}): use un registro con esta derivación, o nómbrela en la cabecera como I, II, III, aVR, aVL, aVF, V1 a V6",
  "file leadThin":
    "el modelo necesita la derivación {lead}, de la que falta al menos la mitad de las muestras ({percent} %) y que no se puede calcular de otras; use un registro con esta derivación",
  "file tooShort":
    "el registro dura {seconds} s ({samples} muestras a {rate} Hz): hacen falta al menos {least} s, en los que cabe un latido; compruebe la frecuencia de muestreo en la cabecera, o use uno más largo",
  "file rateWrong":
    "la frecuencia de muestreo de {rate} Hz no es creíble: un electrocardiograma tiene de {low} a {high} Hz, la mayoría de 100 a 1000; corríjala en la cabecera",
  "file checksums":
    "ninguna de las sumas de control de la cabecera es la de sus muestras: la cabecera o el archivo de señales están dañados, o no son del mismo registro; copie ambos de nuevo, o confirme que se analice tal como está",
  "file noSignal":
    "el registro no contiene señal: todas las derivaciones son planas o faltan; compruebe los electrodos y la exportación, o confirme que se analice así",
  "file tooSmall":
    "la amplitud no es creíble: típicamente {amplitude} mV de pico a pico, cuando un ECG tiene de {low} a {high} mV; la ganancia o la unidad de la cabecera parecen erróneas (ganancia demasiado grande, o voltios leídos como milivoltios): corríjalas, o confirme que el registro se analice tal como está",
  "file tooLarge":
    "la amplitud no es creíble: típicamente {amplitude} mV de pico a pico, cuando un ECG tiene de {low} a {high} mV; la ganancia o la unidad de la cabecera parecen erróneas (ganancia demasiado pequeña, o microvoltios leídos como milivoltios): corríjalas, o confirme que el registro se analice tal como está",
  "kind a WFDB signal file":
    "Es un archivo de señales WFDB: elija junto con él su cabecera (el archivo .hea del mismo registro).",
  "kind a file of WFDB annotations":
    "Es un archivo de anotaciones WFDB: las anotaciones solas no tienen muestras; elija los archivos .hea y .dat o .mat del registro.",
  "kind a file of ISHNE annotations":
    "Es un archivo de anotaciones ISHNE: las anotaciones solas no tienen muestras; elija el registro (.ecg).",
  "kind an MFER file":
    "Es un archivo MFER: exporte o convierta antes el registro a WFDB (una cabecera .hea y un archivo de señales).",
  "kind a GDF file":
    "Es un archivo GDF: exporte o convierta antes el registro a WFDB (una cabecera .hea y un archivo de señales).",
  "kind an XML file":
    "Es un archivo XML, pero de ninguno de los formatos de ECG que se leen: exporte o convierta antes el registro a WFDB (una cabecera .hea y un archivo de señales).",
  "kind a table, but not of samples":
    "Es una tabla, pero no de muestras: un registro tiene una fila por muestra y una columna de números por derivación.",
  "kind a spreadsheet": "Es una hoja de cálculo: guarde su hoja como CSV y use ese archivo.",
  "kind an HDF5 file":
    "Es un archivo HDF5: los registros no se guardan en él de un modo acordado; use el propio registro como WFDB (una cabecera .hea y un archivo de señales).",
  "kind a NumPy array":
    "Es una matriz de NumPy: una matriz no tiene unidades ni nombres de derivaciones; use el propio registro como WFDB (una cabecera .hea y un archivo de señales).",
  "kind a NumPy archive":
    "Es un archivo comprimido de NumPy: una matriz no tiene unidades ni nombres de derivaciones; use el propio registro como WFDB (una cabecera .hea y un archivo de señales).",
  "kind a trained network": "Es una red entrenada: ábrala como modelo.",
  "kind a network": "Es una red: haga de ella un modelo .safetensors con `xplaim import` y ábralo.",
  "kind a part of a network":
    "Es una parte de una red, los tensores de un modelo ONNX: `xplaim import` los lee donde están junto al archivo .onnx.",
  "kind a document":
    "Es un documento: un ECG impreso no tiene muestras; use el propio registro como WFDB (una cabecera .hea y un archivo de señales).",
  "kind a picture":
    "Es una imagen: una imagen no tiene muestras; use el propio registro como WFDB (una cabecera .hea y un archivo de señales).",
  "kind a video":
    "Es un vídeo: un vídeo no tiene muestras; use el propio registro como WFDB (una cabecera .hea y un archivo de señales).",
  "kind not the gzip file that its name says":
    "No es el archivo gzip que dice su nombre: un archivo gzip empieza por los bytes 1F 8B, y este no. Descárguelo o cópielo otra vez, o dele la extensión de lo que es.",
  "kind an archive": "Es un archivo comprimido: descomprímalo y use los archivos que contiene.",
  "kind a JSON text":
    "Es un texto JSON: exporte o convierta antes el registro a WFDB (una cabecera .hea y un archivo de señales).",
  "kind a text": "Es un texto: use el propio registro como WFDB (una cabecera .hea y un archivo de señales).",
  "format WFDB": "Un registro WFDB es una cabecera (.hea) y su archivo de señales (.dat o .mat), elegidos juntos.",
  "format DICOM": "Un archivo DICOM (.dcm) con una onda es un registro.",
  "format MUSE XML": "Un registro GE MUSE es un archivo .xml.",
  "format Philips XML": "Un registro Philips Sierra es un archivo .xml.",
  "format HL7 aECG": "Un ECG anotado HL7 es un archivo .xml.",
  "format CardioSoft XML": "Un registro CardioSoft es un archivo .xml.",
  "format SCP-ECG": "Un archivo SCP-ECG (.scp) es un registro.",
  "format EDF": "Un archivo EDF o EDF+ (.edf) es un registro.",
  "format BDF": "Un archivo BDF (.bdf) es un registro.",
  "format ISHNE": "Un archivo Holter ISHNE (.ecg) es un registro.",
  "format PDF": "Un PDF es un registro cuando las curvas de un ECG están dibujadas en él, no una imagen de ellas.",
  "format NumPy array": "Una matriz NumPy (.npy) tiene una fila por muestra y una columna por derivación.",
  "format MATLAB": "Un archivo MATLAB (.mat) sin cabecera al lado contiene una matriz de muestras y derivaciones.",
  "format CSV": "Una tabla de texto (.csv, .tsv, .txt) tiene una fila por muestra y una columna por derivación.",
};
