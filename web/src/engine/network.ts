// A small network that runs in the page: embedding or one-hot symbols or numbers, layers, directions, readout.
// `peephole.nn.models.Network` in evaluation. Knows nothing of where its weights come from.

import type { LayerRecord, Material } from "../record/record";
import { spans, steps } from "../record/record";
import type { Direction } from "../state";
import { QUANTITIES, ROWS, STEPS, zeroState, type Cell, type State, type Weights } from "./cells";
import { hold, type Held } from "./clamps";

/** `NetworkConfig`, as its `to_json` writes it; what only training asks is left out. */
export interface Config {
  readonly cell: Cell;
  readonly input: "symbols" | "numbers";
  readonly input_size: number;
  readonly output_size: number;
  readonly embedding: number | null;
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional: boolean;
}

/** One layer in one direction, with what it reads. */
export interface Lane {
  readonly layer: number;
  readonly direction: Direction;
  readonly weights: Weights;
}

export interface Run {
  readonly records: readonly LayerRecord[];
  /** what each layer read: (step, features) */
  readonly inputs: readonly (Float32Array | null)[];
  /** (step, output) scores */
  readonly scores: Float64Array;
}

/** A state for each lane: how a sequence goes on. */
export type States = readonly State[];

/** What one step said, and how it goes on. */
export interface Reading {
  readonly scores: Float64Array<ArrayBuffer>;
  readonly states: States;
}

export class Network {
  readonly lanes: readonly Lane[];
  readonly readout: { readonly W: Float32Array; readonly b: Float32Array };
  private readonly embedding: Float32Array | null;

  /** Takes the weights under the names of the network's `state_dict`; throws a RangeError where one is missing. */
  constructor(
    readonly config: Config,
    weights: (name: string) => Float32Array | null,
  ) {
    const required = (name: string) => {
      const found = weights(name);
      if (!found) throw new RangeError(`the network's weights lack ${name}`);
      return found;
    };
    this.embedding = config.embedding === null ? null : required("embedding.weight");
    this.readout = { W: required("readout.weight"), b: required("readout.bias") };
    const directions: readonly Direction[] = config.bidirectional ? ["forward", "backward"] : ["forward"];
    this.lanes = Array.from({ length: config.layers }, (_, layer) =>
      directions.map((direction) => {
        const name = (part: string) => `recurrent.${part}_l${layer}${direction === "backward" ? "_reverse" : ""}`;
        return {
          layer,
          direction,
          weights: {
            inputs: this.features(layer),
            units: config.hidden,
            W: required(name("weight_ih")),
            R: required(name("weight_hh")),
            b: required(name("bias_ih")),
            bHidden: required(name("bias_hh")),
            p: weights(name("weight_peephole")),
          },
        };
      }),
    ).flat();
  }

  /** Units that leave a layer. */
  get width(): number {
    return this.config.hidden * (this.config.bidirectional ? 2 : 1);
  }

  /** Numbers that a layer reads at a step. */
  features(layer: number): number {
    return layer > 0 ? this.width : (this.config.embedding ?? this.config.input_size);
  }

  /** Reads a material from zero states, every sequence apart. */
  run(material: Material, held: readonly Held[] = []): Run {
    const total = steps(material.lengths);
    const { hidden: units, cell, layers } = this.config;
    const records: LayerRecord[] = [];
    const inputs: (Float32Array | null)[] = [];
    let below: Float32Array | null = this.firstInputs(material);
    for (let layer = 0; layer < layers; layer++) {
      inputs.push(below);
      const joined = new Float32Array(total * this.width);
      const lanes = this.lanes.filter((lane) => lane.layer === layer);
      lanes.forEach((lane, place) => {
        const here = held.filter((one) => one.layer === layer && one.direction === lane.direction);
        const quantities = new Map(QUANTITIES[cell].map((name) => [name, new Float32Array(total * units)]));
        for (const [start, end] of spans(material.lengths)) {
          let state = zeroState(cell, units);
          for (let count = 0; count < end - start; count++) {
            const step = lane.direction === "backward" ? end - 1 - count : start + count;
            const a = this.fromInput(lane, material, below, step);
            state = STEPS[cell](a, state, lane.weights, (name, values) => {
              hold(here, name, values, step);
              quantities.get(name)!.set(values, step * units);
            });
            joined.set(state.hidden, step * this.width + place * units);
          }
        }
        records.push({ layer, direction: lane.direction, kind: cell, units, quantities });
      });
      below = joined;
    }
    return { records, inputs, scores: this.scores(below!, total) };
  }

  /** The states before anything was read. */
  zero(): States {
    return this.lanes.map(() => zeroState(this.config.cell, this.config.hidden));
  }

  /** One step of a network that runs forward only: reads a symbol, gives the scores and the states after it. */
  read(id: number, states: States, held: readonly Held[], step: number): Reading {
    const { cell } = this.config;
    let below: Float32Array | null = this.embedded(id);
    const after = this.lanes.map((lane, layer) => {
      const a = this.sums(lane.weights, below, 0, layer === 0 ? id : -1);
      const here = held.filter((one) => one.layer === layer);
      const state = STEPS[cell](a, states[layer]!, lane.weights, (name, values) => hold(here, name, values, step));
      below = Float32Array.from(state.hidden);
      return state;
    });
    return { scores: this.scores(below!, 1), states: after };
  }

  /** W x of a step without its bias, (rows,). */
  product(lane: Lane, material: Material, below: Float32Array | null, step: number): Float64Array {
    const a = this.fromInput(lane, material, below, step);
    return a.map((sum, row) => sum - lane.weights.b[row]!);
  }

  /** What the first layer reads, (step, feature); null for one-hot symbols, which pick a column. */
  private firstInputs(material: Material): Float32Array | null {
    if (material.inputs instanceof Float32Array) return material.inputs;
    if (!this.embedding) return null;
    const size = this.features(0);
    const vectors = new Float32Array(material.inputs.length * size);
    material.inputs.forEach((id, step) => vectors.set(this.embedded(id)!, step * size));
    return vectors;
  }

  private embedded(id: number): Float32Array | null {
    const size = this.features(0);
    return this.embedding ? this.embedding.subarray(id * size, (id + 1) * size) : null;
  }

  /** W x + b of a step. */
  private fromInput(lane: Lane, material: Material, below: Float32Array | null, step: number): Float64Array {
    return this.sums(lane.weights, below, step, below ? -1 : material.inputs[step]!);
  }

  /** W x + b, with x a row of `below`, or the one-hot vector of a symbol where there is none. */
  private sums({ W, b, inputs }: Weights, below: Float32Array | null, step: number, id: number): Float64Array {
    const sums = Float64Array.from(b);
    for (let row = 0; row < sums.length; row++) {
      if (!below) {
        sums[row]! += W[row * inputs + id]!;
        continue;
      }
      let sum = sums[row]!;
      for (let k = 0, w = row * inputs, x = step * inputs; k < inputs; k++, w++, x++) sum += W[w]! * below[x]!;
      sums[row] = sum;
    }
    return sums;
  }

  private scores(hidden: Float32Array, total: number): Float64Array<ArrayBuffer> {
    const { W, b } = this.readout;
    const [width, outputs] = [this.width, b.length];
    const scores = new Float64Array(total * outputs);
    for (let step = 0; step < total; step++) {
      for (let output = 0; output < outputs; output++) {
        let sum = b[output]!;
        for (let k = 0, w = output * width, h = step * width; k < width; k++, w++, h++) sum += W[w]! * hidden[h]!;
        scores[step * outputs + output] = sum;
      }
    }
    return scores;
  }
}

/** How many rows a cell's stacked weights have for each unit. */
export const gatesOf = (cell: Cell) => ROWS[cell].length;
