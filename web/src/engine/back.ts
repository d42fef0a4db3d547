// Backward light: how one output rests on every earlier state and input, by an exact way back through the record.
// `peephole.analysis.backward` and `.sensitivity` in the page; x̄ is written for ∂y/∂x. Float64 throughout.

import { previous, spanOf, type LayerRecord, type Material } from "../record/record";
import type { Weights } from "./cells";
import { fromHidden } from "./cells";
import type { Lane, Network, Run } from "./network";

/** Norms a step of one layer and direction, (step,) each. */
export interface Light {
  readonly layer: number;
  readonly direction: string;
  /** what goes on to the step before by the c road, and by the h road */
  readonly cRoad: Float32Array;
  readonly hRoad: Float32Array;
  /** ‖∂y/∂c‖ (null without a cell) and ‖∂y/∂h‖ */
  readonly cell: Float32Array | null;
  readonly hidden: Float32Array;
  /** |∂y/∂c| and |∂y/∂h| of every unit, (step, unit) */
  readonly cells: Float32Array | null;
  readonly hiddens: Float32Array;
}

/** What one step hands back; each (unit,) but sums, (rows,). */
interface Crossing {
  readonly toHidden: Float64Array;
  readonly toCell: Float64Array | null;
  readonly kept: Float64Array;
  readonly gated: Float64Array;
  readonly cell: Float64Array | null;
  readonly sums: Float64Array;
}

interface Row {
  (quantity: string): Float32Array;
  before(quantity: string): Float32Array;
}

/** How one output's score at one step rests on everything before it (and, with a backward direction, after it). */
export function light(
  network: Network,
  run: Run,
  material: Material,
  step: number,
  output: number,
): { lanes: Light[]; input: Float32Array } {
  const [start, end] = spanOf(material.lengths, step);
  const total = material.symbols.length;
  const { hidden: units, layers } = network.config;
  let above = new Float64Array((end - start) * network.width);
  above.set(fromReadout(network, output), (step - start) * network.width);
  const lanes: Light[] = [];
  for (let layer = layers - 1; layer >= 0; layer--) {
    const features = network.features(layer);
    const below = new Float64Array((end - start) * features);
    const here = network.lanes.filter((lane) => lane.layer === layer);
    here.forEach((lane, place) => {
      const record = run.records.find((one) => one.layer === layer && one.direction === lane.direction)!;
      const zeros = (width = 1) => new Float32Array(total * width);
      const hasCell = record.kind === "lstm";
      const norms = { cRoad: zeros(), hRoad: zeros(), cell: hasCell ? zeros() : null, hidden: zeros() };
      const each = { cells: hasCell ? zeros(units) : null, hiddens: zeros(units) };
      let [toHidden, toCell]: [Float64Array, Float64Array | null] = [new Float64Array(units), null];
      for (let count = 0; count < end - start; count++) {
        const at = lane.direction === "backward" ? start + count : end - 1 - count;
        const first = (at - start) * network.width + place * units;
        const hidden = toHidden.map((carried, k) => carried + above[first + k]!);
        const crossing = back(lane, row(record, material.lengths, at), hidden, toCell);
        norms.hidden[at] = norm(hidden);
        each.hiddens.set(hidden.map(Math.abs), at * units);
        if (norms.cell && crossing.cell) {
          norms.cell[at] = norm(crossing.cell);
          each.cells!.set(crossing.cell.map(Math.abs), at * units);
        }
        norms.cRoad[at] = norm(crossing.kept);
        norms.hRoad[at] = norm(crossing.gated);
        transposed(lane.weights.W, crossing.sums, features, below, (at - start) * features);
        ({ toHidden, toCell } = crossing);
      }
      lanes.push({ layer, direction: lane.direction, ...norms, ...each });
    });
    above = below;
  }
  const input = new Float32Array(total);
  const features = network.features(0);
  for (let at = start; at < end; at++) {
    input[at] = norm(above.subarray((at - start) * features, (at - start + 1) * features));
  }
  return { lanes, input };
}

/** ∂y/∂(what the readout reads): the readout's own weights of that output. */
function fromReadout({ readout, width }: Network, output: number): Float64Array {
  return Float64Array.from(readout.W.subarray(output * width, (output + 1) * width));
}

function row(record: LayerRecord, lengths: readonly number[], at: number): Row {
  const values = (quantity: string, step: number) =>
    record.quantities.get(quantity)!.subarray(step * record.units, (step + 1) * record.units);
  const earlier = previous(record, lengths, at);
  const here = (quantity: string) => values(quantity, at);
  here.before = (quantity: string) => (earlier === null ? new Float32Array(record.units) : values(quantity, earlier));
  return here;
}

function back({ weights }: Lane, q: Row, hidden: Float64Array, carried: Float64Array | null): Crossing {
  const rows = weights.b.length / weights.units;
  return rows === 4 ? lstm(weights, q, hidden, carried) : rows === 3 ? gru(weights, q, hidden) : rnn(weights, q, hidden);
}

function lstm(weights: Weights, q: Row, hidden: Float64Array, carried: Float64Array | null): Crossing {
  const { units, p } = weights;
  const [i, f, g, o] = [q("input_gate"), q("forget_gate"), q("candidate"), q("output_gate")];
  const [c, before] = [q("cell"), q.before("cell")];
  const sums = new Float64Array(4 * units);
  const cell = new Float64Array(units);
  const kept = new Float64Array(units);
  for (let k = 0; k < units; k++) {
    const shown = Math.tanh(c[k]!);
    const output = shown * o[k]! * (1 - o[k]!) * hidden[k]!;
    cell[k] = (carried?.[k] ?? 0) + o[k]! * (1 - shown ** 2) * hidden[k]! + (p?.[2 * units + k] ?? 0) * output;
    sums[k] = g[k]! * i[k]! * (1 - i[k]!) * cell[k]!;
    sums[units + k] = before[k]! * f[k]! * (1 - f[k]!) * cell[k]!;
    sums[2 * units + k] = i[k]! * (1 - g[k]! ** 2) * cell[k]!;
    sums[3 * units + k] = output;
    kept[k] = f[k]! * cell[k]! + (p?.[k] ?? 0) * sums[k]! + (p?.[units + k] ?? 0) * sums[units + k]!;
  }
  const gated = new Float64Array(units);
  transposed(weights.R, sums, units, gated, 0);
  return { toHidden: gated, toCell: kept, kept, gated, cell, sums };
}

function gru(weights: Weights, q: Row, hidden: Float64Array): Crossing {
  const { units } = weights;
  const [r, z, n, h] = [q("reset_gate"), q("update_gate"), q("candidate"), q.before("hidden")];
  const from = fromHidden(weights, Float64Array.from(h));
  const [sums, through] = [new Float64Array(3 * units), new Float64Array(3 * units)];
  const kept = new Float64Array(units);
  for (let k = 0; k < units; k++) {
    const candidate = (1 - z[k]!) * (1 - n[k]! ** 2) * hidden[k]!;
    sums[k] = from[2 * units + k]! * r[k]! * (1 - r[k]!) * candidate;
    sums[units + k] = (h[k]! - n[k]!) * z[k]! * (1 - z[k]!) * hidden[k]!;
    sums[2 * units + k] = candidate;
    kept[k] = z[k]! * hidden[k]!;
  }
  through.set(sums);
  for (let k = 0; k < units; k++) through[2 * units + k]! *= r[k]!;
  const gated = new Float64Array(units);
  transposed(weights.R, through, units, gated, 0);
  return { toHidden: gated.map((value, k) => value + kept[k]!), toCell: null, kept, gated, cell: null, sums };
}

function rnn(weights: Weights, q: Row, hidden: Float64Array): Crossing {
  const h = q("hidden");
  const sums = hidden.map((value, k) => (1 - h[k]! ** 2) * value);
  const gated = new Float64Array(weights.units);
  transposed(weights.R, sums, weights.units, gated, 0);
  return { toHidden: gated, toCell: null, kept: new Float64Array(weights.units), gated, cell: null, sums };
}

/** Adds Mᵀ v, with M of (v's length, columns), to `into` from a place on. */
function transposed(M: Float32Array, v: Float64Array, columns: number, into: Float64Array, place: number): void {
  for (let row = 0, m = 0; row < v.length; row++) {
    for (let column = 0; column < columns; column++, m++) into[place + column]! += M[m]! * v[row]!;
  }
}

function norm(values: Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}
