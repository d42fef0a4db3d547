// Units, moments and symbols in order of what makes them worth a look. Pure.

import type { Statistics } from "./api";
import type { Sort } from "./state";

/** The orders that follow from the values alone. */
export type OwnSort = Exclude<Sort, "follows" | "silence" | "cost">;

export function isOwn(sort: Sort): sort is OwnSort {
  return sort !== "follows" && sort !== "silence" && sort !== "cost";
}

/** The number a unit is ranked by. */
export function score(statistics: Statistics, sort: OwnSort, unit: number): number {
  switch (sort) {
    case "index":
      return -unit;
    case "turnover":
      return statistics.turnover[unit]!;
    case "variance":
      return statistics.deviation[unit]! ** 2;
    case "saturation":
      return statistics.saturated_low[unit]! + statistics.saturated_high[unit]!;
    case "range":
      return statistics.maximum[unit]! - statistics.minimum[unit]!;
    case "telling":
      return statistics.telling[unit]!;
  }
}

/** All units, highest score first; ties by index; what is not a number last. */
export function rankedBy(units: number, score: (unit: number) => number): number[] {
  const scores = Array.from({ length: units }, (_, unit) => {
    const found = score(unit);
    return Number.isNaN(found) ? Number.NEGATIVE_INFINITY : found;
  });
  return scores.map((_, unit) => unit).sort((one, other) => scores[other]! - scores[one]! || one - other);
}

/** All units in an order that follows from their values. */
export function ranked(statistics: Statistics, sort: OwnSort): number[] {
  return rankedBy(statistics.mean.length, (unit) => score(statistics, sort, unit));
}

/** The steps of the largest values (smallest for sign −1), at least `apart` steps from each other. */
export function extremes(values: Float32Array, sign: 1 | -1, howMany: number, apart: number): number[] {
  const order = Array.from(values.keys())
    .filter((step) => !Number.isNaN(values[step]!))
    .sort((one, other) => sign * (values[other]! - values[one]!) || one - other);
  const found: number[] = [];
  for (const step of order) {
    if (found.every((other) => Math.abs(other - step) >= apart)) found.push(step);
    if (found.length === howMany) break;
  }
  return found;
}

const FEWEST = 3;

/** Symbols by falling mean; those seen too rarely to have one are left out while others remain. */
export function byMean(means: Float32Array, counts: Float32Array): number[] {
  const all = Array.from(means, (_, index) => index).filter((index) => counts[index]! > 0);
  const often = all.filter((index) => counts[index]! >= FEWEST);
  return (often.length > 1 ? often : all).sort((one, other) => means[other]! - means[one]!);
}
