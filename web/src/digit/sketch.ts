// Strokes of a pen become a picture such as the network learned from: fitted into 20 × 20 pixels, its centre of ink
// in the middle of 28 × 28, drawn with a pen as wide as theirs. Pure; knows nothing of pointers or addresses.

import { INK, SIDE } from "../drawing";

/** Where the pen was on its pad, each coordinate from 0 to 1. */
export type Point = readonly [x: number, y: number];
/** One stroke, from where the pen came down to where it was lifted. */
export type Stroke = readonly Point[];

/** MNIST's digits fill a square of so many pixels, and their ink has its centre here. */
const BOX = 20;
const CENTRE = 14.5;
/** Half the pen's width, in pixels; at its edge the ink fades over one pixel. */
const PEN = 1.15;
/** What is smaller than this share of the pad is not enlarged any further: a dot stays a dot. */
const LEAST = 0.2;

/** (SIDE · SIDE) grey values of 0 to INK; null where nothing was drawn. */
export function picture(strokes: readonly Stroke[]): Uint8Array | null {
  const points = strokes.flat();
  if (points.length === 0) return null;
  const fitted = fit(strokes, points);
  const [x, y] = centre(inked(fitted));
  const moved = fitted.map((stroke) => stroke.map((at): Point => [at[0] + CENTRE - x, at[1] + CENTRE - y]));
  return Uint8Array.from(inked(moved), (share) => Math.round(INK * share));
}

/** Strokes in pixels, scaled so that the ink fits the box, around the middle. */
function fit(strokes: readonly Stroke[], points: readonly Point[]): Stroke[] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = (BOX - 2 * PEN) / Math.max(right - left, bottom - top, LEAST);
  return strokes.map((stroke) =>
    stroke.map(([x, y]): Point => [
      CENTRE + (x - (left + right) / 2) * scale,
      CENTRE + (y - (top + bottom) / 2) * scale,
    ]),
  );
}

/** How much ink each pixel gets, 0 to 1, row after row. */
function inked(strokes: readonly Stroke[]): Float32Array {
  return Float32Array.from({ length: SIDE * SIDE }, (_, place) => {
    const at: Point = [(place % SIDE) + 0.5, Math.floor(place / SIDE) + 0.5];
    let nearest = Number.POSITIVE_INFINITY;
    for (const stroke of strokes) {
      stroke.forEach((point, index) => {
        nearest = Math.min(nearest, distance(at, stroke[index - 1] ?? point, point));
      });
    }
    return Math.max(0, Math.min(1, PEN + 0.5 - nearest));
  });
}

/** From a point to the nearest of a line's points. */
function distance([x, y]: Point, [fromX, fromY]: Point, [toX, toY]: Point): number {
  const [dx, dy] = [toX - fromX, toY - fromY];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - fromX) * dx + (y - fromY) * dy) / length));
  return Math.hypot(x - fromX - along * dx, y - fromY - along * dy);
}

/** The centre of the ink. */
function centre(ink: Float32Array): Point {
  let [sum, x, y] = [0, 0, 0];
  ink.forEach((share, place) => {
    sum += share;
    x += share * ((place % SIDE) + 0.5);
    y += share * (Math.floor(place / SIDE) + 0.5);
  });
  return [x / sum, y / sum];
}
