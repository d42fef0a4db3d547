// What a network does with something held: it goes on with a text twice, with the same luck, and what each unit is
// worth is what holding it at zero costs. `peephole.analysis.clamping` and `.ablation` in the page.

import type { Material } from "../record/record";
import type { Held } from "./clamps";
import type { Network } from "./network";
import { softmax, surprises } from "./said";

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

/** What each unit is worth. */
export interface Worth {
  /** by how many bits a step the surprise rises when the unit is held at zero, the dearest first */
  readonly units: readonly { readonly unit: number; readonly bits: number }[];
  /** the surprise with nothing held, and over how many steps it was measured */
  readonly bits: number;
  readonly steps: number;
}

/** Holds one unit after another at zero; null where nobody has said which outputs are right. */
export function ablate(
  network: Network,
  material: Material,
  quantity: string,
  lane: Pick<Held, "layer" | "direction">,
): Worth | null {
  const measured = (held: readonly Held[]) =>
    surprises(network.run(material, held).scores, network.config.output_size, material).filter((bits) => !Number.isNaN(bits));
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const plain = measured([]);
  if (plain.length === 0) return null;
  const units = Array.from({ length: network.config.hidden }, (_, unit) => {
    const held = { ...lane, quantity, unit, value: 0, from: 0, to: Number.POSITIVE_INFINITY };
    return { unit, bits: mean(measured([held])) - mean(plain) };
  });
  units.sort((one, other) => other.bits - one.bits || one.unit - other.unit);
  return { units, bits: mean(plain), steps: plain.length };
}
