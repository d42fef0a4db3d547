// Where a caret stands in a text that is set in lines, and where it goes. Pure; pixels are those of the setting.
//
// A place is an offset in the text, in UTF-16 units as a textarea counts.

import { stepAt } from "./layout";
import type { Piece } from "./pieces";
import { endsLine } from "./symbols";
import { boxOf, type Setting } from "./text-view";

export interface Typed {
  readonly pieces: readonly Piece[];
  readonly setting: Setting;
}

export interface Place {
  readonly line: number;
  /** pixels from the text's left and top */
  readonly x: number;
  readonly y: number;
}

/** The piece that a place is in or before; one past the last at the text's end. */
export function pieceAt(pieces: readonly Piece[], offset: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const piece = pieces[middle]!;
    if (piece.start + piece.text.length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

const lengthOf = (pieces: readonly Piece[]): number => {
  const last = pieces.at(-1);
  return last ? last.start + last.text.length : 0;
};

const lineCount = ({ pieces, setting }: Typed): number =>
  setting.layout.starts.length - 1 + (pieces.length > 0 && endsLine(pieces.at(-1)!.text) ? 1 : 0);

/** How many pixels high the text is, with the empty line that a newline at its end begins. */
export function heightOf(typed: Typed): number {
  return Math.max(1, lineCount(typed)) * typed.setting.measures.line;
}

/** Where the caret is drawn for an offset. */
export function placeOf({ pieces, setting }: Typed, offset: number): Place {
  const { layout, measures } = setting;
  const index = pieceAt(pieces, offset);
  if (index < pieces.length) {
    const { x, y, w } = boxOf(setting, index);
    const { start, text } = pieces[index]!;
    return { line: layout.line[index]!, x: x + (w * (offset - start)) / text.length, y };
  }
  if (pieces.length === 0) return { line: 0, x: measures.gutter, y: 0 };
  const last = boxOf(setting, pieces.length - 1);
  const line = layout.line[pieces.length - 1]!;
  if (endsLine(pieces.at(-1)!.text)) return { line: line + 1, x: measures.gutter, y: (line + 1) * measures.line };
  return { line, x: last.x + last.w, y: last.y };
}

/** The boxes of a stretch of the text, piece by piece. */
export function boxesBetween({ pieces, setting }: Typed, from: number, to: number): { x: number; y: number; w: number }[] {
  const boxes = [];
  for (let index = pieceAt(pieces, from); index < pieces.length && pieces[index]!.start < to; index++) {
    const { start, text } = pieces[index]!;
    const { x, y, w } = boxOf(setting, index);
    const [first, last] = [Math.max(from - start, 0), Math.min(to - start, text.length)];
    boxes.push({ x: x + (w * first) / text.length, y, w: (w * (last - first)) / text.length });
  }
  return boxes;
}

/** The offset nearest to a point of a line; `x` in pixels from the text's left. */
export function offsetOn(typed: Typed, line: number, x: number): number {
  const { pieces, setting } = typed;
  const { layout, measures } = setting;
  const lines = layout.starts.length - 1;
  if (line < 0 || pieces.length === 0) return 0;
  if (line >= lines) return lengthOf(pieces);
  const index = stepAt(layout, line, Math.floor((x - measures.gutter) / measures.cell));
  const { start, text } = pieces[index]!;
  if (endsLine(text)) return start;
  const box = boxOf(setting, index);
  const share = Math.max(0, Math.min(1, (x - box.x) / box.w));
  const letters = [...text];
  const kept = letters.slice(0, Math.round(share * letters.length)).join("").length;
  // After the last symbol of a full line the caret would stand on the next one.
  const leaves = kept === text.length && index + 1 < pieces.length && layout.line[index + 1] !== line;
  return leaves ? start : start + kept;
}

export type Way = "up" | "down" | "start" | "end";

/** Where a key leads that moves by lines as they are set; `goal` is the x that up and down keep to. */
export function moved(typed: Typed, offset: number, way: Way, goal: number): number {
  const { line } = placeOf(typed, offset);
  switch (way) {
    case "up":
      return line === 0 ? 0 : offsetOn(typed, line - 1, goal);
    case "down":
      return line + 1 >= lineCount(typed) ? lengthOf(typed.pieces) : offsetOn(typed, line + 1, goal);
    case "start":
      return offsetOn(typed, line, 0);
    case "end":
      return offsetOn(typed, line, Number.MAX_SAFE_INTEGER);
  }
}
