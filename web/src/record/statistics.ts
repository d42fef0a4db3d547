// What a record says about each of its units: `peephole.analysis.units` in the page, number for number.

import type { LayerRecord } from "./record";
import { isGate, spans } from "./record";

/** The steps for which a telling unit holds what it takes. */
const HELD = 20;
/** Odd, so that zero falls into the middle of the middle bin. */
const BINS = 41;
const CELL_SATURATES = Math.atanh(0.9);

export type Statistics = Readonly<Record<(typeof FIELDS)[number], Float32Array>>;
const FIELDS = [
  "minimum",
  "maximum",
  "mean",
  "deviation",
  "saturated_low",
  "saturated_high",
  "turnover",
  "telling",
] as const;

/** Below the first a unit is saturated low, above the second high. */
function saturation(quantity: string): readonly [number, number] {
  if (isGate(quantity)) return [0.1, 0.9];
  const bound = quantity === "cell" ? CELL_SATURATES : 0.9;
  return [-bound, bound];
}

/** One quantity of one unit, (step,). */
export function series(record: LayerRecord, quantity: string, unit: number): Float32Array {
  const all = record.quantities.get(quantity)!;
  return Float32Array.from({ length: all.length / record.units }, (_, step) => all[step * record.units + unit]!);
}

/** Statistics of one quantity of every unit. */
export function statistics(record: LayerRecord, quantity: string, lengths: readonly number[]): Statistics {
  const found = Object.fromEntries(FIELDS.map((name) => [name, new Float32Array(record.units)])) as Statistics;
  const [low, high] = saturation(quantity);
  for (let unit = 0; unit < record.units; unit++) {
    const values = series(record, quantity, unit);
    let [minimum, maximum, shut, open] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (const value of values) {
      minimum = Math.min(minimum, value);
      maximum = Math.max(maximum, value);
      if (value < low) shut++;
      if (value > high) open++;
    }
    found.minimum[unit] = minimum;
    found.maximum[unit] = maximum;
    found.saturated_low[unit] = shut / values.length;
    found.saturated_high[unit] = open / values.length;
    [found.mean[unit], found.deviation[unit]] = spread(values);
    found.turnover[unit] = turnover(values, lengths);
    found.telling[unit] = telling(quantity === "cell" ? values.map(Math.tanh) : values, lengths);
  }
  return found;
}

function spread(values: Float32Array): [mean: number, deviation: number] {
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return [mean, Math.sqrt(squares / values.length)];
}

/** Mean change from step to step, never from one sequence to the next. */
function turnover(values: Float32Array, lengths: readonly number[]): number {
  let [sum, count] = [0, 0];
  for (const [start, end] of spans(lengths)) {
    for (let step = start + 1; step < end; step++, count++) sum += Math.abs(values[step]! - values[step - 1]!);
  }
  return count > 0 ? sum / count : 0;
}

function telling(values: Float32Array, lengths: readonly number[]): number {
  const [deviation, change] = [spread(values)[1], turnover(values, lengths)];
  // What never changes tells nothing.
  return change > 0 ? deviation * Math.min(1, deviation / change / HELD) : 0;
}

export interface Histogram {
  readonly counts: Float32Array;
  readonly low: number;
  readonly high: number;
}

/** How one unit's values spread over the quantity's natural range. */
export function histogram(quantity: string, values: Float32Array): Histogram {
  const [low, high] = range(quantity, values);
  const counts = new Float32Array(BINS);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * BINS);
    if (value >= low && value <= high) counts[Math.min(BINS - 1, bin)]!++;
  }
  return { counts, low, high };
}

function range(quantity: string, values: Float32Array): readonly [number, number] {
  if (isGate(quantity)) return [0, 1];
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const reach = quantity === "cell" ? most || 1 : Math.max(most, 1);
  return [-reach, reach];
}

/** The mean after each symbol that was read, the most frequent symbol first. */
export function bySymbol(values: Float32Array, symbols: readonly string[]) {
  const places = new Map<string, { sum: number; count: number }>();
  symbols.forEach((symbol, step) => {
    const place = places.get(symbol) ?? { sum: 0, count: 0 };
    place.sum += values[step]!;
    place.count++;
    places.set(symbol, place);
  });
  const order = [...places].sort(([, one], [, other]) => other.count - one.count);
  return {
    symbols: order.map(([symbol]) => symbol),
    means: Float32Array.from(order, ([, { sum, count }]) => sum / count),
    counts: Float32Array.from(order, ([, { count }]) => count),
  };
}

/** Pearson's correlation of two series; NaN where one of them is constant. */
export function pearson(one: Float32Array, other: (step: number) => number): number {
  let [sum, far] = [0, 0];
  for (let step = 0; step < one.length; step++) {
    sum += one[step]!;
    far += other(step);
  }
  const [mean, middle] = [sum / one.length, far / one.length];
  let [both, own, others] = [0, 0, 0];
  for (let step = 0; step < one.length; step++) {
    const [a, b] = [one[step]! - mean, other(step) - middle];
    both += a * b;
    own += a * a;
    others += b * b;
  }
  return own > 0 && others > 0 ? both / Math.sqrt(own * others) : Number.NaN;
}
