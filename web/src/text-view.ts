// What a coloured text shows, and its measures in pixels. Knows nothing of scrolling or the pointer.

import type { Trace, Values } from "./api";
import { wrap, type Layout } from "./layout";
import type { Scale } from "./quantities";
import type { Lane } from "./state";
import { glyphs } from "./reading";
import { areNumbers, type Glyph } from "./symbols";
import { isSeries, stripHeight, tracksHeight, usualZoom } from "./tracks";

/** A text with the values that colour it. */
export interface TextView {
  readonly trace: Trace;
  readonly values: Values | null;
  readonly unit: number | null;
  readonly scale: Scale;
  readonly lanes: readonly Lane[];
  readonly moment: number | null;
  /** stretches to be underlined, first and last steps; the first one heavily */
  readonly marks?: readonly (readonly [number, number])[];
  /** the same text read with something held */
  readonly ghost?: Trace | null;
  /** pixels of a step of numbers; null: as many as suit it */
  readonly zoom?: number | null;
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
  /** what is expected with something held */
  readonly ghostAt: number;
  readonly surpriseAt: number;
  /** what an imported network says */
  readonly outputAt: number;
}

export interface Setting {
  readonly glyph: (step: number) => Glyph;
  readonly layout: Layout;
  readonly measures: Measures;
}

export const MOST_BITS = 8;
export const PREDICTION_ROW = 16;
export const SURPRISE_ROW = 16;
/** How many of the second reading's outputs are shown under each symbol. */
export const GHOST_ROWS = 2;

/** Type sizes, the usual first; short texts are set larger, as far as they fit. */
const SIZES = [
  { size: 15, cell: 9, row: 24 },
  { size: 20, cell: 13, row: 32 },
  { size: 28, cell: 18, row: 40 },
] as const;
const LANE_GAP = 4;
const LINE_GAP = 12;
const NUMBERS_FROM = 560;

type Face = Pick<Measures, "size" | "cell" | "row">;

/** What a setting depends on: a text, the lanes under it, and whether what is expected is shown twice. */
export type Set = Pick<TextView, "trace" | "lanes" | "ghost" | "zoom">;

function measure({ trace, lanes, ghost }: Set, width: number, { size, cell, row }: Face): Measures {
  let line = row;
  const predictionsAt = line + LANE_GAP;
  const predicts = lanes.includes("predictions") && trace.probabilities;
  if (predicts) line = predictionsAt + trace.rows * PREDICTION_ROW;
  const ghostAt = line + LANE_GAP;
  if (predicts && ghost) line = ghostAt + Math.min(GHOST_ROWS, trace.rows) * PREDICTION_ROW;
  const surpriseAt = line + LANE_GAP;
  if (lanes.includes("surprise") && trace.surprise) line = surpriseAt + SURPRISE_ROW;
  const outputAt = line + LANE_GAP;
  if (lanes.includes("predictions") && trace.output) line = outputAt + outputHeight(trace);
  if (line > row || isSeries(trace)) line += LINE_GAP;
  return { gutter: gutterOf(width), size, cell, row, line, predictionsAt, ghostAt, surpriseAt, outputAt };
}

/** Sets a text in lines that fit a width, as large as they fit the height. */
export function typeset(text: Set, width: number, height: number): Setting {
  const { trace } = text;
  if (isSeries(trace)) return ruled(text, width);
  const shown = areNumbers(trace.names) ? apart(glyphs(trace)) : glyphs(trace);
  const usual = set(text, width, shown, SIZES[0]);
  for (const face of SIZES.slice(1).reverse()) {
    if (trace.steps * face.cell * face.row > width * height) continue; // cannot fit, however it breaks
    const larger = set(text, width, shown, face);
    const lines = larger.layout.starts.length;
    if (lines === usual.layout.starts.length && (lines - 1) * larger.measures.line <= height) return larger;
  }
  return usual;
}

/** Glyphs as wide as the widest, and a cell between them. */
function apart(glyphs: readonly Glyph[]): Glyph[] {
  const cells = Math.max(...glyphs.map((one) => one.cells)) + 1;
  return glyphs.map((one) => ({ ...one, cells }));
}

const NAMED = 12;
const BLANK: Glyph = { text: "", cells: 1, faint: true };

/** Numbers in lines: every step is as wide, whatever it is called. */
function ruled(text: Set, width: number): Setting {
  const { trace } = text;
  const usual = usualZoom(trace.steps, width - gutterOf(width));
  // Names of outputs need room.
  const named = text.lanes.includes("predictions") && trace.probabilities !== null;
  const cell = text.zoom ?? (named ? Math.max(NAMED, usual) : usual);
  const measures = measure(text, width, { size: 15, cell, row: tracksHeight(trace.features) });
  const columns = Math.max(8, Math.floor((width - measures.gutter - 8) / cell));
  const nameless = { names: [""], ids: new Int32Array(trace.steps) };
  return { glyph: () => BLANK, layout: wrap(nameless, [BLANK], trace.lengths, columns), measures };
}

function gutterOf(width: number): number {
  return width < NUMBERS_FROM ? 8 : 56;
}

/** How tall the lane of what an imported network says is. */
export function outputHeight({ outputSize }: Pick<Trace, "outputSize">): number {
  return Math.max(32, stripHeight(outputSize));
}

function set(text: Set, width: number, shown: readonly Glyph[], face: Face): Setting {
  const measures = measure(text, width, face);
  const columns = Math.max(8, Math.floor((width - measures.gutter - measures.cell) / measures.cell));
  const { trace } = text;
  const { ids } = trace;
  return { glyph: (step) => shown[ids[step]!]!, layout: wrap(trace, shown, trace.lengths, columns), measures };
}

/** The step at the cursor's place in the setting, in pixels from the text's top left. */
export function boxOf(setting: Setting, step: number): { x: number; y: number; w: number; h: number } {
  const { layout, measures } = setting;
  return {
    x: measures.gutter + layout.column[step]! * measures.cell,
    y: layout.line[step]! * measures.line,
    w: layout.cells[step]! * measures.cell,
    h: measures.row,
  };
}
