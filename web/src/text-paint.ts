// Draws the visible lines of a coloured text. One ink for all letters; only the ground behind them changes.

import { strings } from "./i18n";
import { sequenceOf } from "./layout";
import { hatch, outline, paintCell, rule, type Pen } from "./paint";
import { expectsOther, guessesAt, type Trace } from "./reading";
import { rangesOf } from "./ranges";
import { glyph, type Glyph } from "./symbols";
import { boxOf, GHOST_ROWS, MOST_BITS, outputHeight, PREDICTION_ROW, SURPRISE_ROW, type Setting, type TextView } from "./text-view";
import { MONO, SANS } from "./theme";
import { bandOf, featureName, isSeries, stepLabel } from "./tracks";
import { paintNames, paintTracks, type Place } from "./tracks-paint";

const SMALL = 12;
/** A difference in surprise that is worth an outline. */
const LEAST_BITS = 0.1;
/** Between lines, so that one line's underline is not taken for the next one's overline. */
const LEADING = 2;

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
  const named = Math.min(last, Math.ceil(top / measures.line));
  for (let line = first; line <= last; line++) {
    const y = line * measures.line - top;
    const [from, to] = [layout.starts[line]!, layout.starts[line + 1]!];
    if (from === to) continue;
    paintLineNumber(pen, view.trace, from, y, setting);
    paintGrounds(pen, view, setting, from, to, y);
    if (isSeries(view.trace)) paintNumbers(pen, view, setting, { from, to, y, named: line === named });
    else paintLetters(pen, setting, from, to, y);
    paintMarks(pen, view, setting, from, to, y);
    if (view.lanes.includes("predictions")) {
      paintPredictions(pen, view, setting, from, to, y);
      paintOutput(pen, view, setting, { from, to, y, named: line === named });
    }
    if (view.lanes.includes("surprise")) paintSurprise(pen, view, setting, from, to, y);
  }
  if (view.moment !== null && view.trace.steps > 0) {
    const { x, y, w } = boxOf(setting, view.moment);
    const shared = measures.line > measures.row ? measures.line - 10 : measures.row - LEADING;
    outline(pen, x - 1, y - top, w + 2, shared);
  }
}

function paintLineNumber({ context, tones }: Pen, read: Trace, step: number, y: number, { measures }: Setting): void {
  if (measures.gutter < 40) return;
  const text = read.input === "numbers" && read.seconds !== null ? stepLabel(read, step) : null;
  context.font = `11px ${SANS}`;
  context.fillStyle = tones.faint;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillText(text ?? String(step), measures.gutter - 12, y + Math.min(measures.row, 40) / 2, measures.gutter - 14);
}

function paintGrounds(pen: Pen, view: TextView, setting: Setting, from: number, to: number, y: number): void {
  const { values, unit, scale } = view;
  if (!values || unit === null) return;
  const band = isSeries(view.trace) ? bandOf(view.trace.features) : 0;
  for (let step = from; step < to; step++) {
    const { x, w, h } = boxOf(setting, step);
    paintCell(pen, x, y, w, (band || h) - LEADING, values.at(step, unit), scale);
  }
}

/** A line under each marked stretch. */
function paintMarks(pen: Pen, view: TextView, setting: Setting, from: number, to: number, y: number): void {
  view.marks?.forEach(([first, last], place) => {
    const [a, b] = [Math.max(first, from), Math.min(last, to - 1)];
    if (a > b) return;
    const [left, right] = [boxOf(setting, a), boxOf(setting, b)];
    const thick = place === 0 ? 3 : 1.5;
    pen.context.fillStyle = pen.tones.ink;
    pen.context.fillRect(left.x + 1, y + left.h - LEADING - thick, right.x + right.w - left.x - 2, thick);
  });
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

interface Line {
  readonly from: number;
  readonly to: number;
  readonly y: number;
  /** names and scales are written on it */
  readonly named: boolean;
}

/** The numbers as tracks; where it is asked for, what the network forecast as a dashed line, or what it says below. */
function paintNumbers(pen: Pen, view: TextView, setting: Setting, { from, to, y, named }: Line): void {
  const { inputs, features, forecast } = view.trace;
  if (!inputs) return;
  const { measures } = setting;
  const band = bandOf(features);
  const place: Place = { from, to, x: measures.gutter, y: y + band, step: measures.cell, height: measures.row - band };
  const track = { values: inputs, features };
  paintTracks(pen, track, place);
  const names = Array.from({ length: features }, (_, feature) => featureName(view.trace, feature));
  if (named && (features > 1 || view.trace.feature_names)) paintNames(pen, track, names, place);
  if (!view.lanes.includes("predictions")) return;
  if (forecast) paintForecast(pen, view, setting, from, to, y);
}

/** What an imported network says, as tracks under what it read. */
function paintOutput(pen: Pen, view: TextView, setting: Setting, { from, to, y, named }: Line): void {
  const { output, outputSize } = view.trace;
  if (!output) return;
  const said = { values: output, features: outputSize };
  const { measures } = setting;
  const place: Place = {
    from,
    to,
    x: measures.gutter,
    y: y + measures.outputAt,
    step: measures.cell,
    height: outputHeight(view.trace),
  };
  const end = boxOf(setting, to - 1);
  rule(pen, place.y, place.x, end.x + end.w);
  paintTracks(pen, said, { ...place, box: (step) => boxOf(setting, step) });
  if (named) paintNames(pen, said, Array.from({ length: outputSize }, (_, one) => `${strings().output} ${one}`), place);
}

/** What was said after a step is about the next one, and is drawn there. */
function paintForecast(pen: Pen, view: TextView, setting: Setting, from: number, to: number, y: number): void {
  const { inputs, forecast, lengths } = view.trace;
  if (!inputs || !forecast) return;
  const [[low, high] = [0, 1]] = rangesOf({ values: inputs, features: 1 });
  const { context, tones } = pen;
  const margin = 6;
  const level = (value: number) => {
    const share = Math.max(-0.05, Math.min(1.05, (value - low) / (high - low)));
    return y + setting.measures.row - margin - share * (setting.measures.row - 2 * margin);
  };
  context.strokeStyle = tones.ink;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.beginPath();
  let drawing = false;
  for (let step = sequenceOf(lengths, from)[0] === from ? from + 1 : from; step < to; step++) {
    const { x, w } = boxOf(setting, step);
    const value = forecast.at(step - 1);
    if (value !== undefined && !drawing) context.moveTo(x + w / 2, level(value));
    drawing = value !== undefined;
    if (value !== undefined) context.lineTo(x + w / 2, level(value));
  }
  context.stroke();
  context.setLineDash([]);
}

function paintPredictions(pen: Pen, view: TextView, setting: Setting, from: number, to: number, y: number): void {
  const { trace, ghost } = view;
  if (!trace.probabilities || !trace.outputs) return;
  const { context, tones } = pen;
  for (let step = from; step < to; step++) {
    const { x, w } = boxOf(setting, step);
    const top = y + setting.measures.predictionsAt;
    guessesAt(trace, step, trace.ranks).forEach(({ name, share }, rank) => {
      paintGuess(pen, name, share, x, top + rank * PREDICTION_ROW, w);
      if (trace.target === "next" && step + 1 < to && trace.symbols[step + 1] === name) {
        context.fillStyle = tones.ink;
        context.fillRect(x + 1, top + (rank + 1) * PREDICTION_ROW - 2, w - 2, 1.5);
      }
    });
    if (!ghost || !expectsOther(trace, ghost, step)) continue;
    const below = y + setting.measures.ghostAt;
    dashedRule(pen, x, below - 1.5, w);
    guessesAt(ghost, step, GHOST_ROWS).forEach(({ name, share }, rank) => {
      paintGuess(pen, name, share, x, below + rank * PREDICTION_ROW, w);
    });
  }
}

function paintGuess(pen: Pen, name: string, share: number, x: number, y: number, w: number): void {
  pen.context.fillStyle = pen.tones.gate(share);
  pen.context.fillRect(x, y, w, PREDICTION_ROW);
  paintGlyph(pen, glyph(name), x, y, w, PREDICTION_ROW, SMALL);
}

function dashedRule({ context, tones }: Pen, x: number, y: number, w: number): void {
  context.strokeStyle = tones.ink;
  context.lineWidth = 1;
  context.setLineDash([2, 2]);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + w, y);
  context.stroke();
  context.setLineDash([]);
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
    const other = view.ghost?.surprise?.at(step);
    if (other !== undefined && Math.abs(other - bits) > LEAST_BITS) {
      const level = Math.max(1, Math.min(1, other / MOST_BITS) * SURPRISE_ROW);
      context.strokeStyle = tones.ink;
      context.lineWidth = 1;
      context.strokeRect(x + 1.5, top + SURPRISE_ROW - level + 0.5, w - 3, level - 1);
    }
  }
}
