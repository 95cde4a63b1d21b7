/**
 * What is told of a play: events to the page around, statements, and a course where there is one. A course that does not
 * take something is said once, and the play goes on.
 */

import { actorOf, Statements, tasksOf } from "./cases_results.js";
import { button, saveCsv } from "./cases_screens.js";
import { Course } from "./cases_scorm.js";
import { suspend } from "./cases_state.js";

export class Reporter {
  /** @param {import("./cases_player.js").CasePlayer} player */
  constructor(player) {
    this.player = player;
    const { host, set, learner, session } = player;
    this.statements = new Statements(set, actorOf(host.actor, learner, session), session);
    /** @type {Course | null} */
    this.course = null;
    this.inCourse = false;
    this.looking = true;
    this.problem = "";
    this.began = Date.now();
  }

  /** @returns {Promise<string>} what a course has kept of the time before, "" where there is none */
  async findCourse() {
    const { options } = this.player;
    if (!options.preview) {
      this.course = new Course(window, { lost: (why) => this.lost(why) });
      this.course.beforeLeaving = () => this.course?.save(this.courseState);
      this.inCourse = await this.course.begin();
    }
    this.looking = false;
    return this.inCourse ? (this.course?.kept ?? "") : "";
  }

  /** @param {string} why */
  lost(why) {
    this.problem = why;
    const { player } = this;
    player.problem.replaceChildren(
      `${player.words("course-lost", { why })} `,
      button(player.words("save-csv"), () => saveCsv(player)),
    );
  }

  get whereText() {
    const { words } = this.player;
    if (this.looking) return words("results-looking");
    return this.inCourse ? words("results-course") : words("results-here");
  }

  get courseState() {
    const { set, seed, fullOrder, score100 } = this.player;
    const at = this.player.firstOpen();
    const place = this.player.order[Math.min(at, this.player.order.length - 1)];
    return {
      score: score100,
      location: set.cases[place]?.id ?? "",
      suspend: suspend(set, { seed, order: fullOrder, at, states: this.keptStates }),
    };
  }

  /** Of each case the attempt that counts; where there is none, what is answered so far. */
  get keptStates() {
    const { states, log, results } = this.player;
    const kept = new Map(states);
    for (const [i, { place, state }] of log.entries()) if (results?.cases[i]?.counted) kept.set(place, state);
    return kept;
  }

  /** To the page around. @param {string} type @param {object} detail */
  tell(type, detail) {
    if (this.player.options.preview) return;
    this.player.host.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  begin() {
    const { host, learner, session } = this.player;
    this.began = Date.now();
    this.statements.actor = actorOf(host.actor, learner, session); // the name is typed before the first case
    this.tell("statement", this.statements.initialized());
  }

  /** A committed case. @param {import("./cases_case.js").CaseScreen} screen
   * @param {import("./cases_results.js").CaseResult} result */
  caseDone({ state, one }, result) {
    const { set, play } = this.player;
    if (!play) return;
    const own = tasksOf(play).filter(({ attempt }) => attempt.state === state);
    for (const each of own) {
      const { points, max_points, share } = each.result;
      const { id, type } = each.task;
      const response = each.response ?? null;
      this.tell("answer", { set: set.id, case: one.id, task: id, type, response, points, max_points, share });
      this.tell("statement", this.statements.answered(each));
    }
    const { points, max_points, score } = result;
    const { attempt, certainty, seconds } = state;
    this.tell("case-done", { set: set.id, case: one.id, attempt, points, max_points, score, certainty, seconds });
    this.course?.report(set, own, this.courseState);
  }

  /** A text's writer has said whether it was right. */
  changed() {
    this.course?.save(this.courseState);
  }

  setDone() {
    const { results, set, log, score100: score, passed, words } = this.player;
    if (!results) return;
    const seconds = log.reduce((sum, { state }) => sum + state.seconds, 0);
    for (const statement of this.statements.ended({ ...results, score, passed }, seconds))
      this.tell("statement", statement);
    this.tell("statement", this.statements.terminated((Date.now() - this.began) / 1000));
    const { points, max_points } = results;
    this.tell("set-done", { set: set.id, score, passed, points, max_points, cases: log.length });
    this.course?.save(this.courseState);
    this.course?.end(passed);
    if (this.inCourse && !this.problem) this.player.say(words("course-stored"));
  }

  close() {
    this.course?.leave();
  }
}
