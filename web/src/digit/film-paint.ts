// An image read row by row, and what was guessed after each row, drawn so that rows stand beside rows.

import type { Trace } from "../api";
import type { Pen } from "../paint";
import { likelihoods } from "../picture";
import { entropy } from "./doubt";

/** What has not been read yet. */
const UNREAD = 0.18;
/** Bits of doubt between ten digits. */
export const MOST_DOUBT = Math.log2(10);

/** A block of rows: its top left, the height of a row, the width of a column. */
export interface Block {
  readonly x: number;
  readonly y: number;
  readonly row: number;
  readonly column: number;
}

/** The image; rows from `read` on are faint. */
export function paintImage({ context, tones }: Pen, { x, y, row, column }: Block, trace: Trace, read: number): void {
  context.fillStyle = tones.ink;
  for (let step = 0; step < trace.steps; step++) {
    for (let feature = 0; feature < trace.features; feature++) {
      const ink = trace.inputs![step * trace.features + feature]!;
      if (ink <= 0) continue;
      context.globalAlpha = Math.min(1, ink) * (step < read ? 1 : UNREAD);
      context.fillRect(x + feature * column, y + step * row, column, row);
    }
  }
  context.globalAlpha = 1;
}

/** After each row the probability of each output, as the area and the grey of a square. */
export function paintShares({ context, tones }: Pen, { x, y, row, column }: Block, trace: Trace, read: number): void {
  for (let step = 0; step < trace.steps; step++) {
    context.globalAlpha = step < read ? 1 : UNREAD;
    likelihoods(trace, step).forEach((share, output) => {
      const side = Math.sqrt(Math.max(0, share));
      const [w, h] = [(column - 2) * side, (row - 1) * side];
      context.fillStyle = share > 0.5 ? tones.ink : tones.gate(1);
      context.fillRect(x + (output + 0.5) * column - w / 2, y + (step + 0.5) * row - h / 2, w, h);
    });
  }
  context.globalAlpha = 1;
}

/** The doubt after each row as a line down the rows, from none at the left to all there can be at the right. */
export function paintDoubt({ context, tones }: Pen, { x, y, row, column }: Block, trace: Trace, read: number): void {
  context.fillStyle = tones.faint;
  context.globalAlpha = 0.3;
  context.fillRect(x, y, 1, trace.steps * row);
  context.globalAlpha = 1;
  context.strokeStyle = tones.ink;
  context.lineWidth = 1.5;
  for (const [from, to, alpha] of [[0, read, 1], [read, trace.steps, UNREAD]] as const) {
    context.globalAlpha = alpha;
    context.beginPath();
    for (let step = Math.max(0, from - (from > 0 ? 1 : 0)); step < to; step++) {
      context.lineTo(x + (entropy(likelihoods(trace, step)) / MOST_DOUBT) * column, y + (step + 0.5) * row);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}
