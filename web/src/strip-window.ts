// Which steps a strip shows, and how wide each is. Pure.

import { glyph } from "./symbols";

/** Widths of a step that is a symbol, a word, a number, a row of numbers. */
export const SYMBOL = 16;
const [WORD, NUMBER, ROW] = [64, 12, 24];
const MARGIN = 2;

/** Which steps a strip shows, and how wide each is. */
export interface Strip {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Width of a step in a strip that has `width` pixels: letters and words need room, a short film fills the strip. */
export function stepWidth(symbols: readonly string[], features: number, width: number): number {
  if (features === 1) return NUMBER;
  if (features > 1) return Math.max(ROW, Math.floor(width / Math.max(1, symbols.length)));
  const sampled = symbols.slice(0, 400);
  return sampled.some((symbol) => glyph(symbol).cells > 4) ? WORD : SYMBOL;
}

/** Where a strip must start so that a step is in view: where it is, if it can. */
export function keepInView(start: number, step: number, shown: number, steps: number): number {
  const last = Math.max(0, steps - shown);
  const margin = Math.min(MARGIN, Math.floor((shown - 1) / 2));
  const inside = step >= start + margin && step < start + shown - margin;
  const wanted = inside ? start : step - Math.floor(shown / 2);
  return Math.max(0, Math.min(last, wanted));
}
