// What becomes of a memory under constant gates. Pure.

/** A step's share of the first memory that is left, and what has been written since by g = 1. */
export interface Faded {
  readonly kept: number;
  readonly written: number;
}

/** Steps 0 to `steps` of c = f·c + i·g with c = 1 at first and g = 1: the two parts of c. */
export function fade(keep: number, write: number, steps: number): Faded[] {
  const found: Faded[] = [{ kept: 1, written: 0 }];
  for (let step = 1; step <= steps; step++) {
    const { kept, written } = found[step - 1]!;
    found.push({ kept: keep * kept, written: keep * written + write });
  }
  return found;
}

/** The products of the first gates, from the empty one on. */
export function products(gates: ArrayLike<number>): number[] {
  const found = [1];
  for (let step = 0; step < gates.length; step++) found.push(found[step]! * gates[step]!);
  return found;
}

/** The number that, in place of each, gives the same product. */
export function geometricMean(gates: readonly number[]): number {
  if (gates.length === 0) return Number.NaN;
  return Math.exp(gates.reduce((sum, gate) => sum + Math.log(gate), 0) / gates.length);
}
