// What a coloured text shows, and its measures in pixels. Knows nothing of scrolling or the pointer.

import type { Trace, Values } from "./api";
import { wrap, type Layout } from "./layout";
import type { Scale } from "./quantities";
import type { Lane } from "./state";
import { glyph, type Glyph } from "./symbols";

/** A text with the values that colour it. */
export interface TextView {
  readonly trace: Trace;
  readonly values: Values | null;
  readonly unit: number | null;
  readonly scale: Scale;
  readonly lanes: readonly Lane[];
  readonly moment: number | null;
  /** steps of which nothing is known yet, while a text is being typed: they show their letters alone */
  readonly unread?: (step: number) => boolean;
}

export interface Measures {
  readonly gutter: number;
  /** the type's size */
  readonly size: number;
  readonly cell: number;
  /** the symbol's own row */
  readonly row: number;
  /** the row with its lanes and the gap to the next */
  readonly line: number;
  readonly predictionsAt: number;
  readonly surpriseAt: number;
}

export interface Setting {
  readonly glyphs: readonly Glyph[];
  readonly layout: Layout;
  readonly measures: Measures;
}

/** Predictions less likely than this are left out. */
export const LEAST_SHOWN = 0.01;
export const MOST_BITS = 8;
export const PREDICTION_ROW = 16;
export const SURPRISE_ROW = 16;

/** Type sizes, the usual first; short texts are set larger, as far as they fit. */
const SIZES = [
  { size: 15, cell: 9, row: 24 },
  { size: 20, cell: 13, row: 32 },
  { size: 28, cell: 18, row: 40 },
] as const;
const NUMBER = { size: 15, cell: 6, row: 56 };
const LANE_GAP = 4;
const LINE_GAP = 12;
const NUMBERS_FROM = 560;

const used = new WeakMap<Float32Array, number>();

/** How many rows the predictions need: as many as are ever worth showing. */
export function predictionRows({ probabilities, ranks }: Trace): number {
  if (!probabilities || ranks === 0) return 0;
  let rows = used.get(probabilities);
  if (rows === undefined) {
    rows = 1;
    for (let place = 0; place < probabilities.length; place++) {
      if (probabilities[place]! >= LEAST_SHOWN) rows = Math.max(rows, (place % ranks) + 1);
    }
    used.set(probabilities, rows);
  }
  return rows;
}

/** Whether the steps are single numbers, to be drawn as a curve in place of letters. */
export function isSeries(trace: Trace): boolean {
  return trace.input === "numbers" && trace.features === 1;
}

type Face = Pick<Measures, "size" | "cell" | "row">;

function measure(trace: Trace, lanes: readonly Lane[], width: number, { size, cell, row }: Face): Measures {
  let line = row;
  const predictionsAt = line + LANE_GAP;
  if (lanes.includes("predictions") && trace.probabilities) line = predictionsAt + predictionRows(trace) * PREDICTION_ROW;
  const surpriseAt = line + LANE_GAP;
  if (lanes.includes("surprise") && trace.surprise) line = surpriseAt + SURPRISE_ROW;
  if (line > row || isSeries(trace)) line += LINE_GAP;
  return { gutter: width < NUMBERS_FROM ? 8 : 56, size, cell, row, line, predictionsAt, surpriseAt };
}

/** Sets a text in lines that fit a width, as large as they fit the height. */
export function typeset(trace: Trace, lanes: readonly Lane[], width: number, height: number): Setting {
  if (isSeries(trace)) {
    const blank = { text: "", cells: 1, faint: true };
    return set(trace, lanes, width, trace.symbols.map(() => blank), NUMBER);
  }
  const glyphs = trace.symbols.map(glyph);
  const usual = set(trace, lanes, width, glyphs, SIZES[0]);
  for (const face of SIZES.slice(1).reverse()) {
    if (trace.steps * face.cell * face.row > width * height) continue; // cannot fit, however it breaks
    const larger = set(trace, lanes, width, glyphs, face);
    const lines = larger.layout.starts.length;
    if (lines === usual.layout.starts.length && (lines - 1) * larger.measures.line <= height) return larger;
  }
  return usual;
}

function set(trace: Trace, lanes: readonly Lane[], width: number, glyphs: readonly Glyph[], face: Face): Setting {
  const measures = measure(trace, lanes, width, face);
  const columns = Math.max(8, Math.floor((width - measures.gutter - measures.cell) / measures.cell));
  return { glyphs, layout: wrap(trace.symbols, glyphs, trace.lengths, columns), measures };
}
