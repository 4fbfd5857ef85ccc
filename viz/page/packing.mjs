// @ts-check
// Where units stand: at Graphviz's places while all is open; after folding in the same order, drawn together.
// Everything is computed along the graph (a) and across it (c), whichever way it goes.
import { boxOfUnit, foldedAround, holders, unitOf } from "./computation.mjs";
import { TITLE, short } from "./words.mjs";

/**
 * @typedef {import("./computation.mjs").State} State
 * @typedef {object} Spot  a unit: its middle (x, y) and size; the same along and across; and what Graphviz gave it
 * @property {number} unit
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 * @property {number} a
 * @property {number} c
 * @property {number} da
 * @property {number} dc
 * @property {number} a0
 * @property {number} a1
 * @property {number} c0
 * @property {number} c1
 * @property {number} sum  of the places along of its operations
 * @property {number} n    how many those are
 */

const ROOM = { along: 46, across: 32 };  // between units, after folding
const CROWD = 200;  // units: with more, curves do not look for what is in their way
const FOLDED_HEIGHT = 58;

/** @param {State} state @returns {boolean} whether the graph goes to the right, and not downwards */
const goesRight = ({ graph, layout }) => graph.layouts[layout].direction === "LR";

/** @param {State} state @param {number} unit @returns {number[]} width and height */
export function sizeOf({ graph }, unit) {
  const laid = graph.layouts[0].boxes;
  if (unit >= 0) return laid[unit].slice(2);
  const box = boxOfUnit(unit);
  if (graph.fixed && box < laid.length) return laid[box].slice(2);
  return [Math.max(150, short(graph.boxes[box].title, TITLE).length * 8 + 60), FOLDED_HEIGHT];
}

/** @param {State} state @returns {boolean} whether anything is folded that Graphviz has seen open */
const isFolded = ({ graph, folded }) => [...folded].some(box => !graph.boxes[box].shut);
/** @param {State} state @param {number} i @returns {number} the unit in which what Graphviz placed is drawn */
const unitAt = (state, i) => state.graph.fixed ? -1 - foldedAround(state, i) : unitOf(state, i);

/** Place every unit. @param {State} state */
export function layOut(state) {
  const right = goesRight(state), spots = extents(state, right);
  spots.forEach(t => {
    [t.w, t.h] = sizeOf(state, t.unit);
    [t.da, t.dc] = right ? [t.w, t.h] : [t.h, t.w];
    t.a = (t.a0 + t.a1) / 2;
    t.c = (t.c0 + t.c1) / 2;
  });
  if (isFolded(state)) pack(spots);
  spots.forEach(t => { [t.x, t.y] = right ? [t.a, t.c] : [t.c, t.a]; });
  state.spots = new Map(spots.map(t => [t.unit, t]));
  const [x0, y0, x1, y1] = around(spots);
  const deep = Math.max(0, ...state.graph.boxes.map((_, box) => holders(state.graph, box).length - 1));
  state.frame = [x0 - 14 - 8 * deep, y0 - 28 - 20 * deep, x1 + 14 + 8 * deep, y1 + 14 + 8 * deep];
}
/** @param {Spot[]} spots @returns {number[]} x0, y0, x1, y1 */
export function around(spots) {
  const low = (/** @type {(t: Spot) => number} */ f) => Math.min(...spots.map(f));
  const high = (/** @type {(t: Spot) => number} */ f) => Math.max(...spots.map(f));
  return [low(t => t.x - t.w / 2), low(t => t.y - t.h / 2), high(t => t.x + t.w / 2), high(t => t.y + t.h / 2)];
}

/**
 * Every unit's extent along the graph (a0 to a1) and across it (c0 to c1), as Graphviz has it.
 * @param {State} state @param {boolean} right @returns {Spot[]}
 */
function extents(state, right) {
  const { graph } = state, { boxes } = graph.layouts[state.layout];
  /** @type {Map<number, Spot>} */
  const spots = new Map();
  boxes.forEach(([x, y, w, h], i) => {
    const unit = unitAt(state, i);
    const [a, c, da, dc] = right ? [x, y, w / 2, h / 2] : [y, x, h / 2, w / 2];
    const t = spots.get(unit) ?? newSpot(unit);
    spots.set(unit, t);
    t.a0 = Math.min(t.a0, a - da); t.a1 = Math.max(t.a1, a + da);
    t.c0 = Math.min(t.c0, c - dc); t.c1 = Math.max(t.c1, c + dc);
    if (graph.fixed || graph.nodes[i].parents.length) { t.sum += a; t.n++; }
  });
  return [...spots.values()];
}
/** @param {number} unit @returns {Spot} */
function newSpot(unit) {
  const nowhere = { x: 0, y: 0, w: 0, h: 0, a: 0, c: 0, da: 0, dc: 0 };
  return { unit, ...nowhere, a0: Infinity, a1: -Infinity, c0: Infinity, c1: -Infinity, sum: 0, n: 0 };
}

// --- packing ---
/** @typedef {(t: Spot) => number} Key */
/** @typedef {(spots: Spot[], low: Key, high: Key) => number[]} Placing  the beginning of each spot */

/**
 * After folding, what stood before something still does; a folded group stands where its operations stood on average.
 * Across, only what would collide is kept apart. Each axis is packed to its beginning and to its end, and the mean of
 * both keeps things apart as both do, and is centred.
 * @param {Spot[]} spots
 */
export function pack(spots) {
  spots.forEach(t => { if (t.unit < 0) t.a0 = t.a1 = t.n ? t.sum / t.n : (t.a0 + t.a1) / 2; });
  const a = middles(spots, along, t => t.a0, t => t.a1, t => t.da);
  spots.forEach((t, i) => { t.a = a[i]; });
  const c = middles(spots, sideways, t => t.c0, t => t.c1, t => t.dc);
  spots.forEach((t, i) => { t.c = c[i]; });
}
/** @param {Spot[]} spots @param {Placing} placing @param {Key} low @param {Key} high @param {Key} size */
function middles(spots, placing, low, high, size) {
  const forth = placing(spots, low, high), back = placing(spots, t => -high(t), t => -low(t));
  const total = Math.max(...spots.map((t, i) => forth[i] + size(t)));
  return spots.map((_, i) => (forth[i] + total - back[i]) / 2);
}
/** @param {Spot[]} spots @param {Key} key @returns {number[]} their numbers, in the key's order */
const sorted = (spots, key) => spots.map((_, i) => i).sort((i, j) => key(spots[i]) - key(spots[j]));
/** @type {Placing} */
function along(spots, low, high) {
  /** @type {number[]} */
  const start = [], ends = sorted(spots, high);
  let passed = 0, free = 0;
  for (const j of sorted(spots, low)) {
    for (; passed < ends.length; passed++) {
      const i = ends[passed];
      if (start[i] === undefined || high(spots[i]) > low(spots[j]) - .5) break;
      free = Math.max(free, start[i] + spots[i].da + ROOM.along);
    }
    start[j] = free;
  }
  return start;
}
/** @type {Placing} */
function sideways(spots, low, high) {
  /** @type {number[]} */
  const start = [], done = [];
  for (const j of sorted(spots, low)) {
    start[j] = 0;
    for (const i of done) {
      const near = Math.abs(spots[i].a - spots[j].a) < (spots[i].da + spots[j].da + ROOM.along) / 2;
      if (!near || high(spots[i]) > low(spots[j]) + .5) continue;
      start[j] = Math.max(start[j], start[i] + spots[i].dc + ROOM.across);
    }
    done.push(j);
  }
  return start;
}

// --- curves ---
/**
 * The curves between units, as paths of SVG, by "source>target".
 * @param {State} state @returns {Map<string, string>}
 */
export function curves(state) {
  const { graph, spots } = state, right = goesRight(state), bent = isFolded(state);
  /** @type {Map<string, string>} */
  const paths = new Map();
  for (const [source, target, path] of graph.layouts[state.layout].edges) {
    const [a, b] = [source, target].map(i => unitAt(state, i)), key = `${a}>${b}`;
    const from = spots.get(a), to = spots.get(b);
    if (a !== b && from && to && !paths.has(key)) paths.set(key, bent ? bend(spots, from, to, right) : path);
  }
  return paths;
}
/**
 * A curve from one unit's end to another's beginning, which goes round what stands between them.
 * @param {Map<number, Spot>} spots @param {Spot} from @param {Spot} to @param {boolean} right
 */
function bend(spots, from, to, right) {
  /** @type {(a: number, c: number) => string} */
  const point = (a, c) => right ? `${a.toFixed(1)},${c.toFixed(1)}` : `${c.toFixed(1)},${a.toFixed(1)}`;
  /** @type {(a: number, c: number, b: number, d: number) => string} */
  const curve = (a, c, b, d) => {
    const e = Math.max(18, (b - a) / 2);
    return `C${point(a + e, c)} ${point(b - e, d)} ${point(b, d)}`;
  };
  const a0 = from.a + from.da / 2, a1 = to.a - to.da / 2, start = `M${point(a0, from.c)}`;
  const between = obstacles(spots, from, to, a0, a1);
  if (!between.length) return start + curve(a0, from.c, a1, to.c);
  const low = Math.min(...between.map(t => t.c - t.dc / 2)) - 16;
  const high = Math.max(...between.map(t => t.c + t.dc / 2)) + 16;
  const middle = (from.c + to.c) / 2, c = middle - low < high - middle ? low : high;
  const b0 = Math.min(...between.map(t => t.a - t.da / 2)), b1 = Math.max(...between.map(t => t.a + t.da / 2));
  return `${start}${curve(a0, from.c, b0, c)}L${point(b1, c)}${curve(b1, c, a1, to.c)}`;
}
/** @param {Map<number, Spot>} spots @param {Spot} from @param {Spot} to @param {number} a0 @param {number} a1 */
function obstacles(spots, from, to, a0, a1) {
  if (spots.size > CROWD) return [];
  return [...spots.values()].filter(t => {
    if (t === from || t === to || t.a - t.da / 2 < a0 || t.a + t.da / 2 > a1) return false;
    const c = from.c + (to.c - from.c) * (t.a - a0) / (a1 - a0 || 1);
    return Math.abs(c - t.c) < t.dc / 2 + 8;
  });
}
