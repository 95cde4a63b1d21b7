/** The element's structure. Texts that change are filled in by element.js. */

import { GAINS, LAYOUTS, LEADS, SPEEDS } from "./drawing.js";
import { DISCLAIMER } from "./report.js";

/** @param {(string | number)[][]} pairs @param {string | number} chosen */
const options = (pairs, chosen) =>
  pairs.map(([value, text]) => `<option value="${value}"${value === chosen ? " selected" : ""}>${text}</option>`).join("");

/** Display filters: Hz as "low,high,notch". */
export const FILTERS = [
  ["", "none"],
  ["0.5,40,0", "0.5–40 Hz"],
  ["0.05,150,0", "0.05–150 Hz"],
  ["0,0,50", "notch 50 Hz"],
  ["0,0,60", "notch 60 Hz"],
  ["0.5,40,50", "0.5–40 Hz, notch 50 Hz"],
  ["0.5,40,60", "0.5–40 Hz, notch 60 Hz"],
];

const OPENING = `
<section id="drop" class="drop" aria-label="Open a recording">
  <button id="open-more" type="button" aria-expanded="false" aria-controls="open-actions">Open another …</button>
  <div class="invite">
    <p><strong class="by-mouse">Drop ECG recordings here</strong><strong class="by-touch">Open ECG recordings</strong></p>
    <ul>
      <li>a WFDB header (<code>.hea</code>) together with its signal files (<code>.dat</code>, <code>.mat</code>)</li>
      <li>a folder or a zip of them; several are listed, and can be analysed in one go</li>
      <li>a model file of your own (<code>.safetensors</code>), to be used in place of the page’s</li>
    </ul>
  </div>
  <div id="open-actions" class="actions">
    <label class="button primary">Choose files <input id="picker" type="file" multiple /></label>
    <label class="button" id="folder-box">Folder <input id="folder" type="file" webkitdirectory /></label>
    <span class="group"><select id="sample-list" aria-label="Which sample"></select>
      <button id="sample" type="button">Open a sample</button></span>
    <label class="button">Open a model file … <input id="model-picker" type="file" accept=".safetensors" /></label>
    <button id="model-default" type="button" hidden>Back to the page’s model</button>
  </div>
  <div class="actions standing">
    <label class="check" title="The network’s answer stays hidden until your own reading is written"><input id="read-first" type="checkbox" />
      <span>Read first<span class="explained">: the network’s answer stays hidden until your own is written</span></span></label>
    <button id="help-open" type="button" aria-haspopup="dialog">Help</button>
  </div>
</section>
<div class="status-line">
  <div id="status" class="status" role="status" aria-live="polite">
    <span id="status-text">Starting …</span> <span id="progress-text" aria-live="off"></span>
    <progress id="loading" max="1" aria-label="Loading" hidden></progress>
    <button id="cancel" type="button" hidden>Cancel</button>
    <button id="accept" type="button" hidden>Analyse all the same</button>
    <button id="again" type="button" hidden>Analyse</button>
  </div>
  <slot name="note"></slot>
</div>
<section id="start" class="start" aria-labelledby="start-title">
  <h2 id="start-title">Or look at a sample</h2>
  <ul id="sample-cards" class="sample-cards"></ul>
  <p class="faint">Files are read and analysed on this device; nothing is sent and nothing is kept.</p>
</section>`;

const RECORDS = `
<section id="records-panel" aria-labelledby="records-title" hidden>
  <div class="bar-line">
    <h2 id="records-title">Opened files</h2>
    <span id="records-count" class="faint"></span>
    <span class="push"></span>
    <label>Probability of <select id="batch-label"></select></label>
    <label class="check"><input id="batch-accept" type="checkbox" /> Also where leads are missing or amplitudes unusual</label>
    <button id="batch-run" type="button">Analyse all</button>
    <button id="batch-cancel" type="button" hidden>Cancel</button>
    <button id="batch-csv" type="button" disabled>CSV of all</button>
    <button id="batch-json" type="button" disabled>JSON of all</button>
  </div>
  <p id="batch-progress" class="faint" hidden><progress id="batch-bar" max="1" aria-label="Records analysed"></progress>
    <span id="batch-text"></span></p>
  <div class="table-box" tabindex="0" role="region" aria-label="Opened files, scrolls"><table id="records"></table></div>
</section>`;

const HEAD = `
<div class="record-head">
  <div class="title"><h2 id="record-name"></h2><p id="record-facts" class="faint"></p></div>
  <button id="view-open" type="button" aria-expanded="false" aria-controls="view-tools">View</button>
  <div id="map-box" class="map-box" role="group" aria-label="Map" hidden>
    <label class="check"><input id="map-on" type="checkbox" checked /> Map of</label>
    <select id="map-label" aria-label="Label whose map is shown"></select>
    <span id="map-note" class="faint"></span>
  </div>
  <span class="group" id="steps" hidden><button id="previous" type="button">‹ Previous</button><button id="next" type="button">Next ›</button></span>
</div>`;

const TOOLBAR = `
<div id="tools" class="toolbar" role="group" aria-label="Drawing">
  <div id="view-tools" class="tools">
    <label>Layout <select id="layout">${options(Object.entries(LAYOUTS), "3x4+1")}</select></label>
    <label id="rhythm-box">Rhythm <select id="rhythm">${options(LEADS.map((l) => [l, l]), "II")}</select></label>
    <label>Speed <select id="speed">${options(SPEEDS.map((s) => [s, `${s} mm/s`]), 25)}</select></label>
    <label>Gain <select id="gain">${options(GAINS.map((g) => [g, `${g} mm/mV`]), 10)}</select></label>
    <label title="What is drawn only: the analysis always uses the original">Display filter
      <select id="filter">${options(FILTERS, "")}</select></label>
    <span class="group">
      <button id="calipers" type="button" aria-pressed="false">Calipers</button>
      <button id="march" type="button" aria-pressed="false" hidden>March out</button>
    </span>
    <span class="group" role="group" aria-label="Zoom">
      <button id="zoom-out" type="button" aria-label="Zoom out">−</button>
      <button id="zoom-reset" type="button" aria-label="Reset zoom">100 %</button>
      <button id="zoom-in" type="button" aria-label="Zoom in">+</button>
    </span>
    <button id="wide" type="button" aria-pressed="false" title="The drawing over the whole width, the list below it">Full width</button>
  </div>
</div>`;

const DRAWING = `
<div class="seen">
  <div class="paper" id="paper">
    <canvas id="ecg" tabindex="0" role="application" aria-roledescription="ECG drawing"
      aria-labelledby="record-name record-facts" aria-describedby="caliper-text drawing-keys"></canvas>
  </div>
  <p id="drawing-keys" class="unseen">Plus, minus and zero zoom; arrow keys move; c starts the calipers, Escape ends them; b hides names; square brackets step through windows.</p>
  <p class="scale">
    <output id="caliper-text" aria-live="polite"></output>
    <span class="legend" id="legend-box" hidden>
      <strong id="legend-label"></strong> Blue: evidence in this window, from none (0) to its strongest (1). <em id="legend-scope"></em>
    </span>
  </p>
  <div id="windows" class="windows" role="group" aria-label="Windows of the recording" hidden></div>
</div>`;

const FINDINGS = `
<section class="card said" aria-labelledby="labels-title">
  <div class="bar-line"><h3 id="labels-title">What the network says</h3><span class="push"></span>
    <label id="order-box">Order <select id="order"><option value="probability" selected>by probability</option>
      <option value="model">as in the model</option></select></label></div>
  <p id="untrained" class="untrained" hidden><strong>Untrained model.</strong> Its weights are random: these numbers show that
    the arithmetic works. They say nothing about this recording.</p>
  <div id="notices" class="notices" role="group" aria-label="Notices" hidden></div>
  <form id="reading" hidden>
    <label for="reading-text">Your reading, before the network’s numbers are shown</label>
    <textarea id="reading-text" rows="3"></textarea>
    <button type="submit">Keep it and show the numbers</button>
  </form>
  <p id="reading-kept" class="faint" hidden></p>
  <div id="findings">
    <p id="columns-text" class="faint"></p>
    <p id="models" class="models" role="group" aria-label="Model whose map is shown" hidden></p>
    <div id="label-heads" class="label-heads" aria-hidden="true"></div>
    <div id="labels" class="labels" role="radiogroup" aria-labelledby="labels-title"></div>
  </div>
  <p id="model-facts" class="faint"></p>
  <p class="actions"><label class="button">Compare with a second model … <input id="second-picker" type="file" accept=".safetensors" /></label>
    <button id="second-remove" type="button" hidden>Remove the second</button></p>
</section>`;

const SIDE = `
<div class="side">
  <section class="card" id="evidence-card" aria-labelledby="evidence-title">
    <h3 id="evidence-title">Where its evidence lies</h3>
    <p class="bar-line"><label>Method <select id="method"><option value="">Grad-CAM</option><option value="occlusion">Lead occlusion</option>
        <option value="gradients">Integrated gradients</option></select></label>
      <label>Layer <select id="layer"></select></label></p>
    <div id="evidence"></div></section>
  <section class="card" aria-labelledby="export-title"><h3 id="export-title">Save</h3>
    <p class="actions"><button id="save-png" type="button">PNG</button><button id="print" type="button">Print or PDF</button>
      <button id="save-json" type="button">JSON</button><button id="save-csv" type="button">CSV</button></p>
    <label class="check"><input id="with-names" type="checkbox" /> with the recording’s name, age and sex</label></section>
</div>`;

const RESULT = `
<section id="result" aria-label="Recording" hidden>
  ${HEAD}${TOOLBAR}
  <div class="stage" id="stage">${DRAWING}${FINDINGS}${SIDE}</div>
</section>`;

const HELP = `
<dialog id="help" aria-labelledby="help-title">
  <form method="dialog"><button id="help-close" aria-label="Close help">Close</button></form>
  <h2 id="help-title">About this page</h2>
  <p>It reads a 12-lead ECG recording on this device, runs a neural network on it here, and shows for each of the network’s
    labels where in time its evidence lies. ${DISCLAIMER}</p>
  <h3>Privacy</h3>
  <p>Nothing you open leaves this device: the page has no server part, keeps nothing between visits, and its security policy
    forbids requests to any other place. What you save leaves out the recording’s name, age and sex unless you tick the box.</p>
  <h3>What it does not do</h3>
  <p>It measures nothing by itself, gives no verdict and no advice. It does not know who was recorded, and a label that is missing
    from its list was not looked for. Recordings of children, paced rhythms and unusual lead placements may be unlike what a
    network was trained on.</p>
  <h3>How to read the map</h3>
  <p>Blue marks the times whose features raised the chosen label’s score most (Grad-CAM at the chosen layer), relative to the
    strongest moment in the same window. It is time only and is drawn over all leads alike. It does not show what is
    abnormal, it does not prove a reason, and two networks can differ; an empty map means no positive evidence at that layer.</p>
  <p>Lead occlusion and integrated gradients tell leads apart, and take some seconds: the first asks the network again with half a
    second of one lead at 0 mV, the second shares the label’s score out among all samples. Methods can differ from each other.
    A second model can be opened beside the first: its numbers stand in a second column, and either one’s map can be shown.</p>
  <p id="single-file" hidden><a id="single-link" download>This page as one file</a>: it runs from a disk or a stick, without any network.</p>
  <h3>Keys, while the drawing has the focus</h3>
  <dl class="keys">
    <dt><kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd></dt><dd>zoom in, out, reset</dd>
    <dt>arrows</dt><dd>move the drawing; with calipers on, move the leg by one sample (Shift: ten) or its height by 0.01 mV</dd>
    <dt><kbd>c</kbd> <kbd>m</kbd></dt><dd>calipers, march out</dd>
    <dt><kbd>Space</kbd></dt><dd>the other caliper leg; <kbd>Page Up</kbd>, <kbd>Page Down</kbd> the next lead</dd>
    <dt><kbd>[</kbd> <kbd>]</kbd></dt><dd>window before, after</dd>
    <dt><kbd>p</kbd> <kbd>n</kbd></dt><dd>recording before, after</dd>
    <dt><kbd>b</kbd></dt><dd>hide or show names</dd>
  </dl>
  <h3>The model</h3>
  <dl id="card" class="keys"></dl>
  <details id="card-whole" hidden><summary>The whole model card</summary><div class="card-text"></div></details>
</dialog>`;

export const MARKUP = `<div class="app">
<p class="disclaimer" id="disclaimer">${DISCLAIMER}</p>
${OPENING}${RECORDS}${RESULT}${HELP}</div>
<div id="sheet" class="sheet" aria-hidden="true"></div>`;
