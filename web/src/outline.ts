// A unit over the whole text in as many parts as a strip can show. Pure.

/** Least, mean and greatest value of each part, from the text's beginning to its end. */
export interface Outline {
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** null where only the ends are known: of a long text */
  readonly mean: Float32Array | null;
}

export const MOST_PARTS = 1200;

/** The outline of values that are all here. */
export function outlineOf(at: (step: number) => number, steps: number): Outline {
  const parts = Math.min(steps, MOST_PARTS);
  const [low, high, mean] = [new Float32Array(parts), new Float32Array(parts), new Float32Array(parts)];
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((part * steps) / parts);
    const to = Math.floor(((part + 1) * steps) / parts);
    let [least, sum, greatest] = [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY];
    for (let step = from; step < to; step++) {
      const value = at(step);
      sum += value;
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
    [low[part], high[part], mean[part]] = [least, greatest, sum / (to - from)];
  }
  return { low, high, mean };
}

/**
 * The outline from the ends of equal blocks, of which only the last may be short. Neighbouring blocks are joined where
 * there are more than can be shown.
 */
export function outlineOfBlocks(at: (block: number, end: 0 | 1) => number, blocks: number): Outline {
  const together = Math.ceil(blocks / MOST_PARTS);
  const parts = Math.ceil(blocks / together);
  const [low, high] = [new Float32Array(parts).fill(Number.POSITIVE_INFINITY), new Float32Array(parts).fill(Number.NEGATIVE_INFINITY)];
  for (let block = 0; block < blocks; block++) {
    const part = Math.floor(block / together);
    low[part] = Math.min(low[part]!, at(block, 0));
    high[part] = Math.max(high[part]!, at(block, 1));
  }
  return { low, high, mean: null };
}
