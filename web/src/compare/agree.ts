// Whether two networks can read one text. Pure.

import type { Run, Trace } from "../api";
import { sequenceStarts } from "../layout";

export type Agreement =
  | { readonly kind: "agreed" }
  /** one reads numbers */
  | { readonly kind: "numbers"; readonly which: Run }
  | { readonly kind: "nothing shared" }
  /** what is read holds symbols that the second does not know and cannot stand in for */
  | {
      readonly kind: "unknown";
      readonly which: Run;
      readonly symbols: readonly string[];
      readonly shared: readonly string[];
      /** what of it both can read; empty where there is nothing */
      readonly readable: string;
    };

/** What a text's vocabulary has in place of symbols it does not know; a task's has nothing. */
const UNKNOWN = "\ufffd";

type Reader = Pick<Run, "input" | "vocabulary">;

function replaces({ vocabulary }: Reader): boolean {
  return vocabulary?.includes(UNKNOWN) ?? false;
}

export function agreed(one: Run, other: Run, read: Pick<Trace, "symbols" | "lengths"> | null): Agreement {
  for (const which of [one, other]) if (which.input === "numbers") return { kind: "numbers", which };
  const known = new Set(other.vocabulary);
  const shared = (one.vocabulary ?? []).filter((symbol) => known.has(symbol) && symbol !== UNKNOWN);
  if (shared.length === 0) return { kind: "nothing shared" };
  if (!read || replaces(other)) return { kind: "agreed" };
  const unknown = [...new Set(read.symbols.filter((symbol) => !known.has(symbol)))];
  if (unknown.length === 0) return { kind: "agreed" };
  return { kind: "unknown", which: other, symbols: unknown, shared, readable: readable(read, known) };
}

/** What was read, as it is typed: sequences one a line. */
export function lines(read: Pick<Trace, "symbols" | "lengths">): string {
  return typed(sequences(read));
}

/** The sequences that hold nothing but known symbols; where there is none, all without the unknown ones. */
function readable(read: Pick<Trace, "symbols" | "lengths">, known: ReadonlySet<string>): string {
  const all = sequences(read);
  const whole = all.filter((sequence) => sequence.every((symbol) => known.has(symbol)));
  return typed(whole.length > 0 ? whole : all.map((sequence) => sequence.filter((symbol) => known.has(symbol))));
}

function sequences({ symbols, lengths }: Pick<Trace, "symbols" | "lengths">): string[][] {
  const starts = sequenceStarts(lengths);
  return lengths.map((length, index) => symbols.slice(starts[index], starts[index]! + length));
}

const typed = (all: readonly string[][]) =>
  all
    .map((sequence) => sequence.join(""))
    .filter(Boolean)
    .join("\n");
