// Columns up and down from a middle line, as many as there is room for: the highest and the lowest of an order.

import { rule, type Pen } from "./paint";
import { SANS } from "./theme";

/** Where the columns begin, right of the scale. */
export const LABEL = 40;

/** The first and the last of an order that fit side by side, and how wide each is, from `narrowest` to `widest`. */
export function fitting(order: number[], width: number, narrowest: number, widest: number) {
  const fit = Math.max(2, Math.floor((width - LABEL) / narrowest));
  const half = Math.floor(fit / 2);
  const chosen = order.length <= fit ? order : [...order.slice(0, half), ...order.slice(order.length - half)];
  return { chosen, half, column: Math.min(widest, Math.floor((width - LABEL) / chosen.length)) };
}

/** The middle line and the scale beside it, down to `base`; gives the line's y. */
export function paintScale(pen: Pen, base: number, [top, bottom]: [string, string]): number {
  const { context, tones } = pen;
  const middle = base / 2;
  rule(pen, middle, LABEL);
  context.font = `12px ${SANS}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = tones.ink;
  context.fillText(top, 0, 6);
  context.fillText(bottom, 0, base - 6);
  context.fillText("0", 0, middle);
  return middle;
}

/** One column, of a share from −1 to 1 of the way from the middle to an end. */
export function paintColumn({ context, tones }: Pen, x: number, width: number, middle: number, share: number): void {
  const tall = share * (middle - 2);
  context.fillStyle = tones.signed(share < 0 ? -1 : 1);
  context.fillRect(x + 2, Math.min(middle, middle - tall), width - 4, Math.max(1, Math.abs(tall)));
}
