// --- where things stand: Graphviz's places while all is open; after folding the same order, drawn together ---
const ROOM = { along: 46, across: 32 };  // between boxes, after folding
const CROWD = 200;  // units: with more, curves do not look for what is in their way
let way = 0, spots = new Map(), curves = new Map(), frame = [0, 0, 1, 1];

// Every unit's place along the graph (a, from a0 to a1) and across it (c, from c0 to c1), as Graphviz had it.
function extents(across) {
  const items = new Map();
  const add = (unit, [x, y, w, h], counts) => {
    const [a, c, da, dc] = across ? [x, y, w / 2, h / 2] : [y, x, h / 2, w / 2];
    if (!items.has(unit)) items.set(unit, { unit, a0: a, a1: a, c0: c, c1: c, sum: 0, n: 0 });
    const t = items.get(unit);
    t.a0 = Math.min(t.a0, a - da); t.a1 = Math.max(t.a1, a + da);
    t.c0 = Math.min(t.c0, c - dc); t.c1 = Math.max(t.c1, c + dc);
    if (counts) { t.sum += a; t.n++; }
  };
  if (G.fixed) G.layouts[way].boxes.forEach((p, b) => add(-1 - b, p));
  else G.layouts[way].boxes.forEach((p, i) => add(unitOf(i), p, G.nodes[i].parents.length > 0));
  return [...items.values()];
}

// After folding, what stood before something still does; a folded group stands where its operations stood on average.
// Across, only what would collide is kept apart. Each axis is packed to its beginning and to its end, and the mean of
// both keeps things apart as both do, and is centred.
function pack(items) {
  items.forEach(t => { if (t.unit < 0) t.a0 = t.a1 = t.n ? t.sum / t.n : (t.a0 + t.a1) / 2; });
  const both = (place, low, high, size) => {
    const forth = place(items, t => t[low], t => t[high]), back = place(items, t => -t[high], t => -t[low]);
    const total = Math.max(...items.map((t, i) => forth[i] + t[size]));
    return items.map((_, i) => (forth[i] + total - back[i]) / 2);  // of its middle
  };
  both(along, "a0", "a1", "da").forEach((a, i) => { items[i].a = a; });
  both(sideways, "c0", "c1", "dc").forEach((c, i) => { items[i].c = c; });
}
const sorted = (items, key) => items.map((_, i) => i).sort((i, j) => key(items[i]) - key(items[j]));
function along(items, low, high) {
  const ends = sorted(items, high), start = [];
  let p = 0, free = 0;
  for (const j of sorted(items, low)) {
    const before = i => start[i] !== undefined && high(items[i]) <= low(items[j]) - .5;
    for (; p < ends.length && before(ends[p]); p++) {
      free = Math.max(free, start[ends[p]] + items[ends[p]].da + ROOM.along);
    }
    start[j] = free;
  }
  return start;
}
function sideways(items, low, high) {
  const start = [], done = [];
  for (const j of sorted(items, low)) {
    start[j] = 0;
    for (const i of done) {
      const near = Math.abs(items[i].a - items[j].a) < (items[i].da + items[j].da + ROOM.along) / 2;
      if (!near || high(items[i]) > low(items[j]) + .5) continue;
      start[j] = Math.max(start[j], start[i] + items[i].dc + ROOM.across);
    }
    done.push(j);
  }
  return start;
}

function arrange() {
  const across = G.layouts[way].direction === "LR", items = extents(across);
  items.forEach(t => {
    ({ w: t.w, h: t.h } = element(t.unit));
    [t.da, t.dc] = across ? [t.w, t.h] : [t.h, t.w];
    t.a = (t.a0 + t.a1) / 2;
    t.c = (t.c0 + t.c1) / 2;
  });
  if (!G.fixed && folded.size) pack(items);
  items.forEach(t => { [t.x, t.y] = across ? [t.a, t.c] : [t.c, t.a]; });
  spots = new Map(items.map(t => [t.unit, t]));
  const [x0, y0, x1, y1] = around(items);
  frame = [x0 - 14, y0 - 28, x1 + 14, y1 + 14];
  nodes.forEach((b, i) => b.g.classList.toggle("hidden", !spots.has(i)));
  boxes.forEach((b, k) => b.g.classList.toggle("hidden", !spots.has(-1 - k)));
  spots.forEach((t, unit) => { element(unit).g.setAttribute("transform", `translate(${t.x},${t.y})`); paint(unit); });
  outline();
  connect(across);
  light();
  markChosen();
}
function around(items) {
  const low = f => Math.min(...items.map(f)), high = f => Math.max(...items.map(f));
  return [low(t => t.x - t.w / 2), low(t => t.y - t.h / 2), high(t => t.x + t.w / 2), high(t => t.y + t.h / 2)];
}
function outline() {
  outlines.forEach((o, k) => {
    o.g.classList.toggle("hidden", folded.has(k));
    if (folded.has(k)) return;
    const [x0, y0, x1, y1] = around(members[k].map(i => spots.get(i)));
    const place = (e, at) => { for (const name in at) e.setAttribute(name, at[name]); };
    place(o.rect, { x: x0 - 7, y: y0 - 20, width: x1 - x0 + 14, height: y1 - y0 + 27 });
    place(o.text, { x: x0, y: y0 - 6 });
    place(o.handle, { x: x0 - 7, y: y0 - 22 });
  });
}

function connect(across) {
  layers[1].replaceChildren();
  curves = new Map();
  const bent = !G.fixed && folded.size;
  for (const [from, to, path] of G.layouts[way].edges) {
    const a = G.fixed ? -1 - from : unitOf(from), b = G.fixed ? -1 - to : unitOf(to), key = `${a}>${b}`;
    if (a === b || curves.has(key)) continue;
    const d = bent ? bend(spots.get(a), spots.get(b), across) : path;
    curves.set(key, make("path", { class: "edge", d }, layers[1]));
  }
}
// A curve from one unit's end to another's beginning, which goes round what stands between them.
function bend(from, to, across) {
  const point = (a, c) => across ? `${a.toFixed(1)},${c.toFixed(1)}` : `${c.toFixed(1)},${a.toFixed(1)}`;
  const curve = (a, c, b, d) => {
    const e = Math.max(18, (b - a) / 2);
    return `C${point(a + e, c)} ${point(b - e, d)} ${point(b, d)}`;
  };
  const a0 = from.a + from.da / 2, a1 = to.a - to.da / 2, start = `M${point(a0, from.c)}`;
  const between = obstacles(from, to, a0, a1);
  if (!between.length) return start + curve(a0, from.c, a1, to.c);
  const low = Math.min(...between.map(t => t.c - t.dc / 2)) - 16;
  const high = Math.max(...between.map(t => t.c + t.dc / 2)) + 16;
  const middle = (from.c + to.c) / 2, c = middle - low < high - middle ? low : high;
  const b0 = Math.min(...between.map(t => t.a - t.da / 2)), b1 = Math.max(...between.map(t => t.a + t.da / 2));
  return `${start}${curve(a0, from.c, b0, c)}L${point(b1, c)}${curve(b1, c, a1, to.c)}`;
}
function obstacles(from, to, a0, a1) {
  if (spots.size > CROWD) return [];
  return [...spots.values()].filter(t => {
    if (t === from || t === to || t.a - t.da / 2 < a0 || t.a + t.da / 2 > a1) return false;
    const c = from.c + (to.c - from.c) * (t.a - a0) / (a1 - a0 || 1);
    return Math.abs(c - t.c) < t.dc / 2 + 8;
  });
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
