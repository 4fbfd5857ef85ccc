// @ts-check
// The panel: what was computed last, and what is known of what was chosen; and the slider above it.
import { $ } from "./scene.mjs";
import { now, ofBox, ofNode, place } from "./words.mjs";

/**
 * @typedef {import("./computation.mjs").State} State
 * @typedef {{choose: (choice: import("./computation.mjs").Choice) => void, toggle: (box: number) => void}} Openers
 */

/** @param {Element} parent @param {string} tag @param {string} text @returns {HTMLElement} */
function append(parent, tag, text, look = "") {
  const e = document.createElement(tag);
  e.textContent = text;
  e.className = look;
  parent.append(e);
  return e;
}
/** @param {Element} parent @param {import("./words.mjs").Paragraph[]} paragraphs */
function appendAll(parent, paragraphs) { paragraphs.forEach(({ text, look }) => append(parent, "p", text, look)); }

/** @param {State} state */
export function tell(state) {
  const { heading, paragraphs } = now(state), panel = $("now");
  panel.replaceChildren();
  append(panel, "h1", heading);
  appendAll(panel, paragraphs);
  $("place").value = state.at;
  $("place").setAttribute("aria-valuetext", `step ${state.at} of ${state.end}`);
  $("where").textContent = place(state);
}
/** @param {State} state @param {Openers} openers */
export function describe(state, openers) {
  const { chosen } = state, panel = $("about");
  panel.replaceChildren();
  if (chosen?.box !== undefined) describeBox(state, chosen.box, panel, openers);
  if (chosen?.node !== undefined) {
    const { heading, paragraphs } = ofNode(state, chosen.node);
    append(panel, "h2", heading);
    appendAll(panel, paragraphs);
  }
}
/** @param {State} state @param {number} box @param {Element} panel @param {Openers} openers */
function describeBox(state, box, panel, openers) {
  const { heading, members, paragraphs } = ofBox(state, box);
  append(panel, "h2", heading);
  if (!state.graph.boxes[box].shut) append(panel, "button", "Open this group").onclick = () => openers.toggle(box);
  for (const { node, title, numbers } of members) {
    const button = append(panel, "button", "", "member");
    append(button, "span", title);
    append(button, "span", numbers, "quiet");
    button.onclick = () => openers.choose({ node });
  }
  appendAll(panel, paragraphs);
}
