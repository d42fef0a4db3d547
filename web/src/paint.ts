// One number as a mark on a canvas. Every coloured view of the explorer is made of these.
//
// Hue carries sign or, in grey, permeability; position says the same again, so that greyscale still reads: signed
// numbers rise above or hang below their zero line, gates open from the middle like an aperture.

import type { Tones } from "./colour";
import type { Scale } from "./quantities";

export interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly tones: Tones;
  readonly width: number;
  readonly height: number;
}

const RIDGE = 3;
/** A bar's length tells its value already; paler than this it could not be seen. */
const PALEST = 0.35;
const CLIP = 1.0005;

/** What is drawn of a number; undefined, one that is not here yet, leaves the ground as it is. */
type Shown = number | undefined;

/** The cell behind a symbol: its whole ground in the value's colour, with a ridge on the side of the sign. */
export function paintCell(pen: Pen, x: number, y: number, w: number, h: number, value: Shown, scale: Scale): void {
  if (value === undefined) return;
  const { context, tones } = pen;
  if (Number.isNaN(value)) {
    hatch(pen, x, y, w, h, tones.faint);
    return;
  }
  const fraction = value / scale.limit;
  if (scale.kind === "gate") {
    const opening = Math.max(0, Math.min(1, fraction)) * h;
    context.fillStyle = tones.gate(fraction);
    context.fillRect(x, y + (h - opening) / 2, w, opening);
    return;
  }
  context.fillStyle = tones.signed(fraction);
  context.fillRect(x, y, w, h);
  context.fillStyle = tones.ridge(fraction);
  context.fillRect(x, fraction < 0 ? y + h - RIDGE : y, w, RIDGE);
  if (Math.abs(fraction) > CLIP) caret(pen, x + w / 2, fraction < 0 ? y + h : y, fraction < 0 ? -1 : 1);
}

/** A bar from the zero line in the middle (signed), or an aperture about it (gates). */
export function paintBar(pen: Pen, x: number, y: number, w: number, h: number, value: Shown, scale: Scale): void {
  if (value === undefined) return;
  const { context, tones } = pen;
  if (Number.isNaN(value)) {
    hatch(pen, x, y, w, h, tones.faint);
    return;
  }
  const middle = y + h / 2;
  const fraction = value / scale.limit;
  const share = Math.max(-1, Math.min(1, fraction));
  if (scale.kind === "gate") {
    const opening = Math.max(1, share * h);
    context.fillStyle = tones.gate(1);
    context.fillRect(x, middle - opening / 2, w, opening);
    return;
  }
  const length = (share * h) / 2;
  context.fillStyle = tones.signed(share < 0 ? Math.min(share, -PALEST) : Math.max(share, PALEST));
  context.fillRect(x, length > 0 ? middle - length : middle, w, Math.max(1, Math.abs(length)));
  if (Math.abs(fraction) > CLIP) caret(pen, x + w / 2, share < 0 ? y + h : y, share < 0 ? -1 : 1);
}

/** What is clipped gets a caret that points past the end of the scale. */
function caret({ context, tones }: Pen, x: number, y: number, sign: 1 | -1): void {
  context.fillStyle = tones.ink;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - 3, y + 4 * sign);
  context.lineTo(x + 3, y + 4 * sign);
  context.fill();
}

const patterns = new Map<string, HTMLCanvasElement>();
const PERIOD = 5;

/** Diagonal lines, aligned across neighbouring areas. */
export function hatch(pen: Pen, x: number, y: number, w: number, h: number, colour: string): void {
  let tile = patterns.get(colour);
  if (!tile) {
    const scale = 2;
    tile = document.createElement("canvas");
    tile.width = tile.height = PERIOD * scale;
    const context = tile.getContext("2d")!;
    context.scale(scale, scale);
    context.strokeStyle = colour;
    context.lineWidth = 1.4;
    for (const shift of [-PERIOD, 0, PERIOD]) {
      context.beginPath();
      context.moveTo(shift - 1, PERIOD + 1);
      context.lineTo(shift + PERIOD + 1, -1);
      context.stroke();
    }
    patterns.set(colour, tile);
  }
  const pattern = pen.context.createPattern(tile, "repeat")!;
  pattern.setTransform(new DOMMatrix().scale(0.5));
  pen.context.fillStyle = pattern;
  pen.context.fillRect(x, y, w, h);
}

/** The cursor: an outline in ink, on whole pixels. */
export function outline({ context, tones }: Pen, x: number, y: number, w: number, h: number): void {
  context.strokeStyle = tones.ink;
  context.lineWidth = 1.5;
  context.strokeRect(x + 0.25, y + 0.75, w - 0.5, h - 1.5);
}

/** A hairline across. */
export function rule({ context, tones, width }: Pen, y: number, from = 0, to = width): void {
  context.globalAlpha = 0.18;
  context.fillStyle = tones.ink;
  context.fillRect(from, Math.round(y), to - from, 1);
  context.globalAlpha = 1;
}
