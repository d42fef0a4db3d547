// The second line: what the network does with something held, dashed in ink beside what it did.

import type { Pen } from "./paint";
import type { Strip } from "./strip-window";
import type { Series } from "./windows";

const DASH = [4, 3];
/** Lines closer than this, in pixels, are one. */
const APART = 0.75;

/** A dashed line along steps, where it leaves the one that was there; `shift` moves each step's part sideways. */
export function paintGhost(
  { context, tones }: Pen,
  strip: Strip,
  first: Series,
  second: Series,
  level: (value: number) => number,
  shift = 0,
): void {
  context.strokeStyle = tones.ink;
  context.lineWidth = 1.5;
  context.setLineDash(DASH);
  context.beginPath();
  let drawing = false;
  for (let step = strip.start; step < strip.end; step++) {
    const [one, other] = [first.at(step), second.at(step)];
    const apart = one !== undefined && other !== undefined && Math.abs(level(one) - level(other)) >= APART;
    if (apart) {
      const x = (step - strip.start) * strip.step + shift;
      const y = level(other);
      if (!drawing) context.moveTo(x, level(one));
      context.lineTo(x, y);
      context.lineTo(x + strip.step, y);
    }
    drawing = apart;
  }
  context.stroke();
  context.setLineDash([]);
}
