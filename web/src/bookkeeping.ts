// What each step did to a unit's memory, by the equations of its cell. Pure.

import { sequenceOf } from "./layout";

/** What a step kept and wrote, and what came of it. */
export interface Entry {
  readonly before: number;
  readonly kept: number;
  readonly written: number;
  readonly after: number;
}

/** The step whose state a step starts from; −1 where a sequence starts from zero. */
export function cameFrom(step: number, lengths: readonly number[], backward: boolean): number {
  const [start, end] = sequenceOf(lengths, step);
  const before = backward ? step + 1 : step - 1;
  return before >= start && before < end ? before : -1;
}

/** What a step did to the memory, by the equations of the cell; null for one without gates. */
export function entryOf(
  quantities: ReadonlyMap<string, Float32Array>,
  before: (step: number) => number,
): ((step: number) => Entry) | null {
  const get = (name: string) => quantities.get(name);
  const [cell, keep, write] = [get("cell"), get("forget_gate"), get("input_gate")];
  const [hidden, update, candidate] = [get("hidden"), get("update_gate"), get("candidate")];
  const state = cell ?? hidden;
  if (!state || !candidate) return null;
  const from = (step: number) => (before(step) < 0 ? 0 : state[before(step)]!);
  const book = (step: number, kept: number, written: number): Entry => ({
    before: from(step),
    kept,
    written,
    after: state[step]!,
  });
  if (cell && keep && write) {
    return (step) => book(step, keep[step]! * from(step), write[step]! * candidate[step]!);
  }
  if (update) {
    return (step) => book(step, update[step]! * from(step), (1 - update[step]!) * candidate[step]!);
  }
  return null;
}
