// Finds a text among symbols. Pure.

/** The step where a text comes next after the cursor, going round at the end; −1 if it does not come. */
export function findNext(symbols: readonly string[], wanted: string, after: number): number {
  const offsets: number[] = [];
  let whole = "";
  for (const symbol of symbols) {
    offsets.push(whole.length);
    whole += symbol;
  }
  const from = after + 1 < offsets.length ? offsets[after + 1]! : whole.length;
  const found = whole.indexOf(wanted, from);
  const place = found >= 0 ? found : whole.indexOf(wanted);
  if (place < 0) return -1;
  let step = offsets.findIndex((offset) => offset > place);
  if (step < 0) step = offsets.length;
  return step - 1;
}
