// @ts-check
// Wheel, mouse and fingers: zoom, pan, pinch.

/**
 * Call `pan` with what a pointer moves by, and `zoom` with a factor and the place that stays where it is. The click at
 * the end of a drag goes no further.
 * @param {SVGElement} svg @param {(dx: number, dy: number) => void} pan
 * @param {(factor: number, x: number, y: number) => void} zoom
 */
export function onPointer(svg, pan, zoom) {
  /** @type {Map<number, PointerEvent>} */
  const fingers = new Map();
  let dragged = false, began = { clientX: 0, clientY: 0 };
  /** @type {(factor: number, x: number, y: number) => void} */
  const zoomAt = (factor, x, y) => { const r = svg.getBoundingClientRect(); zoom(factor, x - r.left, y - r.top); };

  svg.addEventListener("click", e => { if (dragged) e.stopPropagation(); }, { capture: true });
  svg.addEventListener("wheel", e => {
    e.preventDefault();
    zoomAt(Math.exp(-e.deltaY / 400), e.clientX, e.clientY);
  }, { passive: false });
  svg.addEventListener("pointerdown", e => {
    fingers.set(e.pointerId, e);
    dragged = fingers.size > 1;
    if (!dragged) began = e;
  });
  window.addEventListener("pointermove", e => {
    const old = fingers.get(e.pointerId);
    if (!old) return;
    if (Math.hypot(e.clientX - began.clientX, e.clientY - began.clientY) > 6) dragged = true;
    const other = [...fingers.values()].find(f => f.pointerId !== e.pointerId);
    if (fingers.size === 1) pan(e.clientX - old.clientX, e.clientY - old.clientY);
    else if (fingers.size === 2 && other) {
      /** @type {(f: PointerEvent) => number} */
      const gap = f => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY) || 1;
      zoomAt(gap(e) / gap(old), (e.clientX + other.clientX) / 2, (e.clientY + other.clientY) / 2);
    }
    fingers.set(e.pointerId, e);
  });
  window.addEventListener("pointerup", e => fingers.delete(e.pointerId));
  window.addEventListener("pointercancel", e => fingers.delete(e.pointerId));
}
