// --- the picture. A unit is what is drawn as one: node i, or the folded box b as -1 - b ---
const SVG = "http://www.w3.org/2000/svg";
const BOX = 58;  // height of a folded box
const scene = $("scene"), world = $("world");

function make(tag, attributes, parent) {
  const e = document.createElementNS(SVG, tag);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  parent.append(e);
  return e;
}
const arrow = make("marker", {
  id: "tip", viewBox: "0 0 8 7", refX: 7, refY: 3.5, markerWidth: 7, markerHeight: 7,
  markerUnits: "userSpaceOnUse", orient: "auto",
}, make("defs", {}, scene));
make("path", { d: "M0,0L8,3.5L0,7z", fill: "context-stroke" }, arrow);
const layers = ["clusters", "edges", "units"].map(id => make("g", { id }, world));

const short = (text, n) => text.length > n ? text.slice(0, n / 2) + "…" + text.slice(1 - n / 2) : text;
function pressed(e, f) {
  e.addEventListener("click", () => { if (!dragged) f(); });
  e.addEventListener("keydown", k => { if (k.key === "Enter") { k.stopPropagation(); f(); } });
}
function face(g, kind, w, h, x = 0, y = 0) {
  const round = kind === "input" ? h / 2 : kind === "operation" || kind === "result" ? 9 : 0;
  const at = { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: round };
  const rect = make("rect", { ...at, style: `fill: var(--${kind})` }, g);
  if (kind === "result" && !x) {
    make("rect", { x: 3 - w / 2, y: 3 - h / 2, width: w - 6, height: h - 6, rx: 7, style: "fill: none" }, g);
  }
  return rect;
}
function drawn(kind, title, w, h, box = false, pile = false) {
  const g = make("g", { class: `node ${kind}`, tabindex: 0, role: "button" }, layers[2]);
  if (pile) [5, 2.5].forEach(d => face(g, kind, w, h, d, d));
  face(g, kind, w, h).classList.add("face");
  const plain = kind === "constant" && !box;
  make("text", { class: "title", y: plain ? 4 : -10 }, g).textContent = title;
  if (plain) return { g, w, h };
  return { g, w, h, data: make("text", { y: 5 }, g), grad: make("text", { y: 19 }, g) };
}
function tabbed(g, unit) {
  g.addEventListener("focus", () => { if (g.matches(":focus-visible")) reveal(spots.get(unit)); });
}
const nodes = G.fixed ? [] : G.nodes.map((n, i) => {
  const [, , w, h] = G.layouts[0].boxes[i], label = short(n.name, 24);
  const unit = drawn(n.kind, n.sign ? `${label} = ${n.sign}` : label, w, h);
  unit.g.dataset.node = i;
  pressed(unit.g, () => choose({ node: i }));
  tabbed(unit.g, i);
  return unit;
});
const boxes = G.boxes.map((b, k) => {
  const title = short(b.title, 48);
  const [w, h] = G.fixed ? G.layouts[0].boxes[k].slice(2) : [Math.max(150, title.length * 8 + 60), BOX];
  const unit = drawn(b.kind, title, w, h, true, members[k].length > 1);
  unit.g.dataset.box = k;
  pressed(unit.g, () => choose({ box: k }));
  tabbed(unit.g, -1 - k);
  if (!G.fixed) {
    const opener = make("text", { class: "opener", x: 14 - w / 2, y: -8 }, unit.g);
    opener.textContent = "▸";
    opener.addEventListener("click", e => { e.stopPropagation(); if (!dragged) toggle(k); });
  }
  return unit;
});
const outlines = G.fixed ? [] : G.boxes.map((b, k) => {
  const name = `${b.title}, ${members[k].length} nodes`;
  const said = { tabindex: 0, role: "button", "aria-expanded": true, "aria-label": name };
  const g = make("g", { class: "cluster", ...said }, layers[0]);
  const rect = make("rect", { rx: 8 }, g), text = make("text", {}, g);
  text.textContent = `▾ ${short(b.title, 48)}`;
  const handle = make("rect", { class: "handle", width: text.textContent.length * 8 + 16, height: 22 }, g);
  pressed(g, () => toggle(k));
  return { g, rect, text, handle };
});
function unitOf(i) {
  const b = G.nodes[i].box;
  return b >= 0 && folded.has(b) ? -1 - b : G.fixed ? null : i;
}
const element = unit => unit === null ? null : unit < 0 ? boxes[-1 - unit] : nodes[unit];

function paint(unit) {
  if (unit === null) return;
  if (unit < 0) return paintBox(-1 - unit);
  const b = nodes[unit], n = G.nodes[unit], data = known[unit] ? show(n.data) : "";
  b.g.classList.toggle("waiting", !known[unit]);
  if (b.data) {
    b.data.textContent = data || "?";
    b.grad.textContent = arrived[unit].length ? `grad ${show(grads[unit])}` : "";
  }
  const gradient = n.kind === "constant" ? "" : `, gradient ${show(grads[unit])}`;
  b.g.setAttribute("aria-label", `${n.name}, ${n.op || n.kind}, ${data ? "value " + data : "not computed"}${gradient}`);
}
function paintBox(k) {
  const b = boxes[k], inside = members[k], [only] = inside, all = operations[k];
  b.g.classList.toggle("waiting", computed[k] === 0 && all > 0);
  if (inside.length === 1) b.data.textContent = known[only] ? show(G.nodes[only].data) : "?";
  else if (computed[k] < all) b.data.textContent = `${grouped(computed[k])} of ${grouped(all)} computed`;
  else b.data.textContent = count(inside.length, all ? "node" : "value");
  b.grad.textContent = inside.length === 1 && arrived[only].length ? `grad ${show(grads[only])}` : meanGradient(inside);
  b.g.setAttribute("aria-label", [G.boxes[k].title, b.data.textContent, b.grad.textContent].filter(Boolean).join(", "));
}
function meanGradient(inside) {
  const weights = inside.filter(i => G.nodes[i].kind === "parameter"), over = weights.length ? weights : inside;
  if (at <= forward.length || !over.some(i => arrived[i].length)) return "";
  return `mean |grad| ${brief(over.reduce((sum, i) => sum + Math.abs(grads[i]), 0) / over.length)}`;
}

let lit = [];
function light() {
  lit.forEach(([e, c]) => e.classList.remove(c));
  lit = [];
  if (steps[at].node === undefined) return;
  const seen = new Set(), back = steps[at].kind === "backward";
  const add = (e, c) => { if (e && !seen.has(e)) { seen.add(e); e.classList.add(c); lit.push([e, c]); } };
  for (let k = runStart(at); k <= at; k++) {
    const unit = unitOf(steps[k].node);
    add(element(unit)?.g, "lit");
    if (steps[k].kind === "seed") continue;
    G.nodes[steps[k].node].parents.forEach(p => {
      const from = unitOf(p);
      if (from === unit) return;
      add(curves.get(`${from}>${unit}`), back ? "back" : "lit");
      if (back && G.nodes[p].kind !== "constant") add(element(from)?.g, "got");
    });
  }
}
function choose(what) {
  chosen = what;
  markChosen();
  describe();
  $("about").scrollIntoView({ block: "nearest" });
}
function markChosen() {
  layers[2].querySelectorAll(".chosen").forEach(e => e.classList.remove("chosen"));
  const unit = !chosen ? null : chosen.box === undefined ? unitOf(chosen.node) : -1 - chosen.box;
  element(unit)?.g.classList.add("chosen");
}
