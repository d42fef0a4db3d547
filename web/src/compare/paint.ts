// Lanes that two networks have beside each other: what each says next, how much each symbol surprised it, and by how
// much more it surprised the first than the second.

import type { Trace } from "../api";
import { hatch, rule, type Pen } from "../paint";
import { glyph } from "../symbols";
import { paintGlyph } from "../text-paint";
import { LEAST_SHOWN } from "../reading";
import { MOST_BITS, PREDICTION_ROW } from "../text-view";
import type { Series } from "../windows";
import type { Strip } from "../strip-window";

const SMALL = 12;
const PAD = 3;

/** The likeliest outputs under each step, the ground as dark as they are likely; what came then is underlined. */
export function paintNext(pen: Pen, strip: Strip, read: Trace): void {
  const { probabilities, outputs, ranks, predicted, symbols, target } = read;
  if (!probabilities || !outputs || strip.end > read.steps) return;
  const rows = Math.min(ranks, Math.floor(pen.height / PREDICTION_ROW));
  for (let step = strip.start; step < strip.end; step++) {
    const x = (step - strip.start) * strip.step;
    for (let rank = 0; rank < rows; rank++) {
      const share = probabilities.at(step * ranks + rank);
      if (share === undefined || !(share >= LEAST_SHOWN)) break;
      const name = predicted[outputs.at(step * ranks + rank) ?? -1] ?? "";
      const y = rank * PREDICTION_ROW;
      pen.context.fillStyle = pen.tones.gate(share);
      pen.context.fillRect(x, y, strip.step, PREDICTION_ROW);
      paintGlyph(pen, glyph(name), x, y, strip.step, PREDICTION_ROW, SMALL);
      if (target !== "next" || symbols[step + 1] !== name) continue;
      pen.context.fillStyle = pen.tones.ink;
      pen.context.fillRect(x + 1, y + PREDICTION_ROW - 2, strip.step - 2, 1.5);
    }
  }
}

/** The scale that both surprises share: as much as is needed, and no more than is shown anywhere. */
export function mostBits(one: Trace, other: Trace): number {
  if (one.long || other.long) return MOST_BITS; // a survey is never read whole
  let most = 1;
  for (const { surprise, steps } of [one, other]) {
    for (let step = 0; step < steps; step++) most = Math.max(most, surprise?.at(step) || 0);
  }
  return Math.min(MOST_BITS, Math.ceil(most));
}

/** Bits as bars from the ground; what is more than the scale has a cap in ink, what is not known is hatched. */
export function paintSurprise(pen: Pen, strip: Strip, bits: Series, most: number): void {
  const { context, tones, height } = pen;
  if (strip.end > bits.length) return;
  const room = height - 2 * PAD;
  for (let step = strip.start; step < strip.end; step++) {
    const x = (step - strip.start) * strip.step;
    const value = bits.at(step);
    if (value === undefined) continue;
    if (Number.isNaN(value)) {
      hatch(pen, x + 1, height - PAD - 8, strip.step - 2, 8, tones.faint);
      continue;
    }
    const tall = Math.max(1, Math.min(1, value / most) * room);
    context.fillStyle = tones.faint;
    context.fillRect(x + 1, height - PAD - tall, strip.step - 2, tall);
    if (value <= most) continue;
    context.fillStyle = tones.ink;
    context.fillRect(x + 1, PAD, strip.step - 2, 2);
  }
}

/** The first one's surprise less the second one's, as a line about zero. */
export function paintDifference(pen: Pen, strip: Strip, one: Series, other: Series, most: number): void {
  const { context, tones, height } = pen;
  if (strip.end > one.length || strip.end > other.length) return;
  const middle = height / 2;
  rule(pen, middle);
  const level = (step: number) => {
    const share = Math.max(-1, Math.min(1, ((one.at(step) ?? Number.NaN) - (other.at(step) ?? Number.NaN)) / most));
    return middle - share * (middle - PAD);
  };
  context.fillStyle = tones.faint;
  context.globalAlpha = 0.45;
  for (let step = strip.start; step < strip.end; step++) {
    const y = level(step);
    if (!Number.isNaN(y)) context.fillRect((step - strip.start) * strip.step, Math.min(y, middle), strip.step, Math.abs(y - middle));
  }
  context.globalAlpha = 1;
  context.strokeStyle = tones.ink;
  context.lineWidth = 1.25;
  context.beginPath();
  let drawn = false;
  for (let step = strip.start; step < strip.end; step++) {
    const [x, y] = [(step - strip.start) * strip.step, level(step)];
    if (Number.isNaN(y)) {
      drawn = false;
      continue;
    }
    if (!drawn) context.moveTo(x, y);
    drawn = true;
    context.lineTo(x, y);
    context.lineTo(x + strip.step, y);
  }
  context.stroke();
}

/** The mean surprise, as far as it is known; NaN where nothing is, and for a long text, which is never read whole. */
export function average({ surprise, steps, long }: Trace): number {
  let [sum, known] = [0, 0];
  for (let step = 0; step < steps && !long; step++) {
    const bits = surprise?.at(step) ?? Number.NaN;
    if (Number.isNaN(bits)) continue;
    sum += bits;
    known += 1;
  }
  return sum / known;
}
