// Where each step of a text stands: lines of cells. Pure; knows nothing of pixels.

import { endsLine, type Glyph } from "./symbols";

export interface Layout {
  /** the first step of each line, and one past the last step at the end */
  readonly starts: readonly number[];
  readonly line: Int32Array;
  readonly column: Int32Array;
  readonly cells: Int32Array;
}

/** The first step of each sequence. */
export function sequenceStarts(lengths: readonly number[]): number[] {
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return start - length;
  });
}

/** The first step of the sequence that a step is in, and one past its last. */
export function sequenceOf(lengths: readonly number[], step: number): readonly [number, number] {
  let start = 0;
  for (const length of lengths) {
    if (step < start + length) return [start, start + length];
    start += length;
  }
  return [start, start];
}

const LOOK_BACK = 24;

/**
 * Breaks steps into lines: after a newline, at a sequence's end, and where `columns` are full, there after the last
 * space if one is near. A symbol wider than a line is cut to the line.
 */
export function wrap(
  symbols: readonly string[],
  glyphs: readonly Glyph[],
  lengths: readonly number[],
  columns: number,
): Layout {
  const steps = symbols.length;
  const [line, column, cells] = [new Int32Array(steps), new Int32Array(steps), new Int32Array(steps)];
  const starts: number[] = [0];
  const fresh = new Set(sequenceStarts(lengths));

  let at = 0;
  let start = 0;
  for (let step = 0; step < steps; step++) {
    const cellsHere = Math.min(columns, glyphs[step]!.cells);
    if (at + cellsHere > columns && step > start) {
      const from = softBreak(symbols, start, step);
      starts.push(from);
      start = from;
      at = 0;
      for (let moved = from; moved < step; moved++) {
        column[moved] = at;
        line[moved] = starts.length - 1;
        at += cells[moved]!;
      }
    }
    line[step] = starts.length - 1;
    column[step] = at;
    cells[step] = cellsHere;
    at += cellsHere;
    if ((endsLine(symbols[step]!) || fresh.has(step + 1)) && step + 1 < steps) {
      starts.push(step + 1);
      start = step + 1;
      at = 0;
    }
  }
  starts.push(steps);
  return { starts, line, column, cells };
}

/** After the last space near the line's end; not after an indentation, which would leave a line of nothing. */
function softBreak(symbols: readonly string[], start: number, step: number): number {
  const blank = (at: number) => /^\s+$/.test(symbols[at]!);
  let indented = start;
  while (indented < step && blank(indented)) indented++;
  for (let back = step; back > Math.max(indented, step - LOOK_BACK); back--) {
    if (blank(back - 1)) return back;
  }
  return step;
}

/** The step at a line's column: the nearest one on that line. */
export function stepAt(layout: Layout, line: number, column: number): number {
  const lines = layout.starts.length - 1;
  const row = Math.min(lines - 1, Math.max(0, line));
  const [from, to] = [layout.starts[row]!, layout.starts[row + 1]!];
  let step = from;
  while (step + 1 < to && layout.column[step + 1]! <= column) step++;
  return step;
}
