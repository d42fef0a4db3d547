// How undecided a guess is. Pure.

/** The entropy of probabilities, in bits: 0 where one is certain, 3.32 where ten are all alike. */
export function entropy(shares: Iterable<number>): number {
  let bits = 0;
  for (const share of shares) if (share > 0) bits -= share * Math.log2(share);
  return bits;
}
