// What one layer did in one direction, and what was read. Steps are those of all sequences, one after another.
// Knows neither whether the numbers were computed here nor how exact they are.

import type { Direction } from "../state";

export type Kind = "rnn" | "gru" | "lstm";

export interface LayerRecord {
  readonly layer: number;
  readonly direction: Direction;
  readonly kind: Kind;
  readonly units: number;
  /** each (step, unit), after its activation */
  readonly quantities: ReadonlyMap<string, Float32Array>;
}

/** What was given to read. */
export interface Material {
  /** what the page shows as its title, as the server says it */
  readonly title: unknown;
  readonly symbols: readonly string[];
  readonly lengths: readonly number[];
  /** the symbols that the network does not know */
  readonly unknown: readonly string[];
  /** (step,) ids, or (step, feature) numbers */
  readonly inputs: Int32Array | Float32Array;
  readonly features: number;
  /** (step,) right outputs, −1 where not known; or (step,) right numbers, NaN where not known; null: nobody knows any */
  readonly targets: Int32Array | Float32Array | null;
  /** what is known of the steps and features of numbers */
  readonly axis: Axis;
}

/** As `/api/runs/…/trace` tells it. */
export interface Axis {
  readonly feature_names: readonly string[] | null;
  readonly seconds: number | null;
  readonly frame_size: number | null;
}

export const NO_AXIS: Axis = { feature_names: null, seconds: null, frame_size: null };

/** What the readout said, as `/api/runs/…/trace` tells it. */
export interface Said {
  readonly outputs: Int32Array | null;
  readonly probabilities: Float32Array | null;
  /** how many outputs are told a step */
  readonly ranks: number;
  readonly forecast: Float32Array | null;
  readonly surprise: Float32Array | null;
  /** (step, output) how likely every label of an image is; null for other outputs */
  readonly distribution: Float32Array | null;
  /** (step, output), or (output,) of the end alone: what an imported network says, in numbers of its own */
  readonly output?: Float32Array | null;
  readonly final?: Float32Array | null;
}

export const steps = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0);

/** Where each sequence starts and ends. */
export function spans(lengths: readonly number[]): (readonly [number, number])[] {
  let end = 0;
  return lengths.map((length) => [end, (end += length)] as const);
}

/** The sequence that a step is in. */
export function spanOf(lengths: readonly number[], step: number): readonly [number, number] {
  return spans(lengths).find(([start, end]) => start <= step && step < end) ?? [0, 0];
}

/** The step that the network took before this one: none (null) where its sequence starts. */
export function previous(record: LayerRecord, lengths: readonly number[], step: number): number | null {
  const [start, end] = spanOf(lengths, step);
  const before = record.direction === "backward" ? step + 1 : step - 1;
  return before < start || before >= end ? null : before;
}

export const isGate = (quantity: string) => quantity.endsWith("_gate");
