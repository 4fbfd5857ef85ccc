// --- words: numbers, formulas, and what the panel says ---
const $ = id => document.getElementById(id);
const LINES = 8, LISTED = 100, TERMS = 4;

function show(x) {
  if (!Number.isFinite(x) || Number.isInteger(x) && Math.abs(x) < 1e7) return String(x);
  for (const digits of [4, 6, 9]) { const s = String(+x.toPrecision(digits)); if (!Number.isInteger(+s)) return s; }
  return String(x);
}
const brief = x => String(+x.toPrecision(2));
const factor = x => x < 0 || Object.is(x, -0) ? `(${show(x)})` : show(x);
const name = i => G.nodes[i].name;
const count = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

function few(terms, between) {
  if (terms.length <= TERMS + 1) return terms.join(between);
  return [...terms.slice(0, TERMS), `… ${terms.length - TERMS} more`].join(between);
}
function line([k, which]) {
  const step = steps[k], n = step.node, g = grads[n];
  if (which < 0) return "seed: dL/dL = 1";
  const p = G.nodes[n].parents[which];
  return `dL/d${name(p)} += dL/d${name(n)} · d${name(n)}/d${name(p)} = ${show(g)} × ${factor(step.locals[which])} = ${show(step.sent[which])}`;
}
function written(n, f) {
  const xs = n.parents.map(f);
  if ("+−×÷".includes(n.sign) && xs.length === 2) return xs.join(` ${n.sign} `);
  if (n.sign.startsWith("**")) return `${xs[0]} ${n.sign}`;
  if (n.op === "dot") {
    const half = Math.floor(xs.length / 2), bias = xs.slice(2 * half);
    const sum = few(xs.slice(0, half).map((w, i) => `${w}·${xs[half + i]}`), " + ");
    return [sum, ...bias].filter(Boolean).join(" + ");
  }
  return n.op === "total" ? few(xs, " + ") : `${n.sign}(${few(xs, ", ")})`;
}
function formula(i) {
  const n = G.nodes[i];
  if (!n.parents.length) return `${n.name} = ${show(n.data)}`;
  return `${n.name} = ${written(n, name)} = ${written(n, p => factor(G.nodes[p].data))} = ${show(n.data)}`;
}
function put(parent, tag, text, cls) { const e = document.createElement(tag); e.textContent = text; if (cls) e.className = cls; parent.append(e); return e; }
function counts(run) {
  const found = new Map();
  run.forEach(s => { const { sign } = G.nodes[s.node]; found.set(sign, (found.get(sign) || 0) + 1); });
  return [...found].map(([sign, n]) => `${n.toLocaleString("en")} ${sign}`).join(", ");
}

function tell() {
  const step = steps[at], first = runStart(at), run = steps.slice(first, at + 1), now = $("now");
  now.replaceChildren();
  $("place").value = at;
  $("place").setAttribute("aria-valuetext", `step ${at} of ${end}`);
  $("where").textContent = `${step.kind === "backward" || step.kind === "seed" ? "backward" : "forward"} ${at} / ${end}`;
  const box = boxOf(at), title = box >= 0 ? G.boxes[box].title : step.node === undefined ? "" : name(step.node);
  if (step.kind === "start") {
    put(now, "h1", "The inputs are given");
    put(now, "p", "Step forward to compute each value; after the result the derivatives flow back. L is the result. Keys: ← → space Home End.", "quiet");
  } else if (step.kind === "seed") {
    put(now, "h1", "Turn back at the result");
    put(now, "p", `L = ${name(step.node)}, so dL/d${name(step.node)} = 1`, "formula");
  } else if (step.kind === "forward") {
    put(now, "h1", `Compute ${title}`);
    if (run.length > 1) put(now, "p", counts(run), "quiet");
    list(now, run.slice(0, LINES).map(s => formula(s.node)), run.length);
  } else {
    put(now, "h1", `Back through ${title}${box >= 0 ? "" : ` (${G.nodes[step.node].op})`}`);
    if (run.length > 1) put(now, "p", counts(run), "quiet");
    const lines = [];
    let all = 0;
    run.forEach((s, j) => G.nodes[s.node].parents.forEach((p, k) => {
      if (G.nodes[p].kind === "constant") return;
      if (all++ < (run.length > 1 ? LINES : 40)) lines.push(line([first + j, k]));
    }));
    list(now, lines, all);
  }
  describe();
}
function list(where, lines, all) {
  lines.forEach(text => put(where, "p", text, "formula"));
  if (all > lines.length) put(where, "p", `and ${(all - lines.length).toLocaleString("en")} more; click on a box for its own`, "quiet");
}

let chosen = null;  // { node } or { box }, and perhaps both
function describe() {
  const about = $("about");
  about.replaceChildren();
  if (!chosen) return;
  if (chosen.box !== undefined) describeBox(about, chosen.box);
  if (chosen.node !== undefined) describeNode(about, chosen.node);
}
function describeNode(about, i) {
  put(about, "h2", `${name(i)}: its formula and history`);
  put(about, "p", known[i] ? formula(i) : "not computed yet", "formula");
  if (G.nodes[i].kind === "constant") return;
  put(about, "p", `gradient so far: ${show(grads[i])}`);
  arrived[i].slice(0, LISTED).forEach(one => put(about, "p", line(one), "formula"));
  if (arrived[i].length > LISTED) put(about, "p", `and ${(arrived[i].length - LISTED).toLocaleString("en")} more`, "quiet");
  if (!arrived[i].length) put(about, "p", "No contribution has arrived yet.", "quiet");
}
function describeBox(about, b) {
  put(about, "h2", `${G.boxes[b].title}: ${count(members[b].length, "node")}`);
  if (!G.fixed) put(about, "button", "Open this group").onclick = () => toggle(b);
  members[b].slice(0, LISTED).forEach(i => {
    const button = put(about, "button", "", "member");
    put(button, "span", G.nodes[i].sign ? `${name(i)} = ${G.nodes[i].sign}` : name(i));
    put(button, "span", known[i] ? show(G.nodes[i].data) + (arrived[i].length ? `, grad ${show(grads[i])}` : "") : "?", "quiet");
    button.onclick = () => { chosen = { node: i }; describe(); };
  });
  if (members[b].length > LISTED) put(about, "p", `and ${(members[b].length - LISTED).toLocaleString("en")} more`, "quiet");
}
