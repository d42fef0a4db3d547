// Lanes of a strip: symbols, one quantity as bars or apertures, and the ledger's two lanes.

import type { Trace } from "./api";
import type { Entry } from "./bookkeeping";
import { sequenceStarts } from "./layout";
import { hatch, paintBar, paintCell, rule, type Pen } from "./paint";
import type { Scale } from "./quantities";
import type { Strip } from "./strip-window";
import { glyph } from "./symbols";
import type { Series } from "./windows";
import { paintGlyph } from "./text-paint";
import { SANS } from "./theme";
import { bandOf, isSeries, stepLabel } from "./tracks";
import { paintTracks } from "./tracks-paint";

/** What is read, step by step: symbols, or numbers as tracks; on the ground of the values that colour the text. */
export function paintSteps(pen: Pen, strip: Strip, read: Trace, values: Series | null, scale: Scale): void {
  if (strip.end > read.steps) return; // the strip is of the text before, for this one frame
  if (isSeries(read)) paintNumbers(pen, strip, read, values, scale);
  else paintSymbols(pen, strip, read.symbols, values, scale);
  paintStarts(pen, strip, read.lengths);
}

function paintSymbols(
  pen: Pen,
  strip: Strip,
  symbols: readonly string[],
  values: Series | null,
  scale: Scale,
): void {
  for (let step = strip.start; step < strip.end; step++) {
    const x = (step - strip.start) * strip.step;
    if (values) paintCell(pen, x, 0, strip.step, pen.height, values.at(step), scale);
    const shown = glyph(symbols[step]!);
    paintGlyph(pen, shown, x + (shown.cells > 2 ? 3 : 0), 0, strip.step - (shown.cells > 2 ? 6 : 0), pen.height, 14);
  }
}

/** A rule before each sequence but the first: there the state begins anew. */
export function paintStarts({ context, tones, height }: Pen, strip: Strip, lengths: readonly number[]): void {
  context.fillStyle = tones.ink;
  for (const start of sequenceStarts(lengths)) {
    if (start > strip.start && start < strip.end) {
      context.fillRect((start - strip.start) * strip.step - 0.5, 0, 1, height);
    }
  }
}

const BAND = 6;

function paintNumbers(pen: Pen, strip: Strip, read: Trace, values: Series | null, scale: Scale): void {
  // Rows of heat leave the unit's own colours a band above them.
  const band = bandOf(read.features) > 0 ? BAND : 0;
  if (values) {
    for (let step = strip.start; step < strip.end; step++) {
      paintCell(pen, (step - strip.start) * strip.step, 0, strip.step, band || pen.height, values.at(step), scale);
    }
  }
  const place = { from: strip.start, to: strip.end, x: 0, y: band, step: strip.step, height: pen.height - band };
  paintTracks(pen, { values: read.inputs!, features: read.features }, place);
}

const TICKS = 96;

/** The time axis of numbers: what every so manieth step is called. */
export function paintAxis({ context, tones }: Pen, strip: Strip, read: Trace, y: number): void {
  const every = Math.max(1, Math.ceil(TICKS / strip.step));
  context.font = `11px ${SANS}`;
  context.fillStyle = tones.faint;
  context.textAlign = "left";
  context.textBaseline = "top";
  for (let step = Math.ceil(strip.start / every) * every; step < strip.end; step += every) {
    const x = (step - strip.start) * strip.step;
    context.fillRect(x, y, 1, 4);
    const label = read.seconds === null ? null : stepLabel(read, step);
    context.fillText(label ?? String(step), x + 4, y + 2, TICKS - 8);
  }
}

/** One quantity: bars about its zero line, or an aperture; a contour in ink along the values. */
export function paintLane(pen: Pen, strip: Strip, values: Series, scale: Scale): void {
  const [top, high] = [4, pen.height - 8];
  const middle = top + high / 2;
  const at = (step: number) => values.at(step) ?? Number.NaN;
  rule(pen, middle);
  for (let step = strip.start; step < strip.end; step++) {
    paintBar(pen, (step - strip.start) * strip.step, top, strip.step, high, values.at(step), scale);
  }
  if (scale.kind === "signed") {
    stairs(pen, strip, (step) => middle - (clip(at(step) / scale.limit) * high) / 2);
  } else {
    stairs(pen, strip, (step) => middle - (clip(at(step)) * high) / 2);
    stairs(pen, strip, (step) => middle + (clip(at(step)) * high) / 2);
  }
}

const clip = (value: number): number => Math.max(-1, Math.min(1, value));

function stairs({ context, tones }: Pen, strip: Strip, level: (step: number) => number): void {
  context.strokeStyle = tones.ink;
  context.lineWidth = 1;
  context.beginPath();
  let drawing = false;
  for (let step = strip.start; step < strip.end; step++) {
    const x = (step - strip.start) * strip.step;
    const y = level(step);
    if (!drawing) context.moveTo(x, y);
    drawing = !Number.isNaN(y);
    if (!drawing) continue;
    context.lineTo(x, y);
    context.lineTo(x + strip.step, y);
  }
  context.stroke();
}

/** How far down a value of the memory stands in the ledger's upper lane. */
export function ledgerLevel(height: number, value: number, limit: number): number {
  return height / 2 - clip(value / limit) * (height / 2 - 4);
}

/**
 * The ledger's upper lane. In the half of each step that is read first the kept part of what was there, solid; in
 * the other what was written onto it, hatched; the line is the memory, so that kept + written can be seen to reach
 * it. A backward direction reads from the right.
 */
export function paintLedger(
  pen: Pen,
  strip: Strip,
  limit: number,
  backward: boolean,
  entry: (step: number) => Entry | undefined,
): void {
  const { context, tones, height } = pen;
  const middle = height / 2;
  const y = (value: number) => ledgerLevel(height, value, limit);
  const half = strip.step / 2;
  const [first, second] = backward ? [half, 0] : [0, half];
  rule(pen, middle);
  for (let step = strip.start; step < strip.end; step++) {
    const x = (step - strip.start) * strip.step;
    const booked = entry(step);
    if (!booked) continue;
    const { kept, after, written } = booked;
    context.fillStyle = kept < 0 ? tones.signed(-1) : tones.signed(1);
    context.fillRect(x + first + 0.5, Math.min(middle, y(kept)), half - 1, Math.abs(y(kept) - middle));
    const [top, tall] = [Math.min(y(kept), y(after)), Math.abs(y(after) - y(kept))];
    hatch(pen, x + second + 0.5, top, half - 1, tall, deep(pen, written));
  }
  context.strokeStyle = tones.ink;
  context.lineWidth = 1.5;
  context.beginPath();
  let drawing = false;
  for (let step = strip.start; step < strip.end; step++) {
    const x = (step - strip.start) * strip.step;
    const booked = entry(step);
    if (!booked) {
      drawing = false;
      continue;
    }
    const { before, after } = booked;
    const [left, right] = backward ? [after, before] : [before, after];
    if (!drawing) context.moveTo(x, y(left));
    drawing = true;
    context.lineTo(x, y(left));
    context.lineTo(x + half, y(left));
    context.lineTo(x + half, y(right));
    context.lineTo(x + strip.step, y(right));
  }
  context.stroke();
}

const deep = ({ tones }: Pen, value: number): string => tones.ridge(value < 0 ? -1 : 1);

/** How far down a share of −1 to 1 stands in the ledger's lower lane. */
export function shownLevel(height: number, value: number): number {
  return height / 2 - clip(value) * (height / 2 - 3);
}

/** The ledger's lower lane: tanh(c) as an outline, h filled inside it; the filled share is the output gate. */
export function paintShown(pen: Pen, strip: Strip, cell: Series, hidden: Series): void {
  const { context, tones, height } = pen;
  const middle = height / 2;
  const reach = middle - 3;
  rule(pen, middle);
  context.lineWidth = 1;
  for (let step = strip.start; step < strip.end; step++) {
    const x = (step - strip.start) * strip.step;
    const [memory, shown] = [cell.at(step), hidden.at(step)];
    if (memory === undefined || shown === undefined) continue;
    const [outer, inner] = [Math.tanh(memory) * reach, clip(shown) * reach];
    context.fillStyle = inner < 0 ? tones.signed(-1) : tones.signed(1);
    context.fillRect(x + 2, Math.min(middle, middle - inner), strip.step - 4, Math.abs(inner));
    context.strokeStyle = tones.ink;
    context.strokeRect(x + 1.5, Math.min(middle, middle - outer), strip.step - 3, Math.abs(outer));
  }
}
