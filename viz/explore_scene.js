// --- the picture. A unit is what is drawn as one: node i, or the folded box b as -1 - b ---
const SVG = "http://www.w3.org/2000/svg";
const scene = $("scene"), world = $("world");
const BOX = 58, ROOM = { along: 46, across: 32 };  // height of a folded box; between boxes after folding
const CROWD = 200;  // units: with more, curves do not look for what is in their way

function make(tag, attributes, parent) { const e = document.createElementNS(SVG, tag); for (const k in attributes) e.setAttribute(k, attributes[k]); parent.append(e); return e; }
const arrow = make("marker", { id: "tip", viewBox: "0 0 8 7", refX: 7, refY: 3.5, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto" }, make("defs", {}, scene));
make("path", { d: "M0,0L8,3.5L0,7z", fill: "context-stroke" }, arrow);
const layers = ["clusters", "edges", "units"].map(id => make("g", { id }, world));
const short = (text, n) => text.length > n ? text.slice(0, n / 2) + "…" + text.slice(1 - n / 2) : text;
function pressed(e, f) {
  e.addEventListener("click", () => { if (!dragged) f(); });
  e.addEventListener("keydown", k => { if (k.key === "Enter") { k.stopPropagation(); f(); } });
}
function face(g, kind, w, h, x = 0, y = 0) {
  const round = kind === "input" ? h / 2 : kind === "operation" || kind === "result" ? 9 : 0;
  const rect = make("rect", { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: round, style: `fill: var(--${kind})` }, g);
  if (kind === "result" && !x) make("rect", { x: 3 - w / 2, y: 3 - h / 2, width: w - 6, height: h - 6, rx: 7, style: "fill: none" }, g);
  return rect;
}
function drawn(kind, title, w, h, box = false, pile = false) {
  const g = make("g", { class: `node ${kind}`, tabindex: 0, role: "button" }, layers[2]);
  if (pile) [[5, 5], [2.5, 2.5]].forEach(([x, y]) => face(g, kind, w, h, x, y));
  face(g, kind, w, h).classList.add("face");
  const plain = kind === "constant" && !box;
  make("text", { class: "title", y: plain ? 4 : -10 }, g).textContent = title;
  return { g, w, h, data: plain ? null : make("text", { y: 5 }, g), grad: plain ? null : make("text", { y: 19 }, g) };
}
const nodes = G.fixed ? [] : G.nodes.map((n, i) => {
  const [, , w, h] = G.layouts[0].boxes[i], label = short(n.name, 24);
  const unit = drawn(n.kind, n.sign ? `${label} = ${n.sign}` : label, w, h);
  unit.g.dataset.node = i;
  pressed(unit.g, () => choose({ node: i }));
  return unit;
});
const boxes = G.boxes.map((b, k) => {
  const title = short(b.title, 48), [w, h] = G.fixed ? G.layouts[0].boxes[k].slice(2) : [Math.max(150, title.length * 8 + 60), BOX];
  const unit = drawn(b.kind, title, w, h, true, members[k].length > 1);
  unit.g.dataset.box = k;
  pressed(unit.g, () => choose({ box: k }));
  if (!G.fixed) {
    const opener = make("text", { class: "opener", x: 14 - w / 2, y: -8 }, unit.g);
    opener.textContent = "▸";
    opener.addEventListener("click", e => { e.stopPropagation(); if (!dragged) toggle(k); });
  }
  return unit;
});
const outlines = G.fixed ? [] : G.boxes.map((b, k) => {
  const g = make("g", { class: "cluster", tabindex: 0, role: "button", "aria-expanded": true, "aria-label": `${b.title}, ${members[k].length} nodes` }, layers[0]);
  const rect = make("rect", { rx: 8 }, g), text = make("text", {}, g);
  text.textContent = `▾ ${short(b.title, 48)}`;
  const handle = make("rect", { class: "handle", width: text.textContent.length * 8 + 16, height: 22 }, g);
  pressed(g, () => toggle(k));
  return { g, rect, text, handle };
});
function unitOf(i) { const b = G.nodes[i].box; return b >= 0 && folded.has(b) ? -1 - b : G.fixed ? null : i; }
const element = unit => unit === null ? null : unit < 0 ? boxes[-1 - unit] : nodes[unit];

function paint(unit) {
  if (unit === null) return;
  if (unit < 0) return paintBox(-1 - unit);
  const b = nodes[unit], n = G.nodes[unit];
  b.g.classList.toggle("waiting", !known[unit]);
  if (b.data) {
    b.data.textContent = known[unit] ? show(n.data) : "?";
    b.grad.textContent = arrived[unit].length ? `grad ${show(grads[unit])}` : "";
  }
  const gradient = n.kind === "constant" ? "" : `, gradient ${show(grads[unit])}`;
  b.g.setAttribute("aria-label", `${n.name}, ${n.op || n.kind}, ${known[unit] ? "value " + show(n.data) : "not computed"}${gradient}`);
}
function paintBox(k) {
  const b = boxes[k], inside = members[k], all = operations[k];
  b.g.classList.toggle("waiting", computed[k] === 0 && all > 0);
  if (inside.length === 1) b.data.textContent = known[inside[0]] ? show(G.nodes[inside[0]].data) : "?";
  else if (computed[k] < all) b.data.textContent = `${computed[k].toLocaleString("en")} of ${all.toLocaleString("en")} computed`;
  else b.data.textContent = count(inside.length, all ? "node" : "value");
  const weights = inside.filter(i => G.nodes[i].kind === "parameter"), over = weights.length ? weights : inside;
  const reached = at > forward.length && over.some(i => arrived[i].length);
  const mean = reached ? over.reduce((sum, i) => sum + Math.abs(grads[i]), 0) / over.length : 0;
  b.grad.textContent = !reached ? "" : inside.length === 1 ? `grad ${show(grads[inside[0]])}` : `mean |grad| ${brief(mean)}`;
  b.g.setAttribute("aria-label", `${G.boxes[k].title}, ${b.data.textContent}${reached ? ", " + b.grad.textContent : ""}`);
}

let lit = [];
function light() {
  lit.forEach(([e, c]) => e.classList.remove(c));
  lit = [];
  const seen = new Set();
  const add = (e, c) => { if (e && !seen.has(e)) { seen.add(e); e.classList.add(c); lit.push([e, c]); } };
  if (steps[at].node === undefined) return;
  const back = steps[at].kind === "backward";
  for (let k = runStart(at); k <= at; k++) {
    const unit = unitOf(steps[k].node);
    add(element(unit)?.g, "lit");
    if (steps[k].kind !== "seed") G.nodes[steps[k].node].parents.forEach(p => {
      const from = unitOf(p);
      if (from === unit) return;
      add(curves.get(`${from}>${unit}`), back ? "back" : "lit");
      if (back && G.nodes[p].kind !== "constant") add(element(from)?.g, "got");
    });
  }
}
function choose(what) {
  element(chosenUnit())?.g.classList.remove("chosen");
  chosen = what;
  element(chosenUnit())?.g.classList.add("chosen");
  describe();
  $("about").scrollIntoView({ block: "nearest" });
}
function chosenUnit() { return !chosen ? null : chosen.box !== undefined ? -1 - chosen.box : unitOf(chosen.node); }

// --- where things stand: Graphviz's places while all is open; after folding the same order, drawn together ---
let way = 0, spots = new Map(), curves = new Map(), frame = [0, 0, 1, 1];

// Every unit's place along the graph (a, from a0 to a1) and across it (c, from c0 to c1), as Graphviz had it.
function extents(across) {
  const items = new Map();
  const add = (unit, [x, y, w, h], counts) => {
    const [a, c, da, dc] = across ? [x, y, w / 2, h / 2] : [y, x, h / 2, w / 2];
    const t = items.get(unit) || { unit, a0: Infinity, a1: -Infinity, c0: Infinity, c1: -Infinity, sum: 0, n: 0 };
    items.set(unit, Object.assign(t, { a0: Math.min(t.a0, a - da), a1: Math.max(t.a1, a + da), c0: Math.min(t.c0, c - dc), c1: Math.max(t.c1, c + dc) }));
    if (counts) { t.sum += a; t.n++; }
  };
  if (G.fixed) G.layouts[way].boxes.forEach((p, b) => add(-1 - b, p));
  else G.layouts[way].boxes.forEach((p, i) => add(unitOf(i), p, G.nodes[i].parents.length > 0));
  return [...items.values()];
}
// After folding, what stood before something still does; a folded group stands where its operations stood on average.
// Across, only what would collide is kept apart. Each axis is packed to its beginning and to its end, and the mean of
// both keeps things apart as both do, and is centred.
function pack(items, across) {
  items.forEach(t => {
    const { w, h } = element(t.unit);
    [t.da, t.dc] = across ? [w, h] : [h, w];
    if (t.unit < 0) t.a0 = t.a1 = t.n ? t.sum / t.n : (t.a0 + t.a1) / 2;
  });
  const both = (place, low, high, size) => {
    const forth = place(t => t[low], t => t[high]), back = place(t => -t[high], t => -t[low]);
    const total = Math.max(...items.map((t, i) => forth[i] + t[size]));
    return items.map((t, i) => (forth[i] + total - back[i]) / 2);  // of its middle
  };
  both((low, high) => along(items, low, high), "a0", "a1", "da").forEach((a, i) => { items[i].a = a; });
  both((low, high) => sideways(items, low, high), "c0", "c1", "dc").forEach((c, i) => { items[i].c = c; });
  items.forEach(t => { [t.x, t.y] = across ? [t.a, t.c] : [t.c, t.a]; });
}
const sorted = (items, key) => items.map((_, i) => i).sort((i, j) => key(items[i]) - key(items[j]));
function along(items, low, high) {
  const ends = sorted(items, high), start = [];
  let p = 0, free = 0;
  for (const j of sorted(items, low)) {
    for (; p < ends.length && start[ends[p]] !== undefined && high(items[ends[p]]) <= low(items[j]) - .5; p++) free = Math.max(free, start[ends[p]] + items[ends[p]].da + ROOM.along);
    start[j] = free;
  }
  return start;
}
function sideways(items, low, high) {
  const start = [], done = [];
  for (const j of sorted(items, low)) {
    start[j] = 0;
    for (const i of done) {
      const near = Math.abs(items[i].a - items[j].a) < (items[i].da + items[j].da) / 2 + ROOM.along / 2;
      if (near && high(items[i]) <= low(items[j]) + .5) start[j] = Math.max(start[j], start[i] + items[i].dc + ROOM.across);
    }
    done.push(j);
  }
  return start;
}
function arrange() {
  const across = G.layouts[way].direction === "LR", items = extents(across);
  if (!G.fixed && folded.size) pack(items, across);
  else items.forEach(t => { const a = (t.a0 + t.a1) / 2, c = (t.c0 + t.c1) / 2; [t.x, t.y] = across ? [a, c] : [c, a]; });
  items.forEach(t => { const { w, h } = element(t.unit); t.w = w; t.h = h; });
  spots = new Map(items.map(t => [t.unit, t]));
  const low = f => Math.min(...items.map(f)), high = f => Math.max(...items.map(f));
  frame = [low(t => t.x - t.w / 2) - 14, low(t => t.y - t.h / 2) - 28, high(t => t.x + t.w / 2) + 14, high(t => t.y + t.h / 2) + 14];
  nodes.forEach((b, i) => b.g.classList.toggle("hidden", !spots.has(i)));
  boxes.forEach((b, k) => b.g.classList.toggle("hidden", !spots.has(-1 - k)));
  spots.forEach((t, unit) => { element(unit).g.setAttribute("transform", `translate(${t.x},${t.y})`); paint(unit); });
  outline();
  connect(across);
  light();
}
function outline() {
  outlines.forEach((o, k) => {
    o.g.classList.toggle("hidden", folded.has(k));
    if (folded.has(k)) return;
    const inside = members[k].map(i => spots.get(i));
    const x = Math.min(...inside.map(t => t.x - t.w / 2)) - 7, y = Math.min(...inside.map(t => t.y - t.h / 2)) - 20;
    const right = Math.max(...inside.map(t => t.x + t.w / 2)) + 7, low = Math.max(...inside.map(t => t.y + t.h / 2)) + 7;
    for (const [a, v] of [["x", x], ["y", y], ["width", right - x], ["height", low - y]]) o.rect.setAttribute(a, v);
    o.text.setAttribute("x", x + 7); o.text.setAttribute("y", y + 14);
    o.handle.setAttribute("x", x); o.handle.setAttribute("y", y - 2);
  });
}
function connect(across) {
  layers[1].replaceChildren();
  curves = new Map();
  const bent = !G.fixed && folded.size;
  for (const [from, to, path] of G.layouts[way].edges) {
    const a = G.fixed ? -1 - from : unitOf(from), b = G.fixed ? -1 - to : unitOf(to), key = `${a}>${b}`;
    if (a === b || curves.has(key)) continue;
    curves.set(key, make("path", { class: "edge", d: bent ? bend(spots.get(a), spots.get(b), across) : path }, layers[1]));
  }
}
// A curve from one unit's end to another's beginning, which goes round what stands between them.
function bend(from, to, across) {
  const point = (a, c) => across ? `${a.toFixed(1)},${c.toFixed(1)}` : `${c.toFixed(1)},${a.toFixed(1)}`;
  const a0 = from.a + from.da / 2, a1 = to.a - to.da / 2, d = Math.max(18, (a1 - a0) / 2);
  const between = spots.size > CROWD ? [] : [...spots.values()].filter(t => {
    if (t === from || t === to || t.a - t.da / 2 < a0 || t.a + t.da / 2 > a1) return false;
    const c = from.c + (to.c - from.c) * (t.a - a0) / (a1 - a0 || 1);
    return Math.abs(c - t.c) < t.dc / 2 + 8;
  });
  const start = `M${point(a0, from.c)}C${point(a0 + d, from.c)} `;
  if (!between.length) return `${start}${point(a1 - d, to.c)} ${point(a1, to.c)}`;
  const low = Math.min(...between.map(t => t.c - t.dc / 2)) - 16, high = Math.max(...between.map(t => t.c + t.dc / 2)) + 16;
  const middle = (from.c + to.c) / 2, c = middle - low < high - middle ? low : high;
  const b0 = Math.min(...between.map(t => t.a - t.da / 2)), b1 = Math.max(...between.map(t => t.a + t.da / 2));
  const e = (b0 - a0) / 2, f = (a1 - b1) / 2;
  return `M${point(a0, from.c)}C${point(a0 + e, from.c)} ${point(b0 - e, c)} ${point(b0, c)}L${point(b1, c)}C${point(b1 + f, c)} ${point(a1 - f, to.c)} ${point(a1, to.c)}`;
}
function toggle(b) {
  const opened = folded.delete(b);
  if (!opened) folded.add(b);
  if (chosen?.box === b) choose(null);
  settle(); tell();
  const first = spots.get(members[b][0]);
  if (opened && view.k < FAR) look(first.x, first.y, READABLE);
}
function foldAll(shut) {
  folded.clear();
  if (shut) G.boxes.forEach((_, b) => folded.add(b));
  settle(); tell();
}
