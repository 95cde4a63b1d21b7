/**
 * The element's structure. Its words are in strings_en.js: data-t names an element's, data-t-title (and so on) an
 * attribute's (language.js). Texts that change are filled in by those who own them.
 */

import { FORMATS, LEADS, SPEEDS, WRITERS } from "../core/core_constants.js";
import { GAIN_CHOICES, LAYOUTS } from "../drawing/drawing.js";
import { HELP } from "./help_markup.js";
import { LANGUAGES } from "../words/language.js";
import { PAPER_CHOICES } from "../drawing/papers.js";

/** @param {(string | number)[][]} pairs @param {string | number} chosen */
const options = (pairs, chosen) =>
  pairs
    .map(([value, text]) => `<option value="${value}"${value === chosen ? " selected" : ""}>${text}</option>`)
    .join("");

/** Options that have words. @param {[string, import("../words/language.js").Key][]} pairs @param {string} chosen */
const spokenOptions = (pairs, chosen) =>
  pairs
    .map(([value, key]) => `<option value="${value}" data-t="${key}"${value === chosen ? " selected" : ""}></option>`)
    .join("");

/** A button that opens a panel below it (menus.js). @param {string} id @param {import("../words/language.js").Key} key  its title's
 * @param {string} sign  behind the title @param {string} content */
const menu = (id, key, sign, content) => `<span class="menu">
  <button id="${id}-menu" type="button" aria-expanded="false" aria-controls="${id}-panel"><span data-t="${key}"></span>${sign}</button>
  <div id="${id}-panel" class="menu-panel" role="group" data-t-aria-label="${key}" hidden>${content}</div></span>`;

/** Display filters: Hz as "low,high,notch". @type {[string, import("../words/language.js").Key][]} */
export const FILTERS = [
  ["", "filter.off"],
  ["0.5,40,0", "filter.40"],
  ["0.05,150,0", "filter.150"],
  ["0,0,50", "filter.notch50"],
  ["0,0,60", "filter.notch60"],
  ["0.5,40,50", "filter.40notch50"],
  ["0.5,40,60", "filter.40notch60"],
];

/** Where the map is drawn. @type {[string, import("../words/language.js").Key][]} */
const MAPS = [
  ["", "map.off"],
  ["strip", "map.strip"],
  ["behind", "map.behind"],
];

const OPEN = menu(
  "open",
  "open.menu",
  "…",
  `<div id="open-actions" class="actions">
    <label class="button primary"><span data-t="open.files"></span> <input id="picker" type="file" multiple /></label>
    <label class="button" id="folder-box"><span data-t="open.folder"></span> <input id="folder" type="file" webkitdirectory /></label>
    <button id="close-all" type="button" disabled data-t="open.close-all"></button>
  </div>
  <p class="actions"><select id="sample-list" data-t-aria-label="open.which-sample"></select>
    <button id="sample" type="button" data-t="open.sample"></button></p>
  <p class="faint" data-t="open.drop"></p>`,
);

const SAVE = menu(
  "save",
  "save.menu",
  "\u00a0▾",
  `<h3 data-t="save.menu"></h3>
  <p class="actions"><button id="save-png" type="button" data-t="save.picture"></button>
    <button id="save-svg" type="button">SVG</button><button id="copy-png" type="button" data-t="save.copy-picture"></button><button id="print" type="button" data-t="save.print"></button><button id="share" type="button" hidden data-t="save.share"></button></p>
  <p class="actions"><button id="save-json" type="button">JSON</button><button id="save-csv" type="button">CSV</button>
    <button id="copy-numbers" type="button" data-t="save.copy-numbers"></button><button id="copy-link" type="button" data-t="save.copy-link"></button></p>
  <p class="actions"><label><span data-t="save.recording-as"></span> <select id="save-format">${options(
    WRITERS.map(({ name, title }) => [name, title]),
    "wfdb",
  )}</select></label>
    <button id="save-record" type="button" data-t="save.recording"></button></p>
  <label class="check"><input id="save-identity" type="checkbox" /> <span data-t="save.identity"></span></label>
  <label class="check"><input id="save-stated" type="checkbox" /> <span data-t="save.stated"></span></label>
  <label class="check"><input id="with-names" type="checkbox" /> <span data-t="save.names"></span></label>`,
);

/** Each by its own name, and said in it. */
const LANGUAGE_OPTIONS = Object.entries(LANGUAGES)
  .map(([code, name]) => `<option value="${code}" lang="${code}">${name}</option>`)
  .join("");

const MORE = menu(
  "more",
  "more.menu",
  "\u00a0▾",
  `<label class="check"><input id="read-first" type="checkbox" /> <span data-t="more.read-first"></span></label>
  <label class="check"><input id="shortcuts" type="checkbox" checked /> <span data-t="more.shortcuts"></span></label>
  <label class="check"><input id="blind" type="checkbox" /> <span data-t="more.blind"></span></label>
  <label><span data-t="paper.name"></span> <select id="paper-kind">${spokenOptions(PAPER_CHOICES, "")}</select></label>
  <label><span data-t="more.language"></span> <select id="language">${LANGUAGE_OPTIONS}</select></label>
  <button id="network-open" type="button" data-t="more.network"></button>
  <button id="help-open" type="button" aria-haspopup="dialog" data-t="more.help"></button>`,
);

const BAR = `
<div class="app-bar">
  <span class="brand" aria-hidden="true">ECG-XPLAIM</span>
  ${OPEN}
  <span class="group" id="steps" hidden><button id="previous" type="button" data-t-aria-label="bar.previous">‹</button>
    <button id="list-open" type="button" aria-pressed="false" aria-controls="table-view"></button>
    <button id="next" type="button" data-t-aria-label="bar.next">›</button></span>
  <div class="title" id="title"><h2 id="record-name"></h2><span id="record-number" class="faint"></span><p id="record-facts" class="faint"></p></div>
  <span class="push"></span>
  <p class="disclaimer" id="disclaimer" data-t-title="disclaimer"><span data-t="disclaimer.short"></span> <span class="rest" data-t="disclaimer.rest"></span></p>
  <button id="present" type="button" data-t="bar.present"></button>
  ${SAVE}${MORE}
</div>`;

const START = `
<div id="start" class="start">
  <section id="drop" class="drop" data-t-aria-label="start.open">
    <h2 class="invite"><span class="by-mouse" data-t="start.drop"></span><span class="by-touch" data-t="start.touch"></span></h2>
    <p class="actions"><label class="button primary"><span data-t="start.choose"></span> <input id="start-picker" type="file" multiple /></label>
      <button id="demonstration" type="button" data-t="start.demonstration"></button></p>
    <p class="faint formats">${FORMATS.map(({ name }) => name).join(", ")}: <span data-t="start.formats"></span></p>
    <p data-t="start.does"></p>
  </section>
  <section aria-labelledby="samples-title">
    <h2 id="samples-title" data-t="start.samples"></h2>
    <ul id="sample-cards" class="sample-cards"></ul>
    <p class="faint" data-t="start.source"></p>
  </section>
</div>`;

const STRIP = `
<div id="strip" class="strip" role="group" data-t-aria-label="strip.label">
  <div id="numbers" class="numbers"></div>
  <button id="quality" type="button" hidden></button>
</div>`;

const TOOLBAR = `
<div id="tools" class="toolbar" role="group" data-t-aria-label="tools.drawing">
  <div id="view-tools" class="tools">
    <select id="layout" data-t-aria-label="tools.layout" data-t-title="tools.layout-title">${spokenOptions(/** @type {[string, import("../words/language.js").Key][]} */ (Object.entries(LAYOUTS)), "3x4+1")}</select>
    <span id="rhythm-box"><select id="rhythm" data-t-aria-label="tools.rhythm" data-t-title="tools.rhythm">${options(
      LEADS.map((l) => [l, l]),
      "II",
    )}</select></span>
    <select id="speed" data-t-aria-label="tools.speed" data-t-title="tools.speed-title">${options(
      SPEEDS.map((s) => [s, `${s} mm/s`]),
      25,
    )}</select>
    <select id="gain" data-t-aria-label="tools.gain" data-t-title="tools.gain-title">${options(
      GAIN_CHOICES.map((g) => [g, `${g} mm/mV`]),
      "10",
    )}</select>
    <select id="filter" data-t-aria-label="tools.filter" data-t-title="tools.filter-title">${spokenOptions(FILTERS, "")}</select>
    <span id="marks-place" class="group">
      <button id="marks" type="button" aria-pressed="false" disabled data-t-title="tools.marks-title" data-t="tools.marks"></button>
      <button id="beat-open" type="button" aria-haspopup="dialog" disabled data-t-title="tools.beat-title"><span class="long" data-t="beat.title"></span><span class="brief" data-t="tools.beat"></span></button>
    </span>
    <span class="group" role="group" data-t-aria-label="zoom.group">
      <button id="zoom-in" type="button" data-t-aria-label="zoom.in" data-t-title="zoom.in-title">+</button>
      <button id="zoom-reset" type="button" data-t-aria-label="zoom.reset" data-t-title="zoom.reset-title" hidden>100 %</button>
      <button id="zoom-out" type="button" data-t-aria-label="zoom.out" data-t-title="zoom.out-title" hidden>−</button>
    </span>
  </div>
  <button id="calipers" type="button" aria-pressed="false" data-t-title="calipers.title" data-t="calipers.name"></button>
  <span id="map-box"><select id="map-style" data-t-aria-label="map.name" data-t-title="map.title">${spokenOptions(MAPS, "strip")}</select></span>
  <span class="push"></span>
  <button id="view-open" type="button" aria-expanded="false" aria-controls="view-tools" data-t="tools.view"></button>
  <button id="wide" type="button" aria-pressed="false" data-t-title="panel.title" data-t="panel.hide"></button>
</div>`;

const DRAWING = `
<div class="seen">
  <div id="ribbon" class="ribbon" role="group" data-t-aria-label="ribbon.label" hidden></div>
  <div class="paper" id="paper">
    <canvas id="ecg" tabindex="0" role="application" data-t-aria-roledescription="drawing.role"
      aria-labelledby="record-name record-facts" aria-describedby="caliper-text drawing-keys"></canvas>
  </div>
  <div id="read-out" class="read-out" hidden>
    <output id="caliper-text" aria-live="polite"></output>
    <button id="march" type="button" aria-pressed="false" data-t-title="calipers.march-title" data-t="calipers.march"></button>
  </div>
  <p id="drawing-keys" class="visually-hidden" data-t="drawing.keys"></p>
  <p id="legend-box" class="legend" data-t-data-disclaimer="disclaimer.short"><strong id="legend-label"></strong>
    <span id="legend-words"><span data-t="legend.words"></span> <em id="legend-scope"></em></span></p>
  <div id="windows" class="windows" role="group" data-t-aria-label="segments.label" hidden></div>
</div>`;

const READING = `
<section class="card" id="my-reading" aria-labelledby="reading-title">
  <h3 id="reading-title" data-t="reading.title"></h3>
  <p id="reading-kept" hidden></p>
  <form id="reading">
    <label for="reading-text" class="visually-hidden" data-t="reading.title"></label>
    <textarea id="reading-text" rows="2"></textarea>
    <p class="actions"><button id="reading-save" type="submit"></button></p>
  </form>
</section>`;

const FINDINGS = `
<section class="card said" aria-labelledby="labels-title">
  <h3 id="labels-title" data-t="findings.title"></h3>
  <p id="untrained" class="untrained" hidden data-t="findings.untrained"></p>
  <p id="meaning" class="untrained" hidden></p>
  <div id="notices" class="notices" role="group" data-t-aria-label="notes.label" hidden></div>
  <p id="sample-says" class="sample-says" hidden></p>
  <div id="findings">
    <p id="models" class="models" role="group" data-t-aria-label="models.label" hidden></p>
    <p id="none-found" hidden></p>
    <div id="labels" class="labels" role="radiogroup" aria-labelledby="labels-title"></div>
    <p id="columns-text" class="faint"></p>
  </div>
  <p id="coming" class="faint" hidden data-t="status.analysing"></p>
  <p id="waiting" class="faint" hidden></p>
</section>`;

const PANEL = `
<div class="panel" id="panel">
  <button id="panel-peek" type="button" aria-expanded="false" aria-controls="panel-cards"></button>
  <div class="panel-cards" id="panel-cards">
  ${FINDINGS}${READING}
  <section class="card" id="measurements" aria-labelledby="measurements-title" hidden><h3 id="measurements-title" data-t="measured.title"></h3>
    <div id="measured"></div>
    <details id="measured-save" hidden><summary data-t="measured.save"></summary>
      <p class="actions"><button id="measured-json" type="button" data-t="measured.json"></button>
        <button id="measured-csv" type="button" data-t="measured.csv"></button></p></details></section>
  <section class="card" id="evidence-card" aria-labelledby="evidence-title">
    <h3 id="evidence-title" data-t="evidence.title"></h3>
    <div id="map-choice"><label class="visually-hidden" for="map-label" data-t="evidence.which"></label><select id="map-label"></select>
      <span id="map-note" class="faint"></span></div>
    <div id="evidence"></div></section>
  <section class="card" id="stated" aria-labelledby="stated-title" hidden><h3 id="stated-title" data-t="stated.title"></h3>
    <p class="faint" data-t="stated.by"></p>
    <dl class="keys"></dl></section>
  <details class="card" id="network"><summary data-t="network.title"></summary>
    <p id="model-facts" class="faint"></p>
    <p id="analysis-facts" class="faint"></p>
    <p class="bar-line"><label><span data-t="network.method"></span> <select id="method"><option value="">Grad-CAM</option>${spokenOptions(
      [
        ["occlusion", "method.occlusion"],
        ["ig", "method.ig"],
      ],
      "",
    )}</select></label>
      <label><span data-t="network.layer"></span> <select id="layer"></select></label></p>
    <p class="bar-line"><label><span data-t="network.order"></span> <select id="order"><option value="probability" selected data-t="order.probability"></option>
      <option value="model" data-t="order.model"></option></select></label>
      <label hidden><span data-t="network.point"></span> <select id="point">${spokenOptions(
        [
          ["balanced", "point.balanced"],
          ["high-specificity", "point.specific"],
        ],
        "balanced",
      )}</select></label></p>
    <p class="actions"><label class="button"><span data-t="network.other"></span> <input id="model-picker" type="file" accept=".safetensors" /></label>
      <button id="model-default" type="button" hidden data-t="network.own"></button></p>
    <p class="actions"><label class="button"><span data-t="network.second"></span> <input id="second-picker" type="file" accept=".safetensors" /></label>
      <button id="second-remove" type="button" hidden data-t="network.remove"></button></p></details>
  </div>
</div>`;

const TABLE = `
<section id="table-view" class="table-view" aria-labelledby="records-title" hidden>
  <div class="bar-line">
    <h2 id="records-title" data-t="table.title"></h2>
    <span id="records-count" class="faint"></span>
    <span id="batch-progress" class="faint" hidden><progress id="batch-bar" max="1" data-t-aria-label="batch.bar"></progress>
      <span id="batch-text"></span></span>
    <span class="push"></span>
    <button id="batch-csv" type="button" disabled data-t="batch.csv"></button>
    <button id="batch-json" type="button" disabled data-t="batch.json"></button>
    <button id="table-close" type="button" data-t="table.close"></button>
  </div>
  <div class="bar-line">
    <label><span data-t="table.show"></span> <select id="records-filter">${spokenOptions(
      [
        ["", "table.all"],
        ["findings", "table.with-findings"],
        ["notes", "table.with-notes"],
        ["unread", "table.unread"],
      ],
      "",
    )}</select></label>
    <label><span data-t="table.column"></span> <select id="batch-label"></select></label>
    <label class="check"><input id="batch-accept" type="checkbox" /> <span data-t="batch.accept"></span></label>
    <button id="batch-run" type="button" data-t="batch.run"></button>
    <button id="batch-cancel" type="button" hidden data-t="status.cancel"></button>
  </div>
  <div class="table-box" tabindex="0" role="region" data-t-aria-label="table.scrolls"><table id="records"></table></div>
</section>`;

const MAPPING = `
<section id="mapping" class="card" aria-labelledby="mapping-title" hidden>
  <form id="mapping-form">
    <h2 id="mapping-title"></h2>
    <p id="mapping-text"></p>
    <div class="table-box" tabindex="0" role="region" data-t-aria-label="mapping.scrolls"><table id="mapping-table"></table></div>
    <p class="bar-line">
      <label id="mapping-many" hidden><span data-t="mapping.names"></span> <input id="mapping-names" type="text" /></label>
      <label><span data-t="mapping.rate"></span> <input id="mapping-rate" type="number" min="0.001" max="1000000" step="any" inputmode="decimal" /> Hz</label>
      <label><span id="mapping-unit-name" data-t="mapping.unit"></span> <select id="mapping-unit"></select></label>
      <button id="mapping-use" type="submit" class="primary" disabled data-t="mapping.right"></button>
      <button id="mapping-close" type="button" data-t="mapping.leave"></button>
    </p>
    <p id="mapping-status" role="status"></p>
  </form>
</section>`;

const RESULT = `
<section id="result" data-t-aria-label="record.label" hidden>
  ${STRIP}${TOOLBAR}
  <div class="stage" id="stage">${DRAWING}${PANEL}</div>
</section>`;

const FOOT = `
<div class="status-line" data-t-data-disclaimer="disclaimer.short">
  <div id="status" class="status" role="status" aria-live="polite">
    <span id="status-text" data-t="status.starting"></span>
    <button id="cancel" type="button" hidden data-t="status.cancel"></button>
    <button id="accept" type="button" hidden data-t="status.anyway"></button>
    <button id="again" type="button" hidden data-t="status.analyse"></button>
    <button id="undo" type="button" hidden data-t="status.undo"></button>
    <span id="progress-text" aria-live="off"></span>
    <progress id="loading" max="1" data-t-aria-label="status.loading" hidden></progress>
  </div>
  <slot name="note"></slot>
</div>`;

const BEAT = `
<dialog id="beat-dialog" aria-labelledby="beat-title">
  <form method="dialog"><button id="beat-close" data-t-aria-label="beat.close" data-t="close"></button></form>
  <h2 id="beat-title" data-t="beat.title"></h2>
  <p class="faint"><span id="beat-count"></span> · <span data-t="beat.words"></span></p>
  <div id="beat-drawing" tabindex="0" role="region" data-t-aria-label="beat.scrolls"></div>
  <p class="actions"><button id="beat-png" type="button">PNG</button> <button id="beat-svg" type="button">SVG</button></p>
</dialog>`;

const PRESENTING = `
<div id="presenting" class="presenting-bar" hidden>
  <span id="presenting-numbers" class="numbers"></span><span class="push"></span>
  <span id="presenting-finding"></span>
  <button id="presenting-next" type="button"><span data-t="presenting.next"></span> <kbd>→</kbd></button><button id="presenting-end" type="button"><span data-t="presenting.end"></span> <kbd>Esc</kbd></button>
  <p id="presenting-says" data-t-data-disclaimer="disclaimer.short"></p>
</div>`;

export const MARKUP = `<div class="app" id="app">
${BAR}${PRESENTING}${START}${MAPPING}<div class="views">${RESULT}${TABLE}</div>${FOOT}
<div id="over" class="over" hidden><strong></strong></div>
${BEAT}${HELP}</div>
<div id="sheet" class="sheet" aria-hidden="true"></div>`;
