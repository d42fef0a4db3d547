// What one quantity of one unit amounts to over a whole text: its reach, how much of it is saturated, its extremes.
// A short text's are found here; a long one's come with it. Pure.

import { isGate } from "./quantities";
import { extremes } from "./ranking";

/** A step at which a unit is at an extreme. */
export interface Peak {
  readonly step: number;
  readonly value: number;
}

export interface Figures {
  readonly least: number;
  readonly greatest: number;
  /** shares of the steps at either end: gates below 0.1 and above 0.9, the rest beyond ∓0.9, a cell by its tanh */
  readonly saturatedLow: number;
  readonly saturatedHigh: number;
  /** the most extreme steps, apart from each other, the most extreme first */
  readonly highest: readonly Peak[];
  readonly lowest: readonly Peak[];
}

const CELL_BOUND = Math.atanh(0.9);
const [HOW_MANY, APART] = [4, 12];

function bounds(quantity: string): readonly [number, number] {
  if (isGate(quantity)) return [0.1, 0.9];
  return quantity === "cell" ? [-CELL_BOUND, CELL_BOUND] : [-0.9, 0.9];
}

/** The figures of a quantity whose values are all here. */
export function figuresOf(quantity: string, values: Float32Array): Figures {
  const [low, high] = bounds(quantity);
  let [least, greatest, below, above] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    if (value < low) below++;
    if (value > high) above++;
  }
  // Looked for only where they are looked at: it takes longer than all the rest.
  const peaks = (sign: 1 | -1): Peak[] =>
    extremes(values, sign, HOW_MANY, APART).map((step) => ({ step, value: values[step]! }));
  let [highest, lowest]: (Peak[] | null)[] = [null, null];
  return {
    least,
    greatest,
    saturatedLow: below / values.length,
    saturatedHigh: above / values.length,
    get highest() {
      return (highest ??= peaks(1));
    },
    get lowest() {
      return (lowest ??= peaks(-1));
    },
  };
}
