// What numbers at every step range over. Pure.

/** Numbers at every step, (step, feature). */
export interface Track {
  readonly values: Float32Array;
  readonly features: number;
}

type Range = readonly [number, number];
const ranges = new WeakMap<Float32Array, Range[]>();

/** The range of every feature, computed once. */
export function rangesOf({ values, features }: Track): readonly Range[] {
  let found = ranges.get(values);
  if (!found) {
    const low = new Float64Array(features).fill(Number.POSITIVE_INFINITY);
    const high = new Float64Array(features).fill(Number.NEGATIVE_INFINITY);
    for (let place = 0, feature = 0; place < values.length; place++, feature = feature + 1 < features ? feature + 1 : 0) {
      const value = values[place]!;
      if (value < low[feature]!) low[feature] = value;
      if (value > high[feature]!) high[feature] = value;
    }
    found = Array.from(low, (least, feature): Range => {
      const most = high[feature]!;
      return least < most ? [least, most] : Number.isFinite(least) ? [least - 1, least + 1] : [-1, 1];
    });
    ranges.set(values, found);
  }
  return found;
}

/** The end of the one scale of rows of heat. */
export function heatLimit(track: Track): number {
  return Math.max(...rangesOf(track).flatMap(([low, high]) => [Math.abs(low), Math.abs(high)])) || 1;
}
