// @ts-check
// The page at work: every change of the state begins here, and is then drawn.
import { FAR, fitting, lookingAt, shows, whole, zoomed } from "./camera.mjs";
import { foldEvery, following, isOpen, moveTo, newState, preceding, toggleFold, unitOf } from "./computation.mjs";
import { layOut } from "./packing.mjs";
import { describe, tell } from "./panel.mjs";
import { onPointer } from "./pointer.mjs";
import { $, Scene } from "./scene.mjs";

const SMALL = .45, MANY = 60;  // a graph of more nodes that would be smaller than this begins folded
const PAUSE = 900;  // milliseconds between steps that play
/** @type {Record<string, string>} */
const KEYS = {
  Home: "first", ArrowLeft: "back", " ": "play", ArrowRight: "next", End: "last",
  "-": "out", "0": "fit", "+": "in", f: "fold",
};

/** @typedef {import("./computation.mjs").Choice} Choice */

class Page {
  /** @param {import("./computation.mjs").Graph} graph */
  constructor(graph) {
    this.state = newState(graph);
    this.scene = new Scene(this.state, this);
    this.playing = 0;
    this.readable = matchMedia("(max-width: 48rem)").matches ? 1.1 : .9;  // the scale that steps are followed at
  }

  // --- looking around ---
  get room() { return this.scene.svg.getBoundingClientRect(); }
  /** @param {import("./camera.mjs").View} view */
  look(view) {
    this.state.view = view;
    this.scene.apply();
  }
  /** @param {import("./packing.mjs").Spot} spot */
  lookAt({ x, y }, k = this.readable) { this.look(lookingAt(x, y, k, this.state.frame, this.room)); }
  fit() { this.look(whole(this.state.frame, this.room)); }
  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoom(factor, x = this.room.width / 2, y = this.room.height / 2) { this.look(zoomed(this.state.view, factor, x, y)); }
  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    const { view } = this.state;
    this.look({ ...view, x: view.x + dx, y: view.y + dy });
  }
  /** @param {number} unit */
  reveal(unit) {
    const spot = this.state.spots.get(unit), { view } = this.state;
    if (spot && !shows(view, spot, this.room)) this.lookAt(spot, view.k);
  }
  /** The unit that was computed last, or NaN. */
  get current() {
    const { node } = this.state.steps[this.state.at];
    return node < 0 ? NaN : unitOf(this.state, node);
  }

  // --- where units stand ---
  /** @param {number} layout */
  arrange(layout) {
    this.state.layout = layout;
    layOut(this.state);
  }
  /** Take the layout that leaves the text larger, to the right or downwards, and show all of it. */
  settle() {
    const scales = this.state.graph.layouts.map((_, layout) => {
      this.arrange(layout);
      return fitting(this.state.frame, this.room);
    });
    const best = scales.indexOf(Math.max(...scales));
    if (best !== this.state.layout) this.arrange(best);
    this.scene.arrange();
    this.fit();
  }
  /** Show all, or where that would be too small to read the beginning, or the present step. */
  showReadably() {
    this.settle();
    const { view, spots, layout } = this.state;
    if (view.k >= this.readable) return;
    const first = [...spots.values()].reduce((a, b) => (layout ? b.y < a.y : b.x < a.x) ? b : a);
    this.lookAt(spots.get(this.current) ?? first);
  }
  /** @param {number} box */
  toggle(box) {
    const { state } = this, shut = toggleFold(state, box);
    if (state.chosen?.box === box) state.chosen = null;
    this.settle();
    this.tell();
    const first = state.spots.get(state.members[box][0]);
    if (!shut && first && state.view.k < FAR) this.lookAt(first);
  }
  /** @param {boolean} shut */
  foldAll(shut) {
    foldEvery(this.state, shut);
    this.settle();
    this.tell();
  }

  // --- steps ---
  /** @param {number} target */
  go(target) {
    moveTo(this.state, target).forEach(unit => this.scene.paint(unit));
    this.scene.light();
    this.tell();
    if (this.state.at === this.state.end) this.pause();
  }
  /** @param {number} target */
  step(target) {
    this.pause();
    this.go(target);
    this.reveal(this.current);
  }
  play() {
    if (this.playing) return this.pause();
    if (this.state.at === this.state.end) this.go(0);
    this.playing = window.setInterval(() => { this.go(following(this.state)); this.reveal(this.current); }, PAUSE);
    this.sayPlaying();
  }
  pause() {
    clearInterval(this.playing);
    this.playing = 0;
    this.sayPlaying();
  }
  sayPlaying() {
    $("play").textContent = this.playing ? "❚❚ Pause" : "▶ Play";
    $("play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }
  tell() {
    tell(this.state);
    describe(this.state, this);
  }
  /** @param {Choice} choice */
  choose(choice) {
    this.state.chosen = choice;
    this.scene.markChosen();
    describe(this.state, this);
    $("about").scrollIntoView({ block: "nearest" });
  }
}

/** @param {boolean} yes */
function darken(yes) { document.documentElement.dataset.theme = yes ? "dark" : "light"; }

/** @param {Page} page @returns {Record<string, () => void>} what the buttons do, by their ids */
function actionsOf(page) {
  const { state } = page;
  return {
    first: () => page.step(0), back: () => page.step(preceding(state)), play: () => page.play(),
    next: () => page.step(following(state)), last: () => page.step(state.end),
    out: () => page.zoom(.8), fit: () => page.fit(), in: () => page.zoom(1.25),
    fold: () => page.foldAll(state.graph.first.some(box => isOpen(state, box))),
    theme: () => darken(document.documentElement.dataset.theme !== "dark"),
  };
}
/** @param {Page} page */
function connect(page) {
  const { state, scene } = page, actions = actionsOf(page);
  for (const id in actions) $(id).onclick = actions[id];
  $("place").max = state.end;
  $("place").oninput = (/** @type {any} */ e) => page.step(+e.target.value);
  $("fold").hidden = state.graph.boxes.every(box => box.shut);
  onPointer(scene.svg, (dx, dy) => page.pan(dx, dy), (factor, x, y) => page.zoom(factor, x, y));
  window.addEventListener("keydown", e => {
    const id = KEYS[e.key], target = /** @type {HTMLElement} */ (e.target);
    const typed = e.key === " " && target.tagName === "BUTTON" || target.id === "place";
    if (!id || $(id).hidden || typed || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    actions[id]();
  });
  let { innerWidth } = window;
  window.addEventListener("resize", () => {  // a phone's bars come and go: only a turned screen is another one
    if (window.innerWidth !== innerWidth) { innerWidth = window.innerWidth; page.showReadably(); }
  });
}

/** Show a computation. @param {import("./computation.mjs").Graph} graph */
export function start(graph) {
  const page = new Page(graph), { state } = page;
  connect(page);
  darken(matchMedia("(prefers-color-scheme: dark)").matches);
  page.settle();
  if (!graph.fixed && graph.nodes.length > MANY && fitting(state.frame, page.room) < SMALL) foldEvery(state, true);
  page.showReadably();
  page.tell();
  return page;
}
