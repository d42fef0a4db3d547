// Curves of sensitivity against lag, as points of a chart. Pure.

/** More powers of ten than these are cut off: below them rounding is all there is. */
const MOST_DECADES = 12;

/** The last lag that has a number. */
export function reachOf(values: Float32Array): number {
  let last = 0;
  values.forEach((value, lag) => {
    if (Number.isFinite(value)) last = lag;
  });
  return last;
}

/** Each value as a share of the one at lag 0. */
export function relative(values: Float32Array): Float32Array {
  const first = values[0] ?? 0;
  return values.map((value) => (first > 0 ? value / first : Number.NaN));
}

/** The powers of ten between which a chart of these shares lies, [lowest, highest]: even, around 1, at least 2 apart. */
export function powersOf(curves: readonly Float32Array[]): readonly [number, number] {
  let [least, greatest] = [1, 1];
  for (const values of curves) {
    for (const value of values) {
      if (value > 0 && value < least) least = value;
      if (Number.isFinite(value) && value > greatest) greatest = value;
    }
  }
  const even = (power: number) => 2 * Math.ceil(power / 2);
  const highest = Math.min(MOST_DECADES, even(Math.log10(greatest)));
  const lowest = Math.max(-MOST_DECADES, -even(-Math.log10(least)));
  return [highest === lowest ? -2 : lowest, highest];
}

/** An SVG path along the values; what is zero or below the chart's floor, a power of ten, is drawn on the floor. */
export function curve(
  values: Float32Array,
  x: (lag: number) => number,
  y: (share: number) => number,
  lowest: number,
): string {
  const points: string[] = [];
  values.forEach((value, lag) => {
    if (Number.isFinite(value)) points.push(`${x(lag).toFixed(1)} ${y(floored(value, lowest)).toFixed(1)}`);
  });
  return points.length > 0 ? `M${points.join("L")}` : "";
}

/** A share that is on the chart. */
export function floored(value: number, lowest: number): number {
  return Math.max(value, 10 ** lowest);
}

/** Heights for labels that would overlap: each at least `apart` below the one above, as near their own as may be. */
export function spread(wanted: readonly number[], apart: number, lowest: number): number[] {
  const order = wanted.map((_, place) => place).sort((one, other) => wanted[one]! - wanted[other]!);
  const found = [...wanted];
  order.forEach((place, rank) => {
    if (rank > 0) found[place] = Math.max(found[place]!, found[order[rank - 1]!]! + apart);
  });
  let limit = lowest;
  for (const place of order.reverse()) {
    found[place] = Math.min(found[place]!, limit);
    limit = found[place]! - apart;
  }
  return found;
}
