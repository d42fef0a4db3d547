// Which unit best keeps two sequences apart: at one end of its range throughout the one, at the other throughout the
// other. Pure.

/** One number of every unit at every step. */
export interface Numbers {
  readonly units: number;
  at(step: number, unit: number): number;
}

/** Steps of a sequence, first and last. */
export type Stretch = readonly [from: number, to: number];

/**
 * From −1 to 1: 1 for a unit that stays at one extreme in `one` and at the opposite one in `other`; above 0 for one
 * whose sign alone always tells which of the two is read.
 */
export function apartness(values: Numbers, unit: number, one: Stretch, other: Stretch): number {
  const [first, second] = [read(values, unit, one), read(values, unit, other)];
  const sign = Math.sign(mean(first) - mean(second));
  const held = [...first.map((value) => sign * value), ...second.map((value) => -sign * value)];
  const largest = Math.max(...held.map(Math.abs));
  return largest > 0 ? Math.min(...held) / largest : -1;
}

/** All units, the one that keeps the two furthest apart first. */
export function ranking(values: Numbers, one: Stretch, other: Stretch): { unit: number; score: number }[] {
  return Array.from({ length: values.units }, (_, unit) => ({ unit, score: apartness(values, unit, one, other) })).sort(
    (a, b) => b.score - a.score || a.unit - b.unit,
  );
}

function read(values: Numbers, unit: number, [from, to]: Stretch): number[] {
  return Array.from({ length: to - from + 1 }, (_, step) => values.at(from + step, unit));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
