// --- the steps: every operation forward, then the seed, then every operation backward ---
const forward = G.nodes.map((_, i) => i).filter(i => G.nodes[i].parents.length);
const steps = [{ kind: "start" }, ...forward.map(node => ({ kind: "forward", node })),
  { kind: "seed", node: G.root }, ...G.sweep.map(s => ({ kind: "backward", ...s }))];
const end = steps.length - 1;
const known = G.nodes.map(n => !n.parents.length);
const grads = G.nodes.map(() => 0);
const arrived = G.nodes.map(() => []);  // of each node, the contributions: [step, which operand of it]
const members = G.boxes.map(() => []);
G.nodes.forEach((n, i) => { if (n.box >= 0) members[n.box].push(i); });
const operations = members.map(inside => inside.filter(i => !known[i]).length);
const computed = members.map(() => 0);
const folded = new Set();
const undo = [];
let at = 0;

function know(i, yes) {
  known[i] = yes;
  if (G.nodes[i].box >= 0) computed[G.nodes[i].box] += yes ? 1 : -1;
}
function advance() {
  const step = steps[++at], changed = [];
  if (step.kind === "forward") know(step.node, true);
  else if (step.kind === "seed") { changed.push([step.node, grads[step.node]]); grads[step.node] = 1; arrived[step.node].push([at, -1]); }
  else G.nodes[step.node].parents.forEach((p, k) => {
    if (G.nodes[p].kind === "constant") return;
    changed.push([p, grads[p]]);
    grads[p] += step.sent[k];
    arrived[p].push([at, k]);
  });
  undo.push(changed);
}
function retreat() {
  const step = steps[at--];
  if (step.kind === "forward") know(step.node, false);
  for (const [node, before] of undo.pop().reverse()) { grads[node] = before; arrived[node].pop(); }
}

// Steps within one folded box are taken together.
function boxOf(k) { const n = G.nodes[steps[k].node]; return n && folded.has(n.box) ? n.box : -1; }
function together(a, b) { return steps[a].kind === steps[b].kind && boxOf(a) >= 0 && boxOf(a) === boxOf(b); }
function runStart(k) { while (k > 0 && together(k - 1, k)) k--; return k; }
function after(k) { k = Math.min(k + 1, end); while (k < end && together(k, k + 1)) k++; return k; }
function before(k) { return Math.max(runStart(k) - 1, 0); }

function go(target) {
  const touched = new Set();
  const touch = k => { const s = steps[k]; if (s.node !== undefined) { touched.add(unitOf(s.node)); G.nodes[s.node].parents.forEach(p => touched.add(unitOf(p))); } };
  target = Math.max(0, Math.min(end, target));
  while (at < target) { advance(); touch(at); }
  while (at > target) { touch(at); retreat(); }
  touched.forEach(paint);
  light(); tell();
  if (at === end) pause();
}
