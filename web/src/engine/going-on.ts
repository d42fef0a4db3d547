// What a network does with something held: it goes on with a text twice, with the same luck, and what each unit is
// worth is what holding it at zero costs. `peephole.analysis.clamping` and `.ablation` in the page.

import type { Material } from "../record/record";
import type { Held } from "./clamps";
import type { Network } from "./network";
import { said, softmax, type Target } from "./said";

/** The same luck for every way on: numbers from 0 to 1 (mulberry32). Not torch's, so texts differ from Python's. */
function luck(seed: number, length: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  });
}

export interface Way {
  readonly length: number;
  /** divides the scores; 0 takes the likeliest */
  readonly temperature: number;
  readonly seed: number;
  /** the id that is never chosen, the unknown symbol's */
  readonly never: number | null;
}

/** The ids that a network which runs forward puts after a prompt. */
export function goOn(network: Network, prompt: Int32Array, held: readonly Held[], way: Way): number[] {
  let states = network.zero();
  let scores = new Float64Array(network.config.output_size);
  let step = 0;
  const read = (id: number) => ({ scores, states } = network.read(id, states, held, step++));
  prompt.forEach(read);
  return luck(way.seed, way.length).map((u) => {
    if (way.never !== null) scores[way.never] = Number.NEGATIVE_INFINITY;
    const chosen = pick(scores, way.temperature, u);
    read(chosen);
    return chosen;
  });
}

function pick(scores: Float64Array, temperature: number, u: number): number {
  if (temperature === 0) return scores.indexOf(scores.reduce((most, score) => Math.max(most, score)));
  let cumulated = 0;
  const shares = softmax(scores.map((score) => score / temperature));
  const found = shares.findIndex((share) => (cumulated += share) > u);
  return found < 0 ? shares.length - 1 : found;
}

/** By how many bits a symbol the mean surprise rises when each unit is held at zero, the dearest first. */
export function ablate(network: Network, material: Material, quantity: string, lane: Pick<Held, "layer" | "direction">, target: Target) {
  const surprise = (held: readonly Held[]) => {
    const bits = said(network.run(material, held).scores, network.config.output_size, material, target).surprise!;
    const known = bits.filter((value) => !Number.isNaN(value));
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const plain = surprise([]);
  return Array.from({ length: network.config.hidden }, (_, unit) => {
    const held = { ...lane, quantity, unit, value: 0, from: 0, to: Number.POSITIVE_INFINITY };
    return { unit, bits: surprise([held]) - plain };
  }).sort((one, other) => other.bits - one.bits || one.unit - other.unit);
}
