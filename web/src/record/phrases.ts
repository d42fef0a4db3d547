// Phrase search: the units that are on in a stretch and off around it, and where else they are so together.
// `peephole.analysis.phrases` in the page, with its defaults.

import type { LayerRecord } from "./record";
import { isGate, spanOf, spans } from "./record";

const THRESHOLDS = { gate: 0.5, state: 0.3 };
const TOGETHER = 0.5;
const AROUND = 1;
const MOST = 50;

export interface Phrases {
  readonly threshold: number;
  readonly units: readonly { readonly unit: number; readonly sign: number }[];
  /** `from` and `to` are the first and the last step */
  readonly matches: readonly { readonly from: number; readonly to: number; readonly agreement: number }[];
}

/** The pattern of the steps `from` to `to`, and other stretches that have it; null if these are no stretch of one sequence. */
export function findPhrases(
  record: LayerRecord,
  quantity: string,
  lengths: readonly number[],
  from: number,
  to: number,
): Phrases | null {
  const [start, end] = spanOf(lengths, from);
  if (!(start <= from && from <= to && to < end)) return null;
  const threshold = THRESHOLDS[isGate(quantity) ? "gate" : "state"];
  const low = isGate(quantity) ? 1 - threshold : -threshold;
  const values = record.quantities.get(quantity)!;
  const at = (step: number, unit: number) => values[step * record.units + unit]!;
  const isOn = (step: number, unit: number, sign: number) => (sign > 0 ? at(step, unit) >= threshold : at(step, unit) <= low);
  const within = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, k) => first + k);
  /** The steps beside a stretch, within its sequence. */
  const beside = (first: number, last: number) => {
    const [begin, stop] = spanOf(lengths, first);
    return [...within(first - AROUND, first - 1), ...within(last + 1, last + AROUND)].filter((s) => begin <= s && s < stop);
  };
  const mean = (chosen: readonly number[], unit: number) =>
    chosen.length > 0 ? chosen.reduce((sum, step) => sum + at(step, unit), 0) / chosen.length : 0;

  const [inside, outside] = [within(from, to), beside(from, to)];
  const units = [1, -1]
    .flatMap((sign) => Array.from({ length: record.units }, (_, unit) => ({ unit, sign })))
    .filter(({ unit, sign }) => inside.every((s) => isOn(s, unit, sign)) && !outside.some((s) => isOn(s, unit, sign)))
    .map((one) => ({ ...one, margin: Math.abs(mean(inside, one.unit) - mean(outside, one.unit)) }))
    .sort((one, other) => other.margin - one.margin)
    .map(({ unit, sign }) => ({ unit, sign }));
  const count = (step: number) => units.filter(({ unit, sign }) => isOn(step, unit, sign)).length;
  const agreement = (first: number, last: number) => {
    const [here, around] = [within(first, last), beside(first, last)];
    const agreeing = here.reduce((sum, s) => sum + count(s), 0) + around.reduce((sum, s) => sum + units.length - count(s), 0);
    return agreeing / (units.length * (here.length + around.length));
  };
  const runs = units.length > 0 ? together(lengths, (step) => count(step) / units.length >= TOGETHER) : [];
  const matches = runs
    .filter(([first, last]) => last < from || first > to)
    .map(([first, last]) => ({ from: first, to: last, agreement: agreement(first, last) }))
    .sort((one, other) => {
      const length = (match: typeof one) => Math.abs(match.to - match.from - (to - from));
      return other.agreement - one.agreement || length(one) - length(other) || one.from - other.from;
    });
  return { threshold, units, matches: matches.slice(0, MOST) };
}

/** Maximal stretches of steps at which something holds; none crosses from one sequence to the next. */
function together(lengths: readonly number[], holds: (step: number) => boolean): [number, number][] {
  const found: [number, number][] = [];
  for (const [start, end] of spans(lengths)) {
    for (let step = start; step < end; step++) {
      if (!holds(step)) continue;
      const first = step;
      while (step + 1 < end && holds(step + 1)) step++;
      found.push([first, step]);
    }
  }
  return found;
}
