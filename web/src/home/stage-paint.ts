// The play, drawn: what is read in large letters on the colour of one unit, that unit's value as a bar, and what the
// network says comes next. The last place is not read: there stands what the network says.

import { outline, paintCell, rule, type Pen } from "../paint";
import type { Scale } from "../quantities";
import { paintLane } from "../strip-paint";
import { paintGlyph } from "../text-paint";
import { MONO, SANS } from "../theme";
import { percent } from "../format";
import { glyph } from "../symbols";
import type { Line } from "./play";

const GAP = 6;

export interface Place {
  /** left of the first symbol */
  readonly left: number;
  /** from one symbol to the next */
  readonly step: number;
  readonly tile: number;
  readonly lane: number;
  readonly says: number;
  /** the height of the labels above the rows, where they do not stand left of them */
  readonly tag: number;
  readonly height: number;
}

/** Where everything stands on a stage so wide; labels take the gutter, if there is one. */
export function placed(width: number, gutter: number, places: number): Place {
  const step = Math.min(112, (width - gutter) / places);
  const tile = Math.min(88, Math.max(48, step));
  const lane = gutter > 0 ? 64 : 48;
  const says = gutter > 0 ? 32 : 40;
  const tag = gutter > 0 ? 0 : 18;
  return { left: gutter, step, tile, lane, says, tag, height: tile + 2 * (GAP + tag) + lane + says };
}

interface Scene {
  readonly line: Line;
  readonly scale: Scale;
  /** steps so far, the last in part */
  readonly clock: number;
  readonly labels: readonly [reads: string, holds: string, says: string];
}

export function paintStage(pen: Pen, place: Place, { line, scale, clock, labels }: Scene): void {
  const { left, step, tile, lane, says, tag } = place;
  const { context } = pen;
  const laneAt = tile + GAP + tag;
  const saysAt = laneAt + lane + GAP + tag;
  const gap = Math.min(GAP, step / 12);
  const read = line.symbols.length;
  if (left > 0) {
    label(pen, labels[0], tile / 2);
    label(pen, labels[1], laneAt + lane / 2);
    label(pen, labels[2], saysAt + says / 2);
  } else {
    label(pen, labels[1], laneAt - tag / 2);
    label(pen, labels[2], saysAt - tag / 2);
  }
  const share = (at: number) => Math.max(0, Math.min(1, (clock - at) / 0.8));
  const size = Math.min(48, tile * 0.56);
  for (let at = 0; at < read; at++) {
    const x = left + at * step;
    context.globalAlpha = share(at);
    paintCell(pen, x, 0, step - gap, tile, line.values[at]!, scale);
    context.globalAlpha = 0.28 + 0.72 * share(at);
    paintGlyph(pen, glyph(line.symbols[at]!), x, 0, step - gap, tile, size);
    paintSaid(pen, place, line.says[at]!, { x, y: saysAt, w: step - gap, share: share(at), last: at === read - 1 });
  }
  const values = line.values.map((value, at) => (at < clock ? value * share(at) : Number.NaN));
  context.save();
  context.translate(left, laneAt);
  const end = Math.min(read, Math.ceil(clock));
  rule(pen, lane / 2, 0, step * read - gap);
  if (end > 0) paintLane({ ...pen, height: lane + 4, width: step * end }, { start: 0, end, step }, values, scale);
  context.restore();
  answer(pen, place, line, share(read), size, gap);
}

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  /** how much of the step has happened */
  readonly share: number;
  readonly last: boolean;
}

/** What the network says comes next, and how surely: in one line or, where that has no room, in two. */
function paintSaid({ context, tones }: Pen, place: Place, said: Line["says"][number], spot: Spot): void {
  const { x, y, w, share, last } = spot;
  const [name, sure] = [glyph(said.name).text, percent(said.share)];
  context.globalAlpha = share * (last ? 1 : 0.7);
  context.fillStyle = tones.ink;
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.font = `${last ? "600 " : ""}15px ${MONO}`;
  if (place.left > 0) context.fillText(`${name} ${sure}`, x + w / 2, y + place.says / 2, w);
  else {
    context.fillText(name, x + w / 2, y + 10, w);
    context.font = `11px ${SANS}`;
    context.fillText(sure, x + w / 2, y + 30, w);
  }
  context.globalAlpha = 1;
}

/** What the network says after the last symbol, where the next one would stand. */
function answer(pen: Pen, { left, step, tile }: Place, line: Line, share: number, size: number, gap: number): void {
  const { context, tones } = pen;
  const [x, read] = [left + line.symbols.length * step, line.symbols.length];
  context.setLineDash([4, 4]);
  context.globalAlpha = 0.28 + 0.72 * share;
  if (share > 0) context.setLineDash([]);
  outline(pen, x, 0, step - gap, tile);
  context.setLineDash([]);
  context.globalAlpha = share;
  context.fillStyle = tones.ink;
  paintGlyph(pen, glyph(line.says[read - 1]!.name), x, 0, step - gap, tile, size);
  context.globalAlpha = 1;
}

function label({ context, tones }: Pen, text: string, y: number): void {
  context.font = `13px ${SANS}`;
  context.fillStyle = tones.ink;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, 0, y);
}
