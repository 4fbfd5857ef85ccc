// --- looking around: zoom, pan, pinch, and the picture following the steps ---
const READABLE = matchMedia("(max-width: 48rem)").matches ? 1.1 : .9, SMALL = .45, FAR = .25;  // scales: what steps are followed at; below these a graph begins folded, and shows no text
const MANY = 60;  // nodes: fewer never begin folded
let view = { x: 0, y: 0, k: 1 }, dragged = false;
function apply() {
  world.setAttribute("transform", `translate(${view.x},${view.y}) scale(${view.k})`);
  world.classList.toggle("far", view.k < FAR);
}
const room = () => scene.getBoundingClientRect();

function fitting() { const r = room(); return Math.min(1.8, (r.width - 16) / (frame[2] - frame[0]), (r.height - 16) / (frame[3] - frame[1])); }
function fit() { look((frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2, Math.max(fitting(), .02)); }
// Put (x, y) in the middle, but leave no room empty beside the graph where the graph could fill it.
function look(x, y, k) {
  const r = room(), half = [r.width / 2 / k, r.height / 2 / k];
  const held = (at, a, low, high) => high - low < 2 * half[a] ? (low + high) / 2 : Math.min(Math.max(at, low + half[a]), high - half[a]);
  view = { k, x: r.width / 2 - held(x, 0, frame[0], frame[2]) * k, y: r.height / 2 - held(y, 1, frame[1], frame[3]) * k };
  apply();
}
function zoom(f, cx, cy) {
  const r = room(); cx ??= r.width / 2; cy ??= r.height / 2;
  const k = Math.max(.02, Math.min(8, view.k * f));
  view = { k, x: cx - (cx - view.x) * k / view.k, y: cy - (cy - view.y) * k / view.k }; apply();
}
function follow() {
  const node = steps[at].node, t = node === undefined ? null : spots.get(unitOf(node));
  if (!t) return;
  const r = room(), x = view.x + t.x * view.k, y = view.y + t.y * view.k, w = t.w / 2 * view.k, h = t.h / 2 * view.k;
  if (x - w < 0 || y - h < 0 || x + w > r.width || y + h > r.height) look(t.x, t.y, view.k);
}
// Stand upright or lie, whichever leaves the text larger.
function settle() {
  const scales = G.layouts.map((_, k) => { way = k; arrange(); return fitting(); });
  const best = scales.indexOf(Math.max(...scales));
  if (best !== way) { way = best; arrange(); }
  fit();
}
function begin() {
  settle();
  if (!G.fixed && G.boxes.length && !folded.size && G.nodes.length > MANY && fitting() < SMALL) { G.boxes.forEach((_, b) => folded.add(b)); settle(); }
  if (view.k >= READABLE) return;
  const first = [...spots.values()].reduce((a, b) => (way ? b.y < a.y : b.x < a.x) ? b : a);
  const unit = steps[at].node === undefined ? null : spots.get(unitOf(steps[at].node));
  look((unit || first).x, (unit || first).y, READABLE);
}

scene.addEventListener("wheel", e => { e.preventDefault(); const r = room(); zoom(Math.exp(-e.deltaY / 400), e.clientX - r.left, e.clientY - r.top); }, { passive: false });
const fingers = new Map();
let pressedAt = null;
scene.addEventListener("pointerdown", e => { fingers.set(e.pointerId, e); if (fingers.size === 1) { dragged = false; pressedAt = e; } else dragged = true; });
window.addEventListener("pointermove", e => {
  const old = fingers.get(e.pointerId); if (!old) return;
  if (Math.hypot(e.clientX - pressedAt.clientX, e.clientY - pressedAt.clientY) > 6) dragged = true;
  if (fingers.size === 1) { view.x += e.clientX - old.clientX; view.y += e.clientY - old.clientY; apply(); }
  else if (fingers.size === 2) {
    const other = [...fingers.values()].find(f => f.pointerId !== e.pointerId), r = room();
    const gap = f => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY) || 1;
    zoom(gap(e) / gap(old), (e.clientX + other.clientX) / 2 - r.left, (e.clientY + other.clientY) / 2 - r.top);
  }
  fingers.set(e.pointerId, e);
});
for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, e => fingers.delete(e.pointerId));

// --- controls ---
let playing = 0;
function pause() { clearInterval(playing); playing = 0; $("play").textContent = "▶ Play"; $("play").setAttribute("aria-label", "Play"); }
function play() {
  if (playing) return pause();
  if (at === end) go(0);
  playing = setInterval(() => { go(after(at)); follow(); }, 900);
  $("play").textContent = "⏸ Pause"; $("play").setAttribute("aria-label", "Pause");
}
const step = to => { pause(); go(to); follow(); };
$("first").onclick = () => step(0); $("back").onclick = () => step(before(at)); $("next").onclick = () => step(after(at));
$("last").onclick = () => step(end); $("play").onclick = play; $("place").max = end;
$("place").oninput = e => step(+e.target.value);
$("in").onclick = () => zoom(1.25); $("out").onclick = () => zoom(.8); $("fit").onclick = fit;
$("fold").hidden = G.fixed || !G.boxes.length;
$("fold").onclick = () => foldAll(folded.size < G.boxes.length);
const dark = d => { document.documentElement.dataset.theme = d ? "dark" : "light"; };
$("theme").onclick = () => dark(document.documentElement.dataset.theme !== "dark");
const keys = { ArrowRight: () => step(after(at)), ArrowLeft: () => step(before(at)), Home: () => step(0), End: () => step(end),
  " ": play, "+": () => zoom(1.25), "-": () => zoom(.8), "0": fit, f: () => { if (!$("fold").hidden) $("fold").click(); } };
window.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey || !keys[e.key] || e.target.id === "place" || e.key === " " && e.target.tagName === "BUTTON") return;
  e.preventDefault(); keys[e.key]();
});
window.addEventListener("resize", begin);
dark(matchMedia("(prefers-color-scheme: dark)").matches);
if (G.fixed) G.boxes.forEach((_, b) => folded.add(b));
begin(); tell();
// What a test, or the browser's console, may ask.
window.computation = { go, get at() { return at; }, get last() { return end; }, get view() { return view; }, get spots() { return spots; }, grads, known, nodes: G.nodes };
