// --- the steps: every operation forward, then the seed, then every operation backward ---
const forward = G.nodes.map((_, i) => i).filter(i => G.nodes[i].parents.length);
const steps = [
  { kind: "start" }, ...forward.map(node => ({ kind: "forward", node })),
  { kind: "seed", node: G.root }, ...G.sweep.map(s => ({ kind: "backward", ...s })),
];
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
  const add = (i, g, which) => { changed.push([i, grads[i]]); grads[i] += g; arrived[i].push([at, which]); };
  if (step.kind === "forward") know(step.node, true);
  else if (step.kind === "seed") add(step.node, 1, -1);
  else G.nodes[step.node].parents.forEach((p, k) => { if (G.nodes[p].kind !== "constant") add(p, step.sent[k], k); });
  undo.push(changed);
}
function retreat() {
  const step = steps[at--];
  if (step.kind === "forward") know(step.node, false);
  for (const [i, g] of undo.pop().reverse()) { grads[i] = g; arrived[i].pop(); }
}

// Steps within one folded box are taken together.
function boxOf(k) {
  const n = G.nodes[steps[k].node];
  return n && folded.has(n.box) ? n.box : -1;
}
const together = (a, b) => steps[a].kind === steps[b].kind && boxOf(a) >= 0 && boxOf(a) === boxOf(b);
function runStart(k) { while (k > 0 && together(k - 1, k)) k--; return k; }
function after(k) { k = Math.min(k + 1, end); while (k < end && together(k, k + 1)) k++; return k; }
function before(k) { return Math.max(runStart(k) - 1, 0); }

function go(target) {
  const touched = new Set();
  const touch = ({ node }) => {
    if (node !== undefined) [node, ...G.nodes[node].parents].forEach(i => touched.add(unitOf(i)));
  };
  target = Math.max(0, Math.min(end, target));
  while (at < target) { advance(); touch(steps[at]); }
  while (at > target) { touch(steps[at]); retreat(); }
  touched.forEach(paint);
  light(); tell();
  if (at === end) pause();
}
