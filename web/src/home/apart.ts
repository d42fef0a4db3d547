// Which unit best keeps two sequences apart, as `peephole.analysis.apart` ranks units. Pure.

/** One number of every unit at every step. */
export interface Numbers {
  readonly quantity: string;
  readonly units: number;
  at(step: number, unit: number): number | undefined;
}

/** Steps of a sequence, first and last. */
export type Stretch = readonly [from: number, to: number];

/**
 * The gap from the highest value in the one stretch to the lowest in the other, whichever is above; over 0 a
 * threshold tells which of the two is read. A cell counts by its tanh, so that one which drifts off gains nothing.
 */
export function gap(values: Numbers, unit: number, one: Stretch, other: Stretch): number {
  const [first, second] = [read(values, unit, one), read(values, unit, other)];
  return Math.max(Math.min(...first) - Math.max(...second), Math.min(...second) - Math.max(...first));
}

/** All units, the widest gap first. */
export function ranking(values: Numbers, one: Stretch, other: Stretch): number[] {
  const gaps = Array.from({ length: values.units }, (_, unit) => gap(values, unit, one, other));
  return gaps.map((_, unit) => unit).sort((a, b) => gaps[b]! - gaps[a]! || a - b);
}

/** What a memory amounts to in what is shown of it, −1 to 1: a cell's tanh, and a hidden value itself. */
export function bounded(quantity: string, value: number): number {
  return quantity === "cell" ? Math.tanh(value) : value;
}

function read(values: Numbers, unit: number, [from, to]: Stretch): number[] {
  return Array.from({ length: to - from + 1 }, (_, step) => bounded(values.quantity, values.at(from + step, unit) ?? Number.NaN));
}
