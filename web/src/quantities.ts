// What the quantities of a cell are called, how they are written, and the scale each is shown on.

import type { Statistics } from "./api";
import type { Figures } from "./figures";

/** The range that colours span: gates 0..limit, all else −limit..limit. */
export interface Scale {
  readonly kind: "signed" | "gate";
  readonly limit: number;
}

const LETTERS: Readonly<Record<string, string>> = {
  cell: "c",
  hidden: "h",
  forget_gate: "f",
  input_gate: "i",
  candidate: "g",
  output_gate: "o",
  reset_gate: "r",
  update_gate: "z",
};

/** The order of a page's lanes: what is remembered, what is shown, then what made it so. */
const ORDER = ["cell", "hidden", "forget_gate", "update_gate", "input_gate", "candidate", "reset_gate", "output_gate"];

/** The letter of a quantity in the equations; a GRU's candidate is its n. */
export function letter(quantity: string, cell: string): string {
  return cell === "gru" && quantity === "candidate" ? "n" : (LETTERS[quantity] ?? quantity);
}

export function isGate(quantity: string): boolean {
  return quantity.endsWith("_gate");
}

export function inReadingOrder(quantities: readonly string[]): string[] {
  return [...quantities].sort((one, other) => ORDER.indexOf(one) - ORDER.indexOf(other));
}

const ROUNDING = 1.001;

/** Whether a quantity has no natural ends, so that its scale is a choice: the cell, and a ReLU's outputs. */
export function isUnbounded(quantity: string, extreme: number): boolean {
  return quantity === "cell" || (!isGate(quantity) && extreme > ROUNDING);
}

/** The largest magnitude of one unit, or of all. */
export function extreme(statistics: Statistics, unit: number | null): number {
  const of = (index: number) => Math.max(Math.abs(statistics.minimum[index]!), Math.abs(statistics.maximum[index]!));
  if (unit !== null) return of(unit);
  let largest = 0;
  for (let index = 0; index < statistics.minimum.length; index++) largest = Math.max(largest, of(index));
  return largest;
}

/** The scale of a quantity: fixed where it has natural ends, else the unit's own extreme or that of all units. */
export function scaleOf(quantity: string, statistics: Statistics, unit: number, choice: "unit" | "all"): Scale {
  if (isGate(quantity)) return { kind: "gate", limit: 1 };
  if (!isUnbounded(quantity, extreme(statistics, null))) return { kind: "signed", limit: 1 };
  const limit = extreme(statistics, choice === "unit" ? unit : null);
  return { kind: "signed", limit: limit > 0 && Number.isFinite(limit) ? limit : 1 };
}

/** The scale of one unit's own numbers, without the other units beside them; null before they are known. */
export function scaleOfFigures(quantity: string, figures: Pick<Figures, "least" | "greatest"> | null): Scale {
  if (isGate(quantity)) return { kind: "gate", limit: 1 };
  const reach = figures ? Math.max(Math.abs(figures.least), Math.abs(figures.greatest)) : 0;
  const limit = Number.isFinite(reach) ? reach : 0;
  return { kind: "signed", limit: isUnbounded(quantity, limit) ? limit || 1 : 1 };
}
