// The scale on which light is told: decades below the brightest. Pure.

import { superscript } from "../format";

/** At least and at most so many powers of ten are told apart. */
const [FEWEST, MOST] = [2, 8];

/** How bright a value is beside the brightest, 0 to 1 on a log scale; 0 for what is fainter than the last decade. */
export function brightness(value: number, brightest: number, decades: number): number {
  if (!(value > 0) || !(brightest > 0)) return 0;
  return Math.max(0, Math.min(1, 1 + Math.log10(value / brightest) / decades));
}

/** How many decades it takes to tell all values apart, each series beside its own brightest. */
export function decadesOf(series: readonly { readonly values: Float32Array; readonly brightest: number }[]): number {
  let least = 1;
  for (const { values, brightest } of series) {
    for (const value of values) if (value > 0 && value / brightest < least) least = value / brightest;
  }
  return Math.max(FEWEST, Math.min(MOST, Math.ceil(-Math.log10(least))));
}

/** The largest of several series; 0 for none. */
export function brightestOf(...series: readonly (Float32Array | null)[]): number {
  let largest = 0;
  for (const values of series) {
    for (const value of values ?? []) if (value > largest) largest = value;
  }
  return largest;
}

/** A power of ten as it is printed: 1, 10⁻², 10³. */
export function powerOfTen(exponent: number): string {
  return exponent === 0 ? "1" : `10${superscript(exponent)}`;
}
