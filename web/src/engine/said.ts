// What the readout's scores say: the likeliest outputs, and how surprised it is by what comes. As
// `peephole.analysis.predictions` says it. All information is in bits.

import type { Material, Said } from "../record/record";
import { spans } from "../record/record";

export type Target = "next" | "tag" | "class" | "value" | "output" | "none";

const MOST = 5;

/** The probabilities of one row of scores. */
export function softmax(scores: Float64Array): Float64Array {
  const highest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const parts = scores.map((score) => Math.exp(score - highest));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => part / sum);
}

/** What (step, output) scores say of a material. */
export function said(scores: Float64Array, outputs: number, material: Material, target: Target): Said {
  return target === "value" ? numbers(scores, material) : choices(scores, outputs, material, target);
}

/** −log2 of what each step gave to the output that was right, NaN where nobody knows it. */
export function surprises(scores: Float64Array, outputs: number, { targets }: Material): Float32Array {
  return Float32Array.from({ length: scores.length / outputs }, (_, step) => {
    const right = targets?.[step] ?? -1;
    return right < 0 ? Number.NaN : -Math.log2(softmax(scores.subarray(step * outputs, (step + 1) * outputs))[right]!);
  });
}

function choices(scores: Float64Array, outputs: number, material: Material, target: Target): Said {
  const total = scores.length / outputs;
  const ranks = Math.min(MOST, outputs);
  const likeliest = new Int32Array(total * ranks);
  const probabilities = new Float32Array(total * ranks);
  const distribution = target === "class" ? new Float32Array(scores.length) : null;
  for (let step = 0; step < total; step++) {
    const shares = softmax(scores.subarray(step * outputs, (step + 1) * outputs));
    distribution?.set(shares, step * outputs);
    const order = [...shares.keys()].sort((one, other) => shares[other]! - shares[one]! || one - other);
    for (let rank = 0; rank < ranks; rank++) {
      likeliest[step * ranks + rank] = order[rank]!;
      probabilities[step * ranks + rank] = shares[order[rank]!]!;
    }
  }
  const bits = surprises(scores, outputs, material);
  const surprise = target === "next" ? delayed(bits, material.lengths) : bits;
  return { outputs: likeliest, probabilities, ranks, forecast: null, surprise, distribution };
}

function numbers(scores: Float64Array, material: Material): Said {
  const forecast = Float32Array.from(scores);
  const errors = forecast.map((said, step) => Math.abs((material.targets?.[step] ?? Number.NaN) - said));
  const surprise = delayed(errors, material.lengths);
  return { outputs: null, probabilities: null, ranks: 0, forecast, surprise, distribution: null };
}

/** What was said about the next step, moved to that step; NaN where a sequence starts. */
function delayed(values: Float32Array, lengths: readonly number[]): Float32Array {
  const moved = new Float32Array(values.length);
  moved.set(values.subarray(0, -1), 1);
  for (const [start, end] of spans(lengths)) if (end > start) moved[start] = Number.NaN;
  return moved;
}
