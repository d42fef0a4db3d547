// Numbers that span powers of ten: written with raised digits, and placed on a log scale. Pure.

import { decimal, superscript } from "../format";

/** A number as a power of ten with two digits, or as it is where that is as short. */
export function tiny(value: number): string {
  if (value === 0) return "0";
  if (value >= 0.01) return decimal(value, 3);
  const exponent = Math.floor(Math.log10(value));
  const digits = (value / 10 ** exponent).toFixed(1);
  return digits === "10.0" ? `1.0·10${superscript(exponent + 1)}` : `${digits}·10${superscript(exponent)}`;
}

interface Span {
  readonly lowest: number;
  readonly highest: number;
}

const [FAINTEST, LEAST] = [-8, 3];

/** The powers of ten that numbers lie between; a few at least, and none that is too faint to matter. */
export function spanOf(values: Iterable<number>): Span {
  const powers = [...values].filter((value) => value > 0).map(Math.log10);
  const highest = Math.ceil(Math.max(0, ...powers));
  const lowest = Math.floor(Math.min(highest - LEAST, ...powers));
  return { highest, lowest: Math.max(FAINTEST, lowest) };
}

/** How far up a span a number is on the log scale, 0 to 1. */
export function brightness(value: number, { lowest, highest }: Span): number {
  if (!(value > 0)) return 0;
  return Math.max(0, Math.min(1, (Math.log10(value) - lowest) / (highest - lowest)));
}
