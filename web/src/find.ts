// Finds a text among symbols. Pure.

interface Whole {
  readonly text: string;
  /** where each symbol begins in the text */
  readonly offsets: Int32Array;
}

const wholes = new WeakMap<readonly string[], Whole>();

/** All symbols as one string, put together once. */
function wholeOf(symbols: readonly string[]): Whole {
  let whole = wholes.get(symbols);
  if (!whole) {
    let length = 0;
    const offsets = Int32Array.from(symbols, (symbol) => {
      length += symbol.length;
      return length - symbol.length;
    });
    whole = { text: symbols.join(""), offsets };
    wholes.set(symbols, whole);
  }
  return whole;
}

/** The step where a text comes next after the cursor, going round at the end; −1 if it does not come. */
export function findNext(symbols: readonly string[], wanted: string, after: number): number {
  const { text, offsets } = wholeOf(symbols);
  const from = after + 1 < offsets.length ? offsets[after + 1]! : text.length;
  const found = text.indexOf(wanted, from);
  const place = found >= 0 ? found : text.indexOf(wanted);
  if (place < 0) return -1;
  let [low, high] = [0, offsets.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
