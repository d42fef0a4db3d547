// A cell folded into a loop, or unrolled into columns, or anything between. Pure.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Columns {
  /** the middle of each column */
  readonly at: readonly number[];
  readonly radius: number;
}

/** Columns of a picture `width` wide; folded (0) they lie on one another in the middle, unrolled (1) side by side. */
export function columns(count: number, width: number, unrolled: number): Columns {
  const room = width / count;
  const radius = Math.min(32, room * 0.3);
  const at = Array.from({ length: count }, (_, place) => {
    const apart = room * (place + 0.5);
    return width / 2 + (apart - width / 2) * unrolled;
  });
  return { at, radius };
}

/**
 * The way from one column's state to the next one's: unrolled a straight line, folded the loop above the circle, whose
 * two ends are the two sides of the same circle.
 */
export function recurrence(from: Point, to: Point, radius: number, unrolled: number): string {
  const folded = 1 - unrolled;
  const [start, end] = [from.x + radius, to.x - radius - 5];
  const third = (end - start) / 3;
  const [out, up] = [folded * radius * 2.2, folded * radius * 3.4];
  const first = `${start + Math.max(0, third) + out} ${from.y - up}`;
  const second = `${end - Math.max(0, third) - out} ${to.y - up}`;
  return `M${start} ${from.y}C${first} ${second} ${end} ${to.y}`;
}
