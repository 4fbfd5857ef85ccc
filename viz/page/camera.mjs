// @ts-check
// What part of the graph is seen, and how large: the graph's (x, y) is drawn at (view.x + x k, view.y + y k).

/** @typedef {{x: number, y: number, k: number}} View */
/** @typedef {{width: number, height: number}} Room  what the picture may take of the page */

const SMALLEST = .02, LARGEST = 8;
export const FAR = .25;  // smaller than this no text is shown

/** @param {number[]} frame @param {Room} room @returns {number} the scale at which all is seen */
export function fitting([x0, y0, x1, y1], room) {
  return Math.min(1.8, (room.width - 16) / (x1 - x0), (room.height - 16) / (y1 - y0));
}
/** @param {number[]} frame @param {Room} room @returns {View} all of the graph */
export function whole(frame, room) {
  const [x0, y0, x1, y1] = frame;
  return lookingAt((x0 + x1) / 2, (y0 + y1) / 2, Math.max(fitting(frame, room), SMALLEST), frame, room);
}
/**
 * (x, y) in the middle, but no room left empty beside the graph where the graph could fill it.
 * @param {number} x @param {number} y @param {number} k @param {number[]} frame @param {Room} room @returns {View}
 */
export function lookingAt(x, y, k, [x0, y0, x1, y1], { width, height }) {
  /** @type {(at: number, half: number, low: number, high: number) => number} */
  const within = (at, half, low, high) =>
    high - low < 2 * half ? (low + high) / 2 : Math.min(Math.max(at, low + half), high - half);
  const middle = [within(x, width / 2 / k, x0, x1), within(y, height / 2 / k, y0, y1)];
  return { k, x: width / 2 - middle[0] * k, y: height / 2 - middle[1] * k };
}
/**
 * A factor nearer, what is drawn at (x, y) staying there.
 * @param {View} view @param {number} factor @param {number} x @param {number} y @returns {View}
 */
export function zoomed(view, factor, x, y) {
  const k = Math.max(SMALLEST, Math.min(LARGEST, view.k * factor));
  return { k, x: x - (x - view.x) * k / view.k, y: y - (y - view.y) * k / view.k };
}
/**
 * Whether all of a unit is seen.
 * @param {View} view @param {import("./packing.mjs").Spot} t @param {Room} room
 */
export function shows({ x, y, k }, t, room) {
  const left = x + (t.x - t.w / 2) * k, right = x + (t.x + t.w / 2) * k;
  const top = y + (t.y - t.h / 2) * k, bottom = y + (t.y + t.h / 2) * k;
  return left >= 0 && top >= 0 && right <= room.width && bottom <= room.height;
}
