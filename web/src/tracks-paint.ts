// Draws numbers over time: a few as curves on scales of their own, many as rows of heat on one scale.

import { paintCell, rule, type Pen } from "./paint";
import { scaleEnd } from "./format";
import { heatLimit, rangesOf, type Track } from "./ranges";
import { FEW } from "./tracks";
import { SANS } from "./theme";

/** Where they are drawn: steps `from` to `to` − 1, the first at `x`, each `step` pixels wide. */
export interface Place {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly y: number;
  readonly step: number;
  readonly height: number;
  /** where a step is, if steps are not all as wide */
  readonly box?: (step: number) => { readonly x: number; readonly w: number };
}

/** Draws the tracks of a stretch. */
export function paintTracks(pen: Pen, track: Track, place: Place): void {
  if (track.features <= FEW) paintCurves(pen, track, place);
  else paintHeat(pen, track, place);
}

const MARGIN = 6;

function middleOf({ from, x, step: width, box }: Place, step: number): number {
  if (!box) return x + (step - from + 0.5) * width;
  const { x: left, w } = box(step);
  return left + w / 2;
}

function paintCurves({ context, tones, ...pen }: Pen, track: Track, place: Place): void {
  const { values, features } = track;
  const tall = place.height / features;
  rangesOf(track).forEach(([low, high], feature) => {
    const top = place.y + feature * tall;
    if (feature > 0) rule({ context, tones, ...pen }, top, place.x, place.x + (place.to - place.from) * place.step);
    context.beginPath();
    for (let step = place.from; step < place.to; step++) {
      const share = (values[step * features + feature]! - low) / (high - low);
      context.lineTo(middleOf(place, step), top + tall - MARGIN - share * (tall - 2 * MARGIN));
    }
    context.strokeStyle = tones.ink;
    context.lineWidth = 1.5;
    context.stroke();
  });
}

/** Steps of one tile: a picture of the numbers themselves, a pixel each, that is stretched where it is shown. */
const TILE = 1024;
const tiles = new WeakMap<Float32Array, Map<string, HTMLCanvasElement>>();

function tileOf({ tones }: Pen, track: Track, number: number): HTMLCanvasElement {
  let known = tiles.get(track.values);
  if (!known) tiles.set(track.values, (known = new Map()));
  const key = `${number} ${tones.theme.name}`;
  let tile = known.get(key);
  if (!tile) {
    tile = document.createElement("canvas");
    const { values, features } = track;
    const first = number * TILE;
    tile.width = Math.min(TILE, values.length / features - first);
    tile.height = features;
    const context = tile.getContext("2d")!;
    const limit = heatLimit(track);
    for (let step = 0; step < tile.width; step++) {
      for (let feature = 0; feature < features; feature++) {
        context.fillStyle = tones.signed(values[(first + step) * features + feature]! / limit);
        context.fillRect(step, feature, 1, 1);
      }
    }
    known.set(key, tile);
  }
  return tile;
}

function paintHeat(pen: Pen, track: Track, { from, to, x, y, step, height, box }: Place): void {
  const { context } = pen;
  context.imageSmoothingEnabled = false;
  if (box) {
    for (let at = from; at < to; at++) {
      const { x: left, w } = box(at);
      context.drawImage(tileOf(pen, track, Math.floor(at / TILE)), at % TILE, 0, 1, track.features, left, y, w, height);
    }
    return;
  }
  for (let number = Math.floor(from / TILE); number * TILE < to; number++) {
    const tile = tileOf(pen, track, number);
    const [first, last] = [Math.max(from, number * TILE), Math.min(to, number * TILE + tile.width)];
    const wide = last - first;
    context.drawImage(tile, first - number * TILE, 0, wide, track.features, x + (first - from) * step, y, wide * step, height);
  }
}

/** Names and scales of a few curves, over their beginnings. */
export function paintNames(pen: Pen, track: Track, names: readonly string[], { x, y, height }: Place): void {
  if (track.features > FEW) return;
  const { context, tones } = pen;
  const tall = height / track.features;
  context.font = `11px ${SANS}`;
  context.textAlign = "left";
  context.textBaseline = "top";
  context.direction = "ltr";
  rangesOf(track).forEach(([low, high], feature) => {
    const text = `${names[feature] ?? ""} ${scaleEnd(low)} … ${scaleEnd(high)}`.trim();
    const at = y + feature * tall + 2;
    context.globalAlpha = 0.8;
    context.fillStyle = tones.theme.page;
    context.fillRect(x, at, context.measureText(text).width + 8, 14);
    context.globalAlpha = 1;
    context.fillStyle = tones.ink;
    context.fillText(text, x + 4, at + 2);
  });
}

/** The scale of rows of heat, by the code that colours them. */
export function paintRamp(pen: Pen, limit: number): void {
  const cells = 21;
  const width = pen.width / cells;
  for (let cell = 0; cell < cells; cell++) {
    const share = (2 * cell) / (cells - 1) - 1;
    paintCell(pen, cell * width, 0, width + 0.3, pen.height, share * limit, { kind: "signed", limit });
  }
}
