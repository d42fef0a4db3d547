// Where each step of a text stands: lines of cells. Pure; knows nothing of pixels.
//
// A million steps are set in a few hundredths of a second: what a symbol looks like is asked once for each different
// symbol, and everything else is arrays of numbers.

import type { Symbols } from "./reading";
import { endsLine, type Glyph } from "./symbols";

export interface Layout {
  /** the first step of each line, and one past the last step at the end */
  readonly starts: Int32Array;
  readonly line: Int32Array;
  readonly column: Int32Array;
  readonly cells: Int32Array;
}

const starts = new WeakMap<readonly number[], Int32Array>();

/** The first step of each sequence. */
export function sequenceStarts(lengths: readonly number[]): Int32Array {
  let found = starts.get(lengths);
  if (!found) {
    let start = 0;
    found = Int32Array.from(lengths, (length) => {
      start += length;
      return start - length;
    });
    starts.set(lengths, found);
  }
  return found;
}

/** The first step of the sequence that a step is in, and one past its last. */
export function sequenceOf(lengths: readonly number[], step: number): readonly [number, number] {
  const begins = sequenceStarts(lengths);
  let [low, high] = [0, begins.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (begins[middle]! + lengths[middle]! <= step) low = middle + 1;
    else high = middle;
  }
  if (low < begins.length) return [begins[low]!, begins[low]! + lengths[low]!];
  const end = begins.length > 0 ? begins.at(-1)! + lengths.at(-1)! : 0;
  return [end, end];
}

const LOOK_BACK = 24;

/**
 * Breaks steps into lines: after a newline, at a sequence's end, and where `columns` are full, there after the last
 * space if one is near. A symbol wider than a line is cut to the line.
 *
 * @param glyphs of each of the text's names
 */
export function wrap(
  { names, ids }: Symbols,
  glyphs: readonly Glyph[],
  lengths: readonly number[],
  columns: number,
): Layout {
  const steps = ids.length;
  const [line, column, cells] = [new Int32Array(steps), new Int32Array(steps), new Int32Array(steps)];
  const wide = Int32Array.from(glyphs, (glyph) => Math.min(columns, glyph.cells));
  const blank = Uint8Array.from(names, (name) => Number(/^\s+$/.test(name)));
  const last = Uint8Array.from(names, (name) => Number(endsLine(name)));
  const begins = sequenceStarts(lengths);
  const firsts = new Int32Array(Math.max(1, steps) + 1); // at most one line a step
  let lines = 1;
  let sequence = 1;

  let at = 0;
  let start = 0;
  for (let step = 0; step < steps; step++) {
    const id = ids[step]!;
    const cellsHere = wide[id]!;
    if (at + cellsHere > columns && step > start) {
      start = softBreak(ids, blank, start, step);
      firsts[lines++] = start;
      at = 0;
      for (let moved = start; moved < step; moved++) {
        column[moved] = at;
        line[moved] = lines - 1;
        at += cells[moved]!;
      }
    }
    line[step] = lines - 1;
    column[step] = at;
    cells[step] = cellsHere;
    at += cellsHere;
    while (sequence < begins.length && begins[sequence]! <= step) sequence++;
    if ((last[id] || begins[sequence] === step + 1) && step + 1 < steps) {
      firsts[lines++] = step + 1;
      start = step + 1;
      at = 0;
    }
  }
  firsts[lines] = steps;
  return { starts: firsts.slice(0, lines + 1), line, column, cells };
}

/** After the last space near the line's end; not after an indentation, which would leave a line of nothing. */
function softBreak(ids: Int32Array, blank: Uint8Array, start: number, step: number): number {
  let indented = start;
  while (indented < step && blank[ids[indented]!]) indented++;
  for (let back = step; back > Math.max(indented, step - LOOK_BACK); back--) {
    if (blank[ids[back - 1]!]) return back;
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
