// The reading station as it looks: the ECG's room on screens of several sizes, contrast, what is large and what stands still.

import assert from "node:assert/strict";
import { accessible, analysed, drawn, drop, inElement } from "../support/chromium.mjs";
import { load, variants } from "../support/native.mjs";
import * as inPage from "../support/page.mjs";
import { box, natively, percent, sample, stationTests } from "../support/station_pages.mjs";
import { makeGate, until } from "../support/wait.mjs";

/** Between two rows, mm. */
const MOST_MM = 40;
const PHONE = { deviceScaleFactor: 2, hasTouch: true, isMobile: true };

const { test, theSite } = stationTests();
const measured = (page) => page.locator("#numbers .rate strong").waitFor();

/* ---- mended ---- */

test("U1: in a column the drawing has the column's width, and no word is broken", async (open) => {
  const page = await open("/", { viewport: { width: 1920, height: 1000 } });
  for (const width of [320, 480, 680, 900, 1200]) {
    const body = `<!doctype html><html lang="en"><link rel="icon" href="icon.svg"><title>article</title><main style="width:${width}px"><h1>Article</h1>
      <ecg-xplaim sample="00219_hr"></ecg-xplaim></main><script type="module" src="element.js"></script>`;
    await page.route(`**/article${width}.html`, (route) => route.fulfill({ body, contentType: "text/html" }));
    await page.goto(`${theSite().origin}/article${width}.html`);
    await analysed(page);
    await measured(page);
    const ecg = await box(page, "ecg");
    const beside = (await box(page, "panel")).x > ecg.x + ecg.width;
    assert.ok(ecg.width >= (beside ? 0.6 : 0.95) * width, `${width}: ${ecg.width} px`);
    const broken = await inElement(page, (element) =>
      [...element.root.querySelectorAll("button, select, .button, h2, h3")]
        .filter((each) => each.offsetParent && each.getBoundingClientRect().height > 90)
        .map((each) => each.textContent),
    );
    assert.deepEqual(broken, [], `${width}`);
    const over = await page.evaluate(() => document.querySelector("main").scrollWidth);
    assert.ok(over <= width + 1, `${over} px in ${width}`);
    await accessible(page, `${width} px`);
  }
});

test("U5: borders of controls and bars stand out by 3 : 1, in the light and in the dark", async (open) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open("/", { colorScheme });
    assert.deepEqual(await inElement(page, inPage.poorBorders), [], `${colorScheme}, start`);
    await page.click("#sample-cards button");
    await analysed(page);
    await measured(page);
    for (const menu of ["open-menu", "save-menu", "more-menu"]) {
      await page.click(`#${menu}`);
      assert.deepEqual(await inElement(page, inPage.poorBorders), [], `${colorScheme}, ${menu}`);
    }
    await page.click("#network summary");
    assert.deepEqual(await inElement(page, inPage.poorBorders), [], `${colorScheme}, network`);
    await inElement(page, (element) => element.tableView.show());
    await page.locator("#records td.hr").first().waitFor();
    assert.deepEqual(await inElement(page, inPage.poorBorders), [], `${colorScheme}, table`);
    await page.click("#table-close");
    await page.click("#calipers");
    assert.deepEqual(await inElement(page, inPage.poorBorders), [], `${colorScheme}, calipers`);
    await page.click("#beat-open");
    await page.locator("#beat-dialog svg").first().waitFor();
    assert.deepEqual(await inElement(page, inPage.poorBorders), [], `${colorScheme}, median beat`);
  }
});

test("U6: calipers, a finding, a finished analysis and measurement move the drawing by nothing", async (open) => {
  const page = await open("/");
  const sent = makeGate();
  await inElement(page, (element) => {
    const { analyse } = element.live.modelWorkers[0];
    const released = new Promise((resolve) => (globalThis.release = resolve));
    element.live.modelWorkers[0].analyse = async function (...rest) {
      await released;
      return analyse.apply(this, rest);
    };
  });
  await drop(page, load(sample("00963_hr")));
  await page.locator("#record-name", { hasText: "00963_hr" }).waitFor();
  await drawn(page);
  const first = await box(page, "ecg");
  sent.open();
  await page.evaluate(() => globalThis.release());
  await analysed(page);
  await measured(page);
  await drawn(page);
  assert.deepEqual(await box(page, "ecg"), first, "analysed and measured");
  for (const press of ["#calipers", "#march", "#calipers", "#labels input >> nth=1"]) {
    await page.click(press);
    await drawn(page);
    assert.deepEqual(await box(page, "ecg"), first, press);
  }
});

/* ---- layout ---- */

const share = (page) =>
  inElement(page, (element) => {
    const ecg = element.$("ecg").getBoundingClientRect();
    return {
      part: (ecg.width * ecg.height) / innerWidth / innerHeight,
      top: ecg.top,
      bottom: ecg.bottom,
      high: innerHeight,
      scale: element.view.scale,
    };
  });

test("L1: the ECG is the page: half of the screen and more, within the window, large enough", async (open) => {
  for (const [width, height, scale] of [
    [1440, 900, 3.78],
    [1280, 720, 3.4],
  ]) {
    const page = await open("/", { viewport: { width, height } });
    await drop(page, Array.from({ length: 30 }, (_, i) => variants(30)[i]).flatMap(load));
    await analysed(page);
    await page.click("#table-close");
    await drawn(page);
    let now = await share(page);
    assert.ok(now.top <= 140 && now.bottom <= now.high && now.part >= 0.5 && now.scale >= scale, JSON.stringify(now));
    assert.ok((await page.evaluate(() => document.documentElement.scrollHeight)) <= height, "the page does not scroll");
    await page.keyboard.press("f");
    await until("the width", async () => (await box(page, "ecg")).width > width - 40);
    await until("the height", async () => (await drawn(page), (await share(page)).bottom <= height));
    now = await share(page);
    assert.ok(now.bottom <= now.high && now.part >= 0.6, `without panel: ${JSON.stringify(now)}`);
  }
  for (const [width, height] of [
    [1920, 1080],
    [1280, 800],
  ]) {
    const page = await open(undefined, { viewport: { width, height } });
    await page.click("#present");
    await until("the width", async () => (await box(page, "ecg")).width > width - 40);
    await until("the height", async () => (await drawn(page), (await share(page)).part >= 0.85));
    const now = await share(page);
    assert.ok(now.part >= 0.85, `presenting: ${JSON.stringify(now)}`);
    assert.match(await page.textContent("#presenting-numbers"), /124/);
    const { probability, threshold } = natively("00963_hr", "afib");
    assert.ok(
      (await page.textContent("#presenting-finding")).endsWith(
        `fibrillation ${percent(probability)} (threshold ${percent(threshold)})`,
      ),
    );
    await page.keyboard.press(".");
    assert.equal(await page.textContent("#presenting-finding"), "");
    assert.equal(await inElement(page, (element) => element.page().heat), null);
    await page.click("#presenting-end");
    assert.ok(await page.isVisible("#panel"));
  }
});

/** Texts of the drawing that its right edge cuts, in the page. */
function cutTexts({ view: { list, canvas, scale } }) {
  const c = canvas.getContext("2d");
  const sizes = new Float32Array(list.ops.buffer, list.ops.byteOffset, list.ops.length);
  const out = [];
  c.save();
  for (let i = 0; i < list.ops.length; i += 6) {
    const [kind, , first, count, , extra] = list.ops.subarray(i, i + 6);
    if (kind !== 3) continue;
    const text = new TextDecoder().decode(list.text.subarray(first, first + count));
    c.font = `${sizes[i + 4] * scale}px sans-serif`;
    const beyond = [1, 0.5, 0][(extra >>> 24) & 3] * c.measureText(text).width;
    if (list.points[2 * (extra & 0xffffff)] * scale + beyond > list.width * scale + 1) out.push(text);
  }
  c.restore();
  return out;
}

test("L2: a phone shows all twelve leads without a swipe; turned, three rows of four", async (open) => {
  for (const [width, height, scale] of [
    [375, 667, 2.6],
    [320, 568, 2.2],
  ]) {
    const page = await open(undefined, { viewport: { width, height }, ...PHONE });
    await measured(page);
    await drawn(page);
    const now = await inElement(page, ({ view: { list, page: shown, ...view }, view: seen }) => ({
      leads: new Set(list.strips.map((s) => shown.record.leads[s.lead].name)).size,
      seconds: Math.min(...list.strips.map((s) => s.seconds)),
      beyond: seen.beyond,
      scale: seen.scale,
      high: list.height * seen.scale,
      zoom: view.zoom,
    }));
    assert.deepEqual([now.leads, now.beyond, now.zoom], [12, [0, 0], 1]);
    assert.ok(now.seconds >= 2.4 && now.scale >= scale, JSON.stringify(now));
    assert.deepEqual(await inElement(page, cutTexts), [], "the last second's number is whole");
    const ecg = await box(page, "ecg");
    assert.ok(ecg.y + ecg.height <= (await box(page, "panel-peek")).y + 1, "all rows are in sight");
    assert.ok(await page.isVisible("#numbers .rate"));
    await page.tap("#calipers");
    assert.match(await page.textContent("#caliper-text"), /ms/);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
  }
  for (const [width, height] of [
    [667, 375],
    [568, 320],
  ]) {
    const page = await open(undefined, { viewport: { width, height }, ...PHONE });
    await measured(page);
    await drawn(page);
    assert.equal(await inElement(page, ({ view }) => view.list.strips.length), 13);
    assert.deepEqual(await inElement(page, ({ view }) => view.beyond), [0, 0]);
    for (const id of ["ecg", "calipers", "view-open", "panel-peek", "status"]) {
      const { y, height: high } = await box(page, id);
      assert.ok(y + high <= height + 1, `${id} is in sight at ${width}`);
    }
    const ecg = await box(page, "ecg");
    assert.ok(ecg.y + ecg.height <= (await box(page, "panel-peek")).y + 4, `all rows are in sight at ${width}`);
  }
});

test("numbers are whole or not there, and what the map does not tell is told, in long words and narrow columns", async (open) => {
  const page = await open();
  await measured(page);
  await page.selectOption("#language", "de");
  await page.locator("#measurements-title", { hasText: "Messwerte" }).waitFor();
  for (const width of [1440, 1280, 1024, 760, 640]) {
    await page.setViewportSize({ width, height: 800 });
    await drawn(page);
    const cut = await inElement(page, (element) => {
      const { bottom, right } = element.$("numbers").getBoundingClientRect();
      const boxes = [...element.$("numbers").children].map((number) => number.getBoundingClientRect());
      const seen = boxes.filter((one) => one.top < bottom);
      const words = element.$("legend-words");
      const table = element.root.querySelector("#measured .measured-box");
      return {
        numbers: seen.filter((one) => one.right > right + 1 || one.bottom > bottom + 6).length,
        first: seen.length,
        words: words.scrollWidth - words.clientWidth,
        table: table.scrollWidth - table.clientWidth,
      };
    });
    assert.ok(cut.numbers === 0 && cut.first >= 3, `${width}: ${JSON.stringify(cut)}`);
    assert.ok(cut.words <= 1 && cut.table <= 1, `${width}: ${JSON.stringify(cut)}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  for (const [language, title] of Object.entries({
    el: "Μετρήσεις",
    es: "Mediciones",
    fr: "Mesures",
    en: "Measurements",
  })) {
    await page.selectOption("#language", language);
    await page.locator("#measurements-title", { hasText: title }).waitFor();
    const over = await inElement(page, ({ root }) =>
      ["#measured .measured-box", "#legend-words"].map((selector) => {
        const { scrollWidth, clientWidth } = root.querySelector(selector);
        return scrollWidth - clientWidth;
      }),
    );
    assert.ok(Math.max(...over) <= 1, `${language}: ${over}`);
  }
});

test("a long limit ends in an ellipsis beside the numbers; on a phone it is counted", async (open) => {
  const page = await open("/", { viewport: { width: 1280, height: 800 } });
  await drop(page, variants(5).slice(4).flatMap(load)); // leads of other moments: they do not add up
  await measured(page);
  const [button, limit] = [page.locator("#quality"), page.locator("#quality .what")];
  assert.match(await limit.textContent(), /limb leads do not add up/);
  const { overflow, over, cut } = await limit.evaluate((node) => ({
    overflow: getComputedStyle(node).textOverflow,
    over: node.scrollWidth - node.clientWidth,
    cut: node.parentElement.scrollWidth - node.parentElement.clientWidth,
  }));
  assert.ok(overflow === "ellipsis" && over > 0 && cut <= 0, JSON.stringify({ overflow, over, cut }));
  await page.setViewportSize({ width: 360, height: 740 });
  assert.equal((await button.innerText()).trim(), "1 note");
  assert.match(await button.getAttribute("title"), /limb leads do not add up/);
});

test("L3: the rate is the largest text, nothing on the drawing is small, controls are few", async (open) => {
  for (const deviceScaleFactor of [1, 2, 3]) {
    const page = await open(undefined, { viewport: { width: 1280, height: 720 }, deviceScaleFactor });
    await measured(page);
    await drawn(page);
    const sizes = await inElement(page, (element) => {
      const seen = [...element.root.querySelectorAll("*")].filter(
        (each) =>
          each.getClientRects().length &&
          each.childNodes.length &&
          [...each.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()),
      );
      const of = (each) => parseFloat(getComputedStyle(each).fontSize);
      const rate = element.root.querySelector("#numbers .rate strong");
      return {
        rate: of(rate),
        others: Math.max(...seen.filter((each) => each !== rate && !each.closest(".visually-hidden")).map(of)),
      };
    });
    assert.ok(sizes.rate >= 20 && sizes.rate > sizes.others, JSON.stringify(sizes));
    const least = await inElement(page, async (element) => {
      const { paint } = await import("/web/drawing/paint.js");
      const { canvas, list, place } = element.view;
      const fonts = [];
      const c = new Proxy(canvas.getContext("2d"), {
        get: (of, key) => (typeof of[key] === "function" ? of[key].bind(of) : of[key]),
        set: (of, key, value) => {
          if (key === "font") fonts.push(parseFloat(value));
          of[key] = value;
          return true;
        },
      });
      paint(c, list, place, { crisp: true });
      return Math.min(...fonts) / devicePixelRatio;
    });
    assert.ok(least >= 11, `${least} px at ${deviceScaleFactor}`);
    const controls = await inElement(page, (element) =>
      [...element.root.querySelectorAll("button, select, input, textarea")]
        .filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.getBoundingClientRect().width > 2)
        .map((each) => each.id || each.name),
    );
    // A group of radio buttons is one: its length is what the network finds.
    const distinct = new Set(controls);
    assert.ok(distinct.size <= 22, `${distinct.size}: ${[...distinct]}`);
  }
});

/** Names of leads that a trace comes through, in the page. */
function crossedNames({ view: { list, page } }) {
  const names = page.record.leads.map(({ name }) => name);
  const decoder = new TextDecoder();
  const sizes = new Float32Array(list.ops.buffer, list.ops.byteOffset, list.ops.length);
  const boxes = [];
  const lines = [];
  for (let i = 0; i < list.ops.length; i += 6) {
    const [kind, , first, count, , extra] = list.ops.subarray(i, i + 6);
    if (kind === 0 && count > 12) lines.push(list.points.subarray(2 * first, 2 * (first + count)));
    if (kind !== 3) continue;
    const text = decoder.decode(list.text.subarray(first, first + count));
    const [x, y] = list.points.subarray(2 * (extra & 0xffffff), 2 * (extra & 0xffffff) + 2);
    if (names.includes(text))
      boxes.push({ text, x, y, right: x + 0.6 * sizes[i + 4] * text.length, top: y - 0.72 * sizes[i + 4] });
  }
  const inside = (b, x, y) => x >= b.x && x <= b.right && y >= b.top && y <= b.y;
  const crosses = (b, line) => {
    for (let k = 2; k < line.length; k += 2)
      for (let part = 0; part <= 8; part++) {
        const along = part / 8;
        if (inside(b, line[k - 2] + along * (line[k] - line[k - 2]), line[k - 1] + along * (line[k + 1] - line[k - 1])))
          return true;
      }
    return false;
  };
  return {
    count: boxes.length,
    crossed: boxes.filter((b) => lines.some((line) => crosses(b, line))).map(({ text }) => text),
  };
}

test("L4: rows fill the free height, and no trace comes through a lead's name", async (open) => {
  for (const record of ["00963_hr", "00057_hr", "06332_hr"]) {
    const page = await open(`/?sample=${record}`);
    for (const layout of ["3x4+1", "6x2", "12x1"]) {
      await page.selectOption("#layout", layout);
      await drawn(page);
      const { count, crossed } = await inElement(page, crossedNames);
      assert.equal(count, layout === "3x4+1" ? 13 : 12);
      if (layout !== "12x1") assert.deepEqual(crossed, [], `${record} ${layout}`);
    }
    await page.selectOption("#layout", "3x4+1");
    const pitchAt = async (height) => {
      await page.setViewportSize({ width: 1440, height });
      // What was drawn for the height of before says nothing.
      await until("the drawing to follow", () =>
        inElement(page, ({ panel }, now) => innerHeight === now && panel.size === panel.sizeNow, height),
      );
      await drawn(page);
      const [ecg, paper] = [await box(page, "ecg"), await box(page, "paper")];
      const pitch = await inElement(page, ({ view }) => view.list.strips[0].height);
      const free = Math.abs(innerBottom(paper) - innerBottom(ecg));
      assert.ok(free < 70 || pitch === MOST_MM, `${free} px are left in ${height}, rows ${pitch} mm apart`);
      return pitch;
    };
    const [low, high] = [await pitchAt(640), await pitchAt(900)];
    assert.ok(low >= 20 && low < high && high <= MOST_MM, `${low} mm, then ${high} mm`);
  }
});
const innerBottom = (rect) => rect.y + rect.height;

test("B3: a double-click and Enter enlarge a lead, and take it back; names stay when zoomed", async (open) => {
  const page = await open();
  const leads = () =>
    inElement(page, ({ view, record }) => view.list.strips.map(({ lead }) => record.leads[lead].name).join(" "));
  const twelve = await leads();
  const middleOf = (name) =>
    inElement(
      page,
      ({ view, record }, wanted) => {
        const { scale, x, y } = view.place;
        const strip = view.list.strips.find(({ lead }) => record.leads[lead].name === wanted);
        return { x: x + (strip.x + strip.width / 2) * scale, y: y + (strip.top + strip.height / 2) * scale };
      },
      name,
    );
  await page.dblclick("#ecg", { position: await middleOf("V2") });
  await until("V2 alone", async () => (await drawn(page), (await leads()) === "V2"));
  await page.dblclick("#ecg", { position: await middleOf("V2") });
  await until("all leads", async () => (await drawn(page), (await leads()) === twelve));
  await page.focus("#ecg");
  await page.keyboard.press("Enter");
  await drawn(page);
  assert.equal((await leads()).split(" ").length, 1);
  await page.keyboard.press("Enter");
  await drawn(page);
  assert.equal(await leads(), twelve);
  const inked = () =>
    inElement(page, ({ view }) => {
      view.draw();
      const at = devicePixelRatio;
      const { scale, y } = view.place;
      const strip = view.list.strips.find((s) => s.seconds === 10);
      const top = y + strip.top * scale;
      const { data } = view.canvas.getContext("2d").getImageData(24 * at, top + 4, 18 * at, 16 * at);
      return data.filter((v, i) => i % 4 === 0 && v < 90).length;
    });
  for (let i = 0; i < 3; i++) await page.keyboard.press("+");
  await inElement(page, ({ view }) => view.pan(-1e4, -1e4));
  assert.ok((await inked()) > 8, "the rhythm strip's name stands at the left edge");
});

test("W1: one word for one thing", async (open) => {
  const page = await open("/");
  const seen = () => inElement(page, (element) => element.root.querySelector(".app").innerText);
  const texts = [await seen()];
  await drop(page, variants(5).flatMap(load));
  await analysed(page);
  texts.push(await seen());
  await page.click("#table-close");
  texts.push(await seen());
  await page.click("#labels summary");
  await page.click("#network summary");
  texts.push(await seen());
  for (const menu of ["open-menu", "save-menu", "more-menu"]) {
    await page.click(`#${menu}`);
    texts.push(await seen());
  }
  await inElement(page, (element) => element.openSample("00219_hr"));
  await measured(page);
  await inElement(page, (element) => element.measurements.done);
  for (const [key, shown] of Object.entries({ a: "#beat-dialog svg", d: "#compare-dialog svg" })) {
    await inElement(page, (element, pressed) => element.keys.press(pressed), key);
    await page.locator(shown).first().waitFor();
    texts.push(await inElement(page, (element, id) => element.root.querySelector(id).innerText, shown.split(" ")[0]));
    await page.keyboard.press("Escape");
  }
  await page.click("#calipers");
  await page.click("#present");
  texts.push(await seen());
  // "Normal ECG" is what PTB-XL says of a record.
  const allowed = /This is not a normal report: .*|Not for diagnosis, .*|normal ECG/gi;
  for (const text of texts) {
    const rest = text.replace(allowed, "");
    for (const word of [
      "label",
      "positives",
      "window",
      "reaches",
      "evidence lies",
      "abnormal",
      "diagnosis",
      "contraction",
      "bpm",
      "normal",
      "lines",
    ])
      assert.doesNotMatch(rest, new RegExp(`\\b${word}`, "i"), word);
  }
});
