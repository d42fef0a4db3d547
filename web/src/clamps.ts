// What can be held, and how it is written down. Pure.

import { sequenceOf } from "./layout";
import type { Clamp, Direction } from "./state";

/** How a unit's quantity is called for `ph.intervene`. */
export function unitAddress(layer: number, direction: Direction, quantity: string, unit: number): string {
  return `l${layer}${direction === "backward" ? "_reverse" : ""}.${quantity}.${unit}`;
}

/** The parts of such a name. */
export function partsOf(unit: string): { lane: string; quantity: string; number: number } {
  const [lane = "", quantity = "", number = "0"] = unit.split(".");
  return { lane, quantity, number: Number(number) };
}

const same = (one: Clamp, other: Clamp) =>
  one.unit === other.unit && one.from === other.from && one.to === other.to;

/** The list with one more; it takes the place of one on the same steps. */
export function withClamp(clamps: readonly Clamp[], added: Clamp | null): readonly Clamp[] {
  return added ? [...clamps.filter((one) => !same(one, added)), added] : clamps;
}

/** A value as short as it can be read: four digits. */
export function shortened(value: number): number {
  return Number(value.toPrecision(4));
}

/** What of the clamps falls into the sequence of a step, in that sequence's own steps. */
export function within(clamps: readonly Clamp[], lengths: readonly number[], step: number): Clamp[] {
  const [start, end] = sequenceOf(lengths, step);
  return clamps
    .filter(({ from, to }) => from < end && (to === null || to >= start))
    .map((clamp) => ({
      ...clamp,
      from: Math.max(0, clamp.from - start),
      to: clamp.to === null ? null : Math.min(clamp.to, end - 1) - start,
    }));
}

/** The Python that does the same to the sequence of a step: `with ph.intervene(…): …`. */
export function pythonCall(
  clamps: readonly Clamp[],
  lengths: readonly number[],
  step: number,
  frame: number | null,
  python: (unit: string) => string = (unit) => unit,
): string {
  const groups = new Map<string, string[]>();
  for (const { unit, value, from, to } of within(clamps, lengths, step)) {
    const when = stepsOf(from, to);
    groups.set(when, [...(groups.get(when) ?? []), `"${python(unit)}": ${pythonNumber(value)}`]);
  }
  const held = [...groups].map(([when, units]) => `ph.intervene(network, {${units.join(", ")}}${when})`);
  const start = sequenceOf(lengths, step)[0];
  return [
    ...(frame === null ? [] : [`network = run.network_at(run.film()[${frame}])`]),
    ...(lengths.length > 1 ? [`# ids: the sequence at step ${start} alone, (time, 1)`] : []),
    `with ${held.join(", ")}:`,
    "    (scores, state), trace = ph.trace(network, ids)",
    "",
  ].join("\n");
}

function stepsOf(from: number, to: number | null): string {
  if (to === null) return from === 0 ? "" : `, steps=slice(${from}, None)`;
  return `, steps=${from === to ? `[${from}]` : `range(${from}, ${to + 1})`}`;
}

const pythonNumber = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
