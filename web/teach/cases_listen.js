/** The rhythm as clicks, one at each R peak that was measured, for those who do not see it, and as an exercise for those who do. */

import { make } from "../base/dom.js";

const CLICK_HZ = 1000;
const CLICK_S = 0.03;
const LOUD = 0.3;
/** s before the first, which would be cut off else. */
const LEAD_IN_S = 0.2;

/** @param {import("./cases_language.js").Words} words @param {number[]} times  of beats, s @param {number} from  s, of what
 * is shown @param {number} seconds @returns {HTMLButtonElement} */
export function listenButton(words, times, from, seconds) {
  const shown = times.filter((time) => time >= from && time <= from + seconds).map((time) => time - from);
  const button = make("button", { type: "button", textContent: words("listen"), disabled: !shown.length });
  button.setAttribute("aria-pressed", "false");
  /** @type {AudioContext | null} */
  let playing = null;
  const stop = () => {
    playing?.close();
    playing = null;
    button.textContent = words("listen");
    button.setAttribute("aria-pressed", "false");
  };
  button.addEventListener("click", () => {
    if (playing) return stop();
    playing = play(shown, seconds, stop);
    button.textContent = words("listen-stop");
    button.setAttribute("aria-pressed", "true");
  });
  return button;
}

/** @param {number[]} times  s from now @param {number} seconds @param {() => void} ended */
function play(times, seconds, ended) {
  const audio = new AudioContext();
  const begin = audio.currentTime + LEAD_IN_S;
  for (const time of times) {
    const [tone, gain] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = CLICK_HZ;
    gain.gain.setValueAtTime(LOUD, begin + time);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + time + CLICK_S);
    tone.connect(gain).connect(audio.destination);
    tone.start(begin + time);
    tone.stop(begin + time + CLICK_S);
  }
  const last = audio.createOscillator();
  last.addEventListener("ended", () => audio.state !== "closed" && ended());
  last.start(begin + seconds);
  last.stop(begin + seconds);
  return audio;
}
