// Clamps as taps: what is held, in which layer, at which steps. As `ph.intervene` holds it.

import type { Clamp, Direction } from "../state";

export interface Held {
  readonly layer: number;
  readonly direction: Direction;
  readonly quantity: string;
  readonly unit: number;
  readonly value: number;
  readonly from: number;
  readonly to: number;
}

/** A clamp taken apart; null for one whose address is none. */
export function held({ unit, value, from, to }: Clamp): Held | null {
  const found = /^l(\d+)(_reverse)?\.([a-z_]+)\.(\d+)$/.exec(unit);
  if (!found) return null;
  const [, layer, reverse, quantity, number] = found;
  return {
    layer: Number(layer),
    direction: reverse ? "backward" : "forward",
    quantity: quantity!,
    unit: Number(number),
    value,
    from,
    to: to ?? Number.POSITIVE_INFINITY,
  };
}

/** Holds what is held at a step. */
export function hold(all: readonly Held[], quantity: string, values: Float64Array, step: number): void {
  for (const one of all) {
    if (one.quantity === quantity && one.from <= step && step <= one.to) values[one.unit] = one.value;
  }
}
