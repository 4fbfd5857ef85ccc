// --- looking around: zoom, pan, pinch, and the picture following the steps ---
const READABLE = matchMedia("(max-width: 48rem)").matches ? 1.1 : .9;  // the scale that steps are followed at
const SMALL = .45, MANY = 60;  // a graph of more nodes that would be smaller than this begins folded
const FAR = .25;  // smaller than this no text is shown
let view = { x: 0, y: 0, k: 1 }, dragged = false;

const room = () => scene.getBoundingClientRect();
function apply() {
  world.setAttribute("transform", `translate(${view.x},${view.y}) scale(${view.k})`);
  world.classList.toggle("far", view.k < FAR);
}
function fitting() {
  const r = room();
  return Math.min(1.8, (r.width - 16) / (frame[2] - frame[0]), (r.height - 16) / (frame[3] - frame[1]));
}
function fit() { look((frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2, Math.max(fitting(), .02)); }
// Put (x, y) in the middle, but leave no room empty beside the graph where the graph could fill it.
function look(x, y, k) {
  const r = room();
  const held = (at, half, low, high) =>
    high - low < 2 * half ? (low + high) / 2 : Math.min(Math.max(at, low + half), high - half);
  const middle = [held(x, r.width / 2 / k, frame[0], frame[2]), held(y, r.height / 2 / k, frame[1], frame[3])];
  view = { k, x: r.width / 2 - middle[0] * k, y: r.height / 2 - middle[1] * k };
  apply();
}
function zoom(f, cx, cy) {
  const r = room(), k = Math.max(.02, Math.min(8, view.k * f));
  cx ??= r.width / 2; cy ??= r.height / 2;
  view = { k, x: cx - (cx - view.x) * k / view.k, y: cy - (cy - view.y) * k / view.k };
  apply();
}
function current() {
  const { node } = steps[at];
  return node === undefined ? undefined : spots.get(unitOf(node));
}
function follow() { reveal(current()); }
function reveal(t) {
  if (!t) return;
  const r = room();
  const x = view.x + t.x * view.k, y = view.y + t.y * view.k, w = t.w / 2 * view.k, h = t.h / 2 * view.k;
  if (x - w < 0 || y - h < 0 || x + w > r.width || y + h > r.height) look(t.x, t.y, view.k);
}
// Stand upright or lie, whichever leaves the text larger.
function settle() {
  const scales = G.layouts.map((_, k) => { way = k; arrange(); return fitting(); });
  const best = scales.indexOf(Math.max(...scales));
  if (best !== way) { way = best; arrange(); }
  fit();
}
function showReadably() {
  settle();
  if (view.k >= READABLE) return;
  const first = [...spots.values()].reduce((a, b) => (way ? b.y < a.y : b.x < a.x) ? b : a);
  const t = current() || first;
  look(t.x, t.y, READABLE);
}

scene.addEventListener("wheel", e => {
  e.preventDefault();
  const r = room();
  zoom(Math.exp(-e.deltaY / 400), e.clientX - r.left, e.clientY - r.top);
}, { passive: false });
const fingers = new Map();
let began = null;
scene.addEventListener("pointerdown", e => {
  fingers.set(e.pointerId, e);
  dragged = fingers.size > 1;
  if (!dragged) began = e;
});
window.addEventListener("pointermove", e => {
  const old = fingers.get(e.pointerId);
  if (!old) return;
  if (Math.hypot(e.clientX - began.clientX, e.clientY - began.clientY) > 6) dragged = true;
  if (fingers.size === 1) {
    view.x += e.clientX - old.clientX; view.y += e.clientY - old.clientY;
    apply();
  } else if (fingers.size === 2) {
    const other = [...fingers.values()].find(f => f.pointerId !== e.pointerId), r = room();
    const gap = f => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY) || 1;
    zoom(gap(e) / gap(old), (e.clientX + other.clientX) / 2 - r.left, (e.clientY + other.clientY) / 2 - r.top);
  }
  fingers.set(e.pointerId, e);
});
for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, e => fingers.delete(e.pointerId));

// --- controls ---
let playing = 0;
function says(playing) {
  $("play").textContent = playing ? "❚❚ Pause" : "▶ Play";
  $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
}
function pause() { clearInterval(playing); playing = 0; says(false); }
function play() {
  if (playing) return pause();
  if (at === end) go(0);
  playing = setInterval(() => { go(after(at)); follow(); }, 900);
  says(true);
}
function step(to) { pause(); go(to); follow(); }
function dark(yes) { document.documentElement.dataset.theme = yes ? "dark" : "light"; }

const actions = {
  first: () => step(0), back: () => step(before(at)), play, next: () => step(after(at)), last: () => step(end),
  out: () => zoom(.8), fit, in: () => zoom(1.25), fold: () => foldAll(folded.size < G.boxes.length),
  theme: () => dark(document.documentElement.dataset.theme !== "dark"),
};
for (const id in actions) $(id).onclick = actions[id];
$("place").max = end;
$("place").oninput = e => step(+e.target.value);
$("fold").hidden = G.fixed || !G.boxes.length;

const keys = {
  Home: "first", ArrowLeft: "back", " ": "play", ArrowRight: "next", End: "last",
  "-": "out", "0": "fit", "+": "in", f: "fold",
};
window.addEventListener("keydown", e => {
  const id = keys[e.key], typed = e.key === " " && e.target.tagName === "BUTTON" || e.target.id === "place";
  if (!id || $(id).hidden || typed || e.ctrlKey || e.metaKey || e.altKey) return;
  e.preventDefault();
  actions[id]();
});
let breadth = window.innerWidth;
window.addEventListener("resize", () => {  // a phone's bars come and go: only a turned screen is another one
  if (window.innerWidth !== breadth) { breadth = window.innerWidth; showReadably(); }
});

dark(matchMedia("(prefers-color-scheme: dark)").matches);
if (G.fixed) G.boxes.forEach((_, b) => folded.add(b));
settle();
if (!G.fixed && G.nodes.length > MANY && fitting() < SMALL) G.boxes.forEach((_, b) => folded.add(b));
showReadably();
tell();
// What a test, or the browser's console, may ask.
window.computation = {
  go, grads, known, nodes: G.nodes,
  get at() { return at; }, get last() { return end; }, get view() { return view; }, get spots() { return spots; },
};
