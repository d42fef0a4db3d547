// A text that is being typed, cut into what is shown as one glyph each. Pure; knows nothing of carets or pixels.
//
// The network's own cut is known only once it has read the text. What was read before and still stands is taken as it
// was cut then; what is new is cut here, for the moment until it has been read.

import type { Trace } from "./api";
import { sequenceStarts } from "./layout";

/** How a network cuts a text: in characters, in words, or in characters with a sequence a line. */
export type Cut = "characters" | "words" | "lines";

export interface Piece {
  readonly text: string;
  /** where it starts in the text, in UTF-16 units as a textarea counts */
  readonly start: number;
  /** the step at which it is read; null for the end of a line that only parts two sequences */
  readonly step: number | null;
}

export interface Pieces {
  readonly all: readonly Piece[];
  /** steps that were read already, as they stand here: their numbers hold */
  readonly read: number;
}

type Read = Pick<Trace, "symbols" | "lengths">;

const WORDS = /\n|[^\S\n]+|[\p{L}\p{N}_]+|[^]/gu;

/** Cuts a text; `last` is what was read before it, which may be another text. */
export function cut(text: string, how: Cut, last: Read): Pieces {
  const fresh = new Set(sequenceStarts(last.lengths));
  const all: Piece[] = [];
  let [at, step, opens] = [0, 0, true];
  const push = (part: string, counts: boolean) => {
    all.push({ text: part, start: at, step: counts ? step++ : null });
    at += part.length;
    opens = !counts;
  };
  while (at < text.length) {
    if (how === "lines" && text[at] === "\n") {
      push("\n", false);
      continue;
    }
    const symbol = last.symbols[step];
    if (symbol === undefined || !text.startsWith(symbol, at) || fresh.has(step) !== opens) break;
    push(symbol, true);
  }
  // A word that goes on is another word.
  const whole = at === text.length || how !== "words";
  const read = whole ? step : Math.max(0, step - 1);
  const rest = text.slice(at);
  for (const part of how === "words" ? (rest.match(WORDS) ?? []) : rest) push(part, how !== "lines" || part !== "\n");
  return { all, read };
}

/** The text of what was read, sequences one a line. */
export function written({ symbols, lengths }: Read): string {
  let start = 0;
  const lines = lengths.map((length) => {
    start += length;
    return symbols.slice(start - length, start).join("");
  });
  return lines.join("\n");
}

/** How a network cuts its texts, by what it can read. */
export function cutOf(problem: string | null, vocabulary: readonly string[] | null): Cut {
  if (problem !== "text") return "lines";
  return vocabulary?.every((symbol) => [...symbol].length === 1) ? "characters" : "words";
}
