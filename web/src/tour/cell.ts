// One unit's equations run again over its recorded sums, with something in them changed. Pure.
//
// Only the unit's own bookkeeping is run again: c = f·c + i·g, h = o·tanh c. The sums under its gates, into which the
// other units' h goes, stay as they were recorded.

import { FUNCTIONS, unsigmoid, untanh, type FunctionName } from "./activations";

export interface Gates {
  readonly input: ArrayLike<number>;
  readonly forget: ArrayLike<number>;
  readonly candidate: ArrayLike<number>;
  readonly output: ArrayLike<number>;
}

export interface Run extends Gates {
  readonly cell: readonly number[];
  readonly hidden: readonly number[];
}

/** The gates of a unit as they were recorded; null for a cell that has not these. */
export function recorded(quantities: ReadonlyMap<string, Float32Array>): Gates | null {
  const [input, forget, candidate, output] = ["input_gate", "forget_gate", "candidate", "output_gate"].map((name) =>
    quantities.get(name),
  );
  return input && forget && candidate && output ? { input, forget, candidate, output } : null;
}

/** c and h from c = 0 on, as these gates make them. */
export function rerun(gates: Gates, squash: (cell: number) => number = Math.tanh): Run {
  const cell: number[] = [];
  const hidden: number[] = [];
  for (let step = 0, before = 0; step < gates.forget.length; step++) {
    const now = gates.forget[step]! * before + gates.input[step]! * gates.candidate[step]!;
    cell.push(now);
    hidden.push(gates.output[step]! * squash(now));
    before = now;
  }
  return { ...gates, cell, hidden };
}

/** How each gate is set: as learned (null), shut (0) or open (1). */
export interface Snapped {
  readonly input: number | null;
  readonly forget: number | null;
  readonly output: number | null;
}

/** The same gates with some held. */
export function snap(gates: Gates, held: Snapped): Gates {
  const set = (values: ArrayLike<number>, to: number | null) =>
    to === null ? values : Array.from({ length: values.length }, () => to);
  return {
    input: set(gates.input, held.input),
    forget: set(gates.forget, held.forget),
    candidate: gates.candidate,
    output: set(gates.output, held.output),
  };
}

/** The three boxes of a cell: the gates' function, the candidate's, the cell's way out. */
export interface Boxes {
  readonly f: FunctionName;
  readonly g: FunctionName;
  readonly h: FunctionName;
}

export const USUAL: Boxes = { f: "sigmoid", g: "tanh", h: "tanh" };

/** The gates' sums again under other functions, from what σ and tanh had made of them. */
export function swapped(gates: Gates, boxes: Boxes): Gates {
  const again = (values: ArrayLike<number>, back: (value: number) => number, name: FunctionName) =>
    Array.from({ length: values.length }, (_, step) => FUNCTIONS[name](back(values[step]!)));
  const gate = (values: ArrayLike<number>) => (boxes.f === USUAL.f ? values : again(values, unsigmoid, boxes.f));
  return {
    input: gate(gates.input),
    forget: gate(gates.forget),
    output: gate(gates.output),
    candidate: boxes.g === USUAL.g ? gates.candidate : again(gates.candidate, untanh, boxes.g),
  };
}
