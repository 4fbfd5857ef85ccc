// @ts-check
// The picture: an element for every unit, box outline and curve. It reads the state, and writes none of it.
import { NO_UNIT, boxOfUnit, isOpen, receivers, runStart, unitOf } from "./computation.mjs";
import { FAR } from "./camera.mjs";
import { around, curves, sizeOf } from "./packing.mjs";
import { NAME, TITLE, boxText, nodeText, short } from "./words.mjs";

/**
 * @typedef {import("./computation.mjs").State} State
 * @typedef {{g: SVGElement, data?: SVGElement, grad?: SVGElement}} Card
 * @typedef {{g: SVGElement, rect: SVGElement, text: SVGElement, handle: SVGElement}} Outline
 * @typedef {{choose: (choice: import("./computation.mjs").Choice) => void, toggle: (box: number) => void,
 *   reveal: (unit: number) => void}} Actions
 */

const NAMESPACE = "http://www.w3.org/2000/svg";
const LOOKS = ["lit", "back", "got"];

/** @param {string} id @returns {any} */
export const $ = id => document.getElementById(id);

/** @param {string} tag @param {Record<string, unknown>} attributes @param {Element} parent @returns {SVGElement} */
function make(tag, attributes, parent) {
  const e = document.createElementNS(NAMESPACE, tag);
  put(e, attributes);
  parent.append(e);
  return /** @type {SVGElement} */ (e);
}
/** @param {Element} e @param {Record<string, unknown>} attributes */
function put(e, attributes) { for (const name in attributes) e.setAttribute(name, String(attributes[name])); }

export class Scene {
  /** @param {State} state @param {Actions} actions */
  constructor(state, actions) {
    this.state = state;
    this.actions = actions;
    this.svg = $("scene");
    this.world = $("world");
    this.addTip();
    const [clusters, edges, units] = ["clusters", "edges", "units"].map(id => make("g", { id }, this.world));
    this.layers = { clusters, edges, units };
    const { nodes, boxes, fixed } = state.graph;
    /** @type {Card[]} */
    this.nodes = fixed ? [] : nodes.map((_, i) => this.newNode(i));
    /** @type {Card[]} */
    this.boxes = boxes.map((_, k) => this.newBox(k));
    /** @type {Outline[]} */
    this.outlines = boxes.map((_, k) => this.newOutline(k));
    /** @type {Map<string, SVGElement>} */
    this.curves = new Map();
    /** @type {[Element, string][]} */
    this.lit = [];
  }

  // --- elements ---
  addTip() {
    const tip = make("marker", {
      id: "tip", viewBox: "0 0 8 7", refX: 7, refY: 3.5, markerWidth: 7, markerHeight: 7,
      markerUnits: "userSpaceOnUse", orient: "auto",
    }, make("defs", {}, this.svg));
    make("path", { d: "M0,0L8,3.5L0,7z", fill: "context-stroke" }, tip);
  }
  /** @param {number} i @returns {Card} */
  newNode(i) {
    const n = this.state.graph.nodes[i], name = short(n.name, NAME);
    const card = this.newCard(n.kind, n.sign ? `${name} = ${n.sign}` : name, i, n.kind === "constant");
    card.g.dataset.node = String(i);
    onPress(card.g, () => this.actions.choose({ node: i }));
    return card;
  }
  /** @param {number} k @returns {Card} */
  newBox(k) {
    const { graph, members } = this.state, { kind, title } = graph.boxes[k], unit = boxOfUnit(k);
    const card = this.newCard(kind, short(title, TITLE), unit, false, members[k].length > 1);
    card.g.dataset.box = String(k);
    onPress(card.g, () => this.actions.choose({ box: k }));
    if (!graph.boxes[k].shut) {
      const opener = make("text", { class: "opener", x: 14 - sizeOf(this.state, unit)[0] / 2, y: -8 }, card.g);
      opener.textContent = "▸";
      opener.addEventListener("click", e => { e.stopPropagation(); this.actions.toggle(k); });
    }
    return card;
  }
  /** @param {string} kind @param {string} title @param {number} unit @param {boolean} plain @returns {Card} */
  newCard(kind, title, unit, plain, pile = false) {
    const [w, h] = sizeOf(this.state, unit);
    const g = make("g", { class: `node ${kind}`, tabindex: 0, role: "button" }, this.layers.units);
    if (pile) [5, 2.5].forEach(d => face(g, kind, w, h, d));
    face(g, kind, w, h).classList.add("face");
    make("text", { class: "title", y: plain ? 4 : -10 }, g).textContent = title;
    g.addEventListener("focus", () => { if (g.matches(":focus-visible")) this.actions.reveal(unit); });
    return plain ? { g } : { g, data: make("text", { y: 5 }, g), grad: make("text", { y: 19 }, g) };
  }
  /** @param {number} k @returns {Outline} */
  newOutline(k) {
    const { graph, members } = this.state, { title } = graph.boxes[k], name = `▾ ${short(title, TITLE)}`;
    const g = make("g", {
      class: "cluster", tabindex: 0, role: "button", "aria-expanded": true,
      "aria-label": `${title}, ${members[k].length} nodes`,
    }, this.layers.clusters);
    const rect = make("rect", { rx: 8 }, g), text = make("text", {}, g);
    text.textContent = name;
    const handle = make("rect", { class: "handle", width: name.length * 8 + 16, height: 22 }, g);
    onPress(g, () => this.actions.toggle(k));
    return { g, rect, text, handle };
  }
  /** @param {number} unit @returns {Card | undefined} */
  card(unit) { return unit < 0 ? this.boxes[boxOfUnit(unit)] : this.nodes[unit]; }

  // --- where they stand ---
  /** Draw what `layOut` has placed. */
  arrange() {
    const { spots } = this.state;
    this.nodes.forEach((card, i) => card.g.classList.toggle("hidden", !spots.has(i)));
    this.boxes.forEach((card, k) => card.g.classList.toggle("hidden", !spots.has(boxOfUnit(k))));
    spots.forEach((t, unit) => {
      this.card(unit)?.g.setAttribute("transform", `translate(${t.x},${t.y})`);
      this.paint(unit);
    });
    this.outlines.forEach((_, k) => this.placeOutline(k));
    this.layers.edges.replaceChildren();
    this.curves = new Map([...curves(this.state)].map(([key, d]) => {
      return [key, make("path", { class: "edge", d }, this.layers.edges)];
    }));
    this.light();
    this.markChosen();
  }
  /** @param {number} k */
  placeOutline(k) {
    const { g, rect, text, handle } = this.outlines[k], { graph, members, spots } = this.state;
    const open = isOpen(this.state, k), deep = levels(graph, k);
    g.classList.toggle("hidden", !open);
    if (!open) return;
    const inside = [...new Set(members[k].map(i => unitOf(this.state, i)))].flatMap(unit => spots.get(unit) ?? []);
    const [left, top, right, bottom] = around(inside), x0 = left - 8 * deep, y0 = top - 20 * deep;
    const x1 = right + 8 * deep, y1 = bottom + 8 * deep;
    put(rect, { x: x0 - 7, y: y0 - 20, width: x1 - x0 + 14, height: y1 - y0 + 27 });
    put(text, { x: x0, y: y0 - 6 });
    put(handle, { x: x0 - 7, y: y0 - 22 });
  }
  apply() {
    const { x, y, k } = this.state.view;
    this.world.setAttribute("transform", `translate(${x},${y}) scale(${k})`);
    this.world.classList.toggle("far", k < FAR);
  }

  // --- what they say ---
  /** @param {number} unit */
  paint(unit) {
    const { known, computed, operations } = this.state, box = boxOfUnit(unit), card = this.card(unit);
    if (!card) return;
    const text = unit < 0 ? boxText(this.state, box) : nodeText(this.state, unit);
    const waiting = unit < 0 ? computed[box] === 0 && operations[box] > 0 : !known[unit];
    card.g.classList.toggle("waiting", waiting);
    if (card.data) card.data.textContent = text.data;
    if (card.grad) card.grad.textContent = text.grad;
    card.g.setAttribute("aria-label", text.label);
  }
  /** Light what the steps taken together have computed, and what has received a derivative. */
  light() {
    this.lit.forEach(([e, look]) => e.classList.remove(look));
    this.lit = [];
    const { steps, at } = this.state;
    if (steps[at].kind === "start") return;
    for (let k = runStart(this.state, at); k <= at; k++) this.lightStep(steps[k]);
  }
  /** @param {import("./computation.mjs").Step} step */
  lightStep(step) {
    const { state } = this, unit = unitOf(state, step.node), back = step.kind === "backward";
    this.add(this.card(unit)?.g, "lit");
    if (step.kind === "seed") return;
    for (const p of state.graph.nodes[step.node].parents) {
      const from = unitOf(state, p);
      if (from !== unit) this.add(this.curves.get(`${from}>${unit}`), back ? "back" : "lit");
    }
    if (back) {
      receivers(state, step).map(([p]) => unitOf(state, p)).filter(from => from !== unit)
        .forEach(from => this.add(this.card(from)?.g, "got"));
    }
  }
  /** @param {Element | undefined} e @param {string} look */
  add(e, look) {
    if (!e || LOOKS.some(other => e.classList.contains(other))) return;
    e.classList.add(look);
    this.lit.push([e, look]);
  }
  markChosen() {
    const { chosen } = this.state;
    this.layers.units.querySelectorAll(".chosen").forEach(e => e.classList.remove("chosen"));
    const unit = chosen?.box !== undefined ? boxOfUnit(chosen.box)
      : chosen?.node !== undefined ? unitOf(this.state, chosen.node) : NO_UNIT;
    this.card(unit)?.g.classList.add("chosen");
  }
}

/**
 * How many boxes are around one another inside a box.
 * @param {import("./computation.mjs").Graph} graph @param {number} box @returns {number}
 */
function levels({ boxes }, box) {
  let deep = 0;
  for (const k of boxes.keys()) {
    let above = boxes[k].parent, n = 1;
    while (above >= 0 && above !== box) { above = boxes[above].parent; n++; }
    if (above === box) deep = Math.max(deep, n);
  }
  return deep;
}
/** @param {SVGElement} e @param {() => void} act */
function onPress(e, act) {
  e.addEventListener("click", act);
  e.addEventListener("keydown", k => { if (k.key === "Enter") { k.stopPropagation(); act(); } });
}
/** @param {SVGElement} g @param {string} kind @param {number} w @param {number} h */
function face(g, kind, w, h, shift = 0) {
  const round = kind === "input" ? h / 2 : kind === "operation" || kind === "result" ? 9 : 0;
  const at = { x: shift - w / 2, y: shift - h / 2, width: w, height: h, rx: round };
  const rect = make("rect", { ...at, style: `fill: var(--${kind})` }, g);
  if (kind === "result" && !shift) {
    make("rect", { x: 3 - w / 2, y: 3 - h / 2, width: w - 6, height: h - 6, rx: 7, style: "fill: none" }, g);
  }
  return rect;
}
