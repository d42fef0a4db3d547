// Curves of sensitivity against lag, as points of a chart. Pure.

/** More decades than these are cut off: rounding is all there is below. */
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

/** How many decades a chart of these shares must reach down: an even number, at least 2. */
export function decadesOf(curves: readonly Float32Array[]): number {
  let least = 1;
  for (const values of curves) for (const value of values) if (value > 0 && value < least) least = value;
  return Math.min(MOST_DECADES, 2 * Math.max(1, Math.ceil(-Math.log10(least) / 2)));
}

/** An SVG path along the values; what is zero or below the chart's floor is drawn on the floor. */
export function curve(
  values: Float32Array,
  x: (lag: number) => number,
  y: (share: number) => number,
  decades: number,
): string {
  const points: string[] = [];
  values.forEach((value, lag) => {
    if (Number.isFinite(value)) points.push(`${x(lag).toFixed(1)} ${y(floored(value, decades)).toFixed(1)}`);
  });
  return points.length > 0 ? `M${points.join("L")}` : "";
}

/** A share that is on the chart. */
export function floored(value: number, decades: number): number {
  return Math.max(value, 10 ** -decades);
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
