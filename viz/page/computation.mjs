// @ts-check
// The computation, and where one stands in it: every operation forward, then the seed, then every operation backward.
// Here, in words.mjs, packing.mjs and camera.mjs nothing knows of a browser.

/**
 * @typedef {{name: string, sign: string, op: string, kind: string, data: number, parents: number[],
 *   box: number}} GraphNode
 * @typedef {{title: string, kind: string, parent: number, shut: boolean}} Box  what folds into one; `parent` holds it
 * @typedef {[number, number, string]} Arrow  source, target, and the curve between them
 * @typedef {{direction: string, size: number[], boxes: number[][], edges: Arrow[]}} Layout  boxes are [x, y, w, h]
 * @typedef {{node: number, locals: number[], sent: number[]}} Pullback  local derivatives, and what goes to each parent
 * @typedef {{nodes: GraphNode[], root: number, fixed: boolean, boxes: Box[], first: number[], layouts: Layout[],
 *   sweep: Pullback[]}} Graph  `first` is folded at first sight; where it is fixed no node is drawn, and boxes may be shut
 *
 * @typedef {{kind: "start" | "forward" | "seed" | "backward", node: number, locals: number[], sent: number[]}} Step
 * @typedef {[number, number]} Contribution  to a gradient: the step, and which operand of its node; -1 for the seed
 * @typedef {{node?: number, box?: number}} Choice
 *
 * @typedef {object} State
 * @property {Graph} graph
 * @property {Step[]} steps
 * @property {number} turn       the step at which derivatives begin to flow back
 * @property {number} end        the last step
 * @property {number[][]} members     of each box, its nodes
 * @property {number[]} operations    of each box, how many of them are computed
 * @property {number} at         the step one stands at
 * @property {boolean[]} known   of each node, whether its value is computed
 * @property {number[]} grads    of each node, the gradient so far
 * @property {Contribution[][]} arrived    of each node, what its gradient is the sum of
 * @property {number[]} computed      of each box, how many of its operations are done
 * @property {[number, number][][]} undo   of each step taken, the gradients before it
 * @property {Set<number>} folded     boxes drawn as one
 * @property {Choice | null} chosen   what the panel tells of
 * @property {number} layout     which of the graph's layouts is shown
 * @property {Map<number, import("./packing.mjs").Spot>} spots   where each unit stands
 * @property {number[]} frame    what all of them take: x0, y0, x1, y1
 * @property {import("./camera.mjs").View} view
 */

/** @type {number[]} */
const NOTHING = [];

/**
 * The state before the first step.
 * @param {Graph} graph
 * @returns {State}
 */
export function newState(graph) {
  const { nodes, boxes } = graph;
  const known = nodes.map(n => !n.parents.length);
  /** @type {number[][]} */
  const members = boxes.map(() => []);
  nodes.forEach((n, i) => holders(graph, n.box).forEach(box => members[box].push(i)));
  const steps = stepsOf(graph);
  return {
    graph, steps, members, known,
    turn: steps.findIndex(step => step.kind === "seed"), end: steps.length - 1,
    operations: members.map(inside => inside.filter(i => !known[i]).length),
    at: 0, grads: nodes.map(() => 0), arrived: nodes.map(() => []), computed: boxes.map(() => 0), undo: [],
    folded: new Set(graph.fixed ? [...shutBoxes(graph), ...graph.first] : []), chosen: null,
    layout: 0, spots: new Map(), frame: [0, 0, 1, 1], view: { x: 0, y: 0, k: 1 },
  };
}
/** @param {Graph} graph @param {number} box @returns {number[]} a box and those around it, the innermost first */
export function holders({ boxes }, box) {
  const found = [];
  for (let b = box; b >= 0; b = boxes[b].parent) found.push(b);
  return found;
}
/** @param {Graph} graph @returns {number[]} the boxes that never open */
function shutBoxes({ boxes }) { return [...boxes.keys()].filter(k => boxes[k].shut); }
/** @param {State} state @param {number} box @returns {number} the outermost folded box that holds a box, or -1 */
export function foldedAround({ graph, folded }, box) {
  return holders(graph, box).filter(b => folded.has(b)).pop() ?? -1;
}
/** @param {Graph} graph @returns {Step[]} */
function stepsOf({ nodes, root, sweep }) {
  const bare = { locals: NOTHING, sent: NOTHING };
  return [
    { kind: "start", node: -1, ...bare },
    ...nodes.flatMap((n, node) => n.parents.length ? [/** @type {Step} */ ({ kind: "forward", node, ...bare })] : []),
    { kind: "seed", node: root, ...bare },
    ...sweep.map(pullback => /** @type {Step} */ ({ kind: "backward", ...pullback })),
  ];
}

/** @param {State} state @param {number} node @param {boolean} yes */
function setKnown(state, node, yes) {
  const { box } = state.graph.nodes[node];
  state.known[node] = yes;
  holders(state.graph, box).forEach(b => { state.computed[b] += yes ? 1 : -1; });
}
/** @param {State} state */
function advance(state) {
  const step = state.steps[++state.at];
  /** @type {[number, number][]} */
  const before = [];
  /** @type {(i: number, g: number, operand: number) => void} */
  const add = (i, g, operand) => {
    before.push([i, state.grads[i]]);
    state.grads[i] += g;
    state.arrived[i].push([state.at, operand]);
  };
  if (step.kind === "forward") setKnown(state, step.node, true);
  else if (step.kind === "seed") add(step.node, 1, -1);
  else receivers(state, step).forEach(([parent, operand]) => add(parent, step.sent[operand], operand));
  state.undo.push(before);
}
/** @param {State} state */
function retreat(state) {
  const step = state.steps[state.at--], before = state.undo.pop() ?? [];
  if (step.kind === "forward") setKnown(state, step.node, false);
  for (const [i, g] of before.reverse()) { state.grads[i] = g; state.arrived[i].pop(); }
}
/**
 * The parents that a step back sends a derivative to, with their places among the operands; constants receive none.
 * @param {State} state @param {Step} step @returns {[number, number][]}
 */
export function receivers({ graph }, step) {
  return graph.nodes[step.node].parents.flatMap((parent, operand) =>
    graph.nodes[parent].kind === "constant" ? [] : [/** @type {[number, number]} */ ([parent, operand])]);
}

/**
 * Go to a step. Returns the units whose text has changed.
 * @param {State} state @param {number} target @returns {Set<number>}
 */
export function moveTo(state, target) {
  /** @type {Set<number>} */
  const touched = new Set();
  const touch = () => {
    const { node } = state.steps[state.at];
    if (node >= 0) [node, ...state.graph.nodes[node].parents].forEach(i => touched.add(unitOf(state, i)));
  };
  target = Math.max(0, Math.min(state.end, target));
  while (state.at < target) { advance(state); touch(); }
  while (state.at > target) { touch(); retreat(state); }
  touched.delete(NO_UNIT);
  return touched;
}

// Steps within one folded box are taken together.
/** @param {State} state @param {number} k @returns {number} the folded box that step k computes in, or -1 */
export function boxOf(state, k) {
  const node = state.graph.nodes[state.steps[k].node];
  return node ? foldedAround(state, node.box) : -1;
}
/** @param {State} state @param {number} a @param {number} b */
function together(state, a, b) {
  return state.steps[a].kind === state.steps[b].kind && boxOf(state, a) >= 0 && boxOf(state, a) === boxOf(state, b);
}
/** @param {State} state @param {number} k @returns {number} the first of the steps taken together with k */
export function runStart(state, k) {
  while (k > 0 && together(state, k - 1, k)) k--;
  return k;
}
/** @param {State} state @returns {number} where a step forward leads */
export function following(state) {
  let k = Math.min(state.at + 1, state.end);
  while (k < state.end && together(state, k, k + 1)) k++;
  return k;
}
/** @param {State} state @returns {number} where a step back leads */
export function preceding(state) { return Math.max(runStart(state, state.at) - 1, 0); }

// A unit is what is drawn as one: node i, or the folded box b as -1 - b.
export const NO_UNIT = NaN;
/** @param {number} unit @returns {number} the box that a unit is, if it is one */
export const boxOfUnit = unit => -1 - unit;
/** @param {State} state @param {number} i @returns {number} */
export function unitOf(state, i) {
  const box = foldedAround(state, state.graph.nodes[i].box);
  return box >= 0 ? -1 - box : state.graph.fixed ? NO_UNIT : i;
}

/**
 * Fold a box, or open it by one level: what it holds is folded then, unless that is one box alone.
 * @param {State} state @param {number} box @returns {boolean} whether it is folded now
 */
export function toggleFold({ graph, folded, members }, box) {
  if (!folded.delete(box)) return !!folded.add(box);
  let around = box, inner = inside(graph, around);
  while (inner.length === 1 && members[inner[0]].length === members[around].length && inside(graph, inner[0]).length) {
    [around] = inner;
    folded.delete(around);
    inner = inside(graph, around);
  }
  inner.forEach(k => folded.add(k));
  return false;
}
/** @param {Graph} graph @param {number} box @returns {number[]} the boxes just inside a box */
function inside({ boxes }, box) { return [...boxes.keys()].filter(k => boxes[k].parent === box); }
/** Fold as at first sight, or open all. @param {State} state @param {boolean} shut */
export function foldEvery({ graph, folded }, shut) {
  folded.clear();
  [...shutBoxes(graph), ...shut ? graph.first : []].forEach(box => folded.add(box));
}
/** @param {State} state @param {number} box @returns {boolean} whether it is drawn open */
export function isOpen(state, box) { return foldedAround(state, box) < 0; }
