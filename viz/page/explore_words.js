// --- words: numbers, formulas, and what the panel says ---
const LINES = 8, LONGEST = 40, LISTED = 100, TERMS = 4;  // of a run, of a step, of a box or a history, of a formula
const $ = id => document.getElementById(id);
const name = i => G.nodes[i].name;
const grouped = n => n.toLocaleString("en");
const count = (n, what) => `${grouped(n)} ${what}${n === 1 ? "" : "s"}`;
const brief = x => String(+x.toPrecision(2));

function show(x) {
  if (!Number.isFinite(x) || Number.isInteger(x) && Math.abs(x) < 1e7) return Object.is(x, -0) ? "-0" : String(x);
  for (const digits of [4, 6, 9]) {
    const s = String(+x.toPrecision(digits));
    if (!Number.isInteger(+s)) return s;
  }
  return String(x);
}
const factor = x => x < 0 || Object.is(x, -0) ? `(${show(x)})` : show(x);

// One contribution: what the step sends to its operand number `which`.
function line([k, which]) {
  const step = steps[k], n = step.node, g = grads[n];
  if (which < 0) return "seed: dL/dL = 1";
  const to = name(G.nodes[n].parents[which]), by = name(n);
  const numbers = `${show(g)} × ${factor(step.locals[which])} = ${show(step.sent[which])}`;
  return `dL/d${to} += dL/d${by} · d${by}/d${to} = ${numbers}`;
}
function few(terms, between) {
  if (terms.length <= TERMS + 1) return terms.join(between);
  return [...terms.slice(0, TERMS), `… ${terms.length - TERMS} more`].join(between);
}
function written(n, f) {
  const xs = n.parents.map(f);
  if ("+−×÷".includes(n.sign) && xs.length === 2) return xs.join(` ${n.sign} `);
  if (n.sign.startsWith("**")) return `${xs[0]} ${n.sign}`;
  if (n.op === "dot") {
    const half = Math.floor(xs.length / 2), bias = xs.slice(2 * half);
    return [few(xs.slice(0, half).map((w, i) => `${w}·${xs[half + i]}`), " + "), ...bias].filter(Boolean).join(" + ");
  }
  return n.op === "total" && xs.length > 1 ? few(xs, " + ") : `${n.sign}(${few(xs, ", ")})`;
}
function formula(i) {
  const n = G.nodes[i];
  if (!n.parents.length) return `${n.name} = ${show(n.data)}`;
  return `${n.name} = ${written(n, name)} = ${written(n, p => factor(G.nodes[p].data))} = ${show(n.data)}`;
}

function put(parent, tag, text, cls = "") {
  const e = document.createElement(tag);
  e.textContent = text;
  e.className = cls;
  parent.append(e);
  return e;
}
function counts(run) {
  const found = new Map();
  run.forEach(({ node }) => { const { sign } = G.nodes[node]; found.set(sign, (found.get(sign) || 0) + 1); });
  return [...found].map(([sign, n]) => `${grouped(n)} ${sign}`).join(", ");
}
function list(where, lines, all) {
  const more = all - lines.length;
  lines.forEach(text => put(where, "p", text, "formula"));
  if (more > 0) put(where, "p", `and ${grouped(more)} more; click on a box for its own`, "quiet");
}

function tell() {
  const step = steps[at], now = $("now");
  now.replaceChildren();
  $("place").value = at;
  $("place").setAttribute("aria-valuetext", `step ${at} of ${end}`);
  $("where").textContent = `${at > forward.length ? "backward" : "forward"} ${at} / ${end}`;
  if (step.kind === "start") {
    put(now, "h1", "The inputs are given");
    put(now, "p", "Step forward to compute each value; after the result the derivatives flow back. L is the result. "
      + "Keys: ← → space Home End.", "quiet");
  } else if (step.kind === "seed") {
    put(now, "h1", "Turn back at the result");
    put(now, "p", `L = ${name(step.node)}, so dL/d${name(step.node)} = 1`, "formula");
  } else tellRun(now, runStart(at), step);
  describe();
}
function tellRun(now, first, step) {
  const run = steps.slice(first, at + 1), box = boxOf(at), back = step.kind === "backward";
  const title = box >= 0 ? G.boxes[box].title : name(step.node) + (back ? ` (${G.nodes[step.node].op})` : "");
  put(now, "h1", `${back ? "Back through" : "Compute"} ${title}`);
  if (run.length > 1) put(now, "p", counts(run), "quiet");
  if (!back) return list(now, run.slice(0, LINES).map(s => formula(s.node)), run.length);
  const lines = [], most = run.length > 1 ? LINES : LONGEST;
  let all = 0;
  run.forEach((s, j) => G.nodes[s.node].parents.forEach((p, k) => {
    if (G.nodes[p].kind !== "constant" && all++ < most) lines.push(line([first + j, k]));
  }));
  list(now, lines, all);
}

let chosen = null;  // { node } or { box }
function describe() {
  const about = $("about");
  about.replaceChildren();
  if (chosen?.box !== undefined) describeBox(about, chosen.box);
  if (chosen?.node !== undefined) describeNode(about, chosen.node);
}
function describeNode(about, i) {
  put(about, "h2", `${name(i)}: its formula and history`);
  put(about, "p", known[i] ? formula(i) : "not computed yet", "formula");
  if (G.nodes[i].kind === "constant") return;
  put(about, "p", `gradient so far: ${show(grads[i])}`);
  arrived[i].slice(0, LISTED).forEach(one => put(about, "p", line(one), "formula"));
  if (arrived[i].length > LISTED) put(about, "p", `and ${grouped(arrived[i].length - LISTED)} more`, "quiet");
  if (!arrived[i].length) put(about, "p", "No contribution has arrived yet.", "quiet");
}
function describeBox(about, b) {
  put(about, "h2", `${G.boxes[b].title}: ${count(members[b].length, "node")}`);
  if (!G.fixed) put(about, "button", "Open this group").onclick = () => toggle(b);
  members[b].slice(0, LISTED).forEach(i => {
    const button = put(about, "button", "", "member"), gradient = arrived[i].length ? `, grad ${show(grads[i])}` : "";
    put(button, "span", G.nodes[i].sign ? `${name(i)} = ${G.nodes[i].sign}` : name(i));
    put(button, "span", known[i] ? show(G.nodes[i].data) + gradient : "?", "quiet");
    button.onclick = () => choose({ node: i });
  });
  if (members[b].length > LISTED) put(about, "p", `and ${grouped(members[b].length - LISTED)} more`, "quiet");
}
