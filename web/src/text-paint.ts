// Draws the visible lines of a coloured text. One ink for all letters; only the ground behind them changes.

import { sequenceOf } from "./layout";
import { hatch, outline, paintCell, type Pen } from "./paint";
import { LEAST_SHOWN } from "./reading";
import { glyph, type Glyph } from "./symbols";
import { isSeries, MOST_BITS, PREDICTION_ROW, SURPRISE_ROW, type Setting, type TextView } from "./text-view";
import { MONO, SANS } from "./theme";

const SMALL = 12;
/** Between lines, so that one line's underline is not taken for the next one's overline. */
const LEADING = 2;

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

const ADVANCE = 0.6; // of the type's size, in the monospaced faces of the stack

/** A glyph centred in its cells; words are set from the left, and cut with an ellipsis where they do not fit. */
export function paintGlyph(pen: Pen, shown: Glyph, x: number, y: number, w: number, h: number, size: number): void {
  const { context, tones } = pen;
  const label = shown.faint && shown.text.length > 1 && /^[A-Z0-9]+$/.test(shown.text);
  context.font = `${label ? size * 0.62 : size}px ${MONO}`;
  context.fillStyle = shown.faint ? tones.faint : tones.ink;
  context.direction = "ltr";
  context.textBaseline = "middle";
  const centred = shown.cells <= 2 || label;
  context.textAlign = centred ? "center" : "left";
  const text = centred ? shown.text : cut(shown, Math.round(w / (size * ADVANCE)));
  context.fillText(text, centred ? x + w / 2 : x, y + h / 2 + 1, Math.max(w, size * ADVANCE));
}

function cut(shown: Glyph, cells: number): string {
  if (shown.cells <= cells) return shown.text;
  return `${[...shown.text].slice(0, Math.max(1, cells - 1)).join("")}…`;
}

/** Draws the lines that a window `top` pixels down the text shows. */
export function paintText(pen: Pen, view: TextView, setting: Setting, top: number): void {
  const { layout, measures } = setting;
  const lines = layout.starts.length - 1;
  const first = Math.max(0, Math.floor(top / measures.line));
  const last = Math.min(lines - 1, Math.floor((top + pen.height) / measures.line));
  for (let line = first; line <= last; line++) {
    const y = line * measures.line - top;
    const [from, to] = [layout.starts[line]!, layout.starts[line + 1]!];
    if (from === to) continue;
    paintLineNumber(pen, from, y, setting);
    paintGrounds(pen, view, setting, from, to, y);
    if (isSeries(view.trace)) paintCurve(pen, view, setting, from, to, y);
    else paintLetters(pen, setting, from, to, y);
    if (view.lanes.includes("predictions")) paintPredictions(pen, view, setting, from, to, y);
    if (view.lanes.includes("surprise")) paintSurprise(pen, view, setting, from, to, y);
  }
  if (view.moment !== null && view.trace.steps > 0) {
    const { x, y, w } = boxOf(setting, view.moment);
    const shared = measures.line > measures.row ? measures.line - 10 : measures.row - LEADING;
    outline(pen, x - 1, y - top, w + 2, shared);
  }
}

function paintLineNumber({ context, tones }: Pen, step: number, y: number, { measures }: Setting): void {
  if (measures.gutter < 40) return;
  context.font = `11px ${SANS}`;
  context.fillStyle = tones.faint;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillText(String(step), measures.gutter - 12, y + Math.min(measures.row, 40) / 2);
}

function paintGrounds(pen: Pen, view: TextView, setting: Setting, from: number, to: number, y: number): void {
  const { values, unit, scale } = view;
  if (!values || unit === null) return;
  for (let step = from; step < to; step++) {
    const { x, w, h } = boxOf(setting, step);
    paintCell(pen, x, y, w, h - LEADING, values.at(step, unit), scale);
  }
}

function paintLetters(pen: Pen, setting: Setting, from: number, to: number, y: number): void {
  const { context, tones } = pen;
  const { layout, measures } = setting;
  const middle = y + (measures.row - LEADING) / 2 + 1;
  let prepared = false;
  for (let step = from; step < to; step++) {
    const shown = setting.glyph(step);
    const x = measures.gutter + layout.column[step]! * measures.cell;
    const w = layout.cells[step]! * measures.cell;
    if (shown.text.length > 1) {
      paintGlyph(pen, shown, x, y, w, measures.row - LEADING, measures.size);
      prepared = false;
      continue;
    }
    // Most symbols are one letter. There are thousands on a screen, and one font for all of them.
    if (!prepared) {
      context.font = `${measures.size}px ${MONO}`;
      context.direction = "ltr";
      context.textBaseline = "middle";
      context.textAlign = "center";
      prepared = true;
    }
    context.fillStyle = shown.faint ? tones.faint : tones.ink;
    context.fillText(shown.text, x + w / 2, middle);
  }
}

const ranges = new WeakMap<Float32Array, readonly [number, number]>();

/** The finite range of a series, computed once. */
export function rangeOf(series: Float32Array): readonly [number, number] {
  let range = ranges.get(series);
  if (!range) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of series) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    range = low < high ? [low, high] : [low - 1, low + 1];
    ranges.set(series, range);
  }
  return range;
}

/** The series as a heavy line; where it is asked for, what the network forecast as a dashed one. */
function paintCurve(pen: Pen, view: TextView, setting: Setting, from: number, to: number, y: number): void {
  const { inputs, forecast, lengths } = view.trace;
  if (!inputs) return;
  const [low, high] = rangeOf(inputs);
  const { context, tones } = pen;
  const margin = 6;
  const level = (value: number) => {
    const share = Math.max(-0.05, Math.min(1.05, (value - low) / (high - low)));
    return y + setting.measures.row - margin - share * (setting.measures.row - 2 * margin);
  };
  const draw = (at: (step: number) => number | undefined, first: number) => {
    context.beginPath();
    let drawing = false;
    for (let step = first; step < to; step++) {
      const { x, w } = boxOf(setting, step);
      const value = at(step);
      if (value !== undefined && !drawing) context.moveTo(x + w / 2, level(value));
      drawing = value !== undefined;
      if (value !== undefined) context.lineTo(x + w / 2, level(value));
    }
    context.stroke();
  };
  context.strokeStyle = tones.ink;
  context.lineWidth = 1.5;
  draw((step) => inputs[step]!, from);
  if (!view.lanes.includes("predictions") || !forecast) return;
  // What was said after a step is about the next one, and is drawn there.
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  draw((step) => forecast.at(step - 1), sequenceOf(lengths, from)[0] === from ? from + 1 : from);
  context.setLineDash([]);
}

function paintPredictions(pen: Pen, view: TextView, setting: Setting, from: number, to: number, y: number): void {
  const { probabilities, outputs, ranks, predicted, symbols, target } = view.trace;
  if (!probabilities || !outputs) return;
  const { context, tones } = pen;
  for (let step = from; step < to; step++) {
    const { x, w } = boxOf(setting, step);
    for (let rank = 0; rank < ranks; rank++) {
      const share = probabilities.at(step * ranks + rank) ?? 0;
      if (!(share >= LEAST_SHOWN)) break;
      const name = predicted[outputs.at(step * ranks + rank) ?? -1] ?? "";
      const top = y + setting.measures.predictionsAt + rank * PREDICTION_ROW;
      context.fillStyle = tones.gate(share);
      context.fillRect(x, top, w, PREDICTION_ROW);
      paintGlyph(pen, glyph(name), x, top, w, PREDICTION_ROW, SMALL);
      if (target === "next" && step + 1 < to && symbols[step + 1] === name) {
        context.fillStyle = tones.ink;
        context.fillRect(x + 1, top + PREDICTION_ROW - 2, w - 2, 1.5);
      }
    }
  }
}

function paintSurprise(pen: Pen, view: TextView, setting: Setting, from: number, to: number, y: number): void {
  const { surprise } = view.trace;
  if (!surprise) return;
  const { context, tones } = pen;
  const top = y + setting.measures.surpriseAt;
  for (let step = from; step < to; step++) {
    const { x, w } = boxOf(setting, step);
    const bits = surprise.at(step);
    if (bits === undefined) continue;
    if (Number.isNaN(bits)) {
      hatch(pen, x, top, w, SURPRISE_ROW, tones.faint);
      continue;
    }
    const tall = Math.max(1, Math.min(1, bits / MOST_BITS) * SURPRISE_ROW);
    context.fillStyle = tones.faint;
    context.fillRect(x + 1, top + SURPRISE_ROW - tall, w - 2, tall);
    if (bits > MOST_BITS) {
      context.fillStyle = tones.ink;
      context.fillRect(x + 1, top, w - 2, 2);
    }
  }
}
