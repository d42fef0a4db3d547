// One step of each cell, as equations; the letters are those of the papers. The same as `peephole.nn`'s reference:
// torch's gate orders, the GRU's reset after the product, diagonal peepholes. Knows nothing of time, depth or
// direction. Weights are float32, sums are float64.

export type Cell = "rnn" | "gru" | "lstm";

/** One layer in one direction. Matrices lie row after row, gate after gate, as torch stacks them. */
export interface Weights {
  readonly inputs: number;
  readonly units: number;
  /** (rows, inputs) and (rows, units) */
  readonly W: Float32Array;
  readonly R: Float32Array;
  readonly b: Float32Array;
  readonly bHidden: Float32Array;
  /** (3·units,), order i, f, o; null without */
  readonly p: Float32Array | null;
}

export interface State {
  readonly hidden: Float64Array;
  /** null where the cell has none */
  readonly cell: Float64Array | null;
}

/** Sees each quantity as it comes to be, after its activation, and may change it in place. */
export type Tap = (quantity: string, values: Float64Array) => void;

/** One step: `a` is W x + b, (rows,). */
export type Step = (a: Float64Array, before: State, weights: Weights, tap: Tap) => State;

export const ROWS: Readonly<Record<Cell, readonly string[]>> = {
  rnn: ["hidden"],
  gru: ["reset_gate", "update_gate", "candidate"],
  lstm: ["input_gate", "forget_gate", "candidate", "output_gate"],
};

export const QUANTITIES: Readonly<Record<Cell, readonly string[]>> = {
  rnn: ["hidden"],
  gru: ["reset_gate", "update_gate", "candidate", "hidden"],
  lstm: ["input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"],
};

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** R h + b_h, (rows,). */
export function fromHidden({ R, bHidden, units }: Weights, h: Float64Array): Float64Array {
  const sums = new Float64Array(bHidden.length);
  for (let row = 0; row < sums.length; row++) {
    let sum = bHidden[row]!;
    for (let k = 0, place = row * units; k < units; k++, place++) sum += R[place]! * h[k]!;
    sums[row] = sum;
  }
  return sums;
}

const rnn: Step = (a, { hidden }, weights, tap) => {
  const h = fromHidden(weights, hidden);
  for (let k = 0; k < h.length; k++) h[k] = Math.tanh(a[k]! + h[k]!);
  tap("hidden", h);
  return { hidden: h, cell: null };
};

const gru: Step = (a, { hidden }, weights, tap) => {
  const { units } = weights;
  const b = fromHidden(weights, hidden);
  const gate = (first: number) => Float64Array.from({ length: units }, (_, k) => sigmoid(a[first + k]! + b[first + k]!));
  const r = gate(0);
  tap("reset_gate", r);
  const z = gate(units);
  tap("update_gate", z);
  const n = Float64Array.from(r, (open, k) => Math.tanh(a[2 * units + k]! + open * b[2 * units + k]!));
  tap("candidate", n);
  const h = Float64Array.from(z, (kept, k) => (1 - kept) * n[k]! + kept * hidden[k]!);
  tap("hidden", h);
  return { hidden: h, cell: null };
};

const lstm: Step = (a, before, weights, tap) => {
  const { units, p } = weights;
  const [b, c] = [fromHidden(weights, before.hidden), before.cell!];
  const sum = (part: number, k: number) => a[part * units + k]! + b[part * units + k]!;
  /** What the gate's peephole adds: parts are 0 (i), 1 (f), 2 (o). */
  const peeped = (part: number, k: number, cell: Float64Array) => (p ? p[part * units + k]! * cell[k]! : 0);
  const i = Float64Array.from(c, (_, k) => sigmoid(sum(0, k) + peeped(0, k, c)));
  tap("input_gate", i);
  const f = Float64Array.from(c, (_, k) => sigmoid(sum(1, k) + peeped(1, k, c)));
  tap("forget_gate", f);
  const g = Float64Array.from(c, (_, k) => Math.tanh(sum(2, k)));
  tap("candidate", g);
  const cell = Float64Array.from(c, (held, k) => f[k]! * held + i[k]! * g[k]!);
  tap("cell", cell);
  const o = Float64Array.from(cell, (_, k) => sigmoid(sum(3, k) + peeped(2, k, cell)));
  tap("output_gate", o);
  const h = Float64Array.from(cell, (now, k) => o[k]! * Math.tanh(now));
  tap("hidden", h);
  return { hidden: h, cell };
};

export const STEPS: Readonly<Record<Cell, Step>> = { rnn, gru, lstm };

/** The state before a sequence's first step. */
export function zeroState(cell: Cell, units: number): State {
  return { hidden: new Float64Array(units), cell: cell === "lstm" ? new Float64Array(units) : null };
}
