// How many parameters a recurrent layer has, by the shapes of its equations. Pure.

export interface Sizes {
  readonly input: number;
  readonly hidden: number;
}

export const GATES = 4;

/** An LSTM layer's: four matrices over x, four over h, and their biases, of which torch has two. */
export function lstmParameters({ input, hidden }: Sizes, biases = 2): number {
  return GATES * hidden * (input + hidden + biases);
}

/** What peepholes add: a number for each gate and unit, or a matrix for each gate. */
export function peepholeParameters(hidden: number, kind: "diagonal" | "full"): number {
  return (GATES - 1) * hidden * (kind === "full" ? hidden : 1);
}
