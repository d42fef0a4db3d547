// What each step did to a unit's memory, by the equations of its cell. Pure.

import { sequenceOf } from "./layout";
import type { Series } from "./windows";

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

/**
 * What a step did to the memory, by the equations of the cell; null for one without gates. An entry is undefined while
 * its numbers are not here.
 */
export function entryOf(
  quantities: ReadonlyMap<string, Series>,
  before: (step: number) => number,
): ((step: number) => Entry | undefined) | null {
  const get = (name: string) => quantities.get(name);
  const [cell, keep, write] = [get("cell"), get("forget_gate"), get("input_gate")];
  const [hidden, update, candidate] = [get("hidden"), get("update_gate"), get("candidate")];
  const state = cell ?? hidden;
  if (!state || !candidate) return null;
  const [forgets, writes] = cell ? [keep, write] : [update, update];
  if (!forgets || !writes) return null;
  return (step) => {
    const earlier = before(step);
    const from = earlier < 0 ? 0 : state.at(earlier);
    const [f, g, after] = [forgets.at(step), candidate.at(step), state.at(step)];
    const i = cell ? writes.at(step) : f === undefined ? f : 1 - f;
    if (from === undefined || f === undefined || i === undefined || g === undefined || after === undefined) return;
    return { before: from, kept: f * from, written: i * g, after };
  };
}
