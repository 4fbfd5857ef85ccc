// @ts-check
// Words: numbers, formulas, what stands in a box, and what the panel tells. Texts alone; the panel sets them.
import { boxOf, receivers, runStart } from "./computation.mjs";

/**
 * @typedef {import("./computation.mjs").State} State
 * @typedef {import("./computation.mjs").GraphNode} GraphNode
 * @typedef {{text: string, look: "formula" | "quiet" | ""}} Paragraph
 * @typedef {{heading: string, paragraphs: Paragraph[]}} Telling
 * @typedef {{data: string, grad: string, label: string}} UnitText
 */

const BEGINNING = "Step forward to compute each value; after the result the derivatives flow back. L is the result. "
  + "Keys: ← → space Home End.";
export const NAME = 24, TITLE = 48;  // letters of a node's name, of a box's title
const LINES = 8, LONGEST = 40, LISTED = 100, TERMS = 4;  // of a run, of a step, of a box or a history, of a formula

/** @param {number} n */
export const grouped = n => n.toLocaleString("en");
/** @param {number} n @param {string} what */
export const count = (n, what) => `${grouped(n)} ${what}${n === 1 ? "" : "s"}`;
/** @param {number} x */
const brief = x => String(+x.toPrecision(2));
/** @param {string} text */ const formulaOf = text => /** @type {Paragraph} */ ({ text, look: "formula" });
/** @param {string} text */ const quietly = text => /** @type {Paragraph} */ ({ text, look: "quiet" });

/** @param {number} x @returns {string} few digits; what is not whole does not look so */
export function show(x) {
  if (!Number.isFinite(x) || Number.isInteger(x) && Math.abs(x) < 1e7) return Object.is(x, -0) ? "-0" : String(x);
  for (const digits of [4, 6, 9]) {
    const s = String(+x.toPrecision(digits));
    if (!Number.isInteger(+s)) return s;
  }
  return String(x);
}
/** @param {number} x @returns {string} */
const factor = x => x < 0 || Object.is(x, -0) ? `(${show(x)})` : show(x);
/** @param {string} text @param {number} n @returns {string} its beginning and its end */
export const short = (text, n) => text.length > n ? text.slice(0, n / 2) + "…" + text.slice(1 - n / 2) : text;

// --- formulas ---
/**
 * One contribution: what a step sends to one of its operands.
 * @param {State} state @param {import("./computation.mjs").Contribution} contribution
 */
export function line({ graph, steps, grads }, [k, operand]) {
  if (operand < 0) return "seed: dL/dL = 1";
  const { node, locals, sent } = steps[k], by = graph.nodes[node].name;
  const to = graph.nodes[graph.nodes[node].parents[operand]].name;
  const numbers = `${show(grads[node])} × ${factor(locals[operand])} = ${show(sent[operand])}`;
  return `dL/d${to} += dL/d${by} · d${by}/d${to} = ${numbers}`;
}
/** @param {string[]} terms @param {string} between */
function few(terms, between) {
  if (terms.length <= TERMS + 1) return terms.join(between);
  return [...terms.slice(0, TERMS), `… ${terms.length - TERMS} more`].join(between);
}
/** @param {GraphNode} n @param {(i: number) => string} operand */
function written(n, operand) {
  const xs = n.parents.map(operand);
  if ("+−×÷".includes(n.sign) && xs.length === 2) return xs.join(` ${n.sign} `);
  if (n.sign.startsWith("**")) return `${xs[0]} ${n.sign}`;
  if (n.op === "dot") {
    const half = Math.floor(xs.length / 2), bias = xs.slice(2 * half);
    return [few(xs.slice(0, half).map((w, i) => `${w}·${xs[half + i]}`), " + "), ...bias].filter(Boolean).join(" + ");
  }
  return n.op === "total" && xs.length > 1 ? few(xs, " + ") : `${n.sign}(${few(xs, ", ")})`;
}
/** @param {State} state @param {number} i @returns {string} a node in names and in numbers */
export function formula({ graph: { nodes } }, i) {
  const n = nodes[i];
  if (!n.parents.length) return `${n.name} = ${show(n.data)}`;
  const names = written(n, p => nodes[p].name), numbers = written(n, p => factor(nodes[p].data));
  return `${n.name} = ${names} = ${numbers} = ${show(n.data)}`;
}

// --- what stands in a box ---
/** @param {State} state @param {number} i @returns {UnitText} */
export function nodeText({ graph, known, grads, arrived }, i) {
  const n = graph.nodes[i], data = known[i] ? show(n.data) : "", gradient = show(grads[i]);
  const gradientText = n.kind === "constant" ? "" : `, gradient ${gradient}`;
  return {
    data: data || "?", grad: arrived[i].length ? `grad ${gradient}` : "",
    label: `${n.name}, ${n.op || n.kind}, ${data ? "value " + data : "not computed"}${gradientText}`,
  };
}
/** @param {State} state @param {number} box @returns {UnitText} */
export function boxText(state, box) {
  const { graph, members, operations, computed } = state, inside = members[box], all = operations[box];
  const alone = inside.length === 1 ? nodeText(state, inside[0]) : null;
  const data = alone ? alone.data
    : computed[box] < all ? `${grouped(computed[box])} of ${grouped(all)} computed`
    : count(inside.length, all ? "node" : "value");
  const grad = alone?.grad || meanGradient(state, inside);
  return { data, grad, label: [graph.boxes[box].title, data, grad].filter(Boolean).join(", ") };
}
/** @param {State} state @param {number[]} inside */
function meanGradient({ graph, at, turn, grads, arrived }, inside) {
  const weights = inside.filter(i => graph.nodes[i].kind === "parameter"), over = weights.length ? weights : inside;
  if (at < turn || !over.some(i => arrived[i].length)) return "";
  return `mean |grad| ${brief(over.reduce((sum, i) => sum + Math.abs(grads[i]), 0) / over.length)}`;
}

// --- what the panel tells ---
/** @param {State} state @returns {string} */
export function place({ at, turn, end }) { return `${at >= turn ? "backward" : "forward"} ${at} / ${end}`; }

/** @param {State} state @returns {Telling} of the steps just taken */
export function now(state) {
  const step = state.steps[state.at];
  if (step.kind === "start") {
    return { heading: "The inputs are given", paragraphs: [quietly(BEGINNING)] };
  }
  if (step.kind === "seed") {
    const { name } = state.graph.nodes[step.node];
    return { heading: "Turn back at the result", paragraphs: [formulaOf(`L = ${name}, so dL/d${name} = 1`)] };
  }
  return ofRun(state);
}
/** @param {State} state @returns {Telling} */
function ofRun(state) {
  const { graph, steps, at } = state, first = runStart(state, at), run = steps.slice(first, at + 1);
  const box = boxOf(state, at), back = steps[at].kind === "backward", node = graph.nodes[steps[at].node];
  const title = box >= 0 ? graph.boxes[box].title : node.name + (back ? ` (${node.op})` : "");
  const lines = back
    ? run.flatMap((step, j) => receivers(state, step).map(([, operand]) => () => line(state, [first + j, operand])))
    : run.map(step => () => formula(state, step.node));
  const most = back && run.length === 1 ? LONGEST : LINES;
  return {
    heading: `${back ? "Back through" : "Compute"} ${title}`,
    paragraphs: [
      ...run.length > 1 ? [quietly(operationsIn(state, run))] : [],
      ...lines.slice(0, most).map(text => formulaOf(text())),
      ...more(lines.length - most, "; click on a box for its own"),
    ],
  };
}
/** @param {State} state @param {import("./computation.mjs").Step[]} run */
function operationsIn({ graph }, run) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  run.forEach(({ node }) => counts.set(graph.nodes[node].sign, (counts.get(graph.nodes[node].sign) ?? 0) + 1));
  return [...counts].map(([sign, n]) => `${grouped(n)} ${sign}`).join(", ");
}
/** @param {number} left @param {string} [hint] @returns {Paragraph[]} */
function more(left, hint = "") { return left > 0 ? [quietly(`and ${grouped(left)} more${hint}`)] : []; }

/** @param {State} state @param {number} i @returns {Telling} a node's formula, and the history of its gradient */
export function ofNode(state, i) {
  const { graph, known, grads, arrived } = state, node = graph.nodes[i];
  const value = formulaOf(known[i] ? formula(state, i) : "not computed yet");
  const history = node.kind === "constant" ? [] : [
    /** @type {Paragraph} */ ({ text: `gradient so far: ${show(grads[i])}`, look: "" }),
    ...arrived[i].slice(0, LISTED).map(one => formulaOf(line(state, one))),
    ...more(arrived[i].length - LISTED),
    ...arrived[i].length ? [] : [quietly("No contribution has arrived yet.")],
  ];
  return { heading: `${node.name}: its formula and history`, paragraphs: [value, ...history] };
}
/**
 * A box: its first members, each with its title and numbers.
 * @param {State} state @param {number} box
 */
export function ofBox({ graph, members, known, grads, arrived }, box) {
  const inside = members[box];
  return {
    heading: `${graph.boxes[box].title}: ${count(inside.length, "node")}`,
    members: inside.slice(0, LISTED).map(node => {
      const n = graph.nodes[node], gradient = arrived[node].length ? `, grad ${show(grads[node])}` : "";
      const title = n.sign ? `${n.name} = ${n.sign}` : n.name;
      return { node, title, numbers: known[node] ? show(n.data) + gradient : "?" };
    }),
    paragraphs: more(inside.length - LISTED),
  };
}
