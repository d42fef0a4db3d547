// Which steps a strip shows, and how wide each is. Pure.

import { areNumbers, glyph } from "./symbols";

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

/** What is read, as far as the width of its steps goes: symbols, numbers over time, the rows of an image. */
export type Kind = "symbols" | "numbers" | "rows";

/** Width of a step in a strip that has `width` pixels: letters and words need room, a short film fills the strip. */
export function stepWidth(symbols: readonly string[], kind: Kind, width: number, zoom: number | null = null): number {
  if (kind === "numbers") return zoom === null ? NUMBER : Math.max(2, 2 * zoom);
  if (kind === "rows") return Math.max(ROW, Math.floor(width / Math.max(1, symbols.length)));
  const sampled = symbols.slice(0, 400);
  if (sampled.some((symbol) => glyph(symbol).cells > 4)) return WORD;
  return areNumbers(sampled) ? 2 * SYMBOL : SYMBOL;
}

/** Where a strip must start so that a step is in view: where it is, if it can. */
export function keepInView(start: number, step: number, shown: number, steps: number): number {
  const last = Math.max(0, steps - shown);
  const margin = Math.min(MARGIN, Math.floor((shown - 1) / 2));
  const inside = step >= start + margin && step < start + shown - margin;
  const wanted = inside ? start : step - Math.floor(shown / 2);
  return Math.max(0, Math.min(last, wanted));
}
