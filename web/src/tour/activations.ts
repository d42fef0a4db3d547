// The functions that stand in a cell's boxes, by name, and the way back from what they gave. Pure.

export const sigmoid = (sum: number): number => 1 / (1 + Math.exp(-sum));

/** As `ph.LSTM` knows them. */
export const FUNCTIONS = {
  sigmoid,
  tanh: Math.tanh,
  identity: (sum: number) => sum,
  relu: (sum: number) => Math.max(0, sum),
  hard_sigmoid: (sum: number) => Math.min(1, Math.max(0, 0.2 * sum + 0.5)),
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

/** As they are written in an equation. */
export const WRITTEN: Readonly<Record<FunctionName, string>> = {
  sigmoid: "σ",
  tanh: "tanh",
  identity: "identity",
  relu: "ReLU",
  hard_sigmoid: "hard σ",
};

/** A sum beyond which a float32's σ or tanh is exactly its end: what is recorded tells no more. */
const FARTHEST = 16;
const within = (sum: number): number => Math.max(-FARTHEST, Math.min(FARTHEST, sum));

/** The sum whose σ is `gate`. */
export const unsigmoid = (gate: number): number => within(Math.log(gate) - Math.log1p(-gate));

/** The sum whose tanh is `value`. */
export const untanh = (value: number): number => within(Math.atanh(value));
