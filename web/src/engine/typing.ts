// What somebody typed, as a network reads it: `peephole.data.vocabulary` and `explorer.material` in the page.

import { NO_AXIS, type Material } from "../record/record";

/** `Vocabulary`, as its `to_json` writes it. */
export interface Vocabulary {
  readonly unit: "char" | "word" | "task";
  readonly unknown: number | null;
  readonly symbols: readonly string[];
}

/** Scripts written without spaces between words: each of their characters is a word. */
const UNSPACED =
  "\\u3005-\\u3007\\u3040-\\u30ff\\u3105-\\u312f\\u31a0-\\u31bf\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff" +
  "\\uf900-\\ufaff\\uff66-\\uff9f\\u{20000}-\\u{3ffff}";
/** Letters and digits as Python's \w has them: combining marks are none. */
const LETTER = "\\p{L}\\p{N}_";
/** Space as Python's \s has it: unlike JavaScript's, the separators of ASCII are, the byte order mark is not. */
const SPACE = "\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WORD = `[[${LETTER}]--[${UNSPACED}]]`;
const WORDS = new RegExp(
  `[${UNSPACED}]|${WORD}+(?:['’]${WORD}+)*|\\n|[[${SPACE}]--[\\n]]+|[^${LETTER}${SPACE}${UNSPACED}]`,
  "gv",
);

/** The symbols of a text; joined, they are the text again. */
export function split(text: string, unit: Vocabulary["unit"]): string[] {
  return unit === "word" ? (text.match(WORDS) ?? []) : [...text];
}

/** Why a text cannot be read: what was wrong, and with what. */
export class Unreadable extends Error {
  constructor(
    readonly reason: "empty" | "unknown",
    readonly symbols: readonly string[] = [],
  ) {
    super(reason);
  }
}

/** The material that a text becomes: one sequence, or of a task each line one. Throws Unreadable. */
export function typed(text: string, vocabulary: Vocabulary, follows: boolean): Material {
  const parts = (vocabulary.unit === "task" ? text.split("\n") : [text]).filter(Boolean);
  if (!text.replaceAll("\n", "")) throw new Unreadable("empty");
  const ids = new Map(vocabulary.symbols.map((symbol, id) => [symbol, id]));
  const sequences = parts.map((part) => split(part, vocabulary.unit));
  const symbols = sequences.flat();
  const unknown = [...new Set(symbols.filter((symbol) => !ids.has(symbol)))];
  if (unknown.length > 0 && vocabulary.unknown === null) throw new Unreadable("unknown", unknown);
  const inputs = Int32Array.from(symbols, (symbol) => ids.get(symbol) ?? vocabulary.unknown!);
  const lengths = sequences.map((sequence) => sequence.length);
  return { title: null, symbols, lengths, unknown, inputs, features: 0, axis: NO_AXIS, targets: follows ? following(inputs, lengths) : null };
}

/** What follows each symbol: −1, not known, after the last of a sequence. */
function following(ids: Int32Array, lengths: readonly number[]): Int32Array {
  const next = new Int32Array(ids.length).fill(-1);
  let end = 0;
  for (const length of lengths) {
    next.set(ids.subarray(end + 1, end + length), end);
    end += length;
  }
  return next;
}
